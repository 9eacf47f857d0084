//! Interpolation of a resized image.

/// Interpolation of a resized image, as Pillow's filters of these names, which widen with the reduction.
///
/// ```
/// use cuaderno::images::{Interpolation, LoadOptions};
/// let options = LoadOptions { interpolation: Interpolation::Bicubic, ..LoadOptions::default() };
/// assert_eq!(LoadOptions::default().interpolation, Interpolation::Bilinear);
/// # assert_ne!(options, LoadOptions::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// A triangle over 2 pixels.
    #[default]
    Bilinear,
    /// Cubic polynomials over 4 pixels, with a = −1/2: sharper.
    Bicubic,
}

impl Interpolation {
    /// Pixels on either side of the middle that have a weight.
    pub(super) fn reach(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    /// The weight of a pixel at this distance from the middle.
    pub(super) fn weight(self, distance: f64) -> f64 {
        const A: f64 = -0.5;
        let x = distance.abs();
        match self {
            Self::Bilinear => (1.0 - x).max(0.0),
            Self::Bicubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            Self::Bicubic => 0.0,
        }
    }
}

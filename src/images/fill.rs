//! Pixels for places outside an image.

/// Pixels outside an image, as Keras's `fill_mode` (and the `mode` of `scipy.ndimage`), of a row `a b c d`.
///
/// ```
/// use cuaderno::images::{AffineTransform, FillMode, Rgb, RgbImage};
/// let image = RgbImage::from_fn(4, 1, |x, _| Rgb([x as u8 * 10; 3])); // 0 10 20 30
/// let shift = AffineTransform { tx: 2.0, ..AffineTransform::default() };
/// let nearest = shift.apply(&image, FillMode::Nearest)?; // 20 30 30 30
/// assert_eq!(nearest.get_pixel(3, 0), &Rgb([30; 3]));
/// let reflected = shift.apply(&image, FillMode::Reflect)?; // 20 30 30 20
/// assert_eq!(reflected.get_pixel(3, 0), &Rgb([20; 3]));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FillMode {
    /// The nearest pixel of the border: `a a a | a b c d | d d d`. Keras's default.
    #[default]
    Nearest,
    /// One color (red, green, blue): `k k k | a b c d | k k k`.
    Constant([u8; 3]),
    /// The image mirrored at its border: `c b a | a b c d | d c b`.
    Reflect,
    /// The opposite side, with the borders laid on each other: `b c d | a b c d | a b c`, as scipy's `wrap`.
    Wrap,
}

impl FillMode {
    /// The coordinate inside `0..=last` that stands for `at`, none where the color does.
    #[inline]
    pub(super) fn inside(self, at: f32, last: f32) -> Option<f32> {
        // Rounding of coordinates must not turn a border into a gap.
        const SLACK: f32 = 1e-3;
        if at >= 0.0 && at <= last {
            return Some(at);
        }
        match self {
            Self::Nearest => Some(at.clamp(0.0, last)),
            Self::Constant(_) => (at >= -SLACK && at <= last + SLACK).then(|| at.clamp(0.0, last)),
            Self::Reflect => {
                let period = 2.0 * (last + 1.0);
                // Half a pixel belongs to the image beyond the middle of its border pixels.
                let folded = (at + 0.5).rem_euclid(period);
                let folded = if folded > last + 1.0 { period - folded } else { folded };
                Some((folded - 0.5).clamp(0.0, last))
            }
            Self::Wrap if last > 0.0 => Some(at.rem_euclid(last).clamp(0.0, last)),
            Self::Wrap => Some(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FillMode;

    /// `scipy.ndimage.map_coordinates([0, 1, 4, 9], [at], order=1, mode=…, cval=-1)`, scipy 1.17.1.
    #[test]
    fn rows_continue_as_with_scipy() {
        let row = [0.0_f32, 1.0, 4.0, 9.0];
        let value = |mode: FillMode, at: f32| match mode.inside(at, 3.0) {
            None => -1.0,
            Some(at) => {
                let left = (at as usize).min(2);
                row[left] + (row[left + 1] - row[left]) * (at - left as f32)
            }
        };
        for (mode, expected) in EXPECTED {
            for (at, expected) in AT.iter().zip(expected) {
                let found = value(mode, *at);
                assert!((found - expected).abs() < 1e-4, "{mode:?} at {at}: {found} {expected}");
            }
        }
    }

    const AT: [f32; 16] =
        [-7.3, -4.0, -3.6, -1.2, -0.8, -0.4, 0.0, 0.3, 1.5, 2.9, 3.0, 3.2, 3.7, 4.4, 6.1, 8.9];
    #[rustfmt::skip]
    const EXPECTED: [(FillMode, [f32; 16]); 4] = [
        (FillMode::Nearest, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3, 2.5, 8.5, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0]),
        (FillMode::Constant([0; 3]), [-1.0, -1.0, -1.0, -1.0, -1.0, -1.0, 0.0, 0.3, 2.5, 8.5, 9.0, -1.0, -1.0, -1.0, -1.0, -1.0]),
        (FillMode::Reflect, [0.7, 9.0, 7.0, 0.2, 0.0, 0.0, 0.0, 0.3, 2.5, 8.5, 9.0, 9.0, 9.0, 7.0, 0.9, 0.9]),
        (FillMode::Wrap, [3.1, 4.0, 6.0, 3.4, 5.0, 7.0, 0.0, 0.3, 2.5, 8.5, 9.0, 0.2, 0.7, 2.2, 0.1, 8.5]),
    ];
}

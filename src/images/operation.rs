//! Operations on an image with a fixed magnitude.

use super::levels;
use crate::{Error, ErrorKind, Result};
use image::RgbImage;

/// One operation of the AutoAugment family with its magnitude, as torchvision applies it to a Pillow image: on bytes, and
/// geometry with the nearest pixel. [`TrivialAugment`](super::TrivialAugment) draws one for each image.
///
/// ```
/// use cuaderno::images::{ImageOperation, Rgb, RgbImage};
/// let image = RgbImage::from_fn(4, 1, |x, _| Rgb([x as u8 * 60; 3])); // 0 60 120 180
/// let black = [0; 3];
/// let moved = ImageOperation::TranslateX(1.0).apply(&image, black)?; // 0 0 60 120
/// assert_eq!(moved.get_pixel(2, 0), &Rgb([60; 3]));
/// let solarized = ImageOperation::Solarize(100.0).apply(&image, black)?; // 0 60 135 75
/// assert_eq!(solarized.get_pixel(3, 0), &Rgb([75; 3]));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ImageOperation {
    /// No change.
    Identity,
    /// Shear along the width: a row moves to the left by this many pixels for each pixel below the first.
    ShearX(f32),
    /// Shear along the height: a column moves up by this many pixels for each pixel right of the first.
    ShearY(f32),
    /// Shift to the right, in pixels; the fraction is cut off.
    TranslateX(f32),
    /// Shift downward, in pixels; the fraction is cut off.
    TranslateY(f32),
    /// Rotation around the middle, in degrees counterclockwise.
    Rotate(f32),
    /// Brightness times `1 + magnitude`: −1 gives black.
    Brightness(f32),
    /// Saturation times `1 + magnitude`: −1 gives gray.
    Color(f32),
    /// Contrast around the mean gray times `1 + magnitude`: −1 gives one gray.
    Contrast(f32),
    /// Sharpness times `1 + magnitude`: −1 gives a smoothed image.
    Sharpness(f32),
    /// This many leading bits of each byte are left: 1 to 8.
    Posterize(u8),
    /// Bytes from this threshold on become `255 − value`.
    Solarize(f32),
    /// Each channel is stretched to 0 to 255.
    AutoContrast,
    /// Each channel's histogram becomes as even as possible.
    Equalize,
}

impl ImageOperation {
    /// The changed image, of the same size, with the color `fill` in the gaps that geometry leaves.
    ///
    /// # Errors
    /// When the magnitude is not finite, or [`Self::Posterize`] has not from 1 to 8 bits.
    pub fn apply(&self, image: &RgbImage, fill: [u8; 3]) -> Result<RgbImage> {
        self.check()?;
        let mut changed = image.clone();
        let size = [image.width() as usize, image.height() as usize];
        self.run(&mut changed, size, fill, &mut Vec::new());
        Ok(changed)
    }

    fn check(&self) -> Result<()> {
        let problem = match *self {
            Self::Posterize(bits) if !(1..=8).contains(&bits) => {
                format!("`Posterize` must have from 1 to 8 bits, found {bits}")
            }
            Self::ShearX(magnitude)
            | Self::ShearY(magnitude)
            | Self::TranslateX(magnitude)
            | Self::TranslateY(magnitude)
            | Self::Rotate(magnitude)
            | Self::Brightness(magnitude)
            | Self::Color(magnitude)
            | Self::Contrast(magnitude)
            | Self::Sharpness(magnitude)
            | Self::Solarize(magnitude)
                if !magnitude.is_finite() =>
            {
                format!("the magnitude must be finite, found {self:?}")
            }
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Parameter, problem))
    }

    /// Changes `pixels`, `[height, width, 3]` with `size = [width, height]`; `spare` is scratch memory.
    pub(super) fn run(
        &self,
        pixels: &mut [u8],
        size: [usize; 2],
        fill: [u8; 3],
        spare: &mut Vec<u8>,
    ) {
        // torchvision's and Pillow's arithmetic, step by step, so that pixels on an edge fall to the same side.
        let slope = |magnitude: f32| f64::from(magnitude).atan().to_degrees().to_radians().tan();
        let factor = |magnitude: f32| (1.0 + f64::from(magnitude)) as f32;
        let mut nearest = |matrix| take_nearest(pixels, size, &matrix, fill, spare);
        match *self {
            Self::Identity => {}
            Self::ShearX(m) => nearest([1.0, slope(m), 0.0, 0.0, 1.0, 0.0]),
            Self::ShearY(m) => nearest([1.0, 0.0, 0.0, slope(m), 1.0, 0.0]),
            Self::TranslateX(m) => nearest([1.0, 0.0, -f64::from(m.trunc()), 0.0, 1.0, 0.0]),
            Self::TranslateY(m) => nearest([1.0, 0.0, 0.0, 0.0, 1.0, -f64::from(m.trunc())]),
            Self::Rotate(m) => nearest(rotation(m, size)),
            Self::Brightness(m) => levels::brighten(pixels, factor(m)),
            Self::Color(m) => levels::saturate(pixels, factor(m)),
            Self::Contrast(m) => levels::contrast(pixels, factor(m)),
            Self::Sharpness(m) => levels::sharpen(pixels, size, factor(m), spare),
            Self::Posterize(bits) => levels::posterize(pixels, bits),
            Self::Solarize(threshold) => levels::solarize(pixels, threshold),
            Self::AutoContrast => levels::auto_contrast(pixels),
            Self::Equalize => levels::equalize(pixels),
        }
    }
}

/// From output to input, for a rotation around the middle.
fn rotation(degrees: f32, [width, height]: [usize; 2]) -> [f64; 6] {
    let angle = -f64::from(degrees).rem_euclid(360.0).to_radians();
    let exact = |value: f64| (value * 1e15).round() / 1e15;
    let (sin, cos) = (exact(angle.sin()), exact(angle.cos()));
    let (x, y) = (width as f64 / 2.0, height as f64 / 2.0);
    [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y]
}

/// Each pixel takes the source `(a·x + b·y + c, d·x + e·y + f)` of its middle, in Pillow's fixed point of 16 bits.
fn take_nearest(
    pixels: &mut [u8],
    [width, height]: [usize; 2],
    matrix: &[f64; 6],
    fill: [u8; 3],
    spare: &mut Vec<u8>,
) {
    spare.clear();
    spare.extend_from_slice(pixels);
    let fixed = |value: f64| (value * 65_536.0 + 0.5).floor() as i64;
    let [a, b, c, d, e, f] = *matrix;
    let start = [fixed(c + a * 0.5 + b * 0.5), fixed(f + d * 0.5 + e * 0.5)];
    let [a, b, d, e] = [a, b, d, e].map(fixed);
    for (y, row) in pixels.chunks_exact_mut((width * 3).max(1)).enumerate() {
        let mut x_in = start[0].saturating_add(b.saturating_mul(y as i64));
        let mut y_in = start[1].saturating_add(e.saturating_mul(y as i64));
        for pixel in row.chunks_exact_mut(3) {
            let inside =
                |at: i64, side: usize| usize::try_from(at >> 16).ok().filter(|at| *at < side);
            let source = inside(x_in, width).zip(inside(y_in, height));
            let source = source.and_then(|(x, y)| spare.get((y * width + x) * 3..)?.get(..3));
            pixel.copy_from_slice(source.unwrap_or(&fill));
            x_in = x_in.saturating_add(a);
            y_in = y_in.saturating_add(d);
        }
    }
}

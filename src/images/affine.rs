//! An affine transform with given parameters.

use super::draw::Matrix;
use super::fill::FillMode;
use super::warp::{Padded, warp};
use crate::{Error, ErrorKind, Result};
use image::RgbImage;

/// The parameters of Keras's `apply_affine_transform`, around the middle of the image. An output pixel takes
/// the source at `rotation · shift · shear · zoom · (x, y)`, interpolated bilinearly.
///
/// ```
/// use cuaderno::images::{AffineTransform, FillMode, Rgb, RgbImage};
/// # fn main() -> cuaderno::Result<()> {
/// let image = RgbImage::from_fn(8, 8, |x, _| Rgb([x as u8 * 30, 0, 0]));
/// let shift = AffineTransform { tx: 2.0, ..AffineTransform::default() };
/// let moved = shift.apply(&image, FillMode::Constant([255; 3]))?;
/// assert_eq!(moved.get_pixel(0, 0), image.get_pixel(2, 0));
/// assert_eq!(moved.get_pixel(7, 0), &Rgb([255; 3]));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AffineTransform {
    /// Rotation in degrees.
    pub theta: f32,
    /// Shift of the source along the width, in pixels.
    pub tx: f32,
    /// Shift of the source along the height, in pixels.
    pub ty: f32,
    /// Shear in degrees.
    pub shear: f32,
    /// Scale of the source along the width: below 1, the image grows.
    pub zx: f32,
    /// Scale of the source along the height.
    pub zy: f32,
}

impl Default for AffineTransform {
    fn default() -> Self {
        Self { theta: 0.0, tx: 0.0, ty: 0.0, shear: 0.0, zx: 1.0, zy: 1.0 }
    }
}

impl AffineTransform {
    pub(super) fn matrix(&self) -> Matrix {
        let (sin, cos) = self.theta.to_radians().sin_cos();
        let (shear_sin, shear_cos) = self.shear.to_radians().sin_cos();
        let rotation = Matrix { a: cos, b: -sin, c: sin, d: cos, shift_x: 0.0, shift_y: 0.0 };
        let shift = Matrix { a: 1.0, b: 0.0, c: 0.0, d: 1.0, shift_x: self.tx, shift_y: self.ty };
        let shear =
            Matrix { a: 1.0, b: -shear_sin, c: 0.0, d: shear_cos, shift_x: 0.0, shift_y: 0.0 };
        let zoom = Matrix { a: self.zx, b: 0.0, c: 0.0, d: self.zy, shift_x: 0.0, shift_y: 0.0 };
        rotation.after(&shift).after(&shear).after(&zoom)
    }

    /// The transformed image, of the same size.
    ///
    /// # Errors
    /// When a parameter is not finite or the image has no pixels.
    pub fn apply(&self, image: &RgbImage, fill_mode: FillMode) -> Result<RgbImage> {
        let numbers = [self.theta, self.tx, self.ty, self.shear, self.zx, self.zy];
        if numbers.iter().any(|number| !number.is_finite()) {
            let problem =
                format!("the affine transform must have finite parameters, found {self:?}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let (width, height) = (image.width() as usize, image.height() as usize);
        if width * height == 0 {
            return Err(Error::new(
                ErrorKind::Image,
                "an image without pixels cannot be transformed",
            ));
        }
        let mut values = vec![0.0; 3 * width * height];
        let (plain, size) = ([(1.0, 0.0); 3], [width, height]);
        let mut memory = Vec::new();
        let pixels = Padded::new(image.as_raw(), &mut memory);
        warp(pixels, size, &self.matrix(), fill_mode, &plain, &mut values);
        let area = width * height;
        Ok(RgbImage::from_fn(image.width(), image.height(), |x, y| {
            let at = y as usize * width + x as usize;
            image::Rgb(std::array::from_fn(|channel| values[channel * area + at].round() as u8))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keras 3.11.3's `apply_affine_transform` (with scipy 1.17.1) on the same image of 7×7 pixels.
    #[test]
    fn pixels_are_those_of_keras() {
        let image = RgbImage::from_fn(7, 7, |x, y| {
            image::Rgb([0, 1, 2].map(|channel| ((x * 53 + y * 101 + channel * 29) % 251) as u8))
        });
        for (transform, fill_mode, expected) in CASES {
            let found = transform.apply(&image, fill_mode).unwrap();
            for (at, (found, expected)) in found.pixels().zip(expected).enumerate() {
                let difference = (f32::from(found[1]) - expected).abs();
                assert!(difference <= 0.52, "{fill_mode:?} at {at}: {found:?} {expected}");
            }
        }
    }

    #[rustfmt::skip]
    const CASES: [(AffineTransform, FillMode, [f32; 49]); 4] = [
        (AffineTransform { theta: 20.0, tx: 1.30, ty: -0.60, shear: 8.0, zx: 0.80, zy: 1.20 }, FillMode::Nearest, [233.67, 119.55, 62.35, 96.0, 96.0, 121.19, 148.83, 203.81, 201.61, 107.26, 149.27, 191.7, 150.65, 109.61, 90.5, 91.47, 158.95, 226.43, 101.53, 84.22, 111.85, 101.15, 168.63, 133.22, 82.5, 120.06, 187.54, 218.87, 160.06, 147.11, 136.57, 131.78, 164.18, 142.31, 134.82, 201.28, 99.88, 139.41, 206.89, 196.27, 113.18, 158.33, 81.61, 149.09, 216.57, 93.13, 66.89, 106.73, 146.57]),
        (AffineTransform { theta: -35.0, tx: 2.0, ty: 1.0, shear: 0.0, zx: 1.50, zy: 1.10 }, FillMode::Constant([40, 40, 40]), [40.0, 96.19, 204.73, 40.0, 40.0, 40.0, 40.0, 140.53, 118.76, 115.85, 107.87, 53.43, 40.0, 40.0, 176.62, 119.8, 165.62, 199.65, 177.88, 40.0, 40.0, 138.42, 116.65, 96.85, 137.99, 40.0, 40.0, 40.0, 40.0, 167.35, 152.52, 197.55, 40.0, 40.0, 40.0, 40.0, 40.0, 92.77, 40.0, 40.0, 40.0, 40.0, 40.0, 40.0, 40.0, 40.0, 40.0, 40.0, 40.0]),
        (AffineTransform { theta: 10.0, tx: -3.50, ty: 2.25, shear: -15.0, zx: 1.30, zy: 0.90 }, FillMode::Reflect, [110.77, 114.78, 97.83, 209.82, 175.83, 96.2, 186.85, 168.31, 152.12, 107.06, 108.77, 100.25, 153.06, 158.04, 91.54, 173.25, 169.54, 152.86, 194.97, 109.3, 125.27, 124.55, 73.91, 165.64, 90.79, 80.4, 129.33, 148.38, 205.36, 156.04, 115.25, 82.97, 133.39, 224.04, 45.33, 110.04, 189.22, 183.93, 133.0, 164.78, 232.63, 61.25, 64.48, 206.78, 172.5, 102.92, 116.06, 161.11, 199.89]),
        (AffineTransform { theta: 75.0, tx: 4.50, ty: -3.25, shear: 5.0, zx: 1.40, zy: 1.30 }, FillMode::Wrap, [171.97, 76.75, 139.07, 137.32, 166.13, 109.21, 182.68, 127.07, 172.17, 187.49, 225.71, 144.06, 109.43, 178.14, 81.86, 113.56, 142.43, 153.2, 103.94, 178.47, 159.58, 145.18, 192.59, 97.38, 149.17, 89.64, 157.0, 114.52, 140.49, 207.85, 119.33, 104.11, 150.13, 164.68, 116.76, 116.4, 168.3, 135.68, 128.83, 185.87, 186.63, 91.42, 188.06, 124.43, 71.78, 81.01, 125.93, 141.58, 132.2]),
    ];
}

//! Images brought to a common size.

use super::interpolation::Interpolation;
use super::resize::resize;
use crate::{Error, ErrorKind, Result};
use image::{Rgb, RgbImage};

/// Resizing of an image of another aspect ratio: squeeze, crop or pad, as fastai's `ResizeMethod`.
///
/// ```
/// use cuaderno::images::{ResizeMode, Rgb, RgbImage, resize_rgb_with};
/// let wide = RgbImage::from_fn(40, 20, |x, _| Rgb([if x < 10 { 0 } else { 200 }; 3]));
/// let squeezed = resize_rgb_with(&wide, 20, 20, ResizeMode::Squeeze)?;
/// assert_eq!(squeezed.get_pixel(0, 10), &Rgb([0; 3]));
/// let cropped = resize_rgb_with(&wide, 20, 20, ResizeMode::Crop)?; // without its left and right quarter
/// assert_eq!(cropped.get_pixel(0, 10), &Rgb([200; 3]));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResizeMode {
    /// Both sides are scaled to the size; the aspect ratio changes. fastai's `squish`.
    #[default]
    Squeeze,
    /// Scaled to cover the size, then cut to its middle. fastai's `crop`.
    Crop,
    /// Scaled to lie within the size, on a background of this color. fastai's `pad`.
    Pad([u8; 3]),
    /// Scaled to lie within the size, and no larger: one side may be shorter. Pillow's `thumbnail`, for single images.
    Fit,
    /// The shorter side is scaled to this many pixels, whatever the size; then the middle is cut out. torchvision's
    /// `Resize(resize)` and `CenterCrop(size)`.
    CenterCrop {
        /// The shorter side of the scaled image, at least as long as the sides of the size.
        resize: u32,
    },
}

/// Brings `image` to `width` × `height` pixels as `mode` says. Each pixel is a weighted mean of the area that
/// it covers, as Pillow's `resize(…, BILINEAR)`.
///
/// ```
/// use cuaderno::images::{ResizeMode, Rgb, RgbImage, resize_rgb_with};
/// # fn main() -> cuaderno::Result<()> {
/// let wide = RgbImage::from_pixel(200, 100, Rgb([9, 9, 9]));
/// assert_eq!(resize_rgb_with(&wide, 50, 50, ResizeMode::Fit)?.dimensions(), (50, 25));
/// let padded = resize_rgb_with(&wide, 50, 50, ResizeMode::Pad([255; 3]))?;
/// assert_eq!((padded.get_pixel(25, 0), padded.get_pixel(25, 25)), (&Rgb([255; 3]), &Rgb([9; 3])));
/// # Ok(()) }
/// ```
///
/// # Errors
/// When a size is 0 or above 65,535, the image has no pixels, or [`ResizeMode::CenterCrop`] scales it to less than the
/// size.
pub fn resize_rgb_with(
    image: &RgbImage,
    width: u32,
    height: u32,
    mode: ResizeMode,
) -> Result<RgbImage> {
    resize_rgb_by(image, width, height, mode, Interpolation::Bilinear)
}

/// [`resize_rgb_with`] with a choice of interpolation.
///
/// # Errors
/// Those of [`resize_rgb_with`].
pub(super) fn resize_rgb_by(
    image: &RgbImage,
    width: u32,
    height: u32,
    mode: ResizeMode,
    interpolation: Interpolation,
) -> Result<RgbImage> {
    check_size(width, height)?;
    let (from_width, from_height) = image.dimensions();
    if from_width == 0 || from_height == 0 {
        return Err(Error::new(ErrorKind::Image, "an image without pixels cannot be resized"));
    }
    let squeezed = |image: &RgbImage, size: [u32; 2]| squeezed(image, size, interpolation);
    if let ResizeMode::CenterCrop { resize } = mode {
        let [w, h] = shorter_side(from_width, from_height, resize)?;
        if resize < width.max(height) {
            let problem = format!(
                "`CenterCrop` must scale the shorter side to at least {}, found {resize}",
                width.max(height)
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let scaled = squeezed(image, [w, h]);
        let middle = |full: u32, part: u32| (f64::from(full - part) / 2.0).round_ties_even() as u32;
        let (x, y) = (middle(w, width), middle(h, height));
        return Ok(image::imageops::crop_imm(&scaled, x, y, width, height).to_image());
    }
    if (from_width, from_height) == (width, height) {
        return Ok(image.clone());
    }
    let ratios = [width, height].map(f64::from);
    let ratios = [ratios[0] / f64::from(from_width), ratios[1] / f64::from(from_height)];
    let scaled = |ratio: f64| {
        let side = |from: u32| ((f64::from(from) * ratio).round() as u32).clamp(1, 65_535);
        [side(from_width), side(from_height)]
    };
    Ok(match mode {
        ResizeMode::Squeeze | ResizeMode::CenterCrop { .. } => squeezed(image, [width, height]),
        ResizeMode::Fit => squeezed(image, scaled(ratios[0].min(ratios[1]))),
        ResizeMode::Crop => {
            // The part is cut out first: what is cut off need not be scaled.
            let ratio = ratios[0].max(ratios[1]);
            let side = |to: u32, from: u32| ((f64::from(to) / ratio).round() as u32).clamp(1, from);
            let (w, h) = (side(width, from_width), side(height, from_height));
            let (x, y) = ((from_width - w) / 2, (from_height - h) / 2);
            let part = image::imageops::crop_imm(image, x, y, w, h).to_image();
            squeezed(&part, [width, height])
        }
        ResizeMode::Pad(color) => {
            let [w, h] = scaled(ratios[0].min(ratios[1]));
            let (w, h) = (w.min(width), h.min(height));
            let mut padded = RgbImage::from_pixel(width, height, Rgb(color));
            let inner = squeezed(image, [w, h]);
            let (x, y) = ((width - w) / 2, (height - h) / 2);
            image::imageops::replace(&mut padded, &inner, x.into(), y.into());
            padded
        }
    })
}

/// Resizes an image to `width` × `height` pixels whatever its aspect ratio: [`resize_rgb_with`] in the mode
/// [`ResizeMode::Squeeze`].
///
/// ```
/// use cuaderno::images::{RgbImage, resize_rgb};
/// assert_eq!(resize_rgb(&RgbImage::new(200, 100), 64, 64)?.dimensions(), (64, 64));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When a size is 0 or above 65,535, or the image has no pixels.
pub fn resize_rgb(image: &RgbImage, width: u32, height: u32) -> Result<RgbImage> {
    resize_rgb_with(image, width, height, ResizeMode::Squeeze)
}

/// The size at which the shorter side has `side` pixels, as torchvision's `Resize` rounds it.
fn shorter_side(width: u32, height: u32, side: u32) -> Result<[u32; 2]> {
    let longer = |long: u32, short: u32| {
        u32::try_from(u64::from(side) * u64::from(long) / u64::from(short)).unwrap_or(u32::MAX)
    };
    let [w, h] =
        if width <= height { [side, longer(height, width)] } else { [longer(width, height), side] };
    check_size(w, h)?;
    Ok([w, h])
}

/// `image`, which has pixels, at another size.
fn squeezed(image: &RgbImage, [width, height]: [u32; 2], interpolation: Interpolation) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    let mut target = RgbImage::new(width, height);
    let from = [image.width() as usize, image.height() as usize];
    let to = [width as usize, height as usize];
    resize(image.as_raw(), from, to, interpolation, &mut target);
    target
}

/// Checks that an image of this size can be made, and returns it.
pub(super) fn check_size(width: u32, height: u32) -> Result<(usize, usize)> {
    if [width, height].iter().any(|side| *side == 0 || *side > 65_535) {
        let problem = format!(
            "the width and the height of an image must be from 1 to 65,535 pixels, found {width}×{height}"
        );
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    Ok((width as usize, height as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Left half red, right half blue, a green line along the top.
    fn flag(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y == 0) {
            (_, true) => Rgb([0, 255, 0]),
            (true, false) => Rgb([255, 0, 0]),
            (false, false) => Rgb([0, 0, 255]),
        })
    }

    #[test]
    fn each_mode_keeps_what_it_promises() {
        let tall = flag(40, 100);
        let with = |mode| resize_rgb_with(&tall, 20, 20, mode).unwrap();
        assert_eq!(with(ResizeMode::Fit).dimensions(), (8, 20));
        let cropped = with(ResizeMode::Crop);
        // The middle 40×40: no green line, half red, half blue.
        assert_eq!(
            (cropped.get_pixel(0, 0), cropped.get_pixel(19, 0)),
            (&Rgb([255, 0, 0]), &Rgb([0, 0, 255]))
        );
        let padded = with(ResizeMode::Pad([1, 2, 3]));
        assert_eq!(
            (padded.get_pixel(5, 10), padded.get_pixel(14, 10)),
            (&Rgb([1, 2, 3]), &Rgb([1, 2, 3]))
        );
        assert_eq!(
            (padded.get_pixel(6, 10), padded.get_pixel(13, 10)),
            (&Rgb([255, 0, 0]), &Rgb([0, 0, 255]))
        );
        assert_eq!(with(ResizeMode::Squeeze).dimensions(), (20, 20));
        assert_eq!(resize_rgb(&tall, 40, 100).unwrap(), tall);
    }

    #[test]
    fn extreme_shapes_keep_a_pixel() {
        let line = RgbImage::from_pixel(1, 5000, Rgb([7; 3]));
        for mode in
            [ResizeMode::Fit, ResizeMode::Crop, ResizeMode::Pad([0; 3]), ResizeMode::Squeeze]
        {
            let image = resize_rgb_with(&line, 10, 10, mode).unwrap();
            assert!(image.pixels().any(|pixel| pixel.0 == [7; 3]), "{mode:?}");
        }
        assert!(resize_rgb(&RgbImage::new(0, 3), 5, 5).is_err());
        assert!(resize_rgb(&line, 0, 5).unwrap_err().to_string().contains("found 0×5"));
    }
}

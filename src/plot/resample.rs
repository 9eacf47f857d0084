//! Images at the resolution in which a figure shows them.

use image::{RgbImage, imageops};

/// `image` at `width` × `height` pixels, as RGB bytes. Small images enlarged three times or more keep
/// their square pixels, as matplotlib shows them: smoothing would invent detail.
pub(super) fn resample(image: &RgbImage, width: u32, height: u32) -> Vec<u8> {
    let (from_width, from_height) = image.dimensions();
    if from_width == 0 || from_height == 0 {
        return vec![255; width as usize * height as usize * 3];
    }
    if (from_width, from_height) == (width, height) {
        image.as_raw().clone()
    } else if width >= from_width && height >= from_height {
        if pixelated(image, f64::from(width)) {
            imageops::resize(image, width, height, imageops::FilterType::Nearest).into_raw()
        } else {
            enlarge(image, width as usize, height as usize)
        }
    } else if width <= from_width && height <= from_height {
        imageops::thumbnail(image, width, height).into_raw()
    } else {
        imageops::resize(image, width, height, imageops::FilterType::Triangle).into_raw()
    }
}

/// Returns `true` if `image`, shown `width` pixels wide, keeps its square pixels.
pub(super) fn pixelated(image: &RgbImage, width: f64) -> bool {
    width >= 3.0 * f64::from(image.width())
}

/// Bilinear, in whole numbers: images of a grid are most of its cost.
fn enlarge(image: &RgbImage, width: usize, height: usize) -> Vec<u8> {
    let (from_width, from_height) = (image.width() as usize, image.height() as usize);
    // The place of each new pixel's center between two old ones: index, next index, weight in 1/256.
    let places = |new: usize, old: usize| -> Vec<(usize, usize, u32)> {
        (0..new)
            .map(|i| {
                let centre = ((i as f64 + 0.5) * old as f64 / new as f64 - 0.5).max(0.0);
                let below = (centre as usize).min(old - 1);
                let share = ((centre - below as f64) * 256.0) as u32;
                (below, (below + 1).min(old - 1), share.min(256))
            })
            .collect()
    };
    let columns = places(width, from_width);
    let source = image.as_raw();
    let mut mixed = vec![0_u32; from_width * 3];
    let mut result = Vec::with_capacity(width * height * 3);
    for (above, below, share) in places(height, from_height) {
        let upper = &source[above * from_width * 3..][..from_width * 3];
        let lower = &source[below * from_width * 3..][..from_width * 3];
        for ((mix, &a), &b) in mixed.iter_mut().zip(upper).zip(lower) {
            *mix = u32::from(a) * (256 - share) + u32::from(b) * share;
        }
        for &(left, right, share) in &columns {
            for channel in 0..3 {
                let (a, b) = (mixed[left * 3 + channel], mixed[right * 3 + channel]);
                result.push(((a * (256 - share) + b * share + (1 << 15)) >> 16) as u8);
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn enlarging_keeps_flat_images_flat_and_corners_in_place() {
        let flat = RgbImage::from_pixel(7, 5, Rgb([10, 130, 250]));
        assert!(enlarge(&flat, 12, 9).chunks(3).all(|p| p == [10, 130, 250]));
        let mut spot = RgbImage::new(4, 4);
        spot.put_pixel(3, 3, Rgb([255, 255, 255]));
        let large = enlarge(&spot, 9, 9);
        assert_eq!(large[0], 0);
        assert_eq!(large[(9 * 9 - 1) * 3], 255);
    }
}

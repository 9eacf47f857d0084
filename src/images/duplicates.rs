//! Images that look alike, by perceptual hash.

use super::fit::resize_rgb;
use super::set::ImageSet;
use crate::{Error, ErrorKind, Result};
use image::RgbImage;
use rayon::prelude::*;

/// Side of the image that the cosine transform sees, and of the part of the result that is kept.
const SIDE: usize = 32;
const KEPT: usize = 8;

/// The perceptual hash of an image: 64 signs of the lowest frequencies of its luma. Images that differ in
/// size, compression or brightness alone have hashes that differ in few bits.
///
/// The luma at 32×32 pixels, its discrete cosine transform, and for each of the 8×8 lowest frequencies whether
/// it is above their median (`phash` of Python's ImageHash, with another resampling filter).
///
/// ```
/// use cuaderno::images::{Rgb, RgbImage, perceptual_hash};
/// let gray = |x: u32, y: u32| (x * 7 + y * y * 3 + x * y) % 200;
/// let image = RgbImage::from_fn(32, 32, |x, y| Rgb([gray(x, y) as u8; 3]));
/// let brighter = RgbImage::from_fn(32, 32, |x, y| Rgb([gray(x, y) as u8 + 20; 3]));
/// let bits = (perceptual_hash(&image)? ^ perceptual_hash(&brighter)?).count_ones();
/// assert!(bits <= 2);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When the image has no pixels.
pub fn perceptual_hash(image: &RgbImage) -> Result<u64> {
    let small = resize_rgb(image, SIDE as u32, SIDE as u32)?;
    let luma = |pixel: &image::Rgb<u8>| {
        let [r, g, b] = pixel.0.map(f32::from);
        0.299 * r + 0.587 * g + 0.114 * b
    };
    let luma: Vec<f32> = small.pixels().map(luma).collect();
    let cosine = |frequency: usize, at: usize| {
        let angle = std::f32::consts::PI * frequency as f32 * (2 * at + 1) as f32;
        (angle / (2 * SIDE) as f32).cos()
    };
    let cosines: Vec<f32> = (0..KEPT * SIDE).map(|i| cosine(i / SIDE, i % SIDE)).collect();
    // Rows, then columns.
    let mut across = [0.0; SIDE * KEPT];
    for (out, row) in across.chunks_exact_mut(KEPT).zip(luma.chunks_exact(SIDE)) {
        for (out, wave) in out.iter_mut().zip(cosines.chunks_exact(SIDE)) {
            *out = row.iter().zip(wave).map(|(a, b)| a * b).sum();
        }
    }
    let low: Vec<f32> = (0..KEPT * KEPT)
        .map(|i| {
            let wave = &cosines[i / KEPT * SIDE..][..SIDE];
            across.iter().skip(i % KEPT).step_by(KEPT).zip(wave).map(|(a, b)| a * b).sum()
        })
        .collect();
    let mut sorted = low.clone();
    sorted.sort_by(f32::total_cmp);
    let median = (sorted[KEPT * KEPT / 2 - 1] + sorted[KEPT * KEPT / 2]) / 2.0;
    Ok(low.iter().fold(0, |hash, value| hash << 1 | u64::from(*value > median)))
}

/// A group number for each image of `set`: images whose perceptual hashes differ in at most `distance` of 64
/// bits, directly or through others, share one. With [`Split::stratified_by_group`] near duplicates end up in
/// one part. Groups are numbered in order of appearance; 4 bits find scaled and recompressed copies.
///
/// [`Split::stratified_by_group`]: crate::data::Split::stratified_by_group
///
/// ```
/// use cuaderno::images::{ImageSet, near_duplicates};
/// let slope: Vec<u8> = (0..32 * 32).flat_map(|i| [(i % 32 * 8) as u8; 3]).collect();
/// let other: Vec<u8> = (0..32 * 32).flat_map(|i| [(i / 32 * 8) as u8; 3]).collect();
/// let images = ImageSet::from_pixels([slope.clone(), other, slope].concat(), 32, 32)?;
/// assert_eq!(near_duplicates(&images, 4)?, [0, 1, 0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When `distance` is above 63.
pub fn near_duplicates(set: &ImageSet, distance: u32) -> Result<Vec<usize>> {
    if distance > 63 {
        let problem = format!("`distance` must be at most 63 bits, found {distance}");
        return Err(Error::new(ErrorKind::Parameter, problem).help("4 finds copies"));
    }
    let hashes = (0..set.len()).into_par_iter().map(|index| perceptual_hash(&set.image(index)?));
    let hashes: Vec<u64> = hashes.collect::<Result<_>>()?;
    let close = |i: usize| {
        let others = hashes.iter().enumerate().take(i);
        let close = others.filter(|(_, other)| (**other ^ hashes[i]).count_ones() <= distance);
        close.map(|(j, _)| j).collect()
    };
    let close: Vec<Vec<usize>> = (0..hashes.len()).into_par_iter().map(close).collect();
    let mut parent: Vec<usize> = (0..hashes.len()).collect();
    fn root(parent: &mut [usize], mut of: usize) -> usize {
        while parent[of] != of {
            parent[of] = parent[parent[of]];
            of = parent[of];
        }
        of
    }
    for (i, others) in close.iter().enumerate() {
        for &other in others {
            let (a, b) = (root(&mut parent, i), root(&mut parent, other));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut numbers = std::collections::HashMap::new();
    let number = |i: usize| {
        let next = numbers.len();
        *numbers.entry(root(&mut parent, i)).or_insert(next)
    };
    Ok((0..hashes.len()).map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Random patches, 12 × 12 of them, blurred at their borders by nothing but the size.
    fn patches(seed: u32, width: u32, height: u32, light: f32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let patch = (y * 12 / height) * 12 + x * 12 / width + seed * 1000;
            let value = patch.wrapping_mul(2_654_435_761) >> 24;
            Rgb([1.0, 0.7, 0.9].map(|channel| (value as f32 * channel * light) as u8))
        })
    }

    #[test]
    fn copies_are_close_and_others_far() {
        let hash = |image: &RgbImage| perceptual_hash(image).unwrap();
        let original = hash(&patches(1, 240, 180, 1.0));
        assert!((original ^ hash(&patches(1, 96, 96, 1.0))).count_ones() <= 4);
        assert!((original ^ hash(&patches(1, 240, 180, 0.8))).count_ones() <= 4);
        assert!((original ^ hash(&patches(2, 240, 180, 1.0))).count_ones() > 10);
    }

    #[test]
    fn groups_hold_chains_of_copies() {
        let images = [
            patches(1, 40, 40, 1.0),
            patches(2, 40, 40, 1.0),
            patches(1, 40, 40, 0.9),
            patches(3, 40, 40, 1.0),
            patches(2, 40, 40, 0.8),
        ];
        let pixels = images.iter().flat_map(|image| image.as_raw().clone()).collect();
        let set = ImageSet::from_pixels(pixels, 40, 40).unwrap();
        assert_eq!(near_duplicates(&set, 4).unwrap(), [0, 1, 0, 2, 1]);
        assert!(near_duplicates(&set, 64).is_err());
    }
}

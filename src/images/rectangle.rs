//! Random rectangles of an image, drawn as torchvision draws them.

use super::draw::Matrix;
use super::random::Random;
use crate::{Error, ErrorKind, Result};

/// Tries before a rectangle that does not fit is given up.
const ATTEMPTS: usize = 10;

/// Random resized crop, as torchvision's `RandomResizedCrop`: the range of area and aspect ratio of the part of an image that
/// [`Augmentation::random_resized_crop`](super::Augmentation::random_resized_crop) draws and scales to the full size.
///
/// ```
/// use cuaderno::images::{Augmentation, ImageSet, RandomResizedCrop, Transform};
/// let crop = RandomResizedCrop { scale: [0.2, 0.5], ..RandomResizedCrop::default() };
/// let augmentation = Augmentation { random_resized_crop: Some(crop), ..Augmentation::default() };
/// let transform = Transform::default().augmented(augmentation);
/// let images = ImageSet::from_pixels((0..192).collect(), 8, 8)?;
/// let first = images.augmented(0, &transform, 0, 1)?;
/// assert_ne!(first, images.augmented(0, &transform, 0, 2)?); // another epoch, another crop
/// assert_eq!(first, images.augmented(0, &transform, 0, 1)?); // the same epoch, the same crop
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomResizedCrop {
    /// Least and largest fraction of the area.
    pub scale: [f32; 2],
    /// Least and largest aspect ratio, width by height.
    pub ratio: [f32; 2],
}

impl Default for RandomResizedCrop {
    /// torchvision's: 8 to 100 % of the area, ratio from 3/4 to 4/3.
    fn default() -> Self {
        Self { scale: [0.08, 1.0], ratio: [0.75, 4.0 / 3.0] }
    }
}

impl RandomResizedCrop {
    pub(super) fn check(&self) -> Result<()> {
        let Self { scale, ratio } = self;
        let ordered = |[low, high]: [f32; 2], most: f32| 0.0 < low && low <= high && high <= most;
        if ordered(*scale, 1.0) && ordered(*ratio, 100.0) {
            return Ok(());
        }
        let problem = format!(
            "`random_resized_crop` needs 0 < low ≤ high, at most 1 for `scale` and 100 for `ratio`; \
             found scale {scale:?}, ratio {ratio:?}"
        );
        Err(Error::new(ErrorKind::Parameter, problem)
            .help("`RandomResizedCrop::default()` is torchvision's"))
    }

    /// A matrix from output to the drawn part of an image of `size` (width and height).
    pub(super) fn draw(&self, random: &mut Random, size: [usize; 2]) -> Matrix {
        matrix(self.rectangle(random, size), size)
    }

    /// Left, top, right and bottom of the part, as `RandomResizedCrop.get_params`.
    fn rectangle(&self, random: &mut Random, [width, height]: [usize; 2]) -> [usize; 4] {
        for _ in 0..ATTEMPTS {
            let part = random_sides(random, self.scale, self.ratio, [width, height]);
            if (1..=width).contains(&part[0]) && (1..=height).contains(&part[1]) {
                return placed(random, part, [width, height]);
            }
        }
        let own = width as f32 / height as f32;
        let side = |length: f32, limit: usize| (length.round_ties_even() as usize).clamp(1, limit);
        let [low, high] = self.ratio;
        let [w, h] = if own < low {
            [width, side(width as f32 / low, height)]
        } else if own > high {
            [side(height as f32 * high, width), height]
        } else {
            [width, height]
        };
        let (left, top) = ((width - w) / 2, (height - h) / 2);
        [left, top, left + w, top + h]
    }
}

/// From output to the part `[left, top, right, bottom]` of an image of `size`.
fn matrix([left, top, right, bottom]: [usize; 4], size: [usize; 2]) -> Matrix {
    let side = |low: usize, high: usize, full: usize| {
        let (part, full) = ((high - low) as f32, full as f32);
        // From the middle of the image to the middle of the part.
        (part / full, low as f32 + (part - full) / 2.0)
    };
    let (a, shift_x) = side(left, right, size[0]);
    let (d, shift_y) = side(top, bottom, size[1]);
    Matrix { a, b: 0.0, c: 0.0, d, shift_x, shift_y }
}

/// With this probability left, top, right and bottom of a rectangle, as `RandomErasing.get_params` with its default scale
/// and ratio.
pub(super) fn random_erasing(
    random: &mut Random,
    probability: f32,
    [width, height]: [usize; 2],
) -> Option<[usize; 4]> {
    if random.unit() >= probability {
        return None;
    }
    for _ in 0..ATTEMPTS {
        // There, the ratio is height by width.
        let [h, w] = random_sides(random, [0.02, 0.33], [0.3, 3.3], [height, width]);
        if w < width && h < height {
            return Some(placed(random, [w, h], [width, height]));
        }
    }
    None
}

/// The sides of a rectangle of this range of areas, as fractions of all, and of the ratio of the first side to the second.
fn random_sides(
    random: &mut Random,
    scale: [f32; 2],
    ratio: [f32; 2],
    [first, second]: [usize; 2],
) -> [usize; 2] {
    let area = (first * second) as f32 * random.between(scale);
    let ratio = random.between(ratio.map(f32::ln)).exp();
    [(area * ratio).sqrt(), (area / ratio).sqrt()].map(|side| side.round_ties_even() as usize)
}

/// A rectangle of this size somewhere in the image, in which it fits.
fn placed(random: &mut Random, [w, h]: [usize; 2], [width, height]: [usize; 2]) -> [usize; 4] {
    let top = random.below(height - h + 1);
    let left = random.below(width - w + 1);
    [left, top, left + w, top + h]
}

#[cfg(test)]
mod tests {
    use super::super::fill::FillMode;
    use super::super::random::Stream;
    use super::super::warp::{Padded, warp};
    use super::*;

    /// Checks means and standard deviations of left, top, width and height over many draws.
    fn check(expected: [f64; 4], deviations: [f64; 4], mut draw: impl FnMut(u64) -> [usize; 4]) {
        let count = 50_000;
        let mut sums = [[0.0; 2]; 4];
        for seed in 0..count {
            let [left, top, right, bottom] = draw(seed);
            for (sums, value) in sums.iter_mut().zip([left, top, right - left, bottom - top]) {
                let value = value as f64;
                *sums = [sums[0] + value, sums[1] + value * value];
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            let [mean, square] = sums.map(|sum| sum / count as f64);
            let (deviation, expected_deviation) = ((square - mean * mean).sqrt(), deviations[at]);
            let far = (mean - expected[at]).abs() / expected_deviation;
            assert!(far < 0.03, "{at}: mean {mean}, expected {}", expected[at]);
            let far = (deviation / expected_deviation - 1.0).abs();
            assert!(far < 0.02, "{at}: deviation {deviation}, expected {expected_deviation}");
        }
    }

    /// torchvision 0.29.2's `get_params`, 100,000 draws: `tests/reference/augmentations.py`.
    #[test]
    fn rectangles_are_distributed_as_torchvisions() {
        for (size, means, deviations) in CROPS {
            check(means, deviations, |seed| {
                let mut random = Random::new([seed, 0, 0], Stream::Crop);
                RandomResizedCrop::default().rectangle(&mut random, size)
            });
        }
        for (size, means, deviations) in ERASED {
            check(means, deviations, |seed| {
                let mut random = Random::new([seed, 0, 0], Stream::Erasing);
                // torchvision's draw that fits nowhere stands for the whole image.
                random_erasing(&mut random, 1.0, size).unwrap_or([0, 0, size[0], size[1]])
            });
        }
        let mut random = Random::new([0; 3], Stream::Erasing);
        assert!((0..100).all(|_| random_erasing(&mut random, 0.0, [9, 9]).is_none()));
    }

    /// torchvision 0.29.2's `resized_crop` of the same part. It does not look beyond the part, the warp does.
    #[test]
    fn a_part_is_scaled_as_torchvision_scales_it() {
        let (width, height) = (12, 9);
        let pixels = (0..width * height * 3).map(|i| ((i * 7919 + i / 3 * 104_729) % 251) as u8);
        let mut memory = Vec::new();
        let pixels = Padded::new(&pixels.collect::<Vec<u8>>(), &mut memory);
        let matrix = matrix([3, 2, 10, 7], [width, height]);
        let mut out = vec![0.0; 3 * width * height];
        warp(pixels, [width, height], &matrix, FillMode::Nearest, &[(1.0, 0.0); 3], &mut out);
        for y in 1..height - 1 {
            for x in 1..width - 1 {
                let at = y * width + x;
                let (found, expected) = (out[width * height + at], PART[at]);
                assert!((found - expected).abs() < 0.51, "{x}, {y}: {found} {expected}");
            }
        }
    }

    #[rustfmt::skip]
    const CROPS: [([usize; 2], [f64; 4], [f64; 4]); 3] = [
        ([100, 100], [16.401, 16.412, 67.169, 67.16], [14.673, 14.688, 19.024, 18.979]),
        ([60, 120], [7.61, 36.537, 44.805, 46.837], [7.587, 22.689, 10.339, 13.098]),
        ([200, 50], [77.244, 4.319, 45.094, 41.35], [43.576, 4.84, 11.743, 6.907]),
    ];
    #[rustfmt::skip]
    const ERASED: [([usize; 2], [f64; 4], [f64; 4]); 3] = [
        ([100, 100], [28.768, 28.797, 42.525, 42.443], [20.213, 20.375, 19.358, 19.473]),
        ([60, 120], [13.91, 41.459, 32.106, 37.139], [11.009, 26.217, 12.479, 17.3]),
        ([200, 50], [76.796, 9.33, 46.048, 31.338], [46.396, 8.075, 22.098, 9.887]),
    ];
    #[rustfmt::skip]
    const PART: [f32; 108] = [189.0, 179.25, 164.08, 148.92, 133.75, 118.58, 103.42, 88.25, 73.08, 57.92, 42.75, 33.0, 168.67, 158.92, 143.75, 128.58, 113.42, 98.25, 83.08, 67.92, 91.1, 121.25, 106.08, 96.33, 134.78, 125.03, 109.86, 94.69, 79.53, 64.36, 49.19, 34.03, 121.12, 226.81, 211.64, 201.89, 100.89, 91.14, 75.97, 60.81, 59.58, 109.49, 126.86, 111.69, 160.44, 220.81, 205.64, 195.89, 67.0, 57.25, 42.08, 26.92, 43.12, 174.37, 232.42, 217.25, 202.08, 186.92, 171.75, 162.0, 33.11, 75.65, 141.83, 132.47, 131.25, 181.16, 198.53, 183.36, 168.19, 153.03, 137.86, 128.11, 27.11, 101.03, 216.01, 210.14, 194.97, 179.81, 164.64, 149.47, 134.31, 119.14, 103.97, 94.22, 132.67, 154.29, 187.93, 176.25, 161.08, 145.92, 130.75, 115.58, 100.42, 85.25, 70.08, 60.33, 196.0, 186.25, 171.08, 155.92, 140.75, 125.58, 110.42, 95.25, 80.08, 64.92, 49.75, 40.0];
}

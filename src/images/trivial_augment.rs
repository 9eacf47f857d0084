//! One random operation for each image.

use super::operation::ImageOperation;
use crate::{Error, ErrorKind, Result};

/// TrivialAugment, as torchvision's `TrivialAugmentWide`: each image gets one of 14 operations, all equally likely, with
/// one of `num_magnitude_bins` magnitudes and a random sign. There is nothing to tune.
/// [`Augmentation::trivial_augment`](super::Augmentation::trivial_augment) takes it; it follows the geometry and the
/// color changes of that augmentation and precedes random erasing.
///
/// Müller and Hutter, *TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation*, 2021
/// (<https://arxiv.org/abs/2103.10158>).
///
/// ```
/// use cuaderno::images::{Augmentation, ImageSet, Transform, TrivialAugment};
/// let augmentation = Augmentation {
///     horizontal_flip: 0.5,
///     trivial_augment: Some(TrivialAugment::default()),
///     ..Augmentation::default()
/// };
/// let transform = Transform::imagenet().augmented(augmentation);
/// let images = ImageSet::from_pixels((0..192).collect(), 8, 8)?;
/// let first = images.augmented(0, &transform, 0, 3)?;
/// assert_eq!(first, images.augmented(0, &transform, 0, 3)?); // the same epoch, the same operation
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrivialAugment {
    /// Number of magnitudes, evenly spaced from none to the strongest: 2 to 1000.
    pub num_magnitude_bins: usize,
    /// Color (red, green, blue) of the gaps that geometry leaves.
    pub fill: [u8; 3],
}

impl Default for TrivialAugment {
    /// torchvision's: 31 magnitudes, black.
    fn default() -> Self {
        Self { num_magnitude_bins: 31, fill: [0; 3] }
    }
}

impl TrivialAugment {
    pub(super) fn check(&self) -> Result<()> {
        if (2..=1000).contains(&self.num_magnitude_bins) {
            return Ok(());
        }
        let problem = format!(
            "`num_magnitude_bins` must be from 2 to 1000, found {}",
            self.num_magnitude_bins
        );
        Err(Error::new(ErrorKind::Parameter, problem).help("torchvision's default is 31"))
    }

    /// Operation `index` of 14 with magnitude `bin`.
    fn operation(&self, index: usize, bin: usize, negative: bool) -> ImageOperation {
        let sign = if negative { -1.0 } else { 1.0 };
        let to = |strongest: f32| sign * linspace(0.0, strongest, bin, self.num_magnitude_bins);
        match index {
            0 => ImageOperation::Identity,
            1 => ImageOperation::ShearX(to(0.99)),
            2 => ImageOperation::ShearY(to(0.99)),
            3 => ImageOperation::TranslateX(to(32.0)),
            4 => ImageOperation::TranslateY(to(32.0)),
            5 => ImageOperation::Rotate(to(135.0)),
            6 => ImageOperation::Brightness(to(0.99)),
            7 => ImageOperation::Color(to(0.99)),
            8 => ImageOperation::Contrast(to(0.99)),
            9 => ImageOperation::Sharpness(to(0.99)),
            10 => {
                let bits = bin as f32 / ((self.num_magnitude_bins - 1) as f32 / 6.0);
                ImageOperation::Posterize(8 - (bits.round_ties_even() as u8).min(6))
            }
            11 => ImageOperation::Solarize(linspace(255.0, 0.0, bin, self.num_magnitude_bins)),
            12 => ImageOperation::AutoContrast,
            _ => ImageOperation::Equalize,
        }
    }

    /// The operation that three numbers from 0 to 1, without 1, choose.
    pub(super) fn draw(&self, [index, bin, sign]: [f32; 3]) -> ImageOperation {
        let bins = self.num_magnitude_bins;
        let bin = ((bin * bins as f32) as usize).min(bins - 1);
        self.operation((index * 14.0) as usize, bin, sign >= 0.5)
    }
}

/// Number `at` of `count` evenly spaced ones, rounded as PyTorch's `linspace` rounds, in one step.
fn linspace(start: f32, end: f32, at: usize, count: usize) -> f32 {
    let step = (end - start) / (count - 1) as f32;
    if at < count / 2 {
        step.mul_add(at as f32, start)
    } else {
        (-step).mul_add((count - 1 - at) as f32, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width: usize, height: usize) -> Vec<u8> {
        (0..width * height * 3).map(|i| ((i * 7919 + i / 3 * 104_729) % 251) as u8).collect()
    }

    fn slope(width: usize, height: usize) -> Vec<u8> {
        let value = |i: usize| 40 + (i / 3 % width * 5 + i / 3 / width * 3 + i % 3 * 20) % 150;
        (0..width * height * 3).map(|i| value(i) as u8).collect()
    }

    /// torchvision 0.29.2 on Pillow 13.0.0, all bytes under all magnitudes and signs: `tests/reference/augmentations.py`.
    #[test]
    fn every_byte_is_torchvisions() {
        let trivial = TrivialAugment::default();
        let images =
            [([24, 17], noise(24, 17)), ([20, 20], noise(20, 20)), ([64, 48], slope(64, 48))];
        for (index, (name, expected)) in EXPECTED.iter().enumerate() {
            let bins = if [0, 12, 13].contains(&index) { 1 } else { 31 };
            let signs: &[bool] = if (1..10).contains(&index) { &[false, true] } else { &[false] };
            let mut expected = expected.iter();
            for (size, image) in &images {
                for fill in [[0; 3], [0, 0, 255]] {
                    let mut sum = 0;
                    for (bin, sign) in
                        (0..bins).flat_map(|bin| signs.iter().map(move |sign| (bin, sign)))
                    {
                        let mut pixels = image.clone();
                        let operation = trivial.operation(index, bin, *sign);
                        operation.run(&mut pixels, *size, fill, &mut Vec::new());
                        for (at, byte) in pixels.iter().enumerate() {
                            sum = (sum * 31 + u64::from(*byte) + at as u64) % 1_000_000_007;
                        }
                    }
                    assert_eq!(Some(&sum), expected.next(), "{name}, {size:?}, gaps {fill:?}");
                }
            }
        }
    }

    #[test]
    fn draws_reach_every_operation_magnitude_and_sign() {
        let trivial = TrivialAugment { num_magnitude_bins: 3, ..TrivialAugment::default() };
        assert_eq!(trivial.draw([0.0; 3]), ImageOperation::Identity);
        assert_eq!(trivial.draw([0.9999, 0.9999, 0.9999]), ImageOperation::Equalize);
        let shears = [0.0, 0.4, 0.9999].map(|bin| trivial.draw([0.1, bin, 0.0]));
        assert_eq!(shears, [0.0, 0.495, 0.99].map(ImageOperation::ShearX));
        assert_eq!(trivial.draw([0.1, 0.9999, 0.5]), ImageOperation::ShearX(-0.99));
        let one = TrivialAugment { num_magnitude_bins: 1, ..trivial };
        assert!(one.check().unwrap_err().to_string().contains("found 1"));
    }

    #[rustfmt::skip]
    const EXPECTED: [(&str, [u64; 6]); 14] = [
        ("Identity", [56001956, 56001956, 689082506, 689082506, 622113133, 622113133]),
        ("ShearX", [761505124, 844036009, 956001246, 120401848, 945164233, 108566878]),
        ("ShearY", [584074936, 724700692, 51580527, 720282783, 913741840, 470467572]),
        ("TranslateX", [678917529, 666214729, 86142799, 798355131, 459422795, 590176647]),
        ("TranslateY", [509485987, 135131011, 93703529, 42374140, 5726741, 208516546]),
        ("Rotate", [772950548, 967406193, 915615751, 380817656, 347882405, 952421072]),
        ("Brightness", [288730350, 288730350, 847711829, 847711829, 500615191, 500615191]),
        ("Color", [273129192, 273129192, 562229752, 562229752, 286771848, 286771848]),
        ("Contrast", [701675539, 701675539, 124039057, 124039057, 27398313, 27398313]),
        ("Sharpness", [893885622, 893885622, 623755545, 623755545, 837540334, 837540334]),
        ("Posterize", [706073347, 706073347, 80541206, 80541206, 4733612, 4733612]),
        ("Solarize", [35774647, 35774647, 699201289, 699201289, 862620415, 862620415]),
        ("AutoContrast", [938425270, 938425270, 989022393, 989022393, 339875732, 339875732]),
        ("Equalize", [637944347, 637944347, 686558759, 686558759, 559443732, 559443732]),
    ];
}

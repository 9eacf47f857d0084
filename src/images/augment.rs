//! Random changes of an image while training.

use super::affine::AffineTransform;
use super::draw::{ColorChange, Draw, Matrix};
use super::fill::FillMode;
use crate::{Error, ErrorKind, Result};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Random data augmentation. Geometry has the names of Keras's `ImageDataGenerator`, color those of
/// torchvision's `ColorJitter`. The default changes nothing; set the fields that should vary.
///
/// Draws depend on the seed, the epoch and the image alone, so that any epoch can be repeated.
///
/// ```
/// use cuaderno::images::{Augmentation, FillMode};
/// let augmentation = Augmentation {
///     rotation_range: 20.0,
///     zoom_range: 0.2,
///     horizontal_flip: 0.5,
///     fill_mode: FillMode::Reflect,
///     ..Default::default()
/// };
/// assert!(!augmentation.is_none() && Augmentation::default().is_none());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Augmentation {
    /// Rotation by up to this many degrees, either way: 0 to 180.
    pub rotation_range: f32,
    /// Horizontal shift by up to this fraction of the width, either way: 0 to 1.
    pub width_shift_range: f32,
    /// Vertical shift by up to this fraction of the height, either way: 0 to 1.
    pub height_shift_range: f32,
    /// Shear by up to this many degrees, either way: 0 to 80.
    pub shear_range: f32,
    /// Width and height are each divided by a factor from `1 - zoom_range` to `1 + zoom_range`: 0 to 0.9.
    pub zoom_range: f32,
    /// Probability of mirroring left to right (Keras's `True` is 0.5).
    pub horizontal_flip: f32,
    /// Probability of mirroring top to bottom.
    pub vertical_flip: f32,
    /// A number of up to this size, either way, is added to all channels: 0 to 255.
    pub channel_shift_range: f32,
    /// Brightness factor from `1 - brightness` to `1 + brightness`: 0 to 1.
    pub brightness: f32,
    /// Contrast factor around middle gray from `1 - contrast` to `1 + contrast`: 0 to 1.
    pub contrast: f32,
    /// Saturation factor from `1 - saturation` to `1 + saturation`: 0 to 1.
    pub saturation: f32,
    /// A random part of the image fills the frame, as torchvision's `RandomResizedCrop`.
    pub random_resized_crop: Option<RandomResizedCrop>,
    /// Probability that a random rectangle of 2 to 33 % of the area is erased to black, as torchvision's
    /// `RandomErasing(scale=(0.02, 0.33), ratio=(0.3, 3.3))` before normalization.
    pub random_erasing: f32,
    /// Pixels for the gaps that geometry leaves.
    pub fill_mode: FillMode,
}

/// Random resized crop, as torchvision's `RandomResizedCrop`: the range of area and aspect ratio of the part of an image that
/// [`Augmentation::random_resized_crop`] draws and scales to the full size.
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
    /// Least and largest aspect ratio, width by height, in units of the image's own.
    pub ratio: [f32; 2],
}

impl Default for RandomResizedCrop {
    /// torchvision's: 8 to 100 % of the area, ratio from 3/4 to 4/3.
    fn default() -> Self {
        Self { scale: [0.08, 1.0], ratio: [0.75, 4.0 / 3.0] }
    }
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            rotation_range: 0.0,
            width_shift_range: 0.0,
            height_shift_range: 0.0,
            shear_range: 0.0,
            zoom_range: 0.0,
            horizontal_flip: 0.0,
            vertical_flip: 0.0,
            channel_shift_range: 0.0,
            brightness: 0.0,
            contrast: 0.0,
            saturation: 0.0,
            random_resized_crop: None,
            random_erasing: 0.0,
            fill_mode: FillMode::Nearest,
        }
    }
}

impl Augmentation {
    /// Returns `true` if it changes nothing.
    pub fn is_none(&self) -> bool {
        let ranges = self.ranges();
        self.random_resized_crop.is_none() && ranges.iter().all(|(_, value, _)| *value == 0.0)
    }

    /// Each range with its name and its largest value.
    fn ranges(&self) -> [(&'static str, f32, f32); 12] {
        [
            ("rotation_range", self.rotation_range, 180.0),
            ("width_shift_range", self.width_shift_range, 1.0),
            ("height_shift_range", self.height_shift_range, 1.0),
            ("shear_range", self.shear_range, 80.0),
            ("zoom_range", self.zoom_range, 0.9),
            ("horizontal_flip", self.horizontal_flip, 1.0),
            ("vertical_flip", self.vertical_flip, 1.0),
            ("channel_shift_range", self.channel_shift_range, 255.0),
            ("brightness", self.brightness, 1.0),
            ("contrast", self.contrast, 1.0),
            ("saturation", self.saturation, 1.0),
            ("random_erasing", self.random_erasing, 1.0),
        ]
    }

    pub(super) fn check(&self) -> Result<()> {
        for (name, value, limit) in self.ranges() {
            if !(0.0..=limit).contains(&value) {
                return Err(Error::new(
                    ErrorKind::Parameter,
                    format!("`{name}` must be from 0 to {limit}, found {value}"),
                )
                .help("0 switches it off"));
            }
        }
        let Some(RandomResizedCrop { scale, ratio }) = self.random_resized_crop else {
            return Ok(());
        };
        let ordered = |[low, high]: [f32; 2], most: f32| 0.0 < low && low <= high && high <= most;
        if ordered(scale, 1.0) && ordered(ratio, 100.0) {
            return Ok(());
        }
        let problem = format!(
            "`random_resized_crop` needs 0 < low ≤ high, at most 1 for `scale` and 100 for `ratio`; \
             found scale {scale:?}, ratio {ratio:?}"
        );
        Err(Error::new(ErrorKind::Parameter, problem)
            .help("`RandomResizedCrop::default()` is torchvision's"))
    }

    /// The draw that belongs to `key` (seed, epoch and image), for an image of this size.
    pub(super) fn draw(&self, key: [u64; 3], width: usize, height: usize) -> Draw {
        let mut random = Random::new(key);
        // Every draw takes as many numbers, so that one switch does not change what another draws.
        let affine = AffineTransform {
            theta: random.within(self.rotation_range),
            shear: random.within(self.shear_range),
            zx: 1.0 + random.within(self.zoom_range),
            zy: 1.0 + random.within(self.zoom_range),
            tx: random.within(self.width_shift_range) * width as f32,
            ty: random.within(self.height_shift_range) * height as f32,
        };
        let gain = 1.0 + random.within(self.brightness);
        let contrast = 1.0 + random.within(self.contrast);
        let saturation = 1.0 + random.within(self.saturation);
        let shift = random.within(self.channel_shift_range);
        let flip_x = random.unit() < self.horizontal_flip;
        let flip_y = random.unit() < self.vertical_flip;
        let crop: [f32; 4] = std::array::from_fn(|_| random.unit());
        let erased: [f32; 5] = std::array::from_fn(|_| random.unit());

        let mut matrix = affine.matrix().flipped(flip_x, flip_y);
        if let Some(limits) = &self.random_resized_crop {
            matrix = limits.matrix(crop, width, height).after(&matrix);
        }
        let color = ColorChange {
            gain: gain * contrast,
            offset: 127.5 * (1.0 - contrast) + shift,
            saturation,
        };
        let erased = (erased[0] < self.random_erasing).then(|| {
            let area = 0.02 + 0.31 * erased[1];
            let ratio = log_uniform([0.3, 3.3], erased[2]).sqrt();
            let (w, h) = ((area.sqrt() * ratio).min(1.0), (area.sqrt() / ratio).min(1.0));
            let (left, top) = (erased[3] * (1.0 - w), erased[4] * (1.0 - h));
            [left, top, left + w, top + h]
        });
        Draw { matrix, color, erased }
    }
}

impl RandomResizedCrop {
    /// The part of the image that the four numbers from 0 to 1 choose, as a matrix from output to input.
    fn matrix(&self, [area, ratio, left, top]: [f32; 4], width: usize, height: usize) -> Matrix {
        let area = self.scale[0] + (self.scale[1] - self.scale[0]) * area;
        let ratio = log_uniform(self.ratio, ratio).sqrt();
        let (w, h) = ((area.sqrt() * ratio).min(1.0), (area.sqrt() / ratio).min(1.0));
        // From the middle of the image to the middle of the part.
        let (x, y) = ((left - 0.5) * (1.0 - w), (top - 0.5) * (1.0 - h));
        Matrix { a: w, b: 0.0, c: 0.0, d: h, shift_x: x * width as f32, shift_y: y * height as f32 }
    }
}

fn log_uniform([low, high]: [f32; 2], unit: f32) -> f32 {
    (low.ln() + (high.ln() - low.ln()) * unit).exp()
}

struct Random(ChaCha8Rng);

impl Random {
    fn new(key: [u64; 3]) -> Self {
        let mut seed = [0; 32];
        for (bytes, number) in seed.chunks_exact_mut(8).zip(key) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// From 0 to 1, without 1.
    fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1_u32 << 24) as f32
    }

    fn within(&mut self, range: f32) -> f32 {
        (2.0 * self.unit() - 1.0) * range
    }
}

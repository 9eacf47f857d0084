//! Random changes of an image while training.

use super::affine::AffineTransform;
use super::color::ColorChange;
use super::draw::Draw;
use super::fill::FillMode;
use super::random::{Random, Stream};
use super::rectangle::{RandomResizedCrop, random_erasing};
use super::trivial_augment::TrivialAugment;
use crate::{Error, ErrorKind, Result};

/// Random data augmentation. Geometry has the names of Keras's `ImageDataGenerator`, color those of
/// torchvision's `ColorJitter`. The default changes nothing; set the fields that should vary.
///
/// Brightness, contrast, saturation and hue change in a random order, as with `ColorJitter`; then come the channel shift,
/// the geometry, TrivialAugment and random erasing.
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
    /// Contrast factor around the image's mean gray from `1 - contrast` to `1 + contrast`: 0 to 1.
    pub contrast: f32,
    /// Saturation factor from `1 - saturation` to `1 + saturation`: 0 to 1.
    pub saturation: f32,
    /// The hue moves by up to this fraction of the color circle, either way: 0 to 0.5.
    pub hue: f32,
    /// A random part of the image fills the frame, as torchvision's `RandomResizedCrop`.
    pub random_resized_crop: Option<RandomResizedCrop>,
    /// One random operation for each image, as torchvision's `TrivialAugmentWide`.
    pub trivial_augment: Option<TrivialAugment>,
    /// Probability that a random rectangle of 2 to 33 % of the area is erased to black, as torchvision's
    /// `RandomErasing(scale=(0.02, 0.33), ratio=(0.3, 3.3))` before normalization.
    pub random_erasing: f32,
    /// Pixels for the gaps that geometry leaves.
    pub fill_mode: FillMode,
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
            hue: 0.0,
            random_resized_crop: None,
            trivial_augment: None,
            random_erasing: 0.0,
            fill_mode: FillMode::Nearest,
        }
    }
}

impl Augmentation {
    /// Returns `true` if it changes nothing.
    pub fn is_none(&self) -> bool {
        let ranges = self.ranges();
        self.random_resized_crop.is_none()
            && self.trivial_augment.is_none()
            && ranges.iter().all(|(_, value, _)| *value == 0.0)
    }

    /// Each range with its name and its largest value.
    fn ranges(&self) -> [(&'static str, f32, f32); 13] {
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
            ("hue", self.hue, 0.5),
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
        if let Some(trivial) = &self.trivial_augment {
            trivial.check()?;
        }
        self.random_resized_crop.as_ref().map_or(Ok(()), RandomResizedCrop::check)
    }

    /// The draw that belongs to `key` (seed, epoch and image), for an image of this size.
    pub(super) fn draw(&self, key: [u64; 3], width: usize, height: usize) -> Draw {
        let mut random = Random::new(key, Stream::Affine);
        // Every draw takes as many numbers, so that one switch does not change what another draws.
        let affine = AffineTransform {
            theta: random.within(self.rotation_range),
            shear: random.within(self.shear_range),
            zx: 1.0 + random.within(self.zoom_range),
            zy: 1.0 + random.within(self.zoom_range),
            tx: random.within(self.width_shift_range) * width as f32,
            ty: random.within(self.height_shift_range) * height as f32,
        };
        let mut color = ColorChange {
            brightness: 1.0 + random.within(self.brightness),
            contrast: 1.0 + random.within(self.contrast),
            saturation: 1.0 + random.within(self.saturation),
            shift: random.within(self.channel_shift_range),
            ..ColorChange::NONE
        };
        let flip_x = random.unit() < self.horizontal_flip;
        let flip_y = random.unit() < self.vertical_flip;
        if !color.is_none() || self.hue > 0.0 {
            let mut random = Random::new(key, Stream::Color);
            color.order = random.order();
            color.hue = random.within(self.hue);
        }
        let mut matrix = affine.matrix().flipped(flip_x, flip_y);
        if let Some(limits) = &self.random_resized_crop {
            let mut random = Random::new(key, Stream::Crop);
            matrix = limits.draw(&mut random, [width, height]).after(&matrix);
        }
        let operation = self.trivial_augment.map(|trivial| {
            let mut random = Random::new(key, Stream::Trivial);
            trivial.draw(std::array::from_fn(|_| random.unit()))
        });
        let erased = if self.random_erasing > 0.0 {
            let mut random = Random::new(key, Stream::Erasing);
            random_erasing(&mut random, self.random_erasing, [width, height])
        } else {
            None
        };
        Draw { matrix, color, operation, erased }
    }
}

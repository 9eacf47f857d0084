//! How a picture varies while training.

use crate::{Error, ErrorKind, Result};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// How far a picture may be moved and relit at random, in the vocabulary of Keras's
/// `ImageDataGenerator`. The default changes nothing; set the fields that should vary.
///
/// ```
/// use cuaderno::images::Augmentation;
/// let augmentation = Augmentation { rotation: 20.0, horizontal_flip: 0.5, ..Default::default() };
/// # let _ = augmentation;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Augmentation {
    /// Turned by up to this many degrees, either way.
    pub rotation: f32,
    /// Moved sideways by up to this share of the width, either way.
    pub width_shift: f32,
    /// Moved up or down by up to this share of the height.
    pub height_shift: f32,
    /// Sheared by up to this many degrees, either way.
    pub shear: f32,
    /// Scaled by a factor between `1 - zoom` and `1 + zoom`.
    pub zoom: f32,
    /// Mirrored left to right with this probability.
    pub horizontal_flip: f32,
    /// Mirrored top to bottom with this probability.
    pub vertical_flip: f32,
    /// Brightness multiplied by a factor between `1 - brightness` and `1 + brightness`.
    pub brightness: f32,
    /// Distance from middle grey multiplied by a factor between `1 - contrast` and `1 + contrast`.
    pub contrast: f32,
    /// What stands where the moved picture leaves a gap.
    pub fill: Fill,
}

/// What stands where a moved picture leaves a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// The nearest pixel of the picture, as Keras's `fill_mode="nearest"`.
    Nearest,
    /// This color, red, green and blue.
    Color([u8; 3]),
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            rotation: 0.0,
            width_shift: 0.0,
            height_shift: 0.0,
            shear: 0.0,
            zoom: 0.0,
            horizontal_flip: 0.0,
            vertical_flip: 0.0,
            brightness: 0.0,
            contrast: 0.0,
            fill: Fill::Nearest,
        }
    }
}

/// One draw: where each pixel of the new picture lies in the old one, and how it is relit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Draw {
    /// `[a, b, c, d]`: from the middle of the picture, `(x, y)` lies at `(a x + b y, c x + d y)`.
    pub(super) matrix: [f32; 4],
    /// Added after that, in shares of width and height.
    pub(super) shift: [f32; 2],
    /// `value * gain + offset`, on values from 0 to 255.
    pub(super) gain: f32,
    pub(super) offset: f32,
}

impl Augmentation {
    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        let changes = [
            self.rotation,
            self.width_shift,
            self.height_shift,
            self.shear,
            self.zoom,
            self.horizontal_flip,
            self.vertical_flip,
            self.brightness,
            self.contrast,
        ];
        changes.iter().all(|change| *change == 0.0)
    }

    pub(super) fn check(&self) -> Result<()> {
        let below = |name: &str, value: f32, limit: f32| {
            if (0.0..=limit).contains(&value) {
                return Ok(());
            }
            Err(Error::new(
                ErrorKind::Parameter,
                format!("the augmentation's `{name}` is {value}, outside 0 to {limit}"),
            )
            .help("set it within that range; 0 switches it off"))
        };
        below("rotation", self.rotation, 180.0)?;
        below("width_shift", self.width_shift, 1.0)?;
        below("height_shift", self.height_shift, 1.0)?;
        below("shear", self.shear, 80.0)?;
        below("zoom", self.zoom, 0.9)?;
        below("horizontal_flip", self.horizontal_flip, 1.0)?;
        below("vertical_flip", self.vertical_flip, 1.0)?;
        below("brightness", self.brightness, 1.0)?;
        below("contrast", self.contrast, 1.0)
    }

    /// The draw that belongs to `key` (seed, epoch and picture).
    pub(super) fn draw(&self, key: [u64; 3]) -> Draw {
        let mut seed = [0; 32];
        for (bytes, number) in seed.chunks_exact_mut(8).zip(key) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        let mut random = ChaCha8Rng::from_seed(seed);
        let mut unit = || random.next_u32() as f32 / (u32::MAX as f32 + 1.0);
        // Every draw takes as many numbers, so that one switch does not change what another draws.
        let mut within = |range: f32| (2.0 * unit() - 1.0) * range;
        let angle = within(self.rotation).to_radians();
        let shear = within(self.shear).to_radians();
        let zoom = 1.0 + within(self.zoom);
        let shift = [within(self.width_shift), within(self.height_shift)];
        let (gain, contrast) = (1.0 + within(self.brightness), 1.0 + within(self.contrast));
        let flip_x = if unit() < self.horizontal_flip { -1.0 } else { 1.0 };
        let flip_y = if unit() < self.vertical_flip { -1.0 } else { 1.0 };

        // Forward, the picture is mirrored, sheared, turned, scaled and moved; each new pixel asks where
        // it came from, so the matrix is the inverse: move back, scale back, turn back, shear back.
        let (sin, cos) = angle.sin_cos();
        let slope = shear.tan();
        let unturned = [cos / zoom, sin / zoom, -sin / zoom, cos / zoom];
        let [a, b, c, d] = unturned;
        let matrix = [flip_x * (a - slope * c), flip_x * (b - slope * d), flip_y * c, flip_y * d];
        Draw { matrix, shift, gain: gain * contrast, offset: 127.5 * (1.0 - contrast) }
    }
}

//! From the bytes of an image to the numbers that a network reads.

use super::augment::Augmentation;
use super::draw::Draw;
use super::fill::FillMode;
use super::warp::{Padded, Wide, erase, warp, widen};
use crate::{Error, ErrorKind, Result};

/// Normalization and augmentation of images, as torchvision's `Compose` of random changes, `ToTensor` and `Normalize`: from
/// bytes `[height, width, 3]` to `[3, height, width]` with `(value / 255 − mean) / std`, channel by channel, after the
/// augmentation, if any. The default gives values from 0 to 1.
///
/// ```
/// use cuaderno::images::{ImageSet, Transform};
/// let white = ImageSet::from_pixels(vec![255; 3], 1, 1)?;
/// let mut values = [0.0; 3];
/// white.fill_batch(&[0], &Transform::imagenet(), 0, 0, &mut values)?;
/// assert!((values[0] - (1.0 - 0.485) / 0.229).abs() < 1e-5); // red of ImageNet
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Transform {
    /// Mean of red, green and blue, of values from 0 to 1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue.
    pub std: [f32; 3],
    /// Random changes, for training alone.
    pub augmentation: Option<Augmentation>,
}

impl Default for Transform {
    fn default() -> Self {
        Self { mean: [0.0; 3], std: [1.0; 3], augmentation: None }
    }
}

impl Transform {
    /// Normalization with this mean and standard deviation, without augmentation.
    pub fn normalized(mean: [f32; 3], std: [f32; 3]) -> Self {
        Self { mean, std, augmentation: None }
    }

    /// Normalization with the statistics of ImageNet, as torchvision's pretrained networks expect.
    pub fn imagenet() -> Self {
        Self::normalized([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    }

    /// The same with these random changes.
    pub fn augmented(mut self, augmentation: Augmentation) -> Self {
        self.augmentation = Some(augmentation);
        self
    }

    /// Returns `true` if each draw differs.
    pub fn is_random(&self) -> bool {
        self.augmentation.as_ref().is_some_and(|augmentation| !augmentation.is_none())
    }

    /// Checks the parameters and prepares them for the inner loops.
    pub(super) fn prepare(&self) -> Result<Prepared<'_>> {
        let finite = self.mean.iter().chain(&self.std).all(|value| value.is_finite());
        if !finite || self.std.iter().any(|std| *std <= 0.0) {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!(
                    "images cannot be normalized with mean {:?} and std {:?}",
                    self.mean, self.std
                ),
            )
            .help("give finite numbers, and a std above 0"));
        }
        if let Some(augmentation) = &self.augmentation {
            augmentation.check()?;
        }
        let scale = |channel: usize| 1.0 / (255.0 * self.std[channel]);
        let table = std::array::from_fn(|channel| {
            std::array::from_fn(|byte| {
                (byte as f32 / 255.0 - self.mean[channel]) / self.std[channel]
            })
        });
        let affine = std::array::from_fn(|channel| {
            (scale(channel), -self.mean[channel] / self.std[channel])
        });
        Ok(Prepared { table, affine, augmentation: self.augmentation.as_ref() })
    }
}

/// A checked [`Transform`].
pub(super) struct Prepared<'a> {
    /// The number for each byte, by channel.
    table: [[f32; 256]; 3],
    /// Scale and offset for values from 0 to 255, by channel.
    affine: [(f32, f32); 3],
    augmentation: Option<&'a Augmentation>,
}

impl Prepared<'_> {
    /// Writes the image `pixels`, `[height, width, 3]`, into `out`, `[3, height, width]`.
    pub(super) fn apply(
        &self,
        pixels: &[u8],
        width: usize,
        height: usize,
        key: [u64; 3],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let Some(augmentation) = self.augmentation else {
            self.look_up(pixels, out);
            return;
        };
        let draw = augmentation.draw(key, width, height);
        let (size, fill) = ([width, height], augmentation.fill_mode);
        if let Some(operation) = draw.operation {
            let gaps = augmentation.trivial_augment.unwrap_or_default().fill;
            moved(pixels, size, &draw, fill, &[(1.0, 0.0); 3], scratch, out);
            interleave(out, &mut scratch.bytes);
            operation.run(&mut scratch.bytes, size, gaps, &mut scratch.spare);
            self.look_up(&scratch.bytes, out);
        } else {
            moved(pixels, size, &draw, fill, &self.affine, scratch, out);
        }
        if let Some(rectangle) = draw.erased {
            erase(rectangle, size, &self.affine, out);
        }
    }

    fn look_up(&self, pixels: &[u8], out: &mut [f32]) {
        let (red, rest) = out.split_at_mut(pixels.len() / 3);
        let (green, blue) = rest.split_at_mut(pixels.len() / 3);
        let [reds, greens, blues] = &self.table;
        let targets = red.iter_mut().zip(green).zip(blue);
        for (((red, green), blue), pixel) in targets.zip(pixels.chunks_exact(3)) {
            *red = reds[usize::from(pixel[0])];
            *green = greens[usize::from(pixel[1])];
            *blue = blues[usize::from(pixel[2])];
        }
    }
}

/// Memory that is reused from image to image.
#[derive(Default)]
pub(super) struct Scratch {
    wide: Wide,
    bytes: Vec<u8>,
    spare: Vec<u8>,
}

/// Writes the image with its color and its geometry changed.
fn moved(
    pixels: &[u8],
    size: [usize; 2],
    draw: &Draw,
    fill: FillMode,
    affine: &[(f32, f32); 3],
    scratch: &mut Scratch,
    out: &mut [f32],
) {
    if draw.color.is_none() {
        let pixels = Padded::new(pixels, &mut scratch.bytes);
        warp(pixels, size, &draw.matrix, fill, affine, out);
    } else {
        widen(pixels, &mut scratch.wide);
        draw.color.apply(&mut scratch.wide);
        warp(&scratch.wide[..], size, &draw.matrix, fill, affine, out);
    }
}

/// From `[3, height, width]` to bytes `[height, width, 3]`.
fn interleave(values: &[f32], bytes: &mut Vec<u8>) {
    let (red, rest) = values.split_at(values.len() / 3);
    let (green, blue) = rest.split_at(values.len() / 3);
    bytes.clear();
    for ((red, green), blue) in red.iter().zip(green).zip(blue) {
        bytes.extend_from_slice(&[red, green, blue].map(|value| value.round() as u8));
    }
}

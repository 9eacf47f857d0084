//! Many pictures of one size in one block of memory.

use super::decode::open_rgb;
use super::resize::resize;
use super::transform::Transform;
use crate::{Error, ErrorKind, Result, notebook};
use image::RgbImage;
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// RGB pictures of one size, `[count, height, width, 3]` bytes.
#[derive(Clone)]
pub struct ImageSet {
    // Shared by clones: data sets of one table hold the same pictures.
    pixels: Arc<Vec<u8>>,
    count: usize,
    width: usize,
    height: usize,
}

/// Decodes these JPEG and PNG files, many at once, and brings them to `width` × `height` pixels (the
/// aspect ratio is not kept; pictures of that size already stay as they are).
///
/// ```no_run
/// # fn main() -> cuaderno::Result<()> {
/// let pictures = cuaderno::images::load_rgb(&["a.jpg".into(), "b.jpg".into()], 128, 128)?;
/// assert_eq!(pictures.len(), 2);
/// # Ok(()) }
/// ```
///
/// # Errors
/// When a size is 0, there is not enough memory, or a file is missing or broken: the message names the
/// first such file and how many more there are. `Interrupted` when the user asks for it.
pub fn load_rgb(paths: &[PathBuf], width: u32, height: u32) -> Result<ImageSet> {
    let (width, height) = check_size(width, height)?;
    let picture = width * height * 3;
    let mut pixels = Vec::new();
    let total = paths.len().checked_mul(picture);
    if total.is_none_or(|total| pixels.try_reserve_exact(total).is_err()) {
        return Err(Error::new(
            ErrorKind::Parameter,
            format!("{} pictures of {width}×{height} do not fit into memory", paths.len()),
        )
        .help("load fewer, or smaller ones"));
    }
    pixels.resize(paths.len() * picture, 0);
    let mut problems: Vec<Error> = pixels
        .par_chunks_exact_mut(picture)
        .zip(paths)
        .filter_map(|(target, path)| {
            if notebook::interrupted() {
                return None;
            }
            let decoded = open_rgb(path).and_then(|decoded| fit(&decoded, width, height, target));
            decoded.err()
        })
        .collect();
    notebook::check()?;
    if problems.is_empty() {
        return Ok(ImageSet { pixels: Arc::new(pixels), count: paths.len(), width, height });
    }
    let more = problems.len() - 1;
    let first = problems.swap_remove(0);
    Err(if more == 0 {
        first
    } else {
        first.help(format!(
            "{more} more of the {} pictures cannot be read: `images::inspect` lists them all",
            paths.len()
        ))
    })
}

/// The picture at another size, each new pixel a weighted mean of the area that it covers, as Pillow's
/// `resize(..., BILINEAR)`.
///
/// # Errors
/// When a size is 0 or above 65,535.
pub fn resize_rgb(picture: &RgbImage, width: u32, height: u32) -> Result<RgbImage> {
    let (columns, rows) = check_size(width, height)?;
    let mut pixels = vec![0; columns * rows * 3];
    fit(picture, columns, rows, &mut pixels)?;
    RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| Error::new(ErrorKind::Image, "the picture could not be resized"))
}

fn check_size(width: u32, height: u32) -> Result<(usize, usize)> {
    if [width, height].iter().any(|side| *side == 0 || *side > 65_535) {
        return Err(Error::new(
            ErrorKind::Parameter,
            format!("a picture cannot be {width}×{height} pixels large"),
        )
        .help("give a width and a height from 1 to 65,535"));
    }
    Ok((width as usize, height as usize))
}

/// Writes `picture`, resized when needed, into `target` of `width * height * 3` bytes.
fn fit(picture: &RgbImage, width: usize, height: usize, target: &mut [u8]) -> Result<()> {
    let (from_width, from_height) = picture.dimensions();
    if (from_width as usize, from_height as usize) == (width, height) {
        target.copy_from_slice(picture.as_raw());
        return Ok(());
    }
    let from = [from_width as usize, from_height as usize];
    if from.contains(&0) {
        return Err(Error::new(ErrorKind::Image, "a picture without pixels cannot be resized"));
    }
    resize(picture.as_raw(), from, [width, height], target);
    Ok(())
}

impl ImageSet {
    /// Pictures from their bytes, `[count, height, width, 3]`.
    ///
    /// # Errors
    /// When the bytes are not a whole number of pictures of this size.
    pub fn from_pixels(pixels: Vec<u8>, width: u32, height: u32) -> Result<Self> {
        let (width, height) = check_size(width, height)?;
        let picture = width * height * 3;
        if !pixels.len().is_multiple_of(picture) {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("{} bytes are not whole pictures of {width}×{height}×3", pixels.len()),
            )
            .help("give height × width × 3 bytes a picture"));
        }
        Ok(Self { count: pixels.len() / picture, pixels: Arc::new(pixels), width, height })
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// How many numbers one picture becomes: 3 × height × width.
    pub fn numel(&self) -> usize {
        3 * self.height * self.width
    }

    /// The bytes of picture `index`, `[height, width, 3]`.
    ///
    /// # Errors
    /// When there is no such picture.
    pub fn pixels(&self, index: usize) -> Result<&[u8]> {
        let size = self.numel();
        index.checked_mul(size).and_then(|start| self.pixels.get(start..start + size)).ok_or_else(
            || {
                Error::new(
                    ErrorKind::Parameter,
                    format!("picture {index} was asked for, but there are {}", self.count),
                )
                .help("pictures are counted from 0")
            },
        )
    }

    /// Picture `index`.
    ///
    /// # Errors
    /// When there is no such picture.
    pub fn picture(&self, index: usize) -> Result<RgbImage> {
        let pixels = self.pixels(index)?.to_vec();
        RgbImage::from_raw(self.width as u32, self.height as u32, pixels)
            .ok_or_else(|| Error::new(ErrorKind::Image, "the picture has an impossible size"))
    }

    /// These pictures, for a figure.
    ///
    /// # Errors
    /// When there is no such picture.
    pub fn pictures(&self, indices: &[usize]) -> Result<Vec<RgbImage>> {
        indices.iter().map(|index| self.picture(*index)).collect()
    }

    /// Writes pictures as numbers into `out`, `[indices.len(), 3, height, width]`, many at once.
    ///
    /// How picture i is augmented depends on `seed`, `epoch` and i alone: not on the order, the batch
    /// or the number of threads.
    ///
    /// # Errors
    /// When there is no such picture, `out` has another length, or the transform is not valid.
    pub fn fill_batch(
        &self,
        indices: &[usize],
        transform: &Transform,
        seed: u64,
        epoch: u64,
        out: &mut [f32],
    ) -> Result<()> {
        let prepared = transform.prepare()?;
        let size = self.numel();
        if out.len() != indices.len() * size {
            return Err(Error::new(
                ErrorKind::Shape,
                format!(
                    "{} pictures of 3×{}×{} need {} numbers, but there is room for {}",
                    indices.len(),
                    self.height,
                    self.width,
                    indices.len() * size,
                    out.len()
                ),
            )
            .help("give a slice of `indices.len() * set.numel()` numbers"));
        }
        if let Some(&index) = indices.iter().find(|index| **index >= self.count) {
            self.pixels(index)?;
        }
        out.par_chunks_exact_mut(size).zip(indices).try_for_each_init(
            Vec::new,
            |wide, (out, &index)| {
                let key = [seed, epoch, index as u64];
                prepared.apply(self.pixels(index)?, self.width, self.height, key, wide, out);
                Ok(())
            },
        )
    }

    /// Picture `index` as training sees it in this epoch, before normalization: for a figure of one
    /// picture under many draws.
    ///
    /// # Errors
    /// When there is no such picture, or the transform is not valid.
    pub fn augmented(
        &self,
        index: usize,
        transform: &Transform,
        seed: u64,
        epoch: u64,
    ) -> Result<RgbImage> {
        let plain = Transform { mean: [0.0; 3], std: [1.0; 3], ..transform.clone() };
        let mut values = vec![0.0; self.numel()];
        self.fill_batch(&[index], &plain, seed, epoch, &mut values)?;
        let area = self.width * self.height;
        let mut pixels = Vec::with_capacity(values.len());
        for pixel in 0..area {
            for channel in 0..3 {
                pixels.push((values[channel * area + pixel] * 255.0).round() as u8);
            }
        }
        RgbImage::from_raw(self.width as u32, self.height as u32, pixels)
            .ok_or_else(|| Error::new(ErrorKind::Image, "the picture has an impossible size"))
    }

    /// Mean and standard deviation of each channel over these pictures, of values from 0 to 1: what
    /// [`Transform`] takes to normalize with.
    ///
    /// # Errors
    /// When there is no such picture, or `indices` is empty.
    pub fn channel_statistics(&self, indices: &[usize]) -> Result<([f32; 3], [f32; 3])> {
        if indices.is_empty() {
            return Err(Error::new(ErrorKind::Parameter, "there are no pictures to learn from")
                .help("give the indices of the training pictures"));
        }
        let sums = indices
            .par_iter()
            .map(|&index| {
                // Whole numbers, so that the order of the threads does not change the sum.
                let mut sums = [0_u64; 6];
                for pixel in self.pixels(index)?.chunks_exact(3) {
                    for channel in 0..3 {
                        let value = u64::from(pixel[channel]);
                        sums[channel] += value;
                        sums[channel + 3] += value * value;
                    }
                }
                Ok(sums)
            })
            .try_reduce(
                || [0; 6],
                |a: [u64; 6], b: [u64; 6]| Ok(std::array::from_fn(|i| a[i].saturating_add(b[i]))),
            )?;
        let count = (indices.len() * self.width * self.height) as f64;
        let mean: [f64; 3] = std::array::from_fn(|channel| sums[channel] as f64 / count);
        let deviation = |channel: usize| {
            (sums[channel + 3] as f64 / count - mean[channel].powi(2)).max(0.0).sqrt()
        };
        Ok((
            mean.map(|mean| (mean / 255.0) as f32),
            std::array::from_fn(|channel| (deviation(channel) / 255.0) as f32),
        ))
    }
}

impl std::fmt::Debug for ImageSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImageSet({} pictures, {}×{} RGB)", self.count, self.width, self.height)
    }
}

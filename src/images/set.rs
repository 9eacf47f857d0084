//! Many images of one size, in one block of memory or in one file.

use super::disk::DiskImages;
use super::fit::check_size;
use super::transform::{Scratch, Transform};
use crate::{Error, ErrorKind, Result};
use image::RgbImage;
use rayon::prelude::*;
use std::sync::Arc;

/// RGB images of one size in one block of memory, `[count, height, width, 3]` bytes from 0 to 255. Clones share the block.
/// [`load_rgb`](super::load_rgb) makes one from files. The images of [`load_rgb_on_disk`](super::load_rgb_on_disk) stay in a
/// file instead.
///
/// ```
/// use cuaderno::images::ImageSet;
/// let black_and_white = [vec![0; 2 * 2 * 3], vec![255; 2 * 2 * 3]].concat();
/// let images = ImageSet::from_pixels(black_and_white, 2, 2)?;
/// assert_eq!((images.len(), images.width(), images.height(), images.numel()), (2, 2, 2, 12));
/// let (mean, _) = images.channel_statistics(&[0, 1])?;
/// assert!((mean[0] - 0.5).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone)]
pub struct ImageSet {
    pixels: Pixels,
    count: usize,
    width: usize,
    height: usize,
}

/// Shared by clones: data sets of one table hold the same images.
#[derive(Clone)]
enum Pixels {
    Memory(Arc<Vec<u8>>),
    Disk(Arc<DiskImages>),
}

impl ImageSet {
    /// Images from their bytes, `[count, height, width, 3]`.
    ///
    /// # Errors
    /// When the bytes are not a whole number of images of this size.
    pub fn from_pixels(pixels: Vec<u8>, width: u32, height: u32) -> Result<Self> {
        let (width, height) = check_size(width, height)?;
        let image = width * height * 3;
        if !pixels.len().is_multiple_of(image) {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("{} bytes are not whole images of {width}×{height}×3", pixels.len()),
            )
            .help("give height × width × 3 bytes an image"));
        }
        let count = pixels.len() / image;
        Ok(Self { count, pixels: Pixels::Memory(Arc::new(pixels)), width, height })
    }

    /// Images in a file.
    pub(super) fn on_disk(
        images: Arc<DiskImages>,
        count: usize,
        width: u32,
        height: u32,
    ) -> Result<Self> {
        let (width, height) = check_size(width, height)?;
        Ok(Self { count, pixels: Pixels::Disk(images), width, height })
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The width of each image in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The height of each image in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The number of values of one image: 3 × height × width.
    pub fn numel(&self) -> usize {
        3 * self.height * self.width
    }

    /// The bytes of image `index`, `[height, width, 3]`.
    ///
    /// # Errors
    /// When there is no such image, or the images are on disk; [`Self::image`] reads these too.
    pub fn pixels(&self, index: usize) -> Result<&[u8]> {
        self.check(index)?;
        let Pixels::Memory(pixels) = &self.pixels else {
            let problem = "the pixels of this set are on disk, not in memory";
            return Err(Error::new(ErrorKind::Parameter, problem).help("take `image(index)`"));
        };
        let size = self.numel();
        Ok(&pixels[index * size..(index + 1) * size])
    }

    /// [`Self::pixels`] of a set that may be on disk; `buffer` is memory to read into.
    ///
    /// # Errors
    /// When there is no such image, or it cannot be read.
    pub(crate) fn read<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        match &self.pixels {
            Pixels::Memory(_) => self.pixels(index),
            Pixels::Disk(images) => {
                self.check(index)?;
                images.read(index, buffer)?;
                Ok(buffer)
            }
        }
    }

    fn check(&self, index: usize) -> Result<()> {
        if index < self.count {
            return Ok(());
        }
        let problem = format!("there is no image {index}: the set has {}", self.count);
        Err(Error::new(ErrorKind::Parameter, problem).help("images are counted from 0"))
    }

    /// Image `index`.
    ///
    /// # Errors
    /// When there is no such image, or it cannot be read from disk.
    pub fn image(&self, index: usize) -> Result<RgbImage> {
        let pixels = self.read(index, &mut Vec::new())?.to_vec();
        RgbImage::from_raw(self.width as u32, self.height as u32, pixels)
            .ok_or_else(|| Error::new(ErrorKind::Image, "the image has an impossible size"))
    }

    /// These images, for a figure.
    ///
    /// # Errors
    /// When there is no such image.
    pub fn images(&self, indices: &[usize]) -> Result<Vec<RgbImage>> {
        indices.iter().map(|index| self.image(*index)).collect()
    }

    /// Writes transformed images into `out`, `[indices.len(), 3, height, width]`, on all cores.
    ///
    /// The augmentation of image i depends on `seed`, `epoch` and i alone, not on the order, the batch
    /// or the number of threads.
    ///
    /// # Errors
    /// When there is no such image, `out` has another length, or the transform is not valid.
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
                    "{} images of 3×{}×{} need {} numbers, but there is room for {}",
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
            self.check(index)?;
        }
        out.par_chunks_exact_mut(size).zip(indices).try_for_each_init(
            || (Scratch::default(), Vec::new()),
            |(scratch, buffer), (out, &index)| {
                let key = [seed, epoch, index as u64];
                let pixels = self.read(index, buffer)?;
                prepared.apply(pixels, self.width, self.height, key, scratch, out);
                Ok(())
            },
        )
    }

    /// Image `index` as augmented in this epoch, before normalization: for a figure of one image under
    /// many draws.
    ///
    /// # Errors
    /// When there is no such image, or the transform is not valid.
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
            .ok_or_else(|| Error::new(ErrorKind::Image, "the image has an impossible size"))
    }

    /// Mean and standard deviation of each channel over these images, of values from 0 to 1, for
    /// [`Transform::normalized`].
    ///
    /// # Errors
    /// When there is no such image, or `indices` is empty.
    pub fn channel_statistics(&self, indices: &[usize]) -> Result<([f32; 3], [f32; 3])> {
        if indices.is_empty() {
            return Err(Error::new(
                ErrorKind::Parameter,
                "the statistics need at least 1 image, found 0",
            )
            .help("give the indices of the training images"));
        }
        let sums = indices
            .par_iter()
            .map_init(Vec::new, |buffer, &index| {
                // Whole numbers, so that the order of the threads does not change the sum.
                let mut sums = [0_u64; 6];
                for pixel in self.read(index, buffer)?.chunks_exact(3) {
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
        let place = if matches!(self.pixels, Pixels::Disk(_)) { ", on disk" } else { "" };
        write!(f, "ImageSet({} images, {}×{} RGB{place})", self.count, self.width, self.height)
    }
}

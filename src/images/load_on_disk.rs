//! Files into one file of decoded images.

use super::cache::entry_name;
use super::disk::{DiskImages, HEADER, changed};
use super::fit::check_size;
use super::load::{LoadOptions, Read, load, opened};
use super::set::ImageSet;
use crate::hash::Hash;
use crate::{Result, files};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The start of a file of images; a hash of all that the pixels depend on follows.
const MAGIC: &[u8; 8] = b"cuadimg1";
/// Bytes of decoded images that are in memory while the file is written.
const CHUNK: usize = 16 << 20;

/// [`load_rgb_with`](super::load_rgb_with) for images that do not fit into memory: they are decoded and resized into one
/// file of width × height × 3 bytes each, and a batch reads its own images from there, while training prepares batches
/// in the background. Values are those of [`load_rgb_with`](super::load_rgb_with); memory does not grow with the number of
/// images. The next call with the same images, size and options opens the file without decoding, and writes it again
/// where something has changed. Delete the file to free the space.
///
/// The set takes the place of any other, but [`ImageSet::pixels`] has no bytes to borrow: take [`ImageSet::image`].
///
/// ```
/// use cuaderno::data::Dataset;
/// use cuaderno::images::{LoadOptions, RgbImage, load_rgb_on_disk};
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-disk-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let paths = vec![folder.join("a.png"), folder.join("b.png")];
/// # for path in &paths { RgbImage::new(40, 20).save(path).unwrap(); }
/// let file = folder.join("paintings.images");
/// let images = load_rgb_on_disk(&paths, 16, 16, &LoadOptions::default(), &file)?;
/// let set = Dataset::new(&[0, 1], &["Goya", "Kahlo"])?.with_images(&images)?;
/// let (inputs, labels) = set.batch(&[1, 0], 0, 0)?; // reads two images
/// # assert_eq!(labels, [1, 0]);
/// # drop(inputs);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// Those of [`load_rgb_with`](super::load_rgb_with); `File` when the file cannot be written. Reading an image fails when the
/// file has been truncated since.
pub fn load_rgb_on_disk(
    paths: &[PathBuf],
    width: u32,
    height: u32,
    options: &LoadOptions,
    file: impl AsRef<Path>,
) -> Result<ImageSet> {
    open_or_write(paths, width, height, options, file.as_ref())
}

fn open_or_write(
    paths: &[PathBuf],
    width: u32,
    height: u32,
    options: &LoadOptions,
    file: &Path,
) -> Result<ImageSet> {
    let (columns, rows) = check_size(width, height)?;
    let image = columns * rows * 3;
    let mut hash = Hash::default();
    for path in paths {
        hash.add(entry_name(path, width, height, options)?.as_bytes());
    }
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..].copy_from_slice(&hash.0.to_le_bytes());
    let count = paths.len();
    if let Some(images) = DiskImages::open(file, &header, image, count)? {
        return ImageSet::on_disk(images, count, width, height);
    }
    let read = |path: &Path| opened(path, width, height, options);
    let mut problem = None;
    let written = files::replace(file, |part| {
        let mut target = File::create(part)?;
        target.write_all(&header)?;
        for paths in paths.chunks((CHUNK / image).max(1)) {
            match decoded(paths, width, height, options, &read) {
                Ok(pixels) => target.write_all(&pixels)?,
                Err(error) => {
                    problem = Some(error);
                    return Err(std::io::Error::other("an image cannot be read"));
                }
            }
        }
        Ok(())
    });
    if let Some(problem) = problem {
        return Err(problem);
    }
    written?;
    let images = DiskImages::open(file, &header, image, count)?.ok_or_else(|| changed(file))?;
    ImageSet::on_disk(images, count, width, height)
}

/// The pixels of these files, or the problem with the first one that cannot be read.
fn decoded(
    paths: &[PathBuf],
    width: u32,
    height: u32,
    options: &LoadOptions,
    read: &Read,
) -> Result<Vec<u8>> {
    let (pixels, problems) = load(paths, width, height, options, read)?;
    match problems.into_iter().next() {
        None => Ok(pixels),
        Some((_, error)) => {
            Err(error.help("`images::inspect` lists all images that cannot be read"))
        }
    }
}

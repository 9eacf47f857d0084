//! Files into one block of memory.

use super::decode::{OpenOptions, open_rgb_with};
use super::fit::{ResizeMode, check_size, resize_rgb_by};
use super::interpolation::Interpolation;
use super::set::ImageSet;
use crate::table::Table;
use crate::{Error, ErrorKind, Result, notebook};
use image::RgbImage;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Decodes image files on all cores and squeezes them to `width` × `height` pixels; images of that size stay
/// as they are. [`load_rgb_with`] keeps the aspect ratio.
///
/// ```no_run
/// # fn main() -> cuaderno::Result<()> {
/// let images = cuaderno::images::load_rgb(&["a.jpg".into(), "b.jpg".into()], 128, 128)?;
/// assert_eq!(images.len(), 2);
/// # Ok(()) }
/// ```
///
/// # Errors
/// When a size is 0, there is not enough memory, or a file is missing or broken: the message names the
/// first such file and how many more there are. `Interrupted` when the user interrupts the cell.
pub fn load_rgb(paths: &[PathBuf], width: u32, height: u32) -> Result<ImageSet> {
    load_rgb_with(paths, width, height, &LoadOptions::default())
}

/// Options of reading image files into images of one size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Resizing of images of another aspect ratio.
    pub resize: ResizeMode,
    /// Interpolation of the resized image.
    pub interpolation: Interpolation,
    /// Orientation, background and limits.
    pub open: OpenOptions,
}

impl LoadOptions {
    /// An image in memory as it is when it is loaded with these options.
    ///
    /// ```
    /// use cuaderno::images::{LoadOptions, ResizeMode, RgbImage};
    /// let resize = ResizeMode::CenterCrop { resize: 256 };
    /// let options = LoadOptions { resize, ..LoadOptions::default() };
    /// assert_eq!(options.apply(&RgbImage::new(640, 480), 224, 224)?.dimensions(), (224, 224));
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`resize_rgb_with`](super::resize_rgb_with).
    pub fn apply(&self, image: &RgbImage, width: u32, height: u32) -> Result<RgbImage> {
        resize_rgb_by(image, width, height, self.resize, self.interpolation)
    }
}

/// [`load_rgb`] with options.
///
/// ```
/// use cuaderno::images::{LoadOptions, ResizeMode, RgbImage, load_rgb_with};
/// # let file = std::env::temp_dir().join(format!("cuaderno-doc-load-{}.png", std::process::id()));
/// # RgbImage::new(40, 20).save(&file).unwrap();
/// let options = LoadOptions { resize: ResizeMode::Pad([255; 3]), ..LoadOptions::default() };
/// let images = load_rgb_with(&[file.clone()], 16, 16, &options)?;
/// assert_eq!(images.pixels(0)?[0], 255); // above the image, which is half as high as wide
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// Those of [`load_rgb`]; and with [`ResizeMode::Fit`], which leaves images of different sizes.
pub fn load_rgb_with(
    paths: &[PathBuf],
    width: u32,
    height: u32,
    options: &LoadOptions,
) -> Result<ImageSet> {
    images_of(paths, width, height, options, &|path| opened(path, width, height, options))
}

/// The images that `read` makes of all files, each `width` × `height`.
///
/// # Errors
/// Those of [`load_rgb_with`].
pub(super) fn images_of(
    paths: &[PathBuf],
    width: u32,
    height: u32,
    options: &LoadOptions,
    read: &Read,
) -> Result<ImageSet> {
    let (pixels, mut problems) = load(paths, width, height, options, read)?;
    if problems.is_empty() {
        return ImageSet::from_pixels(pixels, width, height);
    }
    let more = problems.len() - 1;
    let (_, first) = problems.swap_remove(0);
    Err(if more == 0 {
        first
    } else {
        first.help(format!(
            "{more} more of the {} images cannot be read: `images::inspect` lists them all",
            paths.len()
        ))
    })
}

/// The images that could be loaded, of [`load_sound_rgb`].
#[derive(Clone, Debug)]
pub struct SoundImages {
    /// The images.
    pub images: ImageSet,
    /// The place of each image among the paths.
    pub rows: Vec<usize>,
    /// The others: `path`, `problem`.
    pub problems: Table,
}

/// [`load_rgb_with`] that passes over files that cannot be read and lists them.
///
/// ```
/// use cuaderno::images::{LoadOptions, RgbImage, load_sound_rgb};
/// # let file = std::env::temp_dir().join(format!("cuaderno-doc-sound-{}.png", std::process::id()));
/// # RgbImage::new(8, 8).save(&file).unwrap();
/// let paths = ["missing.jpg".into(), file.clone()];
/// let loaded = load_sound_rgb(&paths, 8, 8, &LoadOptions::default())?;
/// assert_eq!((loaded.images.len(), loaded.rows, loaded.problems.rows()), (1, vec![1], 1));
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When a size is 0, there is not enough memory, or no file can be read. `Interrupted` when the user interrupts the cell.
pub fn load_sound_rgb(
    paths: &[PathBuf],
    width: u32,
    height: u32,
    options: &LoadOptions,
) -> Result<SoundImages> {
    let read = |path: &Path| opened(path, width, height, options);
    let (mut pixels, problems) = load(paths, width, height, options, &read)?;
    if problems.len() == paths.len() {
        let problem = format!("none of the {} images can be read", paths.len());
        let help = problems.first().map_or(String::new(), |(_, error)| error.to_string());
        return Err(Error::new(ErrorKind::Image, problem).help(help));
    }
    let (columns, rows) = check_size(width, height)?;
    let size = columns * rows * 3;
    let broken: Vec<usize> = problems.iter().map(|(row, _)| *row).collect();
    let sound: Vec<usize> =
        (0..paths.len()).filter(|row| broken.binary_search(row).is_err()).collect();
    for (place, row) in sound.iter().enumerate() {
        pixels.copy_within(row * size..(row + 1) * size, place * size);
    }
    pixels.truncate(sound.len() * size);
    let names: Vec<String> = broken.iter().map(|row| paths[*row].display().to_string()).collect();
    let texts: Vec<String> = problems.iter().map(|(_, error)| error.to_string()).collect();
    Ok(SoundImages {
        images: ImageSet::from_pixels(pixels, width, height)?,
        rows: sound,
        problems: Table::from_columns(vec![("path", names.into()), ("problem", texts.into())])?,
    })
}

/// A row that could not be read, and why.
pub(super) type Problem = (usize, Error);
/// Makes an image of the size that was asked for from a file.
pub(super) type Read<'a> = dyn Fn(&Path) -> Result<RgbImage> + Sync + 'a;

pub(super) fn opened(
    path: &Path,
    width: u32,
    height: u32,
    options: &LoadOptions,
) -> Result<RgbImage> {
    let decoded = open_rgb_with(path, &options.open)?;
    options.apply(&decoded, width, height)
}

/// The pixels of all files, and the rows that could not be read, in order, with their errors.
pub(super) fn load(
    paths: &[PathBuf],
    width: u32,
    height: u32,
    options: &LoadOptions,
    read: &Read,
) -> Result<(Vec<u8>, Vec<Problem>)> {
    let (columns, rows) = check_size(width, height)?;
    if options.resize == ResizeMode::Fit {
        let problem = "`ResizeMode::Fit` leaves images of different sizes, a set needs one size";
        return Err(
            Error::new(ErrorKind::Parameter, problem).help("take `Crop`, `Pad` or `Squeeze`")
        );
    }
    let image = columns * rows * 3;
    let mut pixels = Vec::new();
    let total = paths.len().checked_mul(image);
    if total.is_none_or(|total| pixels.try_reserve_exact(total).is_err()) {
        return Err(Error::new(
            ErrorKind::Parameter,
            format!("{} images of {width}×{height} do not fit into memory", paths.len()),
        )
        .help("load fewer, or smaller ones"));
    }
    pixels.resize(paths.len() * image, 0);
    let mut problems: Vec<Problem> = pixels
        .par_chunks_exact_mut(image)
        .zip(paths)
        .enumerate()
        .filter_map(|(row, (target, path))| {
            if notebook::interrupted() {
                return None;
            }
            let error = read(path).map(|image| target.copy_from_slice(&image)).err()?;
            Some((row, error))
        })
        .collect();
    notebook::check()?;
    problems.sort_by_key(|(row, _)| *row);
    Ok((pixels, problems))
}

//! Decoded and resized images kept in a folder.

use super::decode::open_rgb_with;
use super::fit::check_size;
use super::load::{LoadOptions, images_of};
use super::locate::locate;
use super::set::ImageSet;
use crate::hash::Hash;
use crate::{Error, Result, files};
use image::RgbImage;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Part of every key; raised when decoding or resizing gives other pixels.
const VERSION: u32 = 1;

/// [`load_rgb_with`](super::load_rgb_with) with a cache: decoded and resized images are kept in `folder`, a file of
/// width × height × 3 bytes each, and read from there the next time. An image is decoded again when its file, the size or
/// an option has changed. Delete the folder to free the space.
///
/// ```
/// use cuaderno::images::{LoadOptions, RgbImage, load_rgb_cached};
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-cache-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let file = folder.join("a.png");
/// # RgbImage::new(40, 20).save(&file).unwrap();
/// let cache = folder.join("decoded");
/// let options = LoadOptions::default();
/// let images = load_rgb_cached(&[file.clone()], 16, 16, &options, &cache)?;
/// let again = load_rgb_cached(&[file], 16, 16, &options, &cache)?; // without decoding
/// assert_eq!(images.pixels(0)?, again.pixels(0)?);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// Those of [`load_rgb_with`](super::load_rgb_with); `File` when the folder cannot be written.
pub fn load_rgb_cached(
    paths: &[PathBuf],
    width: u32,
    height: u32,
    options: &LoadOptions,
    folder: impl AsRef<Path>,
) -> Result<ImageSet> {
    check_size(width, height)?;
    let folder = folder.as_ref();
    std::fs::create_dir_all(folder)
        .map_err(|error| Error::io(folder, &error).help("choose a folder that can be written"))?;
    images_of(paths, width, height, options, &|path| {
        let entry = folder.join(entry_name(path, width, height, options)?);
        if let Some(image) = read(&entry, width, height) {
            return Ok(image);
        }
        let image = open_rgb_with(path, &options.open)?;
        let image = options.apply(&image, width, height)?;
        let content = [image.as_raw(), &checksum(image.as_raw())[..]].concat();
        files::replace(&entry, |part| std::fs::write(part, content))?;
        Ok(image)
    })
}

/// The name of an image's entry, by all that its pixels depend on.
pub(super) fn entry_name(
    path: &Path,
    width: u32,
    height: u32,
    options: &LoadOptions,
) -> Result<String> {
    let found = locate(path)?;
    let failed =
        |error: std::io::Error| Error::io(path, &error).help("check the path of the image");
    let facts = std::fs::metadata(&found).map_err(failed)?;
    let absolute = std::path::absolute(&found).map_err(failed)?;
    let changed = facts.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut hash = Hash::default();
    hash.add(absolute.as_os_str().as_encoded_bytes());
    hash.add(
        format!("{VERSION} {changed:?} {} {width} {height} {options:?}", facts.len()).as_bytes(),
    );
    Ok(format!("{:016x}.rgb", hash.0))
}

/// The image of an entry that is there and whole.
fn read(entry: &Path, width: u32, height: u32) -> Option<RgbImage> {
    let mut content = std::fs::read(entry).ok()?;
    let sum = content.split_off(content.len().checked_sub(8)?);
    if sum != checksum(&content) {
        return None;
    }
    RgbImage::from_raw(width, height, content)
        .filter(|image| image.as_raw().len() == width as usize * height as usize * 3)
}

fn checksum(pixels: &[u8]) -> [u8; 8] {
    let mut hash = Hash::default();
    hash.add(pixels);
    hash.0.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::fit::ResizeMode;
    use super::super::fixture::folder;
    use super::*;
    use image::Rgb;

    #[test]
    fn entries_are_read_until_a_file_an_option_or_an_entry_changes() {
        let folder = folder("cache", &["notes.txt"]);
        let (file, cache) = (folder.join("a.png"), folder.join("decoded"));
        let save = |color: u8, width: u32| {
            RgbImage::from_pixel(width, 4, Rgb([color; 3])).save(&file).unwrap();
        };
        let options = LoadOptions::default();
        let load = |options: &LoadOptions| {
            let set = load_rgb_cached(std::slice::from_ref(&file), 4, 4, options, &cache).unwrap();
            set.pixels(0).unwrap().to_vec()
        };
        let entries = || -> Vec<PathBuf> {
            std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect()
        };
        save(10, 4);
        assert_eq!(load(&options), [10; 48]);
        let first = entries().swap_remove(0);
        // The entry is what is read: with other pixels and their checksum it gives those.
        let forged = [[77; 48].to_vec(), checksum(&[77; 48]).to_vec()].concat();
        std::fs::write(&first, forged).unwrap();
        assert_eq!(load(&options), [77; 48]);
        // A damaged entry is made again.
        std::fs::write(&first, [5; 56]).unwrap();
        assert_eq!(load(&options), [10; 48]);
        std::fs::write(&first, [5; 3]).unwrap();
        assert_eq!(load(&options), [10; 48]);
        let pad = LoadOptions { resize: ResizeMode::Pad([1; 3]), ..options };
        assert_eq!(load(&pad), [10; 48]);
        assert_eq!(entries().len(), 2);
        save(20, 8);
        assert_eq!(load(&options), [20; 48]);
        assert_eq!(entries().len(), 3);
    }

    #[test]
    fn broken_files_and_folders_are_named() {
        let folder = folder("cache-broken", &["notes.txt"]);
        let error = |path: PathBuf, cache: PathBuf| {
            let loaded = load_rgb_cached(&[path], 4, 4, &LoadOptions::default(), cache);
            loaded.unwrap_err().to_string()
        };
        assert!(error(folder.join("missing.png"), folder.join("c")).contains("missing.png"));
        assert!(error(folder.join("notes.txt"), folder.join("c")).contains("notes.txt"));
        let taken = error(folder.join("notes.txt"), folder.join("notes.txt"));
        assert!(taken.contains("choose a folder that can be written"), "{taken}");
    }
}

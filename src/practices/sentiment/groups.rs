//! Groups of near-duplicates: what must stay in one part of a split.

use crate::{Error, ErrorKind, Result, images, notebook};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::PathBuf;

/// Most bits of 64 in which the difference hashes of near-duplicates differ.
const MAX_DISTANCE: u32 = 3;

/// The photograph that each URL shows, as far as the URL tells. Flickr names a file `<photo>_<secret>[_<size>].jpg`: all
/// sizes of one photograph, on all its hosts, begin with its number. Other URLs stand for themselves.
///
/// ```
/// use cuaderno::practices::sentiment::photo_ids;
/// let urls = ["http://farm2.static.flickr.com/1360/1392747419_9f70e4f709.jpg".to_string(),
///     "http://farm2.staticflickr.com/1360/1392747419_9f70e4f709_b.jpg".to_string()];
/// let ids = photo_ids(&urls);
/// assert_eq!(ids[0], ids[1]);
/// ```
pub fn photo_ids(urls: &[String]) -> Vec<String> {
    let id = |url: &String| {
        let file = url.rsplit('/').next().unwrap_or_default();
        let (number, rest) = file.split_once('_')?;
        let plain = number.len() >= 6 && number.bytes().all(|byte| byte.is_ascii_digit());
        (plain && !rest.is_empty()).then(|| format!("photo {number}"))
    };
    urls.iter().map(|url| id(url).unwrap_or_else(|| url.trim().to_string())).collect()
}

/// The group of each image: images are in one group if their URLs name one photograph, or if they look alike (their
/// 64-bit difference hashes differ in at most 3 bits), or if a chain of such pairs connects them.
///
/// # Errors
/// [`ErrorKind::Parameter`] if `urls` and `files` differ in length; [`ErrorKind::Image`] if a file is not an image.
pub fn near_duplicates(urls: &[String], files: &[PathBuf]) -> Result<Vec<String>> {
    if urls.len() != files.len() {
        let problem = format!("{} URLs need as many files, found {}", urls.len(), files.len());
        return Err(Error::new(ErrorKind::Parameter, problem).help("give one file a URL"));
    }
    let hashes: Vec<u64> = files
        .par_iter()
        .map(|file| {
            notebook::check()?;
            let image = images::resize_rgb(&images::open_rgb(file)?, 9, 8)?;
            let grey = |x: u32, y: u32| {
                let [r, g, b] = image.get_pixel(x, y).0.map(u32::from);
                299 * r + 587 * g + 114 * b
            };
            let brighter =
                |bit: u32| u64::from(grey(bit % 8, bit / 8) < grey(bit % 8 + 1, bit / 8));
            Ok((0..64).fold(0, |hash, bit| hash << 1 | brighter(bit)))
        })
        .collect::<Result<_>>()?;

    let mut groups = Groups { parents: (0..files.len()).collect() };
    let mut first: HashMap<String, usize> = HashMap::new();
    for (row, id) in photo_ids(urls).into_iter().enumerate() {
        groups.join(*first.entry(id).or_insert(row), row);
    }
    // Two hashes that differ in at most 3 bits are equal in one of four quarters.
    for quarter in 0..4 {
        let mut equal: HashMap<u64, Vec<usize>> = HashMap::new();
        for (row, hash) in hashes.iter().enumerate() {
            equal.entry(hash >> (16 * quarter) & 0xFFFF).or_default().push(row);
        }
        for rows in equal.values() {
            for (place, a) in rows.iter().enumerate() {
                notebook::check()?;
                for b in &rows[place + 1..] {
                    if (hashes[*a] ^ hashes[*b]).count_ones() <= MAX_DISTANCE {
                        groups.join(*a, *b);
                    }
                }
            }
        }
    }
    Ok((0..files.len()).map(|row| format!("group {}", groups.root(row))).collect())
}

/// Disjoint sets (union–find).
struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    fn root(&mut self, mut row: usize) -> usize {
        while self.parents[row] != row {
            self.parents[row] = self.parents[self.parents[row]];
            row = self.parents[row];
        }
        row
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }
}

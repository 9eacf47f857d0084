//! Names of the files and columns of the data set.

use std::path::{Path, PathBuf};

pub(super) const FILE: &str = "artists.csv";
pub(super) const IMAGES: &str = "images";
/// The columns of the table, in the order of the files.
pub(super) const COLUMNS: [&str; 8] =
    ["id", "name", "years", "genre", "nationality", "bio", "wikipedia", "paintings"];

/// The files of the art data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtPaths {
    /// The table of artists, `artists.csv`.
    pub csv: PathBuf,
    /// The folder of the paintings, `images`.
    pub images: PathBuf,
    /// `true` for the real paintings, not a generated sample.
    pub real: bool,
}

impl ArtPaths {
    pub(super) fn new(folder: PathBuf, real: bool) -> Self {
        Self { csv: folder.join(FILE), images: folder.join(IMAGES), real }
    }
}

impl std::fmt::Display for ArtPaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.real { "the real data set" } else { "the generated sample" };
        write!(f, "{kind} in {}", self.csv.parent().unwrap_or(Path::new("")).display())
    }
}

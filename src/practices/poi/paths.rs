//! Names of the files and columns of the data set.

use std::path::PathBuf;

/// File name of the table.
pub(super) const FILE: &str = "poi_dataset.csv";
/// The columns of the table, in order.
pub(super) const COLUMNS: [&str; 14] = [
    "id",
    "name",
    "shortDescription",
    "categories",
    "tier",
    "locationLon",
    "locationLat",
    "tags",
    "xps",
    "Visits",
    "Likes",
    "Dislikes",
    "Bookmarks",
    "main_image_path",
];

/// The files of a data set of points of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoiPaths {
    /// The table, `poi_dataset.csv`.
    pub csv: PathBuf,
    /// The folder that image paths in the table are relative to.
    pub folder: PathBuf,
    /// `true` for the course's files, `false` for a generated sample.
    pub real: bool,
}

impl PoiPaths {
    pub(super) fn new(csv: PathBuf, folder: PathBuf, real: bool) -> Self {
        Self { csv, folder, real }
    }

    pub(super) fn in_folder(folder: PathBuf, real: bool) -> Self {
        Self::new(folder.join(FILE), folder, real)
    }
}

impl std::fmt::Display for PoiPaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.real { "the real data set" } else { "the generated sample" };
        write!(f, "{kind} in {}", self.folder.display())
    }
}

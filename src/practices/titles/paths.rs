//! The files of the data set.

use std::path::PathBuf;

/// The files of a data set of product titles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitlePaths {
    /// The table: title, label_quality, language, category.
    pub csv: PathBuf,
    /// The challenge's separate test table, where there is one: `test.csv` beside `train.csv`.
    pub test: Option<PathBuf>,
    /// Word vectors in a text format, plain or gzip.
    pub vectors: Option<PathBuf>,
    /// `true` for real titles, `false` for a generated sample.
    pub real: bool,
}

impl std::fmt::Display for TitlePaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.real { "real titles" } else { "a generated sample" };
        write!(f, "{kind}: {}", self.csv.display())
    }
}

//! Names of the files of the data set.

use std::path::PathBuf;

/// File name of the table.
pub(super) const FILE: &str = "image-Sentiment-polarity-DFE.csv";
/// The sample's images, which its server gives out.
pub(super) const SAMPLE_IMAGES: &str = "images";

/// The files of a data set of image sentiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentimentPaths {
    /// The table, `image-Sentiment-polarity-DFE.csv`.
    pub csv: PathBuf,
    /// The folder of the table.
    pub folder: PathBuf,
    /// The table of the OASIS photographs, `oasis.csv`, if it is there.
    pub oasis: Option<PathBuf>,
    /// `true` for the published files, `false` for a generated sample.
    pub real: bool,
}

impl SentimentPaths {
    pub(super) fn in_folder(folder: PathBuf, real: bool) -> Self {
        let oasis = Some(folder.join("oasis.csv")).filter(|file| file.is_file());
        Self { csv: folder.join(FILE), folder, oasis, real }
    }
}

impl std::fmt::Display for SentimentPaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.real { "the real data set" } else { "the generated sample" };
        write!(f, "{kind} in {}", self.folder.display())
    }
}

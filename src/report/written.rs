//! The files of a written report.

use crate::notebook::{Bundle, Show, show_in_cells};
use std::fmt;
use std::path::{Path, PathBuf};

/// The files of a written report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub(super) folder: PathBuf,
    pub(super) files: Vec<PathBuf>,
    pub(super) summary: String,
}

impl Written {
    /// The folder of the report.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every file that was written: `report.md`, `report.tex`, `report.html`, `report.pdf` and the figures.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.folder.display(), self.summary)?;
        for file in self.files.iter().filter(|file| file.parent() == Some(&self.folder)) {
            write!(f, "\n  {}", file.display())?;
        }
        Ok(())
    }
}

impl Show for Written {
    fn bundle(&self) -> Bundle {
        Bundle { plain: self.to_string(), ..Bundle::default() }
    }
}

show_in_cells!(Written);

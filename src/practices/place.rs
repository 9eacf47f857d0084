//! Where a practice's data lie: the real files, the repository's sample, or a sample in the user's cache folder.

use crate::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// The environment variable that names the folder of the real data sets.
pub(super) const REAL_DATA: &str = "CUADERNO_REAL_DATA";

/// A practice's folder, `data/<name>`, recognized by one file in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The folder's name, such as `poi`.
    pub(super) name: &'static str,
    /// The file that it must hold.
    pub(super) file: &'static str,
}

impl Place {
    /// The folder of the real files, if `CUADERNO_REAL_DATA` is set: the folder that it names, or `<name>` in it.
    ///
    /// # Errors
    /// [`ErrorKind::File`] if the variable is set and the files are not there.
    pub(super) fn real(self) -> Result<Option<PathBuf>> {
        let Some(root) = std::env::var_os(REAL_DATA).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let root = Path::new(&root);
        let Self { name, file } = self;
        let help = format!(
            "{REAL_DATA} must name the folder that holds `{name}/{file}`; unset it to use the sample"
        );
        if !root.is_dir() {
            return Err(Error::new(ErrorKind::File, "there is no such folder")
                .file(root)
                .help(help));
        }
        let folders = [root.join(name), root.to_path_buf()];
        match folders.into_iter().find(|folder| folder.join(file).is_file()) {
            Some(folder) => Ok(Some(folder)),
            None => Err(Error::new(ErrorKind::File, "the data set is not there")
                .file(root.join(name).join(file))
                .help(help)),
        }
    }

    /// The folder of a sample: `data/<name>` from the working directory upwards, or in this crate's source; `None` if
    /// there is none.
    pub(super) fn sample(self) -> Option<PathBuf> {
        let here = std::env::current_dir().unwrap_or_default();
        let above = here.ancestors().map(Path::to_path_buf);
        let built = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        above
            .chain([built])
            .map(|folder| folder.join("data").join(self.name))
            .find(|folder| folder.join(self.file).is_file())
    }

    /// A folder of the user's cache for a sample that is generated once; `version` tells samples apart.
    pub(super) fn cache(self, version: &str) -> PathBuf {
        std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
            .unwrap_or_else(std::env::temp_dir)
            .join("cuaderno")
            .join(format!("{}-{version}", self.name))
    }
}

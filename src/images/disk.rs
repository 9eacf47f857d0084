//! Images of one size in one file, read one by one.

use crate::{Error, ErrorKind, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes before the first image.
pub(super) const HEADER: usize = 16;

/// An open file of images.
pub(super) struct DiskImages {
    file: File,
    path: PathBuf,
    /// Bytes of an image.
    image: usize,
}

impl DiskImages {
    /// The images of a file that starts with `header` and has as many as it should.
    pub(super) fn open(
        path: &Path,
        header: &[u8; HEADER],
        image: usize,
        count: usize,
    ) -> Result<Option<Arc<Self>>> {
        let Ok(file) = File::open(path) else { return Ok(None) };
        let length = file.metadata().map_err(|error| Error::io(path, &error))?.len();
        let expected = count.checked_mul(image).and_then(|length| length.checked_add(HEADER));
        let images = Self { file, path: path.to_path_buf(), image };
        let mut found = [0; HEADER];
        let whole = expected.is_some_and(|expected| expected as u64 == length)
            && images.read_at(&mut found, 0).is_ok()
            && found == *header;
        Ok(whole.then(|| Arc::new(images)))
    }

    /// Image `index`, into `pixels`.
    ///
    /// # Errors
    /// `File` when the file has no such image any more.
    pub(super) fn read(&self, index: usize, pixels: &mut Vec<u8>) -> Result<()> {
        pixels.resize(self.image, 0);
        let start = HEADER as u64 + index as u64 * self.image as u64;
        self.read_at(pixels, start).map_err(|error| changed(&self.path).caused_by(error))
    }

    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], start: u64) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, start)
    }

    /// Windows moves the file's one position, so each reader opens the file for itself.
    #[cfg(not(unix))]
    fn read_at(&self, bytes: &mut [u8], start: u64) -> std::io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(bytes)
    }
}

pub(super) fn changed(path: &Path) -> Error {
    Error::new(ErrorKind::File, "the file of the images has changed while it was in use")
        .file(path)
        .help("load the images again")
}

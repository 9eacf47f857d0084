//! A file of the cache during its download: it gets its name when it is complete and has the announced checksum.

use super::client::Failure;
use crate::{Error, ErrorKind, Result, notebook};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for another process that downloads the same file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// The start of a file whose download continues.
#[derive(Debug)]
pub(super) struct PartialFile {
    blob: PathBuf,
    path: PathBuf,
    file: File,
    length: u64,
    sum: Sha256,
    _lock: File,
}

impl PartialFile {
    /// Opens the partial file that an earlier download of `blob` has left, or a new file, and locks it. Suffixes are
    /// those of the crate `hf-hub`.
    pub(super) fn open(blob: &Path) -> std::result::Result<Self, Failure> {
        if let Some(folder) = blob.parent() {
            std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        }
        let lock = lock(&with_ending(blob, "lock"))?;
        let path = with_ending(blob, "part");
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| unwritable(&path, &error))?;
        let mut sum = Sha256::new();
        let mut length = 0;
        let mut buffer = vec![0; 1 << 20];
        loop {
            notebook::check()?;
            match file.read(&mut buffer).map_err(|error| Error::io(&path, &error))? {
                0 => break,
                bytes => {
                    sum.update(&buffer[..bytes]);
                    length += bytes as u64;
                }
            }
        }
        Ok(Self { blob: blob.to_path_buf(), path, file, length, sum, _lock: lock })
    }

    /// The number of bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Discards all bytes.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.file.set_len(0).map_err(|error| unwritable(&self.path, &error))?;
        self.length = 0;
        self.sum = Sha256::new();
        Ok(())
    }

    /// Appends bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| unwritable(&self.path, &error))?;
        self.length += bytes.len() as u64;
        self.sum.update(bytes);
        Ok(())
    }

    /// Renames the file to its final name if it has the checksum in that name; otherwise removes it.
    pub(super) fn finish(self) -> Result<()> {
        let failed = |error| unwritable(&self.path, &error);
        if is_sum(&self.blob) && !names(&self.blob, self.sum) {
            std::fs::remove_file(&self.path).map_err(failed)?;
            return Err(other_sum());
        }
        std::fs::rename(&self.path, &self.blob).map_err(failed)
    }
}

/// Checks a cached file against the hub's checksum. A file that differs is removed, so that the next attempt downloads it.
pub(super) fn check(path: &Path, bytes: &[u8]) -> Result<()> {
    let Ok(blob) = std::fs::canonicalize(path) else { return Ok(()) };
    if !is_sum(&blob) || names(&blob, Sha256::new_with_prefix(bytes)) {
        return Ok(());
    }
    for file in [path, &blob] {
        std::fs::remove_file(file).map_err(|error| Error::io(file, &error))?;
    }
    Err(other_sum().file(path))
}

/// Returns `true` if a file's name is a SHA-256, as for large files of a hub.
fn is_sum(blob: &Path) -> bool {
    let name = blob.file_name().unwrap_or_default().to_string_lossy();
    name.len() == 64 && name.chars().all(|c| c.is_ascii_hexdigit())
}

fn names(blob: &Path, sum: Sha256) -> bool {
    let name = blob.file_name().unwrap_or_default().to_string_lossy();
    let digest: String = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    digest == name.to_ascii_lowercase()
}

fn other_sum() -> Error {
    let problem = "the SHA-256 of the file differs from the one that the hub announced";
    Error::new(ErrorKind::Weights, problem)
        .help("the file was removed; run this again to download it")
}

fn with_ending(blob: &Path, ending: &str) -> PathBuf {
    let mut name = blob.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(ending);
    blob.with_file_name(name)
}

fn lock(path: &Path) -> std::result::Result<File, Failure> {
    let file = File::create(path).map_err(|error| unwritable(path, &error))?;
    let start = Instant::now();
    loop {
        notebook::check()?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_TIMEOUT => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(TryLockError::WouldBlock) => return Err(Failure::Locked),
            Err(TryLockError::Error(error)) => return Err(unwritable(path, &error).into()),
        }
    }
}

/// The error for a cache folder that cannot be written.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::io(path, error)
        .help("free space or get permission there, or set HF_HOME to another folder")
}

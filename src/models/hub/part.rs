//! A file of the cache while it is downloaded: it takes its name only when it is complete and what the hub announced.

use super::client::Trouble;
use crate::{Error, ErrorKind, Result, notebook};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long to wait for another program that downloads the same file.
const LOCK: Duration = Duration::from_secs(5);

/// The beginning of a file, to be continued.
#[derive(Debug)]
pub(super) struct Part {
    blob: PathBuf,
    path: PathBuf,
    file: File,
    length: u64,
    sum: Sha256,
    _lock: File,
}

impl Part {
    /// Takes up what an earlier download left of the file `blob`, or begins anew; nobody else downloads it meanwhile. The
    /// endings of names are those of the crate `hf-hub`.
    pub(super) fn open(blob: &Path) -> std::result::Result<Self, Trouble> {
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

    /// How many bytes are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Forgets what is there.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.file.set_len(0).map_err(|error| unwritable(&self.path, &error))?;
        self.length = 0;
        self.sum = Sha256::new();
        Ok(())
    }

    /// Adds bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| unwritable(&self.path, &error))?;
        self.length += bytes.len() as u64;
        self.sum.update(bytes);
        Ok(())
    }

    /// Gives the file its name if it is what that name, a checksum, announces; otherwise removes it.
    pub(super) fn finish(self) -> Result<()> {
        let failed = |error| unwritable(&self.path, &error);
        if is_sum(&self.blob) && !names(&self.blob, self.sum) {
            std::fs::remove_file(&self.path).map_err(failed)?;
            return Err(other_sum());
        }
        std::fs::rename(&self.path, &self.blob).map_err(failed)
    }
}

/// That a file of the cache is what the hub has. What is not is removed, so that the next attempt downloads it anew.
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

/// Whether a file is called by its SHA-256, as large files of a hub are.
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
    let problem = "the file is not the one that the hub announced: its SHA-256 is another";
    Error::new(ErrorKind::Weights, problem)
        .help("it was removed; run this again to download it anew")
}

fn with_ending(blob: &Path, ending: &str) -> PathBuf {
    let mut name = blob.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(ending);
    blob.with_file_name(name)
}

fn lock(path: &Path) -> std::result::Result<File, Trouble> {
    let file = File::create(path).map_err(|error| unwritable(path, &error))?;
    let start = Instant::now();
    loop {
        notebook::check()?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() < LOCK => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(TryLockError::WouldBlock) => return Err(Trouble::Locked),
            Err(TryLockError::Error(error)) => return Err(unwritable(path, &error).into()),
        }
    }
}

/// An error that says how to keep weights elsewhere.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::io(path, error)
        .help("make room or get permission there, or name another folder in HF_HOME")
}

//! Atomic writes.

use crate::{Error, Result};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Replaces the file `path` atomically by what `write` writes into a temporary file beside it: `path` is either the old
/// file or the complete new one, also when the process is killed or the disk is full. Creates the folder if it does not
/// exist. [`replace_synced`] survives a power failure too.
///
/// # Errors
/// [`ErrorKind::File`](crate::ErrorKind::File) when the folder or the file cannot be written.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    replace_after(path, write, &|_| Ok(()))
}

/// [`replace`] for files that must survive a power failure, such as checkpoints: waits until the new file is on disk.
///
/// # Errors
/// As [`replace`].
pub(crate) fn replace_synced(
    path: &Path,
    write: impl FnOnce(&Path) -> std::io::Result<()>,
) -> Result<()> {
    replace_after(path, write, &|part| std::fs::File::open(part)?.sync_all())?;
    // The name is on disk once its folder is; not every file system can sync a folder.
    if let Some(folder) = path.parent().and_then(|folder| std::fs::File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn replace_after(
    path: &Path,
    write: impl FnOnce(&Path) -> std::io::Result<()>,
    sync: &dyn Fn(&Path) -> std::io::Result<()>,
) -> Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{}.part", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    let part = path.with_file_name(name);
    write(&part).and_then(|()| sync(&part)).and_then(|()| std::fs::rename(&part, path)).map_err(
        |error| {
            // The first error is the one to report.
            let _ = std::fs::remove_file(&part);
            Error::io(path, &error)
        },
    )
}

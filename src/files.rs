//! Writing files whole or not at all.

use crate::{Error, Result};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lets `write` make a file beside `path`, and puts it in its place when it is whole. The folder is made if need be. A
/// reader sees the old file or the whole new one, never a part.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{}.part", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    let part = path.with_file_name(name);
    write(&part).and_then(|()| std::fs::rename(&part, path)).map_err(|error| {
        // What is left of the attempt is of no use; the first error is the one to report.
        let _ = std::fs::remove_file(&part);
        Error::io(path, &error)
    })
}

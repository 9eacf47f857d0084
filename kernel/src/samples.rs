//! `cuaderno data generate`: the samples of the practices.
//!
//! The library generates them, which this command does without: compiling it would take longer than the kernel.

use crate::failure::{Failure, Result};
use crate::prepared;
use std::path::Path;
use std::process::Command;

/// Writes the samples into `folder`.
pub fn generate(folder: &Path) -> Result<()> {
    let library = prepared::library().ok_or_else(|| {
        Failure::new("the library's sources are not there").help("`cuaderno doctor` says more")
    })?;
    let status = Command::new("cargo")
        .args(["run", "--quiet", "--example", "generate_data", "--manifest-path"])
        .arg(library.join("Cargo.toml"))
        .arg("--")
        .arg(folder)
        .status()
        .map_err(|error| Failure::new(format!("cargo does not start: {error}")))?;
    if !status.success() {
        return Err(Failure::new("the samples could not be generated").file(folder));
    }
    Ok(())
}

//! The search path of the system's loader for the shared libraries of cells.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable that names the folders where it looks first.
pub const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// The user's search path without the folders that hold a `cuaderno` of another build, and with the one of the standard
/// library.
///
/// `cargo run` and `cargo test` add a folder of the former kind, and cells would load that library in place of their own.
/// They add the standard library's as well, but whatever Jupyter starts is on its own: the path to it that the
/// compiler writes into a cell's shared object starts at the folder from which evcxr moves it.
pub fn library_path() -> OsString {
    let own = format!("{DLL_PREFIX}cuaderno{DLL_SUFFIX}");
    let path = std::env::var_os(LIBRARY_PATH).unwrap_or_default();
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&path).filter(|folder| !folder.join(&own).exists()).collect();
    folders.extend(standard_library());
    // Parts of a path that was split can be joined again, and no toolchain lies where one cannot.
    std::env::join_paths(folders).unwrap_or(path)
}

/// The toolchain's folder of the standard library for this host.
fn standard_library() -> Option<PathBuf> {
    let output = Command::new("rustc").args(["--print", "target-libdir"]).output().ok()?;
    let path = Path::new(OsStr::from_bytes(output.stdout.trim_ascii_end()));
    path.is_dir().then(|| path.to_path_buf())
}

//! The Rust toolchain that cells are compiled with.

use crate::failure::Failure;
use std::path::PathBuf;

/// The failure of a system without a toolchain.
pub fn no_toolchain() -> Failure {
    Failure::new("there is no Rust toolchain on the PATH (`rustc` and `cargo` do not start)")
        .help("install one from https://rustup.rs and open a new terminal")
}

/// The path of a program on the `PATH`.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

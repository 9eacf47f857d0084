//! The checks of the fuzz targets hold for their seeds, and for each seed cut short.
#![cfg(feature = "fetch")]

#[path = "../fuzz/src/checks/mod.rs"]
mod checks;

use std::path::Path;

/// Runs a check on the seeds of a target.
fn seeds(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        let bytes = std::fs::read(file).unwrap();
        check(&bytes);
        for part in 1..8 {
            check(&bytes[..bytes.len() * part / 8]);
        }
    }
    let _ = std::fs::remove_dir_all(checks::folder());
}

#[test]
fn csv() {
    seeds("csv", checks::csv::check);
}

#[test]
fn images() {
    seeds("images", checks::images::check);
}

#[test]
fn lists() {
    seeds("lists", checks::lists::check);
}

#[test]
fn manifests() {
    seeds("manifests", checks::manifests::check);
}

#[test]
fn pth() {
    seeds("pth", checks::pth::check);
}

#[test]
fn safetensors() {
    seeds("safetensors", checks::safetensors::check);
}

#[test]
fn word_vectors() {
    seeds("word_vectors", checks::word_vectors::check);
}

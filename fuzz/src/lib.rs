//! What the fuzz targets share: a limit on memory, a folder for their files, and packing.

pub mod weights;

use cap::Cap;
use flate2::write::GzEncoder;
use std::alloc::System;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Most bytes that may be allocated at once: an input has a few kilobytes, and what it asks for must be of its order.
const HEAP: usize = 512 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, HEAP);

/// The folder of this process, in `TMPDIR`.
pub fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = std::env::temp_dir().join(format!("cuaderno-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    });
    &FOLDER
}

/// The file `name` with this content, in place of an earlier one.
pub fn written(name: &str, content: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Packs with gzip, so that the inputs themselves need no checksum.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A zip archive of these files, compressed or stored.
pub fn zip(files: &[(&str, &[u8])], compressed: bool) -> Vec<u8> {
    let method = match compressed {
        true => zip::CompressionMethod::Deflated,
        false => zip::CompressionMethod::Stored,
    };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

//! What must hold for any bytes, one file for each kind of file that users bring; and what these checks share: a folder for
//! their files, and packing.

pub mod csv;
pub mod images;
pub mod lists;
pub mod manifests;
pub mod pth;
pub mod safetensors;
mod weights;
pub mod word_vectors;

use flate2::write::GzEncoder;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

thread_local! {
    static FOLDER: PathBuf = {
        let name = format!("cuaderno-fuzz-{}-{:?}", std::process::id(), std::thread::current().id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
}

/// The folder of this thread, in `TMPDIR`.
pub fn folder() -> PathBuf {
    FOLDER.with(PathBuf::clone)
}

/// The file `name` with this content, in place of an earlier one.
fn written(name: &str, content: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Packs with gzip, so that the inputs themselves need no checksum.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A zip archive of these files, compressed or stored.
fn zip(files: &[(&str, &[u8])], compressed: bool) -> Vec<u8> {
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

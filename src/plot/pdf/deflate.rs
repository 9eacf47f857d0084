//! Compressed streams of a PDF.

use flate2::Compression;
use flate2::bufread::ZlibEncoder;
use std::io::Read;

/// `bytes` for the filter `FlateDecode`.
pub(super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::new();
    // Memory can always be read.
    let _ = ZlibEncoder::new(bytes, Compression::new(6)).read_to_end(&mut deflated);
    deflated
}

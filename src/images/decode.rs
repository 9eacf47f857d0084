//! One file becomes a picture, or an error that says what is wrong with the file.

use crate::{Error, ErrorKind, Result};
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage,
};
use std::io::Cursor;
use std::path::Path;

/// A file of a few kilobytes can claim to be a picture of many gigabytes.
const MOST_PIXELS: u64 = 100_000_000;
const MOST_MEMORY: u64 = 1 << 30;

/// Reads a JPEG or PNG file as RGB: grey is repeated, transparency is dropped, as Pillow's
/// `Image.open(path).convert("RGB")`. Orientation tags are not applied, as there.
///
/// # Errors
/// When the file is missing, empty, truncated, no such picture, or larger than 100 million pixels.
pub fn open_rgb(path: impl AsRef<Path>) -> Result<RgbImage> {
    Ok(read(path.as_ref())?.picture)
}

/// A decoded file and what it was.
pub(super) struct Decoded {
    pub(super) picture: RgbImage,
    pub(super) format: ImageFormat,
    pub(super) mode: String,
    pub(super) channels: u8,
    pub(super) bytes: usize,
}

pub(super) fn read(path: &Path) -> Result<Decoded> {
    if path.is_dir() {
        return Err(Error::new(ErrorKind::Image, "this is a folder, not a picture")
            .file(path)
            .help("name the files in it"));
    }
    let bytes = std::fs::read(path)
        .map_err(|source| Error::io(path, &source).help("check the path of the picture"))?;
    decode(&bytes).map_err(|error| error.file(path))
}

fn decode(bytes: &[u8]) -> Result<Decoded> {
    if bytes.is_empty() {
        return Err(broken("the file is empty"));
    }
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png)) => format,
        Ok(other) => {
            return Err(Error::new(
                ErrorKind::Image,
                format!("{other:?} pictures are not supported"),
            )
            .help("convert it to JPEG or PNG"));
        }
        Err(_) => return Err(broken(not_a_picture(bytes))),
    };
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err(broken("the JPEG is truncated: its end is missing"));
    }
    // Decoders meet files that nobody foresaw; in a notebook a panic must not take the work along.
    std::panic::catch_unwind(|| decode_as(bytes, format))
        .unwrap_or_else(|_| Err(broken("the picture is damaged: its decoder gave up")))
}

fn decode_as(bytes: &[u8], format: ImageFormat) -> Result<Decoded> {
    let damaged = |error: image::ImageError| broken(format!("the picture is damaged: {error}"));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Error::new(
            ErrorKind::Image,
            format!("the picture claims {width}×{height} pixels, more than 100 million"),
        )
        .help("scale it down, or leave it out if it is not meant to be that large"));
    }
    let color = decoder.original_color_type();
    let (mode, channels) = mode(color);
    let picture = DynamicImage::from_decoder(decoder).map_err(damaged)?.into_rgb8();
    Ok(Decoded { picture, format, mode, channels, bytes: bytes.len() })
}

/// Pillow's name for a kind of pixel, and how many channels it has.
fn mode(color: ExtendedColorType) -> (String, u8) {
    let name = match color {
        ExtendedColorType::L1 => "1",
        ExtendedColorType::L2 | ExtendedColorType::L4 | ExtendedColorType::L8 => "L",
        ExtendedColorType::La8 => "LA",
        ExtendedColorType::Rgb8 => "RGB",
        ExtendedColorType::Rgba8 => "RGBA",
        ExtendedColorType::L16 => "I;16",
        ExtendedColorType::Cmyk8 => "CMYK",
        other => return (format!("{other:?}"), other.channel_count()),
    };
    (name.to_string(), color.channel_count())
}

/// Whether the end-of-image marker follows the last start of a scan. Decoders fill what is missing with
/// grey and say nothing.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xFF, marker]);
    match (last(0xDA), last(0xD9)) {
        (Some(scan), Some(end)) => end > scan,
        _ => false,
    }
}

fn not_a_picture(bytes: &[u8]) -> &'static str {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).trim_start().to_lowercase();
    if start.starts_with("<!doctype") || start.starts_with("<html") {
        "this is a web page, not a picture: its download went wrong"
    } else if start.starts_with("version https://git-lfs") {
        "this is a Git LFS pointer, not a picture: run `git lfs pull`"
    } else {
        "this is not a picture"
    }
}

fn broken(problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::Image, problem)
        .help("put the original file there again, or leave its row out")
}

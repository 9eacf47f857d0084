//! Pillow's names of pixel formats.

use super::jpeg;
use image::{ExtendedColorType, ImageFormat};

/// Pillow's mode of a file, and its number of bands.
pub(super) fn mode(
    bytes: &[u8],
    format: ImageFormat,
    color: ExtendedColorType,
) -> (&'static str, u8) {
    let name = match format {
        ImageFormat::Png => png(bytes),
        ImageFormat::Gif => "P",
        ImageFormat::Jpeg => match jpeg::inspect(bytes).components {
            1 => "L",
            4 => "CMYK",
            _ => "RGB",
        },
        ImageFormat::Bmp => bmp(bytes),
        _ => by_color(color),
    };
    let bands = match name {
        "RGB" => 3,
        "RGBA" | "CMYK" => 4,
        "LA" => 2,
        _ => 1,
    };
    (name, bands)
}

/// By bit depth and color type of the header chunk.
fn png(bytes: &[u8]) -> &'static str {
    match (bytes.get(25), bytes.get(24)) {
        (Some(0), Some(1)) => "1",
        (Some(0), Some(16)) => "I;16",
        (Some(0), _) => "L",
        (Some(3), _) => "P",
        (Some(4), Some(16)) => "RGBA",
        (Some(4), _) => "LA",
        (Some(6), _) => "RGBA",
        _ => "RGB",
    }
}

/// By the bits of a pixel; a palette that is a ramp of grays makes them gray.
fn bmp(bytes: &[u8]) -> &'static str {
    let bits = match bytes.get(28) {
        Some(bits @ (1 | 4 | 8)) => u32::from(*bits),
        _ => return "RGB",
    };
    let word = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    };
    let colors = match word(46) {
        Some(colors @ 1..=256) => colors,
        _ => 1 << bits,
    };
    let palette = word(14).and_then(|header| bytes.get(14 + header..)?.get(..4 * colors));
    let value = |index: usize| match colors {
        2 => index * 255,
        _ => index,
    };
    let gray = palette.is_some_and(|palette| {
        palette.chunks_exact(4).enumerate().all(|(index, color)| {
            color[..3].iter().all(|channel| usize::from(*channel) == value(index))
        })
    });
    match (gray, colors) {
        (true, 2) => "1",
        (true, _) => "L",
        (false, _) => "P",
    }
}

fn by_color(color: ExtendedColorType) -> &'static str {
    match color {
        ExtendedColorType::L1 => "1",
        ExtendedColorType::L2 | ExtendedColorType::L4 | ExtendedColorType::L8 => "L",
        ExtendedColorType::La8 | ExtendedColorType::La16 => "LA",
        ExtendedColorType::L16 => "I;16",
        ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16 => "CMYK",
        ExtendedColorType::Rgba8 | ExtendedColorType::Rgba16 => "RGBA",
        _ => "RGB",
    }
}

//! Pillow's names of pixel formats.

use super::jpeg;
use image::{ExtendedColorType, ImageFormat};

/// Pillow's mode of a file.
pub(super) fn mode(bytes: &[u8], format: ImageFormat, color: ExtendedColorType) -> &'static str {
    match format {
        ImageFormat::Png => png(bytes),
        ImageFormat::Gif => gif(bytes).unwrap_or("P"),
        ImageFormat::Jpeg => match jpeg::inspect(bytes).components {
            1 => "L",
            4 => "CMYK",
            _ => "RGB",
        },
        ImageFormat::Bmp => bmp(bytes),
        _ => match by_color(color) {
            "I;16" if bytes.starts_with(b"MM") => "I;16B",
            name => name,
        },
    }
}

/// The number of bands of a mode.
pub(super) fn bands(mode: &str) -> u8 {
    match mode {
        "RGB" | "YCbCr" => 3,
        "RGBA" | "CMYK" => 4,
        "LA" => 2,
        _ => 1,
    }
}

/// By the palettes of the file and of the first frame: gray where none of them has a color beside its own number's gray.
fn gif(bytes: &[u8]) -> Option<&'static str> {
    let colored = |flags: u8, at: usize| {
        let palette = bytes.get(at..at + (3 << (flags % 8 + 1)))?;
        let gray =
            |(number, color): (usize, &[u8])| color.iter().all(|c| usize::from(*c) == number);
        Some((!palette.chunks_exact(3).enumerate().all(gray), at + palette.len()))
    };
    let (mut any, mut at) = match *bytes.get(10)? {
        flags if flags >= 0x80 => colored(flags, 13)?,
        _ => (false, 13),
    };
    // Extensions are a kind and blocks that begin with their length, up to an empty one.
    while bytes.get(at) == Some(&0x21) {
        at += 2;
        while let Some(length @ 1..) = bytes.get(at) {
            at += usize::from(*length) + 1;
        }
        at += 1;
    }
    let flags = *bytes.get(at + 9)?;
    if flags >= 0x80 {
        any |= colored(flags, at + 10)?.0;
    }
    Some(if any { "P" } else { "L" })
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

/// By the bits of a pixel; a palette that is a ramp of grays makes them gray, a mask of its own gives opacity.
fn bmp(bytes: &[u8]) -> &'static str {
    let word = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    };
    // The header of OS/2 has sizes of 16 bits and colors of three bytes.
    let header = word(14).unwrap_or_default();
    let (place, size) = if header == 12 { (24, 3) } else { (28, 4) };
    let bits = match bytes.get(place) {
        Some(bits @ (1 | 4 | 8)) => u32::from(*bits),
        Some(32) if header >= 56 && word(30) == Some(3) && word(66) != Some(0) => return "RGBA",
        _ => return "RGB",
    };
    let colors = match word(46) {
        Some(colors @ 1..=256) if header != 12 => colors,
        _ => 1 << bits,
    };
    let palette = bytes.get(14 + header..).and_then(|rest| rest.get(..size * colors));
    let value = |index: usize| match colors {
        2 => index * 255,
        _ => index,
    };
    let gray = palette.is_some_and(|palette| {
        palette.chunks_exact(size).enumerate().all(|(index, color)| {
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

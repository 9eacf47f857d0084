//! The type of a file, by its content.

use super::config::Accept;
use image::ImageFormat;

/// How many bytes decide about the type.
pub(super) const SIGNATURE: usize = 512;

/// The file extension of accepted content, from its first bytes, or why it is not accepted.
pub(super) fn extension(start: &[u8], accept: Accept) -> Result<Option<&'static str>, String> {
    if accept == Accept::Anything {
        return Ok(None);
    }
    let extension = match image::guess_format(start) {
        Ok(ImageFormat::Jpeg) => "jpg",
        Ok(ImageFormat::Png) => "png",
        Ok(ImageFormat::Gif) => "gif",
        Ok(ImageFormat::WebP) => "webp",
        Ok(ImageFormat::Bmp) => "bmp",
        Ok(ImageFormat::Tiff) => "tiff",
        _ => return Err(describe(start).to_string()),
    };
    Ok(Some(extension))
}

/// Returns `true` if a complete body is a complete file.
pub(super) fn is_whole(bytes: &[u8], extension: Option<&str>) -> bool {
    match extension {
        Some("jpg") => {
            let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xFF, marker]);
            matches!((last(0xDA), last(0xD9)), (Some(scan), Some(end)) if end > scan)
        }
        Some("png") => bytes.windows(4).rev().any(|kind| kind == b"IEND"),
        _ => !bytes.is_empty(),
    }
}

/// A number that differs where contents differ (FNV-1a, 64 bits).
pub(super) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    })
}

fn describe(start: &[u8]) -> &'static str {
    if start.is_empty() {
        return "the body is empty";
    }
    if start.starts_with(&[0x1F, 0x8B]) {
        return "the content is compressed with gzip, which was not requested";
    }
    let text = String::from_utf8_lossy(start).trim_start().to_ascii_lowercase();
    if text.starts_with("<!doctype html") || text.starts_with("<html") || text.contains("<head") {
        "the content is a web page"
    } else if text.contains("<svg") {
        "the content is an SVG drawing"
    } else if text.starts_with('{') || text.starts_with('[') || text.starts_with("<?xml") {
        "the content is JSON or XML"
    } else {
        "the content is of no known image format"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        let images = |start: &[u8]| extension(start, Accept::Images);
        assert_eq!(images(b"\xFF\xD8\xFF\xE0rest"), Ok(Some("jpg")));
        assert_eq!(images(b"\x89PNG\r\n\x1a\nrest"), Ok(Some("png")));
        assert_eq!(images(b"GIF89a"), Ok(Some("gif")));
        assert_eq!(images(b"RIFF\0\0\0\0WEBPVP8 "), Ok(Some("webp")));
        assert!(images(b"  <!DOCTYPE html><title>404").unwrap_err().contains("web page"));
        assert!(images(b"\x1F\x8B\x08").unwrap_err().contains("gzip"));
        assert!(images(b"").unwrap_err().contains("empty"));
        assert!(images(b"{\"error\": 1}").unwrap_err().contains("JSON"));
        assert_eq!(extension(b"<html>", Accept::Anything), Ok(None));
    }

    #[test]
    fn a_file_without_its_end_is_not_whole() {
        let jpeg = b"\xFF\xD8 thumbnail \xFF\xD9 \xFF\xDA scan \xFF\xD9";
        assert!(is_whole(jpeg, Some("jpg")));
        assert!(!is_whole(&jpeg[..jpeg.len() - 1], Some("jpg")));
        assert!(is_whole(b"...IEND\xAE\x42\x60\x82", Some("png")));
        assert!(!is_whole(b"...IDAT", Some("png")));
        assert!(!is_whole(b"", None));
    }

    /// The published test vectors of FNV-1a.
    #[test]
    fn the_digest_is_fnv() {
        assert_eq!(digest(b""), 0xCBF2_9CE4_8422_2325);
        assert_eq!(digest(b"a"), 0xAF63_DC4C_8601_EC8C);
        assert_eq!(digest(b"foobar"), 0x8594_4171_F739_67E8);
    }
}

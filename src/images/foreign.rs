//! Files that are no images of a known format, by their first bytes.

/// A file of another kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// An image of a format that is not read, by its name.
    Image(&'static str),
    /// Something else, as a problem and its cause.
    Other(&'static str),
}

/// The kind of a file whose format is unknown; none where the bytes do not show it.
pub(super) fn foreign(bytes: &[u8]) -> Option<Foreign> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(256)]).to_lowercase();
    let start = start.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let brand = (bytes.get(4..8) == Some(b"ftyp")).then(|| bytes.get(8..12)).flatten();
    let image = match (bytes, brand) {
        (_, Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1")) => {
            Some("HEIC")
        }
        (_, Some(b"avif" | b"avis")) => Some("AVIF"),
        ([0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', ..], _) => Some("JPEG XL"),
        ([0, 0, 0, 12, b'j', b'P', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..], _) => Some("JPEG 2000"),
        ([b'8', b'B', b'P', b'S', ..], _) => Some("Photoshop"),
        ([b'I', b'I', b'U', 0, ..], _) => Some("Panasonic raw"),
        _ => None,
    };
    if let Some(name) = image {
        return Some(Foreign::Image(name));
    }
    let problem = match bytes {
        _ if start.starts_with("<!doctype html") || start.contains("<html") => {
            "this is a web page, not an image: its download went wrong"
        }
        _ if ["<!doctype", "<?xml", "<svg"].iter().any(|tag| start.starts_with(tag)) => {
            "this is an SVG or XML document, not an image of pixels: convert it to PNG"
        }
        _ if start.starts_with("version https://git-lfs") => {
            "this is a Git LFS pointer, not an image: run `git lfs pull`"
        }
        _ if start.starts_with("data:image/") => {
            "this is the text of an image in base64: decode it first"
        }
        _ if start.starts_with('{') || start.starts_with('[') => {
            "this is JSON, not an image: its download went wrong"
        }
        [0x1F, 0x8B, ..] => "this is gzip, not an image: unpack it",
        [b'P', b'K', 3, 4, ..] => "this is a zip archive, not an image: unpack it",
        [b'%', b'P', b'D', b'F', ..] => "this is a PDF, not an image: export its pages as PNG",
        [0, 5, 0x16, 7, ..] => {
            "this is a file that macOS puts beside another one, not an image: leave it out"
        }
        _ if brand.is_some() => "this is a film, not an image",
        _ if bytes.iter().all(|byte| *byte == 0) => {
            "the file holds nothing but zeros: its download or copy went wrong"
        }
        _ if bytes.starts_with(&[0xFF, 0xD8]) => "the JPEG is truncated: its end is missing",
        _ => return None,
    };
    Some(Foreign::Other(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bytes of files that Pillow 13 wrote, or that stand in the formats' specifications.
    #[test]
    fn formats_are_named() {
        let name = |bytes: &[u8]| match foreign(bytes) {
            Some(Foreign::Image(name) | Foreign::Other(name)) => name,
            None => "",
        };
        let cases: [(&[u8], &str); 11] = [
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
            (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF"),
            (b"\0\0\0\x20ftypisom\0\0", "a film"),
            (b"\xFF\x0A\xFA\x1F", "JPEG XL"),
            (b"\0\0\0\x0CjP  \r\n\x87\n", "JPEG 2000"),
            (b"8BPS\0\x01", "Photoshop"),
            (b"PK\x03\x04", "zip"),
            (b"%PDF-1.4", "PDF"),
            (b"\0\x05\x16\x07\0\x02\0\0Mac OS X", "macOS"),
            (b"data:image/png;base64,iVBORw0KGgo", "base64"),
            (&[0; 64], "zeros"),
        ];
        for (bytes, part) in cases {
            assert!(name(bytes).contains(part), "{part}: {}", name(bytes));
        }
        assert_eq!(foreign(b"Access denied"), None);
    }
}

//! The markers of a JPEG file.

/// The facts in the markers of a JPEG file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JpegFacts {
    /// Whether the end-of-image marker follows the last scan. What comes after it, such as the film of a motion photo,
    /// does not matter. Decoders fill what is missing with gray, without an error.
    pub(super) whole: bool,
    /// Whether the components are named R, G and B and no other marker names the color space: then the pixels are RGB,
    /// as libjpeg reads them.
    pub(super) unmarked_rgb: bool,
    /// The place of Adobe's transform where it says that three components are RGB, but JFIF, which libjpeg follows, that they
    /// are YCbCr.
    pub(super) contradicted: Option<usize>,
    /// The number of color components: 1, 3 or 4.
    pub(super) components: usize,
}

/// Follows the markers from the start of the file to the end of the image.
pub(super) fn inspect(bytes: &[u8]) -> JpegFacts {
    let mut facts = JpegFacts::default();
    let (mut at, mut scans, mut jfif, mut adobe, mut rgb) = (2, 0, false, None, false);
    while let Some(marker) = next_marker(bytes, &mut at) {
        match marker {
            0xD9 => {
                facts.whole = scans > 0;
                break;
            }
            // Markers without content.
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let Some(length) = bytes.get(at..at + 2) else { break };
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let Some(content) = bytes.get(at + 2..at + length.max(2)) else { break };
        match marker {
            0xE0 => jfif |= content.starts_with(b"JFIF"),
            0xEE if content.starts_with(b"Adobe") => {
                adobe = Some((at + 2 + 11, content.get(11).copied()));
            }
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let names: Vec<u8> = content.iter().skip(6).step_by(3).copied().collect();
                rgb = names == *b"RGB";
                facts.components = names.len();
            }
            0xDA => scans += 1,
            _ => {}
        }
        at += length.max(2);
    }
    facts.unmarked_rgb = rgb && !jfif && adobe.is_none();
    if let Some((place, Some(0))) = adobe
        && jfif
        && facts.components == 3
    {
        facts.contradicted = Some(place);
    }
    facts
}

/// The next marker from `at` on, which then lies behind it; compressed data between markers is passed over.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    while let Some(rest) = bytes.get(*at..) {
        *at += rest.iter().position(|byte| *byte == 0xFF)? + 1;
        // Any number of fill bytes may precede a marker; FF 00 is a byte of data.
        while bytes.get(*at) == Some(&0xFF) {
            *at += 1;
        }
        let marker = *bytes.get(*at)?;
        *at += 1;
        if marker != 0 {
            return Some(marker);
        }
    }
    None
}

/// The same file with an Adobe marker in front that names its pixels RGB.
pub(super) fn marked_as_rgb(bytes: &[u8]) -> Vec<u8> {
    const ADOBE_RGB: [u8; 16] =
        [0xFF, 0xEE, 0, 14, b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, 0];
    let (start, rest) = bytes.split_at(bytes.len().min(2));
    [start, &ADOBE_RGB, rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&[0xFF, marker], &length[..], content].concat()
    }

    fn file(parts: &[Vec<u8>]) -> Vec<u8> {
        [vec![0xFF, 0xD8], parts.concat()].concat()
    }

    #[test]
    fn the_end_is_found_by_following_the_markers() {
        let frame = segment(0xC0, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
        let scan =
            [segment(0xDA, &[1, 1, 0, 0, 63, 0]), vec![5, 0xFF, 0, 7, 0xFF, 0xD0, 9]].concat();
        let end = vec![0xFF, 0xFF, 0xD9];
        let film = vec![0, 0xFF, 0xDA, 0, 12, 3, 4];
        // A thumbnail in front has an end of its own.
        let thumbnail = segment(0xE1, &[0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 1, 0xFF, 0xD9]);
        let whole = |parts: &[Vec<u8>]| inspect(&file(parts)).whole;
        assert!(whole(&[frame.clone(), scan.clone(), end.clone()]));
        assert!(whole(&[frame.clone(), scan.clone(), end.clone(), film]));
        assert!(whole(&[thumbnail.clone(), frame.clone(), scan.clone(), end.clone()]));
        assert!(!whole(&[thumbnail.clone(), frame.clone(), scan.clone()]));
        assert!(!whole(&[thumbnail, frame.clone(), end.clone()]));
        assert!(!whole(&[frame, scan[..5].to_vec()]));
        assert!(!inspect(&[0xFF]).whole && !inspect(&[]).whole);
    }

    #[test]
    fn components_named_rgb_are_rgb() {
        let frame = |names: [u8; 3]| {
            let [a, b, c] = names;
            segment(0xC0, &[8, 0, 1, 0, 1, 3, a, 0x11, 0, b, 0x11, 0, c, 0x11, 0])
        };
        assert!(inspect(&file(&[frame(*b"RGB")])).unmarked_rgb);
        assert_eq!(inspect(&file(&[frame(*b"RGB")])).components, 3);
        assert!(!inspect(&file(&[frame([1, 2, 3])])).unmarked_rgb);
        assert!(!inspect(&file(&[segment(0xE0, b"JFIF\0"), frame(*b"RGB")])).unmarked_rgb);
        let marked = marked_as_rgb(&file(&[frame(*b"RGB")]));
        assert!(!inspect(&marked).unmarked_rgb && marked.starts_with(&[0xFF, 0xD8, 0xFF, 0xEE]));
    }
}

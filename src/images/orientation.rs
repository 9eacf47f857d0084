//! The orientation that a file states, in its EXIF or XMP data.

use super::tiff::Tags;
use image::ImageDecoder;
use image::metadata::Orientation;

/// The orientation of an image, by its EXIF tag of any number type, else by XMP's, as Pillow reads them. A broken tag is no
/// reason to refuse the pixels.
pub(super) fn orientation(decoder: &mut impl ImageDecoder, tiff: Option<&Tags<'_>>) -> Orientation {
    let exif = decoder.exif_metadata().ok().flatten().unwrap_or_default();
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
    let tag = tiff.and_then(Tags::orientation).or_else(|| Tags::read(exif)?.orientation());
    let xmp = || in_xmp(&decoder.xmp_metadata().ok().flatten()?);
    tag.or_else(xmp).and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
}

/// The digit behind `tiff:Orientation="` or `tiff:Orientation>`.
fn in_xmp(xmp: &[u8]) -> Option<u8> {
    const NAME: &[u8] = b"tiff:Orientation";
    let at = xmp.windows(NAME.len()).position(|window| window == NAME)?;
    let digit = match xmp.get(at + NAME.len()..)? {
        [b'=', b'"' | b'\'', digit, ..] | [b'>', digit, ..] => digit,
        _ => return None,
    };
    digit.is_ascii_digit().then(|| digit - b'0')
}

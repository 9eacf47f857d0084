//! TIFF files of the kinds that the image decoder lacks: palettes, gray of 2 and 4 bits, gray with transparency, YCbCr, and
//! numbers other than whole ones of 8 or 16 bits.

use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage};
use std::io::Cursor;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};

/// Tags of a TIFF directory.
const WIDTH: usize = 256;
const HEIGHT: usize = 257;
const BITS: usize = 258;
const COMPRESSION: usize = 259;
const PHOTOMETRIC: usize = 262;
const FILL_ORDER: usize = 266;
const STRIPS: [usize; 2] = [273, 279];
const ORIENTATION: usize = 274;
const PLANAR: usize = 284;
const COLOR_MAP: usize = 320;
const TILES: [usize; 2] = [324, 325];
const EXTRA_SAMPLES: usize = 338;
const SAMPLE_FORMAT: usize = 339;

/// The first directory of a TIFF file, or of an EXIF segment, which has the same form.
pub(super) struct Tags<'a> {
    bytes: &'a [u8],
    little: bool,
    /// Whether places have 64 bits.
    wide: bool,
    first: usize,
    count: usize,
}

impl<'a> Tags<'a> {
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let little = match bytes.first_chunk::<2>()? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let mut tags = Self { bytes, little, wide: false, first: 0, count: 0 };
        tags.wide = match tags.number(2, 2)? {
            42 => false,
            43 => true,
            _ => return None,
        };
        let (place, counter) = if tags.wide { (8, 8) } else { (4, 2) };
        let start = tags.number(place, place)?;
        tags.count = tags.number(start, counter)?.min(1 << 16);
        tags.first = start + counter;
        Some(tags)
    }

    /// Width and height.
    pub fn size(&self) -> Option<[u64; 2]> {
        Some([self.value(WIDTH)? as u64, self.value(HEIGHT)? as u64])
    }

    /// EXIF's number of the orientation, 1 for upright.
    pub fn orientation(&self) -> Option<u8> {
        u8::try_from(self.value(ORIENTATION)?).ok()
    }

    /// Returns `true` if the colors are multiplied by their opacity.
    pub fn premultiplied(&self) -> bool {
        self.value(EXTRA_SAMPLES) == Some(1)
    }

    /// The unsigned number in the `size` bytes at `at`.
    fn number(&self, at: usize, size: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let number = match self.little {
            true => bytes.iter().rev().fold(0, add),
            false => bytes.iter().fold(0, add),
        };
        usize::try_from(number).ok()
    }

    /// The place of a tag's values, the bytes of each, and their number.
    fn entry(&self, tag: usize) -> Option<[usize; 3]> {
        // Tag, type, count, and the values or their place.
        let (length, word) = if self.wide { (20, 8) } else { (12, 4) };
        let mut entries = (0..self.count).map(|entry| self.first + length * entry);
        let at = entries.find(|at| self.number(*at, 2) == Some(tag))?;
        let size: usize = match self.number(at + 2, 2)? {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            _ => 8,
        };
        let (count, values) = (self.number(at + 4, word)?, at + 4 + word);
        let inside = size.checked_mul(count)? <= word;
        Some([if inside { values } else { self.number(values, word)? }, size, count])
    }

    fn value(&self, tag: usize) -> Option<usize> {
        self.values(tag)?.first().copied()
    }

    fn values(&self, tag: usize) -> Option<Vec<usize>> {
        let [place, size, count] = self.entry(tag)?;
        self.bytes.get(place..place.checked_add(size.checked_mul(count)?)?)?;
        (0..count).map(|index| self.number(place + size * index, size)).collect()
    }

    /// The colors of a palette: all reds of 16 bits, then all greens, then all blues.
    fn colors(&self) -> Option<Vec<[u8; 3]>> {
        let map = self.values(COLOR_MAP)?;
        let size = map.len() / 3;
        let color =
            |index: usize| [0, 1, 2].map(|channel| (map[channel * size + index] >> 8) as u8);
        (1..=256).contains(&size).then(|| (0..size).map(color).collect())
    }
}

/// The same file as the decoders expect it, where it differs: a palette marked as gray, and the first pixel of a byte in
/// its highest bits.
pub(super) fn prepared(bytes: &[u8]) -> Option<Vec<u8>> {
    let tags = Tags::read(bytes)?;
    let palette = tags.value(PHOTOMETRIC) == Some(3) && tags.colors().is_some();
    // Without compression, by CCITT's and by runs of bytes: the others have an order of their own.
    let bits = matches!(tags.value(COMPRESSION), None | Some(1..=4 | 32773));
    let reversed = tags.value(FILL_ORDER) == Some(2) && bits;
    if !palette && !reversed {
        return None;
    }
    let mut changed = bytes.to_vec();
    if palette {
        let [place, size, _] = tags.entry(PHOTOMETRIC)?;
        let last = if tags.little { place } else { place + size - 1 };
        *changed.get_mut(last)? = 1;
    }
    if reversed {
        for [starts, lengths] in [STRIPS, TILES] {
            let parts = tags.values(starts).into_iter().flatten();
            for (start, length) in parts.zip(tags.values(lengths).into_iter().flatten()) {
                let end = start.checked_add(length)?;
                changed
                    .get_mut(start..end)?
                    .iter_mut()
                    .for_each(|byte| *byte = byte.reverse_bits());
            }
        }
        let [place, size, _] = tags.entry(FILL_ORDER)?;
        *changed.get_mut(if tags.little { place } else { place + size - 1 })? = 1;
    }
    Some(changed)
}

/// The image of a file, and Pillow's name of its mode; none where the image decoder reads it. `original` is the file and
/// `bytes` what was [`prepared`] of it.
pub(super) fn decode(
    original: &[u8],
    bytes: &[u8],
    most_bytes: usize,
) -> tiff::TiffResult<Option<(DynamicImage, &'static str)>> {
    let Some(tags) = Tags::read(original) else { return Ok(None) };
    let palette = if tags.value(PHOTOMETRIC) == Some(3) { tags.colors() } else { None };
    let mut decoder = Decoder::new(Cursor::new(bytes))?;
    let color = decoder.colortype()?;
    let unsigned = matches!(tags.value(SAMPLE_FORMAT), None | Some(1));
    let planes = tags.value(PLANAR) == Some(2);
    let wanted = match color {
        ColorType::Gray(_) if palette.is_some() => matches!(tags.value(BITS), Some(1 | 2 | 4 | 8)),
        ColorType::Gray(1 | 8 | 16) => !unsigned,
        ColorType::Gray(2 | 4 | 32 | 64) => true,
        // JPEG's decoder has no opacity.
        ColorType::Multiband { bit_depth: 8, num_samples: 2 } => {
            !planes && tags.value(COMPRESSION) != Some(7)
        }
        ColorType::YCbCr(8) => !planes,
        _ => false,
    };
    if !wanted {
        return Ok(None);
    }
    let mut limits = Limits::default();
    (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (most_bytes, most_bytes);
    decoder = decoder.with_limits(limits);
    let (width, height) = decoder.dimensions()?;
    let mut samples = DecodingResult::U8(Vec::new());
    decoder.read_image_to_buffer(&mut samples)?;
    let gray = |values: Vec<u8>| GrayImage::from_raw(width, height, values).map(DynamicImage::from);
    let clipped = |values: Vec<f64>| gray(values.into_iter().map(|value| value as u8).collect());
    // Pillow clips what is no byte.
    let image = match (samples, color) {
        (DecodingResult::U8(values), ColorType::Gray(bits @ (1 | 2 | 4 | 8))) => {
            let values = unpacked(&values, width as usize, bits);
            match &palette {
                Some(colors) => {
                    let color =
                        |number: &u8| colors.get(usize::from(*number)).copied().unwrap_or_default();
                    let values = values.iter().flat_map(color).collect();
                    RgbImage::from_raw(width, height, values).map(|image| (image.into(), "P"))
                }
                None => {
                    let white = (1_u16 << bits) - 1;
                    let scaled = |value: u8| (u16::from(value) * 255 / white) as u8;
                    gray(values.into_iter().map(scaled).collect()).map(|image| (image, "L"))
                }
            }
        }
        (DecodingResult::U8(values), ColorType::Multiband { .. }) => {
            GrayAlphaImage::from_raw(width, height, values).map(|image| (image.into(), "LA"))
        }
        (DecodingResult::U8(mut values), _) => {
            values.chunks_exact_mut(3).for_each(to_rgb);
            let mode = if tags.value(COMPRESSION) == Some(7) { "RGB" } else { "YCbCr" };
            RgbImage::from_raw(width, height, values).map(|image| (image.into(), mode))
        }
        (DecodingResult::I8(values), _) => {
            gray(values.into_iter().map(|value| value as u8).collect()).map(|image| (image, "L"))
        }
        (DecodingResult::I16(values), _) => {
            clipped(values.into_iter().map(f64::from).collect()).map(|image| (image, "I"))
        }
        (DecodingResult::I32(values), _) => {
            clipped(values.into_iter().map(f64::from).collect()).map(|image| (image, "I"))
        }
        (DecodingResult::U32(values), _) => {
            clipped(values.into_iter().map(f64::from).collect()).map(|image| (image, "I"))
        }
        (DecodingResult::F32(values), _) => {
            clipped(values.into_iter().map(f64::from).collect()).map(|image| (image, "F"))
        }
        (DecodingResult::F64(values), _) => clipped(values).map(|image| (image, "F")),
        _ => None,
    };
    Ok(image)
}

/// The numbers of `bits` bits in rows that begin with a byte of their own.
fn unpacked(bytes: &[u8], width: usize, bits: u8) -> Vec<u8> {
    if bits == 8 {
        return bytes.to_vec();
    }
    let each = usize::from(8 / bits);
    let value = |row: &[u8], x: usize| {
        let shift = 8 - bits * (x % each + 1) as u8;
        row[x / each] >> shift & ((1 << bits) - 1)
    };
    let rows = bytes.chunks_exact(width.div_ceil(each).max(1));
    rows.flat_map(|row| (0..width).map(move |x| value(row, x))).collect()
}

/// Luma and chroma become red, green and blue, as in JFIF.
fn to_rgb(pixel: &mut [u8]) {
    let [y, blue, red] = [0, 1, 2].map(|channel| f32::from(pixel[channel]));
    let (blue, red) = (blue - 128.0, red - 128.0);
    let rgb = [y + 1.402 * red, y - 0.344_136 * blue - 0.714_136 * red, y + 1.772 * blue];
    // A cast clips to a byte.
    pixel.iter_mut().zip(rgb).for_each(|(value, color)| *value = color.round() as u8);
}

/// Colors that were multiplied by their opacity, divided by it, as Pillow does.
pub(super) fn divide_by_opacity(image: &mut DynamicImage) {
    let DynamicImage::ImageRgba8(image) = image else { return };
    for pixel in image.pixels_mut() {
        let [.., alpha] = pixel.0;
        // Without opacity there is no color left.
        let divided = |value: u8| {
            (u16::from(value) * 255).checked_div(u16::from(alpha)).unwrap_or(0).min(255) as u8
        };
        pixel.0[..3].iter_mut().for_each(|value| *value = divided(*value));
    }
}

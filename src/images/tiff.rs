//! TIFF files of a palette, which the decoder lacks: they are decoded as gray, and the gray values are the colors' numbers.

use image::{DynamicImage, Rgb, RgbImage};

/// A TIFF file whose pixels are numbers of colors.
pub(super) struct Palette {
    /// The same file, marked as gray.
    pub gray: Vec<u8>,
    colors: Vec<[u8; 3]>,
}

/// The tags that tell a palette.
const BITS: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const COLOR_MAP: u16 = 320;

/// The palette of a file of 8 bits a pixel; none for other files.
pub(super) fn palette(bytes: &[u8]) -> Option<Palette> {
    let little = match bytes.first_chunk::<4>()? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let pair = *bytes.get(at..)?.first_chunk::<2>()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let long = |at: usize| {
        let word = *bytes.get(at..)?.first_chunk::<4>()?;
        Some(if little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) } as usize)
    };
    let directory = long(4)?;
    // An entry of 12 bytes is tag, type, count, and the value or its place.
    let entry = |tag: u16| {
        let entries = usize::from(short(directory)?);
        (0..entries).map(|entry| directory + 2 + 12 * entry).find(|at| short(*at) == Some(tag))
    };
    let photometric = entry(PHOTOMETRIC)?;
    if short(photometric + 8)? != 3 || short(entry(BITS)? + 8)? != 8 {
        return None;
    }
    let map = entry(COLOR_MAP)?;
    let (count, start) = (long(map + 4)?, long(map + 8)?);
    let size = count / 3;
    if !(1..=256).contains(&size) {
        return None;
    }
    // All reds of 16 bits, then all greens, then all blues.
    let channel = |color: usize, channel: usize| {
        short(start + 2 * (channel * size + color)).map(|value| (value >> 8) as u8)
    };
    let color = |index: usize| Some([channel(index, 0)?, channel(index, 1)?, channel(index, 2)?]);
    let colors = (0..size).map(color).collect::<Option<_>>()?;
    let mut gray = bytes.to_vec();
    let one = if little { [1, 0] } else { [0, 1] };
    gray.get_mut(photometric + 8..photometric + 10)?.copy_from_slice(&one);
    Some(Palette { gray, colors })
}

impl Palette {
    /// The image of the file that was marked as gray, in its colors; numbers without one are black.
    pub fn colored(&self, gray: &DynamicImage) -> DynamicImage {
        let gray = gray.to_luma8();
        let color = |number: u8| self.colors.get(usize::from(number)).copied().unwrap_or_default();
        DynamicImage::ImageRgb8(RgbImage::from_fn(gray.width(), gray.height(), |x, y| {
            Rgb(color(gray.get_pixel(x, y)[0]))
        }))
    }
}

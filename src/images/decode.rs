//! One file becomes an image, or an error that names what is wrong with the file.

use super::foreign::{Foreign, foreign};
use super::jpeg;
use super::locate::locate;
use super::mode::{bands, mode};
use super::orientation::orientation;
use super::png;
use super::tiff::{self, Tags};
use crate::{Error, ErrorKind, Result};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::borrow::Cow;
use std::io::Cursor;
use std::path::Path;

/// Memory that a decoder may take: 16 bytes for each pixel that may be there.
const BYTES_PER_PIXEL: u64 = 16;

/// Options of reading an image file: orientation, background and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// Turn and mirror the image as its EXIF orientation tag asks, as Pillow's `ImageOps.exif_transpose`. Phones
    /// store photographs as the sensor saw them. Off by default, as in Pillow; TIFF is always turned, as there.
    pub apply_orientation: bool,
    /// Background under transparent pixels; without one transparency is dropped, as Pillow's `convert("RGB")`.
    pub background: Option<[u8; 3]>,
    /// Most pixels of an image: a file of a few kilobytes can claim many gigabytes. 100 million by default.
    pub max_pixels: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { apply_orientation: false, background: None, max_pixels: 100_000_000 }
    }
}

/// Reads a JPEG, PNG, WebP, GIF (first frame), BMP or TIFF file as RGB; the content decides, not the name. Gray is
/// repeated, transparency is dropped, CMYK is converted, as Pillow's `Image.open(path).convert("RGB")`; gray of 16
/// bits is divided by 257, where Pillow clips it to white.
///
/// A path that is not there is looked for with other separators, without blanks at its ends or `file://` (with `%20` read
/// as in addresses), in the other Unicode normal form and in another case, and taken where exactly one file fits.
///
/// ```
/// use cuaderno::images::{Rgb, RgbImage, open_rgb};
/// # let file = std::env::temp_dir().join(format!("cuaderno-doc-open-{}.png", std::process::id()));
/// # RgbImage::from_pixel(4, 3, Rgb([200, 90, 10])).save(&file).unwrap();
/// let image = open_rgb(&file)?;
/// assert_eq!((image.dimensions(), image.get_pixel(0, 0)), ((4, 3), &Rgb([200, 90, 10])));
/// # std::fs::remove_file(&file).unwrap();
/// assert!(open_rgb("missing.png").is_err());
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When the file is missing, empty, truncated, no such image, or larger than 100 million pixels.
pub fn open_rgb(path: impl AsRef<Path>) -> Result<RgbImage> {
    open_rgb_with(path, &OpenOptions::default())
}

/// [`open_rgb`] with a choice of orientation, background and limits.
///
/// ```
/// use cuaderno::images::{OpenOptions, RgbImage, open_rgb_with};
/// # let file = std::env::temp_dir().join(format!("cuaderno-doc-options-{}.png", std::process::id()));
/// # RgbImage::new(40, 30).save(&file).unwrap();
/// let options = OpenOptions { apply_orientation: true, max_pixels: 1000, ..OpenOptions::default() };
/// assert!(open_rgb_with(&file, &options).is_err()); // 1200 pixels
/// # std::fs::remove_file(&file).unwrap();
/// ```
///
/// # Errors
/// As [`open_rgb`].
pub fn open_rgb_with(path: impl AsRef<Path>, options: &OpenOptions) -> Result<RgbImage> {
    Ok(read(path.as_ref(), options)?.image)
}

/// A decoded file and its properties.
pub(super) struct Decoded {
    pub(super) image: RgbImage,
    pub(super) format: ImageFormat,
    pub(super) mode: &'static str,
    pub(super) channels: u8,
    pub(super) bytes: usize,
    /// EXIF's number, 1 for upright.
    pub(super) orientation: u8,
}

impl Decoded {
    /// Pillow's name of the format.
    pub(super) fn format_name(&self) -> &'static str {
        match self.format {
            ImageFormat::Png => "PNG",
            ImageFormat::WebP => "WEBP",
            ImageFormat::Gif => "GIF",
            ImageFormat::Bmp => "BMP",
            ImageFormat::Tiff => "TIFF",
            _ => "JPEG",
        }
    }
}

pub(super) fn read(path: &Path, options: &OpenOptions) -> Result<Decoded> {
    let path = &locate(path)?;
    if path.is_dir() {
        return Err(Error::new(ErrorKind::Image, "this is a folder, not an image")
            .file(path)
            .help("name the files in it"));
    }
    let bytes = std::fs::read(path)
        .map_err(|source| Error::io(path, &source).help("check the path of the image"))?;
    decode(&bytes, options).map_err(|error| error.file(path))
}

fn decode(bytes: &[u8], options: &OpenOptions) -> Result<Decoded> {
    if bytes.is_empty() {
        return Err(broken("the file is empty"));
    }
    let format = match image::guess_format(bytes) {
        Ok(
            format @ (ImageFormat::Jpeg
            | ImageFormat::Png
            | ImageFormat::WebP
            | ImageFormat::Gif
            | ImageFormat::Bmp
            | ImageFormat::Tiff),
        ) => format,
        // TIFF with 64-bit places.
        Err(_) if bytes.starts_with(b"II\x2B\0") || bytes.starts_with(b"MM\0\x2B") => {
            ImageFormat::Tiff
        }
        guess => {
            return Err(match (foreign(bytes), guess) {
                (Some(Foreign::Image(name)), _) => format_error(name),
                (Some(Foreign::Other(problem)), _) => broken(problem),
                (None, Ok(other)) => format_error(&format!("{other:?}")),
                (None, Err(_)) => broken("this is not an image"),
            });
        }
    };
    let mut bytes = Cow::Borrowed(bytes);
    if format == ImageFormat::Jpeg {
        let facts = jpeg::inspect(&bytes);
        if !facts.whole {
            return Err(broken("the JPEG is truncated: its end is missing"));
        }
        if facts.unmarked_rgb {
            bytes = Cow::Owned(jpeg::marked_as_rgb(&bytes));
        } else if let Some(place) = facts.contradicted {
            bytes.to_mut()[place] = 1;
        }
    }
    if format == ImageFormat::Png
        && let Some(ended) = png::ended(&bytes)
    {
        bytes = Cow::Owned(ended);
    }
    let decoded = guarded(|| decode_as(&bytes, format, options));
    if format == ImageFormat::Png
        && decoded.is_err()
        && let Some(summed) = png::summed(&bytes)
    {
        return guarded(|| decode_as(&summed, format, options));
    }
    decoded
}

/// Decoders meet files that nobody foresaw; in a notebook a panic must not take the work along.
fn guarded(decode: impl FnOnce() -> Result<Decoded> + std::panic::UnwindSafe) -> Result<Decoded> {
    std::panic::catch_unwind(decode)
        .unwrap_or_else(|_| Err(broken("the image is damaged: its decoder gave up")))
}

fn decode_as(bytes: &[u8], format: ImageFormat, options: &OpenOptions) -> Result<Decoded> {
    let damaged = |error: image::ImageError| match error {
        image::ImageError::Unsupported(error) => unsupported(&error),
        error => broken(format!("the image is damaged: {error}")),
    };
    let tags = if format == ImageFormat::Tiff { Tags::read(bytes) } else { None };
    let prepared = tags.as_ref().and_then(|_| tiff::prepared(bytes));
    let readable = prepared.as_deref().unwrap_or(bytes);
    let most_bytes = options.max_pixels.saturating_mul(BYTES_PER_PIXEL).max(1 << 20);
    let own = match &tags {
        Some(tags) => {
            if let Some([width, height]) = tags.size() {
                check_size(width, height, options)?;
            }
            tiff::decode(bytes, readable, usize::try_from(most_bytes).unwrap_or(usize::MAX))
                .map_err(|error| match error {
                    ::tiff::TiffError::UnsupportedError(error) => unsupported(&error),
                    error => broken(format!("the image is damaged: {error}")),
                })?
        }
        None => None,
    };
    let (mut image, mode, orientation) = match own {
        Some((image, mode)) => {
            let number = tags.as_ref().and_then(Tags::orientation);
            let turned = number.and_then(Orientation::from_exif);
            (image, mode, turned.unwrap_or(Orientation::NoTransforms))
        }
        None => {
            let mut reader = ImageReader::with_format(Cursor::new(readable), format);
            let mut limits = Limits::default();
            limits.max_alloc = Some(most_bytes);
            reader.limits(limits);
            let mut decoder = reader.into_decoder().map_err(damaged)?;
            let (width, height) = decoder.dimensions();
            check_size(u64::from(width), u64::from(height), options)?;
            let mode = mode(bytes, format, decoder.original_color_type());
            let orientation = orientation(&mut decoder, tags.as_ref());
            (DynamicImage::from_decoder(decoder).map_err(damaged)?, mode, orientation)
        }
    };
    if tags.as_ref().is_some_and(Tags::premultiplied) {
        tiff::divide_by_opacity(&mut image);
    }
    // Pillow turns a TIFF without being asked.
    if options.apply_orientation || format == ImageFormat::Tiff {
        image.apply_orientation(orientation);
    }
    let image = match options.background {
        Some(background) if image.color().has_alpha() => composed(&image, background),
        _ => image.into_rgb8(),
    };
    let (channels, orientation) = (bands(mode), orientation.to_exif());
    Ok(Decoded { image, format, mode, channels, bytes: bytes.len(), orientation })
}

/// Checks that an image has pixels, and no more than the options allow.
fn check_size(width: u64, height: u64, options: &OpenOptions) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(broken(format!("the image has no pixels, its size is {width}×{height}")));
    }
    if width.saturating_mul(height) > options.max_pixels {
        let problem = format!(
            "the image has {width}×{height} pixels, more than the limit of {}",
            options.max_pixels
        );
        return Err(Error::new(ErrorKind::Image, problem)
            .help("scale it down, leave it out, or raise `max_pixels`"));
    }
    Ok(())
}

/// The error for a feature that the reader lacks, in its own words; the file is sound.
fn unsupported(error: &impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Image, error.to_string())
        .help("convert it to PNG, in Pillow with `Image.open(path).convert(\"RGB\").save(…)`")
}

/// The image over a background of one color.
fn composed(image: &DynamicImage, background: [u8; 3]) -> RgbImage {
    let pixels = image.to_rgba8();
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [r, g, b, alpha] = pixels.get_pixel(x, y).0;
        let mixed = |own: u8, below: u8| {
            let sum = u32::from(own) * u32::from(alpha) + u32::from(below) * u32::from(255 - alpha);
            ((sum + 127) / 255) as u8
        };
        let [below_r, below_g, below_b] = background;
        image::Rgb([mixed(r, below_r), mixed(g, below_g), mixed(b, below_b)])
    })
}

fn format_error(name: &str) -> Error {
    Error::new(ErrorKind::Image, format!("{name} images are not supported"))
        .help("convert it to JPEG or PNG")
}

fn broken(problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::Image, problem)
        .help("put the original file there again, or leave its row out")
}

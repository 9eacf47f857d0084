//! The files of a figure: PNG and SVG, written whole or not at all.

use super::canvas::Canvas;
use super::cloud::flattened;
use super::font::FAMILY;
use super::raster::{draw, failed};
use super::resample;
use super::scene::{Mark, Rect, Scene, SceneElement};
use crate::{Error, ErrorKind, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use image::RgbImage;
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use rayon::prelude::*;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// SVG coordinates are whole numbers in plotters; this many make a CSS pixel.
const SVG_UNIT: f64 = 20.0;
/// JPEG quality of images inside an SVG: the difference from the original cannot be seen.
const JPEG_QUALITY: u8 = 92;

fn images(scene: &Scene) -> Vec<(Rect, &Arc<RgbImage>)> {
    let image = |mark| match mark {
        &Mark::Image { rect, ref image } => Some((rect, image)),
        _ => None,
    };
    scene.marks.iter().filter_map(image).collect()
}

/// A PNG with `scale` pixels to the CSS pixel; its `pHYs` chunk has the resolution (96 dpi is scale 1).
pub(super) fn png(scene: &Scene, scale: f64) -> Result<Vec<u8>> {
    let (width, height) = (pixels(scene.width, scale)?, pixels(scene.height, scale)?);
    let mut area = Canvas::new(width, height, scale);
    let sized: Vec<_> =
        images(scene).into_iter().map(|(rect, image)| (area.pixel_area(rect), image)).collect();
    let resampled: Vec<_> =
        sized.par_iter().map(|&((_, _, w, h), image)| resample::resample(image, w, h)).collect();
    draw(scene, &mut area)?;
    for (((x, y, w, h), _), bytes) in sized.into_iter().zip(resampled) {
        area.paste(x, y, w, h, &bytes);
    }
    encode(&area.into_pixels(), width, height, scale)
}

fn pixels(length: f64, scale: f64) -> Result<usize> {
    let pixels = (length * scale).round();
    if !(1.0..=20_000.0).contains(&pixels) {
        return Err(Error::new(
            ErrorKind::Figure,
            format!("an image {pixels} pixels wide or high cannot be made"),
        )
        .help("give a size and a scale whose product is between 1 and 20000"));
    }
    Ok(pixels as usize)
}

fn encode(pixels: &[u8], width: usize, height: usize, scale: f64) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(pixels.len() / 8);
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Half the time of level 6, for a few percent of the size.
    encoder.set_filter(png::Filter::Adaptive);
    encoder.set_deflate_compression(png::DeflateCompression::Level(3));
    let per_metre = (scale * 96.0 / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

pub(super) fn jpeg(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode(pixels, width, height, image::ExtendedColorType::Rgb8)
        .map_err(failed)?;
    Ok(bytes)
}

/// An SVG document; `description` is for readers who cannot see it.
pub(super) fn svg(scene: &Scene, description: &str) -> Result<String> {
    let flat = flattened(scene, 2.0)?;
    let scene = flat.as_ref().unwrap_or(scene);
    let (width, height) = (pixels(scene.width, 1.0)?, pixels(scene.height, 1.0)?);
    let mut body = String::new();
    {
        let units = |length: f64| (length * SVG_UNIT).round() as u32;
        let size = (units(scene.width), units(scene.height));
        let area = SVGBackend::with_string(&mut body, size).into_drawing_area();
        let element = SceneElement { scene, unit: SVG_UNIT, origin: (0, 0), images: false };
        area.draw(&element).map_err(failed)?;
        area.present().map_err(failed)?;
    }
    // plotters' opening tag gives the fine units as the size; ours gives the size in CSS pixels.
    let marks = body.split_once('>').map_or("", |(_, rest)| rest);
    let marks = marks.trim_end().trim_end_matches("</svg>");
    // Attributes of the root element need no copy on each mark.
    let marks = marks
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(&format!(" font-family=\"{FAMILY}\""), "")
        .replace(" \"/>", "\"/>");
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {w} {h}\" font-family=\"{FAMILY}\" stroke-linecap=\"round\" \
         stroke-linejoin=\"round\" role=\"img\">\n<title>{title}</title>",
        w = scene.width * SVG_UNIT,
        h = scene.height * SVG_UNIT,
        title = escape(description),
    );
    svg.push_str(&marks);
    let encoded: Vec<Result<String>> =
        images(scene).par_iter().map(|(rect, image)| image_tag(*rect, image)).collect();
    for tag in encoded {
        svg.push_str(&tag?);
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// An image inside an SVG, at most as fine as a screen of double density shows it.
fn image_tag(rect: Rect, image: &RgbImage) -> Result<String> {
    let (w, h) = (image.width().max(1), image.height().max(1));
    let limit = |shown: f64, own: u32| ((shown * 2.0).ceil().max(1.0) as u32).min(own);
    let (to_w, to_h) = (limit(rect.w, w), limit(rect.h, h));
    let pixels = resample::resample(image, to_w, to_h);
    let png = encode(&pixels, to_w as usize, to_h as usize, 1.0)?;
    // A photograph shrinks to a fraction as JPEG; a drawing does not, and stays exact.
    let jpeg = jpeg(&pixels, to_w, to_h)?;
    let (kind, bytes) = if 2 * jpeg.len() < png.len() { ("jpeg", jpeg) } else { ("png", png) };
    let mut tag = String::new();
    let _ = writeln!(
        tag,
        "<image x=\"{:.0}\" y=\"{:.0}\" width=\"{:.0}\" height=\"{:.0}\" \
         preserveAspectRatio=\"none\"{} href=\"data:image/{kind};base64,{}\"/>",
        rect.x * SVG_UNIT,
        rect.y * SVG_UNIT,
        rect.w * SVG_UNIT,
        rect.h * SVG_UNIT,
        if resample::pixelated(image, rect.w * 2.0) {
            " style=\"image-rendering:pixelated\""
        } else {
            ""
        },
        STANDARD.encode(bytes),
    );
    Ok(tag)
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Writes `bytes` to `path`, whose folder is made if need be.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    crate::files::replace(path, |part| std::fs::write(part, bytes))
}

/// The path of a figure named `name` without its extension: in the folder of `CUADERNO_OUTPUT` if that
/// is set, else the path `name`.
pub(super) fn place(name: &Path, output: Option<PathBuf>) -> Result<PathBuf> {
    let wrong = || {
        Error::new(ErrorKind::Parameter, format!("`{}` is not a file name", name.display()))
            .help("give a name such as `curves`")
    };
    let file = name.file_name().ok_or_else(wrong)?;
    let known = name.extension().is_some_and(|end| end == "png" || end == "svg" || end == "pdf");
    let stem = if known { name.file_stem().ok_or_else(wrong)? } else { file };
    match output {
        Some(folder) if name.is_relative() => {
            // `..` would leave the output folder.
            if name.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
                return Err(wrong());
            }
            Ok(folder.join(name).with_file_name(stem))
        }
        _ => Ok(name.with_file_name(stem)),
    }
}

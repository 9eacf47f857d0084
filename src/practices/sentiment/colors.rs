//! Color statistics of an image: a baseline, and an explanation.

use crate::images::ImageSet;
use crate::table::FeatureMatrix;
use crate::{Error, ErrorKind, Result, notebook};
use ndarray::Array2;
use rayon::prelude::*;

/// Levels of each channel in the histogram.
const LEVELS: usize = 4;
const HISTOGRAM: usize = LEVELS * LEVELS * LEVELS;
const STATISTICS: [&str; 5] = ["brightness", "contrast", "saturation", "warmth", "skin"];

/// Statistics of each image's colors: `brightness` (mean luma), `contrast` (its standard deviation), `saturation` (mean of
/// HSV's), `warmth` (mean red − mean blue), all from 0 to 1 or −1 to 1, and `skin`, the share of skin-colored pixels by
/// the rule of Kovač, Peer and Solina (2003) for daylight, a rough stand-in for people.
///
/// # Errors
/// [`ErrorKind::Parameter`] if there are no images.
pub fn color_statistics(images: &ImageSet) -> Result<FeatureMatrix> {
    features(images, STATISTICS.map(String::from).to_vec(), statistics)
}

/// The color histogram of each image: shares of pixels in 4 × 4 × 4 boxes of red, green and blue.
///
/// # Errors
/// [`ErrorKind::Parameter`] if there are no images.
pub fn color_histogram(images: &ImageSet) -> Result<FeatureMatrix> {
    let names = (0..HISTOGRAM).map(|bin| {
        format!("r{}g{}b{}", bin / (LEVELS * LEVELS), bin / LEVELS % LEVELS, bin % LEVELS)
    });
    features(images, names.collect(), |pixels, out| {
        for pixel in pixels.chunks_exact(3) {
            let level = |channel: usize| usize::from(pixel[channel]) * LEVELS / 256;
            out[(level(0) * LEVELS + level(1)) * LEVELS + level(2)] += 1.0;
        }
        let count = (pixels.len() / 3).max(1) as f32;
        out.iter_mut().for_each(|value| *value /= count);
    })
}

fn features(
    images: &ImageSet,
    names: Vec<String>,
    measure: impl Fn(&[u8], &mut [f32]) + Sync,
) -> Result<FeatureMatrix> {
    if images.is_empty() {
        return Err(Error::new(ErrorKind::Parameter, "colors need at least one image, found none"));
    }
    let width = names.len();
    let mut values = vec![0.0; images.len() * width];
    values.par_chunks_exact_mut(width).enumerate().try_for_each_init(
        Vec::new,
        |buffer, (index, row)| {
            notebook::check()?;
            measure(images.read(index, buffer)?, row);
            Result::Ok(())
        },
    )?;
    let values = Array2::from_shape_vec((images.len(), width), values)
        .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))?;
    Ok(FeatureMatrix { names, values, unknown: Vec::new() })
}

fn statistics(pixels: &[u8], out: &mut [f32]) {
    let (mut luma, mut squares, mut saturation, mut warmth, mut skin) =
        (0.0_f64, 0.0, 0.0, 0.0, 0.0);
    for pixel in pixels.chunks_exact(3) {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
        let (high, low) = (r.max(g).max(b), r.min(g).min(b));
        let grey = (0.299 * r + 0.587 * g + 0.114 * b) / 255.0;
        luma += grey;
        squares += grey * grey;
        saturation += if high > 0.0 { (high - low) / high } else { 0.0 };
        warmth += (r - b) / 255.0;
        let is_skin = r > 95.0
            && g > 40.0
            && b > 20.0
            && high - low > 15.0
            && (r - g).abs() > 15.0
            && r > g
            && r > b;
        skin += f64::from(u8::from(is_skin));
    }
    let count = (pixels.len() / 3).max(1) as f64;
    let mean = luma / count;
    let contrast = (squares / count - mean * mean).max(0.0).sqrt();
    let values = [mean, contrast, saturation / count, warmth / count, skin / count];
    for (out, value) in out.iter_mut().zip(values) {
        *out = value as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: half of the pixels white, half of the color (200, 100, 50).
    #[test]
    fn colors_are_counted() {
        let pixels = [[255, 255, 255], [200, 100, 50]].concat();
        let images = ImageSet::from_pixels(pixels, 2, 1).unwrap();
        let found = color_statistics(&images).unwrap();
        let luma: f64 = (0.299 * 200.0 + 0.587 * 100.0 + 0.114 * 50.0) / 255.0;
        let expected = [(1.0 + luma) / 2.0, (1.0 - luma) / 2.0, 0.375, 150.0 / 255.0 / 2.0, 0.5];
        for (found, expected) in found.row(0).iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{found} {expected}");
        }
        let histogram = color_histogram(&images).unwrap();
        let of = |name: &str| {
            let column = histogram.names.iter().position(|n| n == name).unwrap();
            histogram.row(0)[column]
        };
        assert_eq!((of("r3g3b3"), of("r3g1b0"), of("r0g0b0")), (0.5, 0.5, 0.0));
    }
}

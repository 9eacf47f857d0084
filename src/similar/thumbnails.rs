//! A collection on a map.

use crate::images::{ResizeMode, Rgb, RgbImage, resize_rgb_with};
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;

/// Thumbnails of `side` pixels at their `places`, `[images, 2]`, on a white map of `size = [width, height, side]`
/// pixels; later images lie over earlier ones. `frames` has a color for each image, or is empty.
///
/// ```
/// use cuaderno::images::{Rgb, RgbImage};
/// use cuaderno::similar::thumbnail_map;
/// use ndarray::array;
/// let images = [RgbImage::new(8, 8), RgbImage::new(8, 8)];
/// let map = thumbnail_map(&images, &array![[0.0, 0.0], [1.0, 1.0]], &[], [100, 80, 20])?;
/// assert_eq!(map.dimensions(), (100, 80));
/// assert!(map.pixels().any(|pixel| *pixel == Rgb([0; 3])));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When there is not one place (and frame) for each image, a place is not finite, or the map is smaller than a
/// thumbnail.
pub fn thumbnail_map(
    images: &[RgbImage],
    places: &Array2<f64>,
    frames: &[[u8; 3]],
    size: [u32; 3],
) -> Result<RgbImage> {
    let [width, height, side] = size;
    let fail = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
    if places.dim() != (images.len(), 2) || images.is_empty() {
        return fail(format!("expected places [{}, 2], found {:?}", images.len(), places.shape()));
    }
    if !frames.is_empty() && frames.len() != images.len() {
        return fail(format!("expected {} frames, found {}", images.len(), frames.len()));
    }
    if places.iter().any(|place| !place.is_finite()) {
        return fail("the places must be finite".to_string());
    }
    let border = if frames.is_empty() { 0 } else { 2 };
    let outer = side.saturating_add(2 * border);
    if side < 4 || width < outer || height < outer || width > 20_000 || height > 20_000 {
        return fail(format!(
            "a map of {width}×{height} has no room for thumbnails of {side} pixels"
        ));
    }
    let range = |axis: usize| {
        let column = places.column(axis);
        let low = column.iter().copied().fold(f64::INFINITY, f64::min);
        let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (low, (high - low).max(1e-12))
    };
    let ((left, across), (bottom, up)) = (range(0), range(1));
    let mut map = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    for (index, image) in images.iter().enumerate() {
        let small = resize_rgb_with(image, side, side, ResizeMode::Fit)?;
        let x = (places[[index, 0]] - left) / across * f64::from(width - outer);
        let y = (1.0 - (places[[index, 1]] - bottom) / up) * f64::from(height - outer);
        let (x, y) = (x.round() as i64, y.round() as i64);
        if let Some(color) = frames.get(index) {
            let (w, h) = (small.width() + 2 * border, small.height() + 2 * border);
            image::imageops::replace(&mut map, &RgbImage::from_pixel(w, h, Rgb(*color)), x, y);
        }
        let inside = i64::from(border);
        image::imageops::replace(&mut map, &small, x + inside, y + inside);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn thumbnails_lie_at_their_places() {
        let images = [9, 7].map(|shade| RgbImage::from_pixel(8, 8, Rgb([shade; 3])));
        let frames = [[1, 0, 0], [2, 0, 0]];
        let places = array![[-1.0, 5.0], [3.0, 0.0]];
        let map = thumbnail_map(&images, &places, &frames, [60, 40, 8]).unwrap();
        // The first at the upper left, the second at the lower right, each within its frame.
        assert_eq!((map.get_pixel(0, 0).0, map.get_pixel(2, 2).0), ([1, 0, 0], [9; 3]));
        assert_eq!((map.get_pixel(59, 39).0, map.get_pixel(57, 37).0), ([2, 0, 0], [7; 3]));
        assert_eq!(map.get_pixel(30, 20).0, [255; 3]);
        assert!(thumbnail_map(&images, &places, &[[0; 3]], [60, 40, 8]).is_err());
        assert!(thumbnail_map(&images, &places, &frames, [10, 40, 8]).is_err());
    }
}

//! The simplest embeddings of an image: its colors, its pixels.

use crate::images::{ImageSet, resize_rgb};
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use rayon::prelude::*;

/// Color histograms: the share of each color in each image, `[images, bins³]`, with red, green and blue cut into `bins` equal
/// parts.
///
/// ```
/// use cuaderno::images::ImageSet;
/// use cuaderno::similar::color_histograms;
/// let images = ImageSet::from_pixels([vec![0; 12], vec![255; 12]].concat(), 2, 2)?; // black, white
/// let histograms = color_histograms(&images, 2)?;
/// assert_eq!((histograms[[0, 0]], histograms[[1, 7]]), (1.0, 1.0));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When `bins` is not from 2 to 16.
pub fn color_histograms(set: &ImageSet, bins: usize) -> Result<Array2<f32>> {
    if !(2..=16).contains(&bins) {
        let problem = format!("`bins` must be from 2 to 16, found {bins}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let size = bins.pow(3);
    let share = 1.0 / (set.width() * set.height()) as f32;
    let mut values = vec![0.0; set.len() * size];
    values.par_chunks_exact_mut(size).enumerate().try_for_each_init(
        Vec::new,
        |buffer, (index, histogram)| {
            for pixel in set.read(index, buffer)?.chunks_exact(3) {
                let bin = pixel
                    .iter()
                    .fold(0, |bin, value| bin * bins + usize::from(*value) * bins / 256);
                histogram[bin] += share;
            }
            Ok::<_, Error>(())
        },
    )?;
    Array2::from_shape_vec((set.len(), size), values)
        .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
}

/// The pixels of each image at `side` × `side`, from −1 (black) to 1 (white), `[images, 3 · side²]`.
///
/// ```
/// use cuaderno::images::ImageSet;
/// use cuaderno::similar::pixel_embeddings;
/// let images = ImageSet::from_pixels([vec![0; 12], vec![255; 12]].concat(), 2, 2)?; // black, white
/// let pixels = pixel_embeddings(&images, 1)?;
/// assert_eq!((pixels[[0, 0]], pixels[[1, 0]]), (-1.0, 1.0));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When `side` is not from 1 to 64.
pub fn pixel_embeddings(set: &ImageSet, side: u32) -> Result<Array2<f32>> {
    if !(1..=64).contains(&side) {
        let problem = format!("`side` must be from 1 to 64, found {side}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let rows = (0..set.len()).into_par_iter().map(|index| {
        let small = resize_rgb(&set.image(index)?, side, side)?;
        Ok(small.iter().map(|value| f32::from(*value) / 127.5 - 1.0).collect::<Vec<f32>>())
    });
    let values = rows.collect::<Result<Vec<_>>>()?.concat();
    Array2::from_shape_vec((set.len(), (3 * side * side) as usize), values)
        .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_counted() {
        let set =
            ImageSet::from_pixels(vec![0, 0, 0, 255, 0, 128, 0, 0, 0, 0, 127, 255], 2, 1).unwrap();
        let found = color_histograms(&set, 2).unwrap();
        // Bins in the order red, green, blue: 000, 001, 010, 011, 100, 101, 110, 111.
        assert_eq!(found.row(0).to_vec(), [0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0]);
        assert_eq!(found.row(1).to_vec(), [0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert!(color_histograms(&set, 1).is_err());
        assert_eq!(pixel_embeddings(&set, 1).unwrap().shape(), [2, 3]);
    }
}

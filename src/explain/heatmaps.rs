//! Heat maps over a batch of images.

use super::turbo::turbo;
use crate::tensor::{Plain, read};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use image::{Rgb, RgbImage};
use ndarray::{Array2, Array3, ArrayView2, Axis};

/// Opacity of the hottest place of an overlay.
const OPACITY: f32 = 0.65;

/// Heat maps, one per image of a batch: how much each place speaks for a class.
///
/// ```
/// use cuaderno::explain::grad_cam;
/// use cuaderno::images::{Rgb, RgbImage};
/// use cuaderno::models::small_cnn;
/// use cuaderno::nn::Inputs;
/// use cuaderno::plot;
/// use cuaderno::tensor::tensor;
/// # fn main() -> cuaderno::Result<()> {
/// let model = small_cnn(32, 4, 0)?;
/// let images = [RgbImage::from_pixel(32, 32, Rgb([200, 80, 40]))];
/// let values = tensor(vec![0.5; 3 * 32 * 32], (1, 3, 32, 32))?;
/// let inputs = Inputs { images: Some(values), ..Inputs::default() };
/// let maps = grad_cam(&model, &inputs, None, "")?;
/// let figure = plot::image_grid(&maps.overlays(&images)?, &["Grad-CAM"])?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmaps {
    maps: Array3<f32>,
    classes: Vec<usize>,
    layer: String,
}

impl Heatmaps {
    pub(super) fn new(maps: Array3<f32>, classes: Vec<usize>, layer: String) -> Self {
        Self { maps, classes, layer }
    }

    /// The maps as computed, `[batch, height, width]`: for Grad-CAM of the size of the layer's output and without a unit,
    /// for occlusion of the size of the images and in probability.
    pub fn maps(&self) -> &Array3<f32> {
        &self.maps
    }

    /// The explained class of each image.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// The layer that the maps were computed at; empty for occlusion.
    pub fn layer(&self) -> &str {
        &self.layer
    }

    /// The number of maps.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Returns `true` if there are no maps.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Map `index` at another size, `[height, width]`, by bilinear interpolation as PyTorch's `interpolate` with
    /// `align_corners=False`, divided by its maximum: 1 is the hottest place. A map without a positive value is 0
    /// everywhere, and so are its negative values.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there is no such map or a size is 0.
    pub fn scaled(&self, index: usize, width: usize, height: usize) -> Result<Array2<f32>> {
        if index >= self.len() {
            let problem = format!("there are {} heat maps, map {index} does not exist", self.len());
            return Err(Error::new(ErrorKind::Parameter, problem).help("maps are counted from 0"));
        }
        let map = self.maps.index_axis(Axis(0), index);
        if width == 0 || height == 0 || map.is_empty() {
            let problem = format!("a heat map cannot be {width}×{height} pixels large");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let most = map.iter().copied().filter(|value| value.is_finite()).fold(0.0, f32::max);
        let scale = if most > 0.0 { 1.0 / most } else { 0.0 };
        let heat = interpolated(map, [height, width]);
        Ok(heat.mapv(|value| (value * scale).clamp(0.0, 1.0)))
    }

    /// `image` under map `index`: the hotter a place, the more of the Turbo color map (blue to red) covers it.
    ///
    /// # Errors
    /// As [`Self::scaled`].
    pub fn overlay(&self, index: usize, image: &RgbImage) -> Result<RgbImage> {
        let heat = self.scaled(index, image.width() as usize, image.height() as usize)?;
        let mut result = image.clone();
        for (x, y, Rgb(pixel)) in result.enumerate_pixels_mut() {
            let share = heat[[y as usize, x as usize]];
            let opacity = OPACITY * share.sqrt();
            for (value, color) in pixel.iter_mut().zip(turbo(share)) {
                let mixed = f32::from(*value) * (1.0 - opacity) + 255.0 * color * opacity;
                *value = mixed.round().clamp(0.0, 255.0) as u8;
            }
        }
        Ok(result)
    }

    /// Each image under its map, for [`plot::image_grid`](crate::plot::image_grid).
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there are not as many images as maps, or one has no pixels.
    pub fn overlays(&self, images: &[RgbImage]) -> Result<Vec<RgbImage>> {
        if images.len() != self.len() {
            let problem =
                format!("expected {} images, one per heat map, found {}", self.len(), images.len());
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        images.iter().enumerate().map(|(index, image)| self.overlay(index, image)).collect()
    }
}

/// Bilinear interpolation between the centers of pixels, to `[height, width]`. No side may be 0.
fn interpolated(map: ArrayView2<f32>, size: [usize; 2]) -> Array2<f32> {
    let [rows, columns] = std::array::from_fn(|axis| taps(map.shape()[axis], size[axis]));
    Array2::from_shape_fn(size, |(y, x)| {
        let ((top, bottom, down), (left, right, along)) = (rows[y], columns[x]);
        let between = |row: usize| map[[row, left]] * (1.0 - along) + map[[row, right]] * along;
        between(top) * (1.0 - down) + between(bottom) * down
    })
}

/// For each of `to` pixels the two of `from` around it, and the weight of the second.
fn taps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f32 / to as f32;
    let tap = |pixel: usize| {
        let place = ((pixel as f32 + 0.5) * scale - 0.5).max(0.0);
        let first = (place as usize).min(from - 1);
        (first, (first + 1).min(from - 1), place - first as f32)
    };
    (0..to).map(tap).collect()
}

/// The class to explain in each row of logits: `class`, or the largest.
pub(super) fn chosen_classes(
    logits: &Plain<(usize, usize)>,
    class: Option<usize>,
) -> Result<Vec<usize>> {
    let (batch, count) = *logits.shape();
    let Some(class) = class else {
        let largest = |row: &[f32]| {
            row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(class, _)| class)
        };
        return Ok(read(logits).chunks_exact(count.max(1)).map(largest).collect());
    };
    if class < count {
        return Ok(vec![class; batch]);
    }
    let problem = format!("class {class} does not exist: the network has {count} outputs");
    Err(Error::new(ErrorKind::Parameter, problem).help("classes are counted from 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_is_pytorchs() {
        // torch.nn.functional.interpolate(torch.tensor([[[[0., 1.], [2., 4.]]]]), (3, 4), mode="bilinear")
        let heat = interpolated(ndarray::arr2(&[[0.0, 1.0], [2.0, 4.0]]).view(), [3, 4]);
        let expected = ndarray::arr2(&[
            [0.0, 0.25, 0.75, 1.0],
            [1.0, 1.375, 2.125, 2.5],
            [2.0, 2.5, 3.5, 4.0],
        ]);
        assert_eq!(heat, expected);
    }

    #[test]
    fn a_cold_map_leaves_the_image_as_it_is() {
        let maps = Array3::from_shape_vec((2, 1, 2), vec![0.0, -1.0, 0.0, 5.0]).unwrap();
        let maps = Heatmaps::new(maps, vec![0, 1], String::new());
        let image = RgbImage::from_pixel(4, 3, Rgb([10, 200, 30]));
        assert_eq!(maps.overlay(0, &image).unwrap(), image);
        let hot = maps.overlay(1, &image).unwrap();
        assert_eq!(hot.get_pixel(0, 0), image.get_pixel(0, 0));
        assert!(hot.get_pixel(3, 2)[0] > 60, "{:?}", hot.get_pixel(3, 2));
        assert!(maps.overlays(&[image]).is_err());
    }
}

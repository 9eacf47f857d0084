//! Features that a pretrained backbone computes of images.

use crate::data::Dataset;
use crate::images::{ImageSet, Transform};
use crate::nn::{Linear, Parameter, Pass, Sequential};
use crate::tensor::{plain, read};
use crate::{Error, ErrorKind, Result, notebook};
use ndarray::{Array2, Axis};

/// Images per batch.
const BATCH: usize = 32;
/// The smallest deviation that a feature is divided by.
const SMALLEST: f32 = 1e-6;

/// The features `[images, features]` that a backbone computes of images in inference.
///
/// ```
/// use cuaderno::images::{ImageSet, Transform};
/// use cuaderno::models::small_cnn;
/// use cuaderno::practices::poi;
/// # fn main() -> cuaderno::Result<()> {
/// let images = ImageSet::from_pixels(vec![100; 2 * 32 * 32 * 3], 32, 32)?;
/// let backbone = small_cnn(32, 4, 0)?.backbone()?;
/// let features = poi::image_features(&backbone, &images, &Transform::imagenet())?;
/// assert_eq!(features.dim(), (2, 128));
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Shape`] when the backbone does not take such images or does not end in rows of features; `Interrupted`
/// when the user asks for it.
pub fn image_features(
    backbone: &Sequential,
    images: &ImageSet,
    transform: &Transform,
) -> Result<Array2<f32>> {
    let rows: Vec<usize> = (0..images.len()).collect();
    features_of(backbone, images, transform, &rows)
}

/// The features of the images `rows`.
fn features_of(
    backbone: &Sequential,
    images: &ImageSet,
    transform: &Transform,
    rows: &[usize],
) -> Result<Array2<f32>> {
    let pass = Pass::inference();
    let set = Dataset::new(&vec![0; images.len()], &["any"])?
        .with_images(images)?
        .with_transform(transform);
    let mut values = Vec::new();
    for rows in rows.chunks(BATCH) {
        notebook::check()?;
        let (inputs, _) = set.batch(rows, 0, 0)?;
        let made = backbone.forward_inputs(&inputs, &pass)?.features()?;
        values.extend_from_slice(&read(&plain(made)));
    }
    let columns = values.len() / rows.len().max(1);
    Array2::from_shape_vec((rows.len(), columns), values)
        .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
}

/// The backbone with a linear layer at its end that gives each of its n features mean 0 and standard deviation `1 / √n` over
/// the images `train`, so that a typical row has length 1. A network that reads a thousand features of larger scale beside
/// metadata learns the images by heart before it has read the metadata.
///
/// The layer is frozen, and so is a backbone that [`Model::freeze`](crate::nn::Model::freeze) freezes.
///
/// ```
/// use cuaderno::images::{ImageSet, Transform};
/// use cuaderno::models::small_cnn;
/// use cuaderno::practices::poi;
/// # fn main() -> cuaderno::Result<()> {
/// let pixels = (0..4 * 32 * 32 * 3).map(|place| (place * place % 251) as u8).collect();
/// let images = ImageSet::from_pixels(pixels, 32, 32)?;
/// let (backbone, transform) = (small_cnn(32, 4, 0)?.backbone()?, Transform::imagenet());
/// let standardized = poi::standardized_backbone(&backbone, &images, &transform, &[0, 1, 2])?;
/// let features = poi::image_features(&standardized, &images, &transform)?;
/// let mean = features.rows().into_iter().take(3).map(|row| row.sum()).sum::<f32>();
/// assert!(mean.abs() < 1e-3);
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`image_features`]; [`ErrorKind::Parameter`] when there are no training images, or an image does not exist.
pub fn standardized_backbone(
    backbone: &Sequential,
    images: &ImageSet,
    transform: &Transform,
    train: &[usize],
) -> Result<Sequential> {
    if train.is_empty() || train.iter().any(|row| *row >= images.len()) {
        let problem = format!(
            "expected the numbers of training images, below {}, found {} numbers up to {}",
            images.len(),
            train.len(),
            train.iter().max().copied().unwrap_or(0)
        );
        return Err(Error::new(ErrorKind::Parameter, problem)
            .help("take the training rows of the split that the images were divided by"));
    }
    let features = features_of(backbone, images, transform, train)?;
    Ok(backbone.clone().add(standardizing_layer(&features)?))
}

/// A frozen linear layer with a diagonal matrix.
fn standardizing_layer(features: &Array2<f32>) -> Result<Linear> {
    let count = features.ncols();
    let mean = features.mean_axis(Axis(0)).unwrap_or_default();
    let deviation = features.std_axis(Axis(0), 0.0);
    let length = (count as f32).sqrt();
    let (mut weight, mut bias) = (vec![0.0f32; count * count], vec![0.0f32; count]);
    for place in 0..count {
        let factor = 1.0 / (length * deviation[place].max(SMALLEST));
        weight[place * count + place] = factor;
        bias[place] = -factor * mean[place];
    }
    let mut layer = Linear {
        weight: Parameter::new(weight, &[count, count])?,
        bias: Some(Parameter::new(bias, &[count])?),
    };
    layer.weight.set_trainable(false);
    layer.bias.iter_mut().for_each(|bias| bias.set_trainable(false));
    Ok(layer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{constant, tensor};

    #[test]
    fn features_get_mean_0_and_rows_length_1() {
        let features = ndarray::array![[1.0, 10.0], [3.0, 30.0]];
        let layer = standardizing_layer(&features).unwrap();
        let rows = constant(&tensor(vec![3.0, 30.0, 2.0, 20.0], (2, 2)).unwrap());
        let made = plain(layer.forward(rows, false, &Pass::inference()).unwrap());
        let half = 0.5f32.sqrt();
        for (value, expected) in read(&made).iter().zip([half, half, 0.0, 0.0]) {
            assert!((value - expected).abs() < 1e-5, "{value}");
        }
        assert!(!layer.weight.is_trainable());
    }
}

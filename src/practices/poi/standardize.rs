//! A layer that standardizes a backbone's features.

use crate::nn::{Linear, Parameter};
use crate::{Error, ErrorKind, Result};
use ndarray::{Array2, Axis};

/// A linear layer, not trained, that gives each of a backbone's features mean 0 and standard deviation `length / √n` over
/// the rows `train` of `features`, `[rows, n]`, which are those of [`image_features`](super::image_features): a typical row
/// then has that length. Features of ImageNet's scale beside metadata from 0 to 1 let a small network learn images by heart
/// before it has read the metadata.
///
/// ```
/// use cuaderno::nn::Pass;
/// use cuaderno::practices::poi;
/// use cuaderno::tensor::{constant, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let features = ndarray::array![[1.0, 10.0], [3.0, 30.0]];
/// let layer = poi::standardizing_layer(&features, &[0, 1], 1.0)?;
/// let rows = constant(&tensor(vec![3.0, 30.0], (1, 2))?);
/// let made = cuaderno::tensor::read(&layer.forward(rows, false, &Pass::inference())?).to_vec();
/// assert!((made[0] - 0.5f32.sqrt()).abs() < 1e-5 && (made[1] - made[0]).abs() < 1e-5);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when there are no features or no rows, or a row does not exist.
pub fn standardizing_layer(features: &Array2<f32>, train: &[usize], length: f32) -> Result<Linear> {
    let (rows, count) = features.dim();
    if count == 0 || train.is_empty() || train.iter().any(|row| *row >= rows) {
        let problem = format!(
            "expected features and training rows below {rows}, found {count} features and {} rows",
            train.len()
        );
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let part = features.select(Axis(0), train);
    let mean = part.mean_axis(Axis(0)).unwrap_or_default();
    let deviation = part.std_axis(Axis(0), 0.0);
    let scale = length / (count as f32).sqrt();
    let mut weight = vec![0.0f32; count * count];
    let mut bias = vec![0.0f32; count];
    for place in 0..count {
        let factor = scale / deviation[place].max(1e-6);
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

//! Embeddings of a data set.

use crate::data::Dataset;
use crate::nn::{Activations, Pass, Sequential};
use crate::tensor::{global_average_pool2d, read};
use crate::{Error, ErrorKind, Result, notebook};
use dfdx::tensor::SplitTape;
use ndarray::Array2;

/// Examples per forward pass.
const BATCH: usize = 32;

/// The outputs of `layers` for each example in inference, `[examples, features]`. Feature maps are averaged over the
/// image. [`Network::backbone`](crate::models::Network::backbone) gives the layers below the head; any other part of
/// a network does as well.
///
/// ```
/// use cuaderno::data::Dataset;
/// use cuaderno::images::ImageSet;
/// use cuaderno::models::small_cnn;
/// use cuaderno::similar::embeddings;
/// # fn main() -> cuaderno::Result<()> {
/// let images = ImageSet::from_pixels(vec![9; 2 * 16 * 16 * 3], 16, 16)?;
/// let set = Dataset::new(&[0, 1], &["a", "b"])?.with_images(&images)?;
/// let found = embeddings(&small_cnn(16, 2, 0)?.backbone()?, &set)?;
/// assert_eq!(found.shape(), [2, 128]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the data set is empty or does not fit the layers. `Interrupted` when the user interrupts the cell.
pub fn embeddings(layers: &Sequential, set: &Dataset) -> Result<Array2<f32>> {
    if set.is_empty() {
        return Err(Error::new(
            ErrorKind::Parameter,
            "embeddings need at least 1 example, found 0",
        ));
    }
    let rows: Vec<usize> = (0..set.len()).collect();
    let mut values = Vec::new();
    for batch in rows.chunks(BATCH) {
        notebook::check()?;
        let (inputs, _) = set.batch(batch, 0, 0)?;
        let features = match layers.forward_inputs(&inputs, &Pass::inference())? {
            Activations::Features(features) => features,
            Activations::Images(maps) => global_average_pool2d(maps)?,
        };
        values.extend_from_slice(&read(&features.split_tape().0));
    }
    Array2::from_shape_vec((set.len(), values.len() / set.len()), values)
        .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
}

//! The embedding layer.

use super::{Init, Parameter, Pass, SummaryRow};
use crate::Result;
use crate::tensor::{Tensor3, embedding};
use dfdx::shapes::{HasShape, Shape};
use ndarray::Array2;

/// Word vectors: token ids `[batch, length]` to `[batch, length, dimensions]`, as PyTorch's `nn.Embedding`.
///
/// ```
/// use cuaderno::nn::{Embedding, Pass};
/// use cuaderno::tensor::{plain, read};
/// use ndarray::arr2;
/// # fn main() -> cuaderno::Result<()> {
/// let vectors = arr2(&[[0.0, 0.0], [0.5, 1.0], [-1.0, 2.0]]); // row 0 is the padding
/// let layer = Embedding::pretrained(vectors, Some(0))?;
/// let texts = arr2(&[[2, 1, 0]]);
/// let words = layer.forward(&texts, &Pass::inference())?;
/// assert_eq!(read(&plain(words))[..], [-1.0, 2.0, 0.5, 1.0, 0.0, 0.0]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Embedding {
    /// `[vocabulary size, dimensions]`.
    pub weight: Parameter,
    /// Token id of the padding, whose vector gets no gradient.
    pub padding: Option<usize>,
}

impl Embedding {
    /// A layer with normally distributed vectors, and zeros for the padding, as in PyTorch.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when a size is 0.
    pub fn new(
        words: usize,
        dimensions: usize,
        padding: Option<usize>,
        init: &mut Init,
    ) -> Result<Self> {
        let mut weight = init.normal(&[words, dimensions], 1.0)?;
        if let Some(row) = padding.filter(|row| *row < words) {
            let row = row * dimensions..(row + 1) * dimensions;
            weight.update(&mut |values| values[row.clone()].fill(0.0))?;
        }
        Ok(Self { weight, padding })
    }

    /// A layer of pretrained vectors, one row per word, frozen; [`Model::unfreeze`](super::Model::unfreeze) or
    /// [`Parameter::set_trainable`] makes them trainable.
    ///
    /// # Errors
    /// [`ErrorKind::Device`](crate::ErrorKind::Device) when the device does not start.
    pub fn pretrained(vectors: Array2<f32>, padding: Option<usize>) -> Result<Self> {
        let (words, dimensions) = vectors.dim();
        let values = vectors.iter().copied().collect();
        let mut weight = Parameter::new(values, &[words, dimensions])?;
        weight.set_trainable(false);
        Ok(Self { weight, padding })
    }

    /// The vectors of `tokens`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when a token id is not below the vocabulary size.
    pub fn forward(&self, tokens: &Array2<u32>, pass: &Pass) -> Result<Tensor3> {
        let output = embedding(self.weight.matrix(pass)?, tokens, self.padding)?;
        let shape = output.shape().concrete().to_vec();
        pass.note(|| SummaryRow::of("Embedding", [&self.weight], shape));
        Ok(output)
    }
}

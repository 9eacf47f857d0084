//! The embedding layer.

use super::{Init, Parameter, Pass, SummaryRow};
use crate::tensor::{Tensor2, Tensor3, check_tokens, embedding, out_of_memory};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor_ops::ReshapeTo;
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

    /// The vectors of the distinct `tokens`, `[distinct tokens, dimensions]`, and for each token its row among them: the
    /// texts as sequences of rows, for [`Conv1d::forward_max`](super::Conv1d::forward_max).
    ///
    /// ```
    /// use cuaderno::nn::{Embedding, Pass};
    /// use cuaderno::tensor::{plain, read};
    /// use ndarray::arr2;
    /// # fn main() -> cuaderno::Result<()> {
    /// let layer = Embedding::pretrained(arr2(&[[0.0], [0.5], [1.5]]), Some(0))?;
    /// let (rows, sequences) = layer.distinct(&arr2(&[[2, 1, 2], [1, 0, 0]]), &Pass::inference())?;
    /// assert_eq!(read(&plain(rows))[..], [1.5, 0.5, 0.0]);
    /// assert_eq!(sequences, arr2(&[[0, 1, 0], [1, 2, 2]]));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn distinct(&self, tokens: &Array2<u32>, pass: &Pass) -> Result<(Tensor2, Array2<u32>)> {
        let (words, dimensions) = (self.weight.shape()[0], self.weight.shape()[1]);
        check_tokens(tokens, words)?;
        let mut rows: Vec<Option<u32>> = vec![None; words];
        let mut distinct: Vec<u32> = Vec::new();
        let sequences = tokens.mapv(|token| {
            *rows[token as usize].get_or_insert_with(|| {
                distinct.push(token);
                distinct.len() as u32 - 1
            })
        });
        let (count, (batch, length)) = (distinct.len(), tokens.dim());
        let distinct = Array2::from_shape_vec((1, count), distinct)
            .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))?;
        let vectors = embedding(self.weight.matrix(pass)?, &distinct, self.padding)?;
        pass.note(|| SummaryRow::of("Embedding", [&self.weight], vec![batch, length, dimensions]));
        let vectors = vectors.try_reshape_like(&(count, dimensions)).map_err(out_of_memory)?;
        Ok((vectors, sequences))
    }
}

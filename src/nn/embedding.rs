//! The embedding layer.

use super::{Init, Parameter, Pass, SummaryRow};
use crate::Result;
use crate::tensor::{Tensor3, embedding};
use dfdx::shapes::{HasShape, Shape};
use ndarray::Array2;

/// A vector for each word: from tokens `[batch, length]` to `[batch, length, dimensions]`.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// `[words, dimensions]`.
    pub weight: Parameter,
    /// The token of the padding, whose vector is never trained.
    pub padding: Option<usize>,
}

impl Embedding {
    /// Normally distributed vectors, and zeros for the padding, as in PyTorch.
    ///
    /// Errors when a size is 0.
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

    /// Given vectors, one row a word, frozen until [`Parameter::set_trainable`] says otherwise.
    ///
    /// Errors when the values do not fill the rows.
    pub fn pretrained(vectors: Array2<f32>, padding: Option<usize>) -> Result<Self> {
        let (words, dimensions) = vectors.dim();
        let values = vectors.iter().copied().collect();
        let mut weight = Parameter::new(values, &[words, dimensions])?;
        weight.set_trainable(false);
        Ok(Self { weight, padding })
    }

    /// The layer's output.
    pub fn forward(&self, tokens: &Array2<u32>, pass: &Pass) -> Result<Tensor3> {
        let output = embedding(self.weight.matrix(pass)?, tokens, self.padding)?;
        let shape = output.shape().concrete().to_vec();
        pass.note(|| SummaryRow::of("Embedding", [&self.weight], shape));
        Ok(output)
    }
}

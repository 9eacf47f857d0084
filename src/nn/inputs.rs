//! A batch of inputs.

use super::cached_features::CachedFeatures;
use crate::tensor::{Plain, Tensor2, Tensor4, constant};
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;

/// A batch of inputs: images, metadata, texts, or several of these, as the data set has them.
///
/// ```
/// use cuaderno::nn::Inputs;
/// use cuaderno::tensor::tensor;
/// # fn main() -> cuaderno::Result<()> {
/// let images = tensor(vec![0.0; 2 * 3 * 8 * 8], (2, 3, 8, 8))?;
/// let batch = Inputs { images: Some(images), ..Inputs::default() };
/// assert!(batch.images().is_ok() && batch.tokens().is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Images, `[batch, channels, height, width]`.
    pub images: Option<Plain<(usize, usize, usize, usize)>>,
    /// Metadata, `[batch, features]`.
    pub features: Option<Plain<(usize, usize)>>,
    /// Texts as token ids, `[batch, length]`.
    pub tokens: Option<Array2<u32>>,
    /// Activations cached from the frozen prefix of [`Model::backbone`](super::Model::backbone), in place of the images.
    pub cached: Option<CachedFeatures>,
}

impl Inputs {
    /// The images.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the batch has none.
    pub fn images(&self) -> Result<Tensor4> {
        self.images.as_ref().map(constant).ok_or_else(|| self.missing("images"))
    }

    /// The metadata.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the batch has none.
    pub fn features(&self) -> Result<Tensor2> {
        self.features.as_ref().map(constant).ok_or_else(|| self.missing("metadata"))
    }

    /// The token ids.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the batch has none.
    pub fn tokens(&self) -> Result<&Array2<u32>> {
        self.tokens.as_ref().ok_or_else(|| self.missing("texts"))
    }

    fn missing(&self, what: &str) -> Error {
        if self.cached.is_some() {
            let problem = format!(
                "the network expects {what}, but the batch has cached features in their place"
            );
            return Error::new(ErrorKind::Shape, problem).help(
                "run the layers of `Model::backbone` by `Sequential::forward_inputs`, or train without feature caching",
            );
        }
        let problem = format!("the network expects {what}, but the data set has none");
        Error::new(ErrorKind::Shape, problem)
            .help(format!("give the data set {what}, or take another network"))
    }
}

//! The values that flow between layers.

use crate::tensor::{Tensor2, Tensor4};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape};

/// The values that flow between layers: feature maps or feature vectors.
///
/// ```
/// use cuaderno::nn::Activations;
/// use cuaderno::tensor::{constant, tensor};
/// let maps: Activations = constant(&tensor(vec![0.0; 3 * 4 * 4], (1, 3, 4, 4))?).into();
/// assert_eq!(maps.shape(), [1, 3, 4, 4]);
/// assert!(maps.features().is_err()); // a layer such as `Flatten` is missing
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Debug)]
pub enum Activations {
    /// `[batch, channels, height, width]`.
    Images(Tensor4),
    /// `[batch, features]`.
    Features(Tensor2),
}

impl Activations {
    /// The shape.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Images(t) => {
                let (n, c, h, w) = *t.shape();
                vec![n, c, h, w]
            }
            Self::Features(t) => vec![t.shape().0, t.shape().1],
        }
    }

    /// The feature maps.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the value is `[batch, features]`.
    pub fn images(self) -> Result<Tensor4> {
        match self {
            Self::Images(t) => Ok(t),
            other => Err(unexpected("[batch, channels, height, width]", &other)),
        }
    }

    /// Applies the function that fits the rank.
    pub(super) fn map(
        self,
        images: impl FnOnce(Tensor4) -> Result<Tensor4>,
        features: impl FnOnce(Tensor2) -> Result<Tensor2>,
    ) -> Result<Self> {
        match self {
            Self::Images(t) => Ok(images(t)?.into()),
            Self::Features(t) => Ok(features(t)?.into()),
        }
    }

    /// Returns `true` if operations on the value are recorded, and the value.
    pub(super) fn recorded(self) -> (Self, bool) {
        match self {
            Self::Images(t) => {
                let (plain, tape) = t.split_tape();
                let on = tape.is_on();
                (Self::Images(plain.put_tape(tape)), on)
            }
            Self::Features(t) => {
                let (plain, tape) = t.split_tape();
                let on = tape.is_on();
                (Self::Features(plain.put_tape(tape)), on)
            }
        }
    }

    /// The feature vectors.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the value is `[batch, channels, height, width]`.
    pub fn features(self) -> Result<Tensor2> {
        match self {
            Self::Features(t) => Ok(t),
            other => Err(unexpected("[batch, features]", &other)
                .help("add `Layer::Flatten` or `Layer::GlobalAveragePool2d` before this layer")),
        }
    }
}

fn unexpected(expected: &str, found: &Activations) -> Error {
    let problem = format!("expected {expected}, found {:?}", found.shape());
    Error::new(ErrorKind::Shape, problem)
}

impl From<Tensor4> for Activations {
    fn from(tensor: Tensor4) -> Self {
        Self::Images(tensor)
    }
}

impl From<Tensor2> for Activations {
    fn from(tensor: Tensor2) -> Self {
        Self::Features(tensor)
    }
}

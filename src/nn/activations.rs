//! What flows between layers.

use crate::tensor::{Tensor2, Tensor4};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape};

/// What flows between layers.
#[derive(Debug)]
pub enum Activations {
    /// `[batch, channels, height, width]`.
    Images(Tensor4),
    /// `[batch, features]`.
    Features(Tensor2),
}

impl Activations {
    /// The sizes of the axes.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Images(t) => {
                let (n, c, h, w) = *t.shape();
                vec![n, c, h, w]
            }
            Self::Features(t) => vec![t.shape().0, t.shape().1],
        }
    }

    /// Feature maps, or an error when the pictures were flattened before.
    pub fn images(self) -> Result<Tensor4> {
        match self {
            Self::Images(t) => Ok(t),
            other => Err(unexpected("[batch, channels, height, width]", &other)),
        }
    }

    /// The same function of whichever it is.
    pub(super) fn bend(
        self,
        images: impl FnOnce(Tensor4) -> Result<Tensor4>,
        features: impl FnOnce(Tensor2) -> Result<Tensor2>,
    ) -> Result<Self> {
        match self {
            Self::Images(t) => Ok(images(t)?.into()),
            Self::Features(t) => Ok(features(t)?.into()),
        }
    }

    /// Whether what follows is recorded.
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

    /// Features, or an error when the pictures were not flattened yet.
    pub fn features(self) -> Result<Tensor2> {
        match self {
            Self::Features(t) => Ok(t),
            other => {
                Err(unexpected("[batch, features]", &other).help("add a Flatten layer before"))
            }
        }
    }
}

fn unexpected(expected: &str, found: &Activations) -> Error {
    let problem = format!("expected {expected}, got {:?}", found.shape());
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

//! What the first layers of a network made of a batch.

use super::Activations;
use crate::tensor::{Plain, constant, tensor};
use crate::{Error, ErrorKind, Result};

/// What the first layers of a network made of a batch, for the others to go on from.
#[derive(Clone, Debug)]
pub struct Begun {
    layers: usize,
    made: Made,
}

#[derive(Clone, Debug)]
enum Made {
    Images(Plain<(usize, usize, usize, usize)>),
    Features(Plain<(usize, usize)>),
}

impl Begun {
    /// What the first `layers` made of `batch` examples, row-major; of each something of this shape.
    pub(crate) fn new(
        layers: usize,
        values: Vec<f32>,
        batch: usize,
        shape: &[usize],
    ) -> Result<Self> {
        let made = match *shape {
            [c, h, w] => Made::Images(tensor(values, (batch, c, h, w))?),
            [features] => Made::Features(tensor(values, (batch, features))?),
            _ => return Err(Error::new(ErrorKind::Shape, format!("features of shape {shape:?}"))),
        };
        Ok(Self { layers, made })
    }

    /// How many layers have run.
    pub(super) fn layers(&self) -> usize {
        self.layers
    }

    /// What the next one gets.
    pub(super) fn made(&self) -> Activations {
        match &self.made {
            Made::Images(images) => constant(images).into(),
            Made::Features(features) => constant(features).into(),
        }
    }
}

//! Activations cached from the frozen prefix of a network.

use super::activations::Activations;
use crate::tensor::{Plain, constant, tensor};
use crate::{Error, ErrorKind, Result};

/// Activations of a batch after the frozen prefix of a network; the remaining layers continue from them.
#[derive(Clone, Debug)]
pub struct CachedFeatures {
    layers: usize,
    activations: Cached,
}

#[derive(Clone, Debug)]
enum Cached {
    Images(Plain<(usize, usize, usize, usize)>),
    Features(Plain<(usize, usize)>),
}

impl CachedFeatures {
    /// The activations after the first `layers`, in row-major order: `batch` times this shape.
    pub(crate) fn new(
        layers: usize,
        values: Vec<f32>,
        batch: usize,
        shape: &[usize],
    ) -> Result<Self> {
        let activations = match *shape {
            [c, h, w] => Cached::Images(tensor(values, (batch, c, h, w))?),
            [features] => Cached::Features(tensor(values, (batch, features))?),
            _ => return Err(Error::new(ErrorKind::Shape, format!("features of shape {shape:?}"))),
        };
        Ok(Self { layers, activations })
    }

    /// The number of layers that have run.
    pub(super) fn layers(&self) -> usize {
        self.layers
    }

    /// The input of the next layer.
    pub(super) fn activations(&self) -> Activations {
        match &self.activations {
            Cached::Images(images) => constant(images).into(),
            Cached::Features(features) => constant(features).into(),
        }
    }
}

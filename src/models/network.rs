//! What the zoo's picture classifiers have in common.

use crate::nn::{Buffer, Inputs, Layer, Model, Parameter, Pass, Sequential};
use crate::tensor::Tensor2;
use crate::{Error, ErrorKind, Result};

/// A picture classifier: layers with torchvision's names, the last of which is its head.
///
/// ```
/// use cuaderno::models::resnet18;
/// use cuaderno::nn::Model;
/// # fn main() -> cuaderno::Result<()> {
/// let mut network = resnet18(12, 0)?;
/// network.freeze("")?;
/// network.unfreeze(network.head().to_string().as_str())?; // transfer learning: train the head alone
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    name: String,
    layers: Sequential,
    head: String,
    pixels: usize,
}

impl Network {
    /// A classifier named `name` whose classes come out of the layer `head`, made for pictures of `pixels` a side.
    pub fn new(name: &str, layers: Sequential, head: &str, pixels: usize) -> Self {
        Self { name: name.to_string(), layers, head: head.to_string(), pixels }
    }

    /// What it is called, such as `resnet18`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The layer that tells the classes apart, such as `fc`: the one to train first in transfer learning.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Height and width of the pictures that it was designed for; most others do as well.
    pub fn pixels(&self) -> usize {
        self.pixels
    }
}

impl Model for Network {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        self.layers.forward(inputs.images()?, pass)?.features()
    }

    fn parameters(&self) -> Vec<(String, &Parameter)> {
        self.layers.parameters()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        self.layers.parameters_mut()
    }

    fn buffers(&self) -> Vec<(String, &Buffer)> {
        self.layers.buffers()
    }

    fn layers(&self) -> Option<&Sequential> {
        Some(&self.layers)
    }

    fn boxed_clone(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}

/// That there is something to tell apart.
pub(super) fn check_classes(classes: usize) -> Result<()> {
    if classes > 0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Parameter, "a classifier of 0 classes"))
}

/// The end of most networks: the mean of each channel, as one row per picture.
pub(super) fn pooled(layers: Sequential) -> Sequential {
    layers.named("avgpool", Layer::AdaptiveAveragePool2d([1, 1])).named("flatten", Layer::Flatten)
}

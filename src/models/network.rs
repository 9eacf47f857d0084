//! The type of the zoo's image classifiers.

use crate::nn::{Buffer, Inputs, Layer, Model, Module, Parameter, Pass, Sequential, Summary};
use crate::tensor::{Tensor2, tensor};
use crate::{Error, ErrorKind, Result};

/// An image classifier: layers with torchvision's names, from `[batch, 3, height, width]` to `[batch, classes]`.
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
    /// A classifier named `name` with the final layer `head`, designed for square images of `pixels`.
    pub fn new(name: &str, layers: Sequential, head: &str, pixels: usize) -> Self {
        Self { name: name.to_string(), layers, head: head.to_string(), pixels }
    }

    /// The network's name, such as `resnet18`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the final layer, such as `fc`: the one to train first in transfer learning.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The layers.
    pub fn layers(&self) -> &Sequential {
        &self.layers
    }

    /// The table of layers for one image of the size that the network was designed for; [`Summary::new`] takes any input.
    ///
    /// # Errors
    /// Those of the forward pass.
    pub fn summary(&self) -> Result<Summary> {
        let black = vec![0.0; 3 * self.pixels * self.pixels];
        let images = Some(tensor(black, (1, 3, self.pixels, self.pixels))?);
        Summary::new(self, &Inputs { images, ..Inputs::default() })
    }

    /// Height and width of the images that the network was designed for; most other sizes fit too.
    pub fn pixels(&self) -> usize {
        self.pixels
    }

    /// A copy of the layers without the head, from images to the features `[batch, features]` that the head classifies. Names
    /// and weights are kept. Dropout directly before the head and layers after it in the same sequence are left out too.
    ///
    /// ```
    /// use cuaderno::models::resnet18;
    /// # fn main() -> cuaderno::Result<()> {
    /// let backbone = resnet18(1000, 0)?.backbone()?;
    /// assert_eq!(backbone.parameters()[0].0, "conv1.weight");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when no layer has the head's name.
    pub fn backbone(&self) -> Result<Sequential> {
        before(&self.layers, &self.head).ok_or_else(|| {
            let names = self.layers.named_layers().iter().map(|(name, _)| name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            let problem = format!("{} has no layer `{}`, its head", self.name, self.head);
            Error::new(ErrorKind::Parameter, problem)
                .help(format!("pass one of the layers {names} as `head`"))
        })
    }
}

/// The layers without `head`, which is one of them or inside one of them; `None` when it is not.
fn before(layers: &Sequential, head: &str) -> Option<Sequential> {
    let all = layers.named_layers();
    let copy = |layers: &[(String, Layer)]| {
        layers.iter().fold(Sequential::new(), |copy, (name, layer)| copy.named(name, layer.clone()))
    };
    for (place, (name, layer)) in all.iter().enumerate() {
        if name == head {
            let dropout = |(_, layer): &&(String, Layer)| matches!(layer, Layer::Dropout(_));
            let dropouts = all[..place].iter().rev().take_while(dropout).count();
            return Some(copy(&all[..place - dropouts]));
        }
        let inner = if name.is_empty() {
            Some(head)
        } else {
            head.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.'))
        };
        if let (Layer::Sequential(part), Some(inner)) = (layer, inner)
            && let Some(part) = before(part, inner)
        {
            let mut kept = copy(&all[..place]);
            if !part.named_layers().is_empty() {
                kept = kept.named(name, part);
            }
            let rest = all[place + 1..].iter();
            return Some(rest.fold(kept, |kept, (name, layer)| kept.named(name, layer.clone())));
        }
    }
    None
}

impl Model for Network {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        self.layers.forward_inputs(inputs, pass)?.features()
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

    fn backbone(&self) -> Option<(&str, &Sequential)> {
        Some(("", &self.layers))
    }

    fn boxed_clone(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}

impl Module for Network {
    fn collect<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Parameter)>) {
        self.layers.collect(name, into);
    }

    fn collect_mut<'a>(&'a mut self, name: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        self.layers.collect_mut(name, into);
    }

    fn collect_buffers<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Buffer)>) {
        self.layers.collect_buffers(name, into);
    }
}

/// Checks that there is at least one class.
pub(super) fn check_classes(classes: usize) -> Result<()> {
    if classes > 0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Parameter, "`classes` must be at least 1, found 0"))
}

/// The end of most networks: global average pooling, to `[batch, channels]`.
pub(super) fn pooled(layers: Sequential) -> Sequential {
    layers.named("avgpool", Layer::AdaptiveAveragePool2d([1, 1])).named("flatten", Layer::Flatten)
}

//! Parameters and buffers of layers by name, and what else follows from the tree of layers.

use super::buffer::Buffer;
use super::conv2d::Conv2d;
use super::layer::{Layer, Sequential};
use super::linear::Linear;
use super::parameter::Parameter;
use super::prefix::joined;

/// An entry of PyTorch's `state_dict`.
#[derive(Debug)]
pub(super) enum Entry<'a> {
    Parameter(&'a Parameter),
    Buffer(&'a Buffer),
}

impl Layer {
    /// Returns `true` if the layer's output depends on its input alone: nothing in it is trainable or random.
    pub(super) fn is_frozen(&self) -> bool {
        let mut own = Vec::new();
        if self.is_leaf() {
            self.entries("", &mut own);
        }
        let frozen = own.iter().all(|(_, entry)| match entry {
            Entry::Parameter(parameter) => !parameter.is_trainable(),
            Entry::Buffer(_) => true,
        });
        let mut inside = self.children().into_iter().flat_map(|(_, child)| child.named_layers());
        frozen && !matches!(self, Self::Dropout(_)) && inside.all(|(_, layer)| layer.is_frozen())
    }

    /// Writes the layer's type and settings, and those of the layers inside, but no values.
    pub(super) fn describe(&self, name: &str, text: &mut String) {
        *text += &format!("{name} {}", self.kind());
        match self {
            Self::Conv2d(layer) => *text += &format!(" {:?}", layer.config),
            Self::Linear(layer) => *text += &format!(" {:?}", layer.weight.shape()),
            Self::BatchNorm2d(layer) => *text += &format!(" {}", layer.config().epsilon),
            Self::MaxPool2d(layer) => *text += &format!(" {layer:?}"),
            Self::AveragePool2d(layer) => *text += &format!(" {layer:?}"),
            Self::Subsample2d(layer) => *text += &format!(" {layer:?}"),
            Self::AdaptiveAveragePool2d(size) => *text += &format!(" {size:?}"),
            Self::Residual(block) => *text += &format!(" {}", block.relu),
            Self::Graph(graph) => *text += &format!(" {}", graph.wiring.describe()),
            _ => {}
        }
        for (name, child) in self.children() {
            *text += &format!("\n{name} (");
            child.named_layers().iter().for_each(|(name, layer)| layer.describe(name, text));
            text.push(')');
        }
        text.push('\n');
    }

    /// Lists parameters and buffers with their names under `prefix`.
    pub(super) fn entries<'a>(&'a self, prefix: &str, into: &mut Vec<(String, Entry<'a>)>) {
        let mut put = |name: &str, entry| into.push((joined(prefix, name), entry));
        match self {
            Self::Conv2d(Conv2d { weight, bias, .. }) | Self::Linear(Linear { weight, bias }) => {
                put("weight", Entry::Parameter(weight));
                if let Some(bias) = bias {
                    put("bias", Entry::Parameter(bias));
                }
            }
            Self::BatchNorm2d(norm) => {
                put("weight", Entry::Parameter(&norm.weight));
                put("bias", Entry::Parameter(&norm.bias));
                put("running_mean", Entry::Buffer(&norm.running_mean));
                put("running_var", Entry::Buffer(&norm.running_var));
            }
            container => {
                for (name, child) in container.children() {
                    child.entries(&joined(prefix, name), into);
                }
            }
        }
    }

    /// The parameters of [`Self::entries`] for writing, in the same order.
    pub(super) fn parameters_mut<'a>(
        &'a mut self,
        prefix: &str,
        into: &mut Vec<(String, &'a mut Parameter)>,
    ) {
        let mut put = |name: &str, parameter| into.push((joined(prefix, name), parameter));
        match self {
            Self::Conv2d(Conv2d { weight, bias, .. }) | Self::Linear(Linear { weight, bias }) => {
                put("weight", weight);
                if let Some(bias) = bias {
                    put("bias", bias);
                }
            }
            Self::BatchNorm2d(norm) => {
                put("weight", &mut norm.weight);
                put("bias", &mut norm.bias);
            }
            container => {
                for (name, child) in container.children_mut() {
                    child.parameters_mut_under(&joined(prefix, name), into);
                }
            }
        }
    }

    /// Returns `true` if the layer is a convolution or holds one.
    fn has_convolution(&self) -> bool {
        let mut inside = self.children().into_iter().flat_map(|(_, child)| child.named_layers());
        matches!(self, Self::Conv2d(_)) || inside.any(|(_, layer)| layer.has_convolution())
    }

    /// Returns `true` if the layer may belong to the convolution before it: a normalization or an activation.
    fn completes_convolution(&self) -> bool {
        matches!(self, Self::BatchNorm2d(_)) || self.activation().is_some()
    }
}

impl Sequential {
    pub(super) fn entries<'a>(&'a self, prefix: &str, into: &mut Vec<(String, Entry<'a>)>) {
        for (name, layer) in &self.layers {
            layer.entries(&joined(prefix, name), into);
        }
    }

    pub(super) fn parameters_mut_under<'a>(
        &'a mut self,
        prefix: &str,
        into: &mut Vec<(String, &'a mut Parameter)>,
    ) {
        for (name, layer) in &mut self.layers {
            layer.parameters_mut(&joined(prefix, name), into);
        }
    }

    /// The full name of the last convolutional layer: that of the block it lies in, or of the normalization or activation
    /// that directly follows it. `prefix` precedes the names of these layers. `None` without a convolution.
    pub(crate) fn last_convolutional(&self, prefix: &str) -> Option<String> {
        let mut all = Vec::new();
        self.flattened(prefix, &mut all);
        let last = all.iter().rposition(|(_, layer)| layer.has_convolution())?;
        let rest = all[last + 1..].iter();
        let end = last + rest.take_while(|(_, layer)| layer.completes_convolution()).count();
        // A layer without a name of its own cannot be told from the one around it.
        let named = all[..=end].iter().rev().find(|(name, _)| !name.is_empty());
        named.map(|(name, _)| name.clone())
    }

    /// Lists the layers with their full names; a sequence inside is replaced by its layers.
    fn flattened<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Layer)>) {
        for (name, layer) in &self.layers {
            let full = joined(prefix, name);
            match layer {
                Layer::Sequential(inner) => inner.flattened(&full, into),
                layer => into.push((if name.is_empty() { String::new() } else { full }, layer)),
            }
        }
    }
}

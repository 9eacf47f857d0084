//! One step of a network, of whatever kind.

use super::{
    AveragePool2d, BatchNorm2d, Branches, Buffer, Conv2d, Dropout, Gate, Graph, Linear, MaxPool2d,
    Parameter, Residual, Sequential, Subsample2d,
};
use crate::tensor::Activation;

/// One layer of a [`Sequential`], which may be a network of its own.
#[derive(Clone, Debug)]
pub enum Layer {
    /// Convolution.
    Conv2d(Conv2d),
    /// Fully connected.
    Linear(Linear),
    /// Batch normalization.
    BatchNorm2d(BatchNorm2d),
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// x / (1 + e⁻ˣ).
    Silu,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// Max-pooling.
    MaxPool2d(MaxPool2d),
    /// Means over a sliding window.
    AveragePool2d(AveragePool2d),
    /// Every so manieth pixel.
    Subsample2d(Subsample2d),
    /// Means over the cells of a grid, `[height, width]`, whatever the size of the picture.
    AdaptiveAveragePool2d([usize; 2]),
    /// The mean of each channel, as one row of features per example.
    GlobalAveragePool2d,
    /// Feature maps to one row of features per example.
    Flatten,
    /// Dropout.
    Dropout(Dropout),
    /// Layers one after the other.
    Sequential(Sequential),
    /// Layers around which the input flows too, to be added.
    Residual(Residual),
    /// Several ways side by side, whose channels are joined.
    Branches(Branches),
    /// Layers that take the output of any earlier one.
    Graph(Graph),
    /// Feature maps times a factor per channel that is computed from them.
    Gate(Gate),
}

macro_rules! layers_from {
    ($($kind:ident),*) => {$(
        impl From<$kind> for Layer {
            fn from(layer: $kind) -> Self {
                Self::$kind(layer)
            }
        }
    )*};
}

layers_from!(
    Conv2d,
    Linear,
    BatchNorm2d,
    MaxPool2d,
    AveragePool2d,
    Subsample2d,
    Dropout,
    Sequential,
    Residual,
    Branches,
    Graph,
    Gate
);

/// What a network is made of, as PyTorch's `state_dict` lists it.
#[derive(Debug)]
pub(super) enum Entry<'a> {
    Parameter(&'a Parameter),
    Buffer(&'a Buffer),
}

/// `prefix.name`, or the one of the two that is not empty.
pub(super) fn joined(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_string(),
        (prefix, "") => prefix.to_string(),
        (prefix, name) => format!("{prefix}.{name}"),
    }
}

impl Layer {
    /// The function of each value that this layer is, if it is one.
    pub(super) fn activation(&self) -> Option<Activation> {
        match self {
            Self::Relu => Some(Activation::Relu),
            Self::Relu6 => Some(Activation::Relu6),
            Self::Silu => Some(Activation::Silu),
            Self::Sigmoid => Some(Activation::Sigmoid),
            _ => None,
        }
    }

    /// The sequences inside, with what comes before the names of their parameters.
    fn parts(&self) -> Vec<(&str, &Sequential)> {
        match self {
            Self::Sequential(layers) => vec![("", layers)],
            Self::Residual(block) => block.parts().collect(),
            Self::Branches(block) => block.ways.iter().map(|way| ("", way)).collect(),
            Self::Gate(gate) => vec![("", &gate.body)],
            Self::Graph(graph) => graph.parts().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it makes the same of an input each time: nothing in it is trained or random.
    pub(super) fn is_still(&self) -> bool {
        let mut own = Vec::new();
        if self.is_leaf() {
            self.entries("", &mut own);
        }
        let frozen = own.iter().all(|(_, entry)| match entry {
            Entry::Parameter(parameter) => !parameter.is_trainable(),
            Entry::Buffer(_) => true,
        });
        let mut inside = self.parts().into_iter().flat_map(|(_, part)| part.named_layers());
        frozen && !matches!(self, Self::Dropout(_)) && inside.all(|(_, layer)| layer.is_still())
    }

    /// Writes down its kind and its settings, and those of what is inside, but no values.
    pub(super) fn describe(&self, name: &str, text: &mut String) {
        *text += &format!("{name} {}", self.kind());
        match self {
            Self::Conv2d(layer) => *text += &format!(" {:?}", layer.config),
            Self::Linear(layer) => *text += &format!(" {:?}", layer.weight.shape()),
            Self::BatchNorm2d(layer) => *text += &format!(" {}", layer.epsilon),
            Self::MaxPool2d(layer) => *text += &format!(" {layer:?}"),
            Self::AveragePool2d(layer) => *text += &format!(" {layer:?}"),
            Self::Subsample2d(layer) => *text += &format!(" {layer:?}"),
            Self::AdaptiveAveragePool2d(size) => *text += &format!(" {size:?}"),
            Self::Residual(block) => *text += &format!(" {}", block.relu),
            Self::Graph(graph) => *text += &format!(" {}", graph.wiring()),
            _ => {}
        }
        for (name, part) in self.parts() {
            *text += &format!("\n{name} (");
            part.named_layers().iter().for_each(|(name, layer)| layer.describe(name, text));
            text.push(')');
        }
        text.push('\n');
    }

    /// Whether it has no layers inside.
    pub(super) fn is_leaf(&self) -> bool {
        !matches!(
            self,
            Self::Sequential(_)
                | Self::Residual(_)
                | Self::Branches(_)
                | Self::Graph(_)
                | Self::Gate(_)
        )
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Conv2d(_) => "Conv2d",
            Self::Linear(_) => "Linear",
            Self::BatchNorm2d(_) => "BatchNorm2d",
            Self::Relu => "ReLU",
            Self::Relu6 => "ReLU6",
            Self::Silu => "SiLU",
            Self::Sigmoid => "Sigmoid",
            Self::MaxPool2d(_) => "MaxPool2d",
            Self::AveragePool2d(_) => "AvgPool2d",
            Self::Subsample2d(_) => "Subsample2d",
            Self::AdaptiveAveragePool2d(_) => "AdaptiveAvgPool2d",
            Self::GlobalAveragePool2d => "GlobalAvgPool2d",
            Self::Flatten => "Flatten",
            Self::Dropout(_) => "Dropout",
            Self::Sequential(_) => "Sequential",
            Self::Residual(_) => "Residual",
            Self::Branches(_) => "Branches",
            Self::Graph(_) => "Graph",
            Self::Gate(_) => "Gate",
        }
    }

    /// Lists what this layer holds, under `prefix`.
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
                for (name, part) in container.parts() {
                    part.entries(&joined(prefix, name), into);
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
            Self::Sequential(layers) => layers.parameters_mut_under(prefix, into),
            Self::Residual(block) => {
                for (name, part) in block.parts_mut() {
                    part.parameters_mut_under(&joined(prefix, name), into);
                }
            }
            Self::Branches(block) => {
                block.ways.iter_mut().for_each(|way| way.parameters_mut_under(prefix, into));
            }
            Self::Graph(graph) => graph.parameters_mut_under(prefix, into),
            Self::Gate(gate) => gate.body.parameters_mut_under(prefix, into),
            _ => {}
        }
    }
}

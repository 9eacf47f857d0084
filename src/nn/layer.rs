//! The layers that networks are built from.

use super::batch_norm::BatchNorm2d;
use super::conv2d::Conv2d;
use super::dropout::Dropout;
use super::graph::Wiring;
use super::linear::Linear;
use super::pool::{AveragePool2d, MaxPool2d, Subsample2d};
use crate::tensor::Activation;

/// One layer of a [`Sequential`]; some hold layers of their own. Layers with settings convert into it, so that
/// `Sequential::add` takes them as they are; the others are named here.
///
/// ```
/// use cuaderno::nn::{Layer, MaxPool2d, Sequential};
/// let layers = Sequential::new().add(Layer::Relu).add(MaxPool2d::new(2)).add(Layer::Flatten);
/// assert_eq!(layers.named_layers().len(), 3);
/// ```
#[derive(Clone, Debug)]
pub enum Layer {
    /// Two-dimensional convolution.
    Conv2d(Conv2d),
    /// Fully connected layer.
    Linear(Linear),
    /// Batch normalization.
    BatchNorm2d(BatchNorm2d),
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x / (1 + e⁻ˣ)`, also called swish.
    Silu,
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// Max-pooling.
    MaxPool2d(MaxPool2d),
    /// Average pooling.
    AveragePool2d(AveragePool2d),
    /// Every n-th pixel, without averaging.
    Subsample2d(Subsample2d),
    /// Average pooling to a grid of `[height, width]` cells, whatever the size of the image.
    AdaptiveAveragePool2d([usize; 2]),
    /// Mean of each channel: `[batch, channels, height, width]` to `[batch, channels]`.
    GlobalAveragePool2d,
    /// `[batch, channels, height, width]` to `[batch, channels · height · width]`.
    Flatten,
    /// Dropout.
    Dropout(Dropout),
    /// Layers in sequence.
    Sequential(Sequential),
    /// A residual block.
    Residual(Residual),
    /// Parallel branches whose channels are concatenated.
    Branches(Branches),
    /// A directed acyclic graph of layers.
    Graph(Graph),
    /// Channel attention (squeeze and excitation).
    SqueezeExcitation(SqueezeExcitation),
}

/// Layers in sequence, each with a name: its index (`0.weight`), as in PyTorch's `nn.Sequential`, unless it is given
/// another one.
///
/// In inference, a convolution, the batch normalization after it, the activation and max-pooling whose windows do not
/// overlap run as one step, as do normalization and ReLU in training: the results are the same, with less memory traffic.
///
/// ```
/// use cuaderno::nn::{Conv2d, Conv2dConfig, Init, Layer, Linear, MaxPool2d, Pass, Sequential};
/// use cuaderno::tensor::{constant, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let mut init = Init::seed(0);
/// let network = Sequential::new()
///     .add(Conv2d::new(Conv2dConfig::same(3, 8, 3), &mut init)?)
///     .add(Layer::Relu)
///     .add(MaxPool2d::new(2))
///     .add(Layer::Flatten)
///     .add(Linear::new(8 * 4 * 4, 10, &mut init)?);
/// let images = constant(&tensor(vec![0.5; 2 * 3 * 8 * 8], (2, 3, 8, 8))?);
/// let logits = network.forward(images, &Pass::inference())?;
/// assert_eq!(logits.shape(), [2, 10]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sequential {
    pub(super) layers: Vec<(String, Layer)>,
}

impl Sequential {
    /// An empty sequence, which returns its input.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer at the end, named by its index.
    #[expect(clippy::should_implement_trait, reason = "the name that other frameworks use")]
    pub fn add(self, layer: impl Into<Layer>) -> Self {
        let name = self.layers.len().to_string();
        self.named(&name, layer)
    }

    /// Adds a layer at the end under a name. Under an empty name, its parameters get no prefix.
    pub fn named(mut self, name: &str, layer: impl Into<Layer>) -> Self {
        self.layers.push((name.to_string(), layer.into()));
        self
    }

    /// The layers in order, with their names.
    pub fn named_layers(&self) -> &[(String, Layer)] {
        &self.layers
    }
}

/// A residual block, `relu(body(x) + shortcut(x))` (He et al., 2016); shapes `[batch, channels, height, width]`.
///
/// Without a shortcut of its own, x itself is added; without `relu`, the sum is the output, as in inverted residuals
/// (Sandler et al., 2018).
///
/// ```
/// use cuaderno::nn::{BatchNorm2d, Conv2d, Conv2dConfig, Init, Layer, Residual, Sequential};
/// # fn main() -> cuaderno::Result<()> {
/// let mut init = Init::seed(0);
/// let convolution = Conv2dConfig::same(16, 16, 3).no_bias();
/// let body = Sequential::new()
///     .named("conv1", Conv2d::new(convolution.clone(), &mut init)?)
///     .named("bn1", BatchNorm2d::new(16)?)
///     .named("relu", Layer::Relu)
///     .named("conv2", Conv2d::new(convolution, &mut init)?)
///     .named("bn2", BatchNorm2d::new(16)?);
/// let block = Residual { body, relu: true, ..Residual::default() };
/// let network = Sequential::new().named("layer1", block);
/// assert_eq!(network.parameters()[0].0, "layer1.conv1.weight");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Residual {
    /// The layers of the block. Their parameters get no prefix of their own.
    pub body: Sequential,
    /// The projection that gives the input the body's shape; its parameters are under `downsample`.
    pub shortcut: Option<Sequential>,
    /// Applies ReLU to the sum.
    pub relu: bool,
    /// Probability of dropping the body for an example in training (stochastic depth; Huang et al., 2016). A frozen body is
    /// never dropped.
    pub stochastic_depth: f32,
}

/// Parallel branches on the same input, whose outputs are concatenated along the channels. An empty branch passes the input
/// through, which makes the layer of a dense block (Huang et al., 2017). Parameters get no prefix of their own.
///
/// ```
/// use cuaderno::nn::{Branches, Conv2d, Conv2dConfig, Init, Pass, Sequential};
/// use cuaderno::tensor::{constant, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let convolution = Conv2d::new(Conv2dConfig::same(4, 2, 3), &mut Init::seed(0))?;
/// let dense = Branches { branches: vec![Sequential::new(), Sequential::new().add(convolution)] };
/// let network = Sequential::new().add(dense);
/// let images = constant(&tensor(vec![0.5; 4 * 6 * 6], (1, 4, 6, 6))?);
/// assert_eq!(network.forward(images, &Pass::inference())?.shape(), [1, 4 + 2, 6, 6]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Branches {
    /// The branches, in the order of their channels.
    pub branches: Vec<Sequential>,
}

/// Channel attention, `x · body(x)`: squeeze and excitation (Hu et al., 2018).
///
/// ```
/// use cuaderno::nn::{Conv2d, Conv2dConfig, Init, Layer, Sequential, SqueezeExcitation};
/// # fn main() -> cuaderno::Result<()> {
/// let mut init = Init::seed(0);
/// let body = Sequential::new()
///     .named("avgpool", Layer::AdaptiveAveragePool2d([1, 1]))
///     .named("fc1", Conv2d::new(Conv2dConfig::new(32, 8, 1), &mut init)?)
///     .named("activation", Layer::Relu)
///     .named("fc2", Conv2d::new(Conv2dConfig::new(8, 32, 1), &mut init)?)
///     .named("scale_activation", Layer::Sigmoid);
/// let network = Sequential::new().add(SqueezeExcitation { body });
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct SqueezeExcitation {
    /// From `[batch, channels, height, width]` to one weight per channel, `[batch, channels, 1, 1]`.
    pub body: Sequential,
}

/// A directed acyclic graph of layers, for networks that neither [`Residual`] nor [`Branches`] describes. The last node is
/// the output; a graph without nodes returns its input.
///
/// ```
/// use cuaderno::nn::{Conv2d, Conv2dConfig, Graph, Init, Sequential};
/// # fn main() -> cuaderno::Result<()> {
/// let mut init = Init::seed(0);
/// let mut convolution = || Conv2d::new(Conv2dConfig::same(8, 8, 3), &mut init);
/// let mut graph = Graph::new();
/// let input = graph.input();
/// let first = graph.layers("first", Sequential::new().add(convolution()?), input);
/// let second = graph.layers("second", Sequential::new().add(convolution()?), first);
/// let sum = graph.add("sum", input, second);
/// graph.concat("all", &[first, sum]);
/// let network = Sequential::new().named("features", graph);
/// assert_eq!(network.parameters()[0].0, "features.first.0.weight");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(super) wiring: Wiring<Sequential>,
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
    SqueezeExcitation
);

impl Layer {
    /// The elementwise function, if the layer is one.
    pub(super) fn activation(&self) -> Option<Activation> {
        match self {
            Self::Relu => Some(Activation::Relu),
            Self::Relu6 => Some(Activation::Relu6),
            Self::Silu => Some(Activation::Silu),
            Self::Sigmoid => Some(Activation::Sigmoid),
            _ => None,
        }
    }

    /// The type's name, as PyTorch writes it.
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
            Self::SqueezeExcitation(_) => "SqueezeExcitation",
        }
    }

    /// Returns `true` if the layer holds no other layers.
    pub(super) fn is_leaf(&self) -> bool {
        !matches!(
            self,
            Self::Sequential(_)
                | Self::Residual(_)
                | Self::Branches(_)
                | Self::Graph(_)
                | Self::SqueezeExcitation(_)
        )
    }

    /// The sequences inside, with the prefixes of their parameters.
    pub(super) fn children(&self) -> Vec<(&str, &Sequential)> {
        match self {
            Self::Sequential(layers) => vec![("", layers)],
            Self::Residual(Residual { body, shortcut, .. }) => {
                let shortcut = shortcut.as_ref().map(|shortcut| ("downsample", shortcut));
                std::iter::once(("", body)).chain(shortcut).collect()
            }
            Self::Branches(block) => block.branches.iter().map(|branch| ("", branch)).collect(),
            Self::SqueezeExcitation(block) => vec![("", &block.body)],
            Self::Graph(graph) => graph.wiring.layers().collect(),
            _ => Vec::new(),
        }
    }

    /// [`Self::children`] for writing, in the same order.
    pub(super) fn children_mut(&mut self) -> Vec<(&str, &mut Sequential)> {
        match self {
            Self::Sequential(layers) => vec![("", layers)],
            Self::Residual(Residual { body, shortcut, .. }) => {
                let shortcut = shortcut.as_mut().map(|shortcut| ("downsample", shortcut));
                std::iter::once(("", body)).chain(shortcut).collect()
            }
            Self::Branches(block) => block.branches.iter_mut().map(|branch| ("", branch)).collect(),
            Self::SqueezeExcitation(block) => vec![("", &mut block.body)],
            Self::Graph(graph) => graph.wiring.layers_mut().collect(),
            _ => Vec::new(),
        }
    }
}

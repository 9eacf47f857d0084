//! Layers one after the other.

use super::{
    AveragePool2d, BatchNorm2d, Conv2d, Dropout, Inputs, Linear, MaxPool2d, Model, Parameter, Pass,
    SummaryRow,
};
use crate::tensor::{
    self, Epilogue, Tensor2, Tensor4, adaptive_average_pool2d, average_pool2d, dropout, flatten,
    global_average_pool2d, max_pool2d,
};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;

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
    fn bend(
        self,
        images: impl FnOnce(Tensor4) -> Result<Tensor4>,
        features: impl FnOnce(Tensor2) -> Result<Tensor2>,
    ) -> Result<Self> {
        match self {
            Self::Images(t) => Ok(images(t)?.into()),
            Self::Features(t) => Ok(features(t)?.into()),
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

/// One layer of a [`Sequential`].
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
    /// Means over the cells of a grid, `[height, width]`, whatever the size of the picture.
    AdaptiveAveragePool2d([usize; 2]),
    /// The mean of each channel.
    GlobalAveragePool2d,
    /// Feature maps to one row of features per example.
    Flatten,
    /// Dropout.
    Dropout(Dropout),
}

impl From<Conv2d> for Layer {
    fn from(layer: Conv2d) -> Self {
        Self::Conv2d(layer)
    }
}

impl From<Linear> for Layer {
    fn from(layer: Linear) -> Self {
        Self::Linear(layer)
    }
}

impl From<BatchNorm2d> for Layer {
    fn from(layer: BatchNorm2d) -> Self {
        Self::BatchNorm2d(layer)
    }
}

impl From<AveragePool2d> for Layer {
    fn from(layer: AveragePool2d) -> Self {
        Self::AveragePool2d(layer)
    }
}

impl From<MaxPool2d> for Layer {
    fn from(layer: MaxPool2d) -> Self {
        Self::MaxPool2d(layer)
    }
}

impl From<Dropout> for Layer {
    fn from(layer: Dropout) -> Self {
        Self::Dropout(layer)
    }
}

impl Layer {
    fn kind(&self) -> &'static str {
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
            Self::AdaptiveAveragePool2d(_) => "AdaptiveAvgPool2d",
            Self::GlobalAveragePool2d => "GlobalAveragePool2d",
            Self::Flatten => "Flatten",
            Self::Dropout(_) => "Dropout",
        }
    }

    fn weights(&self) -> Vec<(&'static str, &Parameter)> {
        let (weight, bias) = match self {
            Self::Conv2d(layer) => (&layer.weight, &layer.bias),
            Self::Linear(layer) => (&layer.weight, &layer.bias),
            Self::BatchNorm2d(layer) => {
                return vec![("weight", &layer.weight), ("bias", &layer.bias)];
            }
            _ => return Vec::new(),
        };
        std::iter::once(("weight", weight))
            .chain(bias.as_ref().map(|bias| ("bias", bias)))
            .collect()
    }

    fn weights_mut(&mut self) -> Vec<(&'static str, &mut Parameter)> {
        let (weight, bias) = match self {
            Self::Conv2d(layer) => (&mut layer.weight, &mut layer.bias),
            Self::Linear(layer) => (&mut layer.weight, &mut layer.bias),
            Self::BatchNorm2d(layer) => {
                return vec![("weight", &mut layer.weight), ("bias", &mut layer.bias)];
            }
            _ => return Vec::new(),
        };
        std::iter::once(("weight", weight))
            .chain(bias.as_mut().map(|bias| ("bias", bias)))
            .collect()
    }

    /// Multiplications and additions for one example, counted as one; `output` is its shape.
    fn multiply_adds(&self, output: &[usize]) -> usize {
        let weights = self.weights().first().map_or(0, |(_, weight)| weight.count());
        let positions: usize = output.iter().skip(2).product();
        weights * positions
    }
}

/// Layers one after the other. Parameters are named by the place of their layer (`0.weight`), as in
/// PyTorch's `nn.Sequential`.
///
/// A convolution followed by ReLU and by max-pooling whose windows do not overlap runs as one step, and
/// so does a linear layer followed by ReLU: the results are the same, without the memory traffic.
#[derive(Clone, Debug, Default)]
pub struct Sequential {
    layers: Vec<Layer>,
}

impl Sequential {
    /// No layers: what goes in comes out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer at the end.
    #[expect(clippy::should_implement_trait, reason = "the builder's word, as in other frameworks")]
    pub fn add(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    /// The layers in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Runs the layers in order. Errors name the layer.
    pub fn forward(&self, input: impl Into<Activations>, pass: &Pass) -> Result<Activations> {
        let mut flow = input.into();
        let mut next = 0;
        while let Some(layer) = self.layers.get(next) {
            let fused = self.fusible(next, pass);
            flow = pass.enter(&next.to_string(), || {
                let output = step(layer, flow, &self.layers[next + 1..next + fused], pass)?;
                pass.note(|| summarize(layer, &output));
                Ok(output)
            })?;
            next += fused;
        }
        Ok(flow)
    }

    /// How many layers from `start` on run as one step.
    fn fusible(&self, start: usize, pass: &Pass) -> usize {
        if pass.is_tracing() {
            return 1;
        }
        let relu = matches!(self.layers.get(start + 1), Some(Layer::Relu));
        let after = start + 1 + usize::from(relu);
        let pool =
            matches!(self.layers.get(after), Some(Layer::MaxPool2d(p)) if p.tile().is_some());
        match self.layers[start] {
            Layer::Conv2d(_) => after + usize::from(pool) - start,
            Layer::Linear(_) => after - start,
            _ => 1,
        }
    }

    /// The parameters with their names.
    pub fn parameters(&self) -> Vec<(String, &Parameter)> {
        let layers = self.layers.iter().enumerate();
        layers
            .flat_map(|(i, layer)| {
                layer.weights().into_iter().map(move |(name, p)| (format!("{i}.{name}"), p))
            })
            .collect()
    }

    /// The same for writing.
    pub fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        let layers = self.layers.iter_mut().enumerate();
        layers
            .flat_map(|(i, layer)| {
                layer.weights_mut().into_iter().map(move |(name, p)| (format!("{i}.{name}"), p))
            })
            .collect()
    }
}

/// One layer together with those after it that run in the same step.
fn step(layer: &Layer, flow: Activations, fused: &[Layer], pass: &Pass) -> Result<Activations> {
    let relu = matches!(fused.first(), Some(Layer::Relu));
    let pool = fused.iter().find_map(|layer| match layer {
        Layer::MaxPool2d(pool) => pool.tile(),
        _ => None,
    });
    Ok(match layer {
        Layer::Conv2d(conv) => conv.forward(flow.images()?, Epilogue { relu, pool }, pass)?.into(),
        Layer::Linear(linear) => linear.forward(flow.features()?, relu, pass)?.into(),
        Layer::BatchNorm2d(norm) => norm.forward(flow.images()?, pass)?.into(),
        Layer::Relu => flow.bend(tensor::relu, tensor::relu)?,
        Layer::Relu6 => flow.bend(tensor::relu6, tensor::relu6)?,
        Layer::Silu => flow.bend(tensor::silu, tensor::silu)?,
        Layer::Sigmoid => flow.bend(tensor::sigmoid, tensor::sigmoid)?,
        Layer::AveragePool2d(pool) => average_pool2d(flow.images()?, &pool.window)?.into(),
        Layer::AdaptiveAveragePool2d(size) => {
            adaptive_average_pool2d(flow.images()?, *size)?.into()
        }
        Layer::MaxPool2d(pool) => max_pool2d(flow.images()?, &pool.window)?.into(),
        Layer::GlobalAveragePool2d => global_average_pool2d(flow.images()?)?.into(),
        Layer::Flatten => match flow {
            Activations::Images(t) => flatten(t)?.into(),
            features => features,
        },
        Layer::Dropout(_) if !pass.is_training() => flow,
        Layer::Dropout(layer) => match flow {
            Activations::Images(t) => dropout(t, layer.probability, pass.seed())?.into(),
            Activations::Features(t) => dropout(t, layer.probability, pass.seed())?.into(),
        },
    })
}

fn summarize(layer: &Layer, output: &Activations) -> SummaryRow {
    let weights = layer.weights();
    let shape = output.shape();
    SummaryRow {
        name: String::new(),
        kind: layer.kind().to_string(),
        parameters: weights.iter().map(|(_, p)| p.count()).sum(),
        trainable: weights.iter().all(|(_, p)| p.is_trainable()),
        multiply_adds: layer.multiply_adds(&shape),
        output: shape,
    }
}

/// A network for pictures alone or metadata alone: whichever the batch has.
impl Model for Sequential {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        let input = match &inputs.images {
            Some(_) => Activations::from(inputs.images()?),
            None => inputs.features()?.into(),
        };
        Sequential::forward(self, input, pass)?.features()
    }

    fn parameters(&self) -> Vec<(String, &Parameter)> {
        Sequential::parameters(self)
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        Sequential::parameters_mut(self)
    }

    fn boxed_clone(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}

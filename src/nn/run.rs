//! The forward pass through a sequence of layers, with layers fused into steps where nothing between them is recorded.

use super::activations::Activations;
use super::batch_norm::BatchNorm2d;
use super::conv2d::Conv2d;
use super::entries::Entry;
use super::graph::{Operation, unknown_node};
use super::layer::{Branches, Graph, Layer, Residual, SqueezeExcitation};
use super::parameter::Parameter;
use super::pass::Pass;
use super::pool::Subsample2d;
use super::summary_row::SummaryRow;
use crate::Result;
use crate::tensor::{
    self, Activation, Epilogue, FusedOps, NormEpilogue, Tensor4, activate, adaptive_average_pool2d,
    concat_channels, dropout, flatten, fork, global_average_pool2d, out_of_memory, scale_channels,
    stochastic_depth, subsample2d,
};
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{TryAdd, TryMul};

/// The end of a residual block: the shortcut's output to add to the last layer's, and whether ReLU follows.
pub(super) struct Tail {
    shortcut: Tensor4,
    relu: bool,
}

impl Tail {
    fn epilogue(self) -> NormEpilogue {
        NormEpilogue { add: Some(self.shortcut), relu: self.relu }
    }

    fn apply(self, flow: Activations) -> Result<Activations> {
        let sum = tensor::add(flow.images()?, self.shortcut)?;
        Ok(if self.relu { tensor::relu(sum)? } else { sum }.into())
    }
}

/// Consecutive layers that run as one step.
struct Step<'a> {
    layer: &'a Layer,
    /// Normalization and activation before a pointwise convolution.
    before: Option<(&'a BatchNorm2d, Activation)>,
    norm: Option<&'a BatchNorm2d>,
    activation: Activation,
    pool: Option<usize>,
    /// Number of layers in the step.
    length: usize,
    /// Whether nothing in the step is recorded, so that all of it fuses.
    fused: bool,
}

/// Runs `layers` in order, then adds the tail of a residual block. Errors name the layer.
pub(super) fn run(
    layers: &[(String, Layer)],
    input: Activations,
    tail: Option<Tail>,
    pass: &Pass,
) -> Result<Activations> {
    let (mut flow, mut tail, mut next) = (input, tail, 0);
    while let Some((name, _)) = layers.get(next) {
        let (input, recorded) = flow.recorded();
        // A step ends at the layer whose output the pass captures, if that is among these.
        let captured = layers[next..].iter().position(|(name, _)| pass.captures(name));
        let end = captured.map_or(layers.len(), |place| next + place + 1);
        let step = Step::at(&layers[next..end], recorded, pass);
        next += step.length;
        let captured = captured.is_some() && next == end;
        let mine = if next == layers.len() && !captured { tail.take() } else { None };
        flow = pass.enter(name, || {
            let output = step.run(input, mine, pass)?;
            if step.layer.is_leaf() {
                pass.note(|| summarize(step.layer, &output));
            }
            Ok(output)
        })?;
        if captured {
            flow = pass.capture(flow);
        }
    }
    match tail {
        Some(tail) => tail.apply(flow),
        None => Ok(flow),
    }
}

impl<'a> Step<'a> {
    /// The first step of `layers`, which must not be empty; `recorded` says whether the input is.
    fn at(layers: &'a [(String, Layer)], recorded: bool, pass: &Pass) -> Self {
        let mut step = Self {
            layer: &layers[0].1,
            before: None,
            norm: None,
            activation: Activation::Identity,
            pool: None,
            length: 1,
            fused: false,
        };
        if pass.is_tracing() {
            return step;
        }
        let next = |length: usize| layers.get(length).map(|(_, layer)| layer);
        let relu = |length: usize| matches!(next(length), Some(Layer::Relu));
        if let (Layer::BatchNorm2d(norm), Some(Layer::Conv2d(conv))) = (step.layer, next(2))
            && let Some(activation) = next(1).and_then(Layer::activation)
            && conv.is_pointwise()
            && !(recorded || norm.is_recorded(pass) || conv.is_recorded(pass))
        {
            step.before = Some((norm, activation));
            step.layer = &layers[2].1;
            step.length = 3;
        }
        match step.layer {
            Layer::Conv2d(conv) => {
                step.fused = !recorded && !conv.is_recorded(pass);
                if let Some(Layer::BatchNorm2d(norm)) = next(step.length)
                    && step.fused
                    && !norm.is_recorded(pass)
                {
                    step.norm = Some(norm);
                    step.length += 1;
                }
                let activation = next(step.length).and_then(Layer::activation);
                if let Some(activation) = activation
                    && (step.fused || activation == Activation::Relu)
                {
                    step.activation = activation;
                    step.length += 1;
                }
                // A monotonic activation commutes with the maximum.
                let monotonic = !matches!(step.activation, Activation::Silu);
                if let Some(Layer::MaxPool2d(pool)) = next(step.length)
                    && monotonic
                    && let Some(side) = pool.tile()
                {
                    step.pool = Some(side);
                    step.length += 1;
                }
            }
            Layer::Linear(_) | Layer::BatchNorm2d(_) if relu(1) => {
                step.activation = Activation::Relu;
                step.length = 2;
            }
            _ => {}
        }
        step
    }

    fn run(&self, flow: Activations, tail: Option<Tail>, pass: &Pass) -> Result<Activations> {
        let relu = self.activation == Activation::Relu;
        let plain = self.activation == Activation::Identity && self.pool.is_none();
        // A tail that the step cannot fuse is added afterwards.
        match (self.layer, tail) {
            (Layer::Conv2d(conv), tail) if self.fused => {
                let (mine, later) = if plain { (tail, None) } else { (None, tail) };
                let output = self.run_fused(conv, flow.images()?, mine)?;
                match later {
                    Some(tail) => tail.apply(output.into()),
                    None => Ok(output.into()),
                }
            }
            (Layer::BatchNorm2d(norm), Some(tail)) if plain => {
                Ok(norm.forward_then(flow.images()?, tail.epilogue(), pass)?.into())
            }
            (Layer::Sequential(layers), tail) => run(&layers.layers, flow, tail, pass),
            (_, Some(tail)) => tail.apply(self.run(flow, None, pass)?),
            (layer, None) => Ok(match layer {
                Layer::Conv2d(conv) => {
                    let epilogue = Epilogue { relu, pool: self.pool };
                    conv.compute(flow.images()?, epilogue, pass)?.into()
                }
                Layer::Linear(linear) => linear.compute(flow.features()?, relu, pass)?.into(),
                Layer::BatchNorm2d(norm) => {
                    let epilogue = NormEpilogue { add: None, relu };
                    norm.forward_then(flow.images()?, epilogue, pass)?.into()
                }
                Layer::AveragePool2d(pool) => pool.forward(flow.images()?)?.into(),
                Layer::Subsample2d(Subsample2d { stride, from }) => {
                    subsample2d(flow.images()?, *stride, *from)?.into()
                }
                Layer::AdaptiveAveragePool2d(size) => {
                    adaptive_average_pool2d(flow.images()?, *size)?.into()
                }
                Layer::MaxPool2d(pool) => pool.forward(flow.images()?)?.into(),
                Layer::GlobalAveragePool2d => global_average_pool2d(flow.images()?)?.into(),
                Layer::Flatten => match flow {
                    Activations::Images(t) => flatten(t)?.into(),
                    features => features,
                },
                Layer::Dropout(_) if !pass.is_random() => flow,
                Layer::Dropout(layer) => match flow {
                    Activations::Images(t) => dropout(t, layer.probability(), pass.seed())?.into(),
                    Activations::Features(t) => {
                        dropout(t, layer.probability(), pass.seed())?.into()
                    }
                },
                Layer::Residual(block) => residual(block, flow.images()?, pass)?.into(),
                Layer::Branches(block) => branches(block, flow.images()?, pass)?.into(),
                Layer::Graph(block) => graph(block, flow.images()?, pass)?.into(),
                Layer::SqueezeExcitation(block) => {
                    squeeze_excitation(block, flow.images()?, pass)?.into()
                }
                Layer::Relu
                | Layer::Relu6
                | Layer::Silu
                | Layer::Sigmoid
                | Layer::Sequential(_) => {
                    let activation = layer.activation().unwrap_or_default();
                    flow.map(|t| activate(t, activation), |t| activate(t, activation))?
                }
            }),
        }
    }

    /// The convolution without gradients, with all layers of the step.
    fn run_fused(&self, conv: &Conv2d, input: Tensor4, tail: Option<Tail>) -> Result<Tensor4> {
        let bias = conv.bias.as_ref().map(Parameter::plain1).transpose()?.cloned();
        let (scale, shift) = match self.norm.map(BatchNorm2d::affine).transpose()? {
            None => (None, bias),
            Some([scale, shift]) => {
                let shift = match bias {
                    Some(bias) => bias.try_mul(scale.clone()).and_then(|bias| bias.try_add(shift)),
                    None => Ok(shift),
                };
                (Some(scale), Some(shift.map_err(out_of_memory)?))
            }
        };
        let before = match self.before {
            Some((norm, activation)) => Some((norm.affine()?, activation)),
            None => None,
        };
        let (activation, pool) = (self.activation, self.pool);
        let mut ops = FusedOps { before, scale, shift, add: None, activation, pool };
        let Some(Tail { shortcut, relu }) = tail else {
            return conv.forward_fused(input, ops);
        };
        let (shortcut, tape) = shortcut.split_tape();
        // The shortcut is recorded where its projection is trained: then it is added on the tape.
        if tape.is_on() {
            let output = conv.forward_fused(input, ops)?;
            return Tail { shortcut: shortcut.put_tape(tape), relu }.apply(output.into())?.images();
        }
        ops.add = Some(shortcut);
        if relu {
            ops.activation = Activation::Relu;
        }
        conv.forward_fused(input, ops)
    }
}

fn summarize(layer: &Layer, output: &Activations) -> SummaryRow {
    let mut entries = Vec::new();
    layer.entries("", &mut entries);
    let parameters = entries.into_iter().filter_map(|(_, entry)| match entry {
        Entry::Parameter(parameter) => Some(parameter),
        Entry::Buffer(_) => None,
    });
    SummaryRow::of(layer.kind(), parameters, output.shape())
}

fn residual(block: &Residual, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
    let Residual { body, shortcut, relu, stochastic_depth: drop_probability } = block;
    let [input, around] = fork(input);
    let around = match shortcut {
        Some(shortcut) => {
            pass.enter("downsample", || run(&shortcut.layers, around.into(), None, pass)?.images())?
        }
        None => around,
    };
    let trained = || {
        let mut entries = Vec::new();
        body.entries("", &mut entries);
        let trains = |entry: &Entry| matches!(entry, Entry::Parameter(p) if p.is_trainable());
        entries.iter().any(|(_, entry)| trains(entry))
    };
    if *drop_probability > 0.0 && pass.is_random() && trained() {
        let kept = run(&body.layers, input.into(), None, pass)?.images()?;
        let kept = stochastic_depth(kept, *drop_probability, pass.seed())?;
        let sum = tensor::add(kept, around)?;
        return if *relu { tensor::relu(sum) } else { Ok(sum) };
    }
    let tail = Tail { shortcut: around, relu: *relu };
    run(&body.layers, input.into(), Some(tail), pass)?.images()
}

fn branches(block: &Branches, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
    let mut rest = input;
    let mut outputs = Vec::new();
    for branch in &block.branches {
        let [mine, others] = fork(rest);
        rest = others;
        outputs.push(run(&branch.layers, mine.into(), None, pass)?.images()?);
    }
    concat_channels(outputs)
}

fn squeeze_excitation(block: &SqueezeExcitation, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
    let [input, squeezed] = fork(input);
    let weights = run(&block.body.layers, squeezed.into(), None, pass)?.images()?;
    scale_channels(input, weights)
}

fn graph(block: &Graph, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
    block.wiring.run(input, |name, operation, inputs| {
        let output = pass.enter(name, || {
            let mut inputs = inputs?;
            match operation {
                Operation::Concat => concat_channels(inputs),
                Operation::Add => {
                    let right = inputs.pop().ok_or_else(unknown_node)?;
                    tensor::add(inputs.pop().ok_or_else(unknown_node)?, right)
                }
                Operation::Layers(layers) => {
                    let input = inputs.pop().ok_or_else(unknown_node)?;
                    run(&layers.layers, input.into(), None, pass)?.images()
                }
            }
        })?;
        if pass.captures(name) { pass.capture(output.into()).images() } else { Ok(output) }
    })
}

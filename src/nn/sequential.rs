//! Layers one after the other.

use super::layer::{Entry, joined};
use super::{
    Activations, BatchNorm2d, Buffer, Conv2d, Inputs, Layer, Model, Parameter, Pass, Subsample2d,
    SummaryRow,
};
use crate::Result;
use crate::tensor::{
    self, Activation, Epilogue, Finish, Quiet, Tensor2, Tensor4, activate, adaptive_average_pool2d,
    dropout, flatten, global_average_pool2d, out_of_memory, subsample2d,
};
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{TryAdd, TryMul};

/// Layers one after the other, each with a name: its place (`0.weight`), as in PyTorch's `nn.Sequential`, unless it
/// is given another.
///
/// Where nothing between them is recorded, a convolution, the batch normalization after it, the activation and
/// max-pooling whose windows do not overlap run as one step, as do normalization and ReLU in training: the results
/// are the same, without the memory traffic.
#[derive(Clone, Debug, Default)]
pub struct Sequential {
    layers: Vec<(String, Layer)>,
}

/// What is added to the last layer's output, and whether max(x, 0) follows.
struct Tail {
    around: Tensor4,
    relu: bool,
}

impl Tail {
    fn finish(self) -> Finish {
        Finish { add: Some(self.around), relu: self.relu }
    }

    fn apply(self, flow: Activations) -> Result<Activations> {
        let sum = tensor::add(flow.images()?, self.around)?;
        Ok(if self.relu { tensor::relu(sum)? } else { sum }.into())
    }
}

/// Layers that run as one step.
struct Step<'a> {
    layer: &'a Layer,
    /// Normalization and activation that come first.
    before: Option<(&'a BatchNorm2d, Activation)>,
    norm: Option<&'a BatchNorm2d>,
    activation: Activation,
    pool: Option<usize>,
    /// How many layers it takes.
    length: usize,
    /// Whether nothing in it is recorded.
    quiet: bool,
}

impl Sequential {
    /// No layers: what goes in comes out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer at the end, named by its place.
    #[expect(clippy::should_implement_trait, reason = "the builder's word, as in other frameworks")]
    pub fn add(self, layer: impl Into<Layer>) -> Self {
        let name = self.layers.len().to_string();
        self.named(&name, layer)
    }

    /// Adds a layer at the end under a name. With an empty one its parameters are named as if they stood here.
    pub fn named(mut self, name: &str, layer: impl Into<Layer>) -> Self {
        self.layers.push((name.to_string(), layer.into()));
        self
    }

    /// The layers in order, with their names.
    pub fn named_layers(&self) -> &[(String, Layer)] {
        &self.layers
    }

    /// How many of the first layers make the same of an input each time, because nothing in them is trained or random; 0
    /// when they hold no parameters.
    pub(crate) fn frozen_layers(&self) -> usize {
        let still = self.layers.iter().take_while(|(_, layer)| layer.is_still()).count();
        let mut entries = Vec::new();
        self.layers[..still].iter().for_each(|(name, layer)| layer.entries(name, &mut entries));
        if entries.is_empty() { 0 } else { still }
    }

    /// Runs the first `layers` on a batch.
    pub(crate) fn forward_first(
        &self,
        layers: usize,
        inputs: &Inputs,
        pass: &Pass,
    ) -> Result<Activations> {
        run(&self.layers[..layers.min(self.layers.len())], start(inputs)?, None, pass)
    }

    /// Runs the layers on the pictures of a batch, or where it holds what the first of them made of these, those that
    /// follow. So does a network with what it names as its [`Model::beginning`].
    pub fn begin(&self, inputs: &Inputs, pass: &Pass) -> Result<Activations> {
        match &inputs.begun {
            None => run(&self.layers, inputs.images()?.into(), None, pass),
            Some(begun) => {
                let rest = self.layers.get(begun.layers()..).unwrap_or_default();
                run(rest, begun.made(), None, pass)
            }
        }
    }

    /// All that the first `layers` are made of but their values.
    pub(crate) fn describe_first(&self, layers: usize) -> String {
        let mut text = String::new();
        for (name, layer) in self.layers.iter().take(layers) {
            layer.describe(name, &mut text);
        }
        text
    }

    /// Looks at the values of the first `layers`, tensor by tensor.
    pub(crate) fn look_at_first(&self, layers: usize, look: &mut dyn FnMut(&[f32])) {
        let mut entries = Vec::new();
        let first = self.layers.iter().take(layers);
        first.for_each(|(name, layer)| layer.entries(name, &mut entries));
        for (_, entry) in entries {
            match entry {
                Entry::Parameter(parameter) => look(&parameter.values()),
                Entry::Buffer(buffer) => look(&buffer.values()),
            }
        }
    }

    /// Runs the layers in order. Errors name the layer.
    pub fn forward(&self, input: impl Into<Activations>, pass: &Pass) -> Result<Activations> {
        run(&self.layers, input.into(), None, pass)
    }

    /// Runs the layers, adds `around`, and takes max(x, 0) with `relu`.
    pub(super) fn forward_adding(
        &self,
        input: Tensor4,
        around: Tensor4,
        relu: bool,
        pass: &Pass,
    ) -> Result<Tensor4> {
        run(&self.layers, input.into(), Some(Tail { around, relu }), pass)?.images()
    }

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

    /// The parameters with their names.
    pub fn parameters(&self) -> Vec<(String, &Parameter)> {
        let mut entries = Vec::new();
        self.entries("", &mut entries);
        let parameters = entries.into_iter().filter_map(|(name, entry)| match entry {
            Entry::Parameter(parameter) => Some((name, parameter)),
            Entry::Buffer(_) => None,
        });
        parameters.collect()
    }

    /// The same for writing.
    pub fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        let mut parameters = Vec::new();
        self.parameters_mut_under("", &mut parameters);
        parameters
    }

    /// The buffers with their names.
    pub fn buffers(&self) -> Vec<(String, &Buffer)> {
        let mut entries = Vec::new();
        self.entries("", &mut entries);
        let buffers = entries.into_iter().filter_map(|(name, entry)| match entry {
            Entry::Buffer(buffer) => Some((name, buffer)),
            Entry::Parameter(_) => None,
        });
        buffers.collect()
    }
}

/// What a batch has for a network that starts with pictures or with metadata.
fn start(inputs: &Inputs) -> Result<Activations> {
    Ok(match &inputs.images {
        Some(_) => inputs.images()?.into(),
        None => inputs.features()?.into(),
    })
}

fn run(
    layers: &[(String, Layer)],
    input: Activations,
    tail: Option<Tail>,
    pass: &Pass,
) -> Result<Activations> {
    let (mut flow, mut tail, mut next) = (input, tail, 0);
    while let Some((name, _)) = layers.get(next) {
        let (input, recorded) = flow.recorded();
        let step = Step::at(&layers[next..], recorded, pass);
        next += step.length;
        let mine = if next == layers.len() { tail.take() } else { None };
        flow = pass.enter(name, || {
            let output = step.run(input, mine, pass)?;
            if step.layer.is_leaf() {
                pass.note(|| summarize(step.layer, &output));
            }
            Ok(output)
        })?;
    }
    match tail {
        Some(tail) => tail.apply(flow),
        None => Ok(flow),
    }
}

impl<'a> Step<'a> {
    /// The first step of `layers`, which are not empty; `recorded` is the input.
    fn at(layers: &'a [(String, Layer)], recorded: bool, pass: &Pass) -> Self {
        let mut step = Self {
            layer: &layers[0].1,
            before: None,
            norm: None,
            activation: Activation::Identity,
            pool: None,
            length: 1,
            quiet: false,
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
                step.quiet = !recorded && !conv.is_recorded(pass);
                if let Some(Layer::BatchNorm2d(norm)) = next(step.length)
                    && step.quiet
                    && !norm.is_recorded(pass)
                {
                    step.norm = Some(norm);
                    step.length += 1;
                }
                let activation = next(step.length).and_then(Layer::activation);
                if let Some(activation) = activation
                    && (step.quiet || activation == Activation::Relu)
                {
                    step.activation = activation;
                    step.length += 1;
                }
                // Of activations that never fall, the maximum is the maximum's activation.
                let rises = !matches!(step.activation, Activation::Silu);
                if let Some(Layer::MaxPool2d(pool)) = next(step.length)
                    && rises
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
        // What can end a step in the same pass does so; the rest is added afterwards.
        match (self.layer, tail) {
            (Layer::Conv2d(conv), tail) if self.quiet => {
                let (mine, later) = if plain { (tail, None) } else { (None, tail) };
                let output = self.run_quiet(conv, flow.images()?, mine)?;
                match later {
                    Some(tail) => tail.apply(output.into()),
                    None => Ok(output.into()),
                }
            }
            (Layer::BatchNorm2d(norm), Some(tail)) if plain => {
                Ok(norm.forward_then(flow.images()?, tail.finish(), pass)?.into())
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
                    let finish = Finish { add: None, relu };
                    norm.forward_then(flow.images()?, finish, pass)?.into()
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
                    Activations::Images(t) => dropout(t, layer.probability, pass.seed())?.into(),
                    Activations::Features(t) => dropout(t, layer.probability, pass.seed())?.into(),
                },
                Layer::Residual(block) => block.forward(flow.images()?, pass)?.into(),
                Layer::Branches(block) => block.forward(flow.images()?, pass)?.into(),
                Layer::Graph(graph) => graph.forward(flow.images()?, pass)?.into(),
                Layer::Gate(gate) => gate.forward(flow.images()?, pass)?.into(),
                Layer::Relu
                | Layer::Relu6
                | Layer::Silu
                | Layer::Sigmoid
                | Layer::Sequential(_) => {
                    let activation = layer.activation().unwrap_or_default();
                    flow.bend(|t| activate(t, activation), |t| activate(t, activation))?
                }
            }),
        }
    }

    /// A convolution of which nobody wants gradients, with all that follows.
    fn run_quiet(&self, conv: &Conv2d, input: Tensor4, tail: Option<Tail>) -> Result<Tensor4> {
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
        let mut quiet = Quiet { before, scale, shift, add: None, activation, pool };
        let Some(Tail { around, relu }) = tail else {
            return conv.forward_quiet(input, quiet);
        };
        let (around, tape) = around.split_tape();
        // What goes around is recorded where its shortcut is trained: then it is added on the tape.
        if tape.is_on() {
            let output = conv.forward_quiet(input, quiet)?;
            return Tail { around: around.put_tape(tape), relu }.apply(output.into())?.images();
        }
        quiet.add = Some(around);
        if relu {
            quiet.activation = Activation::Relu;
        }
        conv.forward_quiet(input, quiet)
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

/// A network for pictures alone or metadata alone: whichever the batch has.
impl Model for Sequential {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        match inputs.begun {
            Some(_) => self.begin(inputs, pass)?.features(),
            None => Sequential::forward(self, start(inputs)?, pass)?.features(),
        }
    }

    fn parameters(&self) -> Vec<(String, &Parameter)> {
        Sequential::parameters(self)
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        Sequential::parameters_mut(self)
    }

    fn buffers(&self) -> Vec<(String, &Buffer)> {
        Sequential::buffers(self)
    }

    fn beginning(&self) -> Option<(&str, &Sequential)> {
        Some(("", self))
    }

    fn boxed_clone(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}

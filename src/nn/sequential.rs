//! A sequence of layers: its forward pass, its parameters, and its first layers.

use super::activations::Activations;
use super::buffer::Buffer;
use super::entries::Entry;
use super::graph::{Node, Operation};
use super::inputs::Inputs;
use super::layer::{Graph, Sequential};
use super::model::Model;
use super::parameter::Parameter;
use super::pass::Pass;
use super::run::run;
use crate::Result;
use crate::tensor::Tensor2;

impl Sequential {
    /// Runs the layers in order on `[batch, channels, height, width]` or `[batch, features]`.
    ///
    /// # Errors
    /// Those of the layers; each names the layer.
    pub fn forward(&self, input: impl Into<Activations>, pass: &Pass) -> Result<Activations> {
        run(&self.layers, input.into(), None, pass)
    }

    /// Runs the layers on the images of a batch, or on its cached features the layers after the cached ones. A network
    /// runs its [`Model::backbone`] by this function.
    ///
    /// # Errors
    /// When the batch has no images, and those of the layers.
    pub fn forward_inputs(&self, inputs: &Inputs, pass: &Pass) -> Result<Activations> {
        match &inputs.cached {
            None => run(&self.layers, inputs.images()?.into(), None, pass),
            Some(cached) => {
                let rest = self.layers.get(cached.layers()..).unwrap_or_default();
                run(rest, cached.activations(), None, pass)
            }
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

    /// The parameters with their names for writing, in the same order.
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

    /// Length of the frozen prefix: the number of leading layers whose output depends on their input alone, because nothing
    /// in them is trainable or random. 0 when they hold no parameters.
    pub(crate) fn frozen_prefix(&self) -> usize {
        let frozen = self.layers.iter().take_while(|(_, layer)| layer.is_frozen()).count();
        let mut entries = Vec::new();
        self.layers[..frozen].iter().for_each(|(name, layer)| layer.entries(name, &mut entries));
        if entries.is_empty() { 0 } else { frozen }
    }

    /// Runs the first `layers` on a batch.
    pub(crate) fn forward_prefix(
        &self,
        layers: usize,
        inputs: &Inputs,
        pass: &Pass,
    ) -> Result<Activations> {
        run(&self.layers[..layers.min(self.layers.len())], first_input(inputs)?, None, pass)
    }

    /// Types and settings of the first `layers` as text, without their values.
    pub(crate) fn describe_prefix(&self, layers: usize) -> String {
        let mut text = String::new();
        for (name, layer) in self.layers.iter().take(layers) {
            layer.describe(name, &mut text);
        }
        text
    }

    /// Calls `visit` with the values of each parameter and buffer of the first `layers`.
    pub(crate) fn visit_prefix(&self, layers: usize, visit: &mut dyn FnMut(&[f32])) {
        let mut entries = Vec::new();
        let first = self.layers.iter().take(layers);
        first.for_each(|(name, layer)| layer.entries(name, &mut entries));
        for (_, entry) in entries {
            match entry {
                Entry::Parameter(parameter) => visit(&parameter.values()),
                Entry::Buffer(buffer) => visit(&buffer.values()),
            }
        }
    }
}

/// The input of a network that starts with images or with metadata: whichever the batch has.
fn first_input(inputs: &Inputs) -> Result<Activations> {
    Ok(match &inputs.images {
        Some(_) => inputs.images()?.into(),
        None => inputs.features()?.into(),
    })
}

/// A network for images alone or metadata alone: whichever the batch has.
impl Model for Sequential {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        match inputs.cached {
            Some(_) => self.forward_inputs(inputs, pass)?.features(),
            None => Sequential::forward(self, first_input(inputs)?, pass)?.features(),
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

    fn backbone(&self) -> Option<(&str, &Sequential)> {
        Some(("", self))
    }

    fn boxed_clone(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}

impl Graph {
    /// A graph without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// The input of the graph.
    pub fn input(&self) -> Node {
        self.wiring.input()
    }

    /// Adds layers on the output of `input`; `name` is the prefix of their parameters.
    pub fn layers(&mut self, name: &str, layers: Sequential, input: Node) -> Node {
        self.wiring.push(name, &[input], Operation::Layers(layers))
    }

    /// Adds the sum of two outputs of the same shape. Errors of the sum name it by `name`.
    pub fn add(&mut self, name: &str, left: Node, right: Node) -> Node {
        self.wiring.push(name, &[left, right], Operation::Add)
    }

    /// Concatenates outputs of the same height and width along the channels.
    pub fn concat(&mut self, name: &str, parts: &[Node]) -> Node {
        self.wiring.push(name, parts, Operation::Concat)
    }
}

#[cfg(test)]
mod tests {
    use crate::nn::{
        Branches, Conv2d, Conv2dConfig, Graph, Init, Layer, Pass, Residual, Sequential,
    };
    use crate::tensor::{backward, constant, fork, global_average_pool2d, plain, read, tensor};
    use dfdx::tensor_ops::SumTo;

    fn convolution(seed: u64) -> Sequential {
        let config = Conv2dConfig::same(2, 2, 3);
        Sequential::new().add(Conv2d::new(config, &mut Init::seed(seed)).unwrap())
    }

    /// The output, and the gradients of all parameters of the mean of each channel, summed.
    fn traces(mut network: Sequential) -> (Vec<f32>, Vec<Vec<f32>>) {
        let pixels = (0..2 * 2 * 5 * 4).map(|i| (i as f32 * 0.7).sin()).collect();
        let input = constant(&tensor(pixels, (2, 2, 5, 4)).unwrap());
        let output = network.forward(input, &Pass::training(0)).unwrap().images().unwrap();
        let [output, seen] = fork(output);
        let values = read(&plain(seen)).into_owned();
        let mut gradients = backward(global_average_pool2d(output).unwrap().sum()).unwrap();
        let each = network.parameters_mut().into_iter();
        let each = each.map(|(_, p)| p.take_gradient(&mut gradients).unwrap());
        (values, each.collect())
    }

    /// Checks that two networks compute the same within the rounding of sums in another order.
    fn assert_same(graph: Sequential, block: Sequential) {
        let [graph, block] = [graph, block].map(|network| {
            let (output, gradients) = traces(network);
            std::iter::once(output).chain(gradients).collect::<Vec<_>>()
        });
        assert_eq!(graph.len(), block.len());
        for (a, b) in graph.iter().zip(&block) {
            assert_eq!(a.len(), b.len());
            let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * (1.0 + b.abs());
            assert!(a.iter().zip(b).all(near), "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_residual_block_and_branches_are_graphs() {
        let mut graph = Graph::new();
        let input = graph.input();
        let body = graph.layers("", convolution(1), input);
        graph.add("", body, input);
        let block = Residual { body: convolution(1), ..Residual::default() };
        assert_same(Sequential::new().add(graph), Sequential::new().add(block));

        let mut graph = Graph::new();
        let input = graph.input();
        let branches =
            [graph.layers("", convolution(1), input), graph.layers("", convolution(2), input)];
        graph.concat("", &branches);
        let block = Branches { branches: vec![convolution(1), convolution(2)] };
        assert_same(Sequential::new().add(graph), Sequential::new().add(block));
    }

    #[test]
    fn errors_name_the_node() {
        let mut large = Graph::new();
        let input = large.input();
        let end = (0..3).fold(input, |node, _| large.add("double", node, node));
        let mut graph = Graph::new();
        graph.layers("strange", Sequential::new(), end);
        let pixels = || constant(&tensor(vec![0.0; 4], (1, 1, 2, 2)).unwrap());
        let error = Sequential::new()
            .named("graph", graph)
            .forward(pixels(), &Pass::inference())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("layer `graph.strange`") && error.contains("not precede it"),
            "{error}"
        );

        let mut graph = Graph::new();
        let input = graph.input();
        let pooled = graph.layers(
            "half",
            Sequential::new().add(Layer::AdaptiveAveragePool2d([1, 1])),
            input,
        );
        graph.add("sum", input, pooled);
        let error = Sequential::new()
            .named("graph", graph)
            .forward(pixels(), &Pass::inference())
            .unwrap_err()
            .to_string();
        assert!(error.contains("layer `graph.sum`"), "{error}");
    }

    #[test]
    fn a_graph_without_layers_hands_its_input_on() {
        let input = constant(&tensor(vec![1.0, 2.0], (1, 2, 1, 1)).unwrap());
        let output =
            Sequential::new().add(Graph::new()).forward(input, &Pass::inference()).unwrap();
        assert_eq!(read(&plain(output.images().unwrap()))[..], [1.0, 2.0]);
    }
}

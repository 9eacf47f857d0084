//! Layers that take the output of any earlier one.

use super::layer::joined;
use super::{Parameter, Pass, Sequential};
use crate::tensor::{Tensor4, add, concat_channels, twice};
use crate::{Error, ErrorKind, Result};

/// Layers that take the output of any earlier one, for networks that neither [`super::Residual`] nor
/// [`super::Branches`] describe. The last node is the output; a graph without layers hands its input on.
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
/// graph.join("all", &[first, sum]);
/// let network = Sequential::new().named("features", graph);
/// assert_eq!(network.parameters()[0].0, "features.first.0.weight");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Inner>,
}

/// What comes out of a [`Graph`]'s input, layer or sum, for others to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node(usize);

#[derive(Clone, Debug)]
struct Inner {
    name: String,
    inputs: Vec<Node>,
    operation: Operation,
}

#[derive(Clone, Debug)]
enum Operation {
    Layers(Sequential),
    Add,
    Join,
}

impl Graph {
    /// A graph of the input alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// What goes in.
    pub fn input(&self) -> Node {
        Node(0)
    }

    /// Layers on the output of `input`; `name` comes before the names of their parameters.
    pub fn layers(&mut self, name: &str, layers: Sequential, input: Node) -> Node {
        self.push(name, vec![input], Operation::Layers(layers))
    }

    /// The sum of two outputs of the same shape. Errors in it tell its name.
    pub fn add(&mut self, name: &str, left: Node, right: Node) -> Node {
        self.push(name, vec![left, right], Operation::Add)
    }

    /// Outputs of the same height and width, one after the other along the channels.
    pub fn join(&mut self, name: &str, parts: &[Node]) -> Node {
        self.push(name, parts.to_vec(), Operation::Join)
    }

    fn push(&mut self, name: &str, inputs: Vec<Node>, operation: Operation) -> Node {
        self.nodes.push(Inner { name: name.to_string(), inputs, operation });
        Node(self.nodes.len())
    }

    pub(super) fn forward(&self, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
        let mut flow = Flow::new(self, input);
        for node in &self.nodes {
            let output = pass.enter(&node.name, || {
                let inputs = node.inputs.iter().map(|from| flow.take(*from));
                let mut inputs = inputs.collect::<Result<Vec<_>>>()?;
                match &node.operation {
                    Operation::Join => concat_channels(inputs),
                    Operation::Add => {
                        let right = inputs.pop().ok_or_else(unknown)?;
                        add(inputs.pop().ok_or_else(unknown)?, right)
                    }
                    Operation::Layers(layers) => {
                        layers.forward(inputs.pop().ok_or_else(unknown)?, pass)?.images()
                    }
                }
            })?;
            flow.values.push(Some(output));
        }
        flow.take(Node(self.nodes.len()))
    }

    /// The layers, with their names.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&str, &Sequential)> {
        self.nodes.iter().filter_map(|node| match &node.operation {
            Operation::Layers(layers) => Some((node.name.as_str(), layers)),
            _ => None,
        })
    }

    /// Who takes what from whom.
    pub(super) fn wiring(&self) -> String {
        let nodes = self.nodes.iter().map(|node| {
            let operation = match node.operation {
                Operation::Layers(_) => "layers",
                Operation::Add => "add",
                Operation::Join => "join",
            };
            format!("{operation}{:?}", node.inputs)
        });
        nodes.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn parameters_mut_under<'a>(
        &'a mut self,
        prefix: &str,
        into: &mut Vec<(String, &'a mut Parameter)>,
    ) {
        for node in &mut self.nodes {
            if let Operation::Layers(layers) = &mut node.operation {
                layers.parameters_mut_under(&joined(prefix, &node.name), into);
            }
        }
    }
}

/// The outputs so far. Each is dropped once its last taker has it, which frees its memory in inference.
struct Flow {
    values: Vec<Option<Tensor4>>,
    takers: Vec<usize>,
}

impl Flow {
    fn new(graph: &Graph, input: Tensor4) -> Self {
        let mut takers = vec![0; graph.nodes.len() + 1];
        let ends = graph.nodes.iter().flat_map(|node| &node.inputs).map(|node| node.0);
        for taken in ends.chain([graph.nodes.len()]) {
            if let Some(count) = takers.get_mut(taken) {
                *count += 1;
            }
        }
        Self { values: vec![Some(input)], takers }
    }

    fn take(&mut self, Node(at): Node) -> Result<Tensor4> {
        let (Some(value), Some(left)) = (self.values.get_mut(at), self.takers.get_mut(at)) else {
            return Err(unknown());
        };
        let whole = value.take().ok_or_else(unknown)?;
        *left = left.saturating_sub(1);
        if *left == 0 {
            return Ok(whole);
        }
        let [mine, others] = twice(whole);
        *value = Some(others);
        Ok(mine)
    }
}

fn unknown() -> Error {
    Error::new(ErrorKind::Parameter, "it takes the output of a node that is not before it")
        .help("take only nodes of the same graph")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Branches, Conv2d, Conv2dConfig, Init, Layer, Residual};
    use crate::tensor::{backward, constant, global_average_pool2d, plain, read, tensor};
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
        let [output, seen] = twice(output);
        let values = read(&plain(seen)).into_owned();
        let mut gradients = backward(global_average_pool2d(output).unwrap().sum()).unwrap();
        let each = network.parameters_mut().into_iter();
        let each = each.map(|(_, p)| p.take_gradient(&mut gradients).unwrap());
        (values, each.collect())
    }

    /// That two networks do the same, within the rounding of sums in another order.
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
        let ways =
            [graph.layers("", convolution(1), input), graph.layers("", convolution(2), input)];
        graph.join("", &ways);
        let block = Branches { ways: vec![convolution(1), convolution(2)] };
        assert_same(Sequential::new().add(graph), Sequential::new().add(block));
    }

    #[test]
    fn errors_name_the_node() {
        let mut large = Graph::new();
        let input = large.input();
        let end = (0..3).fold(input, |node, _| large.add("twice", node, node));
        let mut graph = Graph::new();
        graph.layers("strange", Sequential::new(), end);
        let pixels = || constant(&tensor(vec![0.0; 4], (1, 1, 2, 2)).unwrap());
        let error = graph.forward(pixels(), &Pass::inference()).unwrap_err().to_string();
        assert!(error.contains("layer `strange`") && error.contains("not before it"), "{error}");

        let mut graph = Graph::new();
        let input = graph.input();
        let pooled = graph.layers(
            "half",
            Sequential::new().add(Layer::AdaptiveAveragePool2d([1, 1])),
            input,
        );
        graph.add("sum", input, pooled);
        let error = graph.forward(pixels(), &Pass::inference()).unwrap_err().to_string();
        assert!(error.contains("layer `sum`"), "{error}");
    }

    #[test]
    fn a_graph_without_layers_hands_its_input_on() {
        let input = constant(&tensor(vec![1.0, 2.0], (1, 2, 1, 1)).unwrap());
        let output = Graph::new().forward(input, &Pass::inference()).unwrap();
        assert_eq!(read(&plain(output))[..], [1.0, 2.0]);
    }
}

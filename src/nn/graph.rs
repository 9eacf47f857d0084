//! The wiring of a graph of layers: which node takes which outputs.

use crate::tensor::{Tensor4, fork};
use crate::{Error, ErrorKind, Result};

/// The output of a node of a [`Graph`](super::Graph), for other nodes to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node(usize);

/// Nodes in order of execution; `L` is what a node of layers holds.
#[derive(Clone, Debug)]
pub(super) struct Wiring<L> {
    nodes: Vec<Inner<L>>,
}

#[derive(Clone, Debug)]
struct Inner<L> {
    name: String,
    inputs: Vec<Node>,
    operation: Operation<L>,
}

#[derive(Clone, Debug)]
pub(super) enum Operation<L> {
    Layers(L),
    Add,
    Concat,
}

impl<L> Default for Wiring<L> {
    fn default() -> Self {
        Self { nodes: Vec::new() }
    }
}

impl<L> Wiring<L> {
    /// The input of the graph.
    pub(super) fn input(&self) -> Node {
        Node(0)
    }

    pub(super) fn push(&mut self, name: &str, inputs: &[Node], operation: Operation<L>) -> Node {
        self.nodes.push(Inner { name: name.to_string(), inputs: inputs.to_vec(), operation });
        Node(self.nodes.len())
    }

    /// The layers, with their names.
    pub(super) fn layers(&self) -> impl Iterator<Item = (&str, &L)> {
        self.nodes.iter().filter_map(|node| match &node.operation {
            Operation::Layers(layers) => Some((node.name.as_str(), layers)),
            _ => None,
        })
    }

    /// [`Self::layers`] for writing.
    pub(super) fn layers_mut(&mut self) -> impl Iterator<Item = (&str, &mut L)> {
        self.nodes.iter_mut().filter_map(|node| match &mut node.operation {
            Operation::Layers(layers) => Some((node.name.as_str(), layers)),
            _ => None,
        })
    }

    /// Operations and inputs of all nodes as text.
    pub(super) fn describe(&self) -> String {
        let nodes = self.nodes.iter().map(|node| {
            let operation = match node.operation {
                Operation::Layers(_) => "layers",
                Operation::Add => "add",
                Operation::Concat => "concat",
            };
            format!("{operation}{:?}", node.inputs)
        });
        nodes.collect::<Vec<_>>().join(" ")
    }

    /// Runs the nodes in order by `node(name, operation, inputs)`; the result is the last output.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a node takes the output of one that does not precede it; errors of `node`.
    pub(super) fn run(
        &self,
        input: Tensor4,
        mut node: impl FnMut(&str, &Operation<L>, Result<Vec<Tensor4>>) -> Result<Tensor4>,
    ) -> Result<Tensor4> {
        let mut outputs = Outputs::new(self, input);
        for Inner { name, inputs, operation } in &self.nodes {
            let inputs = inputs.iter().map(|from| outputs.take(*from)).collect();
            let output = node(name, operation, inputs)?;
            outputs.values.push(Some(output));
        }
        outputs.take(Node(self.nodes.len()))
    }
}

/// The outputs so far. Each is dropped once its last consumer has it, which frees its memory in inference.
struct Outputs {
    values: Vec<Option<Tensor4>>,
    consumers: Vec<usize>,
}

impl Outputs {
    fn new<L>(wiring: &Wiring<L>, input: Tensor4) -> Self {
        let mut consumers = vec![0; wiring.nodes.len() + 1];
        let taken = wiring.nodes.iter().flat_map(|node| &node.inputs).map(|node| node.0);
        for taken in taken.chain([wiring.nodes.len()]) {
            if let Some(count) = consumers.get_mut(taken) {
                *count += 1;
            }
        }
        Self { values: vec![Some(input)], consumers }
    }

    fn take(&mut self, Node(at): Node) -> Result<Tensor4> {
        let (Some(value), Some(left)) = (self.values.get_mut(at), self.consumers.get_mut(at))
        else {
            return Err(unknown_node());
        };
        let whole = value.take().ok_or_else(unknown_node)?;
        *left = left.saturating_sub(1);
        if *left == 0 {
            return Ok(whole);
        }
        let [mine, others] = fork(whole);
        *value = Some(others);
        Ok(mine)
    }
}

/// The error for a node whose input does not precede it.
pub(super) fn unknown_node() -> Error {
    Error::new(ErrorKind::Parameter, "a node takes the output of a node that does not precede it")
        .help("connect nodes of the same graph, in the order in which they are added")
}

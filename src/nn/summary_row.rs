//! One row of a network summary.

/// One layer of a [`Summary`](super::Summary).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// The layer's full name in the network.
    pub name: String,
    /// The layer's type.
    pub kind: String,
    /// The shape of its output.
    pub output: Vec<usize>,
    /// The number of parameters.
    pub parameters: usize,
    /// `true` if all parameters are trainable.
    pub trainable: bool,
    /// Multiply-adds for the whole batch, counted as torchinfo does: each weight and bias of a convolution once per output
    /// position, of any other layer once per example, of an embedding never.
    pub multiply_adds: usize,
}

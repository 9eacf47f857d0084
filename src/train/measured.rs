//! What is measured of one batch.

/// Measurements of a batch in a training step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measured {
    /// Mean loss.
    pub loss: f64,
    /// Sum of the weights of the examples in a mean over batches; their number where all weigh 1.
    pub weight: f64,
    /// Examples.
    pub seen: usize,
    /// Examples predicted correctly.
    pub right: usize,
    /// True classes, where metrics need them.
    pub labels: Vec<usize>,
    /// Predicted classes, as many.
    pub predictions: Vec<usize>,
}

//! What has been measured in the epoch that is under way.

use super::measured::Measured;

/// Sums over the batches of an epoch so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EpochProgress {
    /// Batches trained on.
    pub batches: usize,
    /// Whether the epoch has started for the callbacks.
    pub started: bool,
    /// Examples trained on.
    pub seen: usize,
    /// Sum of their weights in the loss; their number where all weigh 1.
    pub weight: f64,
    /// Weighted sum of their losses.
    pub loss_sum: f64,
    /// Examples predicted correctly.
    pub right: usize,
    /// True classes, in the order of training.
    pub labels: Vec<usize>,
    /// Predicted classes, as many.
    pub predictions: Vec<usize>,
    /// Seconds spent in earlier calls of `fit`.
    pub seconds: f64,
}

impl EpochProgress {
    /// Adds a batch.
    pub fn add(&mut self, batch: Measured) {
        self.batches += 1;
        self.seen += batch.seen;
        self.weight += batch.weight;
        self.loss_sum += batch.loss * batch.weight;
        self.right += batch.right;
        self.labels.extend(batch.labels);
        self.predictions.extend(batch.predictions);
    }

    /// Mean loss so far.
    pub fn loss(&self) -> f64 {
        self.loss_sum / self.weight
    }

    /// Accuracy so far.
    pub fn accuracy(&self) -> f64 {
        self.right as f64 / self.seen as f64
    }
}

//! What training measured, epoch by epoch.

/// One epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean loss over the training batches, as they were trained on.
    pub train_loss: f64,
    /// Share of training examples that were right when they were trained on.
    pub train_accuracy: f64,
    /// Mean loss over the validation set after the epoch.
    pub validation_loss: f64,
    /// Share of validation examples that are right after the epoch.
    pub validation_accuracy: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// Seconds that the epoch took, validation included.
    pub seconds: f64,
}

/// All epochs so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// In order.
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// The epoch with the lowest validation loss.
    pub fn best(&self) -> Option<&EpochRecord> {
        self.epochs.iter().min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss))
    }

    /// Median seconds of an epoch.
    pub fn seconds_per_epoch(&self) -> f64 {
        let mut seconds: Vec<f64> = self.epochs.iter().map(|epoch| epoch.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

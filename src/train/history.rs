//! What training measured, epoch by epoch.

use crate::Result;
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::plot::{Figure, Metric, curves};
use crate::table::{Column, Table};

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
        let loss = |epoch: &EpochRecord| or_worst(epoch.validation_loss);
        self.epochs.iter().min_by(|a, b| loss(a).total_cmp(&loss(b)))
    }

    fn column(&self, of: impl Fn(&EpochRecord) -> f64) -> Vec<f64> {
        self.epochs.iter().map(of).collect()
    }

    /// A row per epoch.
    pub fn table(&self) -> Result<Table> {
        let floats = |of: fn(&EpochRecord) -> f64, digits: i32| {
            let scale = 10f64.powi(digits);
            let rounded = self.epochs.iter().map(|e| Some((of(e) * scale).round() / scale));
            Column::Float(rounded.collect())
        };
        let epochs = self.epochs.iter().map(|e| i64::try_from(e.epoch).ok()).collect();
        Table::from_columns(vec![
            ("epoch", Column::Integer(epochs)),
            ("train loss", floats(|e| e.train_loss, 4)),
            ("validation loss", floats(|e| e.validation_loss, 4)),
            ("train accuracy", floats(|e| e.train_accuracy, 4)),
            ("validation accuracy", floats(|e| e.validation_accuracy, 4)),
            ("learning rate", floats(|e| e.learning_rate, 8)),
            ("seconds", floats(|e| e.seconds, 2)),
        ])
    }

    /// Loss and accuracy, train and validation, per epoch.
    ///
    /// # Errors
    /// When there is no epoch yet.
    pub fn figure(&self) -> Result<Figure> {
        curves(&[
            Metric::lower(
                "loss",
                &self.column(|e| e.train_loss),
                &self.column(|e| e.validation_loss),
            ),
            Metric::higher(
                "accuracy",
                &self.column(|e| e.train_accuracy),
                &self.column(|e| e.validation_accuracy),
            ),
        ])
    }

    /// Median seconds of an epoch.
    pub fn seconds_per_epoch(&self) -> f64 {
        let mut seconds: Vec<f64> = self.epochs.iter().map(|epoch| epoch.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// A loss to compare others with: one that is no number is worse than any that is.
pub(super) fn or_worst(loss: f64) -> f64 {
    if loss.is_nan() { f64::INFINITY } else { loss }
}

impl Show for History {
    fn bundle(&self) -> Bundle {
        self.table().map(|table| table.bundle()).unwrap_or_default()
    }
}

show_in_cells!(History);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_without_a_loss_is_never_the_best() {
        let epoch = |epoch, validation_loss| EpochRecord {
            epoch,
            train_loss: 1.0,
            train_accuracy: 0.5,
            validation_loss,
            validation_accuracy: 0.5,
            learning_rate: 0.1,
            seconds: 1.0,
        };
        let epochs = vec![epoch(1, -f64::NAN), epoch(2, 3.0), epoch(3, 2.0), epoch(4, f64::NAN)];
        assert_eq!(History { epochs }.best().unwrap().epoch, 3);
    }
}

//! What the training loop tells while it runs: the loop never prints, a monitor does.

use super::{EpochRecord, History};

/// Someone who watches training.
pub trait Monitor: Send {
    /// Training begins or goes on: so many epochs of so many batches.
    fn start(&mut self, epochs: usize, batches: usize);

    /// A batch is done: the mean training loss and accuracy of the epoch so far.
    fn batch(&mut self, batch: usize, loss: f64, accuracy: f64);

    /// An epoch is done; it is the last of `history`.
    fn epoch(&mut self, history: &History);

    /// Training ended, at its end or before.
    fn finish(&mut self, history: &History);
}

/// Tells nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn start(&mut self, _: usize, _: usize) {}
    fn batch(&mut self, _: usize, _: f64, _: f64) {}
    fn epoch(&mut self, _: &History) {}
    fn finish(&mut self, _: &History) {}
}

/// Prints a line per epoch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text {
    epochs: usize,
}

impl Monitor for Text {
    fn start(&mut self, epochs: usize, _: usize) {
        self.epochs = epochs;
    }

    fn batch(&mut self, _: usize, _: f64, _: f64) {}

    fn epoch(&mut self, history: &History) {
        if let Some(record) = history.epochs.last() {
            println!("{}", line(record));
        }
    }

    fn finish(&mut self, _: &History) {}
}

/// An epoch in one line.
fn line(record: &EpochRecord) -> String {
    format!(
        "epoch {:>3}  train loss {:.3} accuracy {:5.1} %  validation loss {:.3} accuracy {:5.1} %  {:.1} s",
        record.epoch,
        record.train_loss,
        record.train_accuracy * 100.0,
        record.validation_loss,
        record.validation_accuracy * 100.0,
        record.seconds,
    )
}

//! Monitors: the training loop reports to one, and never prints itself.

use super::history::{EpochRecord, History};
use crate::Result;

/// Observes training progress.
///
/// ```
/// use cuaderno::train::{History, Monitor};
///
/// /// Counts the batches.
/// #[derive(Default)]
/// struct Count(usize);
///
/// impl Monitor for Count {
///     fn start(&mut self, _epochs: usize, _batches: usize) {}
///     fn batch(&mut self, _batch: usize, _loss: f64, _accuracy: f64) {
///         self.0 += 1;
///     }
///     fn epoch(&mut self, _history: &History) {}
///     fn finish(&mut self, _history: &History) {}
/// }
///
/// let mut count = Count::default();
/// count.batch(1, 0.7, 0.5); // `learner.fit_with(10, &mut count)` calls it
/// assert_eq!(count.0, 1);
/// ```
pub trait Monitor: Send {
    /// A call of `fit` starts, for this many epochs of this many batches.
    fn start(&mut self, epochs: usize, batches: usize);

    /// A batch is done: the mean training loss and accuracy of the epoch so far, NaN where there is no accuracy.
    fn batch(&mut self, batch: usize, loss: f64, accuracy: f64);

    /// An epoch is done; it is the last of `history`.
    fn epoch(&mut self, history: &History);

    /// The call of `fit` has ended, at its end or before.
    fn finish(&mut self, history: &History);

    /// Epochs of earlier calls of `fit`, before the first of this one.
    fn resume(&mut self, _history: &History) {}

    /// A callback has something to report, such as early stopping.
    fn message(&mut self, _text: &str) {}

    /// After an epoch and its checkpoint: whether training goes on.
    ///
    /// # Errors
    /// An error ends the training.
    fn check(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A monitor that reports nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn start(&mut self, _: usize, _: usize) {}
    fn batch(&mut self, _: usize, _: f64, _: f64) {}
    fn epoch(&mut self, _: &History) {}
    fn finish(&mut self, _: &History) {}
}

/// A monitor that prints a line per epoch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text;

impl Monitor for Text {
    fn start(&mut self, _: usize, _: usize) {}

    fn batch(&mut self, _: usize, _: f64, _: f64) {}

    fn epoch(&mut self, history: &History) {
        if let Some(record) = history.epochs.last() {
            println!("{}", line(record));
        }
    }

    fn finish(&mut self, _: &History) {}

    fn message(&mut self, text: &str) {
        println!("{text}");
    }
}

/// An epoch in one line.
pub(super) fn line(record: &EpochRecord) -> String {
    let accuracy = |value: f64| match value.is_nan() {
        true => String::new(),
        false => format!(" accuracy {:5.1} %", value * 100.0),
    };
    let mut line = format!(
        "epoch {:>3}  train loss {:.3}{}  validation loss {:.3}{}",
        record.epoch,
        record.train_loss,
        accuracy(record.train_accuracy),
        record.validation_loss,
        accuracy(record.validation_accuracy),
    );
    for metric in &record.metrics {
        line += &format!("  {} {:.3}", metric.name, metric.validation);
    }
    line + &format!("  {:.1} s", record.seconds)
}

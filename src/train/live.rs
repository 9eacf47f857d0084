//! Training as it shows in a notebook: a bar, a table of epochs and the curves, all in place.

use super::{History, Monitor};
use crate::notebook::{Live, Progress};

/// Shows training while it runs: a bar over all batches with loss and accuracy so far, a row per epoch,
/// and the curves after each. Outside our kernel: lines of text, and the curves at the end.
#[derive(Debug, Default)]
pub struct LiveCurves {
    bar: Option<Progress>,
    table: Live,
    figure: Live,
    epochs: usize,
    batches: usize,
    done: usize,
}

impl LiveCurves {
    /// A monitor that has shown nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn draw(&mut self, history: &History) {
        if let Ok(table) = history.table() {
            self.table.show(&table);
        }
        if let Ok(figure) = history.figure() {
            self.figure.show(&figure);
        }
    }
}

impl Monitor for LiveCurves {
    fn start(&mut self, epochs: usize, batches: usize) {
        *self = Self { epochs, batches, ..Self::default() };
        self.bar = Some(Progress::new("training", epochs * batches));
    }

    fn batch(&mut self, batch: usize, loss: f64, accuracy: f64) {
        let Some(bar) = &mut self.bar else { return };
        let (epoch, epochs) = (self.done + 1, self.epochs);
        bar.note(format!(
            "epoch {epoch} of {epochs} · loss {loss:.3} · accuracy {:.1} %",
            accuracy * 100.0
        ));
        bar.set(self.done * self.batches + batch);
    }

    fn epoch(&mut self, history: &History) {
        self.done += 1;
        self.draw(history);
    }

    fn finish(&mut self, history: &History) {
        if let Some(mut bar) = self.bar.take() {
            if let Some(best) = history.best() {
                bar.note(format!(
                    "best epoch {}: validation loss {:.3}, accuracy {:.1} %",
                    best.epoch,
                    best.validation_loss,
                    best.validation_accuracy * 100.0
                ));
            }
            bar.finish();
        }
        self.table.finish();
        self.figure.finish();
    }
}

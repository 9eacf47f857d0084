//! Training as a notebook shows it: a bar, a table of epochs and the curves, all in place.

use super::history::History;
use super::monitor::{Monitor, line};
use crate::notebook::{Bundle, Live, Place, Progress, place};

/// Shows training while it runs: a bar over all batches with loss, accuracy and time left, a table with a row per
/// epoch, the curves with the best epoch marked, and messages of callbacks. Outside a notebook it prints a line per
/// epoch.
#[derive(Debug)]
pub struct LiveCurves {
    /// Whether values can be replaced in place, as a notebook can.
    in_place: bool,
    bar: Option<Progress>,
    table: Live,
    figure: Live,
    messages: Live,
    lines: Vec<String>,
    epochs: usize,
    batches: usize,
    done: usize,
}

impl Default for LiveCurves {
    fn default() -> Self {
        Self {
            in_place: place() != Place::Elsewhere,
            bar: None,
            table: Live::new(),
            figure: Live::new(),
            messages: Live::new(),
            lines: Vec::new(),
            epochs: 0,
            batches: 0,
            done: 0,
        }
    }
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
        if self.in_place && epochs > 0 {
            self.bar = Some(Progress::new("training", epochs * batches));
        }
    }

    fn resume(&mut self, history: &History) {
        if self.in_place && self.epochs > 0 {
            self.draw(history);
        }
    }

    fn batch(&mut self, batch: usize, loss: f64, accuracy: f64) {
        let Some(bar) = &mut self.bar else { return };
        let (epoch, epochs) = (self.done + 1, self.epochs);
        let mut note = format!("epoch {epoch} of {epochs} · loss {loss:.3}");
        if !accuracy.is_nan() {
            note += &format!(" · accuracy {:.1} %", accuracy * 100.0);
        }
        bar.note(note);
        bar.set(self.done * self.batches + batch);
    }

    fn epoch(&mut self, history: &History) {
        self.done += 1;
        if self.in_place {
            self.draw(history);
        } else if let Some(record) = history.epochs.last() {
            println!("{}", line(record));
        }
    }

    fn finish(&mut self, history: &History) {
        if let Some(mut bar) = self.bar.take() {
            if let Some(best) = history.best() {
                let mut note = format!(
                    "best epoch {}: validation loss {:.3}",
                    best.epoch, best.validation_loss
                );
                if !best.validation_accuracy.is_nan() {
                    note += &format!(", accuracy {:.1} %", best.validation_accuracy * 100.0);
                }
                bar.note(note);
            }
            bar.finish();
        }
        self.table.finish();
        self.figure.finish();
        self.messages.finish();
    }

    fn message(&mut self, text: &str) {
        if !self.in_place {
            println!("{text}");
            return;
        }
        self.lines.push(text.to_string());
        self.messages.update(Bundle { plain: self.lines.join("\n"), ..Bundle::default() });
    }
}

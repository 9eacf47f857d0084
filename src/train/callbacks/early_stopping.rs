//! Stopping when a value no longer improves.

use super::super::callback::{Callback, TrainContext};
use super::super::state::State;
use super::monitored::{Mode, Monitored};
use crate::Result;
use crate::nn::Weights;

/// Stops training when a monitored value has not improved for some epochs, as Keras's `EarlyStopping`.
///
/// After it has stopped a run, a further call of `fit` counts the epochs afresh.
///
/// ```
/// use cuaderno::train::callbacks::EarlyStopping;
/// let stopping = EarlyStopping::new("val_f1_macro", 3).min_delta(0.001).restore_best_weights();
/// # let _ = stopping;
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    monitored: Monitored,
    patience: usize,
    baseline: Option<f64>,
    start_from_epoch: usize,
    restore: bool,
    best_weights: Option<Weights>,
    stopped: bool,
}

impl EarlyStopping {
    /// Stops after `patience` epochs without improvement of the value `monitor`, such as `val_loss`. With 0, the
    /// first such epoch ends the run, as 1 does.
    pub fn new(monitor: &str, patience: usize) -> Self {
        Self {
            monitored: Monitored::new(monitor),
            patience,
            baseline: None,
            start_from_epoch: 0,
            restore: false,
            best_weights: None,
            stopped: false,
        }
    }

    /// Only a change by more than this counts as an improvement; 0 by default.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitored.min_delta = min_delta.abs();
        self
    }

    /// Returns `true` if lower or higher is better; decided by the name by default.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitored.mode = mode;
        self
    }

    /// Epochs that are not better than this value do not end the waiting.
    pub fn baseline(mut self, baseline: f64) -> Self {
        self.baseline = Some(baseline);
        self
    }

    /// Epochs before monitoring starts: with 5, the sixth epoch is the first that counts.
    pub fn start_from_epoch(mut self, epochs: usize) -> Self {
        self.start_from_epoch = epochs;
        self
    }

    /// Puts the weights of the best monitored epoch back when it stops a run, and only then.
    pub fn restore_best_weights(mut self) -> Self {
        self.restore = true;
        self
    }
}

impl Callback for EarlyStopping {
    fn on_train_begin(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        if std::mem::take(&mut self.stopped) {
            self.monitored.wait = 0;
        }
        Ok(())
    }

    fn on_validation_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        if run.epoch <= self.start_from_epoch {
            return Ok(());
        }
        let value = run.value(&self.monitored.name)?;
        let wait = self.monitored.wait;
        if self.monitored.update(value, run.epoch) {
            if self.restore {
                self.best_weights = Some(Weights::of(run.model));
            }
            // As in Keras, an improvement that stays behind the baseline does not reset the waiting.
            if self.baseline.is_some_and(|baseline| !self.monitored.improves(value, baseline)) {
                self.monitored.wait = wait + 1;
            }
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        let Monitored { name, best, best_epoch, wait, .. } = &self.monitored;
        if run.epoch <= self.start_from_epoch || *wait == 0 || *wait < self.patience {
            return Ok(());
        }
        self.stopped = true;
        let mut reason = format!(
            "early stopping at epoch {}: {name} has not improved since epoch {best_epoch} ({best:.4})",
            run.epoch
        );
        if let Some(weights) = self.best_weights.as_ref().filter(|_| self.restore) {
            weights.load_into(run.model)?;
            reason += &format!("; restored the weights of epoch {best_epoch}");
        }
        run.stop(reason);
        Ok(())
    }

    fn state(&self) -> State {
        let state = self.monitored.state().with_count("stopped", usize::from(self.stopped));
        match &self.best_weights {
            Some(weights) => state.with_weights(weights.clone()),
            None => state,
        }
    }

    fn load_state(&mut self, state: &State) -> Result<()> {
        self.monitored.load(state)?;
        self.stopped = state.count("stopped")? > 0;
        self.best_weights = state.weights().cloned();
        Ok(())
    }
}

//! A lower learning rate when a value no longer improves.

use super::super::callback::{Callback, TrainContext};
use super::super::state::State;
use super::monitored::{Mode, Monitored};
use crate::Result;

/// Multiplies the learning rate by a factor when a monitored value has not improved for some epochs, as Keras's
/// `ReduceLROnPlateau` and with its defaults: factor 0.1, patience 10, `min_delta` 1e-4, no cooldown.
///
/// ```
/// use cuaderno::train::callbacks::ReduceLROnPlateau;
/// let plateau = ReduceLROnPlateau::new("val_loss").factor(0.5).patience(3).min_lr(1e-6);
/// # let _ = plateau;
/// ```
#[derive(Clone, Debug)]
pub struct ReduceLROnPlateau {
    monitored: Monitored,
    factor: f64,
    patience: usize,
    cooldown: usize,
    min_lr: f64,
    /// Epochs of cooldown left.
    cooling: usize,
}

impl ReduceLROnPlateau {
    /// Monitors the value `monitor`, such as `val_loss`.
    pub fn new(monitor: &str) -> Self {
        let monitored = Monitored { min_delta: 1e-4, ..Monitored::new(monitor) };
        Self { monitored, factor: 0.1, patience: 10, cooldown: 0, min_lr: 0.0, cooling: 0 }
    }

    /// Factor of the learning rate, below 1.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Epochs without improvement before the rate is lowered.
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// Only a change by more than this counts as an improvement.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitored.min_delta = min_delta.abs();
        self
    }

    /// Returns `true` if lower or higher is better; decided by the name by default.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitored.mode = mode;
        self
    }

    /// Epochs after a reduction in which none are counted.
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.cooldown = epochs;
        self
    }

    /// The lowest learning rate.
    pub fn min_lr(mut self, rate: f64) -> Self {
        self.min_lr = rate;
        self
    }
}

impl Callback for ReduceLROnPlateau {
    fn on_train_begin(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        if self.factor > 0.0 && self.factor < 1.0 && self.min_lr >= 0.0 {
            return Ok(());
        }
        let problem = format!(
            "`factor` must lie between 0 and 1 and `min_lr` at or above 0, found {} and {}",
            self.factor, self.min_lr
        );
        Err(crate::Error::new(crate::ErrorKind::Parameter, problem))
    }

    fn on_epoch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        let value = run.value(&self.monitored.name)?;
        let cooling = self.cooling > 0;
        if cooling {
            self.cooling -= 1;
            self.monitored.wait = 0;
        }
        let improved = self.monitored.update(value, run.epoch);
        if improved || self.cooling > 0 {
            self.monitored.wait = 0;
            return Ok(());
        }
        if self.monitored.wait >= self.patience && *run.learning_rate > self.min_lr {
            *run.learning_rate = (*run.learning_rate * self.factor).max(self.min_lr);
            let (name, rate) = (&self.monitored.name, *run.learning_rate);
            let epoch = run.epoch;
            run.message(format!(
                "epoch {epoch}: {name} has not improved, the learning rate is now {rate:.3e}"
            ));
            self.cooling = self.cooldown;
            self.monitored.wait = 0;
        }
        Ok(())
    }

    fn state(&self) -> State {
        self.monitored.state().with_count("cooling", self.cooling)
    }

    fn load_state(&mut self, state: &State) -> Result<()> {
        self.monitored.load(state)?;
        self.cooling = state.count("cooling")?;
        Ok(())
    }
}

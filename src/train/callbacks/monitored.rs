//! A monitored value and whether it improves.

use super::super::metric::higher_is_better;
use super::super::state::State;
use crate::Result;

/// Which direction of a monitored value is an improvement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// From the name: losses and errors should fall, other metrics rise.
    #[default]
    Auto,
    /// Lower values are better.
    Min,
    /// Higher values are better.
    Max,
}

/// The best value so far, and how long ago it was.
#[derive(Clone, Debug)]
pub(super) struct Monitored {
    pub name: String,
    pub mode: Mode,
    pub min_delta: f64,
    /// NaN before the first epoch.
    pub best: f64,
    /// Epoch of the best value, counted from 1.
    pub best_epoch: usize,
    /// Epochs since then.
    pub wait: usize,
}

impl Monitored {
    pub fn new(name: &str) -> Self {
        let (mode, best) = (Mode::Auto, f64::NAN);
        Self { name: name.to_string(), mode, min_delta: 0.0, best, best_epoch: 0, wait: 0 }
    }

    fn rises(&self) -> bool {
        match self.mode {
            Mode::Auto => higher_is_better(&self.name),
            Mode::Min => false,
            Mode::Max => true,
        }
    }

    /// Returns `true` if `value` is better than `than` by more than `min_delta`. NaN never is.
    pub fn improves(&self, value: f64, than: f64) -> bool {
        if value.is_nan() || than.is_nan() {
            return than.is_nan() && !value.is_nan();
        }
        if self.rises() { value > than + self.min_delta } else { value < than - self.min_delta }
    }

    /// Counts an epoch, and returns whether it is the best so far.
    pub fn update(&mut self, value: f64, epoch: usize) -> bool {
        if self.improves(value, self.best) {
            (self.best, self.best_epoch, self.wait) = (value, epoch, 0);
            return true;
        }
        self.wait += 1;
        false
    }

    pub fn state(&self) -> State {
        State::new()
            .with_number("best", self.best)
            .with_count("best_epoch", self.best_epoch)
            .with_count("wait", self.wait)
    }

    pub fn load(&mut self, state: &State) -> Result<()> {
        self.best = state.number("best")?;
        self.best_epoch = state.count("best_epoch")?;
        self.wait = state.count("wait")?;
        Ok(())
    }
}

//! What a callback saves into a checkpoint.

use crate::nn::Weights;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// The state of a callback: named numbers and texts, and weights if it keeps some.
///
/// ```
/// use cuaderno::train::State;
/// # fn main() -> cuaderno::Result<()> {
/// let state = State::new().with_number("best", 0.25).with_text("epoch", "third");
/// assert_eq!(state.number("best")?, 0.25);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(super) numbers: BTreeMap<String, f64>,
    pub(super) texts: BTreeMap<String, String>,
    pub(super) weights: Option<Weights>,
}

impl State {
    /// A state that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a number, which may be NaN or infinite.
    pub fn with_number(mut self, name: &str, value: f64) -> Self {
        self.numbers.insert(name.to_string(), value);
        self
    }

    /// The same with a count.
    pub fn with_count(self, name: &str, value: usize) -> Self {
        self.with_number(name, value as f64)
    }

    /// The same with a text.
    pub fn with_text(mut self, name: &str, value: &str) -> Self {
        self.texts.insert(name.to_string(), value.to_string());
        self
    }

    /// The same with weights.
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.weights = Some(weights);
        self
    }

    /// The number of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn number(&self, name: &str) -> Result<f64> {
        self.numbers.get(name).copied().ok_or_else(|| missing(name))
    }

    /// The count of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn count(&self, name: &str) -> Result<usize> {
        self.number(name).map(|value| value as usize)
    }

    /// The text of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn text(&self, name: &str) -> Result<&str> {
        self.texts.get(name).map(String::as_str).ok_or_else(|| missing(name))
    }

    /// The weights, if it holds some.
    pub fn weights(&self) -> Option<&Weights> {
        self.weights.as_ref()
    }

    /// Returns `true` if it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.texts.is_empty() && self.weights.is_none()
    }
}

fn missing(name: &str) -> Error {
    let problem = format!("the saved state of the callback has no `{name}`");
    Error::new(ErrorKind::Parameter, problem)
        .help("resume with the callbacks that the checkpoint was written with")
}

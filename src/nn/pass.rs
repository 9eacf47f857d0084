//! One forward pass: its mode, its randomness, and where in the network it is.

use super::SummaryRow;
use crate::{Error, Result};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;

/// Training or inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Gradients are recorded; dropout is active.
    Training,
    /// Nothing is recorded, nothing is random.
    Inference,
}

/// What layers know of the forward pass they take part in.
#[derive(Debug)]
pub struct Pass {
    mode: Mode,
    random: RefCell<ChaCha8Rng>,
    path: RefCell<Vec<String>>,
    trace: Option<RefCell<Vec<SummaryRow>>>,
}

impl Pass {
    /// A pass that records gradients; what is random in it depends on `seed` alone.
    pub fn training(seed: u64) -> Self {
        Self::new(Mode::Training, seed)
    }

    /// A pass that only computes.
    pub fn inference() -> Self {
        Self::new(Mode::Inference, 0)
    }

    fn new(mode: Mode, seed: u64) -> Self {
        let random = RefCell::new(ChaCha8Rng::seed_from_u64(seed));
        Self { mode, random, path: RefCell::default(), trace: None }
    }

    /// A pass in inference that notes what every layer does.
    pub(super) fn tracing() -> Self {
        Self { trace: Some(RefCell::default()), ..Self::inference() }
    }

    /// Whether this pass trains.
    pub fn is_training(&self) -> bool {
        self.mode == Mode::Training
    }

    /// A fresh seed for something random.
    pub fn seed(&self) -> u64 {
        self.random.borrow_mut().next_u64()
    }

    /// Runs a part of a network under its name, so that errors tell where they come from.
    pub fn enter<T>(&self, name: &str, part: impl FnOnce() -> Result<T>) -> Result<T> {
        self.path.borrow_mut().push(name.to_string());
        let result = part().map_err(|error: Error| {
            if error.has_layer() { error } else { error.layer(self.path.borrow().join(".")) }
        });
        self.path.borrow_mut().pop();
        result
    }

    /// Whether this pass notes what every layer does.
    pub(super) fn is_tracing(&self) -> bool {
        self.trace.is_some()
    }

    /// Notes what the layer at the current place made, if this pass traces.
    pub(super) fn note(&self, row: impl FnOnce() -> SummaryRow) {
        if let Some(trace) = &self.trace {
            let name = self.path.borrow().join(".");
            trace.borrow_mut().push(SummaryRow { name, ..row() });
        }
    }

    pub(super) fn into_trace(self) -> Vec<SummaryRow> {
        self.trace.map(RefCell::into_inner).unwrap_or_default()
    }
}

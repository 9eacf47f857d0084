//! The context of one forward pass: mode, random numbers, and the place in the network.

use super::activations::Activations;
use super::capture::Capture;
use super::summary_row::SummaryRow;
use crate::{Error, Result};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;

/// The mode of a forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Gradients are recorded; dropout and stochastic depth are active.
    Training,
    /// Gradients are recorded; dropout and stochastic depth are off. Batch normalization works as in [`Mode::Training`].
    TrainingWithoutRandomness,
    /// Nothing is recorded; dropout and stochastic depth are off.
    Inference,
}

/// The context of one forward pass through a network: PyTorch's `model.train()` or `model.eval()` for that pass alone.
///
/// ```
/// use cuaderno::nn::Pass;
/// assert!(Pass::training(0).is_random() && !Pass::inference().is_training());
/// ```
#[derive(Debug)]
pub struct Pass {
    mode: Mode,
    random: RefCell<ChaCha8Rng>,
    path: RefCell<Vec<String>>,
    trace: Option<RefCell<Vec<SummaryRow>>>,
    capture: Option<Capture>,
}

impl Pass {
    /// A pass that records gradients; its random numbers depend on `seed` alone.
    pub fn training(seed: u64) -> Self {
        Self::new(Mode::Training, seed)
    }

    /// A pass that records gradients with dropout and stochastic depth off: for comparing training steps with another
    /// framework, since no two draw the same random numbers.
    pub fn training_without_randomness() -> Self {
        Self::new(Mode::TrainingWithoutRandomness, 0)
    }

    /// A pass that records nothing.
    pub fn inference() -> Self {
        Self::new(Mode::Inference, 0)
    }

    fn new(mode: Mode, seed: u64) -> Self {
        let random = RefCell::new(ChaCha8Rng::seed_from_u64(seed));
        Self { mode, random, path: RefCell::default(), trace: None, capture: None }
    }

    /// An inference pass that collects a summary row of each layer.
    pub(super) fn tracing() -> Self {
        Self { trace: Some(RefCell::default()), ..Self::inference() }
    }

    /// An inference pass that keeps the output of `layer`, such as `layer4.1`, and records every operation after it:
    /// the backward pass then ends at that output.
    pub(crate) fn capturing(layer: &str) -> Self {
        Self { capture: Some(Capture::new(layer)), ..Self::inference() }
    }

    /// Returns `true` if the layer of this name, at the current place, is the one to capture.
    pub(super) fn captures(&self, name: &str) -> bool {
        self.capture.as_ref().is_some_and(|capture| capture.matches(&self.place(), name))
    }

    /// Keeps `output` as that of the captured layer and starts recording.
    pub(super) fn capture(&self, output: Activations) -> Activations {
        match &self.capture {
            Some(capture) => capture.keep(output),
            None => output,
        }
    }

    /// The captured output of a [`Self::capturing`] pass.
    pub(crate) fn into_capture(self) -> Option<Capture> {
        self.capture
    }

    /// Returns `true` if the pass records gradients.
    pub fn is_training(&self) -> bool {
        self.mode != Mode::Inference
    }

    /// Returns `true` if dropout and stochastic depth are active.
    pub fn is_random(&self) -> bool {
        self.mode == Mode::Training
    }

    /// The next seed of the pass's random numbers.
    pub fn seed(&self) -> u64 {
        self.random.borrow_mut().next_u64()
    }

    /// Runs a part of a network under its name, which errors and summaries then carry.
    ///
    /// # Errors
    /// Those of `part`, with the layer's full name.
    pub fn enter<T>(&self, name: &str, part: impl FnOnce() -> Result<T>) -> Result<T> {
        self.path.borrow_mut().push(name.to_string());
        let result =
            part().map_err(
                |error: Error| {
                    if error.has_layer() { error } else { error.layer(self.place()) }
                },
            );
        self.path.borrow_mut().pop();
        result
    }

    /// The full name of the running layer; an unnamed layer has the name of the one around it.
    fn place(&self) -> String {
        let path = self.path.borrow();
        let names: Vec<&str> =
            path.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        names.join(".")
    }

    /// Returns `true` if the pass collects summary rows.
    pub(super) fn is_tracing(&self) -> bool {
        self.trace.is_some()
    }

    /// Adds the row of the running layer if the pass collects summary rows.
    pub(super) fn note(&self, row: impl FnOnce() -> SummaryRow) {
        if let Some(trace) = &self.trace {
            trace.borrow_mut().push(SummaryRow { name: self.place(), ..row() });
        }
    }

    pub(super) fn into_trace(self) -> Vec<SummaryRow> {
        self.trace.map(RefCell::into_inner).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{
        BatchNorm2d, Conv2d, Conv2dConfig, Dropout, Init, Layer, Linear, Residual, Sequential,
    };
    use crate::tensor::{constant, plain, read, tensor};
    use dfdx::tensor::SplitTape;

    #[test]
    fn without_randomness_only_dropout_and_stochastic_depth_are_off() {
        let network = |skip: f32, dropout: f32| {
            let mut init = Init::seed(3);
            let body =
                Sequential::new().add(Conv2d::new(Conv2dConfig::same(2, 2, 3), &mut init).unwrap());
            Sequential::new()
                .add(BatchNorm2d::new(2).unwrap())
                .add(Residual { body, stochastic_depth: skip, ..Residual::default() })
                .add(Layer::Flatten)
                .add(Dropout::new(dropout).unwrap())
                .add(Linear::new(24, 3, &mut init).unwrap())
        };
        let run = |network: &Sequential, pass: &Pass| {
            let values = (0..4 * 24).map(|i| (i as f32 * 0.7).sin()).collect();
            let input = constant(&tensor(values, (4, 2, 4, 3)).unwrap());
            network.forward(input, pass).unwrap().features().unwrap()
        };
        let values =
            |network: &Sequential, pass: &Pass| read(&plain(run(network, pass))).into_owned();
        let steady = Pass::training_without_randomness();
        let expected = values(&network(0.0, 0.0), &Pass::training(1));
        let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5;
        let found = values(&network(0.9, 0.9), &steady);
        assert!(found.iter().zip(&expected).all(near), "{found:?} {expected:?}");
        assert_ne!(values(&network(0.9, 0.0), &Pass::training(1)), expected);
        assert_ne!(values(&network(0.0, 0.9), &Pass::training(1)), expected);

        let network = network(0.9, 0.9);
        assert!(run(&network, &steady).split_tape().1.is_on());
        let buffers = network.buffers();
        let mean = buffers.iter().find(|(name, _)| name == "0.running_mean").unwrap();
        assert!(mean.1.values().iter().all(|mean| *mean != 0.0), "it normalizes by the batch");
        assert_ne!(values(&network, &Pass::inference()), expected);
    }
}

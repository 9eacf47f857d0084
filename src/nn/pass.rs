//! One forward pass: its mode, its randomness, and where in the network it is.

use super::SummaryRow;
use crate::{Error, Result};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;

/// Training or inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Gradients are recorded; dropout and stochastic depth are active.
    Training,
    /// Gradients are recorded, nothing is random: dropout and stochastic depth let everything through. Batch
    /// normalization works as in [`Mode::Training`].
    TrainingWithoutRandomness,
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

    /// A pass that records gradients as [`Self::training`] does, with dropout and stochastic depth switched off: for
    /// training steps that another framework is to take too, since no two draw the same random numbers.
    pub fn training_without_randomness() -> Self {
        Self::new(Mode::TrainingWithoutRandomness, 0)
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
        self.mode != Mode::Inference
    }

    /// Whether dropout and the like are active.
    pub fn is_random(&self) -> bool {
        self.mode == Mode::Training
    }

    /// A fresh seed for something random.
    pub fn seed(&self) -> u64 {
        self.random.borrow_mut().next_u64()
    }

    /// Runs a part of a network under its name, so that errors tell where they come from.
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

    /// The name of the part that runs; one without a name of its own has that of what it lies in.
    fn place(&self) -> String {
        let path = self.path.borrow();
        let names: Vec<&str> =
            path.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        names.join(".")
    }

    /// Whether this pass notes what every layer does.
    pub(super) fn is_tracing(&self) -> bool {
        self.trace.is_some()
    }

    /// Notes what the layer at the current place made, if this pass traces.
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
    fn without_randomness_only_dropout_and_stochastic_depth_rest() {
        let network = |skip: f32, dropout: f32| {
            let mut init = Init::seed(3);
            let body =
                Sequential::new().add(Conv2d::new(Conv2dConfig::same(2, 2, 3), &mut init).unwrap());
            Sequential::new()
                .add(BatchNorm2d::new(2).unwrap())
                .add(Residual { body, skip, ..Residual::default() })
                .add(Layer::Flatten)
                .add(Dropout::new(dropout))
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

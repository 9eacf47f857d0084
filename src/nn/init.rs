//! Initial weights.

use super::Parameter;
use crate::Result;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A source of initial weights; the same seed gives the same network.
#[derive(Clone, Debug)]
pub struct Init(ChaCha8Rng);

impl Init {
    /// A source that depends on `seed` alone.
    pub fn seed(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform values in ±1/√`fan_in`: PyTorch's default for the weights and biases of linear and
    /// convolutional layers (He et al., 2015, with a = √5).
    pub fn uniform(&mut self, shape: &[usize], fan_in: usize) -> Result<Parameter> {
        let bound = 1.0 / (fan_in.max(1) as f32).sqrt();
        let count = shape.iter().product();
        Parameter::new((0..count).map(|_| self.0.gen_range(-bound..=bound)).collect(), shape)
    }
}

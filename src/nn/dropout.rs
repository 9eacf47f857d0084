//! The dropout layer.

/// Dropout (Srivastava et al., 2014): active in [`Pass::training`](super::Pass::training) only.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// The probability that a value is set to zero.
    pub probability: f32,
}

impl Dropout {
    /// Dropout with this probability, from 0 (never) to below 1.
    pub fn new(probability: f32) -> Self {
        Self { probability }
    }
}

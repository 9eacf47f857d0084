//! One step of gradient descent: SGD with momentum, Adam and AdamW, with PyTorch's formulas.

use rayon::prelude::*;

/// Settings of Adam (Kingma and Ba, 2015).
#[derive(Clone, Debug, PartialEq)]
pub struct AdamConfig {
    /// Decay rates of the running means of the gradient and of its square.
    pub betas: [f32; 2],
    /// Keeps the division finite.
    pub epsilon: f32,
    /// Weight decay: added to the gradient, or taken off the weights with `decoupled`.
    pub weight_decay: f32,
    /// Decoupled weight decay (AdamW; Loshchilov and Hutter, 2019).
    pub decoupled: bool,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0, decoupled: false }
    }
}

/// Settings of stochastic gradient descent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SgdConfig {
    /// The share of the last step that is taken again.
    pub momentum: f32,
    /// Added to the gradient, times the weights.
    pub weight_decay: f32,
    /// Nesterov's momentum.
    pub nesterov: bool,
}

/// Which optimizer, and its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum OptimizerConfig {
    /// Adam or AdamW.
    Adam(AdamConfig),
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::Adam(AdamConfig::default())
    }
}

impl OptimizerConfig {
    /// Whether every setting is in its range.
    pub(crate) fn fits(&self) -> bool {
        let unit = |value: f32| (0.0..1.0).contains(&value);
        match self {
            Self::Adam(adam) => {
                adam.betas.iter().all(|beta| unit(*beta))
                    && adam.epsilon > 0.0
                    && adam.weight_decay >= 0.0
            }
            Self::Sgd(sgd) => unit(sgd.momentum) && sgd.weight_decay >= 0.0,
        }
    }
}

/// Values that one thread updates at a time.
const CHUNK: usize = 1 << 15;

/// Moves `values` against their gradient; `steps` counts from 1. The running means of the gradient and of its square
/// follow.
pub fn adam(
    adam: &AdamConfig,
    steps: u32,
    learning_rate: f32,
    values: &mut [f32],
    gradient: &[f32],
    [means, squares]: [&mut [f32]; 2],
) {
    let [beta1, beta2] = adam.betas;
    let correction = |beta: f32| 1.0 - f64::from(beta).powf(f64::from(steps));
    let rate = (f64::from(learning_rate) / correction(beta1)) as f32;
    let root = (1.0 / correction(beta2).sqrt()) as f32;
    let (coupled, shrink) = if adam.decoupled {
        (0.0, 1.0 - learning_rate * adam.weight_decay)
    } else {
        (adam.weight_decay, 1.0)
    };
    let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
    let state = means.par_chunks_mut(CHUNK).zip(squares.par_chunks_mut(CHUNK));
    chunks.zip(state).for_each(|((values, gradient), (means, squares))| {
        for (((value, g), mean), square) in values.iter_mut().zip(gradient).zip(means).zip(squares)
        {
            let g = g + coupled * *value;
            *mean += (1.0 - beta1) * (g - *mean);
            *square = beta2 * *square + (1.0 - beta2) * g * g;
            *value = shrink * *value - rate * *mean / (square.sqrt() * root + adam.epsilon);
        }
    });
}

/// Moves `values` against their gradient. With momentum the velocity follows, which without may be empty.
pub fn sgd(
    sgd: &SgdConfig,
    learning_rate: f32,
    values: &mut [f32],
    gradient: &[f32],
    velocity: &mut [f32],
) {
    let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
    if sgd.momentum == 0.0 {
        chunks.for_each(|(values, gradient)| {
            for (value, g) in values.iter_mut().zip(gradient) {
                *value -= learning_rate * (g + sgd.weight_decay * *value);
            }
        });
        return;
    }
    // A buffer of zeros makes the first step that of plain descent, as in PyTorch.
    chunks.zip(velocity.par_chunks_mut(CHUNK)).for_each(|((values, gradient), velocity)| {
        for ((value, g), v) in values.iter_mut().zip(gradient).zip(velocity) {
            let g = g + sgd.weight_decay * *value;
            *v = sgd.momentum * *v + g;
            *value -= learning_rate * if sgd.nesterov { g + sgd.momentum * *v } else { *v };
        }
    });
}

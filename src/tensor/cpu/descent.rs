//! One step of gradient descent: SGD with momentum, Adam and AdamW, with PyTorch's formulas.

use super::threads::{Shared, chunk, each_chunk, each_chunk_of_two};

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
/// follow. All slices are of one length.
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
    let squares = Shared::new(squares);
    each_chunk_of_two(values, means, [CHUNK; 2], |number, values, means| {
        let start = number * CHUNK;
        // SAFETY: chunks do not overlap, and every number comes once.
        let squares = unsafe { squares.part(start..start + values.len()) };
        let gradient = chunk(gradient, CHUNK, number);
        for (((value, g), mean), square) in values.iter_mut().zip(gradient).zip(means).zip(squares)
        {
            let g = g + coupled * *value;
            *mean += (1.0 - beta1) * (g - *mean);
            *square = beta2 * *square + (1.0 - beta2) * g * g;
            *value = shrink * *value - rate * *mean / (square.sqrt() * root + adam.epsilon);
        }
    });
}

/// Moves `values` against their gradient. With momentum the velocity, of the same length, follows; without it may be
/// empty.
pub fn sgd(
    sgd: &SgdConfig,
    learning_rate: f32,
    values: &mut [f32],
    gradient: &[f32],
    velocity: &mut [f32],
) {
    if sgd.momentum == 0.0 {
        each_chunk(values, CHUNK, |number, values| {
            for (value, g) in values.iter_mut().zip(chunk(gradient, CHUNK, number)) {
                *value -= learning_rate * (g + sgd.weight_decay * *value);
            }
        });
        return;
    }
    // A buffer of zeros makes the first step that of plain descent, as in PyTorch.
    each_chunk_of_two(values, velocity, [CHUNK; 2], |number, values, velocity| {
        let gradient = chunk(gradient, CHUNK, number);
        for ((value, g), v) in values.iter_mut().zip(gradient).zip(velocity) {
            let g = g + sgd.weight_decay * *value;
            *v = sgd.momentum * *v + g;
            *value -= learning_rate * if sgd.nesterov { g + sgd.momentum * *v } else { *v };
        }
    });
}

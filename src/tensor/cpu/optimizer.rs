//! Optimizer steps: SGD with momentum, Adam, AdamW and RMSprop, by PyTorch's formulas.

use super::threads::{Shared, chunk, each_chunk, each_chunk_of_two};

/// Settings of Adam (Kingma and Ba, 2015) and AdamW; the defaults are PyTorch's.
///
/// With the gradient g: `m = β₁·m + (1 − β₁)·g`, `v = β₂·v + (1 − β₂)·g²`, and
/// `weight −= learning rate · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + epsilon)` at step t.
///
/// ```
/// use cuaderno::train::{AdamConfig, OptimizerConfig};
/// let adamw = AdamConfig { weight_decay: 0.01, decoupled: true, ..AdamConfig::default() };
/// assert_eq!(OptimizerConfig::Adam(adamw), OptimizerConfig::adamw(0.01));
/// assert_eq!(AdamConfig::default().betas, [0.9, 0.999]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AdamConfig {
    /// Decay rates of the running averages of the gradient and of its square.
    pub betas: [f32; 2],
    /// Added to the denominator, for numerical stability.
    pub epsilon: f32,
    /// Weight decay: `decay · weight` is added to the gradient, or with `decoupled` the weights shrink by
    /// `learning rate · decay`.
    pub weight_decay: f32,
    /// `true` if weight decay is decoupled (AdamW; Loshchilov and Hutter, 2019).
    pub decoupled: bool,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0, decoupled: false }
    }
}

/// Settings of stochastic gradient descent (SGD) with momentum; the defaults are PyTorch's, without momentum.
///
/// With the gradient g: `velocity = momentum · velocity + g` and `weight −= learning rate · velocity`, with Nesterov momentum
/// `weight −= learning rate · (g + momentum · velocity)`.
///
/// ```
/// use cuaderno::train::{OptimizerConfig, SgdConfig};
/// let config = SgdConfig { momentum: 0.9, weight_decay: 1e-4, ..SgdConfig::default() };
/// assert!(!config.nesterov && SgdConfig::default().momentum == 0.0);
/// let nesterov = SgdConfig { momentum: 0.9, nesterov: true, ..SgdConfig::default() };
/// assert_eq!(OptimizerConfig::Sgd(nesterov), OptimizerConfig::nesterov(0.9));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SgdConfig {
    /// Momentum: `velocity = momentum · velocity + gradient`.
    pub momentum: f32,
    /// Weight decay: `decay · weight` is added to the gradient.
    pub weight_decay: f32,
    /// Nesterov momentum.
    pub nesterov: bool,
}

/// Settings of RMSprop (Hinton, 2012); the defaults are PyTorch's.
///
/// With the gradient g: `square = alpha · square + (1 − alpha) · g²` and `weight −= learning rate · g / (√square + epsilon)`.
///
/// ```
/// use cuaderno::train::{OptimizerConfig, RmsPropConfig};
/// let config = RmsPropConfig { alpha: 0.9, epsilon: 1e-7, ..RmsPropConfig::default() }; // Keras's defaults
/// assert_ne!(OptimizerConfig::RmsProp(config), OptimizerConfig::rmsprop());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RmsPropConfig {
    /// Decay rate of the running average of the squared gradient.
    pub alpha: f32,
    /// Added to the denominator, for numerical stability.
    pub epsilon: f32,
    /// Momentum of the scaled gradient.
    pub momentum: f32,
    /// Weight decay: `decay · weight` is added to the gradient.
    pub weight_decay: f32,
}

impl Default for RmsPropConfig {
    fn default() -> Self {
        Self { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 }
    }
}

/// The optimizer and its settings: Adam, AdamW, SGD with momentum, or RMSprop. The learning rate is in
/// [`TrainConfig`](crate::train::TrainConfig).
///
/// ```
/// use cuaderno::train::{OptimizerConfig, TrainConfig};
/// let config = TrainConfig { optimizer: OptimizerConfig::adamw(0.01), ..TrainConfig::default() };
/// assert!(matches!(&config.optimizer, OptimizerConfig::Adam(adam) if adam.decoupled));
/// assert_eq!(OptimizerConfig::default(), OptimizerConfig::adam());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum OptimizerConfig {
    /// Adam or AdamW.
    Adam(AdamConfig),
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// RMSprop.
    RmsProp(RmsPropConfig),
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::Adam(AdamConfig::default())
    }
}

impl OptimizerConfig {
    /// Adam with PyTorch's defaults.
    pub fn adam() -> Self {
        Self::default()
    }

    /// AdamW with this weight decay; PyTorch's default is 0.01.
    pub fn adamw(weight_decay: f32) -> Self {
        Self::Adam(AdamConfig { weight_decay, decoupled: true, ..AdamConfig::default() })
    }

    /// Stochastic gradient descent with this momentum, 0 for none.
    pub fn sgd(momentum: f32) -> Self {
        Self::Sgd(SgdConfig { momentum, ..SgdConfig::default() })
    }

    /// SGD with Nesterov momentum.
    pub fn nesterov(momentum: f32) -> Self {
        Self::Sgd(SgdConfig { momentum, nesterov: true, ..SgdConfig::default() })
    }

    /// RMSprop with PyTorch's defaults.
    pub fn rmsprop() -> Self {
        Self::RmsProp(RmsPropConfig::default())
    }

    /// Returns `true` if every setting is in its range.
    pub(crate) fn fits(&self) -> bool {
        let unit = |value: f32| (0.0..1.0).contains(&value);
        match self {
            Self::Adam(adam) => {
                adam.betas.iter().all(|beta| unit(*beta))
                    && adam.epsilon > 0.0
                    && adam.weight_decay >= 0.0
            }
            Self::Sgd(sgd) => unit(sgd.momentum) && sgd.weight_decay >= 0.0,
            Self::RmsProp(rms) => {
                unit(rms.alpha)
                    && unit(rms.momentum)
                    && rms.epsilon > 0.0
                    && rms.weight_decay >= 0.0
            }
        }
    }
}

/// Values per chunk of a thread.
const CHUNK: usize = 1 << 15;

/// One Adam step on `values`; `steps` counts from 1. Updates both moments. All slices have the same length.
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
        // SAFETY: chunks do not overlap, and each index occurs once.
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

/// One SGD step on `values`. With momentum, updates the velocity, of the same length; without, it may be empty.
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
    // A velocity of zeros makes the first step one without momentum, as in PyTorch.
    each_chunk_of_two(values, velocity, [CHUNK; 2], |number, values, velocity| {
        let gradient = chunk(gradient, CHUNK, number);
        for ((value, g), v) in values.iter_mut().zip(gradient).zip(velocity) {
            let g = g + sgd.weight_decay * *value;
            *v = sgd.momentum * *v + g;
            *value -= learning_rate * if sgd.nesterov { g + sgd.momentum * *v } else { *v };
        }
    });
}

/// Moves `values` against their gradient. The running average of its square follows, and with momentum the velocity;
/// without it that may be empty. All other slices are of one length.
pub fn rmsprop(
    rms: &RmsPropConfig,
    learning_rate: f32,
    values: &mut [f32],
    gradient: &[f32],
    [squares, velocity]: [&mut [f32]; 2],
) {
    let velocity = Shared::new(velocity);
    each_chunk_of_two(values, squares, [CHUNK; 2], |number, values, squares| {
        let start = number * CHUNK;
        let range = if rms.momentum > 0.0 { start..start + values.len() } else { 0..0 };
        // SAFETY: chunks do not overlap, and every number comes once.
        let velocity = unsafe { velocity.part(range) };
        let mut velocity = velocity.iter_mut();
        let gradient = chunk(gradient, CHUNK, number);
        for ((value, g), square) in values.iter_mut().zip(gradient).zip(squares) {
            let g = g + rms.weight_decay * *value;
            *square = rms.alpha * *square + (1.0 - rms.alpha) * g * g;
            let step = g / (square.sqrt() + rms.epsilon);
            *value -= learning_rate
                * match velocity.next() {
                    Some(v) => {
                        *v = rms.momentum * *v + step;
                        *v
                    }
                    None => step,
                };
        }
    });
}

//! Gradient descent: SGD with momentum, Adam and AdamW, with PyTorch's formulas.

use crate::nn::Parameter;
use crate::tensor::Gradients;
use crate::{Error, ErrorKind, Result};
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

/// An optimizer and its state.
#[derive(Clone, Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    steps: u64,
    /// Per parameter: the running means (Adam), or the last step (SGD) and nothing.
    state: Vec<[Vec<f32>; 2]>,
}

/// Values that one thread updates at a time.
const CHUNK: usize = 1 << 15;

impl Optimizer {
    /// An optimizer that has not taken a step.
    ///
    /// Errors when a setting is outside its range.
    pub fn new(config: OptimizerConfig) -> Result<Self> {
        let unit = |value: f32| (0.0..1.0).contains(&value);
        let fits = match &config {
            OptimizerConfig::Adam(adam) => {
                adam.betas.iter().all(|b| unit(*b))
                    && adam.epsilon > 0.0
                    && adam.weight_decay >= 0.0
            }
            OptimizerConfig::Sgd(sgd) => unit(sgd.momentum) && sgd.weight_decay >= 0.0,
        };
        if !fits {
            return Err(Error::new(ErrorKind::Parameter, format!("{config:?} is out of range"))
                .help(
                    "betas and momentum lie in [0, 1), epsilon above 0, weight decay at or above 0",
                ));
        }
        Ok(Self { config, steps: 0, state: Vec::new() })
    }

    /// Takes one step: every parameter that is not frozen moves against its gradient.
    ///
    /// Call it with the same parameters in the same order every time.
    pub fn step(
        &mut self,
        parameters: Vec<(String, &mut Parameter)>,
        gradients: &mut Gradients,
        learning_rate: f32,
    ) -> Result<()> {
        self.step_with(parameters, gradients, &|_| learning_rate)
    }

    /// The same with a learning rate for each parameter, by its name.
    pub fn step_with(
        &mut self,
        parameters: Vec<(String, &mut Parameter)>,
        gradients: &mut Gradients,
        learning_rate: &dyn Fn(&str) -> f32,
    ) -> Result<()> {
        self.steps += 1;
        self.state.resize(parameters.len(), Default::default());
        for ((name, parameter), state) in parameters.into_iter().zip(&mut self.state) {
            if !parameter.is_trainable() {
                continue;
            }
            let learning_rate = learning_rate(&name);
            let gradient = parameter.take_gradient(gradients)?;
            parameter.update(&mut |values| match &self.config {
                OptimizerConfig::Adam(adam) => {
                    adam_step(adam, self.steps, learning_rate, values, &gradient, state);
                }
                OptimizerConfig::Sgd(sgd) => sgd_step(sgd, learning_rate, values, &gradient, state),
            })?;
        }
        Ok(())
    }
}

fn adam_step(
    adam: &AdamConfig,
    steps: u64,
    learning_rate: f32,
    values: &mut [f32],
    gradient: &[f32],
    [means, squares]: &mut [Vec<f32>; 2],
) {
    means.resize(values.len(), 0.0);
    squares.resize(values.len(), 0.0);
    let [beta1, beta2] = adam.betas;
    let correction = |beta: f32| 1.0 - f64::from(beta).powf(steps as f64);
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

fn sgd_step(
    sgd: &SgdConfig,
    learning_rate: f32,
    values: &mut [f32],
    gradient: &[f32],
    [velocity, _]: &mut [Vec<f32>; 2],
) {
    if sgd.momentum == 0.0 {
        let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
        chunks.for_each(|(values, gradient)| {
            for (value, g) in values.iter_mut().zip(gradient) {
                *value -= learning_rate * (g + sgd.weight_decay * *value);
            }
        });
        return;
    }
    // A buffer of zeros makes the first step that of plain descent, as in PyTorch.
    velocity.resize(values.len(), 0.0);
    let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
    chunks.zip(velocity.par_chunks_mut(CHUNK)).for_each(|((values, gradient), velocity)| {
        for ((value, g), v) in values.iter_mut().zip(gradient).zip(velocity) {
            let g = g + sgd.weight_decay * *value;
            *v = sgd.momentum * *v + g;
            *value -= learning_rate * if sgd.nesterov { g + sgd.momentum * *v } else { *v };
        }
    });
}

//! Gradient descent on the parameters of a network.

use crate::nn::Parameter;
use crate::tensor::{Gradients, OptimizerConfig, Trail};
use crate::{Error, ErrorKind, Result};

/// An optimizer and its state, which lies on the device of the tensors.
#[derive(Clone, Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    /// By the place of the parameter.
    trails: Vec<Trail>,
}

impl Optimizer {
    /// An optimizer that has not taken a step.
    ///
    /// Errors when a setting is outside its range.
    pub fn new(config: OptimizerConfig) -> Result<Self> {
        if !config.fits() {
            return Err(Error::new(ErrorKind::Parameter, format!("{config:?} is out of range"))
                .help(
                    "betas and momentum lie in [0, 1), epsilon above 0, weight decay at or above 0",
                ));
        }
        Ok(Self { config, trails: Vec::new() })
    }

    /// Takes one step: every parameter that is not frozen moves against its gradient. Steps are counted for each
    /// parameter from the first that it takes, as in PyTorch.
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
        self.trails.resize_with(parameters.len(), Trail::default);
        for ((name, parameter), trail) in parameters.into_iter().zip(&mut self.trails) {
            if parameter.is_trainable() {
                let rate = learning_rate(&name);
                parameter
                    .descend(gradients, trail, &self.config, rate)
                    .map_err(|error| error.layer(name))?;
            }
        }
        Ok(())
    }
}

//! Gradient descent on the parameters of a network.

use crate::nn::Parameter;
use crate::tensor::{Gradients, OptimizerConfig, OptimizerState};
use crate::{Error, ErrorKind, Result};

/// An optimizer and its state, which is on the device of the tensors.
///
/// ```
/// use cuaderno::nn::{Init, Inputs, Linear, Model, Pass, Sequential};
/// use cuaderno::tensor::{LossOptions, backward, cross_entropy, tensor};
/// use cuaderno::train::{Optimizer, OptimizerConfig};
/// # fn main() -> cuaderno::Result<()> {
/// let mut layer = Linear::new(1, 2, &mut Init::seed(0))?;
/// layer.weight.update(&mut |weight| weight.fill(0.0))?;
/// layer.bias = None;
/// let mut model = Sequential::new().add(layer);
/// let inputs = Inputs { features: Some(tensor(vec![1.0], (1, 1))?), ..Inputs::default() };
///
/// let mut optimizer = Optimizer::new(OptimizerConfig::sgd(0.0))?;
/// let logits = Model::forward(&model, &inputs, &Pass::training(0))?;
/// let mut gradients = backward(cross_entropy(logits, &[1], &LossOptions::default())?)?;
/// optimizer.step(Model::parameters_mut(&mut model), &mut gradients, 0.1)?;
/// assert_eq!(Model::parameters(&model)[0].1.values()[..], [-0.05, 0.05]); // −0.1 · (p − y)
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    /// One per parameter, in the order of the network's parameters.
    states: Vec<OptimizerState>,
}

impl Optimizer {
    /// An optimizer that has not taken a step.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn new(config: OptimizerConfig) -> Result<Self> {
        if !config.fits() {
            return Err(Error::new(ErrorKind::Parameter, format!("{config:?} is out of range"))
                .help(
                    "betas, alpha and momentum must lie in [0, 1), epsilon above 0, weight decay at or above 0",
                ));
        }
        Ok(Self { config, states: Vec::new() })
    }

    /// Takes one step: every parameter that is not frozen moves against its gradient. Steps are counted for each
    /// parameter from its first, as in PyTorch.
    ///
    /// Call it with the same parameters in the same order every time.
    ///
    /// # Errors
    /// When a parameter has another size than in the step before.
    pub fn step(
        &mut self,
        parameters: Vec<(String, &mut Parameter)>,
        gradients: &mut Gradients,
        learning_rate: f32,
    ) -> Result<()> {
        self.step_with(parameters, gradients, &|_| learning_rate)
    }

    /// The same with a learning rate for each parameter, by its name.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn step_with(
        &mut self,
        parameters: Vec<(String, &mut Parameter)>,
        gradients: &mut Gradients,
        learning_rate: &dyn Fn(&str) -> f32,
    ) -> Result<()> {
        self.states.resize_with(parameters.len(), OptimizerState::default);
        for ((name, parameter), state) in parameters.into_iter().zip(&mut self.states) {
            if parameter.is_trainable() {
                let rate = learning_rate(&name);
                parameter
                    .step(gradients, state, &self.config, rate)
                    .map_err(|error| error.layer(name))?;
            }
        }
        Ok(())
    }

    /// The state of each parameter: its number of steps and its moments.
    pub(super) fn states(&self) -> Result<Vec<(u32, Vec<Vec<f32>>)>> {
        self.states.iter().map(|state| Ok((state.steps(), state.moments()?))).collect()
    }

    /// Takes over states that [`Self::states`] returned.
    pub(super) fn restore(&mut self, states: &[(u32, Vec<Vec<f32>>)]) -> Result<()> {
        let states =
            states.iter().map(|(steps, moments)| OptimizerState::restored(*steps, moments));
        self.states = states.collect::<Result<_>>()?;
        Ok(())
    }
}

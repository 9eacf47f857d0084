//! One optimizer step on a tensor.

use crate::tensor::cpu::{self, OptimizerConfig};
use crate::tensor::tape::{Device, Gradients, Plain, device, out_of_memory};
use crate::tensor::{take_gradient, update, update_stored};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::Storage;

/// The state of an optimizer for one tensor, on the tensor's device: its number of steps and its moments.
#[derive(Clone, Debug, Default)]
pub struct OptimizerState {
    steps: u32,
    /// Running averages of the gradient and of its square (Adam), velocity (SGD), or running average of the square and
    /// velocity (RMSprop).
    moments: Vec<<Device as Storage<f32>>::Vec>,
}

impl OptimizerState {
    /// The state after `steps` steps with these moments.
    pub(crate) fn restored(steps: u32, moments: &[Vec<f32>]) -> Result<Self> {
        let device = device()?;
        let mut state = Self { steps, moments: Vec::new() };
        for values in moments {
            let mut stored = device.try_alloc_len(values.len()).map_err(out_of_memory)?;
            update_stored(&mut stored, &mut |stored| {
                stored.copy_from_slice(values);
                Ok(())
            })?;
            state.moments.push(stored);
        }
        Ok(state)
    }

    /// The number of steps so far.
    pub(crate) fn steps(&self) -> u32 {
        self.steps
    }

    /// Copies of the moments.
    pub(crate) fn moments(&self) -> Result<Vec<Vec<f32>>> {
        let mut copies = Vec::with_capacity(self.moments.len());
        for stored in &self.moments {
            let mut copy = Vec::new();
            update_stored(&mut stored.clone(), &mut |stored| {
                copy.extend_from_slice(stored);
                Ok(())
            })?;
            copies.push(copy);
        }
        Ok(copies)
    }

    /// Advances to the next step: its number, counted from 1, and the moments, each as long as the tensor.
    pub(in crate::tensor) fn next<const N: usize>(
        &mut self,
        length: usize,
    ) -> Result<(u32, &mut [<Device as Storage<f32>>::Vec; N])> {
        self.steps = self.steps.saturating_add(1);
        let device = device()?;
        for _ in self.moments.len()..N {
            self.moments.push(device.try_alloc_len(length).map_err(out_of_memory)?);
        }
        match self.moments.first_chunk_mut() {
            Some(moments) if moments.iter().all(|m| device.len(m) == length) => {
                Ok((self.steps, moments))
            }
            _ => {
                let problem = format!(
                    "the optimizer's state belongs to a tensor of another size than {length} values"
                );
                Err(Error::new(ErrorKind::Parameter, problem)
                    .help("pass the same parameters in the same order to every step"))
            }
        }
    }
}

/// Updates a tensor by its gradient, which is taken out of `gradients`; zeros when there is none.
///
/// # Errors
/// [`ErrorKind::Parameter`] when `state` belongs to a tensor of another size.
pub fn optimizer_step<S: Shape>(
    tensor: &mut Plain<S>,
    gradients: &mut Gradients,
    state: &mut OptimizerState,
    config: &OptimizerConfig,
    learning_rate: f32,
) -> Result<()> {
    let length = tensor.shape().num_elements();
    let gradient = take_gradient(gradients, tensor).map_err(out_of_memory)?;
    match config {
        OptimizerConfig::Adam(config) => {
            let (steps, [means, squares]) = state.next(length)?;
            update_stored(means, &mut |means| {
                update_stored(squares, &mut |squares| {
                    update(tensor, &mut |values| {
                        let moments = [&mut *means, &mut *squares];
                        cpu::adam(config, steps, learning_rate, values, &gradient, moments);
                    })
                })
            })
        }
        OptimizerConfig::Sgd(config) if config.momentum == 0.0 => update(tensor, &mut |values| {
            cpu::sgd(config, learning_rate, values, &gradient, &mut []);
        }),
        OptimizerConfig::Sgd(config) => {
            let (_, [velocity]) = state.next(length)?;
            update_stored(velocity, &mut |velocity| {
                update(tensor, &mut |values| {
                    cpu::sgd(config, learning_rate, values, &gradient, velocity);
                })
            })
        }
        OptimizerConfig::RmsProp(config) => {
            let (_, [squares, velocity]) = state.next(length)?;
            update_stored(squares, &mut |squares| {
                update_stored(velocity, &mut |velocity| {
                    update(tensor, &mut |values| {
                        let moments = [&mut *squares, &mut *velocity];
                        cpu::rmsprop(config, learning_rate, values, &gradient, moments);
                    })
                })
            })
        }
    }
}

//! One step of gradient descent on a tensor.

use crate::tensor::cpu::{self, OptimizerConfig};
use crate::tensor::tape::{Device, Gradients, Plain, device, out_of_memory};
use crate::tensor::{take_gradient, update, update_stored};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::Storage;

/// What an optimizer keeps of one tensor from step to step, on the tensor's device.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    steps: u32,
    /// The running means of the gradient and of its square (Adam), or the velocity (SGD).
    moments: Vec<<Device as Storage<f32>>::Vec>,
}

impl Trail {
    /// Goes on to the next step, with `moments` as long as the tensor: its number, counted from 1, and the moments.
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
                let problem = format!("this optimizer has stepped on other than {length} values");
                Err(Error::new(ErrorKind::Parameter, problem)
                    .help("give every call of `step` the same parameters in the same order"))
            }
        }
    }
}

/// Moves a tensor against its gradient, which is taken out of `gradients`; zeros when there is none.
///
/// # Errors
/// When `trail` is that of a tensor of another size.
pub fn descend<S: Shape>(
    tensor: &mut Plain<S>,
    gradients: &mut Gradients,
    trail: &mut Trail,
    config: &OptimizerConfig,
    learning_rate: f32,
) -> Result<()> {
    let length = tensor.shape().num_elements();
    let gradient = take_gradient(gradients, tensor).map_err(out_of_memory)?;
    match config {
        OptimizerConfig::Adam(config) => {
            let (steps, [means, squares]) = trail.next(length)?;
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
            let (_, [velocity]) = trail.next(length)?;
            update_stored(velocity, &mut |velocity| {
                update(tensor, &mut |values| {
                    cpu::sgd(config, learning_rate, values, &gradient, velocity);
                })
            })
        }
    }
}

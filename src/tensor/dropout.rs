//! Dropout (Srivastava et al., 2014) on the tape.

use super::read;
use super::tape::{Tensor, put_gradient, take_gradient, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape as _};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Sets each value to zero with `probability` and scales the others so that the mean stays. Which ones
/// depends on `seed` alone.
pub fn dropout<S: Shape>(input: Tensor<S>, probability: f32, seed: u64) -> Result<Tensor<S>> {
    if !(0.0..1.0).contains(&probability) {
        let problem = format!("a dropout probability of {probability} is outside 0 to 1");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    if probability == 0.0 {
        return Ok(input);
    }
    let (input, mut tape) = input.split_tape();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let scale = 1.0 / (1.0 - probability);
    let mask: Vec<f32> = (0..input.shape().num_elements())
        .map(|_| if random.r#gen::<f32>() < probability { 0.0 } else { scale })
        .collect();
    let values = read(&input).iter().zip(&mask).map(|(x, m)| x * m).collect();
    let output = tensor(values, *input.shape())?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            for ((d, g), m) in dx.iter_mut().zip(&gradient).zip(&mask) {
                *d += g * m;
            }
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

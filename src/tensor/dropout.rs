//! Dropout (Srivastava et al., 2014) on the tape.

use super::read;
use super::tape::{Tensor, Tensor4, put_gradient, take_gradient, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape as _};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Sets all values of an example to zero with `probability` and scales the other examples so that the mean stays
/// (stochastic depth; Huang et al., 2016). Which ones depends on `seed` alone.
pub fn stochastic_depth(input: Tensor4, probability: f32, seed: u64) -> Result<Tensor4> {
    let (images, channels, height, width) = *input.shape();
    drop(input, probability, seed, images, channels * height * width)
}

/// Sets each value to zero with `probability` and scales the others so that the mean stays. Which ones
/// depends on `seed` alone.
pub fn dropout<S: Shape>(input: Tensor<S>, probability: f32, seed: u64) -> Result<Tensor<S>> {
    let count = input.shape().num_elements();
    drop(input, probability, seed, count, 1)
}

/// Drops or scales each of `count` runs of `length` values.
fn drop<S: Shape>(
    input: Tensor<S>,
    probability: f32,
    seed: u64,
    count: usize,
    length: usize,
) -> Result<Tensor<S>> {
    if !(0.0..1.0).contains(&probability) {
        let problem = format!("a dropout probability of {probability} is outside 0 to 1");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    if probability == 0.0 || length == 0 {
        return Ok(input);
    }
    let (input, mut tape) = input.split_tape();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let scale = 1.0 / (1.0 - probability);
    let mask: Vec<f32> =
        (0..count).map(|_| if random.r#gen::<f32>() < probability { 0.0 } else { scale }).collect();
    let mut values = read(&input).into_owned();
    for (run, factor) in values.chunks_exact_mut(length).zip(&mask) {
        run.iter_mut().for_each(|value| *value *= factor);
    }
    let output = tensor(values, *input.shape())?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            let runs = dx.chunks_exact_mut(length).zip(gradient.chunks_exact(length));
            for ((sum, gradient), factor) in runs.zip(&mask) {
                sum.iter_mut().zip(gradient).for_each(|(s, g)| *s += g * factor);
            }
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

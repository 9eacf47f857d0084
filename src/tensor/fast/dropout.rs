//! Dropout (Srivastava et al., 2014) on the tape.

use crate::tensor::tape::{Tensor, Tensor4, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape as _};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Stochastic depth (Huang et al., 2016): sets all values of an example to zero with `probability` p and multiplies the
/// other examples by `1 / (1 − p)`. The choice depends on `seed` alone.
///
/// # Errors
/// [`ErrorKind::Parameter`] when the probability is outside 0 to 1.
pub fn stochastic_depth(input: Tensor4, probability: f32, seed: u64) -> Result<Tensor4> {
    let (images, channels, height, width) = *input.shape();
    drop(input, probability, seed, images, channels * height * width)
}

/// Dropout (Srivastava et al., 2014): sets each value to zero with `probability` p and multiplies the others by `1 / (1
/// − p)`. The choice depends on `seed` alone.
///
/// # Errors
/// [`ErrorKind::Parameter`] when the probability is outside 0 to 1.
pub fn dropout<S: Shape>(input: Tensor<S>, probability: f32, seed: u64) -> Result<Tensor<S>> {
    let count = input.shape().num_elements();
    drop(input, probability, seed, count, 1)
}

/// Drops or scales each of `count` chunks of `length` values.
fn drop<S: Shape>(
    input: Tensor<S>,
    probability: f32,
    seed: u64,
    count: usize,
    length: usize,
) -> Result<Tensor<S>> {
    let Some(mask) = drop_factors(probability, seed, count)?.filter(|_| length > 0) else {
        return Ok(input);
    };
    let (input, mut tape) = input.split_tape();
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

/// The mask: `1 / (1 − probability)` or 0 for each of `count` chunks; `None` when nothing is dropped.
pub(in crate::tensor) fn drop_factors(
    probability: f32,
    seed: u64,
    count: usize,
) -> Result<Option<Vec<f32>>> {
    if !(0.0..1.0).contains(&probability) {
        let problem =
            format!("the dropout probability must be between 0 and 1, found {probability}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    if probability == 0.0 {
        return Ok(None);
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let scale = 1.0 / (1.0 - probability);
    let mut factor = || if random.r#gen::<f32>() < probability { 0.0 } else { scale };
    Ok(Some((0..count).map(|_| factor()).collect()))
}

//! Functions of each element on the tape.

use super::read;
use super::tape::{Tensor, put_gradient, take_gradient, tensor};
use crate::Result;
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape as _};
use rayon::prelude::*;

/// Elements that one thread takes at the least.
const RUN: usize = 1 << 14;

/// max(x, 0).
pub fn relu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    let passes = |_, y| if y > 0.0 { 1.0 } else { 0.0 };
    elementwise(input, |x| if x < 0.0 { 0.0 } else { x }, passes)
}

/// min(max(x, 0), 6).
pub fn relu6<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    let passes = |x, _| if x > 0.0 && x < 6.0 { 1.0 } else { 0.0 };
    // A NaN stays one, which `clamp` keeps.
    elementwise(input, |x| x.clamp(0.0, 6.0), passes)
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    elementwise(input, logistic, |_, y| y * (1.0 - y))
}

/// x / (1 + e⁻ˣ), also called swish.
pub fn silu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    let slope = |x, _| {
        let y = logistic(x);
        y * (1.0 + x * (1.0 - y))
    };
    elementwise(input, |x| x * logistic(x), slope)
}

/// Of the two forms, the one whose exponential cannot overflow.
fn logistic(x: f32) -> f32 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// `function` of each element; `slope` is its derivative from the element and the function's value there.
fn elementwise<S: Shape>(
    input: Tensor<S>,
    function: impl Fn(f32) -> f32 + Sync,
    slope: impl Fn(f32, f32) -> f32 + Sync + 'static,
) -> Result<Tensor<S>> {
    let (input, mut tape) = input.split_tape();
    let values = read(&input).par_iter().with_min_len(RUN).map(|x| function(*x)).collect();
    let output = tensor(values, *input.shape())?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            let (x, y) = (read(&input), read(&result));
            dx.par_iter_mut()
                .with_min_len(RUN)
                .zip(&gradient)
                .zip(x.par_iter().zip(y.par_iter()))
                .for_each(|((d, g), (x, y))| *d += g * slope(*x, *y));
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

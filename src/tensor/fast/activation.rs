//! Functions of each element on the tape.

use crate::Result;
use crate::tensor::cpu::Activation;
pub use crate::tensor::cpu::threads::{chunk, each_chunk};
use crate::tensor::cpu::{finish, logistic};
use crate::tensor::tape::{Tensor, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape as _};
use pulp::{Arch, Simd, WithSimd};

/// Elements that one thread takes at the least.
const RUN: usize = 1 << 14;

/// max(x, 0).
pub fn relu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Relu)
}

/// min(max(x, 0), 6).
pub fn relu6<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Relu6)
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Sigmoid)
}

/// x / (1 + e⁻ˣ), also called swish.
pub fn silu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Silu)
}

/// `activation` of each element.
pub fn activate<S: Shape>(input: Tensor<S>, activation: Activation) -> Result<Tensor<S>> {
    if activation == Activation::Identity {
        return Ok(input);
    }
    let (input, mut tape) = input.split_tape();
    let mut values = read(&input).into_owned();
    each_chunk(&mut values, RUN, |_, values| finish(values, 1.0, 0.0, &[], activation));
    let output = tensor(values, *input.shape())?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            let (x, y) = (read(&input), read(&result));
            each_chunk(&mut dx, RUN, |run, sum| {
                let gradient = chunk(&gradient, RUN, run);
                let (x, y) = (chunk(&x, RUN, run), chunk(&y, RUN, run));
                Arch::new().dispatch(Slopes { activation, sum, gradient, x, y });
            });
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

/// `sum += gradient · slope`, where the slope at x is known from x and the function's value there.
struct Slopes<'a> {
    activation: Activation,
    sum: &'a mut [f32],
    gradient: &'a [f32],
    x: &'a [f32],
    y: &'a [f32],
}

impl WithSimd for Slopes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let step = |inside: bool| if inside { 1.0 } else { 0.0 };
        match self.activation {
            Activation::Identity => self.each(|_, _| 1.0),
            Activation::Relu => self.each(|_, y| step(y > 0.0)),
            Activation::Relu6 => self.each(|x, _| step((x > 0.0) & (x < 6.0))),
            Activation::Sigmoid => self.each(|_, y| y * (1.0 - y)),
            Activation::Silu => self.each(|x, _| {
                let y = logistic(x);
                y * (1.0 + x * (1.0 - y))
            }),
        }
    }
}

impl Slopes<'_> {
    #[inline(always)]
    fn each(self, slope: impl Fn(f32, f32) -> f32) {
        let values = self.gradient.iter().zip(self.x.iter().zip(self.y));
        self.sum.iter_mut().zip(values).for_each(|(sum, (g, (x, y)))| *sum += g * slope(*x, *y));
    }
}

//! Elementwise activation functions on the tape.

use crate::Result;
use crate::tensor::cpu::Activation;
pub use crate::tensor::cpu::threads::{chunk, each_chunk};
use crate::tensor::cpu::{finish, logistic};
use crate::tensor::tape::{Tensor, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape as _};
use pulp::{Arch, Simd, WithSimd};

/// Values per chunk of a thread.
const RUN: usize = 1 << 14;

/// Rectified linear unit (ReLU), `max(x, 0)`, elementwise, as PyTorch's `functional.relu`.
///
/// ```
/// use cuaderno::tensor::{constant, plain, read, relu, tensor};
/// let y = relu(constant(&tensor(vec![-1.0, 2.0], (2,))?))?;
/// assert_eq!(read(&plain(y))[..], [0.0, 2.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Numeric`](crate::ErrorKind::Numeric) when the device has no memory left.
pub fn relu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Relu)
}

/// ReLU6, `min(max(x, 0), 6)`, elementwise, as PyTorch's `functional.relu6`.
///
/// ```
/// use cuaderno::tensor::{constant, plain, read, relu6, tensor};
/// let y = relu6(constant(&tensor(vec![-1.0, 9.0], (2,))?))?;
/// assert_eq!(read(&plain(y))[..], [0.0, 6.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Numeric`](crate::ErrorKind::Numeric) when the device has no memory left.
pub fn relu6<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Relu6)
}

/// Logistic sigmoid, `1 / (1 + e⁻ˣ)`, elementwise.
///
/// ```
/// use cuaderno::tensor::{constant, plain, read, sigmoid, tensor};
/// let y = sigmoid(constant(&tensor(vec![0.0, 100.0], (2,))?))?;
/// assert_eq!(read(&plain(y))[..], [0.5, 1.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Numeric`](crate::ErrorKind::Numeric) when the device has no memory left.
pub fn sigmoid<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Sigmoid)
}

/// SiLU, `x / (1 + e⁻ˣ)`, also called swish, elementwise, as PyTorch's `functional.silu`.
///
/// ```
/// use cuaderno::tensor::{constant, plain, read, silu, tensor};
/// let y = silu(constant(&tensor(vec![0.0, 100.0], (2,))?))?;
/// assert_eq!(read(&plain(y))[..], [0.0, 100.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Numeric`](crate::ErrorKind::Numeric) when the device has no memory left.
pub fn silu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Silu)
}

/// The elementwise function `activation` of each value.
///
/// ```
/// use cuaderno::tensor::{Activation, activate, constant, plain, read, tensor};
/// let y = activate(constant(&tensor(vec![-1.0, 2.0], (2,))?), Activation::Relu)?;
/// assert_eq!(read(&plain(y))[..], [0.0, 2.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Numeric`](crate::ErrorKind::Numeric) when the device has no memory left.
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

/// `sum += gradient · f′(x)`, where f′(x) follows from x and f(x).
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

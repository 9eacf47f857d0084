//! Operations that join or reshape tensors.

use super::read;
use super::tape::{Tensor, Tensor2, Tensor4, put_gradient, take_gradient, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};

/// Two matrices side by side: `[batch, a]` and `[batch, b]` to `[batch, a + b]`.
pub fn concat(left: Tensor2, right: Tensor2) -> Result<Tensor2> {
    let (left, left_tape) = left.split_tape();
    let (right, right_tape) = right.split_tape();
    let ((rows, a), (right_rows, b)) = (*left.shape(), *right.shape());
    if rows != right_rows {
        let problem = format!("a batch of {rows} cannot be joined with a batch of {right_rows}");
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    let mut values = Vec::with_capacity(rows * (a + b));
    {
        let (left, right) = (read(&left), read(&right));
        for row in 0..rows {
            values.extend_from_slice(&left[row * a..(row + 1) * a]);
            values.extend_from_slice(&right[row * b..(row + 1) * b]);
        }
    }
    let output = tensor(values, (rows, a + b))?;
    let wants = (left_tape.is_on(), right_tape.is_on());
    let mut tape = left_tape.merge(right_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let parts = [(wants.0, &left, 0, a), (wants.1, &right, a, b)];
            for (_, part, start, width) in parts.into_iter().filter(|part| part.0) {
                let mut sum = take_gradient(gradients, part)?;
                for row in 0..rows {
                    let from = &gradient[row * (a + b) + start..][..width];
                    sum[row * width..][..width].iter_mut().zip(from).for_each(|(s, g)| *s += g);
                }
                put_gradient(gradients, part, sum)?;
            }
            Ok(())
        });
    }
    Ok(output.put_tape(tape))
}

/// The sum of two tensors of the same shape.
pub fn add<S: Shape>(left: Tensor<S>, right: Tensor<S>) -> Result<Tensor<S>> {
    let (a, b) = (left.shape().concrete(), right.shape().concrete());
    if a != b {
        let problem = format!("tensors of shapes {a:?} and {b:?} cannot be added");
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    dfdx::tensor_ops::TryAdd::try_add(left, right).map_err(super::tape::out_of_memory)
}

/// `[batch, channels, height, width]` to `[batch, channels · height · width]`.
pub fn flatten(input: Tensor4) -> Result<Tensor2> {
    let (images, channels, height, width) = *input.shape();
    let shape = (images, channels * height * width);
    dfdx::tensor_ops::ReshapeTo::try_reshape_like(input, &shape).map_err(super::tape::out_of_memory)
}

//! Operations that join or reshape tensors.

use crate::tensor::cpu::threads::{chunk, each_chunk};
use crate::tensor::cpu::{Activation, finish_from, sum_of, update_each};
use crate::tensor::tape::{Tape, Tensor2, Tensor4, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};

/// Two matrices side by side: `[batch, a]` and `[batch, b]` to `[batch, a + b]`.
pub fn concat(left: Tensor2, right: Tensor2) -> Result<Tensor2> {
    let (left, left_tape) = left.split_tape();
    let (right, right_tape) = right.split_tape();
    let ((rows, a), (right_rows, b)) = (*left.shape(), *right.shape());
    check_rows(rows, right_rows)?;
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

/// Feature maps of the same sizes, one after the other along the channels: `[batch, channels, height, width]` each, in
/// and out.
pub fn concat_channels(parts: Vec<Tensor4>) -> Result<Tensor4> {
    let (plains, tapes): (Vec<_>, Vec<_>) = parts.into_iter().map(SplitTape::split_tape).unzip();
    let shapes: Vec<_> = plains.iter().map(|part| *part.shape()).collect();
    let (images, channels, height, width) = check_parts(&shapes)?;
    let size = height * width;
    let mut values = vec![0.0; images * channels * size];
    let mut start = 0;
    for part in &plains {
        let length = part.shape().1 * size;
        if length > 0 {
            let part = read(part);
            each_chunk(&mut values, channels * size, |image, whole| {
                whole[start..start + length].copy_from_slice(chunk(&part, length, image));
            });
        }
        start += length;
    }
    let output = tensor(values, (images, channels, height, width))?;
    let wants: Vec<bool> = tapes.iter().map(Tape::is_on).collect();
    let mut tape = tapes.into_iter().fold(Tape::off(), Merge::merge);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut start = 0;
            for (part, wanted) in plains.iter().zip(&wants) {
                let length = part.shape().1 * size;
                if *wanted && length > 0 {
                    let mut sum = take_gradient(gradients, part)?;
                    each_chunk(&mut sum, length, |image, sum| {
                        let part = &gradient[image * channels * size + start..][..length];
                        sum.iter_mut().zip(part).for_each(|(s, g)| *s += g);
                    });
                    put_gradient(gradients, part, sum)?;
                }
                start += length;
            }
            Ok(())
        });
    }
    Ok(output.put_tape(tape))
}

/// Feature maps `[batch, channels, height, width]` times one factor a channel, `[batch, channels, 1, 1]`.
pub fn scale_channels(input: Tensor4, factors: Tensor4) -> Result<Tensor4> {
    let (input, input_tape) = input.split_tape();
    let (factors, factors_tape) = factors.split_tape();
    let (_, _, height, width) = *input.shape();
    check_factors(*input.shape(), *factors.shape())?;
    let size = (height * width).max(1);
    let by = read(&factors).into_owned();
    let x = read(&input);
    let mut values = vec![0.0; x.len()];
    each_chunk(&mut values, size, |plane, values| {
        let x = chunk(&x, size, plane);
        finish_from(values, x, by[plane], 0.0, &[], Activation::Identity);
    });
    drop(x);
    let output = tensor(values, *input.shape())?;
    let wants = (input_tape.is_on(), factors_tape.is_on());
    let mut tape = input_tape.merge(factors_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            if wants.0 {
                let mut sum = take_gradient(gradients, &input)?;
                each_chunk(&mut sum, size, |plane, sum| {
                    let (gradient, factor) = (chunk(&gradient, size, plane), by[plane]);
                    update_each(sum, gradient, gradient, |s, g, _| s + g * factor);
                });
                put_gradient(gradients, &input, sum)?;
            }
            if wants.1 {
                let mut sum = take_gradient(gradients, &factors)?;
                let input = read(&input);
                each_chunk(&mut sum, 1, |plane, sum| {
                    let (input, gradient) =
                        (chunk(&input, size, plane), chunk(&gradient, size, plane));
                    sum[0] += sum_of(input, gradient, |x, g| x * g) as f32;
                });
                put_gradient(gradients, &factors, sum)?;
            }
            Ok(())
        });
    }
    Ok(output.put_tape(tape))
}

/// That two matrices have as many rows.
pub(in crate::tensor) fn check_rows(left: usize, right: usize) -> Result<()> {
    if left == right {
        return Ok(());
    }
    let problem = format!("a batch of {left} cannot be joined with a batch of {right}");
    Err(Error::new(ErrorKind::Shape, problem))
}

/// Batch, channels, height and width of feature maps.
type Sizes = (usize, usize, usize, usize);

/// The sizes of feature maps joined along their channels, when all else is the same.
pub(in crate::tensor) fn check_parts(parts: &[Sizes]) -> Result<Sizes> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    let Some(first) = parts.first() else {
        return fail("there is nothing to join".to_string());
    };
    match parts.iter().find(|part| (part.0, part.2, part.3) != (first.0, first.2, first.3)) {
        Some(part) => fail(format!("{part:?} cannot be joined with {first:?}")),
        None => Ok((first.0, parts.iter().map(|part| part.1).sum(), first.2, first.3)),
    }
}

/// That there is one factor a channel.
pub(in crate::tensor) fn check_factors(input: Sizes, factors: Sizes) -> Result<()> {
    if factors == (input.0, input.1, 1, 1) {
        return Ok(());
    }
    let problem = format!("{factors:?} are no factors of {input:?}");
    Err(Error::new(ErrorKind::Shape, problem))
}

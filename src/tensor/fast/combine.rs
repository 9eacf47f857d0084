//! Operations that concatenate or scale tensors.

use crate::tensor::cpu::threads::{chunk, each_chunk};
use crate::tensor::cpu::{Activation, finish_from, sum_of, update_each};
use crate::tensor::tape::{Tape, Tensor2, Tensor4, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};

/// Concatenation of `[batch, a]` and `[batch, b]` to `[batch, a + b]`.
///
/// ```
/// use cuaderno::tensor::{concat, constant, plain, read, tensor};
/// let image = constant(&tensor(vec![1.0, 2.0], (1, 2))?);
/// let metadata = constant(&tensor(vec![3.0], (1, 1))?);
/// assert_eq!(read(&plain(concat(image, metadata)?))[..], [1.0, 2.0, 3.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Shape`] when the batches differ.
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
    let needed = (left_tape.is_on(), right_tape.is_on());
    let mut tape = left_tape.merge(right_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let parts = [(needed.0, &left, 0, a), (needed.1, &right, a, b)];
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

/// Concatenation of feature maps `[batch, channels, height, width]` along the channels.
///
/// # Errors
/// [`ErrorKind::Shape`] when other sizes differ.
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
    let needed: Vec<bool> = tapes.iter().map(Tape::is_on).collect();
    let mut tape = tapes.into_iter().fold(Tape::off(), Merge::merge);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut start = 0;
            for (part, needed) in plains.iter().zip(&needed) {
                let length = part.shape().1 * size;
                if *needed && length > 0 {
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

/// Feature maps `[batch, channels, height, width]` times one weight per channel, `[batch, channels, 1, 1]`.
///
/// # Errors
/// [`ErrorKind::Shape`] when the sizes differ.
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
    let needed = (input_tape.is_on(), factors_tape.is_on());
    let mut tape = input_tape.merge(factors_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            if needed.0 {
                let mut sum = take_gradient(gradients, &input)?;
                each_chunk(&mut sum, size, |plane, sum| {
                    let (gradient, factor) = (chunk(&gradient, size, plane), by[plane]);
                    update_each(sum, gradient, gradient, |s, g, _| s + g * factor);
                });
                put_gradient(gradients, &input, sum)?;
            }
            if needed.1 {
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

/// Checks that two matrices have as many rows.
pub(in crate::tensor) fn check_rows(left: usize, right: usize) -> Result<()> {
    if left == right {
        return Ok(());
    }
    let problem =
        format!("tensors to concatenate must have equal batches, found {left} and {right}");
    Err(Error::new(ErrorKind::Shape, problem))
}

/// Batch, channels, height and width of feature maps.
type Sizes = (usize, usize, usize, usize);

/// The shape of feature maps concatenated along their channels, if all other sizes agree.
pub(in crate::tensor) fn check_parts(parts: &[Sizes]) -> Result<Sizes> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    let Some(first) = parts.first() else {
        return fail("there are no tensors to concatenate".to_string());
    };
    match parts.iter().find(|part| (part.0, part.2, part.3) != (first.0, first.2, first.3)) {
        Some(part) => fail(format!(
            "tensors to concatenate must differ in channels only, found {first:?} and {part:?}"
        )),
        None => Ok((first.0, parts.iter().map(|part| part.1).sum(), first.2, first.3)),
    }
}

/// Checks that there is one weight per channel.
pub(in crate::tensor) fn check_factors(input: Sizes, factors: Sizes) -> Result<()> {
    if factors == (input.0, input.1, 1, 1) {
        return Ok(());
    }
    let problem = format!("expected one weight per channel of {input:?}, found {factors:?}");
    Err(Error::new(ErrorKind::Shape, problem))
}

//! Convolution over sequences on the tape.

use crate::tensor::cpu::threads::{chunk, each_chunk, each_chunk_of_two};
use crate::tensor::cpu::{Matrix, MatrixMut, Window, matmul, update_each};
use crate::tensor::tape::{Tensor1, Tensor2, Tensor3, Tensor4, tensor};
use crate::tensor::{Epilogue, conv2d, out_of_memory, put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};
use dfdx::tensor_ops::ReshapeTo;

/// Stride, padding, dilation and groups of a convolution over sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv1dOptions {
    /// Positions from one window to the next.
    pub stride: usize,
    /// Zeros before and after the sequence.
    pub padding: usize,
    /// Positions from one tap to the next.
    pub dilation: usize,
    /// Groups of channels that are convolved separately.
    pub groups: usize,
}

impl Default for Conv1dOptions {
    fn default() -> Self {
        Self { stride: 1, padding: 0, dilation: 1, groups: 1 }
    }
}

/// Convolution of `input` `[batch, channels, length]` with `weight` `[out channels, channels / groups, kernel]` and an
/// optional `bias` `[out channels]`; the result is `[batch, out channels, length']`, as PyTorch's `conv1d`.
///
/// # Errors
/// [`ErrorKind::Shape`] when the sizes do not fit.
pub fn conv1d(
    input: Tensor3,
    weight: Tensor3,
    bias: Option<Tensor1>,
    slide: Conv1dOptions,
) -> Result<Tensor3> {
    on_rows(input, weight, bias, slide, conv2d)
}

/// Convolution over sequences by `form`, a convolution over images of one row.
pub(in crate::tensor) fn on_rows(
    input: Tensor3,
    weight: Tensor3,
    bias: Option<Tensor1>,
    slide: Conv1dOptions,
    form: impl FnOnce(Tensor4, Tensor4, Option<Tensor1>, &Window, usize, Epilogue) -> Result<Tensor4>,
) -> Result<Tensor3> {
    let (batch, channels, length) = *input.shape();
    let (outputs, inputs, taps) = *weight.shape();
    let input = input.try_reshape_like(&(batch, channels, 1, length)).map_err(out_of_memory)?;
    let weight = weight.try_reshape_like(&(outputs, inputs, 1, taps)).map_err(out_of_memory)?;
    let window = slide.window(taps);
    let output = form(input, weight, bias, &window, slide.groups, Epilogue::default())?;
    let (_, _, _, places) = *output.shape();
    output.try_reshape_like(&(batch, outputs, places)).map_err(out_of_memory)
}

impl Conv1dOptions {
    /// The window over images of one row.
    fn window(&self, taps: usize) -> Window {
        Window {
            kernel: [1, taps],
            stride: [1, self.stride],
            padding: [[0; 2], [self.padding; 2]],
            dilation: [1, self.dilation],
        }
    }
}

/// Sequences per matrix product.
const RUN: usize = 16;

/// Convolution, ReLU and maximum over time in one step, for text networks (Kim, 2014): `input` is `[batch, length,
/// channels]`, as an embedding returns it, `weight` `[filters, channels, kernel]` and `bias` `[filters]` as in PyTorch;
/// the result is `[batch, filters]`.
///
/// # Errors
/// [`ErrorKind::Shape`] when sizes do not fit, or a sequence is shorter than the window.
pub fn conv1d_max(input: Tensor3, weight: Tensor3, bias: Tensor1) -> Result<Tensor2> {
    let (input, input_tape) = input.split_tape();
    let (weight, weight_tape) = weight.split_tape();
    let (bias, bias_tape) = bias.split_tape();
    let (batch, length, channels) = *input.shape();
    let (filters, expected, taps) = *weight.shape();
    check([length, channels, filters, expected, taps, bias.shape().0])?;
    let depth = taps * channels;
    // The window of a position is contiguous when a filter's taps come before its channels.
    let windows = taps_first(&read(&weight), channels, taps);
    let mut values = vec![0.0; batch * filters];
    let mut winners = vec![0u32; batch * filters];
    {
        let (x, b) = (read(&input), read(&bias));
        let sizes = [RUN * filters; 2];
        each_chunk_of_two(&mut values, &mut winners, sizes, |run, values, winners| {
            let x = chunk(&x, RUN * length * channels, run);
            let rows = x.len() / channels - (taps - 1);
            // Windows across the end of a sequence are computed too, but not used.
            let mut products = vec![0.0; rows * filters];
            matmul(
                MatrixMut::new(&mut products, rows, filters),
                Matrix::strided(x, rows, depth, channels),
                Matrix::new(&windows, filters, depth).transposed(),
                false,
            );
            let sequences = values.chunks_exact_mut(filters).zip(winners.chunks_exact_mut(filters));
            for (sequence, (values, winners)) in sequences.enumerate() {
                values.fill(f32::NEG_INFINITY);
                let positions = products[sequence * length * filters..].chunks_exact(filters);
                for (place, found) in positions.take(length - taps + 1).enumerate() {
                    for ((best, winner), value) in values.iter_mut().zip(&mut *winners).zip(found) {
                        // A NaN wins.
                        let wins = (*value > *best) | value.is_nan();
                        *best = if wins { *value } else { *best };
                        *winner = if wins { place as u32 } else { *winner };
                    }
                }
                for (value, bias) in values.iter_mut().zip(b.iter()) {
                    let sum = *value + bias;
                    *value = if sum < 0.0 { 0.0 } else { sum };
                }
            }
        });
    }
    let output = tensor(values, (batch, filters))?;
    let needed = (input_tape.is_on(), weight_tape.is_on(), bias_tape.is_on());
    let mut tape = input_tape.merge(weight_tape).merge(bias_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let mut gradient = take_gradient(gradients, &result)?;
            let y = read(&result);
            gradient.iter_mut().zip(&*y).filter(|(_, y)| **y <= 0.0).for_each(|(g, _)| *g = 0.0);
            let x = read(&input);
            // Offset of the window of each filter's maximum.
            let place = |sequence: usize, filter: usize| {
                (sequence * length + winners[sequence * filters + filter] as usize) * channels
            };
            if needed.1 {
                let mut sum = take_gradient(gradients, &weight)?;
                each_chunk(&mut sum, depth, |filter, sum| {
                    let mut window = vec![0.0; depth];
                    for sequence in 0..batch {
                        let g = gradient[sequence * filters + filter];
                        if g != 0.0 {
                            let seen = &x[place(sequence, filter)..][..depth];
                            update_each(&mut window, seen, seen, |w, x, _| w + g * x);
                        }
                    }
                    for (tap, values) in window.chunks_exact(channels).enumerate() {
                        let targets = sum[tap..].iter_mut().step_by(taps);
                        targets.zip(values).for_each(|(sum, value)| *sum += value);
                    }
                });
                put_gradient(gradients, &weight, sum)?;
            }
            if needed.0 {
                let mut sum = take_gradient(gradients, &input)?;
                each_chunk(&mut sum, length * channels, |sequence, sum| {
                    for filter in 0..filters {
                        let g = gradient[sequence * filters + filter];
                        let start = place(sequence, filter) - sequence * length * channels;
                        let window = &windows[filter * depth..][..depth];
                        let seen = &mut sum[start..start + depth];
                        update_each(seen, window, window, |s, w, _| s + g * w);
                    }
                });
                put_gradient(gradients, &input, sum)?;
            }
            if needed.2 {
                let mut sum = take_gradient(gradients, &bias)?;
                for row in gradient.chunks_exact(filters) {
                    sum.iter_mut().zip(row).for_each(|(s, g)| *s += g);
                }
                put_gradient(gradients, &bias, sum)?;
            }
            Ok(())
        });
    }
    Ok(output.put_tape(tape))
}

/// `[filters, channels, kernel]` as `[filters, kernel, channels]`.
fn taps_first(weight: &[f32], channels: usize, taps: usize) -> Vec<f32> {
    let mut windows = vec![0.0; weight.len()];
    let depth = taps * channels;
    each_chunk(&mut windows, depth, |filter, to| {
        let from = chunk(weight, depth, filter);
        for (tap, line) in to.chunks_exact_mut(channels).enumerate() {
            let values = from[tap..].iter().step_by(taps);
            line.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
        }
    });
    windows
}

/// The sizes of [`conv1d_max`], if they fit: length, channels, filters, channels of the weights, kernel, biases.
pub(in crate::tensor) fn check(
    [length, channels, filters, expected, taps, biases]: [usize; 6],
) -> Result<()> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    if channels != expected {
        return fail(format!("expected {expected} input channels, found {channels}"));
    }
    if filters != biases {
        return fail(format!("expected {filters} biases, found {biases}"));
    }
    if [channels, filters, taps].contains(&0) {
        return fail(format!(
            "every size must be at least 1, found {filters} filters of {taps} taps over {channels} channels"
        ));
    }
    if length < taps {
        let problem = format!(
            "the sequence must be at least as long as the window of {taps}, found {length}"
        );
        return Err(Error::new(ErrorKind::Shape, problem).help("pad the sequences to that length"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_come_before_channels() {
        assert_eq!(
            taps_first(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 2),
            [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]
        );
    }
}

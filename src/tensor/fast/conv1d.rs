//! Convolution over sequences on the tape.

use crate::tensor::cpu::threads::{chunk, each_chunk};
use crate::tensor::cpu::{Sequences, Window};
use crate::tensor::tape::{Tensor1, Tensor2, Tensor3, Tensor4, tensor};
use crate::tensor::{Epilogue, conv2d, out_of_memory, put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};
use dfdx::tensor_ops::ReshapeTo;
use ndarray::Array2;

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

/// Convolution, ReLU and maximum over time in one step, for text networks (Kim, 2014), over sequences whose positions share
/// rows, as the words of texts do: `rows` is `[rows, channels]`, `sequences` `[batch, length]` names the row at each
/// position, and `weight` `[filters, channels, kernel]` and `bias` `[filters]` are as in PyTorch; the result is `[batch,
/// filters]`.
///
/// # Errors
/// [`ErrorKind::Shape`] when sizes do not fit, or a sequence is shorter than the window; [`ErrorKind::Parameter`] when a
/// sequence names a row that does not exist.
pub fn conv1d_max(
    rows: Tensor2,
    sequences: &Array2<u32>,
    weight: Tensor3,
    bias: Tensor1,
) -> Result<Tensor2> {
    let (rows, rows_tape) = rows.split_tape();
    let (weight, weight_tape) = weight.split_tape();
    let (bias, bias_tape) = bias.split_tape();
    check(sequences, *rows.shape(), *weight.shape(), bias.shape().0)?;
    let ((batch, length), (_, channels)) = (sequences.dim(), *rows.shape());
    let (filters, _, taps) = *weight.shape();
    let places: Vec<u32> = sequences.iter().copied().collect();
    let lines = by_taps(&read(&weight), channels, taps);
    let mut values = vec![0.0; batch * filters];
    let mut winners = vec![0u32; batch * filters];
    {
        let (rows, b) = (read(&rows), read(&bias));
        let (places, lines) = (&places[..], &lines[..]);
        Sequences { rows: &rows, channels, places, length, weight: lines, filters, taps }
            .greatest(&mut values, &mut winners);
        for values in values.chunks_exact_mut(filters) {
            for (value, bias) in values.iter_mut().zip(b.iter()) {
                let sum = *value + bias;
                *value = if sum < 0.0 { 0.0 } else { sum };
            }
        }
    }
    let output = tensor(values, (batch, filters))?;
    let needed = (rows_tape.is_on(), weight_tape.is_on(), bias_tape.is_on());
    let mut tape = rows_tape.merge(weight_tape).merge(bias_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let mut gradient = take_gradient(gradients, &result)?;
            let y = read(&result);
            gradient.iter_mut().zip(&*y).filter(|(_, y)| **y <= 0.0).for_each(|(g, _)| *g = 0.0);
            let values = read(&rows);
            let (places, lines) = (&places[..], &lines[..]);
            let sequences =
                Sequences { rows: &values, channels, places, length, weight: lines, filters, taps };
            if needed.1 {
                let mut sum = take_gradient(gradients, &weight)?;
                sequences.add_to_weight(&winners, &gradient, &mut sum);
                put_gradient(gradients, &weight, sum)?;
            }
            if needed.0 {
                let mut sum = take_gradient(gradients, &rows)?;
                sequences.add_to_rows(&winners, &gradient, &mut sum);
                put_gradient(gradients, &rows, sum)?;
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

/// `[filters, channels, kernel]` as `[kernel, filters, channels]`.
fn by_taps(weight: &[f32], channels: usize, taps: usize) -> Vec<f32> {
    let mut lines = vec![0.0; weight.len()];
    let filters = weight.len() / (channels * taps).max(1);
    each_chunk(&mut lines, channels, |line, to| {
        let (tap, filter) = (line / filters, line % filters);
        let from = chunk(weight, channels * taps, filter)[tap..].iter().step_by(taps);
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    });
    lines
}

/// Checks that the sequences, the rows, the weights and the number of biases of [`conv1d_max`] fit.
pub(in crate::tensor) fn check(
    sequences: &Array2<u32>,
    (rows, channels): (usize, usize),
    (filters, expected, taps): (usize, usize, usize),
    biases: usize,
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
    // Offsets into both are numbers of 32 bits.
    let most = u32::MAX as usize / channels;
    if rows.max(taps.saturating_mul(filters)) > most {
        return fail(format!(
            "expected at most {most} rows and {most} filters times taps, each of {channels} channels, found {rows} and {}",
            taps.saturating_mul(filters)
        ));
    }
    let length = sequences.ncols();
    if length < taps {
        let problem = format!(
            "the sequence must be at least as long as the window of {taps}, found {length}"
        );
        return Err(Error::new(ErrorKind::Shape, problem).help("pad the sequences to that length"));
    }
    if let Some(((sequence, place), row)) =
        sequences.indexed_iter().find(|(_, row)| **row as usize >= rows)
    {
        let problem = format!(
            "sequences must name rows below {rows}, found {row} at position {place} of sequence {sequence}"
        );
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_come_first() {
        let weight = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        // One filter of three channels and two taps; three filters of one channel.
        assert_eq!(by_taps(&weight, 3, 2), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
        assert_eq!(by_taps(&weight, 1, 2), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }
}

//! Pooling on the tape.

use super::cpu::{self, Window};
use super::read;
use super::tape::{Tensor2, Tensor4, put_gradient, take_gradient, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape, Tape as _};

/// The maximum of each window: `[batch, channels, height, width]` in and out. Padding never wins.
pub fn max_pool2d(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (input, mut tape) = input.split_tape();
    let (images, channels, height, width) = *input.shape();
    let padded_only = (0..2).any(|a| {
        let span = window.dilation[a] * window.kernel[a].saturating_sub(1) + 1;
        window.padding[a].iter().any(|&padding| 2 * padding > span)
    });
    let output = window.output([height, width]).filter(|_| !padded_only).ok_or_else(|| {
        let [h, w] = window.kernel;
        Error::new(
            ErrorKind::Shape,
            format!("a pooling window of {h}×{w} does not fit a picture of {height}×{width}"),
        )
        .help("padding may be at most half the window")
    })?;
    let (size, out_size) = (height * width, output[0] * output[1]);
    let mut values = vec![0.0; images * channels * out_size];
    let mut winners = vec![0; values.len()];
    cpu::max_pool2d(window, [height, width], output, &read(&input), &mut values, &mut winners);
    let output = tensor(values, (images, channels, output[0], output[1]))?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            cpu::max_pool2d_backward(&winners, &gradient, size, out_size, &mut dx);
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

/// The mean of each channel: `[batch, channels, height, width]` to `[batch, channels]`.
pub fn global_average_pool2d(input: Tensor4) -> Result<Tensor2> {
    let (input, mut tape) = input.split_tape();
    let (images, channels, height, width) = *input.shape();
    let size = (height * width).max(1);
    let scale = 1.0 / size as f32;
    let values =
        read(&input).chunks_exact(size).map(|plane| plane.iter().sum::<f32>() * scale).collect();
    let output = tensor(values, (images, channels))?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            for (plane, g) in dx.chunks_exact_mut(size).zip(&gradient) {
                plane.iter_mut().for_each(|v| *v += g * scale);
            }
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

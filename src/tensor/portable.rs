//! The operations made only of dfdx's own: slower, but they run on any dfdx device, and the fast ones
//! are tested against them.
//!
//! A sliding window is a gather: every position names the pixel of each of its taps, or one more place
//! that holds the padding.

use super::attention::check as check_attention;
use super::batch_norm::check as check_channels;
use super::conv1d::{check as check_sequence, on_rows};
use super::conv2d::check;
use super::cpu::Window;
use super::embedding::check as check_tokens;
use super::pool2d::{Shares, cells_of, window_shares};
use super::tape::{
    Tensor, Tensor1, Tensor2, Tensor3, Tensor4, constant, device, out_of_memory, tensor,
};
use super::{ChannelStatistics, Epilogue, Slide};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{Axes2, Axes3, Axes4, Axis, HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, TensorFromVec, WithEmptyTape};
use dfdx::tensor_ops::{
    BroadcastTo, GatherTo, MaxTo, PermuteTo, ReshapeTo, SumTo, TryAdd, TryConcatAlong, TryMatMul,
    TryMul, TrySub,
};
use ndarray::Array2;

/// [`super::conv2d`] by gather and matrix product.
pub fn conv2d(
    input: Tensor4,
    weight: Tensor4,
    bias: Option<Tensor1>,
    window: &Window,
    groups: usize,
    epilogue: Epilogue,
) -> Result<Tensor4> {
    let (plain, tape) = input.split_tape();
    let (plain_weight, weight_tape) = weight.split_tape();
    let shape = check(&plain, &plain_weight, None, window, groups, epilogue)?;
    let (images, channels, ..) = *plain.shape();
    let (input, weight) = (plain.put_tape(tape), plain_weight.put_tape(weight_tape));
    let [height, width] = shape.output;
    let (depth, positions, outputs) =
        (channels * window.taps(), height * width, shape.out_channels);
    let columns = windows(input, window, shape.input, shape.output, 0.0)?;
    let columns = columns.try_reshape_like(&(depth, positions * images)).map_err(out_of_memory)?;
    let weight = dense(weight, channels, groups)?;
    let product = weight.try_matmul(columns).map_err(out_of_memory)?;
    let product = match bias {
        None => product,
        Some(bias) => {
            let transposed: Tensor2 = bias
                .try_broadcast_like::<_, Axis<0>>(&(positions * images, outputs))
                .and_then(|t| t.try_permute::<_, Axes2<1, 0>>())
                .map_err(out_of_memory)?;
            product.try_add(transposed).map_err(out_of_memory)?
        }
    };
    let output: Tensor4 = product
        .try_reshape_like(&(outputs, positions, images))
        .and_then(|t| t.try_permute::<_, Axes3<2, 0, 1>>())
        .and_then(|t: Tensor<(usize, usize, usize)>| {
            t.try_reshape_like(&(images, outputs, height, width))
        })
        .map_err(out_of_memory)?;
    let output = if epilogue.relu { output.try_relu().map_err(out_of_memory)? } else { output };
    match epilogue.pool {
        Some(side) => max_pool2d(output, &Window::square(side, side, 0)),
        None => Ok(output),
    }
}

/// [`super::max_pool2d`] by gather and maximum. Where values tie, each of them gets the gradient.
pub fn max_pool2d(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (images, channels, height, width) = *input.shape();
    let output = window.output([height, width]).ok_or_else(|| {
        Error::new(ErrorKind::Shape, "the pooling window is larger than the picture")
    })?;
    let positions = output[0] * output[1];
    let best: Tensor<(usize, usize)> = windows(input, window, [height, width], output, f32::MIN)?
        .try_reshape_like(&(channels, window.taps(), positions * images))
        .and_then(|t| t.try_max::<_, Axis<1>>())
        .map_err(out_of_memory)?;
    best.try_reshape_like(&(channels * positions, images))
        .and_then(|t| t.try_permute::<_, Axes2<1, 0>>())
        .and_then(|t: Tensor2| t.try_reshape_like(&(images, channels, output[0], output[1])))
        .map_err(out_of_memory)
}

/// [`super::linear`] by matrix product.
pub fn linear(
    input: Tensor2,
    weight: Tensor2,
    bias: Option<Tensor1>,
    relu: bool,
) -> Result<Tensor2> {
    let shape = (input.shape().0, weight.shape().0);
    let weight: Tensor2 = weight.try_permute::<_, Axes2<1, 0>>().map_err(out_of_memory)?;
    let mut output = input.try_matmul(weight).map_err(out_of_memory)?;
    if let Some(bias) = bias {
        let bias = bias.try_broadcast_like::<_, Axis<0>>(&shape).map_err(out_of_memory)?;
        output = output.try_add(bias).map_err(out_of_memory)?;
    }
    if relu { output.try_relu().map_err(out_of_memory) } else { Ok(output) }
}

/// [`super::relu`] by dfdx's own.
pub fn relu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    input.try_relu().map_err(out_of_memory)
}

/// [`super::relu6`] by dfdx's `clamp`.
pub fn relu6<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    input.try_clamp(0.0, 6.0).map_err(out_of_memory)
}

/// [`super::sigmoid`] by dfdx's own.
pub fn sigmoid<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    input.try_sigmoid().map_err(out_of_memory)
}

/// [`super::silu`] by sigmoid and product.
pub fn silu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    let gate = input.with_empty_tape().try_sigmoid().map_err(out_of_memory)?;
    input.try_mul(gate).map_err(out_of_memory)
}

/// [`super::batch_norm2d`] by dfdx's means, without the statistics.
pub fn batch_norm2d(
    input: Tensor4,
    scale: Tensor1,
    shift: Tensor1,
    epsilon: f32,
) -> Result<Tensor4> {
    let (images, channels, height, width) = *input.shape();
    check_channels(channels, scale.shape().0, shift.shape().0, None)?;
    let shape = (channels, images * height * width);
    let normalized: Tensor2 = input
        .try_permute::<_, Axes4<1, 0, 2, 3>>()
        .and_then(|t: Tensor4| t.try_reshape_like(&shape))
        .and_then(|t: Tensor2| t.try_normalize::<Axis<1>>(epsilon))
        .map_err(out_of_memory)?;
    let scale: Tensor2 = scale.try_broadcast_like::<_, Axis<1>>(&shape).map_err(out_of_memory)?;
    let shift: Tensor2 = shift.try_broadcast_like::<_, Axis<1>>(&shape).map_err(out_of_memory)?;
    normalized
        .try_mul(scale)
        .and_then(|t| t.try_add(shift))
        .and_then(|t| t.try_reshape_like(&(channels, images, height, width)))
        .and_then(|t: Tensor4| t.try_permute::<_, Axes4<1, 0, 2, 3>>())
        .map_err(out_of_memory)
}

/// [`super::batch_norm2d_with`] by products and sums.
pub fn batch_norm2d_with(
    input: Tensor4,
    scale: Tensor1,
    shift: Tensor1,
    statistics: &ChannelStatistics,
    epsilon: f32,
) -> Result<Tensor4> {
    let shape = *input.shape();
    let channels = shape.1;
    check_channels(channels, scale.shape().0, shift.shape().0, Some(statistics))?;
    let across = |values: Vec<f32>| -> Result<Tensor4> {
        let values = constant(&tensor(values, (channels,))?);
        values.try_broadcast_like::<_, Axes3<0, 2, 3>>(&shape).map_err(out_of_memory)
    };
    let inverse = statistics.variance.iter().map(|v| (v + epsilon).sqrt().recip()).collect();
    let (mean, inverse) = (across(statistics.mean.clone())?, across(inverse)?);
    let scale: Tensor4 =
        scale.try_broadcast_like::<_, Axes3<0, 2, 3>>(&shape).map_err(out_of_memory)?;
    let shift: Tensor4 =
        shift.try_broadcast_like::<_, Axes3<0, 2, 3>>(&shape).map_err(out_of_memory)?;
    input
        .try_sub(mean)
        .and_then(|t| t.try_mul(inverse))
        .and_then(|t| t.try_mul(scale))
        .and_then(|t| t.try_add(shift))
        .map_err(out_of_memory)
}

/// [`super::average_pool2d`] as a product with the matrix of every pixel's share in every output.
pub fn average_pool2d(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let (rows, columns) = window_shares(window, [height, width])?;
    average(input, rows, columns)
}

/// [`super::adaptive_average_pool2d`] as a product with the matrix of every pixel's share in every output.
pub fn adaptive_average_pool2d(input: Tensor4, output: [usize; 2]) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let (rows, columns) = (cells_of(height, output[0])?, cells_of(width, output[1])?);
    average(input, rows, columns)
}

fn average(input: Tensor4, rows: Vec<Shares>, columns: Vec<Shares>) -> Result<Tensor4> {
    let (images, channels, height, width) = *input.shape();
    let positions = rows.len() * columns.len();
    let mut shares = vec![0.0; height * width * positions];
    for (at_y, row) in rows.iter().enumerate() {
        for (at_x, column) in columns.iter().enumerate() {
            for (y, share_y) in row {
                for (x, share) in column {
                    let place = (y * width + x) * positions + at_y * columns.len() + at_x;
                    shares[place] = share_y * share;
                }
            }
        }
    }
    let shares = constant(&tensor(shares, (height * width, positions))?);
    let planes: Tensor2 =
        input.try_reshape_like(&(images * channels, height * width)).map_err(out_of_memory)?;
    planes
        .try_matmul(shares)
        .and_then(|t| t.try_reshape_like(&(images, channels, rows.len(), columns.len())))
        .map_err(out_of_memory)
}

/// [`super::embedding`] by dfdx's gather.
pub fn embedding(weight: Tensor2, tokens: &Array2<u32>, padding: Option<usize>) -> Result<Tensor3> {
    let (words, dimensions) = *weight.shape();
    check_tokens(tokens, words)?;
    let (batch, length) = tokens.dim();
    let (plain, tape) = weight.split_tape();
    let weight = match padding.filter(|row| *row < words) {
        None => plain.put_tape(tape),
        // The row of the padding comes from a constant.
        Some(row) => {
            let part = |here: f32, elsewhere: f32| {
                let mut values = vec![elsewhere; words * dimensions];
                values[row * dimensions..(row + 1) * dimensions].fill(here);
                Ok::<_, Error>(constant(&tensor(values, (words, dimensions))?))
            };
            let still = constant(&plain).try_mul(part(1.0, 0.0)?).map_err(out_of_memory)?;
            let moving = plain.put_tape(tape).try_mul(part(0.0, 1.0)?).map_err(out_of_memory)?;
            moving.try_add(still).map_err(out_of_memory)?
        }
    };
    let places: Vec<usize> = tokens.iter().map(|token| *token as usize).collect();
    let count = places.len();
    let places = device().try_tensor_from_vec(places, (count,)).map_err(out_of_memory)?;
    let rows: Tensor2 = weight.try_gather(places).map_err(out_of_memory)?;
    rows.try_reshape_like(&(batch, length, dimensions)).map_err(out_of_memory)
}

/// [`super::conv1d`] as [`conv2d`] of pictures of one row.
pub fn conv1d(
    input: Tensor3,
    weight: Tensor3,
    bias: Option<Tensor1>,
    slide: Slide,
) -> Result<Tensor3> {
    on_rows(input, weight, bias, slide, conv2d)
}

/// [`super::conv1d_max`] step by step.
pub fn conv1d_max(input: Tensor3, weight: Tensor3, bias: Tensor1) -> Result<Tensor2> {
    let (batch, length, channels) = *input.shape();
    let (filters, expected, taps) = *weight.shape();
    check_sequence([length, channels, filters, expected, taps, bias.shape().0])?;
    let input: Tensor3 = input.try_permute::<_, Axes3<0, 2, 1>>().map_err(out_of_memory)?;
    debug_assert_eq!(input.shape().0, batch);
    let found = conv1d(input, weight, Some(bias), Slide::default())?;
    let found = found.try_relu().map_err(out_of_memory)?;
    found.try_max::<_, Axis<2>>().map_err(out_of_memory)
}

/// [`super::attention_pool`] by dfdx's softmax and sums.
pub fn attention_pool(
    values: Tensor3,
    scores: Tensor2,
    mask: Option<&Array2<bool>>,
) -> Result<Tensor2> {
    let shape = *values.shape();
    let (batch, length, _) = shape;
    check_attention([batch, length], *scores.shape(), mask)?;
    let hidden = match mask {
        None => vec![0.0; batch * length],
        // Far below any score, and yet a number: infinity less infinity is none.
        Some(mask) => mask.iter().map(|seen| if *seen { 0.0 } else { -1e30 }).collect(),
    };
    let hidden = constant(&tensor(hidden, (batch, length))?);
    let weights: Tensor3 = scores
        .try_add(hidden)
        .and_then(|t| t.try_softmax::<Axis<1>>())
        .and_then(|t| t.try_broadcast_like::<_, Axis<2>>(&shape))
        .map_err(out_of_memory)?;
    values.try_mul(weights).and_then(|t| t.try_sum::<_, Axis<1>>()).map_err(out_of_memory)
}

/// The pixels of every window: `[channels · taps · positions, batch]`.
fn windows(
    input: Tensor4,
    window: &Window,
    [height, width]: [usize; 2],
    [out_height, out_width]: [usize; 2],
    padding: f32,
) -> Result<Tensor2> {
    let (images, channels, ..) = *input.shape();
    let pixels = channels * height * width;
    let mut places = Vec::with_capacity(channels * window.taps() * out_height * out_width);
    for channel in 0..channels {
        for tap in 0..window.taps() {
            let tap = [tap / window.kernel[1], tap % window.kernel[1]];
            for position in 0..out_height * out_width {
                let position = [position / out_width, position % out_width];
                let [y, x] = [0, 1].map(|axis| {
                    (position[axis] * window.stride[axis] + tap[axis] * window.dilation[axis])
                        .checked_sub(window.padding[axis][0])
                });
                places.push(match (y, x) {
                    (Some(y), Some(x)) if y < height && x < width => {
                        (channel * height + y) * width + x
                    }
                    _ => pixels,
                });
            }
        }
    }
    let flat: Tensor2 = input
        .try_reshape_like(&(images, pixels))
        .and_then(|t: Tensor2| t.try_permute::<_, Axes2<1, 0>>())
        .and_then(|t: Tensor2| t.try_contiguous())
        .map_err(out_of_memory)?;
    pick(flat, padding, places)
}

/// The rows `places` of a matrix, where the place after the last row holds `rest`.
fn pick(matrix: Tensor2, rest: f32, places: Vec<usize>) -> Result<Tensor2> {
    let columns = matrix.shape().1;
    let rest = constant(&tensor(vec![rest; columns], (1, columns))?);
    let joined: Tensor2 = (matrix, rest).try_concat_along(Axis::<0>).map_err(out_of_memory)?;
    let count = places.len();
    let places = device().try_tensor_from_vec(places, (count,)).map_err(out_of_memory)?;
    joined.try_gather(places).map_err(out_of_memory)
}

/// Weights of grouped convolution as one matrix `[out channels, channels · taps]`, with zeros between
/// groups.
fn dense(weight: Tensor4, channels: usize, groups: usize) -> Result<Tensor2> {
    let (outputs, group_channels, kernel_height, kernel_width) = *weight.shape();
    let taps = kernel_height * kernel_width;
    let count = outputs * group_channels * taps;
    let mut places = Vec::with_capacity(outputs * channels * taps);
    for output in 0..outputs {
        let first = output / (outputs / groups) * group_channels;
        for channel in 0..channels {
            for tap in 0..taps {
                places.push(match channel.checked_sub(first) {
                    Some(inside) if inside < group_channels => {
                        (output * group_channels + inside) * taps + tap
                    }
                    _ => count,
                });
            }
        }
    }
    let flat: Tensor2 = weight.try_reshape_like(&(count, 1)).map_err(out_of_memory)?;
    pick(flat, 0.0, places)?.try_reshape_like(&(outputs, channels * taps)).map_err(out_of_memory)
}

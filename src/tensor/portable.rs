//! The operations in terms of dfdx's own: slower than [`super::fast`] on the CPU, but portable to any dfdx device, and
//! the reference that the fast ones are tested against.
//!
//! A sliding window is a gather: each output position holds the index of the pixel under each tap, or that of an extra
//! element with the padding value. Shapes and errors are those of the function of the same name in [`super::fast`].

mod loss;
mod maximum;
mod sequences;

pub use loss::{binary_cross_entropy, cross_entropy, cumulative_link, earth_mover, squared_error};
pub use sequences::{attention_pool, conv1d, conv1d_max, embedding};

use super::cpu::{Activation, OptimizerConfig, Window};
use super::fast::{
    ChannelStatistics, Epilogue, FusedOps, NormEpilogue, OptimizerState, PoolWeights, cells_of,
    check, check_added, check_channels, check_factors, check_features, check_fused, check_parts,
    check_rows, check_values, drop_factors, pooled, subsample_weights, unpadded_weights,
    window_weights,
};
use super::selective::{plus, product, times};
use super::tape::{
    Gradients, Plain, Tape, Tensor, Tensor1, Tensor2, Tensor3, Tensor4, constant, device, fork,
    out_of_memory, plain, tensor,
};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{Axes2, Axes3, Axes4, Axis, HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, TensorFromVec};
use dfdx::tensor_ops::{
    BroadcastTo, GatherTo, MeanTo, Momentum, PermuteTo, ReshapeTo, TryAdd, TryConcatAlong, TrySub,
    WeightDecay,
};
use maximum::greatest;

/// [`super::conv2d`] by gather and one matrix product per group.
pub fn conv2d(
    input: Tensor4,
    weight: Tensor4,
    bias: Option<Tensor1>,
    window: &Window,
    groups: usize,
    epilogue: Epilogue,
) -> Result<Tensor4> {
    let (input, tape) = input.split_tape();
    let (weight, weight_tape) = weight.split_tape();
    let (bias, bias_tape) = match bias.map(SplitTape::split_tape) {
        Some((bias, tape)) => (Some(bias), tape),
        None => (None, Tape::off()),
    };
    let shape = check(&input, &weight, bias.as_ref(), window, groups, epilogue)?;
    let (images, channels, ..) = *input.shape();
    let ([height, width], outputs) = (shape.output, shape.out_channels);
    let (taps, positions) = (window.taps(), height * width);
    let (depth, columns) = (channels / groups * taps, positions * images);
    let seen: Tensor4 = windows(input.put_tape(tape), window, shape.output, 0.0)?
        .try_reshape_like(&(taps, positions, images, channels))
        .and_then(|t: Tensor4| t.try_permute::<_, Axes4<3, 0, 1, 2>>())
        .map_err(out_of_memory)?;
    let seen: Tensor3 = seen.try_reshape_like(&(groups, depth, columns)).map_err(out_of_memory)?;
    let weight: Tensor3 = weight
        .put_tape(weight_tape)
        .try_reshape_like(&(groups, outputs / groups, depth))
        .map_err(out_of_memory)?;
    let mut sums: Tensor2 =
        product(weight, seen)?.try_reshape_like(&(outputs, columns)).map_err(out_of_memory)?;
    if let Some(bias) = bias {
        let bias = bias
            .put_tape(bias_tape)
            .try_broadcast_like::<_, Axis<1>>(&(outputs, columns))
            .map_err(out_of_memory)?;
        sums = plus(sums, bias)?;
    }
    let output: Tensor4 = sums
        .try_reshape_like(&(outputs, positions, images))
        .and_then(|t: Tensor3| t.try_permute::<_, Axes3<2, 0, 1>>())
        .and_then(|t: Tensor3| t.try_reshape_like(&(images, outputs, height, width)))
        .map_err(out_of_memory)?;
    let output = if epilogue.relu { relu(output)? } else { output };
    match epilogue.pool {
        Some(side) => max_pool2d(output, &Window::square(side, side, 0)),
        None => Ok(output),
    }
}

/// [`super::max_pool2d`] by gather and maximum. Tied values share the gradient.
pub fn max_pool2d(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (images, channels, height, width) = *input.shape();
    let output = pooled(window, [height, width])?;
    let positions = output[0] * output[1];
    windows(input, window, output, f32::MIN)?
        .try_reshape_like(&(window.taps(), positions, images * channels))
        .and_then(|t: Tensor3| t.try_permute::<_, Axes3<1, 2, 0>>())
        .map_err(out_of_memory)
        .and_then(greatest)?
        .try_permute::<_, Axes2<1, 0>>()
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
    let ((batch, inputs), weights) = (*input.shape(), *weight.shape());
    check_features(inputs, weights, bias.as_ref().map(|bias| bias.shape().0))?;
    let shape = (batch, weights.0);
    let input: Tensor3 = input.try_reshape_like(&(1, batch, inputs)).map_err(out_of_memory)?;
    let weight: Tensor3 = weight
        .try_reshape_like(&(1, weights.0, inputs))
        .and_then(|t: Tensor3| t.try_permute::<_, Axes3<0, 2, 1>>())
        .map_err(out_of_memory)?;
    let mut output: Tensor2 =
        product(input, weight)?.try_reshape_like(&shape).map_err(out_of_memory)?;
    if let Some(bias) = bias {
        let bias = bias.try_broadcast_like::<_, Axis<0>>(&shape).map_err(out_of_memory)?;
        output = plus(output, bias)?;
    }
    if relu { output.try_relu().map_err(out_of_memory) } else { Ok(output) }
}

/// [`super::conv2d_fused`], one operation after the other.
pub fn conv2d_fused(
    input: &Plain<(usize, usize, usize, usize)>,
    weight: &Plain<(usize, usize, usize, usize)>,
    window: &Window,
    groups: usize,
    after: FusedOps,
) -> Result<Plain<(usize, usize, usize, usize)>> {
    check_fused(input, weight, window, groups, &after)?;
    let mut flow = constant(input);
    let on_tape = |values: Option<Plain<(usize,)>>| values.as_ref().map(constant);
    if let Some((channels, activation)) = after.before {
        let [scale, shift] = channels.map(|values| on_tape(Some(values)));
        flow = activate(channelwise(flow, scale, shift)?, activation)?;
    }
    flow = conv2d(flow, constant(weight), None, window, groups, Epilogue::default())?;
    flow = channelwise(flow, on_tape(after.scale), on_tape(after.shift))?;
    if let Some(add) = &after.add {
        flow = plus(flow, constant(add))?;
    }
    flow = activate(flow, after.activation)?;
    Ok(plain(match after.pool {
        Some(side) => max_pool2d(flow, &Window::square(side, side, 0))?,
        None => flow,
    }))
}

/// `scale · x + shift`, channel by channel.
fn channelwise(input: Tensor4, scale: Option<Tensor1>, shift: Option<Tensor1>) -> Result<Tensor4> {
    let shape = *input.shape();
    let across = |values: Tensor1| -> Result<Tensor4> {
        values.try_broadcast_like::<_, Axes3<0, 2, 3>>(&shape).map_err(out_of_memory)
    };
    let mut flow = input;
    if let Some(scale) = scale {
        flow = times(flow, across(scale)?)?;
    }
    if let Some(shift) = shift {
        flow = plus(flow, across(shift)?)?;
    }
    Ok(flow)
}

/// [`super::relu`] by dfdx's `relu`.
pub fn relu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Relu)
}

/// [`super::relu6`] by dfdx's `clamp`.
pub fn relu6<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Relu6)
}

/// [`super::sigmoid`] by dfdx's `sigmoid`.
pub fn sigmoid<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Sigmoid)
}

/// [`super::silu`] by sigmoid and product.
pub fn silu<S: Shape>(input: Tensor<S>) -> Result<Tensor<S>> {
    activate(input, Activation::Silu)
}

/// [`super::activate`] by dfdx's functions.
pub fn activate<S: Shape>(input: Tensor<S>, activation: Activation) -> Result<Tensor<S>> {
    match activation {
        Activation::Identity => Ok(input),
        Activation::Relu => input.try_relu().map_err(out_of_memory),
        Activation::Relu6 => input.try_clamp(0.0, 6.0).map_err(out_of_memory),
        Activation::Sigmoid => input.try_sigmoid().map_err(out_of_memory),
        Activation::Silu => {
            let [input, twin] = fork(input);
            times(input, twin.try_sigmoid().map_err(out_of_memory)?)
        }
    }
}

/// [`super::batch_norm2d`] by dfdx's means.
pub fn batch_norm2d(
    input: Tensor4,
    scale: Tensor1,
    shift: Tensor1,
    epsilon: f32,
    finish: NormEpilogue,
) -> Result<(Tensor4, ChannelStatistics)> {
    let shape = *input.shape();
    let (images, channels, height, width) = shape;
    check_values(shape)?;
    check_channels(channels, scale.shape().0, shift.shape().0, None)?;
    check_added(shape, finish.add.as_ref().map(|added| *added.shape()))?;
    let rows = (channels, images, height * width);
    let values: Tensor3 = input
        .try_permute::<_, Axes4<1, 0, 2, 3>>()
        .and_then(|t: Tensor4| t.try_reshape_like(&rows))
        .map_err(out_of_memory)?;
    let across = |values: Tensor1| -> Result<Tensor3> {
        values.try_broadcast_like::<_, Axes2<1, 2>>(&rows).map_err(out_of_memory)
    };
    let [values, again] = fork(values);
    let (mean, tape) = means(again)?.split_tape();
    let centered = values.try_sub(across(mean.clone().put_tape(tape))?).map_err(out_of_memory)?;
    let [centered, again] = fork(centered);
    let (variance, tape) = means(again.try_square().map_err(out_of_memory)?)?.split_tape();
    let inverse = inverse_deviation(variance.clone().put_tape(tape), epsilon)?;
    let output = times(centered, across(times(inverse, scale)?)?)?;
    let output = plus(output, across(shift)?)?
        .try_reshape_like(&(channels, images, height, width))
        .and_then(|t: Tensor4| t.try_permute::<_, Axes4<1, 0, 2, 3>>())
        .map_err(out_of_memory)?;
    Ok((finished(output, finish)?, ChannelStatistics { mean, variance }))
}

/// [`super::batch_norm2d_with`] by products and sums.
pub fn batch_norm2d_with(
    input: Tensor4,
    scale: Tensor1,
    shift: Tensor1,
    statistics: &ChannelStatistics,
    epsilon: f32,
    finish: NormEpilogue,
) -> Result<Tensor4> {
    let shape = *input.shape();
    check_channels(shape.1, scale.shape().0, shift.shape().0, Some(statistics))?;
    check_added(shape, finish.add.as_ref().map(|added| *added.shape()))?;
    let [scale, shift] = affine(scale, shift, statistics, epsilon)?;
    finished(channelwise(input, Some(scale), Some(shift))?, finish)
}

/// [`super::batch_norm2d_affine`] by dfdx's operations.
pub fn batch_norm2d_affine(
    scale: &Plain<(usize,)>,
    shift: &Plain<(usize,)>,
    statistics: &ChannelStatistics,
    epsilon: f32,
) -> Result<[Plain<(usize,)>; 2]> {
    let (channels,) = *scale.shape();
    check_channels(channels, channels, shift.shape().0, Some(statistics))?;
    Ok(affine(constant(scale), constant(shift), statistics, epsilon)?.map(plain))
}

/// The scale and shift of each channel that normalization with given statistics amounts to.
fn affine(
    scale: Tensor1,
    shift: Tensor1,
    ChannelStatistics { mean, variance }: &ChannelStatistics,
    epsilon: f32,
) -> Result<[Tensor1; 2]> {
    let inverse = inverse_deviation(constant(variance), epsilon)?;
    let [factor, again] = fork(times(scale, inverse)?);
    let beside = times(again, constant(mean))?.try_negate().map_err(out_of_memory)?;
    Ok([factor, plus(shift, beside)?])
}

fn inverse_deviation(variance: Tensor1, epsilon: f32) -> Result<Tensor1> {
    variance
        .try_add(epsilon)
        .and_then(|t| t.try_sqrt())
        .and_then(|t| t.try_recip())
        .map_err(out_of_memory)
}

/// The mean of each channel of `[channels, images, pixels]`, over images first: dfdx adds values one by one, and long
/// sums lose digits.
fn means(values: Tensor3) -> Result<Tensor1> {
    values
        .try_mean::<_, Axis<2>>()
        .and_then(|t: Tensor2| t.try_mean::<_, Axis<1>>())
        .map_err(out_of_memory)
}

/// The operations after a normalization.
fn finished(output: Tensor4, finish: NormEpilogue) -> Result<Tensor4> {
    let output = match finish.add {
        Some(add) => plus(output, add)?,
        None => output,
    };
    if finish.relu { relu(output) } else { Ok(output) }
}

/// [`super::concat`] by dfdx's `concat`.
pub fn concat(left: Tensor2, right: Tensor2) -> Result<Tensor2> {
    check_rows(left.shape().0, right.shape().0)?;
    (left, right).try_concat_along(Axis::<1>).map_err(out_of_memory)
}

/// [`super::concat_channels`] by dfdx's `concat`, one tensor after the other.
pub fn concat_channels(parts: Vec<Tensor4>) -> Result<Tensor4> {
    check_parts(&parts.iter().map(|part| *part.shape()).collect::<Vec<_>>())?;
    // dfdx does not concatenate empty tensors.
    let filled = parts.iter().filter(|part| part.shape().num_elements() > 0).count();
    let mut parts = parts.into_iter().filter(|part| filled == 0 || part.shape().num_elements() > 0);
    let Some(first) = parts.next() else {
        return Err(Error::new(ErrorKind::Shape, "there are no tensors to concatenate"));
    };
    if filled == 0 {
        return Ok(first);
    }
    parts.try_fold(first, |joined, part| {
        (joined, part).try_concat_along(Axis::<1>).map_err(out_of_memory)
    })
}

/// [`super::scale_channels`] by broadcast and product.
pub fn scale_channels(input: Tensor4, factors: Tensor4) -> Result<Tensor4> {
    let shape = *input.shape();
    check_factors(shape, *factors.shape())?;
    let factors: Tensor4 = factors
        .try_reshape_like(&(shape.0, shape.1))
        .and_then(|t: Tensor2| t.try_broadcast_like::<_, Axes2<2, 3>>(&shape))
        .map_err(out_of_memory)?;
    times(input, factors)
}

/// [`super::dropout`] as a product with the mask.
pub fn dropout<S: Shape>(input: Tensor<S>, probability: f32, seed: u64) -> Result<Tensor<S>> {
    let count = input.shape().num_elements();
    dropped(input, probability, seed, count, 1)
}

/// [`super::stochastic_depth`] as a product with the mask.
pub fn stochastic_depth(input: Tensor4, probability: f32, seed: u64) -> Result<Tensor4> {
    let (images, channels, height, width) = *input.shape();
    dropped(input, probability, seed, images, channels * height * width)
}

fn dropped<S: Shape>(
    input: Tensor<S>,
    probability: f32,
    seed: u64,
    count: usize,
    length: usize,
) -> Result<Tensor<S>> {
    let Some(factors) = drop_factors(probability, seed, count)? else { return Ok(input) };
    let factors = factors.into_iter().flat_map(|factor| std::iter::repeat_n(factor, length));
    let factors = constant(&tensor(factors.collect(), *input.shape())?);
    times(input, factors)
}

/// [`super::global_average_pool2d`] by dfdx's means.
pub fn global_average_pool2d(input: Tensor4) -> Result<Tensor2> {
    input.try_mean::<_, Axes2<2, 3>>().map_err(out_of_memory)
}

/// [`super::average_pool2d`] as a product with the matrix of pooling weights.
pub fn average_pool2d(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let (rows, columns) = window_weights(window, [height, width])?;
    average(input, rows, columns)
}

/// [`super::average_pool2d_exclude_pad`] as a product with the matrix of pooling weights.
pub fn average_pool2d_exclude_pad(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let (rows, columns) = unpadded_weights(window, [height, width])?;
    average(input, rows, columns)
}

/// [`super::subsample2d`] as a product with a matrix of zeros and ones.
pub fn subsample2d(input: Tensor4, stride: usize, from: usize) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let [rows, columns] = [height, width].map(|size| subsample_weights(size, stride, from));
    average(input, rows?, columns?)
}

/// [`super::adaptive_average_pool2d`] as a product with the matrix of pooling weights.
pub fn adaptive_average_pool2d(input: Tensor4, output: [usize; 2]) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let (rows, columns) = (cells_of(height, output[0])?, cells_of(width, output[1])?);
    average(input, rows, columns)
}

fn average(input: Tensor4, rows: Vec<PoolWeights>, columns: Vec<PoolWeights>) -> Result<Tensor4> {
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
    let shares = constant(&tensor(shares, (1, height * width, positions))?);
    let planes: Tensor3 =
        input.try_reshape_like(&(1, images * channels, height * width)).map_err(out_of_memory)?;
    product(planes, shares)?
        .try_reshape_like(&(images, channels, rows.len(), columns.len()))
        .map_err(out_of_memory)
}

/// [`super::optimizer_step`] by dfdx's optimizers. The gradient stays in `gradients`.
pub fn optimizer_step<S: Shape>(
    tensor: &mut Plain<S>,
    gradients: &mut Gradients,
    state: &mut OptimizerState,
    config: &OptimizerConfig,
    learning_rate: f32,
) -> Result<()> {
    let length = tensor.shape().num_elements();
    let lr = f64::from(learning_rate);
    match config {
        OptimizerConfig::Adam(config) => {
            let gradient = gradients.get_or_alloc_mut(tensor).map_err(out_of_memory)?;
            let (steps, [means, squares]) = state.next(length)?;
            // dfdx corrects the bias of the moments in single precision, where 1 − 0.999 loses four digits. At a step
            // this late the correction is 1, and rate, epsilon and decay compensate for it.
            const LATE: i32 = i32::MAX;
            let [mean, square] =
                config.betas.map(|beta| 1.0 - f64::from(beta).powf(f64::from(steps)));
            let factor = square.sqrt() / mean;
            let decay = f64::from(config.weight_decay);
            let adam = dfdx::tensor_ops::AdamConfig {
                lr: lr * factor,
                betas: config.betas.map(f64::from),
                eps: f64::from(config.epsilon) * square.sqrt(),
                weight_decay: Some(if config.decoupled {
                    WeightDecay::Decoupled(decay / factor)
                } else {
                    WeightDecay::L2(decay)
                }),
            };
            adam.try_update(LATE, tensor, means, squares, gradient)
        }
        OptimizerConfig::Sgd(config) => {
            let gradient = gradients.get_or_alloc_mut(tensor).map_err(out_of_memory)?;
            let (_, [velocity]) = state.next(length)?;
            let momentum = f64::from(config.momentum);
            let sgd = dfdx::tensor_ops::SgdConfig {
                lr,
                momentum: Some(if config.nesterov {
                    Momentum::Nesterov(momentum)
                } else {
                    Momentum::Classic(momentum)
                }),
                weight_decay: Some(WeightDecay::L2(f64::from(config.weight_decay))),
            };
            sgd.try_update(tensor, velocity, gradient)
        }
        // dfdx adds epsilon below the root, PyTorch beside it.
        OptimizerConfig::RmsProp(_) => {
            return super::fast::optimizer_step(tensor, gradients, state, config, learning_rate);
        }
    }
    .map_err(out_of_memory)
}

/// The sum of two tensors of the same shape, recorded where one of them is.
pub fn add<S: Shape>(left: Tensor<S>, right: Tensor<S>) -> Result<Tensor<S>> {
    let (a, b) = (left.shape().concrete(), right.shape().concrete());
    if a != b {
        let problem = format!("tensors to add must have the same shape, found {a:?} and {b:?}");
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    plus(left, right)
}

/// `[batch, channels, height, width]` to `[batch, channels · height · width]`.
pub fn flatten(input: Tensor4) -> Result<Tensor2> {
    let (images, channels, height, width) = *input.shape();
    input.try_reshape_like(&(images, channels * height * width)).map_err(out_of_memory)
}

/// The pixel under each tap of the window at each position, `[taps · positions, batch · channels]`; `padding` outside
/// the image.
fn windows(
    input: Tensor4,
    window: &Window,
    [out_height, out_width]: [usize; 2],
    padding: f32,
) -> Result<Tensor2> {
    let (images, channels, height, width) = *input.shape();
    let (pixels, planes) = (height * width, images * channels);
    let mut places = Vec::with_capacity(window.taps() * out_height * out_width);
    for tap in 0..window.taps() {
        let tap = [tap / window.kernel[1], tap % window.kernel[1]];
        for position in 0..out_height * out_width {
            let position = [position / out_width, position % out_width];
            let [y, x] = [0, 1].map(|axis| {
                (position[axis] * window.stride[axis] + tap[axis] * window.dilation[axis])
                    .checked_sub(window.padding[axis][0])
            });
            places.push(match (y, x) {
                (Some(y), Some(x)) if y < height && x < width => y * width + x,
                _ => pixels,
            });
        }
    }
    let mut rows: Tensor2 = input
        .try_reshape_like(&(planes, pixels))
        .and_then(|t: Tensor2| t.try_permute::<_, Axes2<1, 0>>())
        .and_then(|t: Tensor2| t.try_contiguous())
        .map_err(out_of_memory)?;
    if places.contains(&pixels) {
        let beyond = constant(&tensor(vec![padding; planes], (1, planes))?);
        rows = (rows, beyond).try_concat_along(Axis::<0>).map_err(out_of_memory)?;
    }
    let count = places.len();
    let places = device()?.try_tensor_from_vec(places, (count,)).map_err(out_of_memory)?;
    rows.try_gather(places).map_err(out_of_memory)
}

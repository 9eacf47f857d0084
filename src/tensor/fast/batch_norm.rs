//! Batch normalization (Ioffe and Szegedy, 2015) on the tape.

use crate::tensor::cpu::threads::{self, chunk, each_chunk};
use crate::tensor::cpu::{Activation, finish_from, sum_of, update_each};
use crate::tensor::tape::{Plain, Tape, Tensor1, Tensor4, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};

/// Mean and variance of each channel, `[channels]`.
#[derive(Clone, Debug)]
pub struct ChannelStatistics {
    /// Mean of each channel.
    pub mean: Plain<(usize,)>,
    /// Biased variance of each channel, `Σ (x − mean)² / n`, as PyTorch uses it to normalize; the running variance is
    /// the unbiased one.
    pub variance: Plain<(usize,)>,
}

/// The epilogue of a normalization: the sum with a tensor of the same shape, such as the shortcut of a residual block,
/// then ReLU.
#[derive(Debug, Default)]
pub struct NormEpilogue {
    /// The tensor to add.
    pub add: Option<Tensor4>,
    /// `true` if ReLU follows.
    pub relu: bool,
}

/// Batch normalization with the statistics of the batch, over `[batch, channels, height, width]`: `y = scale · (x −
/// mean) / √(variance + epsilon) + shift`, channel by channel, then `epilogue`. Also returns the statistics; gradients
/// pass through them.
///
/// # Errors
/// [`ErrorKind::Shape`] when the sizes differ, or a channel has a single value, which has no variance.
pub fn batch_norm2d(
    input: Tensor4,
    scale: Tensor1,
    shift: Tensor1,
    epsilon: f32,
    finish: NormEpilogue,
) -> Result<(Tensor4, ChannelStatistics)> {
    check_values(*input.shape())?;
    normalize(input, scale, shift, None, epsilon, finish)
}

/// Batch normalization with constant statistics, such as running averages.
///
/// # Errors
/// [`ErrorKind::Shape`] when the sizes differ.
pub fn batch_norm2d_with(
    input: Tensor4,
    scale: Tensor1,
    shift: Tensor1,
    statistics: &ChannelStatistics,
    epsilon: f32,
    finish: NormEpilogue,
) -> Result<Tensor4> {
    Ok(normalize(input, scale, shift, Some(statistics), epsilon, finish)?.0)
}

/// The scale and shift of each channel, `[channels]`, that [`batch_norm2d_with`] amounts to.
///
/// # Errors
/// [`ErrorKind::Shape`] when the sizes differ.
pub fn batch_norm2d_affine(
    scale: &Plain<(usize,)>,
    shift: &Plain<(usize,)>,
    statistics: &ChannelStatistics,
    epsilon: f32,
) -> Result<[Plain<(usize,)>; 2]> {
    let (channels,) = *scale.shape();
    check(channels, channels, shift.shape().0, Some(statistics))?;
    let (scale, shift) = (read(scale), read(shift));
    let (mean, variance) = (read(&statistics.mean), read(&statistics.variance));
    let factors = scale.iter().zip(&*variance).map(|(scale, v)| scale / (v + epsilon).sqrt());
    let factors: Vec<f32> = factors.collect();
    let shifts = shift.iter().zip(&*mean).zip(&factors).map(|((s, m), f)| s - m * f);
    let shifts = shifts.collect();
    Ok([tensor(factors, (channels,))?, tensor(shifts, (channels,))?])
}

/// Batch, channels, height and width of feature maps.
type Sizes = (usize, usize, usize, usize);

/// Checks that each channel has more than one value.
pub(in crate::tensor) fn check_values((images, _, height, width): Sizes) -> Result<()> {
    if images * height * width > 1 {
        return Ok(());
    }
    let problem = "batch normalization in training needs more than one value a channel";
    Err(Error::new(ErrorKind::Shape, problem)
        .help("use a larger batch, drop a last batch of one example, or freeze the layer"))
}

/// Checks that the tensor to add has the shape of the input.
pub(in crate::tensor) fn check_added(input: Sizes, added: Option<Sizes>) -> Result<()> {
    match added.filter(|added| *added != input) {
        None => Ok(()),
        Some(added) => {
            let problem = format!("expected a tensor {input:?} to add, found {added:?}");
            Err(Error::new(ErrorKind::Shape, problem))
        }
    }
}

/// Checks that each operand has one value per channel.
pub(in crate::tensor) fn check(
    channels: usize,
    scale: usize,
    shift: usize,
    statistics: Option<&ChannelStatistics>,
) -> Result<()> {
    let sizes = [
        scale,
        shift,
        statistics.map_or(channels, |s| s.mean.shape().0),
        statistics.map_or(channels, |s| s.variance.shape().0),
    ];
    if sizes.iter().all(|size| *size == channels) {
        return Ok(());
    }
    let [scale, shift, mean, variance] = sizes;
    Err(Error::new(
        ErrorKind::Shape,
        format!(
            "expected {channels} values per operand of batch normalization, found {scale} scales, {shift} shifts, \
             {mean} means and {variance} variances"
        ),
    ))
}

fn normalize(
    input: Tensor4,
    scale: Tensor1,
    shift: Tensor1,
    given: Option<&ChannelStatistics>,
    epsilon: f32,
    finish: NormEpilogue,
) -> Result<(Tensor4, ChannelStatistics)> {
    let (input, input_tape) = input.split_tape();
    let (scale, scale_tape) = scale.split_tape();
    let (shift, shift_tape) = shift.split_tape();
    let relu = finish.relu;
    let (added, added_tape) = match finish.add.map(SplitTape::split_tape) {
        Some((added, tape)) => (Some(added), tape),
        None => (None, Tape::off()),
    };
    let (_, channels, height, width) = *input.shape();
    check(channels, scale.shape().0, shift.shape().0, given)?;
    check_added(*input.shape(), added.as_ref().map(|added| *added.shape()))?;
    let size = height * width;
    let statistics = match given {
        Some(given) => given.clone(),
        None => statistics(&read(&input), channels, size)?,
    };
    let inverse: Vec<f32> = read(&statistics.variance)
        .iter()
        .map(|variance| (variance + epsilon).sqrt().recip())
        .collect();
    let mut values = vec![0.0; read(&input).len()];
    if size > 0 {
        let (x, scale, shift) = (read(&input), read(&scale), read(&shift));
        let (added, mean) = (added.as_ref().map(read), read(&statistics.mean));
        each_chunk(&mut values, size, |i, y| {
            let x = chunk(&x, size, i);
            let channel = i % channels;
            let factor = scale[channel] * inverse[channel];
            let rest = shift[channel] - mean[channel] * factor;
            let added = added.as_ref().map_or(&[][..], |added| &added[i * size..(i + 1) * size]);
            let activation = if relu { Activation::Relu } else { Activation::Identity };
            finish_from(y, x, factor, rest, added, activation);
        });
    }
    let output = tensor(values, *input.shape())?;
    let needed = (input_tape.is_on(), scale_tape.is_on(), shift_tape.is_on());
    let added = added.filter(|_| added_tape.is_on());
    let mut tape = input_tape.merge(scale_tape).merge(shift_tape).merge(added_tape);
    if tape.is_on() {
        let (result, mean) = (output.clone(), statistics.mean.clone());
        let through_statistics = given.is_none();
        tape.add_backward_op(move |gradients| {
            let mut gradient = take_gradient(gradients, &result)?;
            if relu && size > 0 {
                let y = read(&result);
                each_chunk(&mut gradient, size, |plane, g| {
                    let y = chunk(&y, size, plane);
                    update_each(g, y, y, |g, y, _| if y > 0.0 { g } else { 0.0 });
                });
            }
            if let Some(added) = &added {
                let mut sum = take_gradient(gradients, added)?;
                add_to(&mut sum, &gradient, size);
                put_gradient(gradients, added, sum)?;
            }
            // Σ g and Σ g · x̂ of each channel are the gradients of shift and scale.
            let mean = read(&mean);
            let sums = sums(&gradient, &read(&input), &mean, &inverse, size);
            if needed.0 && size > 0 {
                let mut dx = take_gradient(gradients, &input)?;
                let count = (gradient.len() / channels) as f32;
                let (x, scale) = (read(&input), read(&scale));
                each_chunk(&mut dx, size, |i, dx| {
                    let (g, x) = (chunk(&gradient, size, i), chunk(&x, size, i));
                    let channel = i % channels;
                    let factor = scale[channel] * inverse[channel];
                    let [of_shift, of_scale] = match through_statistics {
                        true => sums[channel].map(|sum| sum / count),
                        false => [0.0; 2],
                    };
                    let (mean, inverse) = (mean[channel], inverse[channel]);
                    update_each(dx, g, x, |dx, g, x| {
                        let normalized = (x - mean) * inverse;
                        dx + factor * (g - of_shift - normalized * of_scale)
                    });
                });
                put_gradient(gradients, &input, dx)?;
            }
            for (is_needed, of, part) in [(needed.1, &scale, 1), (needed.2, &shift, 0)] {
                if is_needed {
                    let mut sum = take_gradient(gradients, of)?;
                    sum.iter_mut().zip(&sums).for_each(|(sum, sums)| *sum += sums[part]);
                    put_gradient(gradients, of, sum)?;
                }
            }
            Ok(())
        });
    }
    Ok((output.put_tape(tape), statistics))
}

fn add_to(sum: &mut [f32], values: &[f32], size: usize) {
    let size = size.max(1);
    each_chunk(sum, size, |plane, sum| {
        let values = chunk(values, size, plane);
        update_each(sum, values, values, |s, v, _| s + v);
    });
}

/// The planes of one channel in all images.
fn planes(
    values: &[f32],
    channel: usize,
    channels: usize,
    size: usize,
) -> impl Iterator<Item = &[f32]> {
    values.chunks_exact(size.max(1)).skip(channel).step_by(channels)
}

fn statistics(values: &[f32], channels: usize, size: usize) -> Result<ChannelStatistics> {
    let count = (values.len() / channels.max(1)) as f64;
    let of_channel = |channel| {
        let planes = || planes(values, channel, channels, size);
        let mean = planes().map(|plane| sum_of(plane, plane, |x, _| x)).sum::<f64>() / count;
        let mean = mean as f32;
        let squares = planes().map(|plane| sum_of(plane, plane, |x, _| (x - mean) * (x - mean)));
        (mean, (squares.sum::<f64>() / count) as f32)
    };
    let (mean, variance) = threads::map(channels, of_channel).into_iter().unzip();
    let [mean, variance] = [mean, variance].map(|values| tensor(values, (channels,)));
    Ok(ChannelStatistics { mean: mean?, variance: variance? })
}

/// For each channel, the sums of the gradient and of the gradient times the normalized input.
fn sums(
    gradient: &[f32],
    input: &[f32],
    mean: &[f32],
    inverse: &[f32],
    size: usize,
) -> Vec<[f32; 2]> {
    let channels = mean.len();
    threads::map(channels, |channel| {
        let (mean, inverse) = (mean[channel], inverse[channel]);
        let pairs =
            planes(gradient, channel, channels, size).zip(planes(input, channel, channels, size));
        let (mut plain, mut product) = (0.0, 0.0);
        for (g, x) in pairs {
            plain += sum_of(g, g, |g, _| g);
            product += sum_of(g, x, |g, x| g * (x - mean) * inverse);
        }
        [plain as f32, product as f32]
    })
}

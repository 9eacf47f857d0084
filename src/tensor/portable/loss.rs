//! Losses by dfdx's own operations.

use super::super::fast::{
    BinaryTargets, LossOptions, check_binary, check_labels, check_ordinal, check_targets,
    example_weights, or_one,
};
use super::super::selective::{plus, product, times};
use super::super::tape::{
    Tensor0, Tensor1, Tensor2, Tensor3, constant, fork, out_of_memory, tensor,
};
use crate::Result;
use dfdx::shapes::{Axis, HasShape, Rank0};
use dfdx::tensor_ops::{ReshapeTo, SumTo, TryAdd};

/// [`crate::tensor::cross_entropy`] by dfdx's log-softmax.
pub fn cross_entropy(logits: Tensor2, labels: &[usize], options: &LossOptions) -> Result<Tensor0> {
    let shape = *logits.shape();
    let weights = check_labels(shape, labels, options)?;
    let total = weights.total(labels);
    let shares = weights.classes.iter().map(|w| (-f64::from(*w) / total) as f32);
    let shares: Vec<f32> = shares.collect();
    let (rows, classes) = shape;
    let smoothing = options.label_smoothing;
    let mut targets = vec![0.0; rows * classes];
    let examples = weights.examples.iter();
    for ((row, label), example) in targets.chunks_exact_mut(classes).zip(labels).zip(examples) {
        let spread = smoothing / classes as f32 * example;
        row.iter_mut().zip(&shares).for_each(|(target, share)| *target = spread * share);
        row[*label] += (1.0 - smoothing) * shares[*label] * example;
    }
    let targets = constant(&tensor(targets, shape)?);
    let surprise = logits.try_log_softmax::<Axis<1>>().map_err(out_of_memory)?;
    let losses: Tensor1 =
        times(surprise, targets)?.try_sum::<_, Axis<1>>().map_err(out_of_memory)?;
    if options.focal_gamma > 0.0 {
        let shares = labels.iter().zip(&weights.examples).map(|(label, e)| shares[*label] * e);
        let shares: Vec<f32> = shares.collect();
        return focal(losses, &shares, options)?.try_sum::<Rank0, _>().map_err(out_of_memory);
    }
    losses.try_sum::<Rank0, _>().map_err(out_of_memory)
}

/// Losses, which are shares of what the true class has as its negative logarithm, times (1 − p)^γ.
fn focal(losses: Tensor1, shares: &[f32], options: &LossOptions) -> Result<Tensor1> {
    // An example without weight has no loss, whatever p is.
    let inverse = shares.iter().map(|share| if *share == 0.0 { 0.0 } else { share.recip() });
    let inverse = constant(&tensor(inverse.collect(), (shares.len(),))?);
    let [losses, again] = fork(losses);
    let wrong = times(again, inverse)?
        .try_exp()
        .and_then(|t| t.try_negate())
        .and_then(|t| t.try_add(1.0))
        // At 0 a power below 1 has no slope.
        .and_then(|t| t.try_clamp(1e-12, 1.0))
        .and_then(|t| t.try_powf(options.focal_gamma))
        .map_err(out_of_memory)?;
    times(losses, wrong)
}

/// [`crate::tensor::binary_cross_entropy`] by dfdx's exponentials.
pub fn binary_cross_entropy(
    logits: Tensor2,
    targets: &[f32],
    options: &LossOptions,
) -> Result<Tensor0> {
    let shape = *logits.shape();
    let BinaryTargets { targets, positive, examples } = check_binary(shape, targets, options)?;
    let shares = shares(&examples, shape.1);
    let on = targets.iter().zip(positive.iter().cycle()).zip(&shares);
    let on: Vec<f32> = on.map(|((t, weight), share)| t * weight * share).collect();
    let all = targets.iter().zip(&on).zip(&shares).map(|((t, on), share)| on + (1.0 - t) * share);
    let all = all.collect();
    weighted_softplus(logits, all, on)
}

/// What each value of a batch counts in the mean.
fn shares(examples: &[f32], columns: usize) -> Vec<f32> {
    let total: f64 = examples.iter().map(|weight| f64::from(*weight)).sum();
    let count = or_one(total) * columns as f64;
    let shares = examples.iter().map(|weight| (f64::from(*weight) / count) as f32);
    shares.flat_map(|share| std::iter::repeat_n(share, columns)).collect()
}

/// `Σ all · ln(1 + e^x) − on · x`, by a logarithm that never overflows: `ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|)`.
fn weighted_softplus(logits: Tensor2, all: Vec<f32>, on: Vec<f32>) -> Result<Tensor0> {
    let shape = *logits.shape();
    let on = on.into_iter().map(|value| -value).collect();
    let (all, on) = (constant(&tensor(all, shape)?), constant(&tensor(on, shape)?));
    let [logits, again] = fork(logits);
    let [first, second] = fork(logits);
    let tail = first
        .try_abs()
        .and_then(|t| t.try_negate())
        .and_then(|t| t.try_exp())
        .and_then(|t| t.try_add(1.0))
        .and_then(|t| t.try_ln())
        .map_err(out_of_memory)?;
    let softplus = plus(second.try_relu().map_err(out_of_memory)?, tail)?;
    plus(times(softplus, all)?, times(again, on)?)?.try_sum::<Rank0, _>().map_err(out_of_memory)
}

/// [`crate::tensor::squared_error`] by dfdx's square.
pub fn squared_error(outputs: Tensor2, targets: &[f32], options: &LossOptions) -> Result<Tensor0> {
    let shape = *outputs.shape();
    check_targets(shape, targets)?;
    let shares = shares(&example_weights(&options.example_weights, shape.0)?, shape.1);
    let targets = constant(&tensor(targets.iter().map(|t| -t).collect(), shape)?);
    let squares = plus(outputs, targets)?.try_square().map_err(out_of_memory)?;
    times(squares, constant(&tensor(shares, shape)?))?.try_sum::<Rank0, _>().map_err(out_of_memory)
}

/// [`crate::tensor::earth_mover`]: cumulative sums are a product with a triangle of ones.
pub fn earth_mover(logits: Tensor2, labels: &[usize], options: &LossOptions) -> Result<Tensor0> {
    let (rows, classes) = *logits.shape();
    let weights = check_ordinal((rows, classes), labels, options)?;
    let total = weights.total(labels);
    let shape = (1, rows, classes);
    let p: Tensor3 = logits
        .try_softmax::<Axis<1>>()
        .and_then(|t| t.try_reshape_like(&shape))
        .map_err(out_of_memory)?;
    let places = || (0..classes).flat_map(|row| (0..classes).map(move |column| (row, column)));
    let triangle = places().map(|(row, column)| f32::from(u8::from(row <= column))).collect();
    let below = product(p, constant(&tensor(triangle, (1, classes, classes))?))?;
    let cells = || labels.iter().flat_map(|label| (0..classes).map(move |class| (*label, class)));
    let targets = cells().map(|(label, class)| if class >= label { -1.0 } else { 0.0 }).collect();
    let rows = labels.iter().enumerate();
    let shares = rows.map(|(row, label)| (f64::from(weights.of(row, *label)) / total) as f32);
    let shares = shares.flat_map(|share| std::iter::repeat_n(share, classes)).collect();
    let off =
        plus(below, constant(&tensor(targets, shape)?))?.try_square().map_err(out_of_memory)?;
    times(off, constant(&tensor(shares, shape)?))?.try_sum::<Rank0, _>().map_err(out_of_memory)
}

/// [`crate::tensor::cumulative_link`] as sigmoid cross-entropies.
pub fn cumulative_link(
    logits: Tensor2,
    labels: &[usize],
    options: &LossOptions,
) -> Result<Tensor0> {
    let (rows, thresholds) = *logits.shape();
    let weights = check_ordinal((rows, thresholds + 1), labels, options)?;
    let total = weights.total(labels);
    let share = |row: usize| (f64::from(weights.of(row, labels[row])) / total) as f32;
    let cells = || (0..rows).flat_map(|row| (0..thresholds).map(move |k| (row, k)));
    let all = cells().map(|(row, _)| share(row)).collect();
    let on = cells().map(|(row, k)| if labels[row] > k { share(row) } else { 0.0 }).collect();
    weighted_softplus(logits, all, on)
}

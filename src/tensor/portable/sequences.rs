//! Operations on texts and other sequences by dfdx's own.

use super::super::fast::{Conv1dOptions, check_attention, check_sequences, check_tokens, on_rows};
use super::super::selective::{plus, times};
use super::super::tape::{Tensor1, Tensor2, Tensor3, constant, device, out_of_memory, tensor};
use super::conv2d;
use super::maximum::greatest;
use crate::Result;
use dfdx::shapes::{Axes3, Axis, HasShape};
use dfdx::tensor::{PutTape, SplitTape, TensorFromVec};
use dfdx::tensor_ops::{BroadcastTo, GatherTo, PermuteTo, ReshapeTo, SumTo};
use ndarray::Array2;

/// [`crate::tensor::embedding`] by dfdx's gather.
pub fn embedding(weight: Tensor2, tokens: &Array2<u32>, padding: Option<usize>) -> Result<Tensor3> {
    let (words, dimensions) = *weight.shape();
    check_tokens(tokens, words)?;
    let (batch, length) = tokens.dim();
    let count = batch * length;
    let (plain, tape) = weight.split_tape();
    let padding = padding.filter(|row| tape.is_on() && *row < words);
    let places: Vec<usize> = tokens.iter().map(|token| *token as usize).collect();
    let trained = padding.map(|padding| {
        let trained = places.iter().map(|row| if *row == padding { 0.0 } else { 1.0 });
        trained.collect::<Vec<f32>>()
    });
    let places = device()?.try_tensor_from_vec(places, (count,)).map_err(out_of_memory)?;
    let mut rows: Tensor2 =
        plain.clone().put_tape(tape).try_gather(places.clone()).map_err(out_of_memory)?;
    if let Some(trained) = trained {
        // The vector of the padding comes from a constant, which gets no gradient.
        let across = |share: &dyn Fn(f32) -> f32| -> Result<Tensor2> {
            let shares = tensor(trained.iter().map(|t| share(*t)).collect(), (count,))?;
            constant(&shares)
                .try_broadcast_like::<_, Axis<1>>(&(count, dimensions))
                .map_err(out_of_memory)
        };
        let still: Tensor2 = constant(&plain).try_gather(places).map_err(out_of_memory)?;
        rows = plus(times(rows, across(&|t| t)?)?, times(still, across(&|t| 1.0 - t)?)?)?;
    }
    rows.try_reshape_like(&(batch, length, dimensions)).map_err(out_of_memory)
}

/// [`crate::tensor::conv1d`] as [`conv2d`] over images of one row.
pub fn conv1d(
    input: Tensor3,
    weight: Tensor3,
    bias: Option<Tensor1>,
    slide: Conv1dOptions,
) -> Result<Tensor3> {
    on_rows(input, weight, bias, slide, conv2d)
}

/// [`crate::tensor::conv1d_max`], one operation after the other.
pub fn conv1d_max(
    rows: Tensor2,
    sequences: &Array2<u32>,
    weight: Tensor3,
    bias: Tensor1,
) -> Result<Tensor2> {
    check_sequences(sequences, *rows.shape(), *weight.shape(), bias.shape().0)?;
    let input: Tensor3 = embedding(rows, sequences, None)?
        .try_permute::<_, Axes3<0, 2, 1>>()
        .map_err(out_of_memory)?;
    let found = conv1d(input, weight, Some(bias), Conv1dOptions::default())?;
    greatest(found.try_relu().map_err(out_of_memory)?)
}

/// [`crate::tensor::attention_pool`] by dfdx's softmax and sums.
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
        // Far below any score but finite, since ∞ − ∞ is NaN.
        Some(mask) => mask.iter().map(|seen| if *seen { 0.0 } else { -1e30 }).collect(),
    };
    let hidden = constant(&tensor(hidden, (batch, length))?);
    let weights: Tensor3 = plus(scores, hidden)?
        .try_softmax::<Axis<1>>()
        .and_then(|t| t.try_broadcast_like::<_, Axis<2>>(&shape))
        .map_err(out_of_memory)?;
    times(values, weights)?.try_sum::<_, Axis<1>>().map_err(out_of_memory)
}

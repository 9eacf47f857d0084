//! Attention pooling on the tape.

use crate::tensor::tape::{Tensor2, Tensor3, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};
use ndarray::Array2;

/// The mean of each sequence of `values` `[batch, length, channels]`, weighted by the softmax of its `scores` `[batch,
/// length]`: `[batch, channels]`. Places where `mask` is false, such as padding, have no weight.
///
/// # Errors
/// [`ErrorKind::Shape`] when sizes differ, or a sequence has no place left.
pub fn attention_pool(
    values: Tensor3,
    scores: Tensor2,
    mask: Option<&Array2<bool>>,
) -> Result<Tensor2> {
    let (values, values_tape) = values.split_tape();
    let (scores, scores_tape) = scores.split_tape();
    let (batch, length, channels) = *values.shape();
    check([batch, length], *scores.shape(), mask)?;
    let mut weights = read(&scores).into_owned();
    if let Some(mask) = mask {
        let hidden = weights.iter_mut().zip(mask.iter()).filter(|(_, seen)| !**seen);
        hidden.for_each(|(weight, _)| *weight = f32::NEG_INFINITY);
    }
    for row in weights.chunks_exact_mut(length.max(1)) {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|w| *w = (*w - most).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|w| *w /= sum);
    }
    let mut means = vec![0.0; batch * channels];
    {
        let x = read(&values);
        for (place, weight) in weights.iter().enumerate() {
            let mean = &mut means[place / length * channels..][..channels];
            let row = &x[place * channels..][..channels];
            mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += weight * x);
        }
    }
    let output = tensor(means, (batch, channels))?;
    let wants = (values_tape.is_on(), scores_tape.is_on());
    let mut tape = values_tape.merge(scores_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let of = |place: usize| &gradient[place / length * channels..][..channels];
            if wants.0 {
                let mut sum = take_gradient(gradients, &values)?;
                for (place, weight) in weights.iter().enumerate() {
                    let row = &mut sum[place * channels..][..channels];
                    row.iter_mut().zip(of(place)).for_each(|(s, g)| *s += weight * g);
                }
                put_gradient(gradients, &values, sum)?;
            }
            if wants.1 {
                let mut sum = take_gradient(gradients, &scores)?;
                let (x, y) = (read(&values), read(&result));
                for (place, weight) in weights.iter().enumerate() {
                    let row = &x[place * channels..][..channels];
                    let mean = &y[place / length * channels..][..channels];
                    let terms = row.iter().zip(mean).zip(of(place));
                    sum[place] += weight * terms.map(|((x, y), g)| (x - y) * g).sum::<f32>();
                }
                put_gradient(gradients, &scores, sum)?;
            }
            Ok(())
        });
    }
    Ok(output.put_tape(tape))
}

/// That the sizes fit, and every sequence has a place left.
pub(in crate::tensor) fn check(
    [batch, length]: [usize; 2],
    scores: (usize, usize),
    mask: Option<&Array2<bool>>,
) -> Result<()> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    if scores != (batch, length) {
        return fail(format!("scores {scores:?} for {batch} sequences of {length}"));
    }
    let Some(mask) = mask else { return Ok(()) };
    if mask.dim() != (batch, length) {
        return fail(format!("a mask of {:?} for {batch} sequences of {length}", mask.dim()));
    }
    match mask.rows().into_iter().position(|row| row.iter().all(|seen| !seen)) {
        None => Ok(()),
        Some(row) => fail(format!("the mask leaves nothing of sequence {row}")),
    }
}

//! Attention pooling on the tape.

use crate::tensor::tape::{Tensor2, Tensor3, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape as _};
use ndarray::Array2;

/// Attention pooling: the mean of each sequence of `values` `[batch, length, channels]`, weighted by the softmax of its
/// `scores` `[batch, length]`; the result is `[batch, channels]`. Positions where `mask` is false, such as padding, get
/// no weight.
///
/// ```
/// use cuaderno::tensor::{attention_pool, constant, plain, read, tensor};
/// let values = constant(&tensor(vec![1.0, 5.0], (1, 2, 1))?); // two positions of one channel
/// let scores = constant(&tensor(vec![0.0, 3f32.ln()], (1, 2))?); // weights 1/4 and 3/4
/// let pooled = plain(attention_pool(values, scores, None)?);
/// assert!((read(&pooled)[0] - 4.0).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Shape`] when sizes differ, or the mask excludes a whole sequence.
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
    let needed = (values_tape.is_on(), scores_tape.is_on());
    let mut tape = values_tape.merge(scores_tape);
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let of = |place: usize| &gradient[place / length * channels..][..channels];
            if needed.0 {
                let mut sum = take_gradient(gradients, &values)?;
                for (place, weight) in weights.iter().enumerate() {
                    let row = &mut sum[place * channels..][..channels];
                    row.iter_mut().zip(of(place)).for_each(|(s, g)| *s += weight * g);
                }
                put_gradient(gradients, &values, sum)?;
            }
            if needed.1 {
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

/// Checks that the sizes fit and the mask leaves a position of each sequence.
pub(in crate::tensor) fn check(
    [batch, length]: [usize; 2],
    scores: (usize, usize),
    mask: Option<&Array2<bool>>,
) -> Result<()> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    if scores != (batch, length) {
        return fail(format!("expected scores [{batch}, {length}], found {scores:?}"));
    }
    let Some(mask) = mask else { return Ok(()) };
    if mask.dim() != (batch, length) {
        return fail(format!("expected a mask [{batch}, {length}], found {:?}", mask.dim()));
    }
    match mask.rows().into_iter().position(|row| row.iter().all(|seen| !seen)) {
        None => Ok(()),
        Some(row) => fail(format!("the mask excludes every position of sequence {row}")),
    }
}

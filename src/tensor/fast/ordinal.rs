//! Losses for classes in an order, where a near miss costs less than a far one.

use super::loss::{LossOptions, check, recorded, softmax};
use super::loss_values::binary;
use super::loss_weights::LossWeights;
use crate::tensor::read;
use crate::tensor::tape::{Tensor0, Tensor2};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::SplitTape;

/// Squared earth mover's distance between the softmax of `logits` `[batch, classes]` and the true classes, which are
/// in order: `Σ_k (P(class ≤ k) − [label ≤ k])²`, averaged over the batch by weights (Hou, Yu and Samaras,
/// "Squared Earth Mover's Distance-based Loss for Training Deep Neural Networks", 2016).
///
/// ```
/// use cuaderno::tensor::{LossOptions, constant, earth_mover, plain, read, tensor};
/// let loss = |label| {
///     let logits = constant(&tensor(vec![9.0, 0.0, 0.0], (1, 3))?); // class 0 for sure
///     Ok::<f32, cuaderno::Error>(read(&plain(earth_mover(logits, &[label], &LossOptions::earth_mover())?))[0])
/// };
/// assert!(loss(0)? < 0.01 && loss(1)? < loss(2)?); // a near miss costs less than a far one
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When a label is not a class, there are not as many labels as rows, or an option is out of range.
pub fn earth_mover(logits: Tensor2, labels: &[usize], options: &LossOptions) -> Result<Tensor0> {
    let (logits, tape) = logits.split_tape();
    let (_, classes) = *logits.shape();
    let weights = check_ordinal(*logits.shape(), labels, options)?;
    let total = weights.total(labels);
    let mut slopes = softmax(&logits);
    let mut loss = 0.0;
    let mut pulls = vec![0.0f64; classes];
    for (place, (row, &label)) in slopes.chunks_exact_mut(classes).zip(labels).enumerate() {
        let weight = f64::from(weights.of(place, label)) / total;
        let mut below = 0.0;
        for (class, (p, pull)) in row.iter().zip(&mut pulls).enumerate() {
            below += f64::from(*p);
            let off = below - if class >= label { 1.0 } else { 0.0 };
            loss += weight * off * off;
            *pull = 2.0 * weight * off;
        }
        // dL/dp_j is the sum over all k ≥ j.
        let mut above = 0.0;
        for pull in pulls.iter_mut().rev() {
            above += *pull;
            *pull = above;
        }
        let mean: f64 = row.iter().zip(&pulls).map(|(p, pull)| f64::from(*p) * pull).sum();
        for (p, pull) in row.iter_mut().zip(&pulls) {
            *p = (f64::from(*p) * (pull - mean)) as f32;
        }
    }
    recorded(logits, tape, loss, slopes)
}

/// Cumulative-link loss of `logits` `[batch, classes − 1]`, where logit k is that of "the class is above k":
/// `Σ_k −[label > k] ln σ(x_k) − [label ≤ k] ln(1 − σ(x_k))`, averaged over the batch by weights (Niu et al.,
/// 2016; CORAL where the last layer shares its weights, Cao, Mirjalili and Raschka, 2020).
///
/// ```
/// use cuaderno::tensor::{LossOptions, constant, cumulative_link, plain, read, tensor};
/// let logits = constant(&tensor(vec![0.0, 0.0], (1, 2))?); // three classes, two thresholds
/// let loss = cumulative_link(logits, &[1], &LossOptions::cumulative_link())?;
/// assert!((read(&plain(loss))[0] - 2.0 * 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When a label is not a class, there are not as many labels as rows, or an option is out of range.
pub fn cumulative_link(
    logits: Tensor2,
    labels: &[usize],
    options: &LossOptions,
) -> Result<Tensor0> {
    let (logits, tape) = logits.split_tape();
    let (rows, thresholds) = *logits.shape();
    let weights = check_ordinal((rows, thresholds + 1), labels, options)?;
    let total = weights.total(labels);
    let mut slopes = Vec::with_capacity(rows * thresholds);
    let mut loss = 0.0;
    let values = read(&logits);
    for (place, (row, &label)) in values.chunks_exact(thresholds.max(1)).zip(labels).enumerate() {
        let weight = f64::from(weights.of(place, label)) / total;
        for (k, x) in row.iter().enumerate() {
            let target = if label > k { 1.0 } else { 0.0 };
            let (value, slope) = binary(f64::from(*x), target, 1.0);
            loss += weight * value;
            slopes.push((weight * slope) as f32);
        }
    }
    drop(values);
    recorded(logits, tape, loss, slopes)
}

/// [`check`] for losses that know neither smoothing nor γ.
pub(in crate::tensor) fn check_ordinal(
    shape: (usize, usize),
    labels: &[usize],
    options: &LossOptions,
) -> Result<LossWeights> {
    if options.focal_gamma > 0.0 || options.label_smoothing > 0.0 {
        let problem = "losses for ordered classes have neither label smoothing nor a focal γ";
        return Err(Error::new(ErrorKind::Parameter, problem).help("set both to 0"));
    }
    check(shape, labels, options)
}

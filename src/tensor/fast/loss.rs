//! Softmax cross-entropy on the tape.

use crate::tensor::cpu::threads::{chunk, each_chunk, map};
use crate::tensor::tape::{Plain, Tensor0, Tensor2, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape, Tape as _};

/// How [`cross_entropy`] weighs its examples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossOptions {
    /// A weight per class, or none for equal weights. The mean is over the weights, as in PyTorch.
    pub class_weights: Option<Vec<f32>>,
    /// The share of the target that is spread over all classes, from 0 to 1.
    pub label_smoothing: f32,
    /// How much less examples count that are right already: each loss is multiplied by (1 − p)^γ, where p is the
    /// probability of the true class (focal loss; Lin et al., 2017). 0 is plain cross-entropy. Not together with label
    /// smoothing.
    pub focal_gamma: f32,
}

/// The probabilities of each class: softmax of each row of `[batch, classes]`.
pub fn softmax(logits: &Plain<(usize, usize)>) -> Vec<f32> {
    let mut values = read(logits).into_owned();
    each_chunk(&mut values, logits.shape().1, |_, row| {
        let shift = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|v| *v = (*v - shift).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|v| *v /= sum);
    });
    values
}

/// The mean cross-entropy between the softmax of `logits` `[batch, classes]` and the classes `labels`.
///
/// As `torch.nn.functional.cross_entropy` with its `weight` and `label_smoothing`. Errors when a label
/// is not a class, or there are not as many labels as rows.
pub fn cross_entropy(logits: Tensor2, labels: &[usize], options: &LossOptions) -> Result<Tensor0> {
    let (logits, mut tape) = logits.split_tape();
    let (rows, classes) = *logits.shape();
    let weights = check((rows, classes), labels, options)?;
    let (smoothing, gamma) = (options.label_smoothing, options.focal_gamma);
    let total: f64 = labels.iter().map(|label| f64::from(weights[*label])).sum();
    let spread = smoothing / classes as f32;
    let weight_sum: f32 = weights.iter().sum();
    let mut slopes = softmax(&logits);
    let x = read(&logits);
    let sums = map(rows, |row| {
        let row = chunk(&x, classes, row);
        let shift = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        (shift, row.iter().map(|v| f64::from(v - shift).exp()).sum::<f64>().ln())
    });
    let mut loss = 0.0f64;
    let rows = x.chunks_exact(classes).zip(slopes.chunks_exact_mut(classes));
    for (((row, slope), &label), (shift, log_sum)) in rows.zip(labels).zip(sums) {
        let surprise = |class: usize| log_sum - f64::from(row[class] - shift);
        let own = (1.0 - smoothing) * weights[label];
        if gamma > 0.0 {
            let (gamma, surprise) = (f64::from(gamma), surprise(label));
            let (p, wrong) = ((-surprise).exp(), -(-surprise).exp_m1());
            loss += f64::from(own) * wrong.powf(gamma) * surprise;
            // d/dp of −(1 − p)^γ ln p, times p.
            let steep = if wrong > 0.0 { wrong.powf(gamma - 1.0) } else { 0.0 };
            let pull = wrong.powf(gamma) + gamma * p * steep * surprise;
            let pull = (f64::from(own) * pull / total) as f32;
            for (class, s) in slope.iter_mut().enumerate() {
                *s = (*s - if class == label { 1.0 } else { 0.0 }) * pull;
            }
            continue;
        }
        loss += f64::from(own) * surprise(label);
        if spread > 0.0 {
            let rest =
                (0..classes).map(|class| f64::from(weights[class]) * surprise(class)).sum::<f64>();
            loss += f64::from(spread) * rest;
        }
        let pull = own + spread * weight_sum;
        for (class, s) in slope.iter_mut().enumerate() {
            let target = if class == label { own } else { 0.0 } + spread * weights[class];
            *s = (*s * pull - target) / total as f32;
        }
    }
    drop(x);
    let output = tensor(vec![(loss / total) as f32], ())?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &logits)?;
            dx.iter_mut().zip(&slopes).for_each(|(d, s)| *d += gradient[0] * s);
            put_gradient(gradients, &logits, dx)
        });
    }
    Ok(output.put_tape(tape))
}

/// The weight of each class, when labels, classes and options fit.
pub(in crate::tensor) fn check(
    (rows, classes): (usize, usize),
    labels: &[usize],
    options: &LossOptions,
) -> Result<Vec<f32>> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    if rows != labels.len() || rows == 0 {
        return fail(format!("{} labels for a batch of {rows}", labels.len()));
    }
    if let Some(label) = labels.iter().find(|label| **label >= classes) {
        return fail(format!(
            "the label {label} is not one of {classes} classes (0 to {})",
            classes.saturating_sub(1)
        ));
    }
    let smoothing = options.label_smoothing;
    if !(0.0..=1.0).contains(&smoothing) {
        let problem = format!("a label smoothing of {smoothing} is outside 0 to 1");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let gamma = options.focal_gamma;
    if !(gamma >= 0.0 && gamma.is_finite()) || (gamma > 0.0 && smoothing > 0.0) {
        let problem = format!("a focal γ of {gamma} with a label smoothing of {smoothing}");
        return Err(Error::new(ErrorKind::Parameter, problem)
            .help("γ is 0 or more, and one of the two is 0"));
    }
    match &options.class_weights {
        None => Ok(vec![1.0; classes]),
        Some(weights) if weights.len() == classes => Ok(weights.clone()),
        Some(weights) => fail(format!("{} class weights for {classes} classes", weights.len())),
    }
}

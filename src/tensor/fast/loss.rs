//! Softmax cross-entropy on the tape, and the options that all losses share.

use super::loss_weights::LossWeights;
use crate::tensor::cpu::exp_all;
use crate::tensor::cpu::threads::{chunk, each_chunk, each_chunk_of_two};
use crate::tensor::tape::{Plain, Tape, Tensor0, Tensor2, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape, Tape as _};

/// A loss and its options.
///
/// ```
/// use cuaderno::tensor::LossOptions;
/// let plain = LossOptions::default();
/// let weighted = LossOptions::cross_entropy().class_weights(&[1.0, 4.0]).label_smoothing(0.1);
/// let focal = LossOptions::focal(2.0);
/// assert_eq!((plain.focal_gamma, focal.focal_gamma, weighted.label_smoothing), (0.0, 2.0, 0.1));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossOptions {
    /// The loss.
    pub kind: LossKind,
    /// A weight per class, or none for equal weights. The mean is over the weights, as in PyTorch. For
    /// [`LossKind::BinaryCrossEntropy`], the weight of the positive examples of each class (`pos_weight` in PyTorch).
    pub class_weights: Option<Vec<f32>>,
    /// The part of the target that is spread over all classes, from 0 to 1.
    pub label_smoothing: f32,
    /// Focusing parameter γ of the focal loss (Lin et al., 2017): each loss is multiplied by `(1 − p)^γ`, where p is
    /// the probability of the true class. 0 is plain cross-entropy. Not together with label smoothing.
    pub focal_gamma: f32,
    /// A weight per example of the batch, or none for equal weights. The mean is over the weights, `Σ wᵢ lᵢ / Σ wᵢ`,
    /// where wᵢ is the example's weight times that of its class, and 0 where all are 0. Training sets them from
    /// [`Dataset::with_weights`](crate::data::Dataset::with_weights).
    pub example_weights: Option<Vec<f32>>,
}

/// The losses that a network can be trained with; [`LossOptions`] adds class weights, label smoothing and the focal γ.
///
/// ```
/// use cuaderno::tensor::{LossKind, LossOptions};
/// assert_eq!(LossOptions::default().kind, LossKind::CrossEntropy);
/// assert_eq!(LossOptions::earth_mover().kind, LossKind::EarthMover);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LossKind {
    /// Softmax cross-entropy over classes that exclude each other; see [`cross_entropy`].
    #[default]
    CrossEntropy,
    /// Sigmoid cross-entropy of each class on its own, for examples of several labels or none; see
    /// [`binary_cross_entropy`](super::binary_cross_entropy).
    BinaryCrossEntropy,
    /// Mean squared error, for regression; see [`squared_error`](super::squared_error).
    MeanSquaredError,
    /// Squared earth mover's distance between the softmax and the true class, for ordered classes; see
    /// [`earth_mover`](super::earth_mover).
    EarthMover,
    /// Cumulative link (logits of "the class is above k") for ordered classes; the network has one output fewer than
    /// there are classes. See [`cumulative_link`](super::cumulative_link).
    CumulativeLink,
}

impl LossOptions {
    /// Softmax cross-entropy, the default.
    pub fn cross_entropy() -> Self {
        Self::default()
    }

    /// Focal loss with this γ; 2 is usual.
    pub fn focal(gamma: f32) -> Self {
        Self { focal_gamma: gamma, ..Self::default() }
    }

    /// Sigmoid cross-entropy of each class on its own.
    pub fn binary_cross_entropy() -> Self {
        Self { kind: LossKind::BinaryCrossEntropy, ..Self::default() }
    }

    /// Mean squared error.
    pub fn mean_squared_error() -> Self {
        Self { kind: LossKind::MeanSquaredError, ..Self::default() }
    }

    /// Squared earth mover's distance, for ordered classes.
    pub fn earth_mover() -> Self {
        Self { kind: LossKind::EarthMover, ..Self::default() }
    }

    /// Cumulative link, for ordered classes and a network with one output fewer than classes.
    pub fn cumulative_link() -> Self {
        Self { kind: LossKind::CumulativeLink, ..Self::default() }
    }

    /// The same with a weight per class.
    pub fn class_weights(mut self, weights: &[f32]) -> Self {
        self.class_weights = Some(weights.to_vec());
        self
    }

    /// The same with label smoothing.
    pub fn label_smoothing(mut self, smoothing: f32) -> Self {
        self.label_smoothing = smoothing;
        self
    }

    /// The same with a weight per example of the batch.
    pub fn example_weights(mut self, weights: &[f32]) -> Self {
        self.example_weights = Some(weights.to_vec());
        self
    }
}

/// Softmax of each row of `[batch, classes]`, `pᵢ = exp(xᵢ) / Σ exp(xⱼ)`: the probabilities of the classes, row-major.
///
/// ```
/// use cuaderno::tensor::{softmax, tensor};
/// let probabilities = softmax(&tensor(vec![0.0, 3f32.ln()], (1, 2))?);
/// assert!((probabilities[1] - 0.75).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
pub fn softmax(logits: &Plain<(usize, usize)>) -> Vec<f32> {
    let mut values = read(logits).into_owned();
    each_chunk(&mut values, logits.shape().1, |_, row| {
        softmax_row(row);
    });
    values
}

/// Turns a row of logits into probabilities. Returns the largest logit `m` and `ln Σ exp(xⱼ − m)`.
fn softmax_row(row: &mut [f32]) -> (f32, f64) {
    let shift = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum = exp_all(row, shift);
    let share = (1.0 / sum) as f32;
    row.iter_mut().for_each(|v| *v *= share);
    (shift, sum.ln())
}

/// Mean cross-entropy of `logits` `[batch, classes]` and true classes `labels`, `−Σ wᵢ · ln pᵢ / Σ wᵢ`, as
/// `torch.nn.functional.cross_entropy` with `weight` and `label_smoothing`; with `focal_gamma` the focal loss.
///
/// ```
/// use cuaderno::tensor::{LossOptions, constant, cross_entropy, plain, read, tensor};
/// let logits = constant(&tensor(vec![0.0, 3f32.ln()], (1, 2))?); // p = 1/4 and 3/4
/// let loss = cross_entropy(logits, &[1], &LossOptions::default())?;
/// assert!((read(&plain(loss))[0] + 0.75f32.ln()).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Shape`] when a label is not a class, or the number of labels or weights differs;
/// [`ErrorKind::Parameter`] when an option is outside its range.
pub fn cross_entropy(logits: Tensor2, labels: &[usize], options: &LossOptions) -> Result<Tensor0> {
    let (logits, tape) = logits.split_tape();
    let (rows, classes) = *logits.shape();
    let weights = check((rows, classes), labels, options)?;
    let (smoothing, gamma) = (options.label_smoothing, options.focal_gamma);
    let total = weights.total(labels);
    let spread = smoothing / classes as f32;
    let weight_sum: f32 = weights.classes.iter().sum();
    let x = read(&logits);
    let mut slopes = x.to_vec();
    let mut losses = vec![0.0f64; rows];
    each_chunk_of_two(&mut slopes, &mut losses, [classes, 1], |number, slope, loss| {
        let (row, label) = (chunk(&x, classes, number), labels[number]);
        let example = weights.examples[number];
        let (shift, log_sum) = softmax_row(slope);
        let surprise = |class: usize| log_sum - f64::from(row[class] - shift);
        let own = (1.0 - smoothing) * weights.classes[label] * example;
        let spread = spread * example;
        if gamma > 0.0 {
            let (gamma, surprise) = (f64::from(gamma), surprise(label));
            let (p, wrong) = ((-surprise).exp(), -(-surprise).exp_m1());
            loss[0] = f64::from(own) * wrong.powf(gamma) * surprise;
            // d/dp of −(1 − p)^γ ln p, times p.
            let steep = if wrong > 0.0 { wrong.powf(gamma - 1.0) } else { 0.0 };
            let pull = wrong.powf(gamma) + gamma * p * steep * surprise;
            let pull = (f64::from(own) * pull / total) as f32;
            slope[label] -= 1.0;
            slope.iter_mut().for_each(|s| *s *= pull);
            return;
        }
        loss[0] = f64::from(own) * surprise(label);
        if spread > 0.0 {
            let rest =
                (0..classes).map(|class| f64::from(weights.classes[class]) * surprise(class));
            loss[0] += f64::from(spread) * rest.sum::<f64>();
        }
        let pull = own + spread * weight_sum;
        let right = slope[label] * pull - (own + spread * weights.classes[label]);
        for (s, weight) in slope.iter_mut().zip(&weights.classes) {
            *s = (*s * pull - spread * weight) / total as f32;
        }
        slope[label] = right / total as f32;
    });
    let loss: f64 = losses.iter().sum();
    drop(x);
    recorded(logits, tape, loss / total, slopes)
}

/// A loss whose gradient with respect to `input` is `slopes`.
pub(super) fn recorded(
    input: Plain<(usize, usize)>,
    mut tape: Tape,
    loss: f64,
    slopes: Vec<f32>,
) -> Result<Tensor0> {
    let output = tensor(vec![loss as f32], ())?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            dx.iter_mut().zip(&slopes).for_each(|(d, s)| *d += gradient[0] * s);
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

/// The weights of classes and examples, if labels, classes and options fit.
pub(in crate::tensor) fn check(
    (rows, classes): (usize, usize),
    labels: &[usize],
    options: &LossOptions,
) -> Result<LossWeights> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
    if rows != labels.len() || rows == 0 {
        return fail(format!(
            "expected a label per row of a batch of {rows}, found {}",
            labels.len()
        ));
    }
    if let Some(label) = labels.iter().find(|label| **label >= classes) {
        return fail(format!(
            "labels must be below the number of classes, {classes}, found {label} (classes are 0 to {})",
            classes.saturating_sub(1)
        ));
    }
    check_options(options)?;
    LossWeights::new([&options.class_weights, &options.example_weights], rows, classes)
}

/// Checks the ranges of smoothing and γ.
pub(crate) fn check_options(options: &LossOptions) -> Result<()> {
    let smoothing = options.label_smoothing;
    if !(0.0..=1.0).contains(&smoothing) {
        let problem = format!("`label_smoothing` must lie from 0 to 1, found {smoothing}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let gamma = options.focal_gamma;
    if !(gamma >= 0.0 && gamma.is_finite()) {
        let problem = format!("`focal_gamma` must be finite and at least 0, found {gamma}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    if gamma > 0.0 && smoothing > 0.0 {
        let problem = format!("a focal γ of {gamma} with a label smoothing of {smoothing}");
        return Err(Error::new(ErrorKind::Parameter, problem).help("set one of the two to 0"));
    }
    Ok(())
}

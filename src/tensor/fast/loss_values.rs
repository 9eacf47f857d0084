//! Losses against target values: sigmoid cross-entropy and squared error.

use super::loss::{LossOptions, check_options, recorded};
use super::loss_weights::{class_weights, example_weights, or_one};
use crate::tensor::read;
use crate::tensor::tape::{Tensor0, Tensor2};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::SplitTape;

/// Mean sigmoid cross-entropy of `logits` `[batch, classes]` with `targets`, row-major of the same shape and from 0
/// to 1: each class is a question of its own, so that an example may have several labels or none.
///
/// As `torch.nn.functional.binary_cross_entropy_with_logits`, where `class_weights` are its `pos_weight`; label
/// smoothing s makes targets `t (1 − s) + s / 2`, as in Keras.
///
/// ```
/// use cuaderno::tensor::{LossOptions, binary_cross_entropy, constant, plain, read, tensor};
/// let logits = constant(&tensor(vec![0.0, 0.0, 0.0], (1, 3))?); // p = 1/2 for each of three labels
/// let loss = binary_cross_entropy(logits, &[1.0, 0.0, 1.0], &LossOptions::binary_cross_entropy())?;
/// assert!((read(&plain(loss))[0] - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When there are not as many targets as logits, a target lies outside 0 to 1, or an option is out of range.
pub fn binary_cross_entropy(
    logits: Tensor2,
    targets: &[f32],
    options: &LossOptions,
) -> Result<Tensor0> {
    let (logits, tape) = logits.split_tape();
    let (_, classes) = *logits.shape();
    let BinaryTargets { targets, positive, examples } =
        check_binary(*logits.shape(), targets, options)?;
    let count = count(&examples, classes);
    let mut loss = 0.0;
    let mut slopes = Vec::with_capacity(targets.len());
    for (place, (&x, &target)) in read(&logits).iter().zip(&targets).enumerate() {
        let (value, slope) = binary(f64::from(x), f64::from(target), positive[place % classes]);
        let weight = f64::from(examples[place / classes]);
        loss += weight * value;
        slopes.push((weight * slope / count) as f32);
    }
    recorded(logits, tape, loss / count, slopes)
}

/// Loss and slope of one logit: `−w t ln σ(x) − (1 − t) ln(1 − σ(x))`.
pub(super) fn binary(x: f64, target: f64, positive: f32) -> (f64, f64) {
    let positive = f64::from(positive);
    // ln(1 + e^−|x|) never overflows.
    let tail = (-x.abs()).exp().ln_1p();
    let (on, off) = (tail + (-x).max(0.0), tail + x.max(0.0));
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    let loss = positive * target * on + (1.0 - target) * off;
    (loss, (1.0 - target) * sigmoid - positive * target * (1.0 - sigmoid))
}

/// What a weighted sum over all values of a batch is divided by.
fn count(examples: &[f32], columns: usize) -> f64 {
    or_one(examples.iter().map(|weight| f64::from(*weight)).sum()) * columns as f64
}

/// What sigmoid cross-entropy compares with.
pub(in crate::tensor) struct BinaryTargets {
    /// Smoothed.
    pub targets: Vec<f32>,
    /// The weight of each class's positive examples.
    pub positive: Vec<f32>,
    /// The weight of each example.
    pub examples: Vec<f32>,
}

/// The targets and their weights, when all fit.
pub(in crate::tensor) fn check_binary(
    shape: (usize, usize),
    targets: &[f32],
    options: &LossOptions,
) -> Result<BinaryTargets> {
    check_targets(shape, targets)?;
    check_options(options)?;
    if let Some(value) = targets.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        let problem =
            format!("a target of binary cross-entropy must lie from 0 to 1, found {value}");
        return Err(Error::new(ErrorKind::Numeric, problem));
    }
    if options.focal_gamma > 0.0 {
        let problem = "binary cross-entropy has no focal γ";
        return Err(Error::new(ErrorKind::Parameter, problem).help("set `focal_gamma` to 0"));
    }
    let smoothing = options.label_smoothing;
    Ok(BinaryTargets {
        targets: targets.iter().map(|t| t * (1.0 - smoothing) + smoothing / 2.0).collect(),
        positive: class_weights(&options.class_weights, shape.1)?,
        examples: example_weights(&options.example_weights, shape.0)?,
    })
}

/// Mean squared error between `outputs` `[batch, values]` and `targets`, row-major of the same shape:
/// `mean((y − t)²)`. As `torch.nn.functional.mse_loss`. Of the options, the weights of examples count.
///
/// ```
/// use cuaderno::tensor::{LossOptions, constant, plain, read, squared_error, tensor};
/// let outputs = constant(&tensor(vec![1.0, 4.0], (2, 1))?);
/// let loss = squared_error(outputs, &[1.0, 2.0], &LossOptions::mean_squared_error())?;
/// assert_eq!(read(&plain(loss))[0], 2.0); // (0² + 2²) / 2
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When there are not as many targets as outputs, or weights as rows.
pub fn squared_error(outputs: Tensor2, targets: &[f32], options: &LossOptions) -> Result<Tensor0> {
    let (outputs, tape) = outputs.split_tape();
    let (rows, columns) = *outputs.shape();
    check_targets((rows, columns), targets)?;
    let examples = example_weights(&options.example_weights, rows)?;
    let count = count(&examples, columns);
    let mut loss = 0.0;
    let mut slopes = Vec::with_capacity(targets.len());
    for (place, (y, t)) in read(&outputs).iter().zip(targets).enumerate() {
        let off = f64::from(*y) - f64::from(*t);
        let weight = f64::from(examples[place / columns]);
        loss += weight * off * off;
        slopes.push((weight * 2.0 * off / count) as f32);
    }
    recorded(outputs, tape, loss / count, slopes)
}

/// Checks that there is a target for every output.
pub(in crate::tensor) fn check_targets(
    (rows, columns): (usize, usize),
    targets: &[f32],
) -> Result<()> {
    if rows * columns == targets.len() && !targets.is_empty() {
        return Ok(());
    }
    let problem = format!("{} targets for outputs of shape [{rows}, {columns}]", targets.len());
    Err(Error::new(ErrorKind::Shape, problem))
}

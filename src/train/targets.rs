//! What a network should predict for a batch, and how its outputs are read.

use crate::data::{Dataset, Targets};
use crate::nn::{Inputs, Model, Pass};
use crate::tensor::{
    LossKind, LossOptions, Plain, Tensor0, Tensor2, binary_cross_entropy, cross_entropy,
    cumulative_link, earth_mover, read, softmax, squared_error,
};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use ndarray::Array2;

/// The loss of `outputs` against the targets of a batch whose examples have these weights, if any.
pub(super) fn loss_of(
    targets: &Targets,
    outputs: Tensor2,
    options: &LossOptions,
    weights: Option<&[f32]>,
) -> Result<Tensor0> {
    let weighted = weights.map(|weights| options.clone().example_weights(weights));
    let options = weighted.as_ref().unwrap_or(options);
    let flat = |values: &Array2<f32>| values.iter().copied().collect::<Vec<f32>>();
    match (targets, options.kind) {
        (Targets::Classes(labels), LossKind::CrossEntropy) => {
            cross_entropy(outputs, labels, options)
        }
        (Targets::Classes(labels), LossKind::EarthMover) => earth_mover(outputs, labels, options),
        (Targets::Classes(labels), LossKind::CumulativeLink) => {
            cumulative_link(outputs, labels, options)
        }
        (Targets::MultiLabel(values) | Targets::Values(values), LossKind::BinaryCrossEntropy) => {
            binary_cross_entropy(outputs, &flat(values), options)
        }
        (Targets::MultiLabel(values) | Targets::Values(values), LossKind::MeanSquaredError) => {
            squared_error(outputs, &flat(values), options)
        }
        _ => Err(mismatch(options)),
    }
}

/// Returns `true` if a loss compares outputs with values rather than classes.
pub(super) fn takes_values(loss: &LossOptions) -> bool {
    matches!(loss.kind, LossKind::BinaryCrossEntropy | LossKind::MeanSquaredError)
}

/// Checks that a data set has the targets that a loss expects.
pub(super) fn check(set: &Dataset, loss: &LossOptions) -> Result<()> {
    let (Targets::MultiLabel(values) | Targets::Values(values)) = set.targets() else {
        return if takes_values(loss) { Err(mismatch(loss)) } else { Ok(()) };
    };
    if !takes_values(loss) {
        return Err(mismatch(loss));
    }
    if loss.kind == LossKind::BinaryCrossEntropy
        && let Some(((row, column), value)) =
            values.indexed_iter().find(|(_, value)| !(0.0..=1.0).contains(*value))
    {
        let problem = format!(
            "a target of binary cross-entropy must lie from 0 to 1, found {value} in example {row}, column {column}"
        );
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    Ok(())
}

fn mismatch(loss: &LossOptions) -> Error {
    let (expected, found, help) = if takes_values(loss) {
        let help = "make the data set by `Dataset::multi_label` or `Dataset::regression`";
        ("values", "one class per example", help)
    } else {
        let help = "choose `LossOptions::binary_cross_entropy` or `mean_squared_error`";
        ("one class per example", "values", help)
    };
    let problem = format!("the loss {:?} expects {expected}, the data set has {found}", loss.kind);
    Error::new(ErrorKind::Parameter, problem).help(help)
}

/// The number of outputs that a network needs for a data set.
pub(super) fn output_count(set: &Dataset, loss: &LossOptions) -> usize {
    let classes = set.classes().len();
    match loss.kind {
        LossKind::CrossEntropy | LossKind::EarthMover => classes,
        LossKind::CumulativeLink => classes.saturating_sub(1),
        LossKind::BinaryCrossEntropy | LossKind::MeanSquaredError => set.outputs(),
    }
}

/// The number of values per example that [`probabilities`] returns.
pub(super) fn probability_count(set: &Dataset, loss: &LossOptions) -> usize {
    match loss.kind {
        LossKind::CumulativeLink => output_count(set, loss) + 1,
        _ => output_count(set, loss),
    }
}

/// The network's outputs for a batch of `set`, `[batch, outputs]`.
///
/// # Errors
/// When their number does not fit the data set's classes or values.
pub(super) fn outputs_of(
    model: &dyn Model,
    batch: &Inputs,
    set: &Dataset,
    loss: &LossOptions,
    pass: &Pass,
) -> Result<Tensor2> {
    let outputs = model.forward(batch, pass)?;
    let (found, expected) = (outputs.shape().1, output_count(set, loss));
    if found == expected {
        return Ok(outputs);
    }
    let classes = set.classes();
    let problem = format!(
        "the network has {found} outputs, the data set {} classes: {}",
        classes.len(),
        classes.join(", ")
    );
    let help = match loss.kind {
        LossKind::CumulativeLink => {
            "build the network for one output fewer than the data set has classes"
        }
        _ => "build the network for as many classes as the data set has",
    };
    Err(Error::new(ErrorKind::Shape, problem).help(help))
}

/// Probabilities `[examples, classes]` from outputs; the outputs themselves in regression.
pub(super) fn probabilities(outputs: &Plain<(usize, usize)>, loss: &LossOptions) -> Vec<f32> {
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    match loss.kind {
        LossKind::CrossEntropy | LossKind::EarthMover => softmax(outputs),
        LossKind::BinaryCrossEntropy => read(outputs).iter().map(|x| sigmoid(*x)).collect(),
        LossKind::MeanSquaredError => read(outputs).into_owned(),
        LossKind::CumulativeLink => {
            let (rows, thresholds) = *outputs.shape();
            let mut all = Vec::with_capacity(rows * (thresholds + 1));
            for row in read(outputs).chunks_exact(thresholds.max(1)) {
                // P(class > k) must not rise with k; where the network contradicts itself, the lower value counts.
                let mut above = 1.0f32;
                for x in row {
                    let next = sigmoid(*x).min(above);
                    all.push(above - next);
                    above = next;
                }
                all.push(above);
            }
            all
        }
    }
}

/// The index of the largest value.
pub(super) fn largest(row: &[f32]) -> usize {
    row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(class, _)| class)
}

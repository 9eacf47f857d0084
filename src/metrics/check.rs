//! Validation of the arguments of every metric.

use crate::{Error, ErrorKind, Result};

fn wrong(problem: String) -> Error {
    Error::new(ErrorKind::Parameter, problem)
}

/// Checks that there is one prediction for each of at least one true value.
pub(super) fn pairs(truth: usize, predicted: usize) -> Result<()> {
    if truth != predicted {
        return Err(wrong(format!(
            "expected {truth} predictions, one per true value, found {predicted}"
        ))
        .help("pass one prediction for each true value, in the same order"));
    }
    if truth == 0 {
        return Err(wrong("expected at least one true value, found none".to_string())
            .help("pass at least one true value with its prediction"));
    }
    Ok(())
}

/// Checks that every label is below `classes`.
pub(super) fn labels(labels: &[usize], classes: usize, what: &str) -> Result<()> {
    match labels.iter().position(|&label| label >= classes) {
        Some(item) => Err(wrong(format!(
            "expected {what} of item {item} below {classes}, the number of classes, found {}",
            labels[item]
        ))
        .help("number the classes from 0")),
        None => Ok(()),
    }
}

/// Checks that there is a row of `classes` finite scores for each of `items` items.
pub(super) fn score_rows(items: usize, scores: &[f64], classes: usize) -> Result<()> {
    if classes == 0 || !scores.len().is_multiple_of(classes) {
        return Err(wrong(format!(
            "expected rows of {classes} scores, one per class, found {} scores",
            scores.len()
        )));
    }
    pairs(items, scores.len() / classes)?;
    match scores.iter().position(|score| !score.is_finite()) {
        Some(at) => Err(Error::new(
            ErrorKind::Numeric,
            format!(
                "expected a finite score for class {} of item {}, found {}",
                at % classes,
                at / classes,
                scores[at]
            ),
        )),
        None => Ok(()),
    }
}

/// Checks that there is a row of `classes` finite scores for each true class.
pub(super) fn scores_of(truth: &[usize], scores: &[f64], classes: usize) -> Result<()> {
    score_rows(truth.len(), scores, classes)?;
    labels(truth, classes, "the true class")
}

/// Checks that every row of scores is a probability distribution, to within 0.01.
pub(super) fn distributions(scores: &[f64], classes: usize) -> Result<()> {
    for (item, row) in scores.chunks_exact(classes).enumerate() {
        let total: f64 = row.iter().sum();
        if row.iter().any(|&p| p < 0.0) || (total - 1.0).abs() > 1e-2 {
            return Err(Error::new(
                ErrorKind::Numeric,
                format!(
                    "expected probabilities of at least 0 that sum to 1 for item {item}, found a sum of {total:.4}"
                ),
            )
            .help("apply softmax to the logits first"));
        }
    }
    Ok(())
}

/// Checks two series of finite numbers.
pub(super) fn finite_pairs(truth: &[f64], predicted: &[f64]) -> Result<()> {
    pairs(truth.len(), predicted.len())?;
    for (item, (truth, predicted)) in truth.iter().zip(predicted).enumerate() {
        if !truth.is_finite() || !predicted.is_finite() {
            return Err(Error::new(
                ErrorKind::Numeric,
                format!(
                    "expected finite values for item {item}, found the true value {truth} and the prediction {predicted}"
                ),
            ));
        }
    }
    Ok(())
}

/// Checks that a probability threshold, confidence or similar lies strictly between 0 and 1.
pub(super) fn open_unit(value: f64, what: &str) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(wrong(format!("expected a {what} between 0 and 1, found {value}")))
}

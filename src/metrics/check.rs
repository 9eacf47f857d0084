//! The checks at the door of every metric.

use crate::{Error, ErrorKind, Result};

fn wrong(problem: String) -> Error {
    Error::new(ErrorKind::Parameter, problem)
}

/// Checks that there is one prediction for each of at least one true value.
pub(super) fn pairs(truth: usize, predicted: usize) -> Result<()> {
    if truth != predicted {
        return Err(wrong(format!("{truth} true values for {predicted} predictions"))
            .help("give one prediction for each true value, in the same order"));
    }
    if truth == 0 {
        return Err(wrong("there is nothing to measure".to_string())
            .help("give at least one true value with its prediction"));
    }
    Ok(())
}

/// Checks that every label is below `classes`.
pub(super) fn labels(labels: &[usize], classes: usize, what: &str) -> Result<()> {
    match labels.iter().position(|&label| label >= classes) {
        Some(item) => Err(wrong(format!(
            "{what} {} of item {item} is not below {classes}, the number of classes",
            labels[item]
        ))
        .help("number the classes from 0")),
        None => Ok(()),
    }
}

/// Checks that there is a row of `classes` finite scores for each true class.
pub(super) fn score_rows(truth: &[usize], scores: &[f32], classes: usize) -> Result<()> {
    if classes == 0 || !scores.len().is_multiple_of(classes) {
        return Err(wrong(format!("{} scores are not rows of {classes} classes", scores.len())));
    }
    pairs(truth.len(), scores.len() / classes)?;
    labels(truth, classes, "the true class")?;
    match scores.iter().position(|score| !score.is_finite()) {
        Some(at) => Err(Error::new(
            ErrorKind::Numeric,
            format!(
                "the score of item {} for class {} is {}",
                at / classes,
                at % classes,
                scores[at]
            ),
        )),
        None => Ok(()),
    }
}

//! Area under the ROC curve: how well a score ranks one class above the rest.

use super::check;
use crate::{Error, ErrorKind, Result};

/// The probability that a random item of class 1 scores higher than a random one of class 0, ties counting
/// half; 0.5 is chance.
///
/// # Errors
/// [`ErrorKind::Parameter`] if the slices differ in length, are empty, hold a class other than 0 and 1, or
/// lack one of them; [`ErrorKind::Numeric`] if a score is not finite.
pub fn roc_auc(truth: &[usize], scores: &[f32]) -> Result<f64> {
    check::pairs(truth.len(), scores.len())?;
    finite(scores)?;
    check::labels(truth, 2, "the true class")?;
    ranked(truth.iter().map(|&class| class == 1), scores.iter().copied()).ok_or_else(|| {
        Error::new(ErrorKind::Parameter, "only one class occurs, so there is nothing to rank")
            .help("give items of both classes")
    })
}

fn finite(scores: &[f32]) -> Result<()> {
    match scores.iter().position(|score| !score.is_finite()) {
        Some(item) => Err(Error::new(
            ErrorKind::Numeric,
            format!("the score of item {item} is {}", scores[item]),
        )),
        None => Ok(()),
    }
}

/// The mean over all classes of the area of that class against the rest. `probabilities` has a row of
/// `classes` values for each item.
///
/// # Errors
/// As [`roc_auc`]; every class must occur, and not be alone.
pub fn roc_auc_one_vs_rest(truth: &[usize], probabilities: &[f32], classes: usize) -> Result<f64> {
    check::score_rows(truth, probabilities, classes)?;
    let mut sum = 0.0;
    for class in 0..classes {
        let positive = truth.iter().map(|&label| label == class);
        let scores = probabilities.iter().skip(class).step_by(classes).copied();
        sum += ranked(positive, scores).ok_or_else(|| {
            Error::new(
                ErrorKind::Parameter,
                format!("class {class} is in none or in all of the items"),
            )
            .help("leave out the classes that do not occur")
        })?;
    }
    Ok(sum / classes as f64)
}

/// By the rank sum (Mann and Whitney 1947). `None` if one side is empty.
fn ranked(positive: impl Iterator<Item = bool>, scores: impl Iterator<Item = f32>) -> Option<f64> {
    let mut items: Vec<(f32, bool)> = scores.zip(positive).collect();
    items.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = items.iter().filter(|item| item.1).count() as f64;
    let negatives = items.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let mut below = 0.0;
    let mut won = 0.0;
    // -0.0 and 0.0 sort apart but are equal, so ties are found by ==.
    for tied in items.chunk_by(|a, b| a.0 == b.0) {
        let up = tied.iter().filter(|item| item.1).count() as f64;
        let down = tied.len() as f64 - up;
        won += up * (below + down / 2.0);
        below += down;
    }
    Some(won / (positives * negatives))
}

//! How well scores rank the items of a class above the rest: areas under the ROC and precision–recall curves.

use super::check;
use super::score::{Score, to_f64};
use crate::{Error, ErrorKind, Result};

/// Area under the ROC curve: the probability that a random item of class 1 scores higher than a random one of class 0,
/// ties counting half; 0.5 is chance.
///
/// ```
/// use cuaderno::metrics::roc_auc;
/// assert_eq!(roc_auc(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8])?, 0.75);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] if the slices differ in length, are empty, hold a class other than 0 and 1, or lack one of
/// them; [`ErrorKind::Numeric`] if a score is not finite.
pub fn roc_auc<S: Score>(truth: &[usize], scores: &[S]) -> Result<f64> {
    binary(truth, scores, area_under_roc)
}

/// The mean over all classes of the area under the ROC curve of that class against the rest. `scores` has a row of
/// `classes` values for each item.
///
/// ```
/// use cuaderno::metrics::roc_auc_one_vs_rest;
/// assert_eq!(roc_auc_one_vs_rest(&[0, 1], &[0.9, 0.1, 0.2, 0.8], 2)?, 1.0);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`roc_auc`]; every class must occur, and not be alone.
pub fn roc_auc_one_vs_rest<S: Score>(truth: &[usize], scores: &[S], classes: usize) -> Result<f64> {
    one_vs_rest(truth, scores, classes, area_under_roc)
}

/// Average precision of class 1, `Σ (Rₙ − Rₙ₋₁) · Pₙ` over the distinct scores from high to low: the area under the
/// precision–recall curve as a step function. The share of class 1 is chance.
///
/// ```
/// use cuaderno::metrics::average_precision;
/// assert!((average_precision(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8])? - 5.0 / 6.0).abs() < 1e-12);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`roc_auc`], but class 0 may be missing.
pub fn average_precision<S: Score>(truth: &[usize], scores: &[S]) -> Result<f64> {
    binary(truth, scores, step_precision)
}

/// The mean over all classes of the average precision of that class against the rest (macro average; mean average
/// precision). `scores` has a row of `classes` values for each item.
///
/// ```
/// use cuaderno::metrics::average_precision_one_vs_rest;
/// assert_eq!(average_precision_one_vs_rest(&[0, 1], &[0.9, 0.1, 0.2, 0.8], 2)?, 1.0);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`average_precision`]; every class must occur.
pub fn average_precision_one_vs_rest<S: Score>(
    truth: &[usize],
    scores: &[S],
    classes: usize,
) -> Result<f64> {
    one_vs_rest(truth, scores, classes, step_precision)
}

/// A measure of items sorted from low to high score, with whether each is positive; `None` where it is undefined.
type Measure = fn(&[(f64, bool)]) -> Option<f64>;

fn binary<S: Score>(truth: &[usize], scores: &[S], measure: Measure) -> Result<f64> {
    let scores = to_f64(scores);
    check::score_rows(truth.len(), &scores, 1)?;
    check::labels(truth, 2, "the true class")?;
    measure(&sorted(truth, &scores, 0, 1, 1)).ok_or_else(|| {
        Error::new(ErrorKind::Parameter, "expected items of both classes, found one class")
            .help("pass items of both classes")
    })
}

fn one_vs_rest<S: Score>(
    truth: &[usize],
    scores: &[S],
    classes: usize,
    measure: Measure,
) -> Result<f64> {
    let scores = to_f64(scores);
    check::scores_of(truth, &scores, classes)?;
    let mut sum = 0.0;
    for class in 0..classes {
        sum += measure(&sorted(truth, &scores, class, classes, class)).ok_or_else(|| {
            Error::new(
                ErrorKind::Parameter,
                format!("expected items of class {class} and of others, found none of one kind"),
            )
            .help("leave out the classes that do not occur")
        })?;
    }
    Ok(sum / classes as f64)
}

/// The scores of one column from low to high, with whether the item is of the class `positive`.
fn sorted(
    truth: &[usize],
    scores: &[f64],
    column: usize,
    classes: usize,
    positive: usize,
) -> Vec<(f64, bool)> {
    let column = scores.iter().skip(column).step_by(classes);
    let mut items: Vec<(f64, bool)> =
        column.zip(truth).map(|(score, class)| (*score, *class == positive)).collect();
    items.sort_by(|a, b| a.0.total_cmp(&b.0));
    items
}

/// Number of positive items.
fn positives(items: &[(f64, bool)]) -> usize {
    items.iter().filter(|item| item.1).count()
}

/// From the rank sum (Mann and Whitney 1947).
fn area_under_roc(items: &[(f64, bool)]) -> Option<f64> {
    let up = positives(items) as f64;
    let down = items.len() as f64 - up;
    if up == 0.0 || down == 0.0 {
        return None;
    }
    let (mut below, mut won) = (0.0, 0.0);
    // -0.0 and 0.0 sort apart but are equal, so ties are found by ==.
    for tied in items.chunk_by(|a, b| a.0 == b.0) {
        let up = positives(tied) as f64;
        let down = tied.len() as f64 - up;
        won += up * (below + down / 2.0);
        below += down;
    }
    Some(won / (up * down))
}

fn step_precision(items: &[(f64, bool)]) -> Option<f64> {
    let all = positives(items) as f64;
    if all == 0.0 {
        return None;
    }
    let (mut found, mut above, mut sum) = (0.0, 0.0, 0.0);
    let groups: Vec<_> = items.chunk_by(|a, b| a.0 == b.0).collect();
    for tied in groups.into_iter().rev() {
        let up = positives(tied) as f64;
        found += up;
        above += tied.len() as f64;
        sum += up / all * (found / above);
    }
    Some(sum)
}

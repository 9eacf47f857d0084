//! Top-k accuracy: how often the true class is among the k that score highest.

use super::check;
use super::score::{Score, to_f64};
use crate::{Error, ErrorKind, Result};

/// The share of items whose true class is among the `k` highest of its row of `classes` scores. Of equal scores the class
/// with the larger number ranks first, as in scikit-learn.
///
/// ```
/// use cuaderno::metrics::top_k_accuracy;
/// assert_eq!(top_k_accuracy(&[0, 2], &[0.2, 0.5, 0.3, 0.3, 0.6, 0.1], 3, 2)?, 0.0);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] if the lengths do not match, nothing is given, a true class is not below `classes`, or `k` is
/// not 1 to `classes`; [`ErrorKind::Numeric`] if a score is not finite.
pub fn top_k_accuracy<S: Score>(
    truth: &[usize],
    scores: &[S],
    classes: usize,
    k: usize,
) -> Result<f64> {
    let scores = to_f64(scores);
    check::scores_of(truth, &scores, classes)?;
    if !(1..=classes).contains(&k) {
        let problem =
            format!("expected a `k` from 1 to {classes}, the number of classes, found {k}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let found = truth.iter().zip(scores.chunks_exact(classes)).filter(|&(&truth, row)| {
        let before = |&(class, &score): &(usize, &f64)| {
            score > row[truth] || (score == row[truth] && class > truth)
        };
        row.iter().enumerate().filter(before).count() < k
    });
    Ok(found.count() as f64 / truth.len() as f64)
}

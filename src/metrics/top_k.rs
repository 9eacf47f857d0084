//! Top-k accuracy: how often the true class is among the k that score highest.

use super::check;
use crate::{Error, ErrorKind, Result};

/// The share of items whose true class is among the `k` highest of its row of `classes` scores. Of equal
/// scores the class with the larger number ranks first, as in scikit-learn.
///
/// # Errors
/// [`ErrorKind::Parameter`] if the lengths do not fit together, nothing is given, a true class is not below
/// `classes`, or `k` is not 1 to `classes`; [`ErrorKind::Numeric`] if a score is not finite.
pub fn top_k_accuracy(truth: &[usize], scores: &[f32], classes: usize, k: usize) -> Result<f64> {
    check::score_rows(truth, scores, classes)?;
    if !(1..=classes).contains(&k) {
        return Err(Error::new(ErrorKind::Parameter, format!("k is {k} for {classes} classes"))
            .help("give 1 to the number of classes"));
    }
    let found = truth.iter().zip(scores.chunks_exact(classes)).filter(|&(&truth, row)| {
        let before = |&(class, &score): &(usize, &f32)| {
            score > row[truth] || (score == row[truth] && class > truth)
        };
        row.iter().enumerate().filter(before).count() < k
    });
    Ok(found.count() as f64 / truth.len() as f64)
}

//! Losses of predicted probabilities: log-loss and Brier score.

use super::check;
use super::score::{Score, to_f64};
use crate::Result;

/// The mean of −ln p of the true class, in nats. `probabilities` has a row of `classes` values that sum to 1 for each
/// item.
///
/// As in scikit-learn, p is clipped to `[ε, 1 − ε]`, where ε is the machine epsilon of its type, so that one certain
/// mistake does not make the mean infinite.
///
/// ```
/// use cuaderno::metrics::log_loss;
/// assert!((log_loss(&[0, 1], &[0.5, 0.5, 0.5, 0.5], 2)? - 2_f64.ln()).abs() < 1e-9);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) if the lengths do not match, nothing is given, or a true class
/// is not below `classes`; [`ErrorKind::Numeric`](crate::ErrorKind::Numeric) if a value is not finite, or a row is not a
/// probability distribution.
pub fn log_loss<S: Score>(truth: &[usize], probabilities: &[S], classes: usize) -> Result<f64> {
    let rows = to_f64(probabilities);
    check::scores_of(truth, &rows, classes)?;
    check::distributions(&rows, classes)?;
    let clip = |p: f64| p.clamp(S::EPSILON, 1.0 - S::EPSILON);
    let losses =
        truth.iter().zip(rows.chunks_exact(classes)).map(|(&class, row)| -clip(row[class]).ln());
    Ok(losses.sum::<f64>() / truth.len() as f64)
}

/// The Brier score of several classes (Brier 1950): the mean over the items of `Σ (p − y)²` over the classes, where y is
/// 1 for the true class and 0 for others; from 0 (perfect) to 2.
///
/// As scikit-learn's `brier_score_loss` with `scale_by_half=False`.
///
/// ```
/// use cuaderno::metrics::brier_score;
/// assert_eq!(brier_score(&[0, 1], &[1.0, 0.0, 0.5, 0.5], 2)?, 0.25);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`log_loss`].
pub fn brier_score<S: Score>(truth: &[usize], probabilities: &[S], classes: usize) -> Result<f64> {
    let rows = to_f64(probabilities);
    check::scores_of(truth, &rows, classes)?;
    check::distributions(&rows, classes)?;
    let square = |(&class, row): (&usize, &[f64])| -> f64 {
        let target = |place: usize| if place == class { 1.0 } else { 0.0 };
        row.iter().enumerate().map(|(place, p)| (p - target(place)).powi(2)).sum()
    };
    let squares = truth.iter().zip(rows.chunks_exact(classes)).map(square);
    Ok(squares.sum::<f64>() / truth.len() as f64)
}

//! Log loss: the mean cross-entropy of predicted probabilities.

use super::check;
use crate::{Error, ErrorKind, Result};

/// The mean of −ln p of the true class, in nats. `probabilities` has a row of `classes` values that sum to 1
/// for each item. As in scikit-learn, a probability counts at least as the smallest step of its type
/// (1.2e-7), so that one certain mistake does not make the mean infinite.
///
/// ```
/// use cuaderno::metrics::log_loss;
/// assert!((log_loss(&[0, 1], &[0.5, 0.5, 0.5, 0.5], 2)? - 2_f64.ln()).abs() < 1e-9);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] if the lengths do not fit together, nothing is given, or a true class is not
/// below `classes`; [`ErrorKind::Numeric`] if a value is not finite, or a row is no distribution.
pub fn log_loss(truth: &[usize], probabilities: &[f32], classes: usize) -> Result<f64> {
    check::score_rows(truth, probabilities, classes)?;
    let mut sum = 0.0;
    for (item, (&truth, row)) in truth.iter().zip(probabilities.chunks_exact(classes)).enumerate() {
        let total: f64 = row.iter().map(|&p| f64::from(p)).sum();
        if row.iter().any(|&p| p < 0.0) || (total - 1.0).abs() > 1e-3 {
            return Err(Error::new(
                ErrorKind::Numeric,
                format!("the probabilities of item {item} sum to {total:.4} or are negative"),
            )
            .help("apply softmax to the logits first"));
        }
        let smallest = f32::EPSILON;
        sum -= f64::from(row[truth].clamp(smallest, 1.0 - smallest)).ln();
    }
    Ok(sum / truth.len() as f64)
}

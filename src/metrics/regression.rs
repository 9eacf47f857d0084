//! Errors of numeric predictions.

use super::check;
use crate::{Error, ErrorKind, Result};

/// The mean of the squared differences, in the square of the values' unit.
///
/// ```
/// use cuaderno::metrics::mean_squared_error;
/// assert_eq!(mean_squared_error(&[1.0, 2.0], &[1.0, 4.0])?, 2.0);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] if the slices differ in length or are empty; [`ErrorKind::Numeric`] if a value is not finite.
pub fn mean_squared_error(truth: &[f64], predicted: &[f64]) -> Result<f64> {
    mean(truth, predicted, |difference| difference * difference)
}

/// The mean of the absolute differences, in the values' unit.
///
/// ```
/// use cuaderno::metrics::mean_absolute_error;
/// assert_eq!(mean_absolute_error(&[1.0, 2.0], &[1.0, 4.0])?, 1.0);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`mean_squared_error`].
pub fn mean_absolute_error(truth: &[f64], predicted: &[f64]) -> Result<f64> {
    mean(truth, predicted, f64::abs)
}

/// The coefficient of determination R², `1 − Σ(y − ŷ)² / Σ(y − ȳ)²`: 1 is perfect, 0 as good as the mean.
///
/// Where all true values are equal it is 1 for perfect predictions and 0 for others, as in scikit-learn.
///
/// ```
/// use cuaderno::metrics::r2;
/// assert_eq!(r2(&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0])?, 0.5);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`mean_squared_error`], and [`ErrorKind::Parameter`] for fewer than two values.
pub fn r2(truth: &[f64], predicted: &[f64]) -> Result<f64> {
    check::finite_pairs(truth, predicted)?;
    if truth.len() < 2 {
        return Err(Error::new(
            ErrorKind::Parameter,
            "expected at least two values, found 1: R² is undefined",
        ));
    }
    let center = truth.iter().sum::<f64>() / truth.len() as f64;
    let residual: f64 = truth.iter().zip(predicted).map(|(y, p)| (y - p).powi(2)).sum();
    let total: f64 = truth.iter().map(|y| (y - center).powi(2)).sum();
    Ok(match (residual == 0.0, total == 0.0) {
        (true, true) => 1.0,
        (false, true) => 0.0,
        _ => 1.0 - residual / total,
    })
}

fn mean(truth: &[f64], predicted: &[f64], of: impl Fn(f64) -> f64) -> Result<f64> {
    check::finite_pairs(truth, predicted)?;
    let sum: f64 = truth.iter().zip(predicted).map(|(y, p)| of(y - p)).sum();
    Ok(sum / truth.len() as f64)
}

//! Mean squared error.

use super::check;
use crate::{Error, ErrorKind, Result};

/// The mean of the squared differences, in the square of the values' unit.
///
/// # Errors
/// [`ErrorKind::Parameter`] if the slices differ in length or are empty; [`ErrorKind::Numeric`] if a value
/// is not finite.
pub fn mean_squared_error(truth: &[f64], predicted: &[f64]) -> Result<f64> {
    check::pairs(truth.len(), predicted.len())?;
    for (item, (truth, predicted)) in truth.iter().zip(predicted).enumerate() {
        if !truth.is_finite() || !predicted.is_finite() {
            return Err(Error::new(
                ErrorKind::Numeric,
                format!("item {item} has the true value {truth} and the prediction {predicted}"),
            ));
        }
    }
    let squares = truth.iter().zip(predicted).map(|(truth, predicted)| (truth - predicted).powi(2));
    Ok(squares.sum::<f64>() / truth.len() as f64)
}

//! Accuracy: the share of items whose class was predicted.

use super::check;
use super::confusion::ConfusionMatrix;
use crate::Result;

/// The share of items whose class was predicted, from 0 to 1.
///
/// ```
/// use cuaderno::metrics::accuracy;
/// assert_eq!(accuracy(&[0, 1, 1, 2], &[0, 1, 2, 2])?, 0.75);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) if the slices differ in length or are empty.
pub fn accuracy(truth: &[usize], predicted: &[usize]) -> Result<f64> {
    check::pairs(truth.len(), predicted.len())?;
    let correct = truth.iter().zip(predicted).filter(|(truth, predicted)| truth == predicted);
    Ok(correct.count() as f64 / truth.len() as f64)
}

/// The mean recall of the classes that occur, from 0 to 1: every class counts the same, however rare.
///
/// ```
/// use cuaderno::metrics::balanced_accuracy;
/// assert_eq!(balanced_accuracy(&[0, 0, 0, 1], &[0, 0, 0, 0], 2)?, 0.5);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`ConfusionMatrix::new`].
pub fn balanced_accuracy(truth: &[usize], predicted: &[usize], classes: usize) -> Result<f64> {
    Ok(ConfusionMatrix::numbered(truth, predicted, classes)?.balanced_accuracy())
}

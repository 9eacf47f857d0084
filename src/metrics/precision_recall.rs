//! Precision, recall and their weighted harmonic mean, F-beta.

use super::average::Average;
use super::confusion::ConfusionMatrix;
use crate::Result;

/// The share of the items predicted as a class that are of the class, averaged over `classes` classes.
///
/// A class that is never predicted has a precision of 0, as with scikit-learn's `zero_division=0`. Every class up to
/// `classes` counts, also one that does not occur, as with scikit-learn's `labels=range(classes)`;
/// [`ConfusionMatrix::occurring`] leaves such classes out.
///
/// ```
/// use cuaderno::metrics::{Average, precision};
/// assert_eq!(precision(&[0, 0, 1], &[0, 1, 1], 2, Average::Macro)?, 0.75);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`ConfusionMatrix::new`].
pub fn precision(
    truth: &[usize],
    predicted: &[usize],
    classes: usize,
    average: Average,
) -> Result<f64> {
    Ok(ConfusionMatrix::numbered(truth, predicted, classes)?.precision(average))
}

/// The share of the items of a class that were predicted as the class, averaged over `classes` classes; 0 for a class
/// that does not occur. Classes count as in [`precision`].
///
/// ```
/// use cuaderno::metrics::{Average, recall};
/// assert_eq!(recall(&[0, 0, 1], &[0, 1, 1], 2, Average::Macro)?, 0.75);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`ConfusionMatrix::new`].
pub fn recall(
    truth: &[usize],
    predicted: &[usize],
    classes: usize,
    average: Average,
) -> Result<f64> {
    Ok(ConfusionMatrix::numbered(truth, predicted, classes)?.recall(average))
}

/// The harmonic mean of precision and recall, averaged over `classes` classes, which count as in [`precision`].
///
/// ```
/// use cuaderno::metrics::{Average, f1};
/// assert!((f1(&[0, 0, 1], &[0, 1, 1], 2, Average::Macro)? - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`ConfusionMatrix::new`].
pub fn f1(truth: &[usize], predicted: &[usize], classes: usize, average: Average) -> Result<f64> {
    f_beta(truth, predicted, classes, 1.0, average)
}

/// `(1 + β²) · precision · recall / (β² · precision + recall)` of each class, averaged over `classes` classes, which
/// count as in [`precision`]. With β above 1 recall weighs more, below 1 precision.
///
/// ```
/// use cuaderno::metrics::{Average, f_beta};
/// let score = f_beta(&[0, 0, 1], &[0, 1, 1], 2, 2.0, Average::Micro)?;
/// assert!((score - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`ConfusionMatrix::new`], and when `beta` is negative or not finite.
pub fn f_beta(
    truth: &[usize],
    predicted: &[usize],
    classes: usize,
    beta: f64,
    average: Average,
) -> Result<f64> {
    ConfusionMatrix::numbered(truth, predicted, classes)?.f_beta(beta, average)
}

/// Matthews correlation coefficient of several classes (Gorodkin 2004), from −1 to 1; 0 where only one class is true or
/// predicted, as in scikit-learn.
///
/// ```
/// use cuaderno::metrics::matthews_correlation;
/// assert!((matthews_correlation(&[0, 0, 1, 1], &[0, 1, 1, 1], 2)? - 0.5773502691896258).abs() < 1e-12);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`ConfusionMatrix::new`].
pub fn matthews_correlation(truth: &[usize], predicted: &[usize], classes: usize) -> Result<f64> {
    Ok(ConfusionMatrix::numbered(truth, predicted, classes)?.matthews_correlation())
}

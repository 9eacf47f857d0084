//! Cohen's kappa (Cohen 1960): agreement beyond chance.

use super::confusion::ConfusionMatrix;
use super::kappa_weights::KappaWeights;
use crate::Result;

/// Cohen's kappa of two labelings of the same items into `classes` classes, from −1 to 1; 0 is agreement by chance.
///
/// `κ = 1 − Σ w·observed / Σ w·expected`, with the weights of [`KappaWeights`].
///
/// ```
/// use cuaderno::metrics::{KappaWeights, cohen_kappa};
/// assert_eq!(cohen_kappa(&[0, 1, 2, 2], &[0, 1, 2, 1], 3, KappaWeights::Quadratic)?, 0.8);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`ConfusionMatrix::new`]; [`Numeric`](crate::ErrorKind::Numeric) if both labelings use one and the same class only.
pub fn cohen_kappa(
    truth: &[usize],
    predicted: &[usize],
    classes: usize,
    weights: KappaWeights,
) -> Result<f64> {
    ConfusionMatrix::numbered(truth, predicted, classes)?.cohen_kappa(weights)
}

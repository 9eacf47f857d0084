//! The weights of Cohen's kappa, and its formula on counts.

use crate::{Error, ErrorKind, Result};

/// Weights of disagreements in Cohen's kappa, between classes i and j of a scale.
///
/// ```
/// use cuaderno::metrics::{KappaWeights, cohen_kappa};
/// let (truth, predicted) = ([0, 1, 2, 2], [0, 1, 2, 1]);
/// let kappa = |weights| cohen_kappa(&truth, &predicted, 3, weights);
/// assert!(kappa(KappaWeights::Quadratic)? > kappa(KappaWeights::None)?);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KappaWeights {
    /// Every disagreement counts 1: classes without an order.
    #[default]
    None,
    /// |i − j|: ordered classes.
    Linear,
    /// (i − j)²: ordered classes, where large disagreements matter most.
    Quadratic,
}

/// Cohen's kappa from `counts[truth][predicted]`.
pub(super) fn of_counts(counts: &[Vec<usize>], weights: KappaWeights) -> Result<f64> {
    let total = counts.iter().flatten().sum::<usize>() as f64;
    let rows: Vec<f64> = counts.iter().map(|row| row.iter().sum::<usize>() as f64).collect();
    let column = |j: usize| counts.iter().map(|row| row[j]).sum::<usize>() as f64;
    let columns: Vec<f64> = (0..counts.len()).map(column).collect();
    let (mut observed, mut expected) = (0.0, 0.0);
    for (i, row) in counts.iter().enumerate() {
        for (j, &count) in row.iter().enumerate() {
            let steps = i.abs_diff(j) as f64;
            let weight = match weights {
                KappaWeights::None => steps.min(1.0),
                KappaWeights::Linear => steps,
                KappaWeights::Quadratic => steps * steps,
            };
            observed += weight * count as f64;
            expected += weight * rows[i] * columns[j] / total;
        }
    }
    if expected <= 0.0 {
        return Err(Error::new(
            ErrorKind::Numeric,
            "expected at least two classes, found one: kappa is undefined",
        )
        .help("pass items of two classes or more"));
    }
    Ok(1.0 - observed / expected)
}

//! How the scores of the classes become one number.

/// Macro, micro or weighted average of the scores of the classes, with scikit-learn's names.
///
/// ```
/// use cuaderno::metrics::{Average, f1};
/// let (truth, predicted) = ([0, 0, 0, 1], [0, 0, 1, 1]); // F1 of the classes: 4/5 and 2/3
/// let score = |average| f1(&truth, &predicted, 2, average);
/// assert!((score(Average::Macro)? - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
/// assert!((score(Average::Weighted)? - (3.0 * 0.8 + 2.0 / 3.0) / 4.0).abs() < 1e-12);
/// assert!((score(Average::Micro)? - 0.75).abs() < 1e-12);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Average {
    /// The unweighted mean over the classes: every class counts the same, however rare.
    #[default]
    Macro,
    /// The metric of the counts summed over all classes; for one class per item this is the accuracy.
    Micro,
    /// The mean over the classes weighted by their support.
    Weighted,
}

impl Average {
    /// The average of one value per class. `micro` is the value of the summed counts.
    pub(super) fn of(self, values: &[f64], support: &[usize], micro: f64) -> f64 {
        match self {
            Self::Micro => micro,
            Self::Macro => values.iter().sum::<f64>() / values.len().max(1) as f64,
            Self::Weighted => {
                let total = support.iter().sum::<usize>().max(1) as f64;
                values.iter().zip(support).map(|(v, &s)| v * s as f64).sum::<f64>() / total
            }
        }
    }
}

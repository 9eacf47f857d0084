//! Scores on the ordered scale, with bootstrap intervals.

use super::labels::CLASSES;
use crate::Result;
use crate::metrics::{Average, Bootstrap, ConfusionMatrix, Interval, KappaWeights};
use crate::table::Table;

/// The metrics of [`scores`].
pub const METRICS: [&str; 5] =
    ["accuracy", "balanced accuracy", "macro F1", "quadratic kappa", "within one step"];

/// One of [`METRICS`] of a confusion matrix.
fn metric(matrix: &ConfusionMatrix, number: usize) -> Result<f64> {
    Ok(match number {
        0 => matrix.accuracy(),
        1 => matrix.balanced_accuracy(),
        2 => matrix.f1(Average::Macro),
        // A resample in which all is of one class agrees by chance alone.
        3 => matrix.cohen_kappa(KappaWeights::Quadratic).unwrap_or(0.0),
        _ => within_one_step(matrix),
    })
}

/// Share of items whose predicted class is the true one or next to it on the scale.
///
/// ```
/// use cuaderno::metrics::ConfusionMatrix;
/// use cuaderno::practices::sentiment::{CLASSES, within_one_step};
/// let matrix = ConfusionMatrix::new(&[0, 1, 2, 4], &[0, 2, 2, 1], &CLASSES)?;
/// assert_eq!(within_one_step(&matrix), 0.75);
/// # Ok::<(), cuaderno::Error>(())
/// ```
pub fn within_one_step(matrix: &ConfusionMatrix) -> f64 {
    let mut near = 0;
    for (truth, row) in matrix.counts().iter().enumerate() {
        near += row
            .iter()
            .enumerate()
            .filter(|(p, _)| truth.abs_diff(*p) <= 1)
            .map(|(_, n)| n)
            .sum::<usize>();
    }
    near as f64 / matrix.total().max(1) as f64
}

/// The [`METRICS`] with bootstrap intervals of 95 %: each resample has as many items of each class as the data.
///
/// # Errors
/// As [`ConfusionMatrix::new`].
pub fn scores(truth: &[usize], predicted: &[usize]) -> Result<Vec<Interval>> {
    let bootstrap = Bootstrap { strata: Some(truth.to_vec()), ..Bootstrap::default() };
    (0..METRICS.len())
        .map(|number| {
            bootstrap.confusion(truth, predicted, CLASSES.len(), &|matrix| metric(matrix, number))
        })
        .collect()
}

/// [`scores`] of several models on the same items: one row a model, one column a metric, each as `estimate [low, high]`.
///
/// # Errors
/// As [`scores`].
pub fn comparison(models: &[(&str, &[usize])], truth: &[usize]) -> Result<Table> {
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); METRICS.len()];
    for (_, predicted) in models {
        for (column, interval) in columns.iter_mut().zip(scores(truth, predicted)?) {
            column.push(interval.to_string());
        }
    }
    let names: Vec<&str> = models.iter().map(|(name, _)| *name).collect();
    let mut table = vec![("model", names.into())];
    table.extend(METRICS.into_iter().zip(columns.into_iter().map(Into::into)));
    Table::from_columns(table)
}

/// Precision, recall and F1 of each class, recall and F1 with bootstrap intervals of 95 %, and the number of items.
///
/// # Errors
/// As [`scores`].
pub fn class_scores(truth: &[usize], predicted: &[usize]) -> Result<Table> {
    let bootstrap = Bootstrap { strata: Some(truth.to_vec()), ..Bootstrap::default() };
    let matrix = ConfusionMatrix::new(truth, predicted, &CLASSES)?;
    let report = matrix.report();
    let interval = |class: usize, recall: bool| -> Result<String> {
        let value = |matrix: &ConfusionMatrix| {
            let report = matrix.report();
            let scores = report.classes.get(class).map(|class| class.scores);
            Ok(scores.map_or(0.0, |scores| if recall { scores.recall } else { scores.f1 }))
        };
        Ok(bootstrap.confusion(truth, predicted, CLASSES.len(), &value)?.to_string())
    };
    let all = 0..CLASSES.len();
    let precision: Vec<f64> = report.classes.iter().map(|class| class.scores.precision).collect();
    let support: Vec<i64> = report.classes.iter().map(|class| class.support as i64).collect();
    Table::from_columns(vec![
        ("class", CLASSES.to_vec().into()),
        ("images", support.into()),
        ("precision", precision.into()),
        (
            "recall",
            all.clone().map(|class| interval(class, true)).collect::<Result<Vec<_>>>()?.into(),
        ),
        ("F1", all.map(|class| interval(class, false)).collect::<Result<Vec<_>>>()?.into()),
    ])
}

/// The expected place of each item on the scale, `Σ k · p_k` from 0 to 4, of probabilities `[items, classes]`.
pub fn expected_scores(probabilities: &[f32]) -> Vec<f64> {
    let row = |row: &[f32]| row.iter().enumerate().map(|(k, p)| k as f64 * f64::from(*p)).sum();
    probabilities.chunks_exact(CLASSES.len()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9.1: `cohen_kappa_score(t, p, weights="quadratic")`, `balanced_accuracy_score`, `f1_score(macro)`.
    #[test]
    fn scores_are_those_of_scikit_learn() {
        let truth = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 2];
        let predicted = [0, 1, 1, 2, 2, 2, 4, 3, 4, 3, 0, 2];
        let found: Vec<f64> =
            scores(&truth, &predicted).unwrap().iter().map(|interval| interval.estimate).collect();
        for (found, expected) in found.iter().zip(EXPECTED) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        assert_eq!(
            expected_scores(&[0.0, 0.0, 0.5, 0.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
            [2.5, 0.0]
        );
    }

    const EXPECTED: [f64; 5] = [
        0.583333333333333,
        0.566666666666667,
        0.551428571428571,
        0.545454545454545,
        0.916666666666667,
    ];
}

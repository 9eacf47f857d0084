//! Cohen's kappa (Cohen 1960): agreement beyond what chance would give.

use super::check;
use crate::{Error, ErrorKind, Result};

/// Cohen's kappa of two labellings of the same items into `classes` classes, from −1 to 1; 0 is chance.
///
/// # Errors
/// [`ErrorKind::Parameter`] if the slices differ in length, are empty, or hold a number that is no class;
/// [`ErrorKind::Numeric`] if both use one and the same class only.
pub fn cohen_kappa(truth: &[usize], predicted: &[usize], classes: usize) -> Result<f64> {
    check::pairs(truth.len(), predicted.len())?;
    check::labels(truth, classes, "the true class")?;
    check::labels(predicted, classes, "the predicted class")?;
    let mut counts = vec![vec![0; classes]; classes];
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        counts[truth][predicted] += 1;
    }
    of_counts(&counts)
}

pub(super) fn of_counts(counts: &[Vec<usize>]) -> Result<f64> {
    let total = counts.iter().flatten().sum::<usize>() as f64;
    let mut agreed = 0.0;
    let mut by_chance = 0.0;
    for (i, row) in counts.iter().enumerate() {
        let column: usize = counts.iter().map(|row| row[i]).sum();
        agreed += row[i] as f64 / total;
        by_chance += row.iter().sum::<usize>() as f64 / total * (column as f64 / total);
    }
    if by_chance >= 1.0 {
        return Err(Error::new(
            ErrorKind::Numeric,
            "only one class occurs, so kappa is not defined",
        )
        .help("give items of two classes or more"));
    }
    Ok((agreed - by_chance) / (1.0 - by_chance))
}

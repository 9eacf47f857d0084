//! Probabilities moved from common classes toward rare ones.

use super::cross_validation::CrossValidation;
use crate::data::Fold;
use crate::{Error, ErrorKind, Result};
use std::collections::HashSet;

/// Out-of-fold probabilities moved toward rare classes, so that these are predicted too: those `p` of a row become
/// `p · π^(−τ)`, divided by their sum, with the frequencies `π` of the classes in the other folds (logit adjustment;
/// [Menon et al., 2021](https://arxiv.org/abs/2007.07314)).
///
/// With a `tau` of 0 nothing changes. With 1 and probabilities that can be believed, all classes are recognized alike, which
/// costs accuracy: the balanced accuracy is greatest. Small values, such as 0.1 to 0.3, favor the F1 score averaged over
/// classes.
///
/// ```
/// # use cuaderno::data::KFold;
/// # use cuaderno::train::{Evaluation, cross_validate, logit_adjusted};
/// # fn main() -> cuaderno::Result<()> {
/// # let labels = [0, 0, 0, 0, 0, 0, 1, 1];
/// # let folds = KFold::new(2, 0).stratified(&labels)?;
/// # let result = cross_validate(&folds, &|fold| {
/// #     let labels: Vec<usize> = fold.test.iter().map(|row| labels[*row]).collect();
/// #     Evaluation::from_probabilities(&labels, &[0.6, 0.4].repeat(labels.len()), &["common", "rare"])
/// # })?;
/// // A model that gives `rare` 0.4, where one of four rows is of that class.
/// let adjusted = logit_adjusted(&result, &folds, 1.0)?;
/// assert_eq!((result.predictions[0], adjusted.predictions[0]), (0, 1));
/// assert!((adjusted.probabilities[1] - 0.4 / 0.25 / (0.4 / 0.25 + 0.6 / 0.75)).abs() < 1e-6);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when `tau` is not a number from 0 on, there are fewer than two folds, or a row of the folds was
/// not tested.
pub fn logit_adjusted(
    result: &CrossValidation,
    folds: &[Fold],
    tau: f64,
) -> Result<CrossValidation> {
    if !(tau >= 0.0 && tau.is_finite()) {
        let problem = format!("expected a `tau` of at least 0, found {tau}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let width = result.classes.len();
    result.changed(folds, |fold, probabilities| {
        let own: HashSet<usize> = fold.test.iter().copied().collect();
        let mut counts = vec![0.0f64; width];
        for (row, label) in result.rows.iter().zip(&result.labels) {
            if !own.contains(row) {
                counts[*label] += 1.0;
            }
        }
        // A class that no other fold has is as rare as can be.
        let factors: Vec<f64> = counts.into_iter().map(|count| count.max(1.0).powf(-tau)).collect();
        for row in probabilities.chunks_exact_mut(width) {
            let moved = row.iter().zip(&factors).map(|(p, factor)| f64::from(*p) * factor);
            let moved: Vec<f64> = moved.collect();
            let sum: f64 = moved.iter().sum();
            if sum > 0.0 {
                row.iter_mut().zip(moved).for_each(|(p, moved)| *p = (moved / sum) as f32);
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::KFold;
    use crate::train::{Evaluation, cross_validate};

    const LABELS: [usize; 9] = [0, 0, 0, 0, 0, 0, 1, 1, 1];

    fn result(folds: &[Fold], labels: &[usize]) -> CrossValidation {
        cross_validate(folds, &|fold| {
            let labels: Vec<usize> = fold.test.iter().map(|row| labels[*row]).collect();
            let p = [0.55, 0.45, 0.0].repeat(labels.len());
            Evaluation::from_probabilities(&labels, &p, &["a", "b", "c"])
        })
        .unwrap()
    }

    #[test]
    fn frequencies_come_from_the_other_folds() {
        let folds = KFold::new(3, 0).stratified(&LABELS).unwrap();
        let adjusted = logit_adjusted(&result(&folds, &LABELS), &folds, 0.5).unwrap();
        // Four and two rows in the other two folds: 0.55 / √4 and 0.45 / √2.
        let (a, b) = (0.55 / 2.0, 0.45 / 2f32.sqrt());
        for row in adjusted.probabilities.chunks_exact(3) {
            assert!((row[0] - a / (a + b)).abs() < 1e-6 && row[2] == 0.0, "{row:?}");
        }
        assert_eq!(adjusted.predictions, [1; 9]);
        let mut others = LABELS;
        others[folds[0].test[0]] = 2;
        let changed = logit_adjusted(&result(&folds, &others), &folds, 0.5).unwrap();
        let of = |result: &CrossValidation, fold: usize| {
            result.probabilities_of(&folds[fold].test).unwrap()
        };
        assert_eq!(of(&adjusted, 0), of(&changed, 0));
        assert_ne!(of(&adjusted, 1), of(&changed, 1));
    }

    #[test]
    fn nothing_changes_at_zero() {
        let folds = KFold::new(3, 0).stratified(&LABELS).unwrap();
        let before = result(&folds, &LABELS);
        let adjusted = logit_adjusted(&before, &folds, 0.0).unwrap();
        assert_eq!(adjusted.predictions, before.predictions);
        for (after, before) in adjusted.probabilities.iter().zip(&before.probabilities) {
            assert!((after - before).abs() < 1e-6, "{after} and {before}");
        }
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let folds = KFold::new(3, 0).stratified(&LABELS).unwrap();
        let before = result(&folds, &LABELS);
        for (folds, tau) in [(&folds[..], -0.1), (&folds[..], f64::NAN), (&folds[..1], 0.1)] {
            let error = logit_adjusted(&before, folds, tau).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Parameter);
        }
    }
}

//! Minority classes decided by scores of their own.

use super::cross_validation::CrossValidation;
use crate::data::Fold;
use crate::metrics::roc_auc;
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use std::collections::HashSet;

/// Out-of-fold predictions whose minority classes are decided by `scores` of their own, `[rows, classes or more]`, with a row
/// for each row of the data: such as the probability that a row has the class at all, where `result` predicts the one that
/// it lists first. A class of a handful of rows is hardly ever the most probable one of a row, however well it is told from
/// the others.
///
/// For each fold, these are the classes with less than `share` of the rows of the other folds, there told better by their
/// scores than by the probabilities of `result` (a larger area under the ROC curve). Such a class is predicted for the rows
/// whose score reaches a threshold: the one that as many rows of the other folds reach as are of the class. Where several
/// reach theirs, the class with the fewest rows is taken. Its probability changes places with the largest of the row; of
/// other rows nothing changes.
///
/// ```
/// # use cuaderno::data::KFold;
/// # use cuaderno::train::{Evaluation, cross_validate, minority_by_score};
/// # fn main() -> cuaderno::Result<()> {
/// # let labels = [0, 0, 0, 0, 0, 0, 1, 1];
/// # let folds = KFold::new(2, 0).stratified(&labels)?;
/// # let result = cross_validate(&folds, &|fold| {
/// #     let labels: Vec<usize> = fold.test.iter().map(|row| labels[*row]).collect();
/// #     Evaluation::from_probabilities(&labels, &[0.6, 0.4].repeat(labels.len()), &["common", "rare"])
/// # })?;
/// // Two of eight rows are `rare`, and the model predicts `common` for all. A second one scores each class of each row.
/// let scores = ndarray::array![
///     [0.8, 0.1], [0.9, 0.2], [0.7, 0.1], [0.9, 0.3], [0.8, 0.2], [0.9, 0.1], [0.5, 0.6], [0.4, 0.6]
/// ];
/// let decided = minority_by_score(&result, &scores, &folds, 0.3)?;
/// assert_eq!(result.accuracy(), 0.75);
/// assert_eq!(decided.predictions, [0, 0, 0, 0, 0, 0, 1, 1]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when `share` is not between 0 and 1, there are fewer than two folds, or a row of the folds was
/// not tested; [`ErrorKind::Shape`] when `scores` lacks rows or classes; [`ErrorKind::Numeric`] when one of them is not finite.
pub fn minority_by_score(
    result: &CrossValidation,
    scores: &Array2<f32>,
    folds: &[Fold],
    share: f64,
) -> Result<CrossValidation> {
    if !(0.0..=1.0).contains(&share) {
        let problem = format!("expected a `share` from 0 to 1, found {share}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let width = result.classes.len();
    check(scores, &result.rows, width)?;
    result.changed(folds, |fold, probabilities| {
        let thresholds = thresholds(result, scores, fold, share)?;
        for (row, p) in fold.test.iter().zip(probabilities.chunks_exact_mut(width)) {
            let reached = thresholds.iter().find(|(class, least)| scores[(*row, *class)] >= *least);
            if let Some((class, _)) = reached {
                let most =
                    (0..p.len()).fold(0, |most, one| if p[one] > p[most] { one } else { most });
                p.swap(most, *class);
            }
        }
        Ok(())
    })
}

/// The minority classes outside a fold that the scores tell better, those with the fewest rows first, each with the score that
/// as many rows there reach as are of the class.
fn thresholds(
    result: &CrossValidation,
    scores: &Array2<f32>,
    fold: &Fold,
    share: f64,
) -> Result<Vec<(usize, f32)>> {
    let width = result.classes.len();
    let tested: HashSet<usize> = fold.test.iter().copied().collect();
    let others: Vec<usize> =
        (0..result.rows.len()).filter(|place| !tested.contains(&result.rows[*place])).collect();
    let mut counts = vec![0usize; width];
    others.iter().for_each(|place| counts[result.labels[*place]] += 1);
    let mut found = Vec::new();
    for (class, count) in counts.iter().enumerate() {
        let rare = (*count as f64) < share * others.len() as f64;
        if !rare || *count == 0 || *count == others.len() {
            continue;
        }
        let truth: Vec<usize> =
            others.iter().map(|place| usize::from(result.labels[*place] == class)).collect();
        let given: Vec<f32> =
            others.iter().map(|place| result.probabilities[place * width + class]).collect();
        let mut scored: Vec<f32> =
            others.iter().map(|place| scores[(result.rows[*place], class)]).collect();
        if roc_auc(&truth, &scored)? > roc_auc(&truth, &given)? {
            let least = *scored.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a)).1;
            found.push((*count, class, least));
        }
    }
    found.sort_by_key(|(count, ..)| *count);
    Ok(found.into_iter().map(|(_, class, least)| (class, least)).collect())
}

fn check(scores: &Array2<f32>, rows: &[usize], classes: usize) -> Result<()> {
    let needed = rows.last().map_or(0, |row| row + 1);
    if scores.nrows() < needed || scores.ncols() < classes {
        let problem = format!(
            "expected scores of at least {needed} rows and {classes} classes, found {} and {}",
            scores.nrows(),
            scores.ncols()
        );
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    let unknown = |row: &&usize| (0..classes).any(|class| !scores[(**row, class)].is_finite());
    match rows.iter().find(unknown) {
        Some(row) => Err(Error::new(
            ErrorKind::Numeric,
            format!("expected finite scores, found another in row {row}"),
        )
        .help("score all rows that the folds test")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::KFold;
    use crate::train::{Evaluation, cross_validate};

    /// Twelve rows of a common class, four and two of rarer ones.
    const LABELS: [usize; 18] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2];

    fn result(folds: &[Fold]) -> CrossValidation {
        cross_validate(folds, &|fold| {
            let labels: Vec<usize> = fold.test.iter().map(|row| LABELS[*row]).collect();
            let p = [0.5, 0.3, 0.2].repeat(labels.len());
            Evaluation::from_probabilities(&labels, &p, &["a", "b", "c"])
        })
        .unwrap()
    }

    /// Scores that tell the classes apart, but for one row of `a` that looks like `b` and like `c`.
    fn scores() -> Array2<f32> {
        Array2::from_shape_fn((18, 3), |(row, class)| match (row, class) {
            (3, 1 | 2) => 0.9,
            _ if LABELS[row] == class => 0.8,
            _ => 0.1 + 0.01 * row as f32,
        })
    }

    #[test]
    fn minority_classes_are_predicted_where_their_scores_are_high() {
        let folds = KFold::new(2, 0).stratified(&LABELS).unwrap();
        let decided = minority_by_score(&result(&folds), &scores(), &folds, 0.4).unwrap();
        let with_3 = |row: &usize| {
            folds.iter().any(|fold| [3, *row].iter().all(|one| fold.test.contains(one)))
        };
        for (row, (found, label)) in decided.predictions.iter().zip(LABELS).enumerate() {
            let expected = match row {
                // The rarest class goes first.
                3 => 2,
                // The threshold of class 2, one row of the other fold, is that of row 3.
                _ if label == 2 && !with_3(&row) => 0,
                _ => label,
            };
            assert_eq!(*found, expected, "row {row}");
        }
        // Probabilities change places.
        assert_eq!(decided.probabilities[3 * 3..][..3], [0.2, 0.3, 0.5]);
        assert_eq!(decided.probabilities[..3], [0.5, 0.3, 0.2]);
    }

    #[test]
    fn common_classes_are_left_alone() {
        let folds = KFold::new(2, 0).stratified(&LABELS).unwrap();
        let before = result(&folds);
        let none = minority_by_score(&before, &scores(), &folds, 0.0).unwrap();
        assert_eq!(none.predictions, before.predictions);
        // Class 2 alone is below an eighth of the rows.
        let one = minority_by_score(&before, &scores(), &folds, 0.125).unwrap();
        assert!(one.predictions.contains(&2) && !one.predictions.contains(&1));
    }

    #[test]
    fn a_class_that_the_result_tells_better_is_left_to_it() {
        let folds = KFold::new(2, 0).stratified(&LABELS).unwrap();
        // Class 2 gets more where it is, though never the most: as well told as by its scores.
        let mut before = result(&folds);
        for (label, p) in LABELS.iter().zip(before.probabilities.chunks_exact_mut(3)) {
            p.copy_from_slice(if *label == 2 { &[0.5, 0.2, 0.3] } else { &[0.5, 0.3, 0.2] });
        }
        let mut scores = scores();
        scores[(3, 2)] = 0.1;
        let better = minority_by_score(&before, &scores, &folds, 0.125).unwrap();
        assert_eq!(better.predictions, before.predictions);
        let worse = minority_by_score(&result(&folds), &scores, &folds, 0.125).unwrap();
        assert_eq!(worse.predictions[16..], [2, 2]);
    }

    #[test]
    fn no_label_of_a_fold_has_a_part_in_its_own_decisions() {
        let folds = KFold::new(2, 0).stratified(&LABELS).unwrap();
        let before = result(&folds);
        let mut other = before.clone();
        folds[0].test.iter().for_each(|row| other.labels[*row] = 0);
        let of = |result: &CrossValidation| {
            let decided = minority_by_score(result, &scores(), &folds, 0.4).unwrap();
            folds
                .iter()
                .map(|fold| decided.probabilities_of(&fold.test).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&before)[0], of(&other)[0]);
        assert_ne!(of(&before)[1], of(&other)[1]);
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let folds = KFold::new(2, 0).stratified(&LABELS).unwrap();
        let (before, good) = (result(&folds), scores());
        let kind = |scores: &Array2<f32>, folds: &[Fold], share: f64| {
            minority_by_score(&before, scores, folds, share).unwrap_err().kind()
        };
        assert_eq!(kind(&good, &folds, 1.5), ErrorKind::Parameter);
        assert_eq!(kind(&good, &folds, f64::NAN), ErrorKind::Parameter);
        assert_eq!(kind(&good, &folds[..1], 0.1), ErrorKind::Parameter);
        assert_eq!(kind(&Array2::zeros((17, 3)), &folds, 0.1), ErrorKind::Shape);
        assert_eq!(kind(&Array2::zeros((18, 2)), &folds, 0.1), ErrorKind::Shape);
        assert_eq!(kind(&Array2::from_elem((18, 3), f32::NAN), &folds, 0.1), ErrorKind::Numeric);
    }
}

//! Several models' probabilities as one, each with the weight that it has earned.

use super::cross_validation::CrossValidation;
use super::evaluation::Evaluation;
use crate::data::Fold;
use crate::{Error, ErrorKind, Result};
use std::collections::HashSet;
use std::time::Instant;

/// The reciprocals of the temperatures that are tried, and how often the interval between them is narrowed.
const SHARPNESS: (f64, f64) = (0.01, 20.0);
const STEPS: usize = 80;
/// Most steps for the weights, and the largest change in the last one.
const MOST_STEPS: usize = 2000;
const TOLERANCE: f64 = 1e-9;

/// A weighted average of the probabilities of several models, each calibrated first.
///
/// A model's probabilities `p` become `p^(1/T)`, divided by their sum, with the temperature `T` that minimizes its log-loss
/// ([Guo et al., 2017](https://arxiv.org/abs/1706.04599)): above 1 for a model that is surer than it should be. The weights
/// then minimize the log-loss of the average; they are found by expectation maximization, as those of a mixture.
///
/// ```
/// use cuaderno::train::SoftVoting;
/// # fn main() -> cuaderno::Result<()> {
/// let labels = [0, 0, 1, 1];
/// let good = [0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.6, 0.4];
/// let constant = [0.5; 8];
/// let voting = SoftVoting::fit(&labels, &[&good, &constant], 2)?;
/// assert!(voting.weights[0] > 0.99);
/// assert_eq!(voting.probabilities(&[&good, &constant])?.len(), 8);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SoftVoting {
    /// The temperature of each model.
    pub temperatures: Vec<f64>,
    /// The weight of each model; their sum is 1.
    pub weights: Vec<f64>,
    classes: usize,
}

impl SoftVoting {
    /// Fits temperatures and weights to the true classes of some rows and the models' probabilities of them, each
    /// `[rows, classes]`, row-major. The models must not have been trained on these rows.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there is no model or no row; [`ErrorKind::Shape`] when a model does not have `classes`
    /// probabilities for each row, or a label is no class.
    pub fn fit(labels: &[usize], models: &[&[f32]], classes: usize) -> Result<Self> {
        if models.is_empty() || labels.is_empty() {
            let problem = "expected at least one model and one row, found none";
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        if let Some(label) = labels.iter().find(|label| **label >= classes) {
            let problem = format!("expected labels below {classes}, found {label}");
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        models.iter().try_for_each(|model| check(model, labels.len(), classes))?;
        let temperatures: Vec<f64> =
            models.iter().map(|model| temperature(labels, model, classes)).collect();
        let count = models.len();
        // What each model gives the true class, `[rows, models]`.
        let mut given = vec![0.0; labels.len() * count];
        for (number, (model, temperature)) in models.iter().zip(&temperatures).enumerate() {
            let rows = given.chunks_exact_mut(count).zip(model.chunks_exact(classes));
            for ((given, row), label) in rows.zip(labels) {
                given[number] = calibrated(row, 1.0 / temperature)[*label].max(f64::MIN_POSITIVE);
            }
        }
        let mut weights = vec![1.0 / count as f64; count];
        for _ in 0..MOST_STEPS {
            let mut next = vec![0.0; count];
            for row in given.chunks_exact(count) {
                let sum: f64 = row.iter().zip(&weights).map(|(p, weight)| p * weight).sum();
                for ((next, p), weight) in next.iter_mut().zip(row).zip(&weights) {
                    *next += p * weight / sum / labels.len() as f64;
                }
            }
            let change = next.iter().zip(&weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            weights = next;
            if change < TOLERANCE {
                break;
            }
        }
        Ok(Self { temperatures, weights, classes })
    }

    /// The average of the models' probabilities, `[rows, classes]` as each of theirs.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there is not one list for each model, or the lists differ in length.
    pub fn probabilities(&self, models: &[&[f32]]) -> Result<Vec<f32>> {
        if models.len() != self.weights.len() {
            let problem = format!(
                "expected the probabilities of {} models, found {}",
                self.weights.len(),
                models.len()
            );
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        let rows = models.first().map_or(0, |model| model.len() / self.classes);
        models.iter().try_for_each(|model| check(model, rows, self.classes))?;
        let mut sums = vec![0.0f64; rows * self.classes];
        for ((model, temperature), weight) in
            models.iter().zip(&self.temperatures).zip(&self.weights)
        {
            let rows = sums.chunks_exact_mut(self.classes).zip(model.chunks_exact(self.classes));
            for (sums, row) in rows {
                let row = calibrated(row, 1.0 / temperature);
                sums.iter_mut().zip(row).for_each(|(sum, p)| *sum += weight * p);
            }
        }
        Ok(sums.into_iter().map(|sum| sum as f32).collect())
    }
}

/// The weighted average of several models' out-of-fold probabilities, and what was fitted for each fold: temperatures and
/// weights come from the predictions of all other folds, so that no label of a fold has a part in its own average.
///
/// ```
/// # use cuaderno::data::KFold;
/// # use cuaderno::train::{CrossValidation, Evaluation, cross_validate, soft_voting};
/// # fn main() -> cuaderno::Result<()> {
/// # let labels = [0, 1, 0, 1, 0, 1];
/// # let folds = KFold::new(3, 0).stratified(&labels)?;
/// # let one = |p: f32| cross_validate(&folds, &|fold| {
/// #     let labels: Vec<usize> = fold.test.iter().map(|row| labels[*row]).collect();
/// #     let found: Vec<f32> = labels.iter().flat_map(|c| if *c == 0 { [p, 1.0 - p] } else { [1.0 - p, p] }).collect();
/// #     Evaluation::from_probabilities(&labels, &found, &["no", "yes"])
/// # });
/// # let (network, neighbours) = (one(0.9)?, one(0.6)?);
/// let (together, voting) = soft_voting(&[&network, &neighbours], &folds)?;
/// assert_eq!(together.rows, network.rows);
/// assert_eq!(voting.len(), folds.len());
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Shape`] when the models were not tested on the same rows and classes; [`ErrorKind::Parameter`] when there is
/// no model, a row of the folds was not tested, or there is only one fold.
pub fn soft_voting(
    models: &[&CrossValidation],
    folds: &[Fold],
) -> Result<(CrossValidation, Vec<SoftVoting>)> {
    let Some(first) = models.first() else {
        return Err(Error::new(ErrorKind::Parameter, "expected at least one model, found none"));
    };
    if folds.len() < 2 {
        let problem = format!("expected at least two folds, found {}", folds.len());
        return Err(Error::new(ErrorKind::Parameter, problem)
            .help("temperatures and weights of a fold come from the others"));
    }
    if models.iter().any(|model| {
        model.rows != first.rows || model.labels != first.labels || model.classes != first.classes
    }) {
        let problem = "the models were not tested on the same rows and classes";
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    let classes: Vec<&str> = first.classes.iter().map(String::as_str).collect();
    let of = |rows: &[usize]| -> Result<Vec<Vec<f32>>> {
        models.iter().map(|model| model.probabilities_of(rows)).collect()
    };
    let fitted = |fold: &Fold| -> Result<SoftVoting> {
        let own: HashSet<usize> = fold.test.iter().copied().collect();
        let others = first.rows.iter().zip(&first.labels).filter(|(row, _)| !own.contains(row));
        let (rows, labels): (Vec<usize>, Vec<usize>) = others.unzip();
        let lists = of(&rows)?;
        SoftVoting::fit(
            &labels,
            &lists.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            classes.len(),
        )
    };
    let mut voting = Vec::with_capacity(folds.len());
    let mut found = Vec::with_capacity(folds.len());
    for fold in folds {
        let start = Instant::now();
        let votes = fitted(fold)?;
        let lists = of(&fold.test)?;
        let lists: Vec<&[f32]> = lists.iter().map(Vec::as_slice).collect();
        let labels: Result<Vec<usize>> = fold.test.iter().map(|row| first.label_of(*row)).collect();
        let probabilities = votes.probabilities(&lists)?;
        let one = Evaluation::from_probabilities(&labels?, &probabilities, &classes)?;
        found.push((one, start.elapsed().as_secs_f64()));
        voting.push(votes);
    }
    let seconds = models.iter().map(|model| model.seconds).sum::<f64>();
    let own: f64 = found.iter().map(|(_, seconds)| seconds).sum();
    let together = CrossValidation::of(folds, found, seconds + own)?;
    Ok((together, voting))
}

fn check(model: &[f32], rows: usize, classes: usize) -> Result<()> {
    if model.len() == rows * classes {
        return Ok(());
    }
    let problem = format!(
        "expected {rows} · {classes} = {} probabilities of each model, found {}",
        rows * classes,
        model.len()
    );
    Err(Error::new(ErrorKind::Shape, problem))
}

/// `p^sharpness`, divided by their sum.
fn calibrated(row: &[f32], sharpness: f64) -> Vec<f64> {
    // A probability that single precision has rounded to nothing is not impossible.
    let logs: Vec<f64> =
        row.iter().map(|p| sharpness * f64::from(p.max(f32::MIN_POSITIVE)).ln()).collect();
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logs.into_iter().map(|log| (log - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The temperature with the least log-loss, which is convex in its reciprocal: by golden sections.
fn temperature(labels: &[usize], model: &[f32], classes: usize) -> f64 {
    let loss = |sharpness: f64| -> f64 {
        let rows = model.chunks_exact(classes).zip(labels);
        rows.map(|(row, label)| -calibrated(row, sharpness)[*label].max(f64::MIN_POSITIVE).ln())
            .sum()
    };
    let golden = (5.0f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = SHARPNESS;
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (loss(left), loss(right));
    for _ in 0..STEPS {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = loss(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = loss(right);
        }
    }
    2.0 / (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::KFold;
    use crate::train::cross_validate;

    const LABELS: [usize; 8] = [0, 1, 2, 0, 1, 2, 0, 1];
    const SURE: [f32; 24] = [
        0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.1, 0.6, 0.3, 0.9, 0.05, 0.05, 0.3, 0.4, 0.3, 0.2, 0.2, 0.6,
        0.05, 0.9, 0.05, 0.25, 0.5, 0.25,
    ];
    const UNSURE: [f32; 24] = [
        0.4, 0.3, 0.3, 0.3, 0.4, 0.3, 0.2, 0.3, 0.5, 0.5, 0.25, 0.25, 0.5, 0.3, 0.2, 0.3, 0.3, 0.4,
        0.4, 0.35, 0.25, 0.3, 0.45, 0.25,
    ];

    #[test]
    fn temperatures_and_weights_have_the_least_log_loss() {
        // scipy 1.16: minimize_scalar(method="bounded") of the log-loss over 1/T for each model, then over the weight.
        let voting = SoftVoting::fit(&LABELS, &[&SURE, &UNSURE], 3).unwrap();
        for (found, expected) in voting.temperatures.iter().zip([1.251_411, 0.190_800_5]) {
            assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
        }
        assert!((voting.weights[0] - 0.178_009_9).abs() < 1e-5, "{:?}", voting.weights);
        assert!((voting.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let row = &voting.probabilities(&[&SURE, &UNSURE]).unwrap()[18..21];
        for (found, expected) in row.iter().zip([0.534_397_5, 0.406_607, 0.058_995_5]) {
            assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
        }
    }

    #[test]
    fn certain_and_wrong_is_no_infinity() {
        let wrong = [1.0, 0.0, 0.0, 1.0];
        let voting = SoftVoting::fit(&[1, 0], &[&wrong, &[0.5; 4]], 2).unwrap();
        let found = voting.probabilities(&[&wrong, &[0.5; 4]]).unwrap();
        assert!(found.iter().all(|p| p.is_finite()), "{voting:?} {found:?}");
        // At the greatest temperature it says next to nothing.
        assert!(found.iter().all(|p| *p > 0.2), "{voting:?} {found:?}");
    }

    #[test]
    fn a_fold_has_no_part_in_its_own_weights() {
        let folds = KFold::new(2, 0).stratified(&LABELS).unwrap();
        let run = |all: &[f32], labels: &[usize]| {
            cross_validate(&folds, &|fold| {
                let own: Vec<usize> = fold.test.iter().map(|row| labels[*row]).collect();
                let p: Vec<f32> =
                    fold.test.iter().flat_map(|row| all[row * 3..][..3].to_vec()).collect();
                Evaluation::from_probabilities(&own, &p, &["a", "b", "c"])
            })
            .unwrap()
        };
        let voting_of = |labels: &[usize]| {
            soft_voting(&[&run(&SURE, labels), &run(&UNSURE, labels)], &folds).unwrap().1
        };
        let mut others = LABELS;
        others[folds[0].test[0]] = (others[folds[0].test[0]] + 1) % 3;
        let (before, after) = (voting_of(&LABELS), voting_of(&others));
        assert_eq!(before[0], after[0]);
        assert_ne!(before[1], after[1]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let kind = |found: Result<SoftVoting>| found.unwrap_err().kind();
        assert_eq!(kind(SoftVoting::fit(&LABELS, &[], 3)), ErrorKind::Parameter);
        assert_eq!(kind(SoftVoting::fit(&[], &[&[]], 3)), ErrorKind::Parameter);
        assert_eq!(kind(SoftVoting::fit(&LABELS, &[&SURE[1..]], 3)), ErrorKind::Shape);
        assert_eq!(kind(SoftVoting::fit(&[3], &[&SURE[..3]], 3)), ErrorKind::Shape);
        let voting = SoftVoting::fit(&LABELS, &[&SURE], 3).unwrap();
        let kind = |found: Result<Vec<f32>>| found.unwrap_err().kind();
        assert_eq!(kind(voting.probabilities(&[])), ErrorKind::Shape);
        assert_eq!(kind(voting.probabilities(&[&SURE[1..]])), ErrorKind::Shape);
    }
}

//! Cross-validation: every row is in the test part of one fold.

use super::divide::{check_groups, divide, numbered};
use super::split::Split;
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};

/// One fold of a cross-validation: the rows to train on and the rows to test on, both ascending. [`KFold`] makes them.
///
/// ```
/// use cuaderno::data::KFold;
/// let labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
/// let ids = labels.iter().enumerate().map(|(row, _)| row.to_string()).collect::<Vec<_>>();
/// let folds = KFold::new(3, 0).stratified(&labels)?;
/// let split = folds[0].with_validation(&labels, &ids, 0.25, 0)?;
/// assert_eq!((split.train.len(), split.validation.len()), (6, 2));
/// assert_eq!(split.test, folds[0].test);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Number of the repetition, from 0.
    pub repeat: usize,
    /// Number of the fold in its repetition, from 0.
    pub number: usize,
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to evaluate on.
    pub test: Vec<usize>,
}

impl Fold {
    /// The same test rows, with a fraction of the training rows set apart for validation: groups stay whole, and classes
    /// keep their proportions.
    ///
    /// # Errors
    /// As [`Split::stratified_by_group`]; `labels` and `groups` are those of all rows.
    pub fn with_validation(
        &self,
        labels: &[usize],
        groups: &[String],
        fraction: f64,
        seed: u64,
    ) -> Result<Split> {
        check_groups(labels, groups)?;
        if let Some(row) = self.train.iter().find(|row| **row >= labels.len()) {
            let problem = format!("expected a label for row {row}, found {} labels", labels.len());
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let part: Vec<usize> = self.train.iter().map(|row| labels[*row]).collect();
        let names: Vec<String> = self.train.iter().map(|row| groups[*row].clone()).collect();
        let parts = Split::parts(&part, &names, &[1.0 - fraction, fraction], seed)?;
        let rows = |part: &[usize]| part.iter().map(|place| self.train[*place]).collect();
        Ok(Split { train: rows(&parts[0]), validation: rows(&parts[1]), test: self.test.clone() })
    }
}

/// Divides rows into folds, again and again for repeated cross-validation; `seed` alone determines them.
///
/// ```
/// use cuaderno::data::KFold;
/// # fn main() -> cuaderno::Result<()> {
/// let labels = [0, 1, 0, 1, 0, 1, 0, 1];
/// let folds = KFold::new(4, 7).stratified(&labels)?;
/// assert_eq!(folds.len(), 4);
/// assert!(folds.iter().all(|fold| fold.test.len() == 2 && fold.train.len() == 6));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KFold {
    folds: usize,
    repeats: usize,
    seed: u64,
    rare: bool,
}

impl KFold {
    /// `folds` folds, once.
    pub fn new(folds: usize, seed: u64) -> Self {
        Self { folds, repeats: 1, seed, rare: false }
    }

    /// Repeats the division `repeats` times, each time with other folds.
    pub fn repeated(mut self, repeats: usize) -> Self {
        self.repeats = repeats;
        self
    }

    /// Accepts classes with fewer rows (or groups) than folds: some test parts, and with a single row one training part,
    /// then lack the class. Otherwise that is an error.
    pub fn allow_rare_classes(mut self) -> Self {
        self.rare = true;
        self
    }

    /// Folds of random rows.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there are fewer than two folds, no repetition, or fewer rows than folds.
    pub fn random(&self, rows: usize) -> Result<Vec<Fold>> {
        let groups: Vec<usize> = (0..rows).collect();
        self.divide(&vec![0; rows], &groups)
    }

    /// Folds with whole groups.
    ///
    /// # Errors
    /// As [`Self::random`], with groups in place of rows.
    pub fn by_group(&self, groups: &[String]) -> Result<Vec<Fold>> {
        self.divide(&vec![0; groups.len()], &numbered(groups))
    }

    /// Folds in which every class has its proportion.
    ///
    /// # Errors
    /// As [`Self::random`], and when a class has fewer rows than there are folds; see [`Self::allow_rare_classes`].
    pub fn stratified(&self, labels: &[usize]) -> Result<Vec<Fold>> {
        let groups: Vec<usize> = (0..labels.len()).collect();
        self.divide(labels, &groups)
    }

    /// Folds with whole groups in which every class has about its proportion, as scikit-learn's `StratifiedGroupKFold`.
    ///
    /// # Errors
    /// As [`Self::stratified`], with groups in place of rows, and when `labels` and `groups` differ in length.
    pub fn stratified_by_group(&self, labels: &[usize], groups: &[String]) -> Result<Vec<Fold>> {
        check_groups(labels, groups)?;
        self.divide(labels, &numbered(groups))
    }

    fn divide(&self, labels: &[usize], groups: &[usize]) -> Result<Vec<Fold>> {
        let fail = |problem: String| Error::new(ErrorKind::Parameter, problem);
        if self.folds < 2 {
            return Err(fail(format!("`folds` must be at least 2, found {}", self.folds)));
        }
        if self.repeats == 0 {
            return Err(fail("`repeats` must be at least 1, found 0".to_string()));
        }
        if !self.rare {
            let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
            for (label, group) in labels.iter().zip(groups) {
                members.entry(*label).or_default().insert(*group);
            }
            if let Some((class, few)) = members.iter().find(|(_, few)| few.len() < self.folds) {
                let problem = format!(
                    "expected at least {} rows or groups of class {class}, one per fold, found {}",
                    self.folds,
                    few.len()
                );
                return Err(fail(problem)
                    .help("merge rare classes, lower `folds`, or call `allow_rare_classes()`"));
            }
        }
        let fractions = vec![1.0 / self.folds as f64; self.folds];
        let mut folds = Vec::with_capacity(self.folds * self.repeats);
        for repeat in 0..self.repeats {
            // Far apart, so that two seeds share no repetition.
            let seed = self.seed.wrapping_add((repeat as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let parts = divide(labels, groups, &fractions, seed)?;
            for number in 0..self.folds {
                let others = parts.iter().enumerate().filter(|(part, _)| *part != number);
                let mut train: Vec<usize> =
                    others.flat_map(|(_, rows)| rows.iter().copied()).collect();
                train.sort_unstable();
                folds.push(Fold { repeat, number, train, test: parts[number].clone() });
            }
        }
        Ok(folds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> (Vec<usize>, Vec<String>) {
        let labels = (0..count).map(|row| [0, 0, 0, 0, 0, 1, 1, 1, 2, 3][row * 7 % 10]).collect();
        let groups = (0..count).map(|row| format!("id-{}", row / (1 + row % 3))).collect();
        (labels, groups)
    }

    #[test]
    fn every_row_is_tested_once_a_repetition() {
        let (labels, groups) = rows(230);
        let folds = KFold::new(5, 3).repeated(4).stratified_by_group(&labels, &groups).unwrap();
        assert_eq!(folds.len(), 20);
        for repeat in 0..4 {
            let mine: Vec<&Fold> = folds.iter().filter(|fold| fold.repeat == repeat).collect();
            let mut tested: Vec<usize> = mine.iter().flat_map(|fold| fold.test.clone()).collect();
            tested.sort_unstable();
            assert_eq!(tested, (0..230).collect::<Vec<_>>());
            for fold in mine {
                assert_eq!(fold.train.len() + fold.test.len(), 230);
                let known: BTreeSet<&String> = fold.train.iter().map(|row| &groups[*row]).collect();
                assert!(fold.test.iter().all(|row| !known.contains(&groups[*row])));
            }
        }
        assert_ne!(folds[0].test, folds[5].test);
        let again = KFold::new(5, 3).repeated(4).stratified_by_group(&labels, &groups).unwrap();
        assert_eq!(folds, again);
    }

    #[test]
    fn classes_keep_their_proportions() {
        let (labels, _) = rows(500);
        for fold in KFold::new(5, 1).stratified(&labels).unwrap() {
            for (class, wanted) in [50, 30, 10, 10].into_iter().enumerate() {
                let found = fold.test.iter().filter(|row| labels[**row] == class).count();
                assert!(found.abs_diff(wanted) <= 1, "class {class}: {found}, expected {wanted}");
            }
        }
    }

    #[test]
    fn a_rare_class_is_an_error_or_allowed() {
        let labels = [0, 0, 0, 0, 0, 0, 1, 1];
        let error = KFold::new(3, 0).stratified(&labels).unwrap_err().to_string();
        assert!(error.contains("of class 1, one per fold, found 2"), "{error}");
        let folds = KFold::new(3, 0).allow_rare_classes().stratified(&labels).unwrap();
        let with = folds.iter().filter(|fold| fold.test.iter().any(|row| labels[*row] == 1));
        assert_eq!(with.count(), 2);
        assert!(KFold::new(1, 0).random(9).is_err());
        assert!(KFold::new(5, 0).random(4).is_err());
        assert!(KFold::new(5, 0).repeated(0).random(10).is_err());
    }

    #[test]
    fn validation_comes_from_the_training_rows() {
        let (labels, groups) = rows(230);
        let fold = &KFold::new(5, 3).stratified_by_group(&labels, &groups).unwrap()[2];
        let split = fold.with_validation(&labels, &groups, 0.2, 9).unwrap();
        let mut train = [split.train, split.validation.clone()].concat();
        train.sort_unstable();
        assert_eq!((train, split.test), (fold.train.clone(), fold.test.clone()));
        assert!(split.validation.len().abs_diff(fold.train.len() / 5) <= 3);
    }
}

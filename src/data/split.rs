//! Rows divided into training, validation and test, the same way for the same seed.

use super::divide::{check_fractions, check_groups, check_parts, divide, numbered};
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::table::{Column, Table, free_name};
use crate::{Error, ErrorKind, Result};

/// The rows of each part, ascending; together they are all rows, and no row is in two parts.
///
/// The fractions for train, validation and test add up to 1. A fraction of 0 leaves that part empty; a part with a
/// fraction above 0 has at least one row, or there is an error. [`Split::parts`] takes any number of fractions.
///
/// ```
/// use cuaderno::data::Split;
/// # fn main() -> cuaderno::Result<()> {
/// let ids = ["a", "a", "b", "c", "d", "e", "f", "g", "h", "i"].map(String::from);
/// let split = Split::by_group(&ids, [0.6, 0.2, 0.2], 7)?;
/// assert_eq!(split.train.len() + split.validation.len() + split.test.len(), 10);
/// assert_eq!(split.train.contains(&0), split.train.contains(&1));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to choose between models and epochs with.
    pub validation: Vec<usize>,
    /// Rows to evaluate the chosen model on, once.
    pub test: Vec<usize>,
}

impl Split {
    /// Splits rows 0 to `rows` at random.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when the fractions do not add up to 1 or a part would stay empty.
    pub fn random(rows: usize, fractions: [f64; 3], seed: u64) -> Result<Self> {
        let groups: Vec<usize> = (0..rows).collect();
        Ok(Self::of(divide(&vec![0; rows], &groups, &fractions, seed)?))
    }

    /// Splits rows so that all rows of one group (such as one id) are in the same part: otherwise the test set has
    /// examples that were trained on.
    ///
    /// # Errors
    /// As [`Self::random`].
    pub fn by_group(groups: &[String], fractions: [f64; 3], seed: u64) -> Result<Self> {
        Ok(Self::of(divide(&vec![0; groups.len()], &numbered(groups), &fractions, seed)?))
    }

    /// Splits rows so that every class has the same fractions in each part.
    ///
    /// # Errors
    /// As [`Self::random`].
    pub fn stratified(labels: &[usize], fractions: [f64; 3], seed: u64) -> Result<Self> {
        let groups: Vec<usize> = (0..labels.len()).collect();
        Ok(Self::of(divide(labels, &groups, &fractions, seed)?))
    }

    /// Splits rows so that groups stay whole and every class has about the same fractions in each part. A group whose
    /// rows are of several classes counts for each of them.
    ///
    /// # Errors
    /// As [`Self::random`], and when `labels` and `groups` differ in length.
    pub fn stratified_by_group(
        labels: &[usize],
        groups: &[String],
        fractions: [f64; 3],
        seed: u64,
    ) -> Result<Self> {
        check_groups(labels, groups)?;
        Ok(Self::of(divide(labels, &numbered(groups), &fractions, seed)?))
    }

    /// Splits rows by time: the earliest train, the latest test, so that the test set is the future. Rows of equal time
    /// are in the same part, the one in which the first of them falls.
    ///
    /// ```
    /// use cuaderno::data::Split;
    /// # fn main() -> cuaderno::Result<()> {
    /// let years = [2024.0, 2021.0, 2022.0, 2023.0];
    /// let split = Split::by_time(&years, [0.5, 0.25, 0.25])?;
    /// assert_eq!((split.train, split.validation, split.test), (vec![1, 2], vec![3], vec![0]));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::random`], and [`ErrorKind::Numeric`] when a time is not finite.
    pub fn by_time(times: &[f64], fractions: [f64; 3]) -> Result<Self> {
        check_fractions(&fractions)?;
        if let Some(row) = times.iter().position(|time| !time.is_finite()) {
            let problem = format!("expected a finite time for row {row}, found {}", times[row]);
            return Err(Error::new(ErrorKind::Numeric, problem));
        }
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        let ends = [fractions[0], fractions[0] + fractions[1], 1.0];
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); 3];
        let mut placed = 0;
        for tied in order.chunk_by(|a, b| times[*a] == times[*b]) {
            let reached = (placed as f64 + 0.5) / times.len() as f64;
            let part = ends.iter().position(|end| reached < *end).unwrap_or(2);
            parts[part].extend(tied);
            placed += tied.len();
        }
        check_parts(&parts, &fractions, times.len())?;
        parts.iter_mut().for_each(|part| part.sort_unstable());
        Ok(Self::of(parts))
    }

    /// Rows divided into any number of parts, one per fraction, as [`Self::stratified_by_group`] does into three.
    ///
    /// # Errors
    /// As [`Self::stratified_by_group`].
    pub fn parts(
        labels: &[usize],
        groups: &[String],
        fractions: &[f64],
        seed: u64,
    ) -> Result<Vec<Vec<usize>>> {
        check_groups(labels, groups)?;
        divide(labels, &numbered(groups), fractions, seed)
    }

    fn of(parts: Vec<Vec<usize>>) -> Self {
        let mut parts = parts.into_iter();
        let mut next = || parts.next().unwrap_or_default();
        Self { train: next(), validation: next(), test: next() }
    }
}

impl Split {
    /// Number of rows of each class in every part.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a row has no label, or a label is not a class.
    pub fn summary(&self, labels: &[usize], classes: &[&str]) -> Result<Table> {
        let parts = [&self.train, &self.validation, &self.test];
        let mut counts = vec![[0i64; 3]; classes.len()];
        for (part, rows) in parts.iter().enumerate() {
            for row in *rows {
                let class = labels.get(*row).and_then(|label| counts.get_mut(*label));
                let Some(count) = class else {
                    let problem = format!(
                        "expected a label below {} for row {row}, found none or a larger one",
                        classes.len()
                    );
                    return Err(Error::new(ErrorKind::Parameter, problem)
                        .help("pass a label for every row, numbered from 0"));
                };
                count[part] += 1;
            }
        }
        let rows: Vec<i64> = parts.iter().map(|part| part.len() as i64).collect();
        let (part, total) = (free_name("part", classes), free_name("rows", classes));
        let mut columns: Vec<(&str, Column)> =
            vec![(&part, vec!["train", "validation", "test"].into()), (&total, rows.into())];
        for (name, count) in classes.iter().zip(&counts) {
            columns.push((name, count.to_vec().into()));
        }
        Table::from_columns(columns)
    }
}

impl Show for Split {
    fn bundle(&self) -> Bundle {
        let parts = [&self.train, &self.validation, &self.test];
        let total = parts.iter().map(|part| part.len()).sum::<usize>().max(1);
        let rows: Vec<i64> = parts.iter().map(|part| part.len() as i64).collect();
        let share: Vec<f64> = parts.iter().map(|part| part.len() as f64 / total as f64).collect();
        Table::from_columns(vec![
            ("part", vec!["train", "validation", "test"].into()),
            ("rows", rows.into()),
            ("share", share.into()),
        ])
        .map(|table| table.bundle())
        .unwrap_or_default()
    }
}

show_in_cells!(Split);

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    /// Labels and groups as a data set has them: classes of unequal size, some groups of several rows.
    fn rows(count: usize, seed: u64) -> (Vec<usize>, Vec<String>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut label = || [0, 0, 0, 1, 1, 2][random.next_u32() as usize % 6];
        let labels: Vec<usize> = (0..count).map(|_| label()).collect();
        let group = |row: usize| if row.is_multiple_of(9) { row / 27 } else { 1000 + row };
        (labels, (0..count).map(|row| format!("id-{}", group(row))).collect())
    }

    fn assert_complete(split: &Split, count: usize) {
        let mut all = [split.train.as_slice(), &split.validation, &split.test].concat();
        all.sort_unstable();
        assert_eq!(all, (0..count).collect::<Vec<_>>());
    }

    #[test]
    fn parts_are_disjoint_complete_and_of_the_asked_size() {
        for seed in 0..20 {
            let count = 60 + 37 * seed as usize;
            let (labels, groups) = rows(count, seed);
            let shares = [0.7, 0.15, 0.15];
            let splits = [
                Split::random(count, shares, seed).unwrap(),
                Split::by_group(&groups, shares, seed).unwrap(),
                Split::stratified(&labels, shares, seed).unwrap(),
                Split::stratified_by_group(&labels, &groups, shares, seed).unwrap(),
            ];
            for split in &splits {
                assert_complete(split, count);
                for (part, share) in
                    [&split.train, &split.validation, &split.test].iter().zip(shares)
                {
                    let wanted = share * count as f64;
                    assert!((part.len() as f64 - wanted).abs() <= 3.0, "{} {wanted}", part.len());
                }
            }
        }
    }

    #[test]
    fn no_group_is_in_two_parts() {
        for seed in 0..20 {
            let (labels, groups) = rows(400, seed);
            let shares = [0.6, 0.2, 0.2];
            for split in [
                Split::by_group(&groups, shares, seed).unwrap(),
                Split::stratified_by_group(&labels, &groups, shares, seed).unwrap(),
            ] {
                let mut parts = std::collections::HashMap::new();
                for (part, rows) in
                    [&split.train, &split.validation, &split.test].iter().enumerate()
                {
                    for row in *rows {
                        assert_eq!(*parts.entry(&groups[*row]).or_insert(part), part);
                    }
                }
            }
        }
    }

    #[test]
    fn every_class_has_the_same_shares() {
        for seed in 0..20 {
            let (labels, groups) = rows(600, seed);
            let shares = [0.8, 0.15, 0.05];
            let splits = [
                (Split::stratified(&labels, shares, seed).unwrap(), 1.0),
                (Split::stratified_by_group(&labels, &groups, shares, seed).unwrap(), 4.0),
            ];
            for (split, most) in splits {
                for class in 0..3 {
                    let of_class = |rows: &[usize]| {
                        rows.iter().filter(|row| labels[**row] == class).count() as f64
                    };
                    let total = of_class(&(0..600).collect::<Vec<_>>());
                    for (part, share) in
                        [&split.train, &split.validation, &split.test].iter().zip(shares)
                    {
                        let wanted = share * total;
                        assert!((of_class(part) - wanted).abs() <= most, "{wanted} {class}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_seed_alone_decides() {
        let (labels, groups) = rows(300, 1);
        let split =
            |seed| Split::stratified_by_group(&labels, &groups, [0.7, 0.15, 0.15], seed).unwrap();
        assert_eq!(split(5), split(5));
        assert_ne!(split(5), split(6));
    }

    #[test]
    fn a_share_of_zero_leaves_its_part_empty() {
        let split = Split::random(10, [0.8, 0.0, 0.2], 1).unwrap();
        assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (8, 0, 2));
    }

    #[test]
    fn impossible_splits_are_refused() {
        let message = |result: Result<Split>| result.unwrap_err().to_string();
        assert!(message(Split::random(9, [0.7, 0.2, 0.2], 0)).contains("add up to 1"));
        assert!(message(Split::random(9, [1.2, -0.2, 0.0], 0)).contains("add up to 1"));
        assert!(message(Split::random(9, [f64::NAN, 0.5, 0.5], 0)).contains("add up to 1"));
        assert!(message(Split::random(2, [0.7, 0.15, 0.15], 0)).contains("too few"));
        assert!(message(Split::random(0, [0.7, 0.15, 0.15], 0)).contains("too few"));
        let one_group = vec!["a".to_string(); 50];
        assert!(message(Split::by_group(&one_group, [0.7, 0.15, 0.15], 0)).contains("too few"));
        let short = Split::stratified_by_group(&[0, 1], &one_group, [0.7, 0.15, 0.15], 0);
        assert!(message(short).contains("expected 2 groups, one per label, found 50"));
    }

    #[test]
    fn time_orders_the_parts() {
        let times: Vec<f64> = (0..100).map(|row| f64::from(row * 37 % 100 / 4)).collect();
        let split = Split::by_time(&times, [0.7, 0.15, 0.15]).unwrap();
        assert_complete(&split, 100);
        let range = |rows: &[usize]| {
            let times = rows.iter().map(|row| times[*row]);
            (times.clone().fold(f64::INFINITY, f64::min), times.fold(0.0, f64::max))
        };
        assert!(range(&split.train).1 < range(&split.validation).0);
        assert!(range(&split.validation).1 < range(&split.test).0);
        assert!((68..=72).contains(&split.train.len()));
        assert!(Split::by_time(&[1.0, f64::NAN], [0.5, 0.0, 0.5]).is_err());
        assert!(Split::by_time(&[1.0; 9], [0.5, 0.0, 0.5]).is_err());
    }

    #[test]
    fn any_number_of_parts() {
        let (labels, groups) = rows(500, 3);
        let parts = Split::parts(&labels, &groups, &[0.4, 0.3, 0.2, 0.05, 0.05], 1).unwrap();
        let mut all = parts.concat();
        all.sort_unstable();
        assert_eq!(all, (0..500).collect::<Vec<_>>());
        for (part, wanted) in parts.iter().zip([200, 150, 100, 25, 25]) {
            assert!(part.len().abs_diff(wanted) <= 3);
        }
    }
}

//! Rows divided into training, validation and test, the same way for the same seed.

use crate::notebook::{Bundle, Show, show_in_cells};
use crate::table::{Column, Table};
use crate::{Error, ErrorKind, Result};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;

/// The rows of each part, ascending; together they are all rows, and no row is in two parts.
///
/// `shares` are the fractions for train, validation and test; they add up to 1. A share of 0 leaves that
/// part empty; a part with a share above 0 gets at least one row, or there is an error.
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
    /// Rows to judge the chosen model with, once.
    pub test: Vec<usize>,
}

impl Split {
    /// Splits rows 0 to `rows` at random.
    ///
    /// # Errors
    /// When the shares do not add up to 1 or a part would stay empty.
    pub fn random(rows: usize, shares: [f64; 3], seed: u64) -> Result<Self> {
        let groups: Vec<usize> = (0..rows).collect();
        divide(&vec![0; rows], &groups, shares, seed)
    }

    /// Splits rows so that all rows of one group (say, of one id) come into the same part: else the
    /// test set holds what was trained on.
    ///
    /// # Errors
    /// When the shares do not add up to 1 or a part would stay empty.
    pub fn by_group(groups: &[String], shares: [f64; 3], seed: u64) -> Result<Self> {
        divide(&vec![0; groups.len()], &numbered(groups), shares, seed)
    }

    /// Splits rows so that every class has the same shares in each part.
    ///
    /// # Errors
    /// When the shares do not add up to 1 or a part would stay empty.
    pub fn stratified(labels: &[usize], shares: [f64; 3], seed: u64) -> Result<Self> {
        let groups: Vec<usize> = (0..labels.len()).collect();
        divide(labels, &groups, shares, seed)
    }

    /// Splits rows so that groups stay whole and every class has about the same shares in each part. A
    /// group whose rows are of several classes counts for each of them.
    ///
    /// # Errors
    /// When `labels` and `groups` differ in length, the shares do not add up to 1, or a part would stay
    /// empty.
    pub fn stratified_by_group(
        labels: &[usize],
        groups: &[String],
        shares: [f64; 3],
        seed: u64,
    ) -> Result<Self> {
        if labels.len() != groups.len() {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("{} labels do not fit {} groups", labels.len(), groups.len()),
            )
            .help("give one label and one group a row"));
        }
        divide(labels, &numbered(groups), shares, seed)
    }
}

impl Split {
    /// How many rows of each class every part has.
    ///
    /// # Errors
    /// When a row has no label, or a label is not a class.
    pub fn summary(&self, labels: &[usize], classes: &[&str]) -> Result<Table> {
        let parts = [&self.train, &self.validation, &self.test];
        let mut counts = vec![[0i64; 3]; classes.len()];
        for (part, rows) in parts.iter().enumerate() {
            for row in *rows {
                let class = labels.get(*row).and_then(|label| counts.get_mut(*label));
                let Some(count) = class else {
                    let problem = format!("row {row} has no label, or one that is not a class");
                    return Err(Error::new(ErrorKind::Parameter, problem)
                        .help("give a label for every row, numbered from 0 to below the classes"));
                };
                count[part] += 1;
            }
        }
        let rows: Vec<i64> = parts.iter().map(|part| part.len() as i64).collect();
        let mut columns: Vec<(&str, Column)> =
            vec![("part", vec!["train", "validation", "test"].into()), ("rows", rows.into())];
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

/// The place of each group in order of appearance.
fn numbered(groups: &[String]) -> Vec<usize> {
    let mut known = std::collections::HashMap::new();
    let mut numbers = Vec::with_capacity(groups.len());
    for group in groups {
        let next = known.len();
        numbers.push(*known.entry(group.as_str()).or_insert(next));
    }
    numbers
}

/// Groups in random order, the largest first, each to the part that lacks its rows most.
fn divide(labels: &[usize], groups: &[usize], shares: [f64; 3], seed: u64) -> Result<Split> {
    let valid = shares.iter().all(|share| (0.0..=1.0).contains(share));
    if !valid || (shares.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
        return Err(Error::new(
            ErrorKind::Parameter,
            format!("the shares {shares:?} do not add up to 1"),
        )
        .help("give the fractions for train, validation and test, such as [0.7, 0.15, 0.15]"));
    }

    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(row);
    }
    let mut members: Vec<Vec<usize>> = members.into_values().collect();
    shuffle(&mut members, seed);
    // Large groups first: the small ones that follow can even out what those upset.
    members.sort_by_key(|rows| std::cmp::Reverse(rows.len()));

    // Rows that each class still lacks in each part.
    let mut lacking: BTreeMap<usize, [f64; 3]> = BTreeMap::new();
    for label in labels {
        let wanted = lacking.entry(*label).or_default();
        for (wanted, share) in wanted.iter_mut().zip(shares) {
            *wanted += share;
        }
    }
    let mut room = shares.map(|share| share * labels.len() as f64);
    let mut parts: [Vec<usize>; 3] = Default::default();
    for rows in members {
        // Sainte-Laguë's rule: half of what is about to be given counts as given already. Without it
        // the smallest part would always be served first.
        let same =
            |row: usize| rows.iter().filter(|other| labels.get(**other) == labels.get(row)).count();
        let halves: Vec<f64> = rows.iter().map(|row| same(*row) as f64 / 2.0).collect();
        let need = |part: usize| {
            let of_class: f64 = rows
                .iter()
                .zip(&halves)
                .filter_map(|(row, half)| Some(lacking.get(labels.get(*row)?)?[part] - half))
                .map(|wanted| wanted / shares[part])
                .sum();
            (of_class, (room[part] - rows.len() as f64 / 2.0) / shares[part])
        };
        let best = (0..3)
            .filter(|part| shares[*part] > 0.0)
            .max_by(|a, b| {
                let ((a_class, a_room), (b_class, b_room)) = (need(*a), need(*b));
                // Equal needs differ by rounding; then the larger part comes first.
                if (a_class - b_class).abs() > 1e-9 {
                    a_class.total_cmp(&b_class)
                } else if (a_room - b_room).abs() > 1e-9 {
                    a_room.total_cmp(&b_room)
                } else {
                    shares[*a].total_cmp(&shares[*b]).then(b.cmp(a))
                }
            })
            .unwrap_or(0);
        for &row in &rows {
            if let Some(wanted) = labels.get(row).and_then(|label| lacking.get_mut(label)) {
                wanted[best] -= 1.0;
            }
            room[best] -= 1.0;
        }
        parts[best].extend(rows);
    }
    for (part, name) in ["train", "validation", "test"].iter().enumerate() {
        if shares[part] > 0.0 && parts[part].is_empty() {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("{} rows are too few: no row is left for the {name} part", groups.len()),
            )
            .help("give more rows or groups, or set the share of that part to 0"));
        }
        parts[part].sort_unstable();
    }
    let [train, validation, test] = parts;
    Ok(Split { train, validation, test })
}

/// Fisher–Yates with ChaCha, whose numbers are the same in every version of `rand`.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..items.len()).rev() {
        let other = (random.next_u64() % (last as u64 + 1)) as usize;
        items.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(message(Split::random(9, [0.7, 0.2, 0.2], 0)).contains("do not add up to 1"));
        assert!(message(Split::random(9, [1.2, -0.2, 0.0], 0)).contains("do not add up to 1"));
        assert!(message(Split::random(9, [f64::NAN, 0.5, 0.5], 0)).contains("do not add up to 1"));
        assert!(message(Split::random(2, [0.7, 0.15, 0.15], 0)).contains("too few"));
        assert!(message(Split::random(0, [0.7, 0.15, 0.15], 0)).contains("too few"));
        let one_group = vec!["a".to_string(); 50];
        assert!(message(Split::by_group(&one_group, [0.7, 0.15, 0.15], 0)).contains("too few"));
        let short = Split::stratified_by_group(&[0, 1], &one_group, [0.7, 0.15, 0.15], 0);
        assert!(message(short).contains("2 labels do not fit 50 groups"));
    }
}

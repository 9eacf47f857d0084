//! A classifier by the similarity of places: what they are called, how they were entered, and where they are.

use super::category::{character_tf_idf, tf_idf};
use super::ridge::kernel_ridge;
use super::stack::stacked;
use crate::table::Table;
use crate::text::SparseMatrix;
use crate::{Error, ErrorKind, Result};
use ndarray::{Array2, Axis, concatenate};
use std::collections::BTreeSet;

/// Settings of the classifier by similarity of [`Recipe::similarity`](super::Recipe::similarity): a kernel ridge
/// regression whose leave-one-out scores a logistic regression turns into probabilities.
///
/// The similarity of two places is a product, so that what a word says may differ from one kind of entry, and from one
/// region, to another: `text · (floor + metadata) · (floor + place)`.
///
/// ```
/// use cuaderno::practices::poi::SimilarityConfig;
/// let words_alone = SimilarityConfig { characters: 0.0, ..SimilarityConfig::default() };
/// assert_eq!(words_alone.places.len(), 3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarityConfig {
    /// Weight of sequences of 3 to 5 characters, beside 1 of words and pairs of words: the products of TF-IDF rows.
    pub characters: f32,
    /// Width of `exp(−d² / width)` in the metadata: number of tags, points, tier, exclamation marks and logarithm of the
    /// text's length, each standardized.
    pub metadata_width: f32,
    /// Similarity of places with unlike metadata.
    pub metadata_floor: f32,
    /// Scales of place in degrees of latitude, each with its weight: `weight · exp(−d² / (2 scale²))`.
    pub places: Vec<(f64, f32)>,
    /// Similarity of places far from each other.
    pub place_floor: f32,
    /// λ of the kernel ridge regression.
    pub regularization: f64,
    /// A training row of a class of n rows has the weight `n^−power` in the kernel ridge regression.
    pub power: f64,
    /// Target of the class that a row lists in second place, beside 1 of its own; its square in third place, and so on.
    pub listed: f64,
    /// C of the logistic regression.
    pub c: f64,
    /// A training row of a class of n rows has the weight `n^−stack_power · (1 + stack_rare / n)` in the logistic
    /// regression.
    pub stack_power: f64,
    /// Additional weight of rare classes: see `stack_power`.
    pub stack_rare: f64,
}

impl Default for SimilarityConfig {
    fn default() -> Self {
        Self {
            characters: 0.4,
            metadata_width: 8.0,
            metadata_floor: 0.3,
            places: vec![(0.05, 0.7), (1.0, 0.5), (8.0, 0.5)],
            place_floor: 0.2,
            regularization: 1.0,
            power: 0.5,
            listed: 0.2,
            c: 0.1,
            stack_power: 0.4,
            stack_rare: 5.0,
        }
    }
}

impl SimilarityConfig {
    fn check(&self) -> Result<()> {
        let positive = [
            ("metadata_width", f64::from(self.metadata_width)),
            ("regularization", self.regularization),
            ("c", self.c),
        ];
        let scales = self.places.iter().map(|(scale, _)| ("places", *scale));
        for (name, value) in positive.into_iter().chain(scales) {
            if !(value > 0.0 && value.is_finite()) {
                let problem = format!("`{name}` must be above 0, found {value}");
                return Err(Error::new(ErrorKind::Parameter, problem));
            }
        }
        Ok(())
    }
}

/// What the classifier is trained on.
pub(super) struct Places<'a> {
    pub(super) table: &'a Table,
    pub(super) texts: &'a [String],
    pub(super) labels: &'a [usize],
    /// All classes that a row lists, the main one first; of numbers that are no class nothing is learned.
    pub(super) listed: Option<&'a [Vec<usize>]>,
    pub(super) classes: usize,
}

impl Places<'_> {
    /// Probabilities of the rows `test`, `[rows · classes]`, by a classifier of the rows `train`. Of several training rows
    /// with one id the first is taken: the others are copies, which a leave-one-out score would look up.
    pub(super) fn probabilities(
        &self,
        config: &SimilarityConfig,
        train: &[usize],
        test: &[usize],
    ) -> Result<Vec<f32>> {
        let train = self.distinct(train)?;
        let scores = self.scores(config, &train, &self.targets(config, &train))?;
        let labels: Vec<usize> = train.iter().map(|row| self.labels[*row]).collect();
        let weights = self.weights(&train, &|count| {
            count.powf(-config.stack_power) * (1.0 + config.stack_rare / count)
        });
        let found = stacked(&scores, &train, &labels, &weights, self.classes, config.c)?;
        Ok(found.select(Axis(0), test).into_iter().map(|value| value as f32).collect())
    }

    /// For each of the rows `test` and each class, the probability that the row lists it, in whatever place: `[rows, classes]`.
    /// The regression has a target for each class that a row of `lists` has, and each class a logistic regression on the
    /// scores of all.
    pub(super) fn listed_probabilities(
        &self,
        config: &SimilarityConfig,
        lists: &[Vec<usize>],
        classes: usize,
        train: &[usize],
        test: &[usize],
    ) -> Result<Array2<f32>> {
        let train = self.distinct(train)?;
        let mut targets = Array2::zeros((train.len(), classes));
        for (place, row) in train.iter().enumerate() {
            lists[*row].iter().for_each(|class| targets[(place, *class)] = 1.0);
        }
        let scores = self.scores(config, &train, &targets)?;
        let mut all = Array2::zeros((test.len(), classes));
        for (class, mut column) in all.columns_mut().into_iter().enumerate() {
            let has: Vec<usize> = targets.column(class).iter().map(|has| *has as usize).collect();
            let found = stacked(&scores, &train, &has, &vec![1.0; has.len()], 2, config.c)?;
            column.iter_mut().zip(test).for_each(|(p, row)| *p = found[(*row, 1)] as f32);
        }
        Ok(all)
    }

    /// The training rows without those whose id an earlier one has.
    fn distinct(&self, train: &[usize]) -> Result<Vec<usize>> {
        let ids = self.table.texts("id")?;
        let mut known = BTreeSet::new();
        Ok(train.iter().copied().filter(|row| known.insert(ids[*row].as_str())).collect())
    }

    /// Weights of the training rows with a mean of 1, from the number of rows of each one's class.
    fn weights(&self, train: &[usize], weight: &dyn Fn(f64) -> f64) -> Vec<f64> {
        let mut counts = vec![0usize; self.classes];
        train.iter().for_each(|row| counts[self.labels[*row]] += 1);
        let weights: Vec<f64> =
            train.iter().map(|row| weight(counts[self.labels[*row]] as f64)).collect();
        let mean = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
        weights.into_iter().map(|weight| weight / mean).collect()
    }

    /// What the kernel ridge regression gives all rows, `[rows, targets]`; leave-one-out scores for the training rows.
    fn scores(
        &self,
        config: &SimilarityConfig,
        train: &[usize],
        targets: &Array2<f64>,
    ) -> Result<Array2<f64>> {
        config.check()?;
        let weights = self.weights(train, &|count| count.powf(-config.power));
        kernel_ridge(&self.kernel(config, train)?, train, targets, &weights, config.regularization)
    }

    /// A column for each class, of the main class alone; and where classes are listed, another one that counts those too.
    fn targets(&self, config: &SimilarityConfig, train: &[usize]) -> Array2<f64> {
        let mut all = Array2::zeros((train.len(), self.classes));
        train.iter().enumerate().for_each(|(place, row)| all[(place, self.labels[*row])] = 1.0);
        let Some(listed) = self.listed else { return all };
        let mut soft = all.clone();
        for (place, row) in train.iter().enumerate() {
            for (position, class) in listed[*row].iter().enumerate().skip(1) {
                if *class < self.classes && *class != self.labels[*row] {
                    soft[(place, *class)] = config.listed.powi(position as i32);
                }
            }
        }
        concatenate(Axis(1), &[all.view(), soft.view()]).unwrap_or(all)
    }

    /// The similarity of each pair of rows; what it standardizes and counts comes from the rows `train`.
    fn kernel(&self, config: &SimilarityConfig, train: &[usize]) -> Result<Array2<f32>> {
        let mut kernel = products(&tf_idf(self.texts, train, 2)?);
        if config.characters != 0.0 {
            kernel
                .scaled_add(config.characters, &products(&character_tf_idf(self.texts, train, 2)?));
        }
        let metadata = self.metadata(train)?;
        let place = self.place(train)?;
        for ((row, column), value) in kernel.indexed_iter_mut() {
            let unlike = squared_distance(&metadata[row], &metadata[column]) as f32;
            let apart = squared_distance(&place[row], &place[column]);
            let near: f32 = config
                .places
                .iter()
                .map(|(scale, weight)| weight * (-apart / (2.0 * scale * scale)).exp() as f32)
                .sum();
            *value *= (config.metadata_floor + (-unlike / config.metadata_width).exp())
                * (config.place_floor + near);
        }
        Ok(kernel)
    }

    /// The standardized metadata of each row.
    fn metadata(&self, train: &[usize]) -> Result<Vec<[f64; 5]>> {
        let (points, tiers) = (self.table.numbers("xps")?, self.table.numbers("tier")?);
        let (tags, texts) = (self.table.lists("tags")?, self.table.texts("shortDescription")?);
        let mut rows: Vec<[f64; 5]> = (0..self.labels.len())
            .map(|row| {
                let marks = texts[row].chars().filter(|c| matches!(c, '!' | '¡')).count();
                let length = texts[row].chars().count().max(1) as f64;
                [tags[row].len() as f64, points[row], tiers[row], marks as f64, length.ln()]
            })
            .collect();
        for column in 0..5 {
            let count = train.len().max(1) as f64;
            let mean = train.iter().map(|row| rows[*row][column]).sum::<f64>() / count;
            let variance =
                train.iter().map(|row| (rows[*row][column] - mean).powi(2)).sum::<f64>() / count;
            let deviation = if variance > 1e-12 { variance.sqrt() } else { 1.0 };
            rows.iter_mut().for_each(|row| row[column] = (row[column] - mean) / deviation);
        }
        Ok(rows)
    }

    /// Longitude and latitude of each row in degrees of latitude: a degree of longitude is as short as at the mean latitude.
    fn place(&self, train: &[usize]) -> Result<Vec<[f64; 2]>> {
        let (lon, lat) = (self.table.numbers("locationLon")?, self.table.numbers("locationLat")?);
        let mean = train.iter().map(|row| lat[*row]).sum::<f64>() / train.len().max(1) as f64;
        let shorter = mean.to_radians().cos();
        Ok(lon.iter().zip(&lat).map(|(lon, lat)| [lon * shorter, *lat]).collect())
    }
}

fn squared_distance(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The product of each pair of rows.
fn products(matrix: &SparseMatrix) -> Array2<f32> {
    let count = matrix.rows();
    let mut columns: Vec<Vec<(u32, f32)>> = vec![Vec::new(); matrix.columns()];
    let mut all = Array2::zeros((count, count));
    for row in 0..count {
        let (places, values) = matrix.row(row);
        let mut sums = vec![0.0f32; row + 1];
        for (place, value) in places.iter().zip(values) {
            let column = &mut columns[*place as usize];
            column.push((row as u32, *value));
            column.iter().for_each(|(other, of)| sums[*other as usize] += value * of);
        }
        for (other, sum) in sums.into_iter().enumerate() {
            all[(row, other)] = sum;
            all[(other, row)] = sum;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    /// Three places of each of three classes, and a copy of the last.
    fn table() -> Table {
        let names = ["Ermita", "Ermita", "Ermita", "Museo", "Museo", "Museo"];
        let names = [&names[..], &["Torre", "Torre", "Torre", "Torre"]].concat();
        let ids: Vec<String> = (0..10).map(|row: usize| row.min(8).to_string()).collect();
        let texts: Vec<String> =
            names.iter().map(|name| format!("¡visita la {name}!").to_lowercase()).collect();
        let near = |degree: f64| (0..10).map(|row| degree + 0.01 * f64::from(row)).collect();
        let (lon, lat): (Vec<f64>, Vec<f64>) = (near(-3.7), near(40.4));
        Table::from_columns(vec![
            ("id", ids.into()),
            ("name", names.into()),
            ("shortDescription", texts.into()),
            ("tags", Column::from(vec!["[]"; 10])),
            ("xps", vec![100i64; 10].into()),
            ("tier", vec![1i64; 10].into()),
            ("locationLon", lon.into()),
            ("locationLat", lat.into()),
        ])
        .and_then(|table| table.parse_lists(&["tags"]))
        .unwrap()
    }

    fn places<'a>(
        table: &'a Table,
        texts: &'a [String],
        listed: Option<&'a [Vec<usize>]>,
    ) -> Places<'a> {
        Places { table, texts, labels: &[0, 0, 0, 1, 1, 1, 2, 2, 2, 2], listed, classes: 3 }
    }

    #[test]
    fn similar_places_get_the_same_class() {
        let table = table();
        let texts = super::super::texts(&table).unwrap();
        let places = places(&table, &texts, None);
        let config = SimilarityConfig { c: 10.0, ..SimilarityConfig::default() };
        let train = [0, 1, 3, 4, 6, 8];
        let found = places.probabilities(&config, &train, &[2, 5, 7]).unwrap();
        for class in 0..3 {
            let row = &found[class * 3..][..3];
            assert!(row[class] > 0.5, "{row:?}");
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
        // A copy adds nothing.
        let copied = places.probabilities(&config, &[0, 1, 3, 4, 6, 8, 9], &[2, 5, 7]).unwrap();
        assert_eq!(copied, found);
    }

    #[test]
    fn listed_classes_are_targets_beside_the_main_one() {
        let table = table();
        let texts = super::super::texts(&table).unwrap();
        let mut listed = vec![vec![0, 1, 2], vec![0], vec![0], vec![1, 7]];
        listed.resize(10, vec![2]);
        let places = places(&table, &texts, Some(&listed));
        let targets = places.targets(&SimilarityConfig::default(), &[0, 3]);
        let expected =
            ndarray::array![[1.0, 0.0, 0.0, 1.0, 0.2, 0.04], [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]];
        assert!((targets - expected).iter().all(|difference| difference.abs() < 1e-12));
    }

    #[test]
    fn listed_classes_are_told_in_whatever_place() {
        let table = table();
        let texts = super::super::texts(&table).unwrap();
        let places = places(&table, &texts, None);
        let config = SimilarityConfig { c: 10.0, ..SimilarityConfig::default() };
        // All of class 1 have class 3 too, which is the main one of no row.
        let lists: Vec<Vec<usize>> = places
            .labels
            .iter()
            .map(|label| [vec![*label], vec![3; usize::from(*label == 1)]].concat())
            .collect();
        let found = places
            .listed_probabilities(&config, &lists, 4, &[0, 1, 3, 4, 6, 8], &[2, 5, 7])
            .unwrap();
        for (row, expected) in [[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]].iter().enumerate() {
            for (class, has) in expected.iter().enumerate() {
                assert_eq!(usize::from(found[(row, class)] > 0.5), *has, "{found}");
            }
        }
    }

    #[test]
    fn the_kernel_falls_with_distance() {
        let table = table();
        let texts = super::super::texts(&table).unwrap();
        let all: Vec<usize> = (0..10).collect();
        let places = places(&table, &texts, None);
        let config = SimilarityConfig::default();
        let kernel = places.kernel(&config, &all).unwrap();
        assert_eq!(kernel, kernel.t());
        // A place with itself: 1 of words and 0.4 of characters, times 0.3 + 1, times 0.2 + 0.7 + 0.5 + 0.5.
        assert!((kernel[(0, 0)] - 1.4 * 1.3 * 1.9).abs() < 1e-4, "{}", kernel[(0, 0)]);
        assert!(kernel[(0, 1)] > kernel[(0, 2)]);
        assert!(kernel[(0, 2)] > kernel[(0, 3)]);
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let config = SimilarityConfig { places: vec![(0.0, 1.0)], ..SimilarityConfig::default() };
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("`places` must be above 0, found 0"), "{error}");
    }
}

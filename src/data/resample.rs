//! Data sets with more examples of rare classes, or fewer of common ones.

use super::dataset::Dataset;
use super::divide::shuffle;
use super::targets::Targets;
use crate::{Error, ErrorKind, Result};
use ndarray::{Array2, ArrayView1};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

impl Dataset {
    /// Repeats random examples of the classes that have fewer than `share` times as many as the largest class, until they
    /// have (random over-sampling). The original examples come first, in their order.
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// # fn main() -> cuaderno::Result<()> {
    /// let set = Dataset::new(&[0, 0, 0, 0, 1], &["common", "rare"])?;
    /// assert_eq!(set.oversampled(0.5, 7)?.class_counts(), [4, 2]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when `share` is not above 0 and at most 1, or the targets are not single classes.
    pub fn oversampled(&self, share: f64, seed: u64) -> Result<Self> {
        let mut rows: Vec<usize> = (0..self.len()).collect();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for (own, missing) in self.missing(share)? {
            rows.extend((0..missing).map(|_| own[random.gen_range(0..own.len())]));
        }
        self.subset(&rows)
    }

    /// Keeps at most `most` random examples of each class (random under-sampling), in their order.
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// # fn main() -> cuaderno::Result<()> {
    /// let set = Dataset::new(&[0, 0, 0, 0, 1], &["common", "rare"])?;
    /// assert_eq!(set.undersampled(2, 7)?.class_counts(), [2, 1]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when `most` is 0 or the targets are not single classes.
    pub fn undersampled(&self, most: usize, seed: u64) -> Result<Self> {
        if most == 0 {
            return Err(Error::new(ErrorKind::Parameter, "`most` must be at least 1, found 0"));
        }
        let mut rows = Vec::new();
        for (class, mut own) in self.rows_by_class()?.into_iter().enumerate() {
            shuffle(&mut own, seed.wrapping_add(class as u64));
            rows.extend(own.into_iter().take(most));
        }
        rows.sort_unstable();
        self.subset(&rows)
    }

    /// Adds synthetic examples of the classes that have fewer than `share` times as many as the largest class, until they
    /// have: the metadata lies at a random place between an example's and that of one of its `neighbors` nearest of the
    /// same class (SMOTE; Chawla et al. 2002); image and text are the example's own. A class of one example is repeated.
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// use cuaderno::table::FeatureMatrix;
    /// use ndarray::array;
    /// # fn main() -> cuaderno::Result<()> {
    /// let values = array![[0.0], [0.1], [0.2], [5.0], [6.0]];
    /// let features = FeatureMatrix { values, names: vec!["x".to_string()], unknown: Vec::new() };
    /// let set = Dataset::new(&[0, 0, 0, 1, 1], &["common", "rare"])?.with_features(&features)?;
    /// let more = set.smote(5, 1.0, 7)?;
    /// assert_eq!(more.class_counts(), [3, 3]);
    /// let made = more.item(5)?.metadata.unwrap_or_default();
    /// assert!((5.0..=6.0).contains(&made[0]));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::oversampled`], and when `neighbors` is 0 or the data set has no metadata.
    pub fn smote(&self, neighbors: usize, share: f64, seed: u64) -> Result<Self> {
        if neighbors == 0 {
            return Err(Error::new(
                ErrorKind::Parameter,
                "`neighbors` must be at least 1, found 0",
            ));
        }
        let Some(features) = self.features() else {
            let problem = "expected metadata to interpolate, found none";
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("add it with `with_features`, or use `oversampled`"));
        };
        let mut rows: Vec<usize> = (0..self.len()).collect();
        let mut made: Vec<Vec<f32>> = Vec::new();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for (own, missing) in self.missing(share)? {
            let near: Vec<Vec<usize>> =
                own.iter().map(|row| nearest(features, *row, &own, neighbors)).collect();
            for _ in 0..missing {
                let place = random.gen_range(0..own.len());
                let (row, near) = (own[place], &near[place]);
                let other =
                    if near.is_empty() { row } else { near[random.gen_range(0..near.len())] };
                let at: f32 = random.r#gen();
                let pair = features.row(row).into_iter().zip(features.row(other));
                made.push(pair.map(|(a, b)| a + at * (b - a)).collect());
                rows.push(row);
            }
        }
        let mut set = self.subset(&rows)?;
        set.replace_features(self.len(), &made);
        Ok(set)
    }

    /// Adds `share` times as many mixed examples as there are: metadata `λ·a + (1 − λ)·b` of two random examples a and b,
    /// where λ is drawn from Beta(`alpha`, `alpha`) (mixup; Zhang et al. 2018). The class is that of a with probability λ,
    /// else that of b, so that the expected loss is mixup's; image and text are those of the example that gives the class.
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// use cuaderno::table::FeatureMatrix;
    /// use ndarray::array;
    /// # fn main() -> cuaderno::Result<()> {
    /// let features = FeatureMatrix { values: array![[0.0], [1.0]], names: vec!["x".to_string()], unknown: Vec::new() };
    /// let set = Dataset::new(&[0, 1], &["a", "b"])?.with_features(&features)?;
    /// assert_eq!(set.mixup(2.0, 0.4, 7)?.len(), 6);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when `share` is negative or not finite, `alpha` is not above 0 or above 100, or the data
    /// set has no metadata or no examples.
    pub fn mixup(&self, share: f64, alpha: f64, seed: u64) -> Result<Self> {
        let fail = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
        if !(share >= 0.0 && share.is_finite()) {
            return fail(format!("`share` must be at least 0, found {share}"));
        }
        if !(alpha > 0.0 && alpha <= 100.0) {
            return fail(format!("`alpha` must be above 0 and at most 100, found {alpha}"));
        }
        let Some(features) = self.features().filter(|_| !self.is_empty()) else {
            return fail("expected examples with metadata to mix, found none".to_string());
        };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut rows: Vec<usize> = (0..self.len()).collect();
        let mut made: Vec<Vec<f32>> = Vec::new();
        for _ in 0..(share * self.len() as f64).round() as usize {
            let pair = [random.gen_range(0..self.len()), random.gen_range(0..self.len())];
            let part = beta(alpha, &mut random);
            let [a, b] = pair.map(|row| features.row(row));
            made.push(a.iter().zip(b).map(|(a, b)| b + part as f32 * (a - b)).collect());
            rows.push(if random.r#gen::<f64>() < part { pair[0] } else { pair[1] });
        }
        let mut set = self.subset(&rows)?;
        set.replace_features(self.len(), &made);
        Ok(set)
    }

    fn rows_by_class(&self) -> Result<Vec<Vec<usize>>> {
        let Targets::Classes(labels) = self.targets() else {
            let problem = "expected one class per example, found several labels or numbers";
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("use a weighted sampler or example weights"));
        };
        let mut rows = vec![Vec::new(); self.classes().len()];
        labels.iter().enumerate().for_each(|(row, label)| rows[*label].push(row));
        Ok(rows)
    }

    /// The rows of each class that has examples, and how many it lacks.
    fn missing(&self, share: f64) -> Result<Vec<(Vec<usize>, usize)>> {
        if !(share > 0.0 && share <= 1.0) {
            let problem = format!("`share` must be above 0 and at most 1, found {share}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let rows = self.rows_by_class()?;
        let largest = rows.iter().map(Vec::len).max().unwrap_or(0);
        let wanted = (share * largest as f64).ceil() as usize;
        let some = rows.into_iter().filter(|own| !own.is_empty());
        Ok(some
            .map(|own| (wanted.saturating_sub(own.len()), own))
            .map(|(n, own)| (own, n))
            .collect())
    }
}

/// A draw from Beta(α, α) (Jöhnk 1964 for α up to 1, rejection from the uniform distribution above).
fn beta(alpha: f64, random: &mut ChaCha8Rng) -> f64 {
    loop {
        let (u, v): (f64, f64) = (random.r#gen(), random.r#gen());
        if alpha <= 1.0 {
            let (x, y) = (u.powf(1.0 / alpha), v.powf(1.0 / alpha));
            if x + y <= 1.0 && x + y > 0.0 {
                return x / (x + y);
            }
        } else if v <= (4.0 * u * (1.0 - u)).powf(alpha - 1.0) {
            return u;
        }
    }
}

/// The rows of `among` that are nearest to `row` by Euclidean distance, without itself.
fn nearest(features: &Array2<f32>, row: usize, among: &[usize], most: usize) -> Vec<usize> {
    let distance = |other: ArrayView1<f32>| -> f32 {
        features.row(row).iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum()
    };
    let others = among.iter().copied().filter(|other| *other != row);
    let mut others: Vec<(f32, usize)> =
        others.map(|other| (distance(features.row(other)), other)).collect();
    others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    others.into_iter().take(most).map(|(_, other)| other).collect()
}

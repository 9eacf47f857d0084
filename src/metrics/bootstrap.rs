//! Bootstrap confidence intervals (Efron 1979): how far a metric varies over resamples of the items.

use super::check;
use super::confusion::ConfusionMatrix;
use crate::{Error, ErrorKind, Result};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fmt;

/// A metric with its bootstrap confidence interval.
///
/// ```
/// use cuaderno::metrics::{Bootstrap, Interval};
/// let correct = [1.0, 1.0, 1.0, 0.0];
/// let mean = |rows: &[usize]| Ok(rows.iter().map(|row| correct[*row]).sum::<f64>() / 4.0);
/// let interval: Interval = Bootstrap::default().interval(4, &mean)?;
/// assert!(interval.low <= interval.estimate && interval.estimate <= interval.high);
/// let other = Interval { estimate: 0.712, low: 0.684, high: 0.739, standard_error: 0.014 };
/// assert_eq!(other.to_string(), "0.712 [0.684, 0.739]");
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The metric of all items.
    pub estimate: f64,
    /// Lower end of the confidence interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard deviation over the resamples.
    pub standard_error: f64,
}

impl fmt::Display for Interval {
    /// `0.712 [0.684, 0.739]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} [{:.3}, {:.3}]", self.estimate, self.low, self.high)
    }
}

/// The difference of two models' metrics on the same items, with its bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedInterval {
    /// Second − first, with its interval.
    pub difference: Interval,
    /// Two-sided p-value: twice the smaller share of resamples in which the difference is at most, or at least, 0.
    pub p_value: f64,
}

/// Bootstrap resampling (Efron 1979): items are drawn with replacement, as many as there are; intervals are percentiles.
///
/// ```
/// use cuaderno::metrics::Bootstrap;
/// let (truth, predicted) = ([0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 0]);
/// let interval = Bootstrap::default().confusion(&truth, &predicted, 2, &|m| Ok(m.balanced_accuracy()))?;
/// assert_eq!(interval.estimate, 0.75);
/// assert!(interval.low < 0.75 && interval.high <= 1.0);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    /// Number of resamples.
    pub resamples: usize,
    /// Confidence of the interval, between 0 and 1.
    pub confidence: f64,
    /// Determines the draws.
    pub seed: u64,
    /// A stratum per item, such as its class: every resample then has as many items of each stratum as the data.
    pub strata: Option<Vec<usize>>,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 1000, confidence: 0.95, seed: 0, strata: None }
    }
}

/// A metric of the items with these indices.
pub type Statistic<'a> = dyn Fn(&[usize]) -> Result<f64> + Sync + 'a;

/// A metric of a confusion matrix.
pub type MatrixStatistic<'a> = dyn Fn(&ConfusionMatrix) -> Result<f64> + Sync + 'a;

impl Bootstrap {
    /// The interval of any metric: `statistic` gets the indices of the resampled items, of `items` in all.
    ///
    /// ```
    /// use cuaderno::metrics::Bootstrap;
    /// let values = [1.0, 2.0, 3.0, 4.0];
    /// let mean = |rows: &[usize]| Ok(rows.iter().map(|row| values[*row]).sum::<f64>() / 4.0);
    /// assert_eq!(Bootstrap::default().interval(4, &mean)?.estimate, 2.5);
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there are no items, a setting is out of range, or there is not one stratum per item;
    /// and those of `statistic`. A metric that is undefined where a class is missing needs `strata`.
    pub fn interval(&self, items: usize, statistic: &Statistic<'_>) -> Result<Interval> {
        let draws = self.draws(items)?;
        let all: Vec<usize> = (0..items).collect();
        let values = self.resample(|random| {
            let mut rows = vec![0; items];
            draws.fill(random, &mut rows);
            statistic(&rows)
        })?;
        Ok(self.summary(statistic(&all)?, values))
    }

    /// The interval of a metric of the confusion matrix. Resamples only count pairs, so this is much faster than
    /// [`Self::interval`].
    ///
    /// # Errors
    /// As [`Self::interval`] and [`ConfusionMatrix::new`].
    pub fn confusion(
        &self,
        truth: &[usize],
        predicted: &[usize],
        classes: usize,
        statistic: &MatrixStatistic<'_>,
    ) -> Result<Interval> {
        let matrix = ConfusionMatrix::numbered(truth, predicted, classes)?;
        let draws = self.draws(truth.len())?;
        let values = self.resample_with(&matrix, |matrix, random| {
            matrix.recount(draws.rows(random).map(|row| (truth[row], predicted[row])));
            statistic(matrix)
        })?;
        Ok(self.summary(statistic(&matrix)?, values))
    }

    /// Compares a metric of two models' confusion matrices over the same items: each resample draws the same items for
    /// both (paired bootstrap).
    ///
    /// ```
    /// use cuaderno::metrics::Bootstrap;
    /// let truth = [0, 0, 0, 0, 1, 1, 1, 1];
    /// let (first, second) = ([0, 0, 1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1, 1, 0]);
    /// let paired = Bootstrap::default().compare(&truth, &first, &second, 2, &|m| Ok(m.accuracy()))?;
    /// assert_eq!(paired.difference.estimate, 0.375);
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::confusion`].
    pub fn compare(
        &self,
        truth: &[usize],
        first: &[usize],
        second: &[usize],
        classes: usize,
        statistic: &MatrixStatistic<'_>,
    ) -> Result<PairedInterval> {
        let matrices =
            [first, second].map(|predicted| ConfusionMatrix::numbered(truth, predicted, classes));
        let [a, b] = matrices;
        let pair = (a?, b?);
        let draws = self.draws(truth.len())?;
        let values = self.resample_with(&pair, |(a, b), random| {
            let rows: Vec<usize> = draws.rows(random).collect();
            a.recount(rows.iter().map(|row| (truth[*row], first[*row])));
            b.recount(rows.iter().map(|row| (truth[*row], second[*row])));
            Ok(statistic(b)? - statistic(a)?)
        })?;
        let estimate = statistic(&pair.1)? - statistic(&pair.0)?;
        Ok(self.paired(estimate, values))
    }

    /// Compares any metric of two models: both statistics get the same resampled items.
    ///
    /// ```
    /// use cuaderno::metrics::Bootstrap;
    /// let (first, second) = ([0.4, 0.5, 0.6, 0.5], [0.6, 0.7, 0.8, 0.7]); // scores of the same items
    /// let mean = |scores: [f64; 4]| move |rows: &[usize]| Ok(rows.iter().map(|row| scores[*row]).sum::<f64>() / 4.0);
    /// let paired = Bootstrap::default().compare_with(4, &mean(first), &mean(second))?;
    /// assert!((paired.difference.low - 0.2).abs() < 1e-9 && paired.p_value == 0.0);
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::interval`].
    pub fn compare_with(
        &self,
        items: usize,
        first: &Statistic<'_>,
        second: &Statistic<'_>,
    ) -> Result<PairedInterval> {
        let draws = self.draws(items)?;
        let all: Vec<usize> = (0..items).collect();
        let values = self.resample(|random| {
            let mut rows = vec![0; items];
            draws.fill(random, &mut rows);
            Ok(second(&rows)? - first(&rows)?)
        })?;
        Ok(self.paired(second(&all)? - first(&all)?, values))
    }

    fn paired(&self, estimate: f64, values: Vec<f64>) -> PairedInterval {
        let at_most = values.iter().filter(|value| **value <= 0.0).count();
        let at_least = values.iter().filter(|value| **value >= 0.0).count();
        let share = at_most.min(at_least) as f64 / values.len() as f64;
        PairedInterval {
            difference: self.summary(estimate, values),
            p_value: (2.0 * share).min(1.0),
        }
    }

    fn draws(&self, items: usize) -> Result<Draws> {
        let fail = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
        check::pairs(items, items)?;
        check::open_unit(self.confidence, "`confidence`")?;
        if self.resamples == 0 {
            return fail("`resamples` must be at least 1, found 0".to_string());
        }
        if u32::try_from(items).is_err() {
            return fail(format!("expected fewer than 2³² items, found {items}"));
        }
        let Some(strata) = &self.strata else { return Ok(Draws { strata: Vec::new(), items }) };
        if strata.len() != items {
            return fail(format!("expected {items} strata, one per item, found {}", strata.len()));
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, stratum) in strata.iter().enumerate() {
            groups.entry(*stratum).or_default().push(row);
        }
        Ok(Draws { strata: groups.into_values().collect(), items })
    }

    fn resample(&self, of: impl Fn(&mut ChaCha8Rng) -> Result<f64> + Sync) -> Result<Vec<f64>> {
        self.resample_with(&(), |(), random| of(random))
    }

    /// Every resample has its own stream of random numbers, so the threads do not change the result.
    fn resample_with<T: Clone + Send + Sync>(
        &self,
        scratch: &T,
        of: impl Fn(&mut T, &mut ChaCha8Rng) -> Result<f64> + Sync,
    ) -> Result<Vec<f64>> {
        let one = |scratch: &mut T, resample: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(resample as u64);
            of(scratch, &mut random)
        };
        (0..self.resamples).into_par_iter().map_init(|| scratch.clone(), one).collect()
    }

    fn summary(&self, estimate: f64, mut values: Vec<f64>) -> Interval {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let standard_error = (squares / (values.len().max(2) - 1) as f64).sqrt();
        values.sort_by(f64::total_cmp);
        let tail = (1.0 - self.confidence) / 2.0;
        Interval {
            estimate,
            low: percentile(&values, tail),
            high: percentile(&values, 1.0 - tail),
            standard_error,
        }
    }
}

/// Which items may replace which.
struct Draws {
    /// The items of each stratum; none where all are one stratum.
    strata: Vec<Vec<usize>>,
    items: usize,
}

impl Draws {
    fn rows<'a>(&'a self, random: &'a mut ChaCha8Rng) -> Box<dyn Iterator<Item = usize> + 'a> {
        if self.strata.is_empty() {
            return Box::new((0..self.items).map(|_| below(self.items, random)));
        }
        let groups = self.strata.iter();
        Box::new(
            groups
                .flat_map(|rows| rows.iter().map(move |_| rows))
                .map(|rows| rows[below(rows.len(), random)]),
        )
    }

    fn fill(&self, random: &mut ChaCha8Rng, rows: &mut [usize]) {
        for (row, drawn) in rows.iter_mut().zip(self.rows(random)) {
            *row = drawn;
        }
    }
}

/// A number below `count`, which is below 2³²: the high half of a product (Lemire 2019), whose bias is below count / 2³².
fn below(count: usize, random: &mut ChaCha8Rng) -> usize {
    ((u64::from(random.next_u32()) * count as u64) >> 32) as usize
}

/// The linearly interpolated quantile of sorted values, as NumPy's `percentile`.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
}

//! Calibration: predicted probabilities against the frequency with which the predictions are right.

use super::check;
use super::score::{Score, to_f64};
use crate::{Error, ErrorKind, Result};

/// The items of one interval of confidence of a [`Calibration`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationBin {
    /// Lower end of the interval, exclusive but for 0.
    pub low: f64,
    /// Upper end, inclusive.
    pub high: f64,
    /// Number of items.
    pub count: usize,
    /// Mean predicted probability of the items, 0 where there are none.
    pub confidence: f64,
    /// Share of the items that are right, 0 where there are none.
    pub accuracy: f64,
}

/// A reliability diagram's numbers, and the calibration errors that follow from them (Guo et al. 2017).
///
/// ```
/// use cuaderno::metrics::Calibration;
/// let calibration = Calibration::new(&[0, 1], &[0.75, 0.25, 0.75, 0.25], 2, 10)?;
/// assert_eq!(calibration.expected_error(), 0.25); // 75 % sure, right half of the time
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    bins: Vec<CalibrationBin>,
}

impl Calibration {
    /// Sorts items by the probability of their most probable class into `bins` intervals of equal width. `probabilities`
    /// has a row of `classes` values for each item.
    ///
    /// # Errors
    /// As [`log_loss`](super::log_loss), and when `bins` is 0.
    pub fn new<S: Score>(
        truth: &[usize],
        probabilities: &[S],
        classes: usize,
        bins: usize,
    ) -> Result<Self> {
        let rows = to_f64(probabilities);
        check::scores_of(truth, &rows, classes)?;
        check::distributions(&rows, classes)?;
        let top = |(&class, row): (&usize, &[f64])| {
            let best = row
                .iter()
                .enumerate()
                .fold(0, |best, (i, p)| if *p > row[best] { i } else { best });
            (row[best], best == class)
        };
        Self::of(truth.iter().zip(rows.chunks_exact(classes)).map(top), bins)
    }

    /// The same for the probability of class 1 of two, as scikit-learn's `calibration_curve`: `accuracy` is then the
    /// share of items of class 1.
    ///
    /// ```
    /// use cuaderno::metrics::Calibration;
    /// let calibration = Calibration::binary(&[0, 1, 1, 1], &[0.5, 0.5, 0.5, 0.5], 2)?;
    /// assert_eq!(calibration.expected_error(), 0.25); // 50 % predicted, 75 % found
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`roc_auc`](super::roc_auc), but one class may be missing; and when a probability is not from 0 to 1, or `bins`
    /// is 0.
    pub fn binary<S: Score>(truth: &[usize], probabilities: &[S], bins: usize) -> Result<Self> {
        let probabilities = to_f64(probabilities);
        check::pairs(truth.len(), probabilities.len())?;
        check::labels(truth, 2, "the true class")?;
        if let Some(item) = probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(Error::new(
                ErrorKind::Numeric,
                format!(
                    "expected a probability from 0 to 1 for item {item}, found {}",
                    probabilities[item]
                ),
            ));
        }
        Self::of(probabilities.iter().zip(truth).map(|(p, class)| (*p, *class == 1)), bins)
    }

    fn of(items: impl Iterator<Item = (f64, bool)>, bins: usize) -> Result<Self> {
        if bins == 0 {
            return Err(Error::new(ErrorKind::Parameter, "`bins` must be at least 1, found 0"));
        }
        let edge = |bin: usize| bin as f64 / bins as f64;
        let mut sums = vec![(0usize, 0.0, 0usize); bins];
        for (confidence, right) in items {
            // Intervals are closed above. Rounding may put the product on the wrong side of an edge.
            let mut bin = ((confidence * bins as f64).ceil() as usize).clamp(1, bins) - 1;
            if bin > 0 && confidence <= edge(bin) {
                bin -= 1;
            } else if bin + 1 < bins && confidence > edge(bin + 1) {
                bin += 1;
            }
            sums[bin].0 += 1;
            sums[bin].1 += confidence;
            sums[bin].2 += usize::from(right);
        }
        let bin = |(place, (count, confidence, right)): (usize, (usize, f64, usize))| {
            let whole = count.max(1) as f64;
            CalibrationBin {
                low: edge(place),
                high: edge(place + 1),
                count,
                confidence: confidence / whole,
                accuracy: right as f64 / whole,
            }
        };
        Ok(Self { bins: sums.into_iter().enumerate().map(bin).collect() })
    }

    /// All intervals, also those without items, from low to high confidence.
    pub fn bins(&self) -> &[CalibrationBin] {
        &self.bins
    }

    /// Expected calibration error: `Σ nᵢ/n · |accuracyᵢ − confidenceᵢ|`, from 0 to 1.
    pub fn expected_error(&self) -> f64 {
        let total: usize = self.bins.iter().map(|bin| bin.count).sum();
        let gap = |bin: &CalibrationBin| bin.count as f64 * (bin.accuracy - bin.confidence).abs();
        self.bins.iter().map(gap).sum::<f64>() / total as f64
    }

    /// Maximum calibration error: the largest `|accuracyᵢ − confidenceᵢ|` of an interval with items.
    pub fn maximum_error(&self) -> f64 {
        self.bins.iter().map(|bin| (bin.accuracy - bin.confidence).abs()).fold(0.0, f64::max)
    }
}

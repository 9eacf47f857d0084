//! Comparison of two models: on the same items, or over the same seeds or folds.

use super::check;
use super::distribution::{fair_coins, student_t, student_t_quantile};
use crate::{Error, ErrorKind, Result};
use std::fmt;

/// McNemar's exact test of two models on the same items (McNemar 1947): whether one is right where the other is wrong
/// more often than the reverse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    /// Items that only the first model gets right.
    pub only_first: usize,
    /// Items that only the second model gets right.
    pub only_second: usize,
    /// Two-sided p-value, from the binomial distribution; 1 where the models never differ.
    pub p_value: f64,
}

/// Compares two models' predictions for the same items by McNemar's exact test.
///
/// ```
/// use cuaderno::metrics::mcnemar;
/// let test = mcnemar(&[0, 0, 0, 1, 1, 1], &[0, 0, 0, 1, 1, 1], &[1, 1, 1, 0, 0, 1])?;
/// assert_eq!((test.only_first, test.only_second), (5, 0));
/// assert!((test.p_value - 0.0625).abs() < 1e-12);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] if the slices differ in length or are empty.
pub fn mcnemar(truth: &[usize], first: &[usize], second: &[usize]) -> Result<McNemar> {
    check::pairs(truth.len(), first.len())?;
    check::pairs(truth.len(), second.len())?;
    let (mut only_first, mut only_second) = (0, 0);
    for ((truth, first), second) in truth.iter().zip(first).zip(second) {
        only_first += usize::from(first == truth && second != truth);
        only_second += usize::from(second == truth && first != truth);
    }
    let (few, all) = (only_first.min(only_second), only_first + only_second);
    let p_value = if all == 0 { 1.0 } else { (2.0 * fair_coins(few, all)).min(1.0) };
    Ok(McNemar { only_first, only_second, p_value })
}

/// The mean difference of two models' scores in the same runs, with Student's interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedDifference {
    /// Mean of second − first.
    pub mean: f64,
    /// Lower end of the confidence interval of the mean.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Two-sided p-value of the paired t-test: 0 where every difference is the same and not 0.
    pub p_value: f64,
}

impl fmt::Display for PairedDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mean, low, high, p_value } = self;
        write!(f, "{mean:+.4} [{low:+.4}, {high:+.4}], p = {p_value:.3}")
    }
}

/// Compares scores of two models in the same runs (the same seeds or folds) by the paired t-test: the interval of the
/// mean of `second[i] − first[i]`, and the p-value.
///
/// ```
/// use cuaderno::metrics::paired_difference;
/// let difference = paired_difference(&[0.60, 0.62, 0.61], &[0.66, 0.65, 0.66], 0.95)?;
/// assert!(difference.low > 0.0 && (difference.p_value - 0.0339).abs() < 1e-4);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] if the slices differ in length or have fewer than two values, or `confidence` is not between
/// 0 and 1; [`ErrorKind::Numeric`] if a value is not finite.
pub fn paired_difference(
    first: &[f64],
    second: &[f64],
    confidence: f64,
) -> Result<PairedDifference> {
    check::finite_pairs(first, second)?;
    check::open_unit(confidence, "`confidence`")?;
    if first.len() < 2 {
        return Err(Error::new(ErrorKind::Parameter, "expected at least two runs, found 1"));
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
    let (mean, error) = mean_and_error(&differences);
    let freedom = (differences.len() - 1) as f64;
    let reach = student_t_quantile(confidence, freedom) * error;
    let p_value = match (error > 0.0, mean == 0.0) {
        (true, _) => 2.0 * student_t(-(mean / error).abs(), freedom),
        (false, true) => 1.0,
        (false, false) => 0.0,
    };
    Ok(PairedDifference { mean, low: mean - reach, high: mean + reach, p_value })
}

/// The mean of scores over seeds or folds, their standard deviation (n − 1), and the ends of Student's interval of the
/// mean.
///
/// ```
/// use cuaderno::metrics::mean_interval;
/// let (mean, deviation, [low, high]) = mean_interval(&[0.70, 0.72, 0.68, 0.70, 0.70], 0.95)?;
/// assert!((mean - 0.70).abs() < 1e-9 && (deviation - 0.01414).abs() < 1e-5);
/// assert!((high - low - 0.03512).abs() < 1e-4);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`paired_difference`].
pub fn mean_interval(scores: &[f64], confidence: f64) -> Result<(f64, f64, [f64; 2])> {
    check::finite_pairs(scores, scores)?;
    check::open_unit(confidence, "`confidence`")?;
    if scores.len() < 2 {
        return Err(Error::new(ErrorKind::Parameter, "expected at least two runs, found 1"));
    }
    let (mean, error) = mean_and_error(scores);
    let reach = student_t_quantile(confidence, (scores.len() - 1) as f64) * error;
    Ok((mean, error * (scores.len() as f64).sqrt(), [mean - reach, mean + reach]))
}

/// The mean and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

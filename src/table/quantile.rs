//! Numbers cut into classes of equal size.

use super::statistics::quantile;
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// Thresholds that cut numbers into classes of equal size, as pandas's `qcut`.
///
/// Class 0 holds the smallest values. A value that equals a threshold belongs to the class below it, so
/// equal values are never torn apart and classes can differ in size where many values are equal.
///
/// ```
/// use cuaderno::table::QuantileCut;
/// # fn main() -> cuaderno::Result<()> {
/// let cut = QuantileCut::fit(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3)?;
/// assert_eq!(cut.assign(&[1.0, 3.5, 100.0])?, [0, 1, 2]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantileCut {
    edges: Vec<f64>,
}

impl QuantileCut {
    /// The thresholds that cut `values` into `classes` classes of equal size. Fit on the values of the
    /// training rows alone when the thresholds must not know the others.
    ///
    /// # Errors
    /// When `classes` is below 2, a value is not finite, or so many values are equal that a class would
    /// stay empty.
    pub fn fit(values: &[f64], classes: usize) -> Result<Self> {
        if classes < 2 || values.len() < classes {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("{} values cannot be cut into {classes} classes", values.len()),
            )
            .help("ask for at least 2 classes and give at least one value a class"));
        }
        check_finite(values)?;
        let mut ascending = values.to_vec();
        ascending.sort_by(f64::total_cmp);
        let share = |edge: usize| edge as f64 / classes as f64;
        let edges: Vec<f64> = (0..=classes).map(|edge| quantile(&ascending, share(edge))).collect();
        if let Some(twice) = edges.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::new(
                ErrorKind::Table,
                format!("so many values equal {} that a class would stay empty", twice[0]),
            )
            .help("ask for fewer classes"));
        }
        Ok(Self { edges })
    }

    /// The class of each value, from 0; values beyond those fitted go to the first or last class.
    ///
    /// # Errors
    /// When a value is `NaN` or infinite.
    pub fn assign(&self, values: &[f64]) -> Result<Vec<usize>> {
        check_finite(values)?;
        let inner = &self.edges[1..self.edges.len() - 1];
        Ok(values.iter().map(|value| inner.partition_point(|edge| edge < value)).collect())
    }

    /// The smallest value, the thresholds between the classes, and the largest value: one more than
    /// there are classes, ascending.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.edges.len() - 1
    }
}

/// The class of each of `values` when they are cut into `classes` classes of equal size.
///
/// ```
/// use cuaderno::table::quantile_cut;
/// assert_eq!(quantile_cut(&[5.0, 1.0, 9.0, 2.0], 2)?, [1, 0, 1, 0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`QuantileCut::fit`].
pub fn quantile_cut(values: &[f64], classes: usize) -> Result<Vec<usize>> {
    QuantileCut::fit(values, classes)?.assign(values)
}

fn check_finite(values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(row) => Err(Error::new(
            ErrorKind::Numeric,
            format!("value {row} (counted from 0) is {}", values[row]),
        )
        .help("leave such rows out before cutting")),
    }
}

//! Numbers brought to a common scale that is fitted on the training rows.

use super::features::FeatureMatrix;
use super::frame::Table;
use super::statistics::{deviation, mean, quantile};
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Subtracts the mean and divides by the standard deviation: z = (x − μ) / σ with the population's σ, as scikit-learn's
/// `StandardScaler`. A constant column is only centered.
///
/// ```
/// use cuaderno::table::{StandardScaler, Table};
/// let table = Table::from_columns(vec![("x", vec![1.0, 3.0, 7.0].into())])?;
/// let scaler = StandardScaler::fit(&table, &["x"], &[0, 1])?; // fitted on the training rows
/// assert_eq!(scaler.transform(&table, &[0, 1, 2])?.to_vec(), [-1.0, 1.0, 5.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandardScaler {
    scale: Scale,
}

/// Maps the smallest fitted value to 0 and the largest to 1, as scikit-learn's `MinMaxScaler`; values
/// beyond them fall outside. A constant column becomes 0.
///
/// ```
/// use cuaderno::table::{MinMaxScaler, Table};
/// let table = Table::from_columns(vec![("x", vec![1.0, 3.0, 7.0].into())])?;
/// let scaler = MinMaxScaler::fit(&table, &["x"], &[0, 1])?; // fitted on the training rows
/// assert_eq!(scaler.transform(&table, &[0, 1, 2])?.to_vec(), [0.0, 1.0, 3.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinMaxScaler {
    scale: Scale,
}

/// Subtracts the median and divides by the interquartile range: (x − q₅₀) / (q₇₅ − q₂₅), as scikit-learn's
/// `RobustScaler`. Outliers hardly move either. A constant column is only centered.
///
/// ```
/// use cuaderno::table::{RobustScaler, Table};
/// let table = Table::from_columns(vec![("x", vec![1.0, 3.0, 7.0].into())])?;
/// let scaler = RobustScaler::fit(&table, &["x"], &[0, 1])?; // fitted on the training rows
/// assert_eq!(scaler.transform(&table, &[0, 1, 2])?.to_vec(), [-1.0, 1.0, 5.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RobustScaler {
    scale: Scale,
}

/// `(value - offset) / divisor`, column by column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Scale {
    names: Vec<String>,
    offsets: Vec<f64>,
    divisors: Vec<f64>,
}

impl StandardScaler {
    /// Learns mean and standard deviation of these columns from these rows.
    ///
    /// # Errors
    /// When a column is missing or not numeric, a cell is empty, a row is past the end, or `rows` is
    /// empty.
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize]) -> Result<Self> {
        let scale =
            Scale::fit(table, columns, rows, |values| (mean(values), deviation(values, 0)))?;
        Ok(Self { scale })
    }

    /// The scaled columns of these rows.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), but `rows` may be empty.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        self.scale.transform(table, rows)
    }

    /// The mean of each column.
    pub fn means(&self) -> &[f64] {
        &self.scale.offsets
    }

    /// The standard deviation of each column; 1 for a constant one.
    pub fn deviations(&self) -> &[f64] {
        &self.scale.divisors
    }
}

impl MinMaxScaler {
    /// Learns the smallest and the largest value of these columns from these rows.
    ///
    /// # Errors
    /// As [`StandardScaler::fit`].
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize]) -> Result<Self> {
        let scale = Scale::fit(table, columns, rows, |values| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low, high - low)
        })?;
        Ok(Self { scale })
    }

    /// The scaled columns of these rows.
    ///
    /// # Errors
    /// As [`StandardScaler::transform`].
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        self.scale.transform(table, rows)
    }
}

impl RobustScaler {
    /// Fits median and interquartile range of these columns on these rows.
    ///
    /// # Errors
    /// As [`StandardScaler::fit`].
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize]) -> Result<Self> {
        let scale = Scale::fit(table, columns, rows, |values| {
            let mut ascending = values.to_vec();
            ascending.sort_by(f64::total_cmp);
            let at = |share| quantile(&ascending, share);
            (at(0.5), at(0.75) - at(0.25))
        })?;
        Ok(Self { scale })
    }

    /// The scaled columns of these rows.
    ///
    /// # Errors
    /// As [`StandardScaler::transform`].
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        self.scale.transform(table, rows)
    }
}

impl Scale {
    fn fit(
        table: &Table,
        columns: &[&str],
        rows: &[usize],
        learn: fn(&[f64]) -> (f64, f64),
    ) -> Result<Self> {
        check_some(rows)?;
        let mut scale = Self { names: Vec::new(), offsets: Vec::new(), divisors: Vec::new() };
        for name in columns {
            let values = finite_numbers(table, name, rows)?;
            let (offset, divisor) = learn(&values);
            // Rounding leaves a constant column a deviation near zero rather than zero.
            let nothing = 10.0 * f64::EPSILON * offset.abs().max(f64::MIN_POSITIVE);
            scale.names.push(name.to_string());
            scale.offsets.push(offset);
            scale.divisors.push(if divisor > nothing { divisor } else { 1.0 });
        }
        Ok(scale)
    }

    fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        let mut values = Array2::zeros((rows.len(), self.names.len()));
        for (index, name) in self.names.iter().enumerate() {
            let numbers = finite_numbers(table, name, rows)?;
            for (cell, number) in values.column_mut(index).iter_mut().zip(numbers) {
                *cell = ((number - self.offsets[index]) / self.divisors[index]) as f32;
            }
        }
        Ok(FeatureMatrix { values, names: self.names.clone(), unknown: Vec::new() })
    }
}

/// The numbers of a column in these rows, every one finite.
pub(super) fn finite_numbers(table: &Table, name: &str, rows: &[usize]) -> Result<Vec<f64>> {
    table.check_rows(rows)?;
    let numbers = table.numbers(name)?;
    let mut chosen = Vec::with_capacity(rows.len());
    for &row in rows {
        let number = numbers[row];
        if number.is_nan() {
            return Err(table.empty(name, row));
        }
        if number.is_infinite() {
            return Err(table
                .at(name, row, "the number is infinite")
                .help("replace it, or leave the row out"));
        }
        chosen.push(number);
    }
    Ok(chosen)
}

pub(super) fn check_some(rows: &[usize]) -> Result<()> {
    if rows.is_empty() {
        return Err(Error::new(ErrorKind::Parameter, "there are no rows to learn from")
            .help("give the indices of the training rows"));
    }
    Ok(())
}

//! Numbers on another scale: logarithms and quantile bins, fitted on the training rows.

use super::column::Column;
use super::features::FeatureMatrix;
use super::frame::Table;
use super::quantile::QuantileCut;
use super::scalers::{StandardScaler, finite_numbers};
use crate::Result;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// ln(1 + x), then standardized: counts and prices that span several orders of magnitude.
///
/// ```
/// use cuaderno::table::{Logarithm, Table};
/// let table = Table::from_columns(vec![("visits", vec![0.0, 99.0].into())])?;
/// let logarithm = Logarithm::fit(&table, &["visits"], &[0, 1])?;
/// assert_eq!(logarithm.transform(&table, &[0, 1])?.to_vec(), [-1.0, 1.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logarithm {
    columns: Vec<String>,
    scaler: StandardScaler,
}

/// The quantile bin of each number, from 0, with as many training rows in each.
///
/// ```
/// use cuaderno::table::{Bins, Table};
/// let table = Table::from_columns(vec![("price", vec![1.0, 2.0, 3.0, 4.0].into())])?;
/// let bins = Bins::fit(&table, &["price"], &[0, 1, 2, 3], 2)?;
/// assert_eq!(bins.transform(&table, &[0, 3])?.to_vec(), [0.0, 1.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    columns: Vec<(String, QuantileCut)>,
}

impl Logarithm {
    /// Fits mean and standard deviation of the logarithms on these rows.
    ///
    /// # Errors
    /// As [`StandardScaler::fit`], and when a number is not above −1.
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize]) -> Result<Self> {
        let logarithms = logarithms(table, columns.iter().copied(), rows)?;
        let all: Vec<usize> = (0..rows.len()).collect();
        let scaler = StandardScaler::fit(&logarithms, columns, &all)?;
        Ok(Self { columns: columns.iter().map(ToString::to_string).collect(), scaler })
    }

    /// The standardized logarithms of these rows, `[rows, columns]`.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        let logarithms = logarithms(table, self.columns.iter().map(String::as_str), rows)?;
        let mut features =
            self.scaler.transform(&logarithms, &(0..rows.len()).collect::<Vec<_>>())?;
        features.names = self.columns.iter().map(|name| format!("log_{name}")).collect();
        Ok(features)
    }
}

/// A table of the logarithms of these columns in these rows.
fn logarithms<'a>(
    table: &Table,
    columns: impl Iterator<Item = &'a str>,
    rows: &[usize],
) -> Result<Table> {
    let mut made = Vec::new();
    for name in columns {
        let numbers = finite_numbers(table, name, rows)?;
        if let Some(place) = numbers.iter().position(|number| *number <= -1.0) {
            let problem =
                format!("expected a number above -1 for ln(1 + x), found {}", numbers[place]);
            return Err(table
                .at(name, rows[place], problem)
                .help("scale the column without `log`"));
        }
        let values: Vec<f64> = numbers.into_iter().map(f64::ln_1p).collect();
        made.push((name, Column::from(values)));
    }
    Table::from_columns(made)
}

impl Bins {
    /// Fits the edges of `bins` bins of equal size on these rows.
    ///
    /// # Errors
    /// As [`QuantileCut::fit`], and when a column is missing, not numeric, or has a null in these rows.
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize], bins: usize) -> Result<Self> {
        let fit = |name: &&str| {
            let numbers = finite_numbers(table, name, rows)?;
            let cut = QuantileCut::fit(&numbers, bins).map_err(|error| error.column(*name))?;
            Ok((name.to_string(), cut))
        };
        Ok(Self { columns: columns.iter().map(fit).collect::<Result<_>>()? })
    }

    /// The bins of these rows, `[rows, columns]`; numbers beyond the fitted ones fall into the first or last bin.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        let mut values = Array2::zeros((rows.len(), self.columns.len()));
        for (index, (name, cut)) in self.columns.iter().enumerate() {
            let bins = cut.assign(&finite_numbers(table, name, rows)?)?;
            let column = values.column_mut(index);
            column.into_iter().zip(bins).for_each(|(cell, bin)| *cell = bin as f32);
        }
        let names = self.columns.iter().map(|(name, _)| format!("{name}_bin")).collect();
        Ok(FeatureMatrix { values, names, unknown: Vec::new() })
    }
}

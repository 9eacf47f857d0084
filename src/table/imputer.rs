//! Nulls replaced by a value that is fitted on the training rows.

use super::column::{Column, Value};
use super::frame::Table;
use super::scalers::check_some;
use super::statistics::{mean, quantile};
use super::summary::sorted_counts;
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// The value that takes the place of nulls, as scikit-learn's `SimpleImputer`.
///
/// ```
/// use cuaderno::table::{Impute, Imputer, Table};
/// let table = Table::from_columns(vec![("city", vec![Some("Lima"), Some("Lima"), None].into())])?;
/// let imputer = Imputer::fit(&table, &["city"], &[0, 1, 2], &Impute::MostFrequent)?;
/// assert_eq!(imputer.transform(&table)?.texts("city")?[2], "Lima");
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Impute {
    /// The mean of the column.
    Mean,
    /// The median of the column.
    Median,
    /// The most frequent value; of several, the first in their natural order.
    MostFrequent,
    /// This number.
    Number(f64),
    /// This text.
    Text(String),
}

/// A replacement for the nulls of each of some columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Imputer {
    columns: Vec<(String, Replacement)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Replacement {
    Number(f64),
    Text(String),
}

impl Imputer {
    /// Fits the replacements for these columns on these rows.
    ///
    /// ```
    /// use cuaderno::table::{Impute, Imputer, Table};
    /// # fn main() -> cuaderno::Result<()> {
    /// let age = vec![Some(20.0), None, Some(40.0), Some(90.0)];
    /// let table = Table::from_columns(vec![("age", age.into())])?;
    /// let imputer = Imputer::fit(&table, &["age"], &[0, 1, 2], &Impute::Median)?;
    /// assert_eq!(imputer.transform(&table)?.numbers("age")?, [20.0, 30.0, 40.0, 90.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Parameter` when `rows` is empty or has a row past the end; `Table` when a column is missing, is not numeric where
    /// a mean, a median or a number is asked for, or holds nothing but nulls in these rows.
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize], how: &Impute) -> Result<Self> {
        check_some(rows)?;
        table.check_rows(rows)?;
        let fit = |name: &&str| {
            let column = table.column(name)?.take(rows);
            let nothing = || {
                let problem = "every training row is null, so there is nothing to fit on";
                let error = Error::new(ErrorKind::Table, problem).column(*name);
                table.in_file(error).help("drop the column, or fill it with a constant")
            };
            let numbers = || -> Result<Vec<f64>> {
                let all = table.numbers(name)?;
                let mut present: Vec<f64> =
                    rows.iter().map(|row| all[*row]).filter(|n| !n.is_nan()).collect();
                present.sort_by(f64::total_cmp);
                if present.is_empty() { Err(nothing()) } else { Ok(present) }
            };
            let replacement = match how {
                Impute::Mean => Replacement::Number(mean(&numbers()?)),
                Impute::Median => Replacement::Number(quantile(&numbers()?, 0.5)),
                Impute::Number(number) => {
                    table.numbers(name)?;
                    Replacement::Number(*number)
                }
                Impute::Text(text) => {
                    table.text_column(name)?;
                    Replacement::Text(text.clone())
                }
                Impute::MostFrequent => {
                    let counts = sorted_counts(&column);
                    let most = counts.iter().map(|(_, count)| *count).max().ok_or_else(nothing)?;
                    let value = counts.iter().find(|(_, count)| *count == most);
                    let value = value.map(|(value, _)| value.clone()).unwrap_or_default();
                    match column {
                        Column::Integer(_) | Column::Float(_) => {
                            Replacement::Number(value.parse().map_err(|_| nothing())?)
                        }
                        _ => Replacement::Text(value),
                    }
                }
            };
            Ok((name.to_string(), replacement))
        };
        Ok(Self { columns: columns.iter().map(fit).collect::<Result<_>>()? })
    }

    /// The table without nulls in the fitted columns.
    ///
    /// # Errors
    /// `Table` when a column is missing or of another type.
    pub fn transform(&self, table: &Table) -> Result<Table> {
        let mut filled = table.clone();
        for (name, replacement) in &self.columns {
            filled = match (table.column(name)?, replacement) {
                (Column::Boolean(values), Replacement::Text(text)) => {
                    let value = Some(text == "true");
                    let values = values.iter().map(|v| v.or(value)).collect::<Vec<_>>();
                    filled.with_column(name, values.into())?
                }
                (column, Replacement::Number(number)) => {
                    // A column of nulls alone is read as numbers, and one of numbers can hold text by mistake.
                    match column.iter().all(|value| value == Value::Null) {
                        true => filled.with_column(name, vec![*number; table.rows()].into())?,
                        false => filled.fill_nulls(name, *number)?,
                    }
                }
                (_, Replacement::Text(text)) => filled.fill_null_texts(name, text)?,
            };
        }
        Ok(filled)
    }
}

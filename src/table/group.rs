//! Groups of rows with equal values, and their aggregates.

use super::column::{Column, Value};
use super::frame::Table;
use super::statistics::{deviation, mean, quantile};
use super::summary::free_name;
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;

/// A number that sums up the values of a group. Nulls are left out.
///
/// ```
/// use cuaderno::table::{Aggregate, Table};
/// let table = Table::from_columns(vec![
///     ("city", vec!["Lima", "Quito", "Lima"].into()),
///     ("price", vec![3.0, 4.0, 5.0].into()),
/// ])?;
/// let groups = table.group_by(&["city"], &[("price", Aggregate::Max)])?;
/// assert_eq!(groups.numbers("price_max")?, [5.0, 4.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Number of values.
    Count,
    /// Number of distinct values.
    Distinct,
    /// Sum; 0 for no values.
    Sum,
    /// Arithmetic mean.
    Mean,
    /// Median.
    Median,
    /// Standard deviation with n − 1 in the denominator.
    Std,
    /// Minimum.
    Min,
    /// Maximum.
    Max,
}

impl Aggregate {
    /// The name that ends the column of the result: `count`, `mean`, ...
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Distinct => "distinct",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Median => "median",
            Self::Std => "std",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// The aggregate of numbers without nulls.
    fn of(self, mut values: Vec<f64>) -> Option<f64> {
        values.sort_by(f64::total_cmp);
        let number = match self {
            Self::Count => values.len() as f64,
            Self::Distinct => {
                values.dedup();
                values.len() as f64
            }
            Self::Sum => values.iter().sum(),
            Self::Mean => mean(&values),
            Self::Median => quantile(&values, 0.5),
            Self::Std => deviation(&values, 1),
            Self::Min => quantile(&values, 0.0),
            Self::Max => quantile(&values, 1.0),
        };
        (!number.is_nan()).then_some(number)
    }
}

impl Table {
    /// One row per combination of values in `keys`, sorted by them, with the number of its rows in `count` and each
    /// aggregate in a column such as `price_mean`. Rows with a null among the keys are left out, as in pandas.
    ///
    /// ```
    /// use cuaderno::table::{Aggregate, Table};
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![
    ///     ("city", vec!["Lima", "Quito", "Lima"].into()),
    ///     ("price", vec![3.0, 4.0, 5.0].into()),
    /// ])?;
    /// let groups = table.group_by(&["city"], &[("price", Aggregate::Mean)])?;
    /// assert_eq!(groups.texts("city")?, ["Lima", "Quito"]);
    /// assert_eq!(groups.numbers("price_mean")?, [4.0, 4.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Parameter` when no key is given; `Table` when a column is missing, or an aggregate other than `Count` and
    /// `Distinct` is asked of a column that is not numeric.
    pub fn group_by(&self, keys: &[&str], aggregates: &[(&str, Aggregate)]) -> Result<Self> {
        let groups = self.groups(keys)?;
        let firsts: Vec<usize> = groups.iter().filter_map(|rows| rows.first().copied()).collect();
        let mut result = self.select(keys)?.picked(&firsts);
        result.origin = None;
        let counts: Vec<i64> = groups.iter().map(|rows| rows.len() as i64).collect();
        result = result.with_column(&free_name("count", &result.names), counts.into())?;
        for (name, aggregate) in aggregates {
            let column = self.aggregated(name, *aggregate, &groups)?;
            let label = free_name(&format!("{name}_{}", aggregate.name()), &result.names);
            result = result.with_column(&label, column)?;
        }
        Ok(result)
    }

    /// One row per value of `index`, one column per value of `columns`, and in each cell the aggregate of `values` over
    /// the rows with both; null where there are none.
    ///
    /// # Errors
    /// As [`group_by`](Self::group_by).
    pub fn pivot(
        &self,
        index: &str,
        columns: &str,
        values: &str,
        aggregate: Aggregate,
    ) -> Result<Self> {
        let groups = self.groups(&[index, columns])?;
        let cells = self.aggregated(values, aggregate, &groups)?;
        let (row_names, column_names) = (self.column(index)?, self.column(columns)?);
        let mut wide: Vec<String> = Vec::new();
        let mut rows: Vec<usize> = Vec::new();
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut filled: Vec<(usize, String, Value<'_>)> = Vec::new();
        for (group, members) in groups.iter().enumerate() {
            let Some(&first) = members.first() else { continue };
            let mut key = Vec::new();
            row_names.get(first).write_key(&mut key);
            let place = *places.entry(key).or_insert_with(|| {
                rows.push(first);
                rows.len() - 1
            });
            let name = column_names.get(first).to_string();
            if !wide.contains(&name) {
                wide.push(name.clone());
            }
            filled.push((place, name, cells.get(group)));
        }
        let order_of = |name: &String| {
            (0..self.rows).find(|row| column_names.get(*row).to_string() == *name).unwrap_or(0)
        };
        wide.sort_by(|a, b| column_names.order(order_of(a), order_of(b)));
        let mut result = self.select(&[index])?.picked(&rows);
        result.origin = None;
        let whole = matches!(cells, Column::Integer(_));
        for name in wide {
            let mut numbers = vec![None; rows.len()];
            for (place, _, value) in filled.iter().filter(|(_, of, _)| *of == name) {
                numbers[*place] = match value {
                    Value::Integer(number) => Some(*number as f64),
                    Value::Float(number) => Some(*number),
                    _ => None,
                };
            }
            let column = if whole {
                Column::Integer(numbers.iter().map(|v| v.map(|v| v as i64)).collect())
            } else {
                Column::Float(numbers)
            };
            result = result.with_column(&free_name(&name, &result.names), column)?;
        }
        Ok(result)
    }

    /// The rows of each combination of values in `keys`, sorted by them.
    fn groups(&self, keys: &[&str]) -> Result<Vec<Vec<usize>>> {
        if keys.is_empty() {
            return Err(Error::new(
                ErrorKind::Parameter,
                "expected at least one column to group by",
            )
            .help("name a column, such as `table.group_by(&[\"category\"], &[])`"));
        }
        let columns = self.chosen(keys)?;
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for row in 0..self.rows {
            if columns.iter().any(|column| column.get(row) == Value::Null) {
                continue;
            }
            let mut key = Vec::new();
            columns.iter().for_each(|column| column.get(row).write_key(&mut key));
            let place = *places.entry(key).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[place].push(row);
        }
        groups.sort_by(|a, b| {
            let by_column = columns.iter().map(|column| column.order(a[0], b[0]));
            by_column.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        Ok(groups)
    }

    /// The aggregate of a column over each group.
    fn aggregated(
        &self,
        name: &str,
        aggregate: Aggregate,
        groups: &[Vec<usize>],
    ) -> Result<Column> {
        let column = self.column(name)?;
        if matches!(aggregate, Aggregate::Count | Aggregate::Distinct) {
            let count = |rows: &Vec<usize>| {
                let values = rows.iter().map(|row| column.get(*row)).filter(|v| *v != Value::Null);
                if aggregate == Aggregate::Count {
                    return values.count() as i64;
                }
                let key = |value: Value<'_>| {
                    let mut key = Vec::new();
                    value.write_key(&mut key);
                    key
                };
                values.map(key).collect::<std::collections::HashSet<_>>().len() as i64
            };
            return Ok(Column::from(groups.iter().map(count).collect::<Vec<i64>>()));
        }
        let numbers = self.numbers(name)?;
        let value = |rows: &Vec<usize>| {
            aggregate.of(rows.iter().map(|row| numbers[*row]).filter(|n| !n.is_nan()).collect())
        };
        let values: Vec<Option<f64>> = groups.iter().map(value).collect();
        let whole = matches!(column, Column::Integer(_))
            && matches!(aggregate, Aggregate::Sum | Aggregate::Min | Aggregate::Max)
            && values.iter().flatten().all(|value| value.abs() < 2f64.powi(53));
        if whole {
            return Ok(Column::Integer(values.iter().map(|v| v.map(|v| v as i64)).collect()));
        }
        Ok(Column::Float(values))
    }
}

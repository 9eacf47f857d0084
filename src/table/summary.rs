//! Summaries of a table as tables: its columns, its numbers, its most frequent values.

use super::column::{Column, Value};
use super::frame::{Table, cut};
use super::statistics::{correlation, deviation, mean, quantile};
use crate::Result;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const STATISTICS: [&str; 8] = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"];

impl Table {
    /// Count, mean, standard deviation (n − 1), minimum, quartiles and maximum of every numeric column, as pandas's
    /// `describe`; nulls are left out. The first column, `statistic`, is called `statistic_` where the table has a
    /// column of that name.
    pub fn describe(&self) -> Self {
        let label = free_name("statistic", &self.names);
        let mut table = assembled(vec![(&label, STATISTICS.to_vec().into())]);
        for (name, column) in self.names.iter().zip(&self.columns) {
            let Some(mut numbers) = column.floats() else { continue };
            numbers.retain(|number| !number.is_nan());
            numbers.sort_by(f64::total_cmp);
            let values = [
                numbers.len() as f64,
                mean(&numbers),
                deviation(&numbers, 1),
                quantile(&numbers, 0.0),
                quantile(&numbers, 0.25),
                quantile(&numbers, 0.5),
                quantile(&numbers, 0.75),
                quantile(&numbers, 1.0),
            ];
            table.names.push(name.clone());
            table.columns.push(Arc::new(Column::Float(values.map(present).to_vec())));
        }
        table
    }

    /// One row per column: its name, its type, the number of nulls and of distinct values, and the first value as an
    /// example.
    pub fn schema(&self) -> Self {
        let (mut nulls, mut distinct, mut example) = (Vec::new(), Vec::new(), Vec::new());
        for column in &self.columns {
            nulls.push(column.nulls() as i64);
            distinct.push(distinct_values(column) as i64);
            let first = column.iter().find(|value| *value != Value::Null);
            example.push(first.map(|value| cut(&value.to_string(), 60)));
        }
        let types: Vec<String> = self.columns.iter().map(|c| c.column_type().to_string()).collect();
        assembled(vec![
            ("column", self.names.clone().into()),
            ("type", types.into()),
            ("nulls", nulls.into()),
            ("distinct", distinct.into()),
            ("example", example.into()),
        ])
    }

    /// [`schema`](Self::schema), by pandas's name.
    pub fn info(&self) -> Self {
        self.schema()
    }

    /// For each column, whether each row is missing: what [`plot::missing_values`](crate::plot::missing_values) draws.
    pub fn null_mask(&self) -> Vec<Vec<bool>> {
        let missing = |value| value == Value::Null;
        self.columns.iter().map(|column| column.iter().map(missing).collect()).collect()
    }

    /// The number of nulls in each column, and their share of the rows.
    pub fn null_counts(&self) -> Self {
        let nulls: Vec<i64> = self.columns.iter().map(|column| column.nulls() as i64).collect();
        let share: Vec<f64> =
            nulls.iter().map(|count| *count as f64 / self.rows.max(1) as f64).collect();
        assembled(vec![
            ("column", self.names.clone().into()),
            ("nulls", nulls.into()),
            ("share", share.into()),
        ])
    }

    /// The number of rows with each value of a column, most frequent first (ties: in order of appearance), and its
    /// share of the rows, in the columns `count` and `share`. The items of a list column are counted one by one, so
    /// that their shares can add up to more than 1. Nulls are left out. The values of a column that is itself called
    /// `count` or `share` stand in `count_` or `share_`.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("city", vec!["Lima", "Quito", "Lima"].into())])?;
    /// let counts = table.value_counts("city")?;
    /// assert_eq!(counts.texts("city")?, ["Lima", "Quito"]);
    /// assert_eq!(counts.integers("count")?, [2, 1]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When there is no such column.
    pub fn value_counts(&self, name: &str) -> Result<Self> {
        let column = self.column(name)?;
        let (values, counts) = match column {
            Column::List(lists) => {
                let items: Column =
                    lists.iter().flatten().flatten().cloned().collect::<Vec<_>>().into();
                counted(&items)
            }
            _ => counted(column),
        };
        let share: Vec<f64> =
            counts.iter().map(|count| *count as f64 / self.rows.max(1) as f64).collect();
        let name = free_name(name, &["count", "share"]);
        Ok(assembled(vec![(&name, values), ("count", counts.into()), ("share", share.into())]))
    }

    /// Pearson's correlation of every two of these columns (of all numeric ones, when `names` is empty), over the rows
    /// in which both have a value; null where a column is constant. The first column, `column`, holds the names; it is
    /// called `column_` where a column has that name.
    ///
    /// # Errors
    /// When one of the columns is not there or is not numeric.
    pub fn correlation(&self, names: &[&str]) -> Result<Self> {
        let names: Vec<&str> = if names.is_empty() {
            let numeric = self.names.iter().zip(&self.columns).filter(|(_, c)| c.is_numeric());
            numeric.map(|(name, _)| name.as_str()).collect()
        } else {
            names.to_vec()
        };
        let numbers: Vec<Vec<f64>> =
            names.iter().map(|name| self.numbers(name)).collect::<Result<_>>()?;
        let label = free_name("column", &names);
        let mut columns = vec![(label.as_str(), Column::from(names.clone()))];
        for (name, a) in names.iter().zip(&numbers) {
            let values: Vec<_> = numbers.iter().map(|b| present(correlation(a, b))).collect();
            columns.push((name, Column::Float(values)));
        }
        Ok(assembled(columns))
    }

    /// The minimum, the maximum and the number of negative values of every numeric column.
    pub fn ranges(&self) -> Self {
        let (mut names, mut low, mut high, mut negative) = (vec![], vec![], vec![], vec![]);
        for (name, column) in self.names.iter().zip(&self.columns) {
            let Some(numbers) = column.floats() else { continue };
            names.push(name.clone());
            low.push(numbers.iter().copied().reduce(f64::min).and_then(present));
            high.push(numbers.iter().copied().reduce(f64::max).and_then(present));
            negative.push(numbers.iter().filter(|number| **number < 0.0).count() as i64);
        }
        assembled(vec![
            ("column", names.into()),
            ("minimum", low.into()),
            ("maximum", high.into()),
            ("below zero", negative.into()),
        ])
    }
}

/// `wanted`, followed by `_` as often as it takes for none of `taken` to have that name.
pub(crate) fn free_name(wanted: &str, taken: &[impl AsRef<str>]) -> String {
    let mut name = wanted.to_string();
    while taken.iter().any(|taken| taken.as_ref() == name) {
        name.push('_');
    }
    name
}

/// A table of columns of equal length and different names.
fn assembled(columns: Vec<(&str, Column)>) -> Table {
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    let (names, columns) =
        columns.into_iter().map(|(name, column)| (name.to_string(), Arc::new(column))).unzip();
    Table { names, columns, rows, origin: None }
}

fn present(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

fn distinct_values(column: &Column) -> usize {
    let mut seen = HashSet::new();
    let mut key = Vec::new();
    for value in column.iter().filter(|value| *value != Value::Null) {
        key.clear();
        value.write_key(&mut key);
        if !seen.contains(&key) {
            seen.insert(key.clone());
        }
    }
    seen.len()
}

/// The distinct values of a column and the number of rows with each.
fn counted(column: &Column) -> (Column, Vec<i64>) {
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut groups: Vec<(usize, i64)> = Vec::new();
    for (row, value) in column.iter().enumerate().filter(|(_, value)| *value != Value::Null) {
        let mut key = Vec::new();
        value.write_key(&mut key);
        let place = *places.entry(key).or_insert_with(|| {
            groups.push((row, 0));
            groups.len() - 1
        });
        groups[place].1 += 1;
    }
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rows: Vec<usize> = groups.iter().map(|(row, _)| *row).collect();
    (column.take(&rows), groups.into_iter().map(|(_, count)| count).collect())
}

/// The distinct values of a column as text, in their natural order, with the number of rows with each.
pub(super) fn sorted_counts(column: &Column) -> Vec<(String, usize)> {
    let items;
    let column = match column {
        Column::List(lists) => {
            items = Column::from(lists.iter().flatten().flatten().cloned().collect::<Vec<_>>());
            &items
        }
        other => other,
    };
    let (values, counts) = counted(column);
    let mut rows: Vec<usize> = (0..counts.len()).collect();
    rows.sort_by(|&a, &b| values.order(a, b));
    rows.into_iter().map(|row| (values.get(row).to_string(), counts[row] as usize)).collect()
}

//! What a table holds, as tables: its columns, its numbers, its most frequent values.

use super::column::{Column, Value};
use super::frame::{Table, cut};
use super::statistics::{correlation, deviation, mean, quantile};
use super::views::order;
use crate::Result;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const STATISTICS: [&str; 8] = ["count", "mean", "std", "min", "25%", "50%", "75%", "max"];

impl Table {
    /// Count, mean, standard deviation (n − 1), minimum, quartiles and maximum of every numeric column,
    /// as pandas's `describe`; empty cells are left out.
    pub fn describe(&self) -> Self {
        let mut table = assembled(vec![("statistic", STATISTICS.to_vec().into())]);
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

    /// One row a column: its name, its type, how many cells are empty, how many values are distinct,
    /// and the first value as an example.
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

    /// The same as [`schema`](Self::schema), by pandas's name.
    pub fn info(&self) -> Self {
        self.schema()
    }

    /// How many cells of each column are empty, and their share.
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

    /// How often each value of a column occurs, most frequent first (ties: in order of appearance),
    /// and its share of the rows. The items of a list column are counted one by one, so that their
    /// shares can add up to more than 1. Empty cells are left out.
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
        Ok(assembled(vec![(name, values), ("count", counts.into()), ("share", share.into())]))
    }

    /// Pearson's correlation of every two of these columns (of all numeric ones, when `names` is
    /// empty), over the rows in which both have a value; empty where a column is constant.
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
        let mut columns = vec![("column", Column::from(names.clone()))];
        for (name, a) in names.iter().zip(&numbers) {
            let values: Vec<_> = numbers.iter().map(|b| present(correlation(a, b))).collect();
            columns.push((name, Column::Float(values)));
        }
        Ok(assembled(columns))
    }

    /// The smallest value, the largest and the number of values below zero of every numeric column.
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

/// A table of columns that this file made of equal length; names may repeat one given by the user.
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

/// The distinct values of a column and how often each occurs.
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

/// The distinct values of a column as text, in their natural order, with how often each occurs.
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
    rows.sort_by(|&a, &b| order(values.get(a), values.get(b)));
    rows.into_iter().map(|row| (values.get(row).to_string(), counts[row] as usize)).collect()
}

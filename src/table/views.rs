//! Tables made from a table: other rows, other columns, another order.

use super::column::{Column, Value};
use super::frame::{Origin, Table};
use crate::{Error, ErrorKind, Result};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

impl Table {
    /// The first `count` rows.
    pub fn head(&self, count: usize) -> Self {
        self.picked(&(0..count.min(self.rows)).collect::<Vec<_>>())
    }

    /// The last `count` rows.
    pub fn tail(&self, count: usize) -> Self {
        self.picked(&(self.rows - count.min(self.rows)..self.rows).collect::<Vec<_>>())
    }

    /// The rows at `rows` (counted from 0), in that order; a row may come several times.
    ///
    /// # Errors
    /// When an index is past the end.
    pub fn filter_rows(&self, rows: &[usize]) -> Result<Self> {
        self.check_rows(rows)?;
        Ok(self.picked(rows))
    }

    pub(super) fn picked(&self, rows: &[usize]) -> Self {
        Self {
            names: self.names.clone(),
            columns: self.columns.iter().map(|column| Arc::new(column.take(rows))).collect(),
            rows: rows.len(),
            origin: self
                .origin
                .as_ref()
                .map(|origin| Origin { file: origin.file.clone(), lines: origin.lines.take(rows) }),
        }
    }

    /// Only these columns, in this order.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn select(&self, names: &[&str]) -> Result<Self> {
        let mut selected = Self { names: Vec::new(), columns: Vec::new(), ..self.clone() };
        for name in names {
            self.column(name)?;
            if let Some(index) = self.names.iter().position(|known| known == name) {
                selected.names.push(self.names[index].clone());
                selected.columns.push(self.columns[index].clone());
            }
        }
        Ok(selected)
    }

    /// All columns but these.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn drop(&self, names: &[&str]) -> Result<Self> {
        for name in names {
            self.column(name)?;
        }
        let kept: Vec<&str> =
            self.names.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
        self.select(&kept)
    }

    /// With this column: in the place of the one that has the name already, else as the last.
    ///
    /// # Errors
    /// When the column is not as long as the table.
    pub fn with_column(&self, name: &str, column: Column) -> Result<Self> {
        if !self.columns.is_empty() && column.len() != self.rows {
            return Err(self.in_file(
                Error::new(
                    ErrorKind::Table,
                    format!("{} values do not fit a table of {} rows", column.len(), self.rows),
                )
                .column(name)
                .help("give one value a row"),
            ));
        }
        let mut table = self.clone();
        table.rows = column.len();
        match table.names.iter().position(|known| known == name) {
            Some(index) => table.columns[index] = Arc::new(column),
            None => {
                table.names.push(name.to_string());
                table.columns.push(Arc::new(column));
            }
        }
        Ok(table)
    }

    /// Ordered by a column, categories in their stated order; empty cells come last, rows with equal values keep their
    /// order.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn sort_by(&self, name: &str, ascending: bool) -> Result<Self> {
        let column = self.column(name)?;
        let mut rows: Vec<usize> = (0..self.rows).collect();
        rows.sort_by(|&a, &b| match (column.get(a) == Value::Null, column.get(b) == Value::Null) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if ascending => column.order(a, b),
            (false, false) => column.order(b, a),
        });
        Ok(self.picked(&rows))
    }

    /// For each row, whether an earlier row has the same values in `names` (in all columns, when
    /// `names` is empty), as pandas's `duplicated`.
    ///
    /// # Errors
    /// When one of the columns is not there.
    pub fn duplicated(&self, names: &[&str]) -> Result<Vec<bool>> {
        let keys = self.row_keys(names)?;
        let mut seen = std::collections::HashSet::with_capacity(keys.len());
        Ok(keys.iter().map(|key| !seen.insert(key)).collect())
    }

    /// The rows whose values in `names` (in all columns, when `names` is empty) occur more than once,
    /// every occurrence, as pandas's `duplicated(keep=False)`.
    ///
    /// # Errors
    /// When one of the columns is not there.
    pub fn duplicates(&self, names: &[&str]) -> Result<Self> {
        let keys = self.row_keys(names)?;
        let mut counts: HashMap<&[u8], usize> = HashMap::with_capacity(keys.len());
        for key in &keys {
            *counts.entry(key).or_default() += 1;
        }
        let repeated = |key: &Vec<u8>| counts.get(key.as_slice()).is_some_and(|count| *count > 1);
        let rows: Vec<usize> =
            keys.iter().enumerate().filter(|(_, key)| repeated(key)).map(|(row, _)| row).collect();
        Ok(self.picked(&rows))
    }

    /// Without the rows whose values in `names` an earlier row has already.
    ///
    /// # Errors
    /// When one of the columns is not there.
    pub fn drop_duplicates(&self, names: &[&str]) -> Result<Self> {
        let repeated = self.duplicated(names)?;
        let rows: Vec<usize> = (0..self.rows).filter(|&row| !repeated[row]).collect();
        Ok(self.picked(&rows))
    }

    /// Without the rows that have an empty cell in one of `names` (in any column, when it is empty).
    ///
    /// # Errors
    /// When one of the columns is not there.
    pub fn drop_nulls(&self, names: &[&str]) -> Result<Self> {
        let columns = self.chosen(names)?;
        let complete = |row: &usize| columns.iter().all(|c| c.get(*row) != Value::Null);
        Ok(self.picked(&(0..self.rows).filter(complete).collect::<Vec<_>>()))
    }

    /// With `value` in the empty cells of a numeric column, which becomes a column of floats unless it
    /// holds integers and `value` is whole.
    ///
    /// # Errors
    /// When there is no such column or it is not numeric.
    pub fn fill_nulls(&self, name: &str, value: f64) -> Result<Self> {
        let filled = match self.column(name)? {
            Column::Integer(values) if value.fract() == 0.0 => {
                Column::Integer(values.iter().map(|v| v.or(Some(value as i64))).collect())
            }
            _ => {
                let fill = |number: f64| if number.is_nan() { value } else { number };
                Column::from(self.numbers(name)?.into_iter().map(fill).collect::<Vec<f64>>())
            }
        };
        self.with_column(name, filled)
    }

    /// These columns, or all when `names` is empty.
    pub(super) fn chosen(&self, names: &[&str]) -> Result<Vec<&Column>> {
        if names.is_empty() {
            return Ok(self.columns.iter().map(|column| &**column).collect());
        }
        names.iter().map(|name| self.column(name)).collect()
    }

    fn row_keys(&self, names: &[&str]) -> Result<Vec<Vec<u8>>> {
        let columns = self.chosen(names)?;
        let key = |row| {
            let mut key = Vec::new();
            for column in &columns {
                column.get(row).write_key(&mut key);
            }
            key
        };
        Ok((0..self.rows).map(key).collect())
    }
}

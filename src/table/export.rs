//! A table written to a file or handed to other libraries.

use super::column::{Column, Value};
use super::frame::Table;
use crate::{Result, files};
use ndarray::Array2;
use std::path::Path;

impl Table {
    /// Writes a CSV file in UTF-8, with a header; nulls are empty cells, lists are written as Python writes them, and
    /// [`read_csv`](Self::read_csv) reads it back. The file is there whole or not at all.
    ///
    /// # Errors
    /// `File` when it cannot be written.
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let mut csv = String::new();
        self.write_names(&mut csv);
        self.write_rows(&mut csv);
        files::replace(path, |part| std::fs::write(part, csv))
    }

    /// Appends the header of a CSV file.
    pub(super) fn write_names(&self, csv: &mut String) {
        // The first name must not look like the start of a file of another kind.
        line(csv, self.names.iter().cloned(), |column, name| column == 0 && !is_plain(name));
    }

    /// Appends the rows of a CSV file.
    pub(super) fn write_rows(&self, csv: &mut String) {
        for row in 0..self.rows {
            let cells = self.columns.iter().map(|column| written(column, row));
            // A line of blanks is no row.
            line(csv, cells, |_, text| self.columns.len() == 1 && text.trim().is_empty());
        }
    }

    /// Numeric columns as a matrix `[rows, columns]` (all numeric ones, when `names` is empty), NaN for nulls.
    ///
    /// # Errors
    /// `Table` when a column is missing or not numeric.
    pub fn to_ndarray(&self, names: &[&str]) -> Result<Array2<f64>> {
        let numeric: Vec<&str> = if names.is_empty() {
            let pairs = self.names.iter().zip(&self.columns);
            pairs.filter(|(_, column)| column.is_numeric()).map(|(name, _)| name.as_str()).collect()
        } else {
            names.to_vec()
        };
        let mut matrix = Array2::zeros((self.rows, numeric.len()));
        for (name, mut column) in numeric.iter().zip(matrix.columns_mut()) {
            column.iter_mut().zip(self.numbers(name)?).for_each(|(cell, number)| *cell = number);
        }
        Ok(matrix)
    }
}

/// Appends a row; `quoted` decides which cells are quoted beside those that must be.
fn line(
    csv: &mut String,
    cells: impl Iterator<Item = String>,
    quoted: impl Fn(usize, &str) -> bool,
) {
    for (column, text) in cells.enumerate() {
        if column > 0 {
            csv.push(',');
        }
        // Not only commas: a reader may look for the separator in the first rows, as ours does.
        if text.contains([',', ';', '\t', '|', '"', '\n', '\r']) || quoted(column, &text) {
            csv.push('"');
            csv.push_str(&text.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(&text);
        }
    }
    csv.push('\n');
}

/// Returns `true` for a text that no file of another kind begins with, such as `<html>` or `sep=:`.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ' | '-' | '.');
    !text.trim().is_empty() && text.chars().all(plain)
}

fn written(column: &Column, row: usize) -> String {
    match column.get(row) {
        Value::Null => String::new(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| python_text(item)).collect();
            format!("[{}]", items.join(", "))
        }
        // `2.0` and `1e300`: without a point or an exponent they would be read as whole numbers, or as text.
        Value::Float(value) if value.is_finite() => format!("{value:?}"),
        value => value.to_string(),
    }
}

/// A text in Python's notation.
fn python_text(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    if escaped.contains('\'') && !escaped.contains('"') {
        format!("\"{escaped}\"")
    } else {
        format!("'{}'", escaped.replace('\'', "\\'"))
    }
}

//! A table written to a file or handed to other libraries.

use super::column::{Column, Value};
use super::frame::Table;
use crate::{Error, ErrorKind, Result, files};
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
        let failed = |error: csv::Error| {
            Error::new(ErrorKind::File, format!("the table cannot be written: {error}")).file(path)
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.names).map_err(failed)?;
        for row in 0..self.rows {
            let cells = self.columns.iter().map(|column| written(column, row));
            writer.write_record(cells).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
        files::replace(path, |part| std::fs::write(part, bytes))
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

fn written(column: &Column, row: usize) -> String {
    match column.get(row) {
        Value::Null => String::new(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| python_text(item)).collect();
            format!("[{}]", items.join(", "))
        }
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

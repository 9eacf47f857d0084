//! A table written to a file or handed to other libraries.

use super::column::{Column, Value};
use super::frame::Table;
use crate::{Error, ErrorKind, Result, files};
use ndarray::Array2;
use std::io::Write;
use std::path::Path;

impl Table {
    /// Writes a CSV file in UTF-8, with a header; nulls are empty cells, lists are written as Python writes them, and
    /// [`read_csv`](Self::read_csv) reads it back. The file is there whole or not at all.
    ///
    /// # Errors
    /// `File` when it cannot be written.
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = self.write_names(&mut writer).and_then(|()| self.write_rows(&mut writer));
        written.map_err(|error| error.file(path))?;
        let bytes =
            writer.into_inner().map_err(|error| unwritten(error.into_error().into()).file(path))?;
        files::replace(path, |part| std::fs::write(part, bytes))
    }

    /// Writes the header of a CSV file.
    pub(super) fn write_names(&self, writer: &mut csv::Writer<impl Write>) -> Result<()> {
        writer.write_record(&self.names).map_err(unwritten)
    }

    /// Writes the rows of a CSV file.
    pub(super) fn write_rows(&self, writer: &mut csv::Writer<impl Write>) -> Result<()> {
        for row in 0..self.rows {
            let cells = self.columns.iter().map(|column| written(column, row));
            writer.write_record(cells).map_err(unwritten)?;
        }
        Ok(())
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

fn unwritten(error: csv::Error) -> Error {
    Error::new(ErrorKind::File, format!("the table cannot be written: {error}"))
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

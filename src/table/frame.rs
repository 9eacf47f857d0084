//! The table itself: named columns of equal length, and where they came from.

use super::column::{Column, ColumnType, Value};
use super::texts::Texts;
use crate::{Error, ErrorKind, Result};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Named columns of equal length.
///
/// ```
/// use cuaderno::table::Table;
/// # fn main() -> cuaderno::Result<()> {
/// let table = Table::from_columns(vec![
///     ("place", vec!["Prado", "Retiro"].into()),
///     ("likes", vec![812_i64, 77].into()),
/// ])?;
/// assert_eq!(table.numbers("likes")?, [812.0, 77.0]);
/// assert_eq!(table.filter_rows(&[1])?.texts("place")?, ["Retiro"]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Table {
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Arc<Column>>,
    pub(super) rows: usize,
    pub(super) origin: Option<Origin>,
}

/// The file a table was read from, and the line of each row there.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) file: Arc<Path>,
    pub(super) lines: Lines,
}

/// The line of each row in its file; the header is line 1.
#[derive(Clone, Debug)]
pub(super) enum Lines {
    /// Row i stands on line i + 2.
    Sequential,
    /// Row i stands on line `lines[i]`.
    Each(Arc<[usize]>),
}

impl fmt::Debug for Table {
    /// The size and the columns: a million cells would bury a notebook.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} rows × {} columns", self.rows, self.names.len())?;
        for (index, (name, column)) in self.names.iter().zip(&self.columns).enumerate() {
            write!(f, "{} {name}: {}", if index == 0 { ";" } else { "," }, column.column_type())?;
        }
        f.write_str(")")
    }
}

impl Lines {
    pub(super) fn of(&self, row: usize) -> usize {
        match self {
            Self::Sequential => row + 2,
            Self::Each(lines) => lines.get(row).copied().unwrap_or(row + 2),
        }
    }

    pub(super) fn take(&self, rows: &[usize]) -> Self {
        Self::Each(rows.iter().map(|&row| self.of(row)).collect())
    }
}

impl Table {
    /// A table of these columns.
    ///
    /// # Errors
    /// When columns differ in length or two have the same name.
    pub fn from_columns(columns: Vec<(&str, Column)>) -> Result<Self> {
        let mut table = Self { names: Vec::new(), columns: Vec::new(), rows: 0, origin: None };
        for (name, column) in columns {
            if table.names.iter().any(|known| known == name) {
                return Err(Error::new(ErrorKind::Table, "two columns have this name")
                    .column(name)
                    .help("give each column its own name"));
            }
            table = table.with_column(name, column)?;
        }
        Ok(table)
    }

    /// Number of rows, without the header.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// The file it was read from, if it was.
    pub fn file(&self) -> Option<&Path> {
        self.origin.as_ref().map(|origin| &*origin.file)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// When there is none: the message names those there are and the one that was probably meant.
    pub fn column(&self, name: &str) -> Result<&Column> {
        match self.names.iter().position(|known| known == name) {
            Some(index) => Ok(&self.columns[index]),
            None => Err(self.missing(name)),
        }
    }

    /// The cell of column `name` in row `row`, counted from 0.
    ///
    /// # Errors
    /// When there is no such column or row.
    pub fn get(&self, name: &str, row: usize) -> Result<Value<'_>> {
        self.check_rows(&[row])?;
        Ok(self.column(name)?.get(row))
    }

    /// The values of a numeric column, `NaN` where a cell is empty.
    ///
    /// # Errors
    /// When there is no such column, or it holds something that is no number: the message names the
    /// row and the value.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let column = self.column(name)?;
        if let Some(numbers) = column.floats() {
            return Ok(numbers);
        }
        let mut numbers = Vec::with_capacity(self.rows);
        for (row, value) in column.iter().enumerate() {
            numbers.push(match value {
                Value::Null => f64::NAN,
                Value::Text(text) => text.trim().parse().map_err(|_| {
                    self.at(name, row, format!("`{}` is not a number", cut(text, 60)))
                        .help("write a number, or leave the cell empty")
                })?,
                Value::Boolean(value) => f64::from(u8::from(value)),
                Value::DateTime(_) => {
                    return Err(self
                        .at(name, row, format!("`{value}` is a date, not a number"))
                        .help("take a part of it with `date_part`"));
                }
                other => {
                    return Err(self
                        .at(name, row, format!("`{}` is not a number", cut(&other.to_string(), 60)))
                        .help("ask for it with `lists`, or encode it with `multi_hot`"));
                }
            });
        }
        Ok(numbers)
    }

    /// The values of a column of whole numbers.
    ///
    /// # Errors
    /// As [`numbers`](Self::numbers), and when a cell is empty or has a fraction.
    pub fn integers(&self, name: &str) -> Result<Vec<i64>> {
        if let Column::Integer(values) = self.column(name)? {
            let mut integers = Vec::with_capacity(values.len());
            for (row, value) in values.iter().enumerate() {
                integers.push(value.ok_or_else(|| self.empty(name, row))?);
            }
            return Ok(integers);
        }
        let mut integers = Vec::with_capacity(self.rows);
        for (row, number) in self.numbers(name)?.into_iter().enumerate() {
            if number.is_nan() {
                return Err(self.empty(name, row));
            }
            if number.fract() != 0.0 || number.abs() >= 2f64.powi(53) {
                return Err(self
                    .at(name, row, format!("`{number}` is not a whole number"))
                    .help("ask for the column with `numbers`"));
            }
            integers.push(number as i64);
        }
        Ok(integers)
    }

    /// The values of a column as text; an empty cell becomes an empty text.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let text = |value: Value<'_>| match value {
            Value::Null => String::new(),
            value => value.to_string(),
        };
        Ok(self.column(name)?.iter().map(text).collect())
    }

    /// The values of a list column; an empty cell becomes an empty list.
    ///
    /// # Errors
    /// When there is no such column, or its text was not parsed with
    /// [`parse_lists`](Self::parse_lists).
    pub fn lists(&self, name: &str) -> Result<Vec<Vec<String>>> {
        match self.column(name)? {
            Column::List(lists) => Ok(lists.iter().map(|l| l.clone().unwrap_or_default()).collect()),
            other => Err(self.wrong_type(name, other.column_type()).help(format!(
                "if it holds lists written as text, parse it first: `table.parse_lists(&[\"{name}\"])?`"
            ))),
        }
    }

    /// The texts of a text column, without copying.
    pub(super) fn text_column(&self, name: &str) -> Result<&Texts> {
        match self.column(name)? {
            Column::Text(texts) => Ok(texts),
            other => Err(self
                .wrong_type(name, other.column_type())
                .help(format!("turn it into text first: `table.to_text(\"{name}\")?`"))),
        }
    }

    pub(super) fn wrong_type(&self, name: &str, found: ColumnType) -> Error {
        self.in_file(Error::new(ErrorKind::Table, format!("the column holds {found} values")))
            .column(name)
    }

    /// An error about one cell, with the file and the line there.
    pub(crate) fn at(&self, name: &str, row: usize, problem: impl Into<String>) -> Error {
        let error = self.in_file(Error::new(ErrorKind::Table, problem)).column(name);
        match &self.origin {
            Some(origin) => error.row(origin.lines.of(row)),
            // A table that was built in memory has no header line.
            None => error.row(row),
        }
    }

    pub(super) fn empty(&self, name: &str, row: usize) -> Error {
        self.at(name, row, "the cell is empty").help(format!(
            "fill it (`table.fill_nulls(\"{name}\", 0.0)?`) or leave such rows out (`table.drop_nulls(&[\"{name}\"])?`)"
        ))
    }

    pub(super) fn in_file(&self, error: Error) -> Error {
        match self.file() {
            Some(file) => error.file(file),
            None => error,
        }
    }

    pub(super) fn check_rows(&self, rows: &[usize]) -> Result<()> {
        match rows.iter().find(|&&row| row >= self.rows) {
            None => Ok(()),
            Some(row) => Err(self
                .in_file(Error::new(
                    ErrorKind::Parameter,
                    format!("row index {row} was asked for, but the table has {} rows", self.rows),
                ))
                .help("row indices count from 0 and stay below `table.rows()`")),
        }
    }

    fn missing(&self, name: &str) -> Error {
        let help = match nearest(name, &self.names) {
            Some(nearest) => {
                format!("did you mean `{nearest}`? The columns are {}", self.names.join(", "))
            }
            None => format!("the columns are {}", self.names.join(", ")),
        };
        self.in_file(Error::new(ErrorKind::Table, "there is no such column"))
            .column(name)
            .help(help)
    }
}

/// `text`, or its first `limit` characters and an ellipsis.
pub(super) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_string(),
    }
}

/// The name that `name` most probably stands for, when one is near enough.
fn nearest<'a>(name: &str, names: &'a [String]) -> Option<&'a String> {
    let wanted = name.to_lowercase();
    names
        .iter()
        .map(|known| (distance(&wanted, &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= 2.max(known.chars().count() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_column_suggests_the_nearest_and_lists_all() {
        let table = Table::from_columns(vec![
            ("Visits", vec![1_i64].into()),
            ("Bookmarks", vec![2_i64].into()),
        ])
        .unwrap();
        let error = table.column("visit").unwrap_err().to_string();
        assert!(error.contains("`visit`") && error.contains("did you mean `Visits`?"), "{error}");
        assert!(error.contains("Visits, Bookmarks"), "{error}");
        let error = table.column("tier").unwrap_err().to_string();
        assert!(!error.contains("did you mean"), "{error}");
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("flaw", "lawn"), 2);
    }

    #[test]
    fn columns_of_different_length_are_refused() {
        let error =
            Table::from_columns(vec![("a", vec![1_i64, 2].into()), ("b", vec![true].into())])
                .unwrap_err()
                .to_string();
        assert!(error.contains("`b`") && error.contains('1') && error.contains('2'), "{error}");
    }
}

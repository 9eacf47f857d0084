//! Two tables made one: side by side where their keys are equal, or one below the other.

use super::categorical::Categorical;
use super::column::{Column, ColumnType, Value};
use super::frame::Table;
use super::summary::free_name;
use super::texts::Texts;
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;

/// The rows that a join keeps.
///
/// ```
/// use cuaderno::table::{Join, Table};
/// let left = Table::from_columns(vec![("id", vec![1_i64, 2].into())])?;
/// let right = Table::from_columns(vec![("id", vec![2_i64, 3].into()), ("x", vec![0.5, 0.7].into())])?;
/// let rows = |how| Ok::<usize, cuaderno::Error>(left.join(&right, &["id"], how)?.rows());
/// assert_eq!((rows(Join::Inner)?, rows(Join::Left)?, rows(Join::Outer)?), (1, 2, 3));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Join {
    /// Rows whose keys are in both tables.
    Inner,
    /// All rows of the left table; nulls where the right one has no such keys.
    Left,
    /// All rows of both.
    Outer,
}

impl Table {
    /// The rows of this table beside those of `right` with the same values in the columns `on`, in this table's order,
    /// as pandas's `merge`. A column of `right` whose name is taken gets `_` behind it; nulls match nothing.
    ///
    /// ```
    /// use cuaderno::table::{Join, Table};
    /// # fn main() -> cuaderno::Result<()> {
    /// let works = Table::from_columns(vec![("artist", vec!["Goya", "Miró"].into())])?;
    /// let born = Table::from_columns(vec![
    ///     ("artist", vec!["Goya"].into()),
    ///     ("born", vec![1746_i64].into()),
    /// ])?;
    /// assert_eq!(works.join(&born, &["artist"], Join::Left)?.column("born")?.nulls(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Parameter` when `on` is empty; `Table` when a key column is missing or of another type in one of the tables, unless
    /// they are integers and floats, text and categories, or one has no values.
    pub fn join(&self, right: &Self, on: &[&str], how: Join) -> Result<Self> {
        if on.is_empty() {
            return Err(Error::new(
                ErrorKind::Parameter,
                "expected at least one column to join on",
            ));
        }
        let (mut left_keys, mut right_keys) = (self.select(on)?, right.select(on)?);
        for name in on {
            let (left, right) = (self.column(name)?, right.column(name)?);
            let (a, b) = (left.column_type(), right.column_type());
            let both_text =
                [a, b].iter().all(|kind| matches!(kind, ColumnType::Text | ColumnType::Category));
            let nothing = [left, right].iter().any(|column| column.nulls() == column.len());
            if a != b && left.is_numeric() && right.is_numeric() {
                let floats = |column: &Column| Column::Float(present(column.floats()));
                left_keys = left_keys.with_column(name, floats(left))?;
                right_keys = right_keys.with_column(name, floats(right))?;
            } else if a != b && !both_text && !nothing {
                let problem = format!("expected one type in both tables, found {a} and {b}");
                return Err(Error::new(ErrorKind::Table, problem)
                    .column(*name)
                    .help("read both as text with `CsvOptions::text`"));
            }
        }
        let (left_keys, right_keys) = (left_keys.keys(on)?, right_keys.keys(on)?);
        let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (row, key) in right_keys.iter().enumerate() {
            if let Some(key) = key {
                places.entry(key).or_default().push(row);
            }
        }
        let mut pairs: Vec<(Option<usize>, Option<usize>)> = Vec::new();
        let mut matched = vec![false; right.rows];
        for (row, key) in left_keys.iter().enumerate() {
            let found = key.as_ref().and_then(|key| places.get(key.as_slice()));
            match found {
                Some(rows) => rows.iter().for_each(|other| {
                    matched[*other] = true;
                    pairs.push((Some(row), Some(*other)));
                }),
                None if how != Join::Inner => pairs.push((Some(row), None)),
                None => {}
            }
        }
        if how == Join::Outer {
            let rest = (0..right.rows).filter(|row| !matched[*row]);
            pairs.extend(rest.map(|row| (None, Some(row))));
        }
        // A row past the end becomes a missing value.
        let left_rows: Vec<usize> =
            pairs.iter().map(|(left, _)| left.unwrap_or(usize::MAX)).collect();
        let right_rows: Vec<usize> =
            pairs.iter().map(|(_, right)| right.unwrap_or(usize::MAX)).collect();
        let mut joined = Self { names: vec![], columns: vec![], rows: pairs.len(), origin: None };
        for (name, column) in self.names.iter().zip(&self.columns) {
            let mut column = column.take(&left_rows);
            if how == Join::Outer && on.contains(&name.as_str()) {
                let other = right.column(name)?.take(&right_rows);
                column = first_present(&column, &other);
            }
            joined = joined.with_column(name, column)?;
        }
        for (name, column) in right.names.iter().zip(&right.columns) {
            if !on.contains(&name.as_str()) {
                let label = free_name(name, &joined.names);
                joined = joined.with_column(&label, column.take(&right_rows))?;
            }
        }
        Ok(joined)
    }

    /// The rows of these tables one below the other. The columns are those of all, in order of appearance; a table
    /// without one has nulls in it.
    ///
    /// # Errors
    /// `Table` when a column has different types in two of the tables, unless they are integers and floats, or text and
    /// categories, which become text where the categories differ.
    pub fn concat(tables: &[&Self]) -> Result<Self> {
        let mut names: Vec<&String> = Vec::new();
        for name in tables.iter().flat_map(|table| &table.names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let rows = tables.iter().map(|table| table.rows).sum();
        let mut whole = Self { names: vec![], columns: vec![], rows, origin: None };
        for name in names {
            let mut parts = Vec::with_capacity(tables.len());
            for table in tables {
                let place = table.names.iter().position(|known| known == name);
                parts.push((place.map(|place| &*table.columns[place]), table.rows));
            }
            let column = stacked(&parts).map_err(|error| error.column(name))?;
            whole = whole.with_column(name, column)?;
        }
        Ok(whole)
    }

    /// The key of each row; none where a value is missing.
    fn keys(&self, names: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        let columns = self.chosen(names)?;
        let key = |row| {
            let mut key = Vec::new();
            for column in &columns {
                let value = column.get(row);
                if value == Value::Null {
                    return None;
                }
                value.write_key(&mut key);
            }
            Some(key)
        };
        Ok((0..self.rows).map(key).collect())
    }
}

/// Numbers without those that are missing.
fn present(numbers: Option<Vec<f64>>) -> Vec<Option<f64>> {
    let present = |number: f64| Some(number).filter(|number| !number.is_nan());
    numbers.unwrap_or_default().into_iter().map(present).collect()
}

/// The values of `a`, or of `b` where `a` has none; of one length and, where both have values, of one kind. Categories
/// become text, integers beside floats floats.
fn first_present(a: &Column, b: &Column) -> Column {
    if a.column_type() != b.column_type() {
        if a.nulls() == a.len() {
            return b.clone();
        }
        if b.nulls() == b.len() {
            return a.clone();
        }
    }
    if let (Some(left), Some(right)) = (a.floats(), b.floats())
        && a.column_type() != b.column_type()
    {
        return Column::Float(first(&present(Some(left)), &present(Some(right))));
    }
    fn first<T: Clone>(a: &[Option<T>], b: &[Option<T>]) -> Vec<Option<T>> {
        a.iter().zip(b).map(|(a, b)| a.clone().or_else(|| b.clone())).collect()
    }
    match (a, b) {
        (Column::Integer(a), Column::Integer(b)) => Column::Integer(first(a, b)),
        (Column::Float(a), Column::Float(b)) => Column::Float(first(a, b)),
        (Column::Boolean(a), Column::Boolean(b)) => Column::Boolean(first(a, b)),
        (Column::DateTime(a), Column::DateTime(b)) => Column::DateTime(first(a, b)),
        (Column::List(a), Column::List(b)) => Column::List(first(a, b)),
        _ => {
            let text = |value| if let Value::Text(text) = value { Some(text) } else { None };
            let mut texts = Texts::new();
            a.iter().zip(b.iter()).for_each(|(a, b)| texts.push(text(a).or(text(b))));
            Column::Text(texts)
        }
    }
}

/// Columns one below the other; a missing one is as many nulls.
fn stacked<'a>(parts: &[(Option<&'a Column>, usize)]) -> Result<Column> {
    let mut kinds: Vec<ColumnType> = Vec::new();
    for column in parts.iter().filter_map(|(column, _)| *column) {
        // A column of nulls alone fits any type.
        if column.nulls() < column.len() && !kinds.contains(&column.column_type()) {
            kinds.push(column.column_type());
        }
    }
    let kind = match kinds[..] {
        [] => parts.iter().find_map(|(column, _)| column.map(Column::column_type)),
        [kind] => Some(kind),
        [ColumnType::Text, ColumnType::Category] | [ColumnType::Category, ColumnType::Text] => {
            Some(ColumnType::Text)
        }
        [ColumnType::Integer, ColumnType::Float] | [ColumnType::Float, ColumnType::Integer] => {
            Some(ColumnType::Float)
        }
        _ => {
            let names: Vec<String> = kinds.iter().map(ToString::to_string).collect();
            let problem = format!("expected one type in all tables, found {}", names.join(" and "));
            return Err(Error::new(ErrorKind::Table, problem)
                .help("read the column with one type in all of them (`CsvOptions::column_type`)"));
        }
    };
    let values = || {
        parts.iter().flat_map(|(column, rows)| {
            (0..*rows).map(move |row| column.map_or(Value::Null, |column| column.get(row)))
        })
    };
    let text = || {
        let mut texts = Texts::new();
        values().for_each(|v| texts.push(if let Value::Text(v) = v { Some(v) } else { None }));
        Column::Text(texts)
    };
    Ok(match kind.unwrap_or(ColumnType::Float) {
        // Other categories would need an order that nobody has stated.
        ColumnType::Category => {
            let categories = |(column, rows): &(Option<&'a Column>, usize)| match column {
                Some(Column::Category(categories)) => (Some(categories), *rows),
                _ => (None, *rows),
            };
            let parts: Vec<_> = parts.iter().map(categories).collect();
            Categorical::stacked(&parts).map_or_else(text, Column::Category)
        }
        ColumnType::DateTime => Column::DateTime(
            values().map(|v| if let Value::DateTime(v) = v { Some(v) } else { None }).collect(),
        ),
        ColumnType::Integer => Column::Integer(
            values().map(|v| if let Value::Integer(v) = v { Some(v) } else { None }).collect(),
        ),
        ColumnType::Boolean => Column::Boolean(
            values().map(|v| if let Value::Boolean(v) = v { Some(v) } else { None }).collect(),
        ),
        ColumnType::List => Column::List(
            values()
                .map(|v| if let Value::List(v) = v { Some(v.to_vec()) } else { None })
                .collect(),
        ),
        ColumnType::Text => text(),
        ColumnType::Float => Column::Float(
            values()
                .map(|v| match v {
                    Value::Float(v) => Some(v),
                    Value::Integer(v) => Some(v as f64),
                    _ => None,
                })
                .collect(),
        ),
    })
}

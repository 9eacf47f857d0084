//! Null cells filled, in columns of any type.

use super::column::{Column, ColumnType, Value};
use super::frame::Table;
use crate::{Error, ErrorKind, Result};

impl Table {
    /// With `value` in the null cells of a column of its type, as pandas's `fillna`: a number in a column of numbers, a
    /// date in a column of dates. [`Value::Null`] changes nothing.
    ///
    /// ```
    /// use cuaderno::table::{Table, Value};
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("open", vec![Some(true), None].into())])?;
    /// let table = table.fill_null_values("open", Value::Boolean(false))?;
    /// assert_eq!(table.texts("open")?, ["true", "false"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column, or the value is of another type than the column.
    pub fn fill_null_values(&self, name: &str, value: Value<'_>) -> Result<Self> {
        let column = self.column(name)?;
        let filled = match (column, value) {
            (_, Value::Null) => column.clone(),
            (Column::Integer(values), Value::Integer(fill)) => filled(values, &fill).into(),
            (Column::Float(_), Value::Integer(fill)) => {
                return self.fill_nulls(name, fill as f64);
            }
            (Column::Integer(_) | Column::Float(_), Value::Float(fill)) => {
                return self.fill_nulls(name, fill);
            }
            (Column::Boolean(values), Value::Boolean(fill)) => filled(values, &fill).into(),
            (Column::DateTime(values), Value::DateTime(fill)) => filled(values, &fill).into(),
            (Column::List(values), Value::List(fill)) => filled(values, &fill.to_vec()).into(),
            (Column::Text(_) | Column::Category(_), Value::Text(fill)) => {
                return self.fill_null_texts(name, fill);
            }
            // A column of empty cells is read as numbers.
            (Column::Float(_), Value::Text(fill)) if column.nulls() == column.len() => {
                vec![fill; column.len()].into()
            }
            (column, value) => {
                let problem =
                    format!("expected a value of type {}, found `{value}`", column.column_type());
                let error = Error::new(ErrorKind::Table, problem).column(name);
                return Err(self.in_file(error).help(match column.column_type() {
                    ColumnType::DateTime => "make a date with `DateTime::parse`",
                    _ => "give a value of the column's type, or change the column first",
                }));
            }
        };
        self.with_column(name, filled)
    }

    /// With the last value above it in each null cell of a column, as pandas's `ffill`: for tables in which a value stands
    /// for the rows below it too. Nulls at the top stay.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let regions = vec![Some("Norte"), None, Some("Sur"), None];
    /// let table = Table::from_columns(vec![("region", regions.into())])?;
    /// assert_eq!(table.fill_nulls_forward("region")?.texts("region")?, ["Norte", "Norte", "Sur", "Sur"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column.
    pub fn fill_nulls_forward(&self, name: &str) -> Result<Self> {
        let column = self.column(name)?;
        let mut last = 0;
        let mut rows = Vec::with_capacity(column.len());
        for row in 0..column.len() {
            if column.get(row) != Value::Null {
                last = row;
            }
            rows.push(last);
        }
        self.with_column(name, column.take(&rows))
    }
}

fn filled<T: Clone>(values: &[Option<T>], fill: &T) -> Vec<Option<T>> {
    values.iter().map(|value| value.clone().or_else(|| Some(fill.clone()))).collect()
}

//! Columns of dates: read from text, and taken apart.

use super::column::{Column, ColumnType, Value};
use super::date_text::check_format;
use super::date_time::DateTime;
use super::frame::{Table, cut};
use crate::Result;

/// A part of a date, as [`Table::date_part`] extracts it.
///
/// ```
/// use cuaderno::table::{DatePart, Table};
/// let table = Table::from_columns(vec![("sold", vec!["2024-02-29", "2024-03-01"].into())])?.parse_dates(&["sold"])?;
/// let days = table.with_column("day", table.date_part("sold", DatePart::DayOfYear)?)?;
/// assert_eq!(days.numbers("day")?, [60.0, 61.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatePart {
    /// The year.
    Year,
    /// The quarter, 1 to 4.
    Quarter,
    /// The month, 1 to 12.
    Month,
    /// The day of the month, 1 to 31.
    Day,
    /// The day of the week, 0 for Monday to 6 for Sunday.
    Weekday,
    /// The day of the year, 1 to 366.
    DayOfYear,
    /// The hour, 0 to 23.
    Hour,
    /// The minute, 0 to 59.
    Minute,
    /// The second, 0 to 59.
    Second,
}

impl DatePart {
    fn of(self, date: DateTime) -> i64 {
        match self {
            Self::Year => date.year(),
            Self::Quarter => (date.month() + 2) / 3,
            Self::Month => date.month(),
            Self::Day => date.day(),
            Self::Weekday => date.weekday(),
            Self::DayOfYear => date.day_of_year(),
            Self::Hour => date.hour(),
            Self::Minute => date.minute(),
            Self::Second => date.second(),
        }
    }
}

impl Table {
    /// Turns columns of ISO 8601 texts such as `2024-02-29` or `2024-02-29T18:30:00Z` into dates; see
    /// [`DateTime::parse`]. Nulls, empty texts and `NaT` are nulls; columns of dates stay as they are.
    ///
    /// ```
    /// use cuaderno::table::{DatePart, Table};
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("sold", vec!["2024-02-29", "NaT"].into())])?;
    /// let table = table.parse_dates(&["sold"])?;
    /// let table = table.with_column("month", table.date_part("sold", DatePart::Month)?)?;
    /// assert_eq!(table.column("month")?.get(0).to_string(), "2");
    /// assert_eq!(table.column("month")?.nulls(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column, or a cell is no such text: the message names row and column.
    pub fn parse_dates(&self, names: &[&str]) -> Result<Self> {
        let mut table = self.clone();
        for name in names {
            table = table.with_dates(name, &|text| DateTime::parse(text), "")?;
        }
        Ok(table)
    }

    /// Turns a column of texts of one format, such as `%d/%m/%Y %H:%M`, into dates; see [`DateTime::parse_with`] for the
    /// marks. Nulls, empty texts and `NaT` are nulls.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("sold", vec!["29/02/2024", "01/03/2024"].into())])?;
    /// let table = table.parse_dates_with("sold", "%d/%m/%Y")?;
    /// assert_eq!(table.texts("sold")?, ["2024-02-29", "2024-03-01"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column, or a cell is not of the format; `Parameter` when the format has an unknown
    /// mark.
    pub fn parse_dates_with(&self, name: &str, format: &str) -> Result<Self> {
        check_format(format)?;
        self.with_dates(name, &|text| DateTime::parse_with(text, format), format)
    }

    fn with_dates(
        &self,
        name: &str,
        parse: &dyn Fn(&str) -> Result<DateTime>,
        format: &str,
    ) -> Result<Self> {
        let column = self.column(name)?;
        if column.column_type() == ColumnType::DateTime {
            return Ok(self.clone());
        }
        let mut dates = Vec::with_capacity(self.rows());
        for (row, value) in column.iter().enumerate() {
            let Some(text) = written(value) else {
                dates.push(None);
                continue;
            };
            let date = parse(&text).map_err(|_| {
                let expected = match format {
                    "" => "a date such as 2024-02-29 18:30:00".to_string(),
                    format => format!("a date of the format `{format}`"),
                };
                let problem = format!("expected {expected}, found `{}`", cut(&text, 60));
                self.at(name, row, problem).help(
                    "give its format (`parse_dates_with`), or turn such cells into nulls with `dates_or_null`",
                )
            });
            dates.push(Some(date?));
        }
        self.with_column(name, Column::DateTime(dates))
    }

    /// The dates of a column of texts of one format, ISO 8601 where it is empty; null for texts that are no date, as
    /// pandas's `to_datetime(errors="coerce")`.
    ///
    /// # Errors
    /// `Table` when there is no such column; `Parameter` when the format has an unknown mark.
    pub fn dates_or_null(&self, name: &str, format: &str) -> Result<Vec<Option<DateTime>>> {
        check_format(format)?;
        let date = |value: Value<'_>| match value {
            Value::DateTime(date) => Some(date),
            value => written(value).and_then(|text| match format {
                "" => DateTime::parse(&text).ok(),
                format => DateTime::parse_with(&text, format).ok(),
            }),
        };
        Ok(self.column(name)?.iter().map(date).collect())
    }

    /// The dates of a column of dates; none where a cell is null.
    ///
    /// # Errors
    /// `Table` when there is no such column, or it was not parsed with [`parse_dates`](Self::parse_dates).
    pub fn dates(&self, name: &str) -> Result<Vec<Option<DateTime>>> {
        match self.column(name)? {
            Column::DateTime(dates) => Ok(dates.clone()),
            other => Err(self.wrong_type(name, other.column_type()).help(format!(
                "if it holds dates written as text, parse it first: `table.parse_dates(&[\"{name}\"])?`"
            ))),
        }
    }

    /// A part of each date of a column, as a column of whole numbers; null where the date is.
    ///
    /// # Errors
    /// As [`dates`](Self::dates).
    pub fn date_part(&self, name: &str, part: DatePart) -> Result<Column> {
        let of = |date: &Option<DateTime>| date.map(|date| part.of(date));
        Ok(Column::Integer(self.dates(name)?.iter().map(of).collect()))
    }
}

/// A cell as text; none where it is empty.
fn written(value: Value<'_>) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Text(text) => text.trim().to_string(),
        value => value.to_string(),
    };
    (!text.is_empty() && text != "NaT").then_some(text)
}

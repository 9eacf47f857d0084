//! The cells of a column as values of the narrowest type that fits, or of the type that was asked for.

use super::super::categorical::Categorical;
use super::super::column::{Column, ColumnType};
use super::super::date_time::DateTime;
use super::super::frame::Lines;
use super::super::texts::Texts;
use super::options::CsvOptions;
use super::records::Cells;
use crate::{Error, ErrorKind, Result};

/// How numbers are written, and which texts stand for a missing value.
pub(super) struct Format {
    decimal: Option<char>,
    thousands: Option<char>,
    /// Whether numbers may also have a decimal comma: the file is separated by `;`.
    comma: bool,
    nulls: Nulls,
}

enum Nulls {
    Pandas(Vec<String>),
    Only(Vec<String>),
}

impl Format {
    pub fn new(options: &CsvOptions, separator: u8) -> Self {
        Self {
            decimal: options.decimal,
            thousands: options.thousands,
            comma: options.decimal.is_none() && options.thousands.is_none() && separator == b';',
            nulls: match &options.nulls {
                Some(texts) => Nulls::Only([&texts[..], &options.more_nulls].concat()),
                None => Nulls::Pandas(options.more_nulls.clone()),
            },
        }
    }

    fn is_null(&self, cell: &[u8]) -> bool {
        let among = |texts: &[String]| texts.iter().any(|text| text.as_bytes() == cell);
        match &self.nulls {
            Nulls::Pandas(more) => is_null(cell) || !more.is_empty() && among(more),
            Nulls::Only(texts) => among(texts),
        }
    }

    fn integer(&self, text: &str) -> Option<i64> {
        let text = text.trim_ascii();
        match self.thousands.filter(|mark| text.contains(*mark)) {
            Some(mark) => text.replace(mark, "").parse().ok(),
            None => text.parse().ok(),
        }
    }

    fn float(&self, text: &str) -> Option<f64> {
        let text = text.trim_ascii();
        let decimal = self.decimal.unwrap_or('.');
        if decimal == '.' && self.thousands.is_none() {
            return text.parse().ok();
        }
        if decimal != '.' && text.contains('.') && self.thousands != Some('.') {
            return None;
        }
        let plain: String = text
            .chars()
            .filter(|c| Some(*c) != self.thousands)
            .map(|c| if c == decimal { '.' } else { c })
            .collect();
        plain.parse().ok()
    }
}

/// A number with a decimal comma, and perhaps points between groups of three digits: `1.234,50`, `1,5e3`.
fn comma_float(text: &str) -> Option<f64> {
    let text = text.trim_ascii();
    let (text, exponent) = match text.find(['e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let (whole, fraction) = text.split_once(',').unwrap_or((text, ""));
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let mut groups = digits.split('.');
    let first = groups.next().unwrap_or_default();
    let grouped = digits.contains('.');
    if grouped && (first.len() > 3 || groups.any(|group| group.len() != 3)) {
        return None;
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || digits.is_empty() {
        return None;
    }
    format!("{}.{fraction}{exponent}", whole.replace('.', "")).parse().ok()
}

/// A column of these cells.
///
/// # Errors
/// `Table` when a cell is not valid UTF-8, or does not fit the type that was asked for.
pub(super) fn typed(
    cells: Cells,
    name: &str,
    lines: &Lines,
    format: &Format,
    asked: Option<ColumnType>,
) -> Result<Column> {
    let Cells { bytes, ends } = cells;
    let starts = || std::iter::once(0).chain(ends.iter().copied());
    let buffer = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let row = ends.partition_point(|end| *end <= at);
        let start = starts().nth(row).unwrap_or(0);
        let end = ends.get(row).copied().unwrap_or(start);
        let cell = error.as_bytes().get(start..end).unwrap_or_default();
        not_utf8(lines.of(row), cell).column(name)
    })?;
    // Each cell must be text by itself, too: two halves of one character can meet in the buffer.
    if let Some(row) = ends.iter().position(|end| !buffer.is_char_boundary(*end)) {
        return Err(not_utf8(lines.of(row), b"\xFF").column(name));
    }
    let present: Vec<bool> = starts()
        .zip(&ends)
        .map(|(start, &end)| !format.is_null(&buffer.as_bytes()[start..end]))
        .collect();
    let cells = || {
        let cell = |((start, &end), &present): ((usize, &usize), &bool)| {
            present.then(|| &buffer[start..end])
        };
        starts().zip(&ends).zip(&present).map(cell)
    };
    // An empty cell is no number, also where only other texts stand for missing values.
    let numeric = || cells().map(|cell| cell.filter(|text| !text.is_empty()));
    let boolean = |text: &str| match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    let misfit = |kind: ColumnType, fits: &mut dyn FnMut(&str) -> bool| {
        let found = numeric().enumerate().find(|(_, cell)| cell.is_some_and(|text| !fits(text)));
        let (row, cell) = found.unwrap_or_default();
        let problem = format!(
            "`{}` does not fit a column of type {kind}",
            shown(cell.unwrap_or_default().as_bytes())
        );
        Error::new(ErrorKind::Table, problem)
            .row(lines.of(row))
            .column(name)
            .help("correct the cell, add it to the nulls with `CsvOptions::more_nulls`, or state another type with `CsvOptions::column_type`")
    };
    match asked {
        Some(ColumnType::Text) => {
            return Ok(Column::Text(Texts::from_parts(buffer, ends, present)));
        }
        Some(ColumnType::Category) => {
            let texts = Texts::from_parts(buffer, ends, present);
            return Ok(Column::Category(Categorical::sorted(&texts)));
        }
        Some(kind @ ColumnType::DateTime) => {
            // Empty texts and NaT are no dates.
            let parse = |text: &str| match text.trim() {
                "" | "NaT" => Some(None),
                text => DateTime::parse(text).ok().map(Some),
            };
            let values = all(numeric(), parse);
            return values
                .map(|dates| Column::DateTime(dates.into_iter().map(Option::flatten).collect()))
                .ok_or_else(|| misfit(kind, &mut |text| parse(text).is_some()));
        }
        Some(kind @ ColumnType::Integer) => {
            let values = all(numeric(), |text| format.integer(text));
            return values
                .map(Column::Integer)
                .ok_or_else(|| misfit(kind, &mut |text| format.integer(text).is_some()));
        }
        Some(kind @ ColumnType::Float) => {
            let mut parse = |text: &str| {
                format.float(text).or_else(|| format.comma.then(|| comma_float(text)).flatten())
            };
            let values = all(numeric(), &mut parse);
            return values
                .map(floats)
                .ok_or_else(|| misfit(kind, &mut |text| parse(text).is_some()));
        }
        Some(kind @ ColumnType::Boolean) => {
            let values = all(numeric(), boolean);
            return values
                .map(Column::Boolean)
                .ok_or_else(|| misfit(kind, &mut |text| boolean(text).is_some()));
        }
        _ => {}
    }
    // Nothing to go by: a column without rows is text, one of empty cells numeric, as in pandas.
    if ends.is_empty() {
        return Ok(Column::Text(Texts::new()));
    }
    let mut whole_numbers = false;
    let integer = |text: &str| {
        let text = text.trim_ascii();
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        whole_numbers = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        format.integer(text)
    };
    if numeric().any(|cell| cell.is_some())
        && let Some(values) = all(numeric(), integer)
    {
        return Ok(Column::Integer(values));
    }
    // Whole numbers too long for 64 bits are most often identifiers: as floats they would be rounded.
    if !whole_numbers {
        if let Some(values) = all(numeric(), |text| format.float(text)) {
            return Ok(floats(values));
        }
        if format.comma
            && let Some(values) = all(numeric(), comma_float)
        {
            return Ok(floats(values));
        }
    }
    if let Some(values) = all(numeric(), boolean) {
        return Ok(Column::Boolean(values));
    }
    Ok(Column::Text(Texts::from_parts(buffer, ends, present)))
}

fn floats(values: Vec<Option<f64>>) -> Column {
    Column::Float(values.into_iter().map(|value| value.filter(|v| !v.is_nan())).collect())
}

/// Every cell parsed, or `None` as soon as one does not parse.
fn all<'a, T>(
    cells: impl Iterator<Item = Option<&'a str>>,
    mut parse: impl FnMut(&'a str) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    let mut values = Vec::new();
    for cell in cells {
        values.push(match cell {
            Some(text) => Some(parse(text)?),
            None => None,
        });
    }
    Some(values)
}

/// The error about a cell whose bytes are not UTF-8.
pub(super) fn not_utf8(row: usize, cell: &[u8]) -> Error {
    Error::new(ErrorKind::Table, format!("`{}` is not valid UTF-8", shown(cell)))
        .row(row)
        .help("read it with `CsvOptions::new().encoding(Encoding::Windows1252)` (or Latin1), or save the file as UTF-8")
}

fn shown(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).chars().take(40).collect()
}

/// Returns `true` if pandas reads a cell as a missing value.
fn is_null(cell: &[u8]) -> bool {
    match cell {
        [] => true,
        [b'#' | b'-' | b'1' | b'<' | b'N' | b'n', ..] if cell.len() <= 9 => matches!(
            cell,
            b"#N/A"
                | b"#N/A N/A"
                | b"#NA"
                | b"-1.#IND"
                | b"-1.#QNAN"
                | b"-NaN"
                | b"-nan"
                | b"1.#IND"
                | b"1.#QNAN"
                | b"<NA>"
                | b"N/A"
                | b"NA"
                | b"NULL"
                | b"NaN"
                | b"None"
                | b"n/a"
                | b"nan"
                | b"null"
        ),
        _ => false,
    }
}

//! The cells of a column as values of the narrowest type that fits, or of the type that was asked for.

use super::super::categorical::Categorical;
use super::super::column::{Column, ColumnType};
use super::super::date_time::DateTime;
use super::super::frame::Lines;
use super::super::texts::{Run, Texts};
use super::options::CsvOptions;
use crate::{Error, ErrorKind, Result};

/// Cells after which a column seems to be of a type, so that memory for all of them is reserved.
const SAMPLE: usize = 64;

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

impl Nulls {
    /// The numbers among the texts that the options name.
    fn numbers(&self) -> Vec<f64> {
        let (Self::Pandas(texts) | Self::Only(texts)) = self;
        texts.iter().filter_map(|text| text.parse().ok()).collect()
    }
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

    #[inline]
    pub fn is_null(&self, cell: &[u8]) -> bool {
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
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || digits.len() + fraction.len() == 0 {
        return None;
    }
    format!("{}.{fraction}{exponent}", whole.replace('.', "")).parse().ok()
}

/// A column of these cells.
///
/// # Errors
/// `Table` when a cell does not fit the type that was asked for.
pub(super) fn typed(
    runs: Vec<Run>,
    name: &str,
    lines: &Lines,
    format: &Format,
    asked: Option<ColumnType>,
) -> Result<Column> {
    // An empty cell is no number, also where only other texts stand for missing values.
    let numeric = || runs.iter().flat_map(numeric);
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
            return Ok(Column::Text(Texts::from_runs(runs)));
        }
        Some(ColumnType::Category) => {
            return Ok(Column::Category(Categorical::sorted(&Texts::from_runs(runs))));
        }
        Some(kind @ ColumnType::DateTime) => {
            // Empty texts and NaT are no dates.
            let parse = |text: &str| match text.trim() {
                "" | "NaT" => Some(None),
                text => DateTime::parse(text).ok().map(Some),
            };
            let values = all(&runs, parse);
            return values
                .map(|dates| Column::DateTime(dates.into_iter().map(Option::flatten).collect()))
                .map_err(|_| misfit(kind, &mut |text| parse(text).is_some()));
        }
        Some(kind @ ColumnType::Integer) => {
            let values = all(&runs, |text| format.integer(text));
            return values
                .map(Column::Integer)
                .map_err(|_| misfit(kind, &mut |text| format.integer(text).is_some()));
        }
        Some(kind @ ColumnType::Float) => {
            let parse = |text: &str| {
                format.float(text).or_else(|| format.comma.then(|| comma_float(text)).flatten())
            };
            let values = all(&runs, parse);
            return values
                .map(|values| floats(values, format))
                .map_err(|_| misfit(kind, &mut |text| parse(text).is_some()));
        }
        Some(kind @ ColumnType::Boolean) => {
            let values = all(&runs, boolean);
            return values
                .map(Column::Boolean)
                .map_err(|_| misfit(kind, &mut |text| boolean(text).is_some()));
        }
        _ => {}
    }
    // Nothing to go by: a column without rows is text, one of empty cells numeric, as in pandas.
    if runs.iter().all(|run| run.len() == 0) {
        return Ok(Column::Text(Texts::new()));
    }
    let mut whole_number = false;
    if numeric().any(|cell| cell.is_some()) {
        match all(&runs, |text| format.integer(text)) {
            Ok(values) => return Ok(Column::Integer(values)),
            Err(text) => {
                let text = text.trim_ascii();
                let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
                whole_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            }
        }
    }
    // Whole numbers too long for 64 bits are most often identifiers: as floats they would be rounded.
    if !whole_number {
        if let Ok(values) = all(&runs, |text| format.float(text)) {
            return Ok(floats(values, format));
        }
        // Points alone do not make numbers of groups: `192.168.001` is an address.
        if format.comma
            && numeric().flatten().any(|cell| cell.contains(','))
            && let Ok(values) = all(&runs, comma_float)
        {
            return Ok(floats(values, format));
        }
    }
    if let Ok(values) = all(&runs, boolean) {
        return Ok(Column::Boolean(values));
    }
    Ok(Column::Text(Texts::from_runs(runs)))
}

/// A column of these numbers; `-999` in the nulls also stands for `-999.0`, as in pandas.
fn floats(values: Vec<Option<f64>>, format: &Format) -> Column {
    let nulls = format.nulls.numbers();
    let present = |value: &f64| !value.is_nan() && !nulls.contains(value);
    Column::Float(values.into_iter().map(|value| value.filter(present)).collect())
}

/// The cells of a run that may be numbers: those that are there and not empty.
fn numeric(run: &Run) -> impl Iterator<Item = Option<&str>> {
    run.iter().map(|cell| cell.filter(|text| !text.is_empty()))
}

/// Every cell parsed; the first that does not parse is the error. Columns are parsed at the same time, and each into one
/// vector: putting parts together would take more time than parsing them.
fn all<'a, T>(
    runs: &'a [Run],
    parse: impl Fn(&'a str) -> Option<T>,
) -> std::result::Result<Vec<Option<T>>, &'a str> {
    let mut values = Vec::new();
    for cell in runs.iter().flat_map(numeric) {
        if values.len() == SAMPLE {
            values.reserve_exact(runs.iter().map(Run::len).sum::<usize>() - SAMPLE);
        }
        values.push(match cell {
            Some(text) => Some(parse(text).ok_or(text)?),
            None => None,
        });
    }
    Ok(values)
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
#[inline(always)]
fn is_null(cell: &[u8]) -> bool {
    match cell {
        [] => true,
        [b'#' | b'-' | b'1' | b'<' | b'N' | b'n', ..] if cell.len() <= 9 => is_null_text(cell),
        _ => false,
    }
}

fn is_null_text(cell: &[u8]) -> bool {
    matches!(
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
    )
}

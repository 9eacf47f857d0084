//! How a CSV file is written: separator, decimal mark, encoding, missing values, types.

use super::super::column::ColumnType;
use crate::{Error, ErrorKind, Result};

/// Options of [`Table::read_csv_with`](crate::table::Table::read_csv_with), with the names of pandas's `read_csv` where
/// they fit.
///
/// The default reads what pandas reads without options, and also finds the separator (`,`, `;`, tab or `|`) by itself.
///
/// ```
/// use cuaderno::table::{CsvOptions, Table};
/// # fn main() -> cuaderno::Result<()> {
/// let file = std::env::temp_dir().join(format!("cuaderno-doc-{}.csv", std::process::id()));
/// std::fs::write(&file, "id;price\n00012;3,50\n00345;1,25\n").unwrap();
/// let table = Table::read_csv_with(&file, &CsvOptions::new().text(&["id"]))?;
/// assert_eq!(table.texts("id")?, ["00012", "00345"]);
/// assert_eq!(table.numbers("price")?, [3.5, 1.25]);
/// # std::fs::remove_file(&file).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CsvOptions {
    pub(super) separator: Option<char>,
    pub(super) decimal: Option<char>,
    pub(super) thousands: Option<char>,
    pub(super) quote: Option<char>,
    pub(super) escape: Option<char>,
    pub(super) comment: Option<char>,
    pub(super) skip_rows: usize,
    pub(super) header: bool,
    pub(super) names: Vec<String>,
    pub(super) encoding: Encoding,
    pub(super) nulls: Option<Vec<String>>,
    pub(super) more_nulls: Vec<String>,
    pub(super) columns: Vec<String>,
    pub(super) rows: Option<usize>,
    pub(super) types: Vec<(String, ColumnType)>,
    pub(super) short_rows: ShortRows,
    pub(super) max_bytes: u64,
}

/// Character encoding of a text file. A byte order mark is always obeyed.
///
/// ```
/// use cuaderno::table::{CsvOptions, Encoding, Table};
/// # let file = std::env::temp_dir().join(format!("cuaderno-doc-latin-{}.csv", std::process::id()));
/// std::fs::write(&file, b"city\nM\xe1laga\n").unwrap();
/// let table = Table::read_csv_with(&file, &CsvOptions::new().encoding(Encoding::Latin1))?;
/// assert_eq!(table.texts("city")?, ["Málaga"]);
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// ISO 8859-1: each byte is the character of that number.
    Latin1,
    /// Windows-1252, which Excel writes in Western Europe.
    Windows1252,
    /// UTF-16; without a byte order mark, in the order in which the zero bytes of Latin letters stand.
    Utf16,
}

/// The treatment of rows with fewer fields than the header.
///
/// ```
/// use cuaderno::table::{CsvOptions, ShortRows, Table};
/// # let file = std::env::temp_dir().join(format!("cuaderno-doc-short-{}.csv", std::process::id()));
/// std::fs::write(&file, "city,likes\nLima,12\nQuito\n").unwrap();
/// assert_eq!(Table::read_csv(&file)?.column("likes")?.nulls(), 1);
/// assert!(Table::read_csv_with(&file, &CsvOptions::new().short_rows(ShortRows::Refuse)).is_err());
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ShortRows {
    /// The missing fields are nulls, as in pandas.
    #[default]
    Fill,
    /// The first such row is an error.
    Refuse,
}

/// The most bytes that a file may have once decompressed, unless the options raise it.
const MAX_BYTES: u64 = 4 << 30;

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            separator: None,
            decimal: None,
            thousands: None,
            quote: Some('"'),
            escape: None,
            comment: None,
            skip_rows: 0,
            header: true,
            names: Vec::new(),
            encoding: Encoding::Utf8,
            nulls: None,
            more_nulls: Vec::new(),
            columns: Vec::new(),
            rows: None,
            types: Vec::new(),
            short_rows: ShortRows::Fill,
            max_bytes: MAX_BYTES,
        }
    }
}

impl CsvOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The character between two fields; without it `,`, `;`, tab and `|` are tried on the first rows.
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = Some(separator);
        self
    }

    /// The decimal mark. Without it `.`; in files separated by `;` also `,` where a column fits no other type.
    pub fn decimal(mut self, mark: char) -> Self {
        self.decimal = Some(mark);
        self
    }

    /// The mark between groups of three digits, which is left out of numbers.
    pub fn thousands(mut self, mark: char) -> Self {
        self.thousands = Some(mark);
        self
    }

    /// The quote around fields that hold a separator or a line break; by default `"`.
    pub fn quote(mut self, quote: char) -> Self {
        self.quote = Some(quote);
        self
    }

    /// No quotes: every separator and line break counts.
    pub fn no_quotes(mut self) -> Self {
        self.quote = None;
        self
    }

    /// The character that takes the next one literally inside quotes; by default a quote is written twice.
    pub fn escape(mut self, escape: char) -> Self {
        self.escape = Some(escape);
        self
    }

    /// Skips lines that begin with this character.
    pub fn comment(mut self, prefix: char) -> Self {
        self.comment = Some(prefix);
        self
    }

    /// Skips this many lines before the header.
    pub fn skip_rows(mut self, lines: usize) -> Self {
        self.skip_rows = lines;
        self
    }

    /// The file has no header: columns are called `column_1`, `column_2`, ..., as in polars, or by
    /// [`names`](Self::names).
    pub fn no_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// The names of the columns, in place of the header's.
    pub fn names(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(ToString::to_string).collect();
        self
    }

    /// The encoding of a file without a byte order mark; by default UTF-8.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// The texts that stand for a missing value, in place of pandas's (`NA`, `None`, `null`, ...). An empty cell of a
    /// numeric column is always missing.
    pub fn nulls(mut self, texts: &[&str]) -> Self {
        self.nulls = Some(texts.iter().map(ToString::to_string).collect());
        self
    }

    /// Further texts that stand for a missing value, beside pandas's.
    pub fn more_nulls(mut self, texts: &[&str]) -> Self {
        self.more_nulls = texts.iter().map(ToString::to_string).collect();
        self
    }

    /// Only these columns, in the order of the file.
    pub fn columns(mut self, names: &[&str]) -> Self {
        self.columns = names.iter().map(ToString::to_string).collect();
        self
    }

    /// At most this many rows.
    pub fn rows(mut self, most: usize) -> Self {
        self.rows = Some(most);
        self
    }

    /// The type of one column, in place of the first that fits. Dates are written as in ISO 8601; categories are in sorted
    /// order, and text in a scan.
    pub fn column_type(mut self, column: &str, kind: ColumnType) -> Self {
        self.types.push((column.to_string(), kind));
        self
    }

    /// These columns stay as written: identifiers such as `00012` or `12e3`. All columns, when `columns` is empty.
    pub fn text(mut self, columns: &[&str]) -> Self {
        let all = if columns.is_empty() { &[ALL][..] } else { columns };
        self.types.extend(all.iter().map(|name| (name.to_string(), ColumnType::Text)));
        self
    }

    /// The treatment of rows with fewer fields than the header.
    pub fn short_rows(mut self, rule: ShortRows) -> Self {
        self.short_rows = rule;
        self
    }

    /// The most bytes that the file may have, once decompressed; by default 4 GiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The type asked for a column.
    pub(super) fn type_of(&self, column: &str) -> Option<ColumnType> {
        let mut found = self.types.iter().rev().filter(|(name, _)| name == column || name == ALL);
        found.next().map(|(_, kind)| *kind)
    }

    /// Checks that the marks are single bytes and differ.
    ///
    /// # Errors
    /// `Parameter` when a mark is not ASCII or two are the same.
    pub(super) fn check(&self) -> Result<()> {
        let marks = [
            ("separator", self.separator),
            ("quote", self.quote),
            ("escape", self.escape),
            ("comment", self.comment),
        ];
        for (what, mark) in marks {
            if let Some(mark) = mark.filter(|mark| !mark.is_ascii() || matches!(mark, '\n' | '\r'))
            {
                let problem = format!("the {what} must be one ASCII character, found {mark:?}");
                return Err(Error::new(ErrorKind::Parameter, problem));
            }
        }
        let decimal = self.decimal.unwrap_or('.');
        let clashes = [
            ("separator", self.separator, "quote", self.quote),
            ("separator", self.separator, "comment", self.comment),
            ("decimal mark", Some(decimal), "thousands mark", self.thousands),
        ];
        for (a, left, b, right) in clashes {
            if let Some(mark) = left.filter(|_| left == right) {
                let problem = format!("the {a} and the {b} must differ, found {mark:?} for both");
                return Err(Error::new(ErrorKind::Parameter, problem));
            }
        }
        if let Some((name, kind)) = self.types.iter().find(|(_, kind)| *kind == ColumnType::List) {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("a CSV file has no {kind} columns"),
            )
            .column(name)
            .help("read the column as text, and turn it into lists with `parse_lists`"));
        }
        Ok(())
    }
}

/// Stands for every column in [`CsvOptions::text`].
const ALL: &str = "\0all";

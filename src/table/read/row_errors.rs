//! Errors about rows that do not fit the header.

use super::dialect::{Dialect, line_numbers};
use crate::{Error, ErrorKind};

/// The text that a broken row stands in.
pub(super) struct Context<'a> {
    pub bytes: &'a [u8],
    /// The first byte behind the header.
    pub body: usize,
    pub dialect: Dialect,
    /// Fields in the header.
    pub width: usize,
    /// Line breaks of the file before these bytes.
    pub lines: usize,
}

impl Context<'_> {
    /// The line of the file on which this byte stands.
    pub fn line(&self, start: usize) -> usize {
        self.lines + line_numbers(self.bytes, &[start])[0]
    }

    /// The error about the row that starts at this byte: it has another number of fields than the header.
    pub fn ragged(&self, start: usize, found: usize) -> Error {
        let fields = |count: usize| format!("{count} field{}", if count == 1 { "" } else { "s" });
        let problem =
            format!("the row has {}, but the header has {}", fields(found), fields(self.width));
        let line = self.line(start);
        Error::new(ErrorKind::Table, problem).row(line).help(self.advice(start, line, found))
    }

    /// Returns `true` if the row that starts at this byte is the one behind the header.
    fn first_row(&self, start: usize) -> bool {
        self.lines == 0 && self.dialect.row_start(self.bytes, self.body) == start
    }

    fn advice(&self, start: usize, line: usize, found: usize) -> String {
        let header = &self.bytes[..self.body];
        if header.first().is_some_and(|byte| matches!(byte, b'#' | b'%')) {
            let mark = char::from(header[0]);
            return format!(
                "if lines with {mark} are comments, read it with `CsvOptions::new().comment('{mark}')`"
            );
        }
        if found < self.width {
            return "write the missing fields, or read it with `CsvOptions::new().short_rows(ShortRows::Fill)`"
                .to_string();
        }
        // A table that starts further down has rows of one width from there on.
        let mut reader = self.dialect.reader(&self.bytes[start..]);
        let next: Vec<usize> =
            reader.byte_records().take(5).map_while(|row| row.ok()).map(|row| row.len()).collect();
        let alike = next.iter().all(|width| *width == found);
        if alike && found == self.width + 1 && self.first_row(start) {
            return "if the first field names the row, as R writes, read it with \
                    `CsvOptions::new().skip_rows(1).no_header().names(&[\"row\", ...])`"
                .to_string();
        }
        if next.len() > 1 && alike {
            return format!(
                "if the header is this line, read it with `CsvOptions::new().skip_rows({})`",
                line - 1
            );
        }
        let separator = match self.dialect.separator {
            b'\t' => "a tab".to_string(),
            other => format!("`{}`", char::from(other)),
        };
        let row = &self.bytes[start..];
        let row = &row[..row.iter().position(|byte| *byte == b'\n').unwrap_or(row.len())];
        let other = [b';', b'\t', b'|'].into_iter().find(|other| {
            *other != self.dialect.separator && header.contains(other) && row.contains(other)
        });
        match other {
            Some(other) => format!(
                "if the separator is {:?}, read it with `CsvOptions::new().separator({:?})`",
                char::from(other),
                char::from(other)
            ),
            None => format!("put fields that contain {separator} between double quotes"),
        }
    }
}

/// The error about a quote that is still open at the end of the file.
pub(super) fn open_quote(dialect: Dialect) -> Error {
    let quote = dialect.quote.map_or('"', char::from);
    Error::new(ErrorKind::Table, format!("the row opens a {quote} that is never closed")).help(
        "close it, write it twice inside a quoted field, or read with `CsvOptions::no_quotes`",
    )
}

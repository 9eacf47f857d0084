//! Rows split into cells, on all processors.

use super::dialect::{Dialect, line_numbers};
use super::options::ShortRows;
use crate::{Error, ErrorKind, Result};
use rayon::prelude::*;

/// The cells of one column, end to end.
#[derive(Default)]
pub(super) struct Cells {
    pub bytes: Vec<u8>,
    pub ends: Vec<usize>,
}

/// The cells of some rows, and the byte at which each row starts.
pub(super) struct Rows {
    pub columns: Vec<Cells>,
    pub starts: Vec<usize>,
    /// The first byte that was not read: the end, or where more bytes follow the end of the row before the last.
    pub rest: usize,
}

/// Which rows and columns to read.
pub(super) struct Plan<'a> {
    pub bytes: &'a [u8],
    /// The first byte behind the header.
    pub body: usize,
    pub dialect: Dialect,
    /// Fields in the header.
    pub width: usize,
    /// Whether each column is read.
    pub wanted: &'a [bool],
    pub short_rows: ShortRows,
    pub most: Option<usize>,
    /// Line breaks of the file before these bytes.
    pub lines: usize,
    /// Whether bytes of the file follow, so that the last row may be incomplete; it is then left for later.
    pub partial: bool,
}

/// Reasons why rows could not be split into cells.
enum SplitError {
    /// The row that starts at this byte has this many fields.
    Ragged(usize, usize),
    /// The row that starts at this byte opens a quote that is never closed.
    OpenQuote(usize),
    /// The chunk boundary falls inside a record.
    Misaligned,
    Unreadable(String),
}

impl Plan<'_> {
    /// All rows.
    ///
    /// # Errors
    /// As [`parts_of_rows`](Self::parts_of_rows).
    pub fn rows(&self) -> Result<Rows> {
        Ok(joined(self.parts_of_rows()?))
    }

    /// All rows, in parts that were split at the same time.
    ///
    /// # Errors
    /// `Table` for the first row that does not fit the header, with its line.
    pub fn parts_of_rows(&self) -> Result<Vec<Rows>> {
        let end = self.bytes.len();
        let parts = self.parts();
        let split = parts
            .par_iter()
            .map(|&(start, end)| self.split(start, end))
            .collect::<std::result::Result<Vec<_>, _>>()
            // Where quotes stand inside unquoted cells, a chunk can begin in the middle of a row, and only the first
            // broken row of the file is worth reporting. Both take a read from the front.
            .or_else(|error| match parts.len() {
                1 => Err(error),
                _ => self.split(self.body, end).map(|rows| vec![rows]),
            });
        split.map_err(|error| match error {
            SplitError::Ragged(start, found) => self.ragged(start, found),
            SplitError::OpenQuote(start) => open_quote(self.dialect).row(self.line(start)),
            SplitError::Unreadable(reason) => Error::new(ErrorKind::Table, reason),
            SplitError::Misaligned => {
                Error::new(ErrorKind::Table, "the file could not be split into rows")
            }
        })
    }

    /// Where to cut the file so that every processor has a part: behind line breaks before which the quotes are even
    /// in number, which are ends of rows unless quotes stand inside unquoted cells.
    fn parts(&self) -> Vec<(usize, usize)> {
        const SMALLEST: usize = 1 << 19;
        let Self { bytes, body, .. } = *self;
        let whole = self.most.is_some() || !self.dialect.quotes_pair();
        let most = if whole { 1 } else { rayon::current_num_threads() };
        let count = most.min((bytes.len() - body) / SMALLEST).max(1);
        let mut parts = Vec::with_capacity(count);
        let mut start = body;
        let is_quote = |byte: &u8| Some(*byte) == self.dialect.quote;
        for part in 1..count {
            let aim = (body + (bytes.len() - body) / count * part).max(start);
            let mut inside =
                bytes[start..aim].iter().filter(|byte| is_quote(byte)).count() % 2 == 1;
            let end = bytes[aim..].iter().position(|byte| {
                inside ^= is_quote(byte);
                *byte == b'\n' && !inside
            });
            let Some(end) = end else { break };
            parts.push((start, aim + end + 1));
            start = aim + end + 1;
        }
        parts.push((start, bytes.len()));
        parts
    }

    /// Splits the rows between two bytes of the file into cells.
    fn split(&self, first: usize, end: usize) -> std::result::Result<Rows, SplitError> {
        let Self { bytes, dialect, width, .. } = *self;
        let wanted = self.wanted.iter().filter(|wanted| **wanted).count();
        let mut columns: Vec<Cells> = (0..wanted).map(|_| Cells::default()).collect();
        let mut starts = Vec::new();
        let mut record = csv::ByteRecord::new();
        // It may read beyond the end: only so does it show whether a row ends there.
        let mut reader = dialect.reader(&bytes[first..]);
        loop {
            let before = first + reader.position().byte() as usize;
            let start = dialect.row_start(bytes, before);
            if start >= end && end < bytes.len() {
                let misaligned = start != dialect.row_start(bytes, end);
                return if misaligned {
                    Err(SplitError::Misaligned)
                } else {
                    Ok(Rows { columns, starts, rest: end })
                };
            }
            if self.most.is_some_and(|most| starts.len() >= most) {
                return Ok(Rows { columns, starts, rest: start });
            }
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                // A comment may be incomplete, too.
                Ok(false) => {
                    let rest = if self.partial { before } else { bytes.len() };
                    return Ok(Rows { columns, starts, rest });
                }
                Err(error) => return Err(SplitError::Unreadable(error.to_string())),
            }
            let after = first + reader.position().byte() as usize;
            if self.partial && after >= bytes.len() {
                return if end < bytes.len() {
                    Err(SplitError::Misaligned)
                } else {
                    Ok(Rows { columns, starts, rest: before })
                };
            }
            let found = record.len();
            if found == 1 && is_blank(&record[0]) && bytes.get(start).copied() != dialect.quote {
                continue;
            }
            if after >= bytes.len() && dialect.ends_inside_quotes(&bytes[start..]) {
                return Err(SplitError::OpenQuote(start));
            }
            // Separators at the ends of lines make empty fields that no column is named for.
            if found > width && record.iter().skip(width).any(|field| !field.is_empty()) {
                return Err(SplitError::Ragged(start, found));
            }
            if found < width && self.short_rows == ShortRows::Refuse {
                return Err(SplitError::Ragged(start, found));
            }
            starts.push(start);
            let fields = self.wanted.iter().enumerate().filter(|(_, wanted)| **wanted);
            for (cells, (index, _)) in columns.iter_mut().zip(fields) {
                cells.bytes.extend_from_slice(record.get(index).unwrap_or_default());
                cells.ends.push(cells.bytes.len());
            }
        }
    }

    /// The line of the file on which this byte stands.
    fn line(&self, start: usize) -> usize {
        self.lines + line_numbers(self.bytes, &[start])[0]
    }

    /// The error about the row that starts at this byte: it has another number of fields than the header.
    fn ragged(&self, start: usize, found: usize) -> Error {
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

fn is_blank(field: &[u8]) -> bool {
    field.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// The parts of a file one after the other.
pub(super) fn joined(parts: Vec<Rows>) -> Rows {
    let width = parts.first().map_or(0, |rows| rows.columns.len());
    let starts = parts.iter().flat_map(|rows| rows.starts.iter().copied()).collect();
    let rest = parts.last().map_or(0, |rows| rows.rest);
    let mut columns: Vec<Vec<Cells>> = (0..width).map(|_| Vec::new()).collect();
    for rows in parts {
        for (parts, cells) in columns.iter_mut().zip(rows.columns) {
            parts.push(cells);
        }
    }
    Rows { columns: columns.into_par_iter().map(end_to_end).collect(), starts, rest }
}

fn end_to_end(parts: Vec<Cells>) -> Cells {
    let mut parts = parts.into_iter();
    let mut whole = parts.next().unwrap_or_default();
    for part in parts {
        let offset = whole.bytes.len();
        whole.bytes.extend_from_slice(&part.bytes);
        whole.ends.extend(part.ends.iter().map(|end| end + offset));
    }
    whole
}

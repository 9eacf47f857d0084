//! Rows split into cells, on all processors.

use super::super::frame::Lines;
use super::super::texts::Run;
use super::dialect::Dialect;
use super::fields::{Fields, RowError, Shape};
use super::input::Input;
use super::row_errors::{Context, open_quote};
use super::rows::{Gathered, Rows};
use super::types::{Format, not_utf8};
use crate::{Error, ErrorKind};
use rayon::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes that are split at a time: with the memory for their cells, they fit the cache of one core. Tests split short texts.
const WINDOW: usize = if cfg!(test) { 64 } else { 1 << 18 };
/// Fewest bytes of a part.
const SMALLEST: usize = 1 << 19;
/// Bytes in which the first row of a part is looked for, and rows that must fit.
const SAMPLE: usize = 1 << 16;
const SAMPLE_ROWS: usize = 32;
/// Most bytes of a row.
const LONGEST_ROW: usize = 1 << 31;

/// Which rows and columns to read.
pub(super) struct Plan<'a> {
    pub input: Input<'a>,
    /// The first byte behind the header.
    pub body: usize,
    pub shape: Shape<'a>,
    pub format: &'a Format,
    pub most: Option<usize>,
    /// Line breaks of the file before the rows.
    pub lines: usize,
    /// Whether bytes of the file follow, so that the last row may be incomplete; it is then left for later.
    pub partial: bool,
}

/// Memory that splitting takes, used again from part to part: fresh memory is slow.
#[derive(Default)]
struct Scratch {
    fields: Fields,
    buffer: Vec<u8>,
    gathered: Gathered,
}

fn lock(kept: &Mutex<Vec<Scratch>>) -> MutexGuard<'_, Vec<Scratch>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The cells of all rows.
pub(super) struct Cells {
    /// For each column, its cells in order.
    pub columns: Vec<Vec<Run>>,
    pub rows: usize,
    pub lines: Lines,
    /// Line breaks before `rest`.
    pub breaks: usize,
    /// The first byte that was not read.
    pub rest: usize,
}

/// Reasons why rows could not be split into cells.
pub(super) enum SplitError {
    Row(RowError),
    /// Line, column and bytes of a cell.
    NotUtf8(usize, usize, Vec<u8>),
    Unreadable(String),
}

impl SplitError {
    /// The error for the user; `context` is the text that was split.
    pub fn explained(self, context: &Context<'_>, names: &[String]) -> Error {
        match self {
            Self::Row(RowError::Ragged(start, found)) => context.ragged(start, found),
            Self::Row(RowError::OpenQuote(start)) => {
                open_quote(context.dialect).row(context.line(start))
            }
            Self::NotUtf8(line, column, cell) => {
                not_utf8(line, &cell).column(names.get(column).map_or("", String::as_str))
            }
            Self::Unreadable(reason) => Error::new(ErrorKind::Table, reason),
        }
    }
}

impl Plan<'_> {
    /// The cells of all rows.
    ///
    /// # Errors
    /// The first row that does not fit the header.
    pub fn cells(&self) -> std::result::Result<Cells, SplitError> {
        self.cells_of(&self.starts())
    }

    /// As [`cells`](Self::cells), in parts that start at these bytes, where rows are expected.
    fn cells_of(&self, starts: &[usize]) -> std::result::Result<Cells, SplitError> {
        let ends = starts.iter().skip(1).copied().chain([self.input.len()]);
        let parts: Vec<(usize, usize)> = starts.iter().copied().zip(ends).collect();
        let kept = Mutex::new(Vec::new());
        let split: Vec<_> =
            parts.par_iter().map(|&(start, end)| self.part(start, end, 0, &kept)).collect();
        let mut whole: Vec<Rows> = Vec::with_capacity(parts.len());
        let (mut expected, mut breaks) = (self.body, 0);
        for ((start, end), rows) in parts.into_iter().zip(split) {
            let rows = match rows {
                _ if expected >= end && end < self.input.len() => continue,
                Ok(rows) if start == expected => rows,
                // Not where a row starts, or an error that refers to lines of the part.
                _ => self.part(expected, end, breaks, &kept)?,
            };
            expected = rows.rest;
            breaks += rows.breaks;
            whole.push(rows);
        }
        Ok(self.joined(whole, breaks, expected))
    }

    /// Where the parts of the file start that are split at the same time.
    fn starts(&self) -> Vec<usize> {
        let len = self.input.len() - self.body;
        let most = if self.most.is_some() { 1 } else { 4 * rayon::current_num_threads() };
        let count = most.min(len / SMALLEST).max(1);
        let aims: Vec<usize> = (1..count).map(|part| self.body + len / count * part).collect();
        let found: Vec<Option<usize>> = aims.par_iter().map(|aim| self.row_near(*aim)).collect();
        let mut starts = vec![self.body];
        for start in found.into_iter().flatten() {
            if starts.last().is_none_or(|last| *last < start) {
                starts.push(start);
            }
        }
        starts
    }

    /// Where a row seems to start behind this byte, which may be inside quotes: where the rows that follow fit the header.
    fn row_near(&self, aim: usize) -> Option<usize> {
        let mut buffer = Vec::new();
        let text = self.input.window(aim, SAMPLE, &mut buffer).ok()?;
        let mut fields = Fields::default();
        let mut fit = |inside: bool| {
            let start =
                self.shape.dialect.row_start(text, boundary(text, self.shape.dialect, inside)?);
            let rest = text.get(start..)?;
            fields.cut(rest, self.shape, usize::MAX, false, SAMPLE_ROWS).ok()?;
            let fit = match fields.lines.len() {
                0 => return None,
                _ if fields.odd => 0,
                _ if !fields.even => 1,
                _ => 2,
            };
            Some((fit, aim + start))
        };
        let (outside, inside) = (fit(false), fit(true));
        let best = match (outside, inside) {
            (Some((a, _)), Some((b, _))) if b > a => inside,
            (None, _) => inside,
            _ => outside,
        };
        best.map(|(_, start)| start)
    }

    /// Splits the rows that start from `start`, where one does, to before `end`; `breaks` are those between the body and
    /// `start`, and `kept` is memory that an earlier part has used.
    fn part(
        &self,
        start: usize,
        end: usize,
        breaks: usize,
        kept: &Mutex<Vec<Scratch>>,
    ) -> std::result::Result<Rows, SplitError> {
        let mut scratch = lock(kept).pop().unwrap_or_default();
        let rows = self.part_in(start, end, breaks, &mut scratch);
        lock(kept).push(scratch);
        rows
    }

    fn part_in(
        &self,
        start: usize,
        end: usize,
        breaks: usize,
        scratch: &mut Scratch,
    ) -> std::result::Result<Rows, SplitError> {
        let wanted = self.shape.wanted.iter().filter(|wanted| **wanted).count();
        let mut rows = Rows::new(wanted);
        let Scratch { fields, buffer, gathered } = scratch;
        let (mut at, mut size) = (start, WINDOW);
        while at < end {
            let text = self.input.window(at, size, buffer);
            let text = text.map_err(|error| SplitError::Unreadable(error.to_string()))?;
            let ended = at + text.len() >= self.input.len();
            let most = self.most.map_or(usize::MAX, |most| most - rows.lines.len());
            let last = ended && !self.partial;
            fields.cut(text, self.shape, end - at, last, most).map_err(|error| {
                SplitError::Row(match error {
                    RowError::Ragged(place, found) => RowError::Ragged(at + place, found),
                    RowError::OpenQuote(place) => RowError::OpenQuote(at + place),
                })
            })?;
            let before = breaks + rows.breaks;
            rows.add(text, fields, self.format, end - at, gathered).map_err(
                |(row, column, cell)| {
                    let line = fields.lines.get(row).copied().unwrap_or(0);
                    SplitError::NotUtf8(self.lines + before + line + 1, column, cell)
                },
            )?;
            at += fields.end;
            if ended || self.most.is_some_and(|most| rows.lines.len() >= most) {
                break;
            }
            // The text held no whole row.
            if fields.end == 0 {
                size *= 2;
                if size > LONGEST_ROW {
                    let problem = format!("a row has more than {} bytes", LONGEST_ROW / 2);
                    return Err(SplitError::Unreadable(problem));
                }
            }
        }
        rows.rest = at;
        Ok(rows)
    }

    /// The rows of parts that follow one another.
    fn joined(&self, parts: Vec<Rows>, breaks: usize, rest: usize) -> Cells {
        let rows = parts.iter().map(|part| part.lines.len()).sum();
        let lines = self.lines_of(&parts);
        let wanted = self.shape.wanted.iter().filter(|wanted| **wanted).count();
        let mut columns: Vec<Vec<Run>> = (0..wanted).map(|_| Vec::new()).collect();
        for part in parts {
            columns.iter_mut().zip(part.columns).for_each(|(runs, run)| runs.push(run));
        }
        Cells { columns, rows, lines, breaks, rest }
    }

    fn lines_of(&self, parts: &[Rows]) -> Lines {
        let mut rows = 0;
        let sequential = self.lines == 1
            && parts
                .iter()
                .scan(0, |breaks, part| {
                    let fits = part.lines.sequential() && *breaks == rows;
                    rows += part.lines.len();
                    *breaks += part.breaks;
                    Some(fits)
                })
                .all(|fits| fits);
        if sequential {
            return Lines::Sequential;
        }
        let mut first = self.lines + 1;
        let mut lines = Vec::with_capacity(rows);
        for part in parts {
            lines.extend(part.lines.iter().map(|line| first + line));
            first += part.breaks;
        }
        Lines::Each(lines.into())
    }
}

/// The byte behind the first line break that is outside of quotes, if the text starts inside or outside of them.
fn boundary(text: &[u8], dialect: Dialect, mut inside: bool) -> Option<usize> {
    let at = text.iter().position(|byte| {
        inside ^= Some(*byte) == dialect.quote;
        matches!(byte, b'\n' | b'\r') && !inside
    });
    at.map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::super::dialect::count_breaks;
    use super::super::options::{CsvOptions, ShortRows};
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    /// The line and the cells of each row.
    type Table = Vec<(usize, Vec<String>)>;

    /// The rows as the crate `csv` reads them; none where one does not fit.
    fn expected(text: &[u8], shape: Shape<'_>) -> Option<Table> {
        let mut reader = shape.dialect.reader(text);
        let mut record = csv::ByteRecord::new();
        let mut rows = Vec::new();
        loop {
            let start = shape.dialect.row_start(text, reader.position().byte() as usize);
            if !reader.read_byte_record(&mut record).unwrap() {
                return Some(rows);
            }
            let quoted = text.get(start).copied() == shape.dialect.quote;
            if record.len() == 1 && !quoted && record[0].trim_ascii().is_empty() {
                continue;
            }
            let ended = reader.position().byte() as usize >= text.len();
            if ended && shape.dialect.ends_inside_quotes(&text[start..])
                || record.iter().skip(shape.width).any(|cell| !cell.is_empty())
            {
                return None;
            }
            let line = 1 + count_breaks(&text[..start], text.get(start).copied());
            let cell = |index| String::from_utf8(record.get(index).unwrap_or(b"").to_vec());
            let wanted = (0..shape.width).filter(|index| shape.wanted[*index]);
            rows.push((line, wanted.map(|index| cell(index).unwrap()).collect()));
        }
    }

    fn found(text: &[u8], shape: Shape<'_>, starts: &[usize]) -> Option<Table> {
        let format = Format::new(&CsvOptions::new().nulls(&[]), shape.dialect.separator);
        let input = Input::Bytes(text);
        let plan =
            Plan { input, body: 0, shape, format: &format, most: None, lines: 0, partial: false };
        let cells = plan.cells_of(starts).ok()?;
        assert_eq!(cells.breaks, count_breaks(text, None));
        let columns: Vec<Vec<&str>> = cells
            .columns
            .iter()
            .map(|runs| runs.iter().flat_map(Run::iter).map(Option::unwrap).collect())
            .collect();
        let row = |row: usize| columns.iter().map(|cells| cells[row].to_string()).collect();
        Some((0..cells.rows).map(|index| (cells.lines.of(index), row(index))).collect())
    }

    #[test]
    fn rows_are_those_of_the_csv_crate_wherever_the_text_is_cut() {
        let dialects = [
            (CsvOptions::new().separator(','), "aé,,,\"\"\n\r \\"),
            (CsvOptions::new().separator(','), "ab,,,,,\"\n"),
            (CsvOptions::new().separator(';').escape('\\'), "aé;;\"\"\n\r\\\\"),
            (CsvOptions::new().separator('\t').comment('#'), "ab\t\t\"#\n\n"),
            (CsvOptions::new().separator(',').no_quotes(), "ab,,\"\n\r"),
        ];
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut below = |count: usize| random.next_u32() as usize % count;
        let mut whole = 0;
        for case in 0..30_000 {
            let (options, letters) = &dialects[case % dialects.len()];
            let letters: Vec<char> = letters.chars().collect();
            let length = below(if case % 10 == 0 { 600 } else { 30 });
            let text: String = (0..length).map(|_| letters[below(letters.len())]).collect();
            let text = text.as_bytes();
            let (width, short_rows) = (1 + below(12), ShortRows::Fill);
            let wanted: Vec<bool> = (0..width).map(|index| index == 0 || below(4) > 0).collect();
            let dialect = Dialect::new(options, b"");
            let shape = Shape { dialect, width, wanted: &wanted, short_rows };
            let mut starts: Vec<usize> = (0..below(5)).map(|_| below(length + 1)).collect();
            starts.push(0);
            starts.sort_unstable();
            starts.dedup();
            let expected = expected(text, shape);
            whole += usize::from(expected.as_ref().is_some_and(|rows| !rows.is_empty()));
            let text_of = String::from_utf8_lossy(text);
            assert_eq!(found(text, shape, &starts), expected, "{text_of:?} {width} {starts:?}");
        }
        assert!(whole > 5000, "{whole}");
    }

    #[test]
    fn parts_start_where_rows_do() {
        // Line breaks inside quotes, which no count of the quotes before them is needed to tell from ends of rows.
        let row = |i: usize| format!("{i},\"a, \"\"{i}\"\"\n,b\nc,d\",x\n");
        let text: String = (0..60_000).map(row).collect();
        let dialect = Dialect::new(&CsvOptions::new().separator(','), b"");
        let wanted = [true; 3];
        let shape = Shape { dialect, width: 3, wanted: &wanted, short_rows: ShortRows::Fill };
        let format = Format::new(&CsvOptions::new(), b',');
        let input = Input::Bytes(text.as_bytes());
        let plan =
            Plan { input, body: 0, shape, format: &format, most: None, lines: 0, partial: false };
        let starts = plan.starts();
        assert!(starts.len() > 2, "{starts:?}");
        for start in starts {
            let rest = &text[start..];
            let number = rest.split(',').next().unwrap().parse::<usize>().unwrap();
            assert!(
                rest.starts_with(&row(number)) && (start == 0 || text[..start].ends_with("x\n"))
            );
        }
    }
}

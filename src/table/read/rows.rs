//! Rows in columns of text.

use super::super::texts::Run;
use super::fields::Fields;
use super::types::Format;

/// Bytes that are copied at a time.
const PIECE: usize = 32;

/// The rows of a part of a file.
#[derive(Default)]
pub(super) struct Rows {
    pub columns: Vec<Run>,
    pub lines: RowLines,
    /// Line breaks in the part.
    pub breaks: usize,
    /// The first byte behind the part.
    pub rest: usize,
}

/// The line of each row, counted from that of the first byte.
#[derive(Default)]
pub(super) struct RowLines {
    rows: usize,
    /// Empty where row i stands on line i.
    each: Vec<usize>,
}

impl RowLines {
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Returns `true` if row i stands on line i.
    pub fn sequential(&self) -> bool {
        self.each.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rows).map(|row| self.each.get(row).copied().unwrap_or(row))
    }

    fn extend(&mut self, lines: &[usize], before: usize) {
        let mut expected = self.rows..;
        let sequential = lines.iter().zip(&mut expected).all(|(line, row)| before + line == row);
        if !sequential && self.each.is_empty() {
            self.each.extend(0..self.rows);
        }
        if !sequential || !self.each.is_empty() {
            self.each.extend(lines.iter().map(|line| before + line));
        }
        self.rows += lines.len();
    }
}

/// Memory for the cells of one column, kept from text to text.
#[derive(Default)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Rows whose cell is missing.
    missing: Vec<usize>,
}

/// A cell that is not UTF-8: its row among those that were added, its column and its bytes.
pub(super) type NotUtf8 = (usize, usize, Vec<u8>);

impl Rows {
    /// No rows of this many columns.
    pub fn new(columns: usize) -> Self {
        Self { columns: (0..columns).map(|_| Run::default()).collect(), ..Self::default() }
    }

    /// Appends the rows of `text`; `ahead` is the number of bytes of the part, of which these rows are the first where
    /// there are none before.
    ///
    /// # Errors
    /// The first cell that is not UTF-8.
    pub fn add(
        &mut self,
        text: &[u8],
        fields: &Fields,
        format: &Format,
        ahead: usize,
        gathered: &mut Gathered,
    ) -> Result<(), NotUtf8> {
        let width = self.columns.len();
        let ahead = if self.lines.rows == 0 { ahead } else { 0 };
        for (index, run) in self.columns.iter_mut().enumerate() {
            let bytes = gathered.column(text, fields, index, width, format);
            let Gathered { ends, missing, .. } = &gathered;
            if ahead > fields.end {
                // A little more than at this rate: a second allocation would cost more.
                let expected = |count: usize| {
                    (count as f64 * 1.04 * (ahead as f64 / fields.end.max(1) as f64)) as usize + 64
                };
                run.reserve(expected(ends.len()), expected(bytes));
            }
            if !run.append(&gathered.bytes[..bytes], ends, missing) {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let mut cells = starts.zip(ends).map(|(start, end)| &gathered.bytes[start..*end]);
                let row = cells.position(|cell| std::str::from_utf8(cell).is_err()).unwrap_or(0);
                let start = if row == 0 { 0 } else { ends[row - 1] };
                return Err((row, index, gathered.bytes[start..ends[row]].to_vec()));
            }
        }
        self.lines.extend(&fields.lines, self.breaks);
        self.breaks += fields.breaks;
        Ok(())
    }
}

impl Gathered {
    /// Puts the cells of a column end to end; returns the number of their bytes.
    fn column(
        &mut self,
        text: &[u8],
        fields: &Fields,
        column: usize,
        width: usize,
        format: &Format,
    ) -> usize {
        self.ends.clear();
        self.missing.clear();
        let spans = || fields.spans.iter().skip(column).step_by(width.max(1));
        let total: usize = spans().map(|(start, end)| (end - start) as usize).sum();
        if self.bytes.len() < total + PIECE {
            self.bytes.resize(total + PIECE, 0);
        }
        let mut at = 0;
        for (row, &(start, end)) in spans().enumerate() {
            let (start, len) = (start as usize, (end - start) as usize);
            if start < text.len() {
                copy(&mut self.bytes, at, text, start, len);
            } else {
                copy(&mut self.bytes, at, &fields.unescaped, start - text.len(), len);
            }
            if format.is_null(&self.bytes[at..at + len]) {
                self.missing.push(row);
            }
            at += len;
            self.ends.push(at);
        }
        total
    }
}

/// Copies `len` bytes from `start` of `from` to `at` of `to`, and writes over up to a piece of what follows there: whole
/// pieces are copied in fewer steps than as many bytes as a cell has.
#[inline(always)]
fn copy(to: &mut [u8], at: usize, from: &[u8], start: usize, len: usize) {
    let mut done = 0;
    while done < len {
        let source = from.get(start + done..).and_then(<[u8]>::first_chunk::<PIECE>);
        let target = to.get_mut(at + done..).and_then(<[u8]>::first_chunk_mut::<PIECE>);
        let (Some(source), Some(target)) = (source, target) else {
            to[at + done..at + len].copy_from_slice(&from[start + done..start + len]);
            return;
        };
        *target = *source;
        done += PIECE;
    }
}

//! The grammar of a CSV file: text cut into the fields of rows.

use super::dialect::Dialect;
use super::marks::{Marks, Places};
use super::options::ShortRows;

/// Which fields of which rows are read.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    pub dialect: Dialect,
    /// Fields in the header.
    pub width: usize,
    /// Whether each column is read.
    pub wanted: &'a [bool],
    pub short_rows: ShortRows,
}

/// Reasons why text could not be split into rows. Places are bytes of that text.
#[derive(Debug)]
pub(super) enum RowError {
    /// The row that starts at this byte has this many fields.
    Ragged(usize, usize),
    /// The row that starts at this byte opens a quote that is never closed.
    OpenQuote(usize),
}

/// The fields of the rows of a text.
#[derive(Default)]
pub(super) struct Fields {
    marks: Marks,
    /// Start and end of each field that is read, row by row; an end past the text is one in `unescaped`.
    pub spans: Vec<(u32, u32)>,
    /// Fields that are not written in the text as they are, end to end.
    pub unescaped: Vec<u8>,
    /// The line of each row, counted from that of the text's first byte.
    pub lines: Vec<usize>,
    /// Line breaks up to the end of the rows that were read.
    pub breaks: usize,
    /// The first byte behind those rows.
    pub end: usize,
    /// Whether quotes stand inside unquoted fields, or text behind quoted ones.
    pub odd: bool,
    /// Whether each row has as many fields as the header.
    pub even: bool,
}

/// What follows a field.
enum End {
    /// The separator or line break at this byte, or the end of the text.
    At(usize),
    /// The text ends inside it.
    Open,
}

/// The text of a field: a part of the text, or of what was unescaped.
type Span = (usize, usize);

impl Fields {
    /// Cuts the rows that start before `limit`, at most `most`, from a text that starts at the start of a row. The last
    /// row of a text may be incomplete unless the text is the `last` one: it is left out.
    ///
    /// # Errors
    /// When a row has too many or too few fields, or a quote is open at the end of the last text.
    pub fn cut(
        &mut self,
        text: &[u8],
        shape: Shape<'_>,
        limit: usize,
        last: bool,
        most: usize,
    ) -> Result<(), RowError> {
        self.spans.clear();
        self.unescaped.clear();
        self.lines.clear();
        (self.breaks, self.end, self.odd, self.even) = (0, 0, false, true);
        let Dialect { separator, .. } = shape.dialect;
        let mut marks = std::mem::take(&mut self.marks);
        let [quote, escape] = [shape.dialect.quote, shape.dialect.escape];
        let marked = [separator, b'\n', b'\r', quote.unwrap_or(b'\n'), escape.unwrap_or(b'\n')];
        marks.find(text, marked);
        let mut places = marks.places();
        let next = places.next();
        let mut cutter = Cutter { text, shape, last, places, next, fields: self };
        let result = cutter.rows(limit, most);
        self.marks = marks;
        result
    }
}

struct Cutter<'a, 'b> {
    text: &'a [u8],
    shape: Shape<'a>,
    last: bool,
    places: Places<'b>,
    /// The first mark that was not passed.
    next: usize,
    fields: &'b mut Fields,
}

impl Cutter<'_, '_> {
    fn rows(&mut self, limit: usize, most: usize) -> Result<(), RowError> {
        loop {
            let more = self.skip_breaks();
            let start = self.fields.end;
            if !more || start >= limit || self.fields.lines.len() >= most {
                return Ok(());
            }
            let before = (self.fields.spans.len(), self.fields.unescaped.len(), self.fields.breaks);
            let complete = self.row(start)?;
            if !complete {
                let (spans, unescaped, breaks) = before;
                self.fields.spans.truncate(spans);
                self.fields.unescaped.truncate(unescaped);
                self.fields.breaks = breaks;
                return Ok(());
            }
        }
    }

    #[inline(always)]
    fn pass(&mut self) {
        self.next = self.places.next();
    }

    /// Moves on to the first byte of the next row; returns `false` if the text has none, or the end of a comment is not
    /// in it.
    fn skip_breaks(&mut self) -> bool {
        loop {
            let at = self.fields.end;
            match self.text.get(at) {
                None => return false,
                Some(b'\n' | b'\r') => {
                    let Some(end) = self.after_break(at) else { return false };
                    self.fields.end = end;
                }
                Some(byte) if Some(*byte) == self.shape.dialect.comment => {
                    while self.next < self.text.len()
                        && !matches!(self.text[self.next], b'\n' | b'\r')
                    {
                        self.pass();
                    }
                    if self.next < self.text.len() || self.last {
                        self.fields.end = self.next;
                    } else {
                        return false;
                    }
                }
                Some(_) => return true,
            }
        }
    }

    /// The byte behind the line break at the next mark; none where its second half may follow the text.
    #[inline(always)]
    fn after_break(&mut self, at: usize) -> Option<usize> {
        let mut end = at + 1;
        if self.text[at] == b'\r' {
            if end == self.text.len() && !self.last {
                return None;
            }
            if self.text.get(end) == Some(&b'\n') {
                self.pass();
                end += 1;
            }
        }
        self.pass();
        self.fields.breaks += 1;
        Some(end)
    }

    /// Reads the row that starts at `start`; returns whether it is complete.
    #[inline(always)]
    fn row(&mut self, start: usize) -> Result<bool, RowError> {
        let Shape { dialect, width, wanted, short_rows } = self.shape;
        let first_span = self.fields.spans.len();
        let line = self.fields.breaks;
        let (mut at, mut count, mut overfull) = (start, 0, false);
        let mut only = (0, 0);
        let end = loop {
            let quoted = at < self.text.len() && Some(self.text[at]) == dialect.quote;
            let (span, end) = if quoted { self.quoted(at) } else { self.unquoted(at) };
            let End::At(stop) = end else {
                return if self.last { Err(RowError::OpenQuote(start)) } else { Ok(false) };
            };
            if stop == self.text.len() && !self.last {
                return Ok(false);
            }
            match wanted.get(count) {
                Some(true) => self.fields.spans.push((span.0 as u32, span.1 as u32)),
                Some(false) => {}
                // Separators at the ends of lines make empty fields that no column is named for.
                None => overfull |= span.0 < span.1,
            }
            if count == 0 {
                only = span;
            }
            count += 1;
            if stop == self.text.len() {
                break stop;
            }
            if self.text[stop] != dialect.separator {
                match self.after_break(stop) {
                    Some(end) => break end,
                    None => return Ok(false),
                }
            }
            self.pass();
            at = stop + 1;
        };
        self.fields.end = end;
        if count == 1 && Some(self.text[start]) != dialect.quote {
            let blank = self.text[only.0..only.1].iter().all(|byte| matches!(byte, b' ' | b'\t'));
            if blank {
                self.fields.spans.truncate(first_span);
                return Ok(true);
            }
        }
        if count != width {
            self.fields.even = false;
            if overfull || count < width && short_rows == ShortRows::Refuse {
                return Err(RowError::Ragged(start, count));
            }
            let missing = wanted.iter().skip(count).filter(|wanted| **wanted);
            self.fields.spans.extend(missing.map(|_| (0, 0)));
        }
        self.fields.lines.push(line);
        Ok(true)
    }

    /// The field without quotes that starts at this byte.
    #[inline(always)]
    fn unquoted(&mut self, at: usize) -> (Span, End) {
        let stop = self.stop();
        ((at, stop), End::At(stop))
    }

    /// The next separator or line break.
    #[inline(always)]
    fn stop(&mut self) -> usize {
        while self.next < self.text.len() {
            let byte = self.text[self.next];
            if byte == self.shape.dialect.separator || matches!(byte, b'\n' | b'\r') {
                break;
            }
            self.fields.odd = true;
            self.pass();
        }
        self.next
    }

    /// The field whose opening quote is at this byte, the next mark.
    #[inline(always)]
    fn quoted(&mut self, at: usize) -> (Span, End) {
        let Dialect { quote, escape, .. } = self.shape.dialect;
        let text = self.text;
        let mut escaped = false;
        self.pass();
        let close = loop {
            let mark = self.next;
            let Some(&byte) = text.get(mark) else { return ((0, 0), End::Open) };
            self.pass();
            let following = text.get(mark + 1).copied();
            if Some(byte) == quote {
                if escape.is_none() && following == quote {
                    self.pass();
                    escaped = true;
                    continue;
                }
                break mark;
            }
            if Some(byte) == escape {
                escaped = true;
                if self.next == mark + 1 && following.is_some() {
                    let after = text.get(mark + 2).copied();
                    self.fields.breaks += usize::from(breaks_line(following, after));
                    self.pass();
                }
                continue;
            }
            self.fields.breaks += usize::from(breaks_line(Some(byte), following));
        };
        let stop = if self.next == close + 1 { self.next } else { close + 1 };
        let ends =
            |byte: &u8| *byte == self.shape.dialect.separator || matches!(byte, b'\n' | b'\r');
        // Text behind the closing quote belongs to the field.
        let tail = text.get(stop).is_some_and(|byte| !ends(byte));
        if !escaped && !tail {
            return ((at + 1, close), End::At(stop));
        }
        let stop = if tail { self.stop() } else { stop };
        self.fields.odd |= tail;
        let start = text.len() + self.fields.unescaped.len();
        let mut rest = &text[at + 1..close];
        let special = escape.or(quote).unwrap_or(b'"');
        while let Some(found) = rest.iter().position(|byte| *byte == special) {
            self.fields.unescaped.extend_from_slice(&rest[..found]);
            self.fields.unescaped.extend(rest.get(found + 1));
            rest = rest.get(found + 2..).unwrap_or_default();
        }
        self.fields.unescaped.extend_from_slice(rest);
        self.fields.unescaped.extend_from_slice(&text[close + 1..stop]);
        ((start, text.len() + self.fields.unescaped.len()), End::At(stop))
    }
}

/// Returns `true` if a line ends with this byte: a feed, or a return that no feed follows.
fn breaks_line(byte: Option<u8>, following: Option<u8>) -> bool {
    byte == Some(b'\n') || byte == Some(b'\r') && following != Some(b'\n')
}

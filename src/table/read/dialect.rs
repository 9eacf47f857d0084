//! The separator of a file and its special bytes.

use super::options::CsvOptions;
use std::io::Read;

/// The bytes that split a file into rows and fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub separator: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
    pub comment: Option<u8>,
}

/// The separators that are tried, in this order where they fit alike.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Bytes and rows of the file that the separator is found by.
const SAMPLE_BYTES: usize = 1 << 16;
const SAMPLE_ROWS: usize = 50;

impl Dialect {
    /// The dialect that the options ask for; a separator that they leave open is found in `bytes`, which begin with
    /// the header.
    pub fn new(options: &CsvOptions, bytes: &[u8]) -> Self {
        // The options were checked to be ASCII.
        let byte = |mark: char| mark as u8;
        let mut dialect = Self {
            separator: options.separator.map_or(b',', byte),
            quote: options.quote.map(byte),
            escape: options.escape.map(byte),
            comment: options.comment.map(byte),
        };
        if options.separator.is_none() {
            dialect.separator = dialect.found(bytes);
        }
        dialect
    }

    /// The separator that splits the rows of the sample into as many fields as the header, or fewer, and the header into
    /// the most, and does not tear quoted names; a comma where none does.
    fn found(self, bytes: &[u8]) -> u8 {
        let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
        let cut = sample.len() < bytes.len();
        let mut best = ((false, 0), b',');
        for separator in SEPARATORS {
            let dialect = Self { separator, ..self };
            let mut reader = dialect.reader(sample);
            let mut records: Vec<csv::ByteRecord> =
                reader.byte_records().take(SAMPLE_ROWS).map_while(|record| record.ok()).collect();
            if cut && records.len() < SAMPLE_ROWS {
                records.pop();
            }
            let Some((header, rows)) = records.split_first() else { continue };
            let header = header.len();
            // Short rows occur, and rows that end with a separator; a row without one may be blank.
            let fits = |row: &&csv::ByteRecord| {
                (2..=header).contains(&row.len())
                    || row.len() == header + 1 && row.iter().next_back() == Some(b"")
            };
            let fitting = rows.iter().filter(fits).count();
            let rank = (!dialect.tears_quotes(sample), header);
            if header > 1 && fitting * 10 >= rows.len() * 8 && rank > best.0 {
                best = (rank, separator);
            }
        }
        best.1
    }

    /// Returns `true` if a quote of the first row stands inside a field, as where a quoted name holds the separator.
    fn tears_quotes(self, text: &[u8]) -> bool {
        let Some(quote) = self.quote else { return false };
        let (mut at, mut at_start) = (self.row_start(text, 0), true);
        while let Some(&byte) = text.get(at).filter(|byte| !matches!(byte, b'\n' | b'\r')) {
            at += 1;
            if byte != quote {
                at_start = byte == self.separator;
                continue;
            }
            if !at_start {
                return true;
            }
            // To the closing quote.
            while let Some(&inner) = text.get(at) {
                at += 1;
                let doubled = self.escape.is_none() && text.get(at) == Some(&quote);
                if Some(inner) == self.escape || inner == quote && doubled {
                    at += 1;
                } else if inner == quote {
                    break;
                }
            }
            at_start = false;
            let next = text.get(at).copied();
            if next.is_some_and(|next| next != self.separator && !matches!(next, b'\n' | b'\r')) {
                return true;
            }
        }
        false
    }

    /// A reader of the rows in `bytes`, without a header of its own.
    pub fn reader(self, bytes: &[u8]) -> csv::Reader<impl Read> {
        // The crate drops a byte order mark from what it reads first. That of the file is gone already, and a later one is
        // text, also where a batch begins: it must not be read in one piece.
        let (first, rest) = bytes.split_at(bytes.len().min(1));
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.separator)
            .quoting(self.quote.is_some())
            .quote(self.quote.unwrap_or(b'"'))
            .escape(self.escape)
            .double_quote(self.escape.is_none())
            .comment(self.comment)
            .buffer_capacity(1 << 16)
            .from_reader(first.chain(rest))
    }

    /// Returns `true` if the text ends inside a quoted field, where the quotes are those of a whole number of rows before
    /// it.
    pub fn ends_inside_quotes(self, text: &[u8]) -> bool {
        let Some(quote) = self.quote else { return false };
        let (mut inside, mut at_start, mut at) = (false, true, 0);
        while let Some(&byte) = text.get(at) {
            at += 1;
            if inside {
                if Some(byte) == self.escape {
                    at += 1;
                } else if byte == quote {
                    let doubled = self.escape.is_none() && text.get(at) == Some(&quote);
                    inside = doubled;
                    at += usize::from(doubled);
                }
            } else {
                inside = at_start && byte == quote;
                at_start = byte == self.separator || matches!(byte, b'\n' | b'\r');
            }
        }
        inside
    }

    /// The byte at which the next row starts: behind line breaks, the second half of `\r\n`, and comments.
    pub fn row_start(self, bytes: &[u8], mut at: usize) -> usize {
        loop {
            let rest = &bytes[at.min(bytes.len())..];
            at += rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let rest = &bytes[at.min(bytes.len())..];
            if rest.is_empty() || rest.first().copied() != self.comment {
                return at;
            }
            at += rest.iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
        }
    }
}

/// Line breaks: `\n`, `\r\n`, and the `\r` alone of old Macs.
pub(super) fn count_breaks(bytes: &[u8], next: Option<u8>) -> usize {
    let feeds = bytes.iter().filter(|byte| **byte == b'\n').count();
    let returns = bytes.iter().filter(|byte| **byte == b'\r').count();
    if returns == 0 {
        return feeds;
    }
    let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    let split = usize::from(bytes.last() == Some(&b'\r') && next == Some(b'\n'));
    feeds + returns - pairs - split
}

/// The line, counted from 1, on which each of these ascending bytes of the file stands.
pub(super) fn line_numbers(bytes: &[u8], starts: &[usize]) -> Vec<usize> {
    let mut line = 1;
    let mut counted = 0;
    let mut lines = Vec::with_capacity(starts.len());
    for &start in starts {
        line += count_breaks(&bytes[counted..start], bytes.get(start).copied());
        counted = start;
        lines.push(line);
    }
    lines
}

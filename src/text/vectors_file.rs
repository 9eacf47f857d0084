//! Word vectors as text: the formats of GloVe, word2vec and fastText, plain or gzip.

use crate::{Error, ErrorKind, Result, notebook};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

/// Between two looks at whether the user has interrupted.
const CHECK_EVERY: usize = 4096;

/// The rows of a file with words of the vocabulary.
pub(super) struct Rows {
    /// For each row, the words that `wanted` returned for its word.
    pub keys: Vec<Vec<(usize, u8)>>,
    /// `[rows, dimensions]`, row-major.
    pub values: Vec<f32>,
    /// The values of a vector.
    pub dimensions: usize,
    /// The words that the file has.
    pub words: usize,
}

/// The vectors of those words of a file for which `wanted` returns words, each a number and a distance.
///
/// The first line may be `words dimensions` (word2vec, fastText) or a vector already (GloVe).
pub(super) fn read(path: &Path, wanted: &dyn Fn(&str) -> Vec<(usize, u8)>) -> Result<Rows> {
    let mut lines = Lines::open(path)?;
    let mut rows = Rows { keys: Vec::new(), values: Vec::new(), dimensions: 0, words: 0 };
    let mut line = Vec::new();
    while lines.next(&mut line)? {
        if lines.number.is_multiple_of(CHECK_EVERY) {
            notebook::check()?;
        }
        if lines.number == 1
            && let Some(dimensions) = header(&line)
        {
            rows.dimensions = dimensions;
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let space = line.iter().position(|byte| matches!(byte, b' ' | b'\t'));
        let (word, rest) = match space {
            // A line that begins with a space is the vector of a blank, which is no word.
            Some(0) => continue,
            Some(space) => (&line[..space], &line[space + 1..]),
            None if rows.words == 0 => return Err(lines.not_vectors(&line)),
            None => return Err(lines.width(0, rows.dimensions)),
        };
        if rows.dimensions == 0 {
            // No header: the first vector decides on the width.
            rows.dimensions = match parse(rest, &mut Vec::new()) {
                Ok(count) if count > 0 => count,
                _ => return Err(lines.not_vectors(&line)),
            };
        }
        rows.words += 1;
        let Ok(word) = std::str::from_utf8(word) else {
            // A few words of large files are cut inside a character; none of them is in a title. A binary file is
            // nothing else from its first word on.
            if rows.words == 1 {
                return Err(lines.not_vectors(&line));
            }
            continue;
        };
        let key = wanted(word);
        if key.is_empty() {
            // Only the first vector of a file that is not looked up anywhere must show that it is one.
            if rows.words == 1 && parse(rest, &mut Vec::new()).is_err() {
                return Err(lines.not_vectors(&line));
            }
            continue;
        }
        let start = rows.values.len();
        match parse(rest, &mut rows.values) {
            Ok(count) if count == rows.dimensions => rows.keys.push(key),
            Ok(count) => return Err(lines.width(count, rows.dimensions)),
            // More fields than values: a word with spaces, as GloVe's largest files have.
            Err(_) if fields(rest) > rows.dimensions => rows.values.truncate(start),
            Err(_) if std::str::from_utf8(rest).is_err() => return Err(lines.not_vectors(&line)),
            Err(field) => {
                let problem =
                    format!("`{field}` is not a finite number, in the vector of `{word}`");
                return Err(lines.at(problem).help("get the file again"));
            }
        }
    }
    if rows.words == 0 {
        return Err(Error::new(ErrorKind::Table, "expected word vectors, found none")
            .file(path)
            .help("give a text file with a word and its values on each line"));
    }
    Ok(rows)
}

/// The second number of a line that is `words dimensions`.
fn header(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line).ok()?;
    let mut fields = text.split_ascii_whitespace();
    let (words, dimensions) = (fields.next()?, fields.next()?);
    words.parse::<usize>().ok()?;
    fields.next().is_none().then(|| dimensions.parse().ok())?
}

fn fields(rest: &[u8]) -> usize {
    rest.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).count()
}

/// Appends the finite numbers of a line; the first field that is none is the error.
fn parse(rest: &[u8], values: &mut Vec<f32>) -> std::result::Result<usize, String> {
    let start = values.len();
    for field in rest.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()) {
        let text = std::str::from_utf8(field).ok();
        match text.and_then(|text| text.parse::<f32>().ok()).filter(|value| value.is_finite()) {
            Some(value) => values.push(value),
            None => {
                values.truncate(start);
                return Err(String::from_utf8_lossy(field).chars().take(40).collect());
            }
        }
    }
    Ok(values.len() - start)
}

struct Lines<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead>,
    number: usize,
    gzip: bool,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let fail = |error: std::io::Error| Error::io(path, &error);
        let mut file = File::open(path).map_err(fail)?;
        let mut magic = Vec::new();
        file.by_ref().take(2).read_to_end(&mut magic).map_err(fail)?;
        file.rewind().map_err(fail)?;
        let gzip = magic == [0x1f, 0x8b];
        let reader: Box<dyn BufRead> = if gzip {
            let decoder = MultiGzDecoder::new(BufReader::with_capacity(1 << 18, file));
            Box::new(BufReader::with_capacity(1 << 18, decoder))
        } else {
            Box::new(BufReader::with_capacity(1 << 18, file))
        };
        Ok(Self { path, reader, number: 0, gzip })
    }

    /// The next line, without its end; `false` after the last.
    fn next(&mut self, line: &mut Vec<u8>) -> Result<bool> {
        line.clear();
        let read = self.reader.read_until(b'\n', line).map_err(|error| {
            use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
            if self.gzip && matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) {
                let problem = if error.kind() == UnexpectedEof {
                    format!("the gzip data end after line {}: the file is truncated", self.number)
                } else {
                    format!("the gzip data are damaged after line {}", self.number)
                };
                Error::new(ErrorKind::File, problem).file(self.path).help("get the file again")
            } else {
                Error::io(self.path, &error)
            }
        })?;
        self.number += 1;
        while let Some(b'\n' | b'\r' | b' ') = line.last() {
            line.pop();
        }
        Ok(read > 0)
    }

    fn at(&self, problem: impl Into<String>) -> Error {
        Error::new(ErrorKind::Table, problem).file(self.path).row(self.number)
    }

    fn width(&self, found: usize, expected: usize) -> Error {
        self.at(format!("expected a vector of {expected} values, found {found}"))
            .help("get the file again: all vectors of a file have the same width")
    }

    fn not_vectors(&self, line: &[u8]) -> Error {
        let binary = line.iter().any(|byte| *byte < b' ' && *byte != b'\t');
        let found = if binary || std::str::from_utf8(line).is_err() {
            "binary data".to_string()
        } else {
            format!("`{}`", String::from_utf8_lossy(line).chars().take(60).collect::<String>())
        };
        self.at(format!("expected a word and its values, found {found}"))
            .help("use the text format of GloVe, word2vec or fastText (`.txt`, `.vec`, also gzip)")
    }
}

//! A whole file as a table.

use super::super::column::Column;
use super::super::frame::{Origin, Table};
use super::dialect::{Dialect, count_breaks, line_numbers};
use super::fields::Shape;
use super::input::Input;
use super::options::CsvOptions;
use super::records::{Cells, Plan};
use super::row_errors::{Context, open_quote};
use super::source;
use super::types::{Format, not_utf8, typed};
use crate::{Error, ErrorKind, Result};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

impl Table {
    /// Reads a CSV file as pandas's `read_csv` does without options, whatever its separator.
    ///
    /// The separator (`,`, `;`, tab or `|`) is found in the first rows. Each column becomes integer, float, boolean or
    /// text, whichever is the first that all its cells fit. Empty cells, and those that pandas reads as missing (`NA`,
    /// `NaN`, `null`, `None`, ...), are nulls. Lists written as text stay text until
    /// [`parse_lists`](Self::parse_lists). Blank lines are skipped; short rows are filled with nulls; a column without a
    /// name is called `Unnamed: 0`, by its position, and a repeated name `score.1`. gzip and zip are unpacked.
    ///
    /// # Errors
    /// `File` when the file is not there; `Table` when it is empty, not UTF-8, or has a row with more fields than the
    /// header. The row in a message is the line in the file, counted from 1.
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_csv_with(path, &CsvOptions::default())
    }

    /// Reads a CSV file that is written as `options` say.
    ///
    /// # Errors
    /// As [`read_csv`](Self::read_csv); `Parameter` when an option is out of range or names a column that is not there.
    pub fn read_csv_with(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Self> {
        let path = path.as_ref();
        options.check()?;
        #[cfg(unix)]
        if let Some(table) = in_place(path, options) {
            return table;
        }
        let bytes = source::read(path, options)?;
        parse(bytes, path, options).map_err(|error| error.file(path))
    }
}

/// Fewest bytes of a file that is read in place.
#[cfg(unix)]
const LARGE: u64 = 1 << 22;

/// The table of a large file of plain UTF-8, whose bytes are read where they are split: each is in memory only once, in its
/// cell. None for other files, and for those with an error, which is found again where all bytes are at hand.
#[cfg(unix)]
fn in_place(path: &Path, options: &CsvOptions) -> Option<Result<Table>> {
    use super::options::Encoding;
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::open(path).ok()?;
    let about = file.metadata().ok()?;
    let large = about.is_file() && (LARGE..=options.max_bytes).contains(&about.len());
    if !large || options.encoding != Encoding::Utf8 || options.rows.is_some() {
        return None;
    }
    let mut head = vec![0; LARGE as usize / 4];
    file.read_exact_at(&mut head, 0).ok()?;
    let packed = [&b"\x1F\x8B"[..], b"PK\x03\x04", b"\xFF\xFE", b"\xFE\xFF"];
    if packed.iter().any(|mark| head.starts_with(mark)) {
        return None;
    }
    let mark = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    source::check_kind(&head, options.header).ok()?;
    let head = &head[mark..];
    source::check_text(head).ok()?;
    let opening = Opening::read(head, options).ok().filter(|opening| opening.body < head.len())?;
    let format = Format::new(options, opening.dialect.separator);
    let input = Input::File(&file, mark, usize::try_from(about.len()).ok()?);
    let cells = opening.plan(input, head, options, &format).cells().ok()?;
    Some(opening.table(cells, path, options, &format).map_err(|error| error.file(path)))
}

/// What the first bytes of a file state.
struct Opening {
    dialect: Dialect,
    /// The first byte behind the header.
    body: usize,
    names: Vec<String>,
    /// Whether each column is read, and the names of those that are.
    wanted: Vec<bool>,
    read: Vec<String>,
}

impl Opening {
    fn read(bytes: &[u8], options: &CsvOptions) -> Result<Self> {
        let (first, dialect) = opening(bytes, options);
        let (names, body) = header(bytes, first, dialect, options)?;
        let wanted = wanted(&names, options)?;
        let read = names.iter().zip(&wanted).filter(|(_, wanted)| **wanted);
        let read = read.map(|(name, _)| name.clone()).collect();
        Ok(Self { dialect, body, names, wanted, read })
    }

    fn plan<'a>(
        &'a self,
        input: Input<'a>,
        head: &[u8],
        options: &CsvOptions,
        format: &'a Format,
    ) -> Plan<'a> {
        let (dialect, body, width) = (self.dialect, self.body, self.names.len());
        let shape = Shape { dialect, width, wanted: &self.wanted, short_rows: options.short_rows };
        let lines = count_breaks(&head[..body], head.get(body).copied());
        Plan { input, body, shape, format, most: options.rows, lines, partial: false }
    }

    fn table(
        self,
        cells: Cells,
        path: &Path,
        options: &CsvOptions,
        format: &Format,
    ) -> Result<Table> {
        let Cells { columns, lines, rows, .. } = cells;
        let columns: Vec<Arc<Column>> = columns
            .into_par_iter()
            .zip(&self.read)
            .map(|(runs, name)| {
                typed(runs, name, &lines, format, options.type_of(name)).map(Arc::new)
            })
            .collect::<Result<_>>()?;
        let origin = Some(Origin { file: path.into(), lines });
        Ok(Table { names: self.read, columns, rows, origin })
    }
}

fn parse(bytes: Vec<u8>, path: &Path, options: &CsvOptions) -> Result<Table> {
    let opening = Opening::read(&bytes, options)?;
    let format = Format::new(options, opening.dialect.separator);
    let cells = opening.plan(Input::Bytes(&bytes), &bytes, options, &format).cells();
    let (body, width) = (opening.body, opening.names.len());
    let context = Context { bytes: &bytes, body, dialect: opening.dialect, width, lines: 0 };
    let cells = cells.map_err(|error| error.explained(&context, &opening.read))?;
    // The cells are copies.
    drop(bytes);
    opening.table(cells, path, options, &format)
}

/// Returns `true` if each column is to be read.
pub(super) fn wanted(names: &[String], options: &CsvOptions) -> Result<Vec<bool>> {
    let mut wanted = vec![options.columns.is_empty(); names.len()];
    for name in &options.columns {
        let Some(index) = names.iter().position(|known| known == name) else {
            return Err(no_column(name, names));
        };
        wanted[index] = true;
    }
    Ok(wanted)
}

/// The error for a column that is not in the header.
pub(super) fn no_column(name: &str, names: &[String]) -> Error {
    Error::new(ErrorKind::Parameter, "there is no such column")
        .column(name)
        .help(format!("the columns are {}", names.join(", ")))
}

/// The first byte of the header, or of the rows where there is none, and the dialect.
pub(super) fn opening(bytes: &[u8], options: &CsvOptions) -> (usize, Dialect) {
    let first = skipped(bytes, options.skip_rows);
    let mut dialect = Dialect::new(options, &bytes[first..]);
    // Excel takes the separator from a line such as `sep=;` in front.
    let line = bytes[first..].split(|byte| matches!(byte, b'\n' | b'\r')).next();
    if let Some([b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator]) = line
        && options.separator.is_none_or(|asked| asked as u8 == *separator)
        && !separator.is_ascii_alphanumeric()
    {
        dialect.separator = *separator;
        return (first + skipped(&bytes[first..], 1), dialect);
    }
    (first, dialect)
}

/// The byte behind this many lines.
fn skipped(bytes: &[u8], lines: usize) -> usize {
    let mut at = 0;
    for _ in 0..lines {
        let rest = &bytes[at..];
        let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            return bytes.len();
        };
        at += end + if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
    }
    at
}

/// The names of the columns, and the first byte behind the header.
pub(super) fn header(
    bytes: &[u8],
    first: usize,
    dialect: Dialect,
    options: &CsvOptions,
) -> Result<(Vec<String>, usize)> {
    let mut reader = dialect.reader(&bytes[first..]);
    let mut record = csv::ByteRecord::new();
    let mut more = true;
    while more {
        more = reader
            .read_byte_record(&mut record)
            .map_err(|error| Error::new(ErrorKind::Table, error.to_string()))?;
        if record.len() > 1 || record.iter().any(|field| !field.trim_ascii().is_empty()) {
            break;
        }
    }
    if !more {
        return Err(Error::new(ErrorKind::Table, "the file is empty")
            .help("its first line should name the columns"));
    }
    let end = first + reader.position().byte() as usize;
    if end >= bytes.len() && dialect.ends_inside_quotes(&bytes[first..]) {
        return Err(open_quote(dialect).row(line_numbers(bytes, &[first])[0]));
    }
    let body = if options.header { end } else { first };
    let names = match (&options.names[..], options.header) {
        ([], true) => {
            let line = line_numbers(bytes, &[dialect.row_start(bytes, first)])[0];
            unique(&record, line)?
        }
        ([], false) => (1..=record.len()).map(|number| format!("column_{number}")).collect(),
        (names, _) if names.len() != record.len() => {
            let problem = format!(
                "expected a name for each of the {} columns, found {} names",
                record.len(),
                names.len()
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        (names, _) => names.to_vec(),
    };
    if let Some((index, name)) =
        names.iter().enumerate().find(|(index, name)| names[..*index].contains(name))
    {
        let problem = format!("column {} has the name of an earlier one", index + 1);
        return Err(Error::new(ErrorKind::Parameter, problem).column(name));
    }
    Ok((names, body))
}

/// The names in a header, those without text and repeated ones called as pandas calls them.
fn unique(record: &csv::ByteRecord, line: usize) -> Result<Vec<String>> {
    let mut written: Vec<String> = Vec::with_capacity(record.len());
    for (index, field) in record.iter().enumerate() {
        let name = std::str::from_utf8(field)
            .map_err(|_| not_utf8(line, field).column(String::from_utf8_lossy(field)))?;
        written.push(match name.trim() {
            "" => format!("Unnamed: {index}"),
            name => name.to_string(),
        });
    }
    let mut names: Vec<String> = Vec::with_capacity(written.len());
    for name in &written {
        let mut unique = name.clone();
        let mut number = 0;
        while names.contains(&unique) || number > 0 && written.contains(&unique) {
            number += 1;
            unique = format!("{name}.{number}");
        }
        names.push(unique);
    }
    Ok(names)
}

//! A CSV file becomes a table: cells are split, then each column takes the narrowest type that fits.

use super::column::{Column, Texts};
use super::frame::{Lines, Origin, Table};
use crate::{Error, ErrorKind, Result};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

impl Table {
    /// Reads a CSV file: comma-separated, in UTF-8, the first line being the header.
    ///
    /// Each column becomes integer, float, boolean or text, whichever is the first that all its cells
    /// fit. Empty cells, and those that pandas reads as missing (`NA`, `NaN`, `null`, `None` ...), are
    /// nulls. Lists written as text stay text until [`parse_lists`](Self::parse_lists). Blank lines
    /// are skipped; a column without a name is called `Unnamed: 0`, by its place.
    ///
    /// # Errors
    /// When the file is not there, is empty, is not UTF-8, names a column twice, or has a row with
    /// more or fewer fields than the header. Messages name the row as the line in the file, the header
    /// being row 1.
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Self> {
        read(path.as_ref())
    }
}

fn read(path: &Path) -> Result<Table> {
    if path.is_dir() {
        return Err(Error::new(ErrorKind::File, "this is a folder, not a CSV file")
            .file(path)
            .help("name the file in it"));
    }
    let bytes = std::fs::read(path).map_err(|source| {
        Error::io(path, &source).help(match path.parent().filter(|folder| !folder.is_dir()) {
            Some(folder) if !folder.as_os_str().is_empty() => {
                format!("the folder `{}` is not there either: check the path", folder.display())
            }
            _ => "check the path, and the folder that the notebook runs in".to_string(),
        })
    })?;
    parse(&bytes, path).map_err(|error| error.file(path))
}

/// The cells of one column, end to end.
#[derive(Default)]
struct Cells {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The cells of some rows, and the byte of the file at which each row starts.
struct Rows {
    columns: Vec<Cells>,
    starts: Vec<usize>,
}

/// Why some rows could not be split into cells.
enum Trouble {
    /// The row that starts at this byte has this many fields.
    Ragged(usize, usize),
    /// The rows do not end where the next part begins.
    Torn,
    Unreadable(String),
}

fn parse(bytes: &[u8], path: &Path) -> Result<Table> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = reader(bytes);
    let mut record = csv::ByteRecord::new();
    let unreadable = |reason: String| Error::new(ErrorKind::Table, reason);
    if !reader.read_byte_record(&mut record).map_err(|error| unreadable(error.to_string()))? {
        return Err(Error::new(ErrorKind::Table, "the file is empty")
            .help("its first line should name the columns"));
    }
    let names = header(&record)?;
    let body = reader.position().byte() as usize;

    let parts = parts(bytes, body);
    let rows = parts
        .par_iter()
        .map(|&(start, end)| split(bytes, start, end, names.len()))
        .collect::<std::result::Result<Vec<_>, _>>()
        // Where quotes stand inside unquoted cells, a part can begin in the middle of a row. And only
        // the first broken row of the file is worth telling. Both take reading from the front.
        .or_else(|trouble| match parts.len() {
            1 => Err(trouble),
            _ => split(bytes, body, bytes.len(), names.len()).map(|rows| vec![rows]),
        })
        .map_err(|trouble| match trouble {
            Trouble::Ragged(start, found) => {
                ragged(line_numbers(bytes, &[start])[0], names.len(), found)
            }
            Trouble::Unreadable(reason) => unreadable(reason),
            Trouble::Torn => unreadable("the rows could not be told apart".to_string()),
        })?;

    let starts: Vec<usize> = rows.iter().flat_map(|rows| rows.starts.iter().copied()).collect();
    let lines = lines(bytes, &starts);
    let mut columns: Vec<Vec<Cells>> = names.iter().map(|_| Vec::new()).collect();
    for rows in rows {
        for (parts, cells) in columns.iter_mut().zip(rows.columns) {
            parts.push(cells);
        }
    }
    let columns: Vec<Arc<Column>> = columns
        .into_par_iter()
        .zip(&names)
        .map(|(parts, name)| typed(joined(parts), name, &lines).map(Arc::new))
        .collect::<Result<_>>()?;
    let rows = starts.len();
    Ok(Table { names, columns, rows, origin: Some(Origin { file: path.into(), lines }) })
}

fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(1 << 16)
        .from_reader(bytes)
}

/// Where to cut the file so that every processor has a part: behind line breaks before which the
/// quotes are even in number, which are ends of rows unless quotes stand inside unquoted cells.
fn parts(bytes: &[u8], body: usize) -> Vec<(usize, usize)> {
    const SMALLEST: usize = 1 << 19;
    let count = rayon::current_num_threads().min((bytes.len() - body) / SMALLEST).max(1);
    let mut parts = Vec::with_capacity(count);
    let mut start = body;
    let quotes = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'"').count();
    for part in 1..count {
        let aim = (body + (bytes.len() - body) / count * part).max(start);
        let mut inside = quotes(&bytes[start..aim]) % 2 == 1;
        let end = bytes[aim..].iter().position(|byte| {
            inside ^= *byte == b'"';
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
fn split(
    bytes: &[u8],
    first: usize,
    end: usize,
    width: usize,
) -> std::result::Result<Rows, Trouble> {
    let mut columns: Vec<Cells> = (0..width).map(|_| Cells::default()).collect();
    let mut starts = Vec::new();
    let mut record = csv::ByteRecord::new();
    // It may read beyond the end: only so can it be seen whether a row ends there.
    let mut reader = reader(&bytes[first..]);
    loop {
        let start = after_breaks(bytes, first + reader.position().byte() as usize);
        if start >= end && end < bytes.len() {
            let torn = start != after_breaks(bytes, end);
            return if torn { Err(Trouble::Torn) } else { Ok(Rows { columns, starts }) };
        }
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(Rows { columns, starts }),
            Err(error) => return Err(Trouble::Unreadable(error.to_string())),
        }
        if record.len() != width {
            return Err(Trouble::Ragged(start, record.len()));
        }
        starts.push(start);
        for (cells, field) in columns.iter_mut().zip(&record) {
            cells.bytes.extend_from_slice(field);
            cells.ends.push(cells.bytes.len());
        }
    }
}

/// The reader stands before blank lines, and before the second half of `\r\n`.
fn after_breaks(bytes: &[u8], at: usize) -> usize {
    let breaks = bytes[at.min(bytes.len())..].iter().take_while(|b| matches!(b, b'\n' | b'\r'));
    at + breaks.count()
}

fn joined(parts: Vec<Cells>) -> Cells {
    let mut parts = parts.into_iter();
    let mut whole = parts.next().unwrap_or_default();
    for part in parts {
        let offset = whole.bytes.len();
        whole.bytes.extend_from_slice(&part.bytes);
        whole.ends.extend(part.ends.iter().map(|end| end + offset));
    }
    whole
}

fn header(record: &csv::ByteRecord) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    for (index, field) in record.iter().enumerate() {
        let name = std::str::from_utf8(field)
            .map_err(|_| not_utf8(1, field).column(String::from_utf8_lossy(field)))?;
        let name = match name.trim() {
            "" => format!("Unnamed: {index}"),
            name => name.to_string(),
        };
        if let Some(first) = names.iter().position(|known| *known == name) {
            return Err(Error::new(
                ErrorKind::Table,
                format!("columns {} and {} have the same name", first + 1, index + 1),
            )
            .row(1)
            .column(name)
            .help("give each column its own name in the header"));
        }
        names.push(name);
    }
    Ok(names)
}

fn ragged(row: usize, expected: usize, found: usize) -> Error {
    let help = if found > expected {
        "put fields that contain a comma between double quotes"
    } else {
        "write the missing fields (an empty one is nothing between two commas), and see that every double quote is closed"
    };
    let fields = |count: usize| format!("{count} field{}", if count == 1 { "" } else { "s" });
    Error::new(
        ErrorKind::Table,
        format!("the row has {}, but the header has {}", fields(found), fields(expected)),
    )
    .row(row)
    .help(help)
}

fn not_utf8(row: usize, cell: &[u8]) -> Error {
    let shown: String = String::from_utf8_lossy(cell).chars().take(40).collect();
    Error::new(ErrorKind::Table, format!("`{shown}` is not valid UTF-8"))
        .row(row)
        .help("save the file as UTF-8")
}

/// The line of each row, which starts at the byte given.
fn lines(bytes: &[u8], starts: &[usize]) -> Lines {
    let breaks = bytes.par_chunks(1 << 20).map(count_breaks).sum::<usize>();
    // Blank lines and line breaks in cells can only add to the one break a row, the header's included.
    if breaks == starts.len() + usize::from(bytes.ends_with(b"\n")) {
        return Lines::Sequential;
    }
    Lines::Each(line_numbers(bytes, starts).into())
}

fn line_numbers(bytes: &[u8], starts: &[usize]) -> Vec<usize> {
    let mut line = 1;
    let mut counted = 0;
    let mut lines = Vec::with_capacity(starts.len());
    for &start in starts {
        line += count_breaks(&bytes[counted..start]);
        counted = start;
        lines.push(line);
    }
    lines
}

fn count_breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// What pandas reads as a missing value.
fn is_null(cell: &[u8]) -> bool {
    match cell {
        [] => true,
        [b'#' | b'-' | b'1' | b'<' | b'N' | b'n', ..] if cell.len() <= 9 => matches!(
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
        ),
        _ => false,
    }
}

fn typed(cells: Cells, name: &str, lines: &Lines) -> Result<Column> {
    let Cells { bytes, ends } = cells;
    let starts = || std::iter::once(0).chain(ends.iter().copied());
    let buffer = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let row = ends.partition_point(|end| *end <= at);
        let start = starts().nth(row).unwrap_or(0);
        let end = ends.get(row).copied().unwrap_or(start);
        let cell = error.as_bytes().get(start..end).unwrap_or_default();
        not_utf8(lines.of(row), cell).column(name)
    })?;
    // Each cell must be text by itself, too: two halves of one character can meet in the buffer.
    if let Some(row) = ends.iter().position(|end| !buffer.is_char_boundary(*end)) {
        return Err(not_utf8(lines.of(row), b"\xFF").column(name));
    }
    let present: Vec<bool> =
        starts().zip(&ends).map(|(start, &end)| !is_null(&buffer.as_bytes()[start..end])).collect();
    let cells = || {
        let cell = |((start, &end), &present): ((usize, &usize), &bool)| {
            present.then(|| &buffer[start..end])
        };
        starts().zip(&ends).zip(&present).map(cell)
    };
    // Nothing to go by: a column without rows is text, one of empty cells numeric, as in pandas.
    if ends.is_empty() {
        return Ok(Column::Text(Texts::new()));
    }
    let mut whole_numbers = false;
    let integer = |text: &str| {
        let text = text.trim_matches(' ');
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        whole_numbers = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok()
    };
    if present.contains(&true)
        && let Some(values) = all(cells(), integer)
    {
        return Ok(Column::Integer(values));
    }
    // Whole numbers too long for 64 bits are most often identifiers: as floats they would be rounded.
    if !whole_numbers
        && let Some(values) = all(cells(), |text| text.trim_matches(' ').parse::<f64>().ok())
    {
        return Ok(Column::Float(values.into_iter().map(|v| v.filter(|v| !v.is_nan())).collect()));
    }
    let boolean = |text: &str| match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    };
    if let Some(values) = all(cells(), boolean) {
        return Ok(Column::Boolean(values));
    }
    Ok(Column::Text(Texts::from_parts(buffer, ends, present)))
}

/// Every cell parsed, or `None` as soon as one does not parse.
fn all<'a, T>(
    cells: impl Iterator<Item = Option<&'a str>>,
    mut parse: impl FnMut(&'a str) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    let mut values = Vec::new();
    for cell in cells {
        values.push(match cell {
            Some(text) => Some(parse(text)?),
            None => None,
        });
    }
    Some(values)
}

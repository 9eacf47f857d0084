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

fn parse(bytes: &[u8], path: &Path) -> Result<Table> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(1 << 16)
        .from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let unreadable = |error: csv::Error| Error::new(ErrorKind::Table, error.to_string());
    if !reader.read_byte_record(&mut record).map_err(unreadable)? {
        return Err(Error::new(ErrorKind::Table, "the file is empty")
            .help("its first line should name the columns"));
    }
    let names = header(&record)?;

    let rows_expected = bytes.len() / record.as_slice().len().max(16);
    let mut columns: Vec<Cells> = names
        .iter()
        .map(|_| Cells { bytes: Vec::new(), ends: Vec::with_capacity(rows_expected) })
        .collect();
    let mut starts = Vec::with_capacity(rows_expected);
    loop {
        starts.push(reader.position().byte() as usize);
        if !reader.read_byte_record(&mut record).map_err(unreadable)? {
            starts.pop();
            break;
        }
        if record.len() != names.len() {
            let row = lines(bytes, &starts).last().copied().unwrap_or(2);
            return Err(ragged(row, names.len(), record.len()));
        }
        for (cells, field) in columns.iter_mut().zip(&record) {
            cells.bytes.extend_from_slice(field);
            cells.ends.push(cells.bytes.len());
        }
    }

    let lines = lines(bytes, &starts);
    let columns: Vec<Arc<Column>> = columns
        .into_par_iter()
        .zip(&names)
        .map(|(cells, name)| typed(cells, name, &lines).map(Arc::new))
        .collect::<Result<_>>()?;
    let sequential = lines.iter().enumerate().all(|(row, line)| *line == row + 2);
    let rows = lines.len();
    let lines = if sequential { Lines::Sequential } else { Lines::Each(lines.into()) };
    Ok(Table { names, columns, rows, origin: Some(Origin { file: path.into(), lines }) })
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

/// The line on which each record starts, the first line being 1.
fn lines(bytes: &[u8], starts: &[usize]) -> Vec<usize> {
    let mut line = 1;
    let mut counted = 0;
    let mut lines = Vec::with_capacity(starts.len());
    for &start in starts {
        // The reader stands before blank lines, and before the second half of `\r\n`.
        let mut start = start;
        while matches!(bytes.get(start), Some(b'\n' | b'\r')) {
            start += 1;
        }
        line += bytes[counted..start].iter().filter(|byte| **byte == b'\n').count();
        counted = start;
        lines.push(line);
    }
    lines
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

fn typed(cells: Cells, name: &str, lines: &[usize]) -> Result<Column> {
    let Cells { bytes, ends } = cells;
    let starts = || std::iter::once(0).chain(ends.iter().copied());
    let buffer = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let row = ends.partition_point(|end| *end <= at);
        let start = starts().nth(row).unwrap_or(0);
        let end = ends.get(row).copied().unwrap_or(start);
        let cell = error.as_bytes().get(start..end).unwrap_or_default();
        not_utf8(lines.get(row).copied().unwrap_or(row + 2), cell).column(name)
    })?;
    // Each cell must be text by itself, too: two halves of one character can meet in the buffer.
    if let Some(row) = ends.iter().position(|end| !buffer.is_char_boundary(*end)) {
        return Err(not_utf8(lines.get(row).copied().unwrap_or(row + 2), b"\xFF").column(name));
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

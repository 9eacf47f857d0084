//! The rows of a CSV file in batches.

use super::super::column::{Column, ColumnType};
use super::super::frame::{Origin, Table};
use super::super::texts::Texts;
use super::blocks::Blocks;
use super::dialect::{Dialect, line_numbers};
use super::fields::Shape;
use super::file::{header, no_column, opening, wanted};
use super::input::Input;
use super::options::CsvOptions;
use super::records::{Cells, Plan};
use super::row_errors::Context;
use super::row_filter::Filter;
use super::types::{Format, typed};
use crate::{Error, ErrorKind, Result, notebook};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// Bytes from which the separator and the header are read.
const HEAD: usize = 1 << 17;
/// A row that is longer has a quote that is not closed.
const LONGEST_ROW: usize = 1 << 28;

/// A change of a batch of rows.
pub type BatchMap = Box<dyn Fn(&Table) -> Result<Table> + Send + Sync>;

/// The batches of a [`CsvScan`](super::CsvScan), each a [`Table`] of the rows that fulfill its filters.
///
/// The types of the columns are those of the first batch with values, unless the options state them.
///
/// ```
/// use cuaderno::table::Table;
/// # fn main() -> cuaderno::Result<()> {
/// # let file = std::env::temp_dir().join(format!("cuaderno-batches-{}.csv", std::process::id()));
/// # std::fs::write(&file, "title,price\nFunda,5\nCable,3\n").unwrap();
/// let mut rows = 0;
/// for batch in Table::scan_csv(&file)?.batches()? {
///     rows += batch?.rows();
/// }
/// assert_eq!(rows, 2);
/// # std::fs::remove_file(&file).unwrap();
/// # Ok(()) }
/// ```
pub struct CsvBatches {
    blocks: Blocks,
    options: CsvOptions,
    file: Arc<Path>,
    filters: Vec<Arc<Filter>>,
    maps: Vec<Arc<BatchMap>>,
    selected: Vec<String>,
    batch_bytes: usize,
    dialect: Dialect,
    format: Format,
    wanted: Vec<bool>,
    /// The columns that are read, with their types as far as they are known.
    columns: Vec<(String, Option<ColumnType>)>,
    /// Text that is not split into rows yet, from `at` on.
    text: Vec<u8>,
    at: usize,
    /// Line breaks of the file before `at`.
    lines: usize,
    /// Whether the file may have more than `text`.
    more: bool,
    /// Rows that may still be read.
    left: Option<usize>,
    ended: bool,
}

impl std::fmt::Debug for CsvBatches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CsvBatches({}, line {})", self.file.display(), self.lines + 1)
    }
}

impl CsvBatches {
    /// Opens the file and reads its header.
    pub(super) fn open(
        path: &Path,
        options: &CsvOptions,
        filters: Vec<Arc<Filter>>,
        maps: Vec<Arc<BatchMap>>,
        selected: &[String],
        batch_bytes: usize,
    ) -> Result<Self> {
        let mut options = options.clone();
        let mut blocks = Blocks::open(path, &options)?;
        let mut text = Vec::new();
        let mut more = blocks.append(&mut text, HEAD.max(batch_bytes))?;
        let in_file = |error: Error| error.file(path);
        let (dialect, names, body) = loop {
            let (first, dialect) = opening(&text, &options);
            match header(&text, first, dialect, &options) {
                Ok((names, body)) if body < text.len() || !more => {
                    break (dialect, names, body);
                }
                Err(error) if !more || text.len() >= LONGEST_ROW => return Err(in_file(error)),
                _ if text.len() >= LONGEST_ROW => return Err(in_file(too_long(1))),
                _ => more = blocks.append(&mut text, HEAD)?,
            }
        };
        let mut read = selected.to_vec();
        for filter in filters.iter().filter(|_| !selected.is_empty()) {
            if !read.contains(&filter.column) {
                read.push(filter.column.clone());
            }
        }
        options.columns = read;
        let wanted = wanted(&names, &options).map_err(in_file)?;
        if let Some(filter) = filters.iter().find(|filter| !names.contains(&filter.column)) {
            return Err(in_file(no_column(&filter.column, &names)));
        }
        let selected = match selected {
            [] => names.clone(),
            some => some.to_vec(),
        };
        let columns = names.iter().zip(&wanted).filter(|(_, wanted)| **wanted);
        // Each batch has other categories: they are text until the table is whole.
        let type_of = |name: &String| match options.type_of(name) {
            Some(ColumnType::Category) => Some(ColumnType::Text),
            kind => kind,
        };
        let columns = columns.map(|(name, _)| (name.clone(), type_of(name))).collect();
        Ok(Self {
            format: Format::new(&options, dialect.separator),
            file: path.into(),
            left: options.rows,
            lines: line_numbers(&text, &[body])[0] - 1,
            at: body,
            ended: false,
            blocks,
            options,
            filters,
            maps,
            selected,
            batch_bytes,
            dialect,
            wanted,
            columns,
            text,
            more,
        })
    }

    /// A batch without rows, its columns of text unless they are changed.
    pub(super) fn empty(&self) -> Result<Table> {
        let column = |_: &String| Arc::new(Column::Text(Texts::new()));
        self.mapped(Table {
            names: self.selected.clone(),
            columns: self.selected.iter().map(column).collect(),
            rows: 0,
            origin: None,
        })
    }

    /// The first column of the file.
    pub(super) fn first_column(&self) -> Vec<String> {
        self.selected.first().cloned().into_iter().collect()
    }

    /// The next rows of the file; none at its end.
    fn read(&mut self) -> Result<Option<Table>> {
        let mut size = self.batch_bytes;
        loop {
            notebook::check()?;
            let missing = size.saturating_sub(self.text.len() - self.at);
            if self.more && missing > 0 {
                self.text.drain(..self.at);
                self.at = 0;
                self.more = self.blocks.append(&mut self.text, missing)?;
            }
            let end = self.text.len().min(self.at.saturating_add(size));
            let partial = self.more || end < self.text.len();
            if self.at == end && !partial || self.left == Some(0) {
                return Ok(None);
            }
            let bytes = &self.text[self.at..end];
            let (dialect, width, lines) = (self.dialect, self.wanted.len(), self.lines);
            let short_rows = self.options.short_rows;
            let plan = Plan {
                input: Input::Bytes(bytes),
                body: 0,
                shape: Shape { dialect, width, wanted: &self.wanted, short_rows },
                format: &self.format,
                most: self.left,
                lines,
                partial,
            };
            let cells = plan.cells().map_err(|error| {
                let names: Vec<String> =
                    self.columns.iter().map(|(name, _)| name.clone()).collect();
                error.explained(&Context { bytes, body: 0, dialect, width, lines }, &names)
            })?;
            if cells.rest == 0 && partial {
                if size >= LONGEST_ROW {
                    return Err(too_long(self.lines + 1));
                }
                size *= 2;
                continue;
            }
            return self.table(cells).map(Some);
        }
    }

    /// These rows of the text as a table; moves on behind them.
    fn table(&mut self, cells: Cells) -> Result<Table> {
        let Cells { columns, rows, lines, breaks, rest } = cells;
        let format = &self.format;
        let typed: Vec<Column> = columns
            .into_par_iter()
            .zip(&self.columns)
            .map(|(runs, (name, kind))| typed(runs, name, &lines, format, *kind))
            .collect::<Result<_>>()?;
        for ((_, kind), column) in self.columns.iter_mut().zip(&typed) {
            if kind.is_none() && column.nulls() < column.len() {
                *kind = Some(column.column_type());
            }
        }
        self.lines += breaks;
        self.at += rest;
        self.left = self.left.map(|left| left.saturating_sub(rows));
        let origin = Some(Origin { file: self.file.clone(), lines });
        let names = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let columns = typed.into_iter().map(Arc::new).collect();
        let mut table = Table { names, columns, rows, origin };
        for filter in self.filters.iter() {
            table = filter.apply(&table)?;
        }
        table = table.select(&self.selected.iter().map(String::as_str).collect::<Vec<_>>())?;
        if table.rows() == 0 { Ok(table) } else { self.mapped(table) }
    }

    fn mapped(&self, table: Table) -> Result<Table> {
        self.maps.iter().try_fold(table, |table, map| map(&table))
    }
}

impl Iterator for CsvBatches {
    type Item = Result<Table>;

    fn next(&mut self) -> Option<Result<Table>> {
        while !self.ended {
            match self.read() {
                Ok(Some(table)) if table.rows() == 0 => {}
                Ok(Some(table)) => return Some(Ok(table)),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.file(&self.file)));
                }
            }
        }
        None
    }
}

fn too_long(line: usize) -> Error {
    let problem = format!("expected rows of at most {LONGEST_ROW} bytes, found a longer one");
    Error::new(ErrorKind::Table, problem)
        .row(line)
        .help("a quote may not be closed: close it, or read with `CsvOptions::no_quotes`")
}

//! A CSV file that is read in batches, for files larger than memory.

use super::super::frame::Table;
use super::super::group::Aggregate;
use super::super::running::RunningGroups;
use super::batches::{BatchMap, CsvBatches};
use super::blocks::Blocks;
use super::options::CsvOptions;
use super::row_filter::{Condition, Filter, Rule};
use crate::{Error, ErrorKind, Result, files};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of the file in a batch.
const BATCH_BYTES: usize = 1 << 24;
/// Fewest bytes in a batch.
const LEAST_BYTES: usize = 16;

/// A CSV file to be read in batches: selected columns, filters and changes, then a table, counts, aggregates, another file
/// or the words of a [`Corpus`](crate::text::Corpus). Only one batch is in memory at a time, so the file may be larger than
/// it.
///
/// Types of columns are found in the first batch, and cells of later ones must fit them: state the type of a column
/// whose first values mislead with [`CsvOptions::column_type`].
///
/// ```
/// use cuaderno::table::{Aggregate, Table};
/// # fn main() -> cuaderno::Result<()> {
/// # let file = std::env::temp_dir().join(format!("cuaderno-scan-{}.csv", std::process::id()));
/// # std::fs::write(&file, "title,language,price\nFunda,es,3.5\nCapa,pt,2\nCable,es,4.5\n").unwrap();
/// let scan = Table::scan_csv(&file)?.filter_equal("language", "es");
/// assert_eq!(scan.rows()?, 2);
/// let prices = scan.group_by(&["language"], &[("price", Aggregate::Mean)])?;
/// assert_eq!(prices.numbers("price_mean")?, [4.0]);
/// let titles = scan.select(&["title"]).collect()?;
/// assert_eq!(titles.texts("title")?, ["Funda", "Cable"]);
/// # std::fs::remove_file(&file).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct CsvScan {
    path: PathBuf,
    options: CsvOptions,
    filters: Vec<Arc<Filter>>,
    maps: Vec<Arc<BatchMap>>,
    batch_bytes: usize,
}

impl std::fmt::Debug for CsvScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CsvScan({}, {} filters)", self.path.display(), self.filters.len())
    }
}

impl Table {
    /// A CSV file that is read in batches, as polars's `scan_csv`: for files that are larger than memory, or of which
    /// only some rows or columns are needed. Plain text or gzip; the dialect is found as in [`read_csv`](Self::read_csv).
    ///
    /// # Errors
    /// `File` when the file is not there; `Table` when it is not a text file.
    pub fn scan_csv(path: impl AsRef<Path>) -> Result<CsvScan> {
        Self::scan_csv_with(path, &CsvOptions::default())
    }

    /// As [`scan_csv`](Self::scan_csv), for a file that is written as `options` say. `max_bytes` does not apply.
    ///
    /// # Errors
    /// As [`scan_csv`](Self::scan_csv); `Parameter` when an option is out of range.
    pub fn scan_csv_with(path: impl AsRef<Path>, options: &CsvOptions) -> Result<CsvScan> {
        options.check()?;
        let path = path.as_ref();
        Blocks::open(path, options)?;
        let (path, options) = (path.to_path_buf(), options.clone());
        Ok(CsvScan {
            path,
            options,
            filters: Vec::new(),
            maps: Vec::new(),
            batch_bytes: BATCH_BYTES,
        })
    }
}

impl CsvScan {
    /// Only these columns, in this order; others are not kept in memory. Filters may name others.
    #[must_use]
    pub fn select(mut self, columns: &[&str]) -> Self {
        self.options = self.options.columns(columns);
        self
    }

    /// Only the rows whose cell, written as text, is `value`; see [`Table::filter_equal`].
    #[must_use]
    pub fn filter_equal(self, column: &str, value: &str) -> Self {
        self.with_filter(column, Rule::Equal(value.to_string()))
    }

    /// Only the rows whose number lies from `low` to `high`, both included; see [`Table::filter_between`].
    #[must_use]
    pub fn filter_between(self, column: &str, low: f64, high: f64) -> Self {
        self.with_filter(column, Rule::Between(low, high))
    }

    /// Only the rows whose value of a column fulfills `condition`.
    ///
    /// ```
    /// use cuaderno::table::{Table, Value};
    /// # fn main() -> cuaderno::Result<()> {
    /// # let file = std::env::temp_dir().join(format!("cuaderno-filter-{}.csv", std::process::id()));
    /// # std::fs::write(&file, "title\nFunda\nCable\n").unwrap();
    /// let scan = Table::scan_csv(&file)?
    ///     .filter("title", Box::new(|title| matches!(title, Value::Text(t) if t.starts_with('F'))));
    /// assert_eq!(scan.rows()?, 1);
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn filter(self, column: &str, condition: Condition) -> Self {
        self.with_filter(column, Rule::If(condition))
    }

    fn with_filter(mut self, column: &str, rule: Rule) -> Self {
        self.filters.push(Arc::new(Filter { column: column.to_string(), rule }));
        self
    }

    /// Each batch changed by `change`, after all filters and [`select`](Self::select), as polars's `map_batches`: columns added,
    /// rows left out, texts turned into numbers. A batch is some rows of the file: `change` must not depend on where batches begin.
    ///
    /// ```
    /// use cuaderno::table::{Aggregate, Table};
    /// # fn main() -> cuaderno::Result<()> {
    /// # let file = std::env::temp_dir().join(format!("cuaderno-map-{}.csv", std::process::id()));
    /// # std::fs::write(&file, "title,language\nFunda,es\nCapa,pt\nCable,es\n").unwrap();
    /// let scan = Table::scan_csv(&file)?.map_batches(Box::new(|batch| {
    ///     batch.with_column("length", batch.text_lengths("title")?.into())
    /// }));
    /// let lengths = scan.group_by(&["language"], &[("length", Aggregate::Mean)])?;
    /// assert_eq!(lengths.numbers("length_mean")?, [5.0, 4.0]);
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn map_batches(mut self, change: BatchMap) -> Self {
        self.maps.push(Arc::new(change));
        self
    }

    /// Bytes of the file in a batch, 16 or more; default 16 MiB. A batch with its columns takes a small multiple of them.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes.max(LEAST_BYTES);
        self
    }

    /// The batches one by one; those in which no row fulfills the filters are left out.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// # let file = std::env::temp_dir().join(format!("cuaderno-batch-{}.csv", std::process::id()));
    /// # std::fs::write(&file, "title\nFunda\nCable\n").unwrap();
    /// let mut longest = 0;
    /// for batch in Table::scan_csv(&file)?.batches()? {
    ///     let lengths = batch?.text_lengths("title")?;
    ///     longest = longest.max(lengths.into_iter().max().unwrap_or(0));
    /// }
    /// assert_eq!(longest, 5);
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Table::read_csv_with`]; each batch can also be an error about its rows.
    pub fn batches(&self) -> Result<CsvBatches> {
        self.batches_of(&self.options.columns)
    }

    fn batches_of(&self, columns: &[String]) -> Result<CsvBatches> {
        let (filters, maps) = (self.filters.clone(), self.maps.clone());
        CsvBatches::open(&self.path, &self.options, filters, maps, columns, self.batch_bytes)
    }

    /// The batches with at least this column, as text unless the options state another type.
    pub(crate) fn text_batches(&self, column: &str) -> Result<CsvBatches> {
        let mut scan = self.clone();
        if self.maps.is_empty() {
            scan = scan.select(&[column]);
            if scan.options.type_of(column).is_none() {
                scan.options = scan.options.text(&[column]);
            }
        }
        scan.batches()
    }

    /// The number of rows that fulfill the filters.
    ///
    /// # Errors
    /// As [`Table::read_csv_with`].
    pub fn rows(&self) -> Result<usize> {
        let read = match self.filters.first() {
            _ if !self.maps.is_empty() => self.options.columns.clone(),
            Some(filter) => vec![filter.column.clone()],
            None => self.batches()?.first_column(),
        };
        self.batches_of(&read)?.map(|batch| batch.map(|batch| batch.rows())).sum()
    }

    /// The rows that fulfill the filters as one table, which is in memory.
    ///
    /// # Errors
    /// As [`Table::read_csv_with`].
    pub fn collect(&self) -> Result<Table> {
        let batches = self.batches()?;
        let empty = batches.empty();
        let tables: Vec<Table> = batches.collect::<Result<_>>()?;
        match &tables[..] {
            [] => empty,
            [table] => Ok(table.clone()),
            _ => Table::concat(&tables.iter().collect::<Vec<_>>()),
        }
    }

    /// Writes the rows that fulfill the filters into another CSV file, as [`Table::write_csv`] and polars's `sink_csv`: only
    /// one batch is in memory at a time. Returns the number of rows. The file is there whole or not at all.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// # let file = std::env::temp_dir().join(format!("cuaderno-sink-{}.csv", std::process::id()));
    /// # let spanish = std::env::temp_dir().join(format!("cuaderno-sink-es-{}.csv", std::process::id()));
    /// # std::fs::write(&file, "title,language\nFunda,es\nCapa,pt\nCable,es\n").unwrap();
    /// let rows = Table::scan_csv(&file)?.filter_equal("language", "es").write_csv(&spanish)?;
    /// assert_eq!(rows, 2);
    /// assert_eq!(Table::read_csv(&spanish)?.texts("title")?, ["Funda", "Cable"]);
    /// # std::fs::remove_file(&file).unwrap();
    /// # std::fs::remove_file(&spanish).unwrap();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Table::read_csv_with`] and [`Table::write_csv`]; `Table` when batches have different columns.
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<usize> {
        let path = path.as_ref();
        let batches = self.batches()?;
        let empty = batches.empty();
        let mut names: Option<Vec<String>> = None;
        let mut rows = 0;
        let mut text_of = |batch: &Table| -> Result<String> {
            let mut text = String::new();
            match &names {
                None => {
                    batch.write_names(&mut text);
                    names = Some(batch.columns().to_vec());
                }
                Some(names) if names != batch.columns() => {
                    let (names, found) = (names.join(", "), batch.columns().join(", "));
                    let problem =
                        format!("expected the columns {names} in every batch, found {found}");
                    return Err(Error::new(ErrorKind::Table, problem)
                        .help("make the same columns in `map_batches` whatever the rows"));
                }
                Some(_) => {}
            }
            rows += batch.rows();
            batch.write_rows(&mut text);
            Ok(text)
        };
        // The error of a batch, which is no error of the file that is written.
        let mut failed = None;
        let written = files::replace(path, |part| {
            let mut file = std::fs::File::create(part)?;
            let mut write = |batch: Result<Table>| match batch.and_then(|batch| text_of(&batch)) {
                Ok(text) => file.write_all(text.as_bytes()),
                Err(error) => {
                    failed = Some(error);
                    Err(std::io::Error::other("the rows could not be read"))
                }
            };
            let mut any = false;
            for batch in batches {
                any = true;
                write(batch)?;
            }
            if any { Ok(()) } else { write(empty) }
        });
        failed.map_or(written, Err)?;
        Ok(rows)
    }

    /// As [`Table::group_by`], over the rows that fulfill the filters: one row per combination of values in `keys`,
    /// sorted by them. Memory grows with the number of groups, and for `Distinct` with that of values.
    ///
    /// # Errors
    /// As [`Table::group_by`]; `Parameter` for `Median`, which needs all values at once.
    pub fn group_by(&self, keys: &[&str], aggregates: &[(&str, Aggregate)]) -> Result<Table> {
        self.running(keys, aggregates)?.sorted()
    }

    /// As [`Table::value_counts`], over the rows that fulfill the filters.
    ///
    /// # Errors
    /// As [`Table::read_csv_with`].
    pub fn value_counts(&self, column: &str) -> Result<Table> {
        self.running(&[column], &[])?.most_frequent()
    }

    fn running(&self, keys: &[&str], aggregates: &[(&str, Aggregate)]) -> Result<RunningGroups> {
        let mut groups = RunningGroups::new(keys, aggregates)?;
        let mut read: Vec<String> = Vec::new();
        for name in keys.iter().copied().chain(aggregates.iter().map(|(name, _)| *name)) {
            if !read.iter().any(|known| known == name) {
                read.push(name.to_string());
            }
        }
        let read = if self.maps.is_empty() { &read } else { &self.options.columns };
        let mut batches = self.batches_of(read)?;
        // Columns that are missing are an error also where there are no rows.
        let empty = batches.empty();
        if self.maps.is_empty() {
            groups.add(&empty?)?;
            batches.try_for_each(|batch| groups.add(&batch?))?;
            return Ok(groups);
        }
        let mut any = false;
        for batch in batches {
            any = true;
            groups.add(&batch?)?;
        }
        if !any {
            groups.add(&empty?)?;
        }
        Ok(groups)
    }
}

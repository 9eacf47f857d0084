//! The result of a download: files, a table by outcome, a figure.

use super::manifest::Entry;
use super::outcome::Outcome;
use crate::Result;
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::plot::{self, Figure};
use crate::table::Table;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The download of one URL.
#[derive(Clone, Debug, PartialEq)]
pub struct Download {
    /// The URL as it was given.
    pub url: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// A digest of the content: files of equal content have equal digests.
    pub digest: u64,
    /// Number of requests, redirects not counted.
    pub attempts: u32,
    /// Time that the requests took.
    pub seconds: f64,
    /// The problem, as a clause; empty if there was none.
    pub detail: String,
    /// `true` if an earlier run settled it.
    pub resumed: bool,
}

impl Download {
    pub(super) fn of(url: &str, entry: &Entry, folder: &Path, resumed: bool) -> Self {
        let file = (entry.outcome == Outcome::Ok).then(|| folder.join(&entry.file));
        Self {
            url: url.to_string(),
            outcome: entry.outcome,
            file,
            bytes: entry.bytes,
            digest: entry.digest,
            attempts: entry.attempts,
            seconds: entry.seconds,
            detail: entry.detail.clone(),
            resumed,
        }
    }
}

/// The downloads of a column of URLs, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Downloads {
    /// One for each URL.
    pub items: Vec<Download>,
    /// The folder of the files and the manifest.
    pub folder: PathBuf,
    /// Duration of the run that returned this.
    pub seconds: f64,
}

impl Downloads {
    pub(super) fn new(items: Vec<Download>, folder: PathBuf, took: Duration) -> Self {
        Self { items, folder, seconds: took.as_secs_f64() }
    }

    /// Number of URLs that ended with `outcome`.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.items.iter().filter(|item| item.outcome == outcome).count()
    }

    /// Number of URLs that an earlier run had settled.
    pub fn resumed(&self) -> usize {
        self.items.iter().filter(|item| item.resumed).count()
    }

    /// The rows whose file is in the folder.
    pub fn rows(&self) -> Vec<usize> {
        let has_file = |row: &usize| self.items.get(*row).is_some_and(|item| item.file.is_some());
        (0..self.items.len()).filter(has_file).collect()
    }

    /// The files of [`rows`](Self::rows), in their order.
    pub fn files(&self) -> Vec<PathBuf> {
        self.items.iter().filter_map(|item| item.file.clone()).collect()
    }

    /// One row for each URL: `url`, `outcome`, `file`, `bytes`, `attempts`, `seconds`, `detail`, `resumed`.
    ///
    /// # Errors
    /// None that a download can cause.
    pub fn table(&self) -> Result<Table> {
        let text = |value: fn(&Download) -> String| -> Vec<String> {
            self.items.iter().map(value).collect()
        };
        let files: Vec<Option<String>> = self
            .items
            .iter()
            .map(|item| item.file.as_ref().map(|file| file.display().to_string()))
            .collect();
        let number =
            |value: fn(&Download) -> i64| -> Vec<i64> { self.items.iter().map(value).collect() };
        let seconds: Vec<f64> = self.items.iter().map(|item| item.seconds).collect();
        Table::from_columns(vec![
            ("url", text(|item| item.url.clone()).into()),
            ("outcome", text(|item| item.outcome.to_string()).into()),
            ("file", files.into()),
            ("bytes", number(|item| item.bytes as i64).into()),
            ("attempts", number(|item| i64::from(item.attempts)).into()),
            ("seconds", seconds.into()),
            ("detail", text(|item| item.detail.clone()).into()),
            ("resumed", number(|item| i64::from(item.resumed)).into()),
        ])
    }

    /// One row for each outcome that occurs: `outcome`, `urls`, `share`, `MB`, `attempts` (mean), `seconds` (median
    /// time of a URL's requests), and an `example` of what went wrong.
    ///
    /// # Errors
    /// None that a download can cause.
    pub fn summary(&self) -> Result<Table> {
        let total = self.items.len().max(1) as f64;
        let mut names: Vec<&str> = Vec::new();
        let mut counts: Vec<i64> = Vec::new();
        let mut columns: [Vec<f64>; 4] = Default::default();
        let mut examples: Vec<String> = Vec::new();
        for outcome in Outcome::ALL {
            let of: Vec<&Download> =
                self.items.iter().filter(|item| item.outcome == outcome).collect();
            let Some(first) = of.first() else { continue };
            let count = of.len() as f64;
            names.push(outcome.name());
            counts.push(of.len() as i64);
            let attempts: f64 = of.iter().map(|item| f64::from(item.attempts)).sum();
            let bytes: f64 = of.iter().map(|item| item.bytes as f64).sum();
            let mut seconds: Vec<f64> = of.iter().map(|item| item.seconds).collect();
            seconds.sort_by(f64::total_cmp);
            let median = seconds.get(seconds.len() / 2).copied().unwrap_or_default();
            let values = [count / total, bytes / 1e6, attempts / count, median];
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(value);
            }
            let example = of.iter().find(|item| !item.detail.is_empty()).unwrap_or(first);
            examples.push(if example.detail.is_empty() {
                String::new()
            } else {
                format!("{}: {}", example.url, example.detail)
            });
        }
        let [shares, megabytes, attempts, seconds] = columns;
        Table::from_columns(vec![
            ("outcome", names.into()),
            ("urls", counts.into()),
            ("share", shares.into()),
            ("MB", megabytes.into()),
            ("attempts", attempts.into()),
            ("seconds", seconds.into()),
            ("example", examples.into()),
        ])
    }

    /// Contents that several different URLs share, most shared first: `urls`, `bytes`, `file` (the first). A host that
    /// answers with one placeholder image for everything it has lost shows up here.
    ///
    /// # Errors
    /// None that a download can cause.
    pub fn repeated_contents(&self) -> Result<Table> {
        let groups = self.by_content();
        let mut groups: Vec<&Vec<usize>> = groups.iter().filter(|rows| rows.len() > 1).collect();
        groups.sort_by_key(|rows| (std::cmp::Reverse(rows.len()), rows.first().copied()));
        let first = |rows: &Vec<usize>| rows.first().and_then(|row| self.items.get(*row)).cloned();
        let firsts: Vec<Download> = groups.iter().filter_map(|rows| first(rows)).collect();
        let name = |item: &Download| {
            let file = item.file.as_deref().and_then(Path::file_name).unwrap_or_default();
            file.to_string_lossy().into_owned()
        };
        let counts: Vec<i64> = groups.iter().map(|rows| rows.len() as i64).collect();
        Table::from_columns(vec![
            ("urls", counts.into()),
            ("bytes", firsts.iter().map(|item| item.bytes as i64).collect::<Vec<_>>().into()),
            ("file", firsts.iter().map(name).collect::<Vec<_>>().into()),
        ])
    }

    /// The rows of [`rows`](Self::rows) whose content at most `most` different URLs share.
    pub fn rows_shared_by_at_most(&self, most: usize) -> Vec<usize> {
        let groups = self.by_content();
        let shared: HashMap<u64, usize> = groups
            .iter()
            .filter_map(|rows| Some((self.items.get(*rows.first()?)?.digest, rows.len())))
            .collect();
        let few = |row: &usize| {
            self.items
                .get(*row)
                .is_some_and(|item| shared.get(&item.digest).is_none_or(|count| *count <= most))
        };
        self.rows().into_iter().filter(few).collect()
    }

    /// The first rows of different URLs, by content.
    fn by_content(&self) -> Vec<Vec<usize>> {
        let mut urls: HashMap<&str, ()> = HashMap::new();
        let mut groups: HashMap<u64, Vec<usize>> = HashMap::new();
        for (row, item) in self.items.iter().enumerate() {
            if item.outcome == Outcome::Ok && urls.insert(item.url.trim(), ()).is_none() {
                groups.entry(item.digest).or_default().push(row);
            }
        }
        groups.into_values().collect()
    }

    /// URLs by outcome, as bars.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Figure`] if there are no URLs.
    pub fn figure(&self) -> Result<Figure> {
        let present: Vec<Outcome> =
            Outcome::ALL.into_iter().filter(|outcome| self.count(*outcome) > 0).collect();
        let names: Vec<&str> = present.iter().map(|outcome| outcome.name()).collect();
        let counts: Vec<f64> = present.iter().map(|outcome| self.count(*outcome) as f64).collect();
        Ok(plot::bars(&names, &counts)?.title("Downloads by outcome").y_label("URLs"))
    }
}

impl Show for Downloads {
    fn bundle(&self) -> Bundle {
        let mut bundle = self.summary().map(|table| table.bundle()).unwrap_or_default();
        let files = self.rows().len();
        let line = format!(
            "{files} of {} URLs have a file in {} ({} from an earlier run, {:.1} s)",
            self.items.len(),
            self.folder.file_name().unwrap_or_default().to_string_lossy(),
            self.resumed(),
            self.seconds,
        );
        bundle.plain = format!("{line}\n{}", bundle.plain);
        bundle.html = bundle.html.map(|html| format!("<div>{line}</div>{html}"));
        bundle
    }
}

show_in_cells!(Downloads);

//! Where the titles lie, and how they are read.

use super::generate::{SAMPLE_CATEGORIES, SAMPLE_ROWS, SAMPLE_SEED, generate};
use super::paths::TitlePaths;
use crate::practices::place::REAL_DATA;
use crate::practices::pretrained::word_vectors_in;
use crate::table::{Column, Table};
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where the real titles may lie, from the folder that the variable names: the challenge's own file first.
const REAL_FILES: [&str; 6] = [
    "titles/train.csv",
    "meli/train.csv",
    "train.csv",
    "titles/titles.csv",
    "titles.csv",
    "meli/mercadolibre_ar_titles.csv",
];
/// The column that tells how far a label can be trusted.
const QUALITY: &str = "label_quality";

/// Finds the titles: where the environment variable `CUADERNO_REAL_DATA` names a folder, the challenge's `train.csv` in it
/// (or in `titles` or `meli` below it), else other titles there, and word vectors in `embeddings`; without the variable a
/// sample, generated once into the user's cache folder.
///
/// # Errors
/// When `CUADERNO_REAL_DATA` is set but no such file is there, or no sample can be written.
pub fn locate() -> Result<TitlePaths> {
    if let Some(real) = std::env::var_os(REAL_DATA).filter(|value| !value.is_empty()) {
        return real_files(Path::new(&real));
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    let name = format!("titles-{SAMPLE_ROWS}-{SAMPLE_CATEGORIES}-{SAMPLE_SEED}");
    let folder = cache.join("cuaderno").join(name);
    let csv = folder.join("titles.csv");
    if csv.is_file() {
        let vectors = Some(folder.join("vectors.txt.gz")).filter(|file| file.is_file());
        return Ok(TitlePaths { csv, test: None, vectors, real: false });
    }
    generate(&folder, SAMPLE_ROWS, SAMPLE_CATEGORIES, SAMPLE_SEED)
}

fn real_files(folder: &Path) -> Result<TitlePaths> {
    let Some(csv) = REAL_FILES.iter().map(|name| folder.join(name)).find(|file| file.is_file())
    else {
        let help = format!(
            "{REAL_DATA} must name the folder that holds `titles/train.csv`; unset it to use the sample"
        );
        return Err(Error::new(ErrorKind::File, "the titles are not there")
            .file(folder.join(REAL_FILES[0]))
            .help(help));
    };
    let test = Some(csv.with_file_name("test.csv"))
        .filter(|test| test.is_file() && csv.file_name() == Some("train.csv".as_ref()));
    let beside = csv.parent().map(Path::to_path_buf).unwrap_or_default();
    let vectors =
        [beside, folder.join("embeddings")].iter().find_map(|folder| word_vectors_in(folder));
    Ok(TitlePaths { csv, test, vectors, real: true })
}

/// Reads a table of titles. A table without the column `label_quality` gets it, with `unknown` in every row.
///
/// ```
/// use cuaderno::practices::titles::{self, TitlePaths};
/// # let csv = std::env::temp_dir().join(format!("cuaderno-doc-titles-{}.csv", std::process::id()));
/// std::fs::write(&csv, "title,language,category\nFunda de gel,spanish,CASES\n").unwrap();
/// let table = titles::read(&TitlePaths { csv: csv.clone(), test: None, vectors: None, real: true })?;
/// assert_eq!(table.texts("label_quality")?, ["unknown"]);
/// # std::fs::remove_file(&csv).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When a column is missing, there are no rows, or a row has no category: the message names file and row.
pub fn read(paths: &TitlePaths) -> Result<Table> {
    let table = Table::read_csv(&paths.csv)?;
    for name in ["title", "language", "category"] {
        table.column(name)?;
    }
    let categories = table.texts("category")?;
    if categories.is_empty() {
        return Err(Error::new(ErrorKind::Table, "expected titles, found no rows").file(&paths.csv));
    }
    if let Some(row) = categories.iter().position(|category| category.trim().is_empty()) {
        return Err(Error::new(ErrorKind::Table, "the title has no category")
            .file(&paths.csv)
            .row(row + 2)
            .column("category")
            .help("leave such rows out of the file"));
    }
    if table.columns().iter().any(|name| name == QUALITY) {
        return Ok(table);
    }
    table.with_column(QUALITY, vec!["unknown"; table.rows()].into())
}

/// The rows in one language, as the column `language` names it.
///
/// # Errors
/// When there is no such column, or no row is in that language: the message names those there are.
pub fn of_language(table: &Table, language: &str) -> Result<Table> {
    let languages = table.texts("language")?;
    let rows: Vec<usize> = (0..table.rows()).filter(|row| languages[*row] == language).collect();
    if rows.is_empty() {
        let mut known: Vec<&str> = languages.iter().map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        let problem = format!("expected rows in {language}, found {}", known.join(", "));
        return Err(Error::new(ErrorKind::Table, problem).column("language"));
    }
    table.filter_rows(&rows)
}

/// The rows of the categories that have at least `fewest` titles: smaller ones can be neither learned nor judged.
///
/// # Errors
/// When there is no column `category`, or fewer than two categories are left.
pub fn frequent(table: &Table, fewest: usize) -> Result<Table> {
    let categories = table.texts("category")?;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    categories.iter().for_each(|category| *counts.entry(category).or_default() += 1);
    let left = counts.values().filter(|count| **count >= fewest).count();
    if left < 2 {
        let problem =
            format!("expected at least 2 categories of {fewest} titles or more, found {left}");
        return Err(Error::new(ErrorKind::Table, problem)
            .column("category")
            .help("take more rows, or lower the number of titles"));
    }
    let enough = |row: &usize| counts[categories[*row].as_str()] >= fewest;
    table.filter_rows(&(0..table.rows()).filter(enough).collect::<Vec<_>>())
}

/// The published results of the practice's eight experiments, on 1,000,000 rows and 632 categories; empty where the report
/// has none.
///
/// # Errors
/// None; the columns always fit.
pub fn published() -> Result<Table> {
    let experiments = [
        ("1 · default", Some(0.452), Some(2.47), Some(2.54)),
        ("2 · 150 filters", Some(0.430), Some(2.49), Some(2.59)),
        ("3 · 2 epochs", Some(0.417), Some(2.77), Some(2.71)),
        ("4 · 5 epochs", Some(0.492), Some(2.16), Some(2.35)),
        ("5 · 10 epochs", Some(0.531), Some(1.79), Some(2.07)),
        ("6 · 10 epochs, trained", None, None, None),
        ("7 · as 6, batch 256", None, None, None),
        ("8 · lr 5e-3, trained, batch 256", None, None, None),
    ];
    Table::from_columns(vec![
        ("experiment", experiments.map(|e| e.0).to_vec().into()),
        ("published, balanced acc.", Column::Float(experiments.map(|e| e.1).to_vec())),
        ("published, test loss", Column::Float(experiments.map(|e| e.2).to_vec())),
        ("published, train loss", Column::Float(experiments.map(|e| e.3).to_vec())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_and_rare_categories_are_filtered() {
        let table = Table::from_columns(vec![
            ("title", vec!["a", "b", "c", "d", "e", "f"].into()),
            (
                "language",
                vec!["spanish", "portuguese", "spanish", "spanish", "spanish", "spanish"].into(),
            ),
            ("category", vec!["A", "A", "A", "B", "B", "C"].into()),
        ])
        .unwrap();
        let spanish = of_language(&table, "spanish").unwrap();
        assert_eq!(spanish.texts("title").unwrap(), ["a", "c", "d", "e", "f"]);
        let frequent_rows = frequent(&spanish, 2).unwrap();
        assert_eq!(frequent_rows.texts("title").unwrap(), ["a", "c", "d", "e"]);
        let error = of_language(&table, "english").unwrap_err().to_string();
        assert!(error.contains("expected rows in english, found portuguese, spanish"), "{error}");
        let error = frequent(&table, 3).unwrap_err().to_string();
        assert!(error.contains("at least 2 categories of 3 titles or more, found 1"), "{error}");
        assert_eq!(published().unwrap().rows(), 8);
    }
}

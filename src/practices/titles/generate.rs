//! A sample data set in the schema of the challenge, made from nothing but a seed.

use super::grammar::{Grammar, MOST_CATEGORIES, Tongue};
use super::paths::TitlePaths;
use super::vectors;
use crate::{Error, ErrorKind, Result, notebook};
use rayon::prelude::*;
use std::io::Write;
use std::path::Path;

/// The number of rows of the sample that is generated on first use.
pub const SAMPLE_ROWS: usize = 20_000;
/// The number of its categories.
pub const SAMPLE_CATEGORIES: usize = 60;
/// The seed it is made from.
pub const SAMPLE_SEED: u64 = 2019;

/// Rows written at a time.
const BATCH: u64 = 65_536;

/// Writes a sample into `folder`: `titles.csv` with the challenge's columns `title,label_quality,language,category`,
/// and `vectors.txt.gz`, word vectors in GloVe's format. The same arguments give the same bytes; a row depends on the seed
/// and its number alone.
///
/// Titles come from a grammar of products, brands, models, details and phrases; one in five is Portuguese. Category
/// counts follow Zipf's law. One label in ten of the `unreliable` rows is wrong, one in a hundred of the `reliable` ones.
/// Eight rows in a hundred repeat a near one with another word. An eighth of the titles never names its product, and a
/// third names another product too. One word in ten has no vector.
///
/// # Errors
/// When `rows` is 0, `categories` is below 2 or above 1,152, or a file cannot be written.
pub fn generate(
    folder: impl AsRef<Path>,
    rows: usize,
    categories: usize,
    seed: u64,
) -> Result<TitlePaths> {
    write(folder.as_ref(), rows, categories, seed)
}

fn write(folder: &Path, rows: usize, categories: usize, seed: u64) -> Result<TitlePaths> {
    if rows == 0 || !(2..=MOST_CATEGORIES).contains(&categories) {
        let problem = format!(
            "expected at least 1 row and 2 to {MOST_CATEGORIES} categories, found {rows} and {categories}"
        );
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let grammar = Grammar::new(categories, seed);
    crate::files::replace(&folder.join("vectors.txt.gz"), |part| {
        std::fs::write(part, vectors::file(&grammar, seed)?)
    })?;
    let csv = folder.join("titles.csv");
    let mut stopped = Ok(());
    // The table comes last: a folder that has it is complete.
    crate::files::replace(&csv, |part| {
        let mut file = std::io::BufWriter::new(std::fs::File::create(part)?);
        file.write_all(b"title,label_quality,language,category\n")?;
        for start in (0..rows as u64).step_by(BATCH as usize) {
            stopped = notebook::check();
            if stopped.is_err() {
                return Err(std::io::Error::other("interrupted"));
            }
            let end = (start + BATCH).min(rows as u64);
            let lines: Vec<String> =
                (start..end).into_par_iter().map(|row| line(&grammar, row)).collect();
            for line in lines {
                file.write_all(line.as_bytes())?;
            }
        }
        file.flush()
    })
    .or_else(|error| stopped.and(Err(error)))?;
    Ok(TitlePaths { csv, test: None, vectors: Some(folder.join("vectors.txt.gz")), real: false })
}

fn line(grammar: &Grammar, number: u64) -> String {
    let row = grammar.row(number);
    let quality = if row.reliable { "reliable" } else { "unreliable" };
    let language = if row.tongue == Tongue::Portuguese { "portuguese" } else { "spanish" };
    let category = &grammar.categories[row.label].name;
    // Inch marks are quotes: such titles are quoted, as every CSV writer does.
    let title = if row.title.contains(['"', ',']) {
        format!("\"{}\"", row.title.replace('"', "\"\""))
    } else {
        row.title
    };
    format!("{title},{quality},{language},{category}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;
    use std::collections::HashMap;

    fn sample(name: &str, rows: usize, categories: usize) -> (std::path::PathBuf, Table) {
        let folder =
            std::env::temp_dir().join(format!("cuaderno-titles-{}-{name}", std::process::id()));
        let paths = generate(&folder, rows, categories, 7).unwrap();
        (folder, Table::read_csv(&paths.csv).unwrap())
    }

    #[test]
    fn a_row_depends_on_its_number_alone() {
        let (folder, short) = sample("short", 500, 40);
        let (other, long) = sample("long", 900, 40);
        assert_eq!(short.texts("title").unwrap(), long.head(500).texts("title").unwrap());
        assert_eq!(short.texts("category").unwrap(), long.head(500).texts("category").unwrap());
        for folder in [folder, other] {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn the_shares_are_as_documented() {
        let (folder, table) = sample("shares", 20_000, 60);
        std::fs::remove_dir_all(folder).unwrap();
        assert_eq!(table.columns(), ["title", "label_quality", "language", "category"]);
        let share = |column: &str, value: &str| {
            let texts = table.texts(column).unwrap();
            texts.iter().filter(|text| *text == value).count() as f64 / texts.len() as f64
        };
        assert!((share("language", "portuguese") - 0.2).abs() < 0.02);
        assert!((share("label_quality", "reliable") - 0.25).abs() < 0.02);
        let mut counts: HashMap<String, usize> = HashMap::new();
        table
            .texts("category")
            .unwrap()
            .into_iter()
            .for_each(|c| *counts.entry(c).or_default() += 1);
        let (most, least) = (counts.values().max().unwrap(), counts.values().min().unwrap());
        assert_eq!(counts.len(), 60);
        assert!(most > &(least * 6), "{most} {least}");
        assert!(table.texts("title").unwrap().iter().all(|title| title.chars().count() <= 90));
    }

    #[test]
    fn impossible_samples_are_refused() {
        let message = |rows, categories| {
            generate("/nonexistent", rows, categories, 0).unwrap_err().to_string()
        };
        assert!(message(0, 10).contains("at least 1 row"));
        assert!(message(10, 1).contains("2 to 1152 categories"));
        assert!(message(10, 1153).contains("found 10 and 1153"));
    }
}

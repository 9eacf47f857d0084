//! Where the data set lies, and how it is read.

use super::super::place::Place;
use super::generate::{SAMPLE_ROWS, SAMPLE_SEED, generate};
use super::labels::{CONFIDENCE, LABEL, URL, confidences, labels};
use super::paths::{FILE, SentimentPaths};
use crate::Result;
use crate::table::Table;

const PLACE: Place = Place { name: "sentiment", file: FILE };

/// Finds the data set: the real files where the environment variable `CUADERNO_REAL_DATA` names the folder that holds
/// `sentiment/image-Sentiment-polarity-DFE.csv`; else the sample of the repository, looked for in `data/sentiment`
/// from the working directory upwards; else a sample generated once into the user's cache folder.
///
/// # Errors
/// [`crate::ErrorKind::File`] if `CUADERNO_REAL_DATA` is set but the files are not there, or no sample can be written.
pub fn locate() -> Result<SentimentPaths> {
    if let Some(folder) = PLACE.real()? {
        return Ok(SentimentPaths::in_folder(folder, true));
    }
    if let Some(folder) = PLACE.sample() {
        return Ok(SentimentPaths::in_folder(folder, false));
    }
    let folder = PLACE.cache(&format!("{SAMPLE_ROWS}-{SAMPLE_SEED}"));
    if folder.join(FILE).is_file() {
        return Ok(SentimentPaths::in_folder(folder, false));
    }
    generate(&folder, SAMPLE_ROWS, SAMPLE_SEED)
}

/// Reads the table and checks that every row has a label of the scale, a confidence and a URL.
///
/// ```
/// use cuaderno::practices::sentiment;
/// let table = sentiment::read(&sentiment::locate()?)?;
/// assert!(table.texts("imageurl")?[0].starts_with("http"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Table`] with file, row and column if a column is missing or a cell cannot be read.
pub fn read(paths: &SentimentPaths) -> Result<Table> {
    let table = Table::read_csv(&paths.csv)?;
    for name in ["_unit_id", "_golden", "_trusted_judgments", LABEL, CONFIDENCE, URL] {
        table.column(name)?;
    }
    labels(&table)?;
    confidences(&table)?;
    if let Some(row) = table.texts(URL)?.iter().position(|url| url.trim().is_empty()) {
        return Err(table.at(URL, row, "the URL is missing").help("give it, or leave the row out"));
    }
    Ok(table)
}

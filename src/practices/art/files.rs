//! The place of the data set, and its reading.

use super::generate::{SAMPLE_SEED, generate};
use super::names::{Names, plain};
use super::paths::{ArtPaths, COLUMNS, FILE};
use crate::images::{ImageFolder, from_file_names};
use crate::practices::place::Place;
use crate::table::{Column, Table};
use crate::{Error, ErrorKind, Result};

/// Finds the data set: the real files where the environment variable `CUADERNO_REAL_DATA` names the folder that
/// holds `art/artists.csv`; else the sample of the repository, looked for in `data/art` from the working directory
/// upwards; else a sample generated once into the user's cache folder.
///
/// # Errors
/// When `CUADERNO_REAL_DATA` is set but the files are not there, or no sample can be written.
pub fn locate() -> Result<ArtPaths> {
    let place = Place { name: "art", file: FILE };
    if let Some(folder) = place.real()? {
        return Ok(ArtPaths::new(folder, true));
    }
    if let Some(folder) = place.sample() {
        return Ok(ArtPaths::new(folder, false));
    }
    let cached = place.cache(&SAMPLE_SEED.to_string());
    if cached.join(FILE).is_file() {
        return Ok(ArtPaths::new(cached, false));
    }
    generate(cached, SAMPLE_SEED)
}

/// Reads the artists: `genre` and `nationality` become lists, and `years` gives two more columns, `born` and `died`.
///
/// ```
/// use cuaderno::practices::art;
/// let artists = art::read(&art::locate()?)?;
/// assert!(artists.integers("born")?[0] < artists.integers("died")?[0]);
/// assert!(!artists.lists("genre")?[0].is_empty());
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When a column is missing or a row's `years` are not of the form `1853 - 1890`; the message names file and row.
pub fn read(paths: &ArtPaths) -> Result<Table> {
    let table = Table::read_csv(&paths.csv)?;
    for name in COLUMNS {
        table.column(name)?;
    }
    let lists = |name: &str| -> Result<Column> {
        let texts = table.texts(name)?;
        let split = |text: &String| -> Vec<String> {
            let parts = text.split(',').map(|part| part.trim().to_string());
            parts.filter(|part| !part.is_empty()).collect()
        };
        Ok(texts.iter().map(split).collect::<Vec<_>>().into())
    };
    let mut lives = Vec::with_capacity(table.rows());
    for (row, years) in table.texts("years")?.iter().enumerate() {
        let numbers: Vec<i64> = years
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        match numbers[..] {
            [born, died] if born <= died => lives.push((born, died)),
            _ => {
                let problem = format!("expected two years such as `1853 - 1890`, found `{years}`");
                return Err(table
                    .at("years", row, problem)
                    .help("write the years of birth and death"));
            }
        }
    }
    let (born, died): (Vec<i64>, Vec<i64>) = lives.into_iter().unzip();
    let (genre, nationality) = (lists("genre")?, lists("nationality")?);
    table
        .with_column("genre", genre)?
        .with_column("nationality", nationality)?
        .with_column("born", born.into())?
        .with_column("died", died.into())
}

/// The paintings with their artists as classes, named as in the table. File names are `<Name>_<number>.jpg`, with
/// underscores for spaces; accents may be missing in them or garbled, as in the data set's `Albrecht_Durer` and
/// `Albrecht_DuΓòá├¬rer`. Artists without paintings are left out.
///
/// # Errors
/// When the folder has no images, a file has another name, or its artist is not in the table.
pub fn paintings(paths: &ArtPaths, artists: &Table) -> Result<ImageFolder> {
    let found = from_file_names(&paths.images, "{class}_{number}")?;
    let names = Names::new(artists.texts("name")?);
    let mut of_class = Vec::with_capacity(found.classes.len());
    for (class, prefix) in found.classes.iter().enumerate() {
        let Some(name) = names.find(prefix) else {
            let file = found.labels.iter().position(|label| *label == class).unwrap_or_default();
            let problem = format!("no artist of the table is named `{}`", plain(prefix));
            return Err(Error::new(ErrorKind::Table, problem)
                .file(&found.paths[file])
                .help("add the artist to artists.csv, or rename the file"));
        };
        of_class.push(name.to_string());
    }
    Ok(found.rename_classes(&of_class))
}

//! Locating and reading the data set.

use super::super::place::Place;
use super::generate::{SAMPLE_ROWS, SAMPLE_SEED, generate};
use super::paths::{COLUMNS, FILE, PoiPaths};
use crate::table::Table;
use crate::{Error, Result};
use std::path::PathBuf;

const PLACE: Place = Place { name: "poi", file: FILE };
const NUMERIC: [&str; 8] =
    ["tier", "locationLon", "locationLat", "xps", "Visits", "Likes", "Dislikes", "Bookmarks"];

/// Locates the data set: the real files `poi/poi_dataset.csv` in the folder of the environment variable `CUADERNO_REAL_DATA`
/// if it is set; else the repository's sample, `data/poi` in the working directory or above; else a sample that is
/// generated once in the user's cache folder.
///
/// # Errors
/// [`ErrorKind::File`](crate::ErrorKind::File) when `CUADERNO_REAL_DATA` is set but the files do not exist, or the sample cannot be written.
pub fn locate() -> Result<PoiPaths> {
    if let Some(folder) = PLACE.real()? {
        return Ok(PoiPaths::in_folder(folder, true));
    }
    if let Some(folder) = PLACE.sample() {
        return Ok(PoiPaths::in_folder(folder, false));
    }
    let folder = PLACE.cache(&format!("{SAMPLE_ROWS}-{SAMPLE_SEED}"));
    if folder.join(FILE).is_file() {
        return Ok(PoiPaths::in_folder(folder, false));
    }
    generate(&folder, SAMPLE_ROWS, SAMPLE_SEED)
}

/// Reads the table of points of interest, with `categories` and `tags` as lists and `main_image_path` as absolute paths.
///
/// ```
/// use cuaderno::practices::poi;
/// let table = poi::read(&poi::locate()?)?;
/// assert_eq!(table.lists("categories")?.len(), table.rows());
/// assert!(table.texts("main_image_path")?[0].ends_with(".jpg"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Table`](crate::ErrorKind::Table) when a column is missing, a numeric column or a list has an invalid value, or an image does not
/// exist; the error names file, row and column.
pub fn read(paths: &PoiPaths) -> Result<Table> {
    let table = Table::read_csv(&paths.csv)?;
    for name in COLUMNS {
        table.column(name)?;
    }
    for name in NUMERIC {
        table.numbers(name)?;
    }
    let table = table.parse_lists(&["categories", "tags"])?;

    let folder =
        std::path::absolute(&paths.folder).map_err(|source| Error::io(&paths.folder, &source))?;
    let mut images = Vec::with_capacity(table.rows());
    let mut missing = Vec::new();
    for (row, path) in table.texts("main_image_path")?.iter().enumerate() {
        let image = folder.join(path);
        if path.is_empty() || !image.is_file() {
            missing.push((row, path.clone()));
        }
        images.push(image.display().to_string());
    }
    if let Some((row, path)) = missing.first() {
        let others: Vec<&str> =
            missing.iter().skip(1).take(4).map(|(_, path)| path.as_str()).collect();
        let mut problem = format!("the image `{path}` is not in {}", folder.display());
        if missing.len() > 1 {
            problem += &format!(
                " ({} images are missing: also {}{})",
                missing.len(),
                others.join(", "),
                if missing.len() > 5 { " ..." } else { "" }
            );
        }
        return Err(table
            .at("main_image_path", *row, problem)
            .help("copy the images there, or remove these rows from the table"));
    }
    table.with_column("main_image_path", images.into())
}

/// The image path of each row of a table from [`read`].
///
/// # Errors
/// [`ErrorKind::Table`](crate::ErrorKind::Table) when the table has no column `main_image_path`.
pub fn image_paths(table: &Table) -> Result<Vec<PathBuf>> {
    Ok(table.texts("main_image_path")?.into_iter().map(PathBuf::from).collect())
}

//! Where the data set lies, and how it is read.

use super::generate::{SAMPLE_ROWS, SAMPLE_SEED, generate};
use crate::table::Table;
use crate::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

const FILE: &str = "poi_dataset.csv";
const REAL_DATA: &str = "CUADERNO_REAL_DATA";
/// The columns of the table, in the order of the files.
pub(super) const COLUMNS: [&str; 14] = [
    "id",
    "name",
    "shortDescription",
    "categories",
    "tier",
    "locationLon",
    "locationLat",
    "tags",
    "xps",
    "Visits",
    "Likes",
    "Dislikes",
    "Bookmarks",
    "main_image_path",
];
const NUMERIC: [&str; 8] =
    ["tier", "locationLon", "locationLat", "xps", "Visits", "Likes", "Dislikes", "Bookmarks"];

/// The files of a data set of points of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoiPaths {
    /// The table, `poi_dataset.csv`.
    pub csv: PathBuf,
    /// The folder that the table's picture paths start from.
    pub folder: PathBuf,
    /// Whether these are the course's own files; else they are a generated sample.
    pub real: bool,
}

impl PoiPaths {
    pub(super) fn new(csv: PathBuf, folder: PathBuf, real: bool) -> Self {
        Self { csv, folder, real }
    }

    fn in_folder(folder: &Path, real: bool) -> Option<Self> {
        let csv = folder.join(FILE);
        csv.is_file().then(|| Self::new(csv, folder.to_path_buf(), real))
    }
}

impl std::fmt::Display for PoiPaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.real { "the real data set" } else { "the generated sample" };
        write!(f, "{kind} in {}", self.folder.display())
    }
}

/// Finds the data set: the real files where the environment variable `CUADERNO_REAL_DATA` names the
/// folder that holds `poi/poi_dataset.csv`; else the sample of the repository, looked for in `data/poi`
/// from the working directory upwards; else a sample generated once into the user's cache folder.
///
/// # Errors
/// When `CUADERNO_REAL_DATA` is set but the files are not there, or no sample can be written.
pub fn locate() -> Result<PoiPaths> {
    if let Some(real) = std::env::var_os(REAL_DATA).filter(|value| !value.is_empty()) {
        return real_files(Path::new(&real));
    }
    let here = std::env::current_dir().unwrap_or_default();
    let above = here.ancestors().map(Path::to_path_buf);
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let sample = above
        .chain([built])
        .find_map(|folder| PoiPaths::in_folder(&folder.join("data").join("poi"), false));
    if let Some(sample) = sample {
        return Ok(sample);
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    let folder = cache.join("cuaderno").join(format!("poi-{SAMPLE_ROWS}-{SAMPLE_SEED}"));
    match PoiPaths::in_folder(&folder, false) {
        Some(sample) => Ok(sample),
        None => generate(&folder, SAMPLE_ROWS, SAMPLE_SEED),
    }
}

fn real_files(folder: &Path) -> Result<PoiPaths> {
    let help = format!(
        "{REAL_DATA} must name the folder that holds `poi/{FILE}`; unset it to use the sample"
    );
    if !folder.is_dir() {
        return Err(Error::new(ErrorKind::File, "there is no such folder").file(folder).help(help));
    }
    PoiPaths::in_folder(&folder.join("poi"), true)
        .or_else(|| PoiPaths::in_folder(folder, true))
        .ok_or_else(|| {
            Error::new(ErrorKind::File, "the data set is not there")
                .file(folder.join("poi").join(FILE))
                .help(help)
        })
}

/// Reads the table: `categories` and `tags` become lists, `main_image_path` an absolute path.
///
/// # Errors
/// When a column is missing or holds something that is no number where one is needed, a list cannot be
/// read, or pictures are not there: the message names file, row and column.
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
    let mut pictures = Vec::with_capacity(table.rows());
    let mut missing = Vec::new();
    for (row, path) in table.texts("main_image_path")?.iter().enumerate() {
        let picture = folder.join(path);
        if path.is_empty() || !picture.is_file() {
            missing.push((row, path.clone()));
        }
        pictures.push(picture.display().to_string());
    }
    if let Some((row, path)) = missing.first() {
        let others: Vec<&str> =
            missing.iter().skip(1).take(4).map(|(_, path)| path.as_str()).collect();
        let mut problem = format!("the picture `{path}` is not in {}", folder.display());
        if missing.len() > 1 {
            problem += &format!(
                " ({} pictures are missing: also {}{})",
                missing.len(),
                others.join(", "),
                if missing.len() > 5 { " ..." } else { "" }
            );
        }
        return Err(table
            .at("main_image_path", *row, problem)
            .help("put the pictures there, or leave these rows out of the table"));
    }
    table.with_column("main_image_path", pictures.into())
}

/// The path of each row's picture, of a table that [`read`] gave.
///
/// # Errors
/// When the table has no column `main_image_path`.
pub fn image_paths(table: &Table) -> Result<Vec<PathBuf>> {
    Ok(table.texts("main_image_path")?.into_iter().map(PathBuf::from).collect())
}

//! The properties of image files, broken ones included.

use super::decode::{OpenOptions, read};
use crate::table::{Column, Table};
use crate::{Error, ErrorKind, Result, notebook};
use rayon::prelude::*;
use std::path::PathBuf;

/// The properties of one sound file.
struct Facts {
    format: &'static str,
    width: i64,
    height: i64,
    mode: &'static str,
    channels: i64,
    bytes: i64,
    orientation: i64,
}

/// Decodes every file and reports on it: one row a file with the columns `path`, `format`, `width`, `height`,
/// `mode` and `channels` (Pillow's name of the pixel format, such as `RGB` or `P`, and its bands), `bytes`,
/// `orientation` (EXIF's number, 1 for upright) and `problem`, which is empty when the file is sound. Files that
/// cannot be decoded have a problem and no size.
///
/// ```
/// use cuaderno::images::{RgbImage, inspect};
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-inspect-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let (good, broken) = (folder.join("good.png"), folder.join("broken.jpg"));
/// # RgbImage::new(4, 3).save(&good).unwrap();
/// # std::fs::write(&broken, "not an image").unwrap();
/// let report = inspect(&[good, broken])?;
/// assert_eq!(report.texts("format")?[0], "PNG");
/// assert!(report.texts("problem")?[0].is_empty() && !report.texts("problem")?[1].is_empty());
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When there are no paths: a report on nothing is a mistake further up. `Interrupted` when the user interrupts the cell.
pub fn inspect(paths: &[PathBuf]) -> Result<Table> {
    if paths.is_empty() {
        return Err(Error::new(ErrorKind::Parameter, "there are no images to inspect")
            .help("give the paths of the files"));
    }
    let facts = |path: &PathBuf| {
        notebook::check()?;
        let decoded = read(path, &OpenOptions::default())?;
        Ok(Facts {
            format: decoded.format_name(),
            width: decoded.image.width().into(),
            height: decoded.image.height().into(),
            mode: decoded.mode,
            channels: decoded.channels.into(),
            bytes: decoded.bytes as i64,
            orientation: decoded.orientation.into(),
        })
    };
    let reports: Vec<Result<Facts>> = paths.par_iter().map(facts).collect();
    notebook::check()?;

    let number = |value: fn(&Facts) -> i64| -> Column {
        reports.iter().map(|report| report.as_ref().ok().map(value)).collect::<Vec<_>>().into()
    };
    let text = |value: fn(&Facts) -> &'static str| -> Column {
        reports.iter().map(|report| report.as_ref().ok().map(value)).collect::<Vec<_>>().into()
    };
    // A broken file still has a size on disk.
    let bytes: Vec<Option<i64>> = reports
        .iter()
        .zip(paths)
        .map(|(report, path)| match report {
            Ok(facts) => Some(facts.bytes),
            Err(_) => std::fs::metadata(path).ok().filter(|m| m.is_file()).map(|m| m.len() as i64),
        })
        .collect();
    let problems: Vec<Option<String>> =
        reports.iter().map(|report| report.as_ref().err().map(|error| error.to_string())).collect();
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    Table::from_columns(vec![
        ("path", names.into()),
        ("format", text(|facts| facts.format)),
        ("width", number(|facts| facts.width)),
        ("height", number(|facts| facts.height)),
        ("mode", text(|facts| facts.mode)),
        ("channels", number(|facts| facts.channels)),
        ("bytes", bytes.into()),
        ("orientation", number(|facts| facts.orientation)),
        ("problem", problems.into()),
    ])
}

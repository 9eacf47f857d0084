//! What the picture files are, broken ones included.

use super::decode::{Decoded, read};
use crate::table::{Column, Table};
use crate::{Error, ErrorKind, Result};
use rayon::prelude::*;
use std::path::PathBuf;

/// Decodes every file and reports on it: one row a file with the columns `path`, `format`, `width`,
/// `height`, `mode` (Pillow's name, such as `RGB`), `channels`, `bytes` and `problem`, which is empty
/// when the file is sound. Files that cannot be decoded have a problem and no size.
///
/// # Errors
/// When there are no paths: a report on nothing is a mistake further up.
pub fn inspect(paths: &[PathBuf]) -> Result<Table> {
    if paths.is_empty() {
        return Err(Error::new(ErrorKind::Parameter, "there are no pictures to inspect")
            .help("give the paths of the files"));
    }
    struct Facts {
        format: &'static str,
        width: i64,
        height: i64,
        mode: String,
        channels: i64,
        bytes: i64,
    }
    let facts = |path: &PathBuf| {
        let Decoded { picture, format, mode, channels, bytes } = read(path)?;
        let (width, height) = (picture.width().into(), picture.height().into());
        let format = if format == image::ImageFormat::Png { "PNG" } else { "JPEG" };
        Ok(Facts { format, width, height, mode, channels: channels.into(), bytes: bytes as i64 })
    };
    let reports: Vec<Result<Facts>> = paths.par_iter().map(facts).collect();

    let number = |value: fn(&Facts) -> i64| -> Column {
        reports.iter().map(|report| report.as_ref().ok().map(value)).collect::<Vec<_>>().into()
    };
    let text = |value: fn(&Facts) -> &str| -> Column {
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
        ("mode", text(|facts| &facts.mode)),
        ("channels", number(|facts| facts.channels)),
        ("bytes", bytes.into()),
        ("problem", problems.into()),
    ])
}

//! OASIS: 900 photographs rated by many people (Kurdi, Lozano and Banaji, 2017).

use super::labels::{CLASSES, LabeledImages};
use super::paths::SentimentPaths;
use crate::table::Table;
use crate::{Error, ErrorKind, Result};
use std::path::Path;

/// The OASIS photographs beside the CSV: labels are the mean valence cut into five, groups are the themes (`Acorns 1`
/// and `Acorns 2` are of the theme `Acorns`). All labels count alike.
///
/// # Errors
/// [`ErrorKind::File`] if `oasis.csv` or an image is not there; [`ErrorKind::Table`] if a label is not of the scale.
pub fn oasis(paths: &SentimentPaths) -> Result<LabeledImages> {
    let Some(csv) = &paths.oasis else {
        return Err(Error::new(ErrorKind::File, "there is no `oasis.csv`")
            .file(&paths.folder)
            .help("put it there with the folder `oasis_images`"));
    };
    let table = Table::read_csv(csv)?;
    let folder = csv.parent().unwrap_or(Path::new(""));
    let folder = std::path::absolute(folder).map_err(|error| Error::io(folder, &error))?;
    let mut files = Vec::with_capacity(table.rows());
    for (row, file) in table.texts("file")?.iter().enumerate() {
        let path = folder.join(file);
        if !path.is_file() {
            return Err(table
                .at("file", row, format!("the image `{file}` is not in {}", folder.display()))
                .help("put the images there"));
        }
        files.push(path);
    }
    let mut labels = Vec::with_capacity(table.rows());
    for (row, text) in table.texts("sentiment")?.iter().enumerate() {
        let class = CLASSES.iter().position(|class| class.eq_ignore_ascii_case(text));
        labels.push(class.ok_or_else(|| {
            table
                .at("sentiment", row, format!("`{text}` is not a label of the scale"))
                .help(format!("write one of {}", CLASSES.join(", ")))
        })?);
    }
    let confidences = vec![1.0; labels.len()];
    let rows = (0..files.len()).collect();
    Ok(LabeledImages { rows, files, labels, confidences, groups: table.texts("theme_base")? })
}

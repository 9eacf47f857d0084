//! A split as folders: one for each part and class.

use super::labels::{CLASSES, LabeledImages};
use crate::data::Split;
use crate::table::Table;
use crate::{Error, ErrorKind, Result, notebook};
use std::path::{Path, PathBuf};

/// The parts of a split, as folders.
const PARTS: [&str; 3] = ["train", "validation", "test"];

/// Arranges images in folders `<folder>/<part>/<class>/<file>`, as torchvision's `ImageFolder` and Keras's
/// `image_dataset_from_directory` read them: hard links where the file system has them, else copies. What an earlier
/// arrangement left in these folders is removed. Returns how many files each folder has.
///
/// # Errors
/// [`ErrorKind::Parameter`] if the split has a row that is no image, or two images of a folder have one name;
/// [`ErrorKind::File`] if a folder cannot be written to.
pub fn arrange(folder: impl AsRef<Path>, images: &LabeledImages, split: &Split) -> Result<Table> {
    arrange_in(folder.as_ref(), images, split)
}

fn arrange_in(folder: &Path, images: &LabeledImages, split: &Split) -> Result<Table> {
    let parts = [&split.train, &split.validation, &split.test];
    let mut counts = vec![[0_i64; 3]; CLASSES.len()];
    let mut targets: Vec<(&PathBuf, PathBuf)> = Vec::new();
    let mut taken = std::collections::HashSet::new();
    for (place, (part, rows)) in PARTS.iter().zip(parts).enumerate() {
        for row in rows {
            let found = images.files.get(*row).zip(images.labels.get(*row));
            let Some((file, class)) = found.filter(|(_, class)| **class < CLASSES.len()) else {
                let problem = format!("row {row} of the split has no image or no class");
                return Err(Error::new(ErrorKind::Parameter, problem)
                    .help("split the labels of these images"));
            };
            let name = file.file_name().unwrap_or_default();
            let target = folder.join(part).join(folder_name(*class)).join(name);
            if !taken.insert(target.clone()) {
                let problem = format!("two images would become {}", target.display());
                return Err(Error::new(ErrorKind::Parameter, problem)
                    .help("give each image a name of its own"));
            }
            counts[*class][place] += 1;
            targets.push((file, target));
        }
    }
    for part in PARTS {
        for class in 0..CLASSES.len() {
            let path = folder.join(part).join(folder_name(class));
            if path.is_dir() {
                std::fs::remove_dir_all(&path).map_err(|error| Error::io(&path, &error))?;
            }
            std::fs::create_dir_all(&path).map_err(|error| Error::io(&path, &error))?;
        }
    }
    for (file, target) in targets {
        notebook::check()?;
        std::fs::hard_link(file, &target)
            .or_else(|_| std::fs::copy(file, &target).map(|_| ()))
            .map_err(|error| Error::io(&target, &error))?;
    }
    let names: Vec<String> = (0..CLASSES.len()).map(folder_name).collect();
    let column = |place: usize| counts.iter().map(|count| count[place]).collect::<Vec<_>>();
    Table::from_columns(vec![
        ("folder", names.into()),
        ("train", column(0).into()),
        ("validation", column(1).into()),
        ("test", column(2).into()),
    ])
}

/// A class as a folder's name. The number keeps the order of the scale, in which folders are read.
fn folder_name(class: usize) -> String {
    format!("{class}_{}", CLASSES[class].to_lowercase().replace(' ', "_"))
}

//! Labeled images from a folder.

use super::pattern::Pattern;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Labeled image files: a class for each, as torchvision's `ImageFolder`. [`from_folder`] takes the classes from the folders,
/// [`from_file_names`] from the names of the files; [`load_rgb`](super::load_rgb) decodes the paths.
///
/// ```
/// use cuaderno::images::ImageFolder;
/// let files = ImageFolder {
///     paths: vec!["cat/1.jpg".into(), "cat/2.jpg".into(), "dog/1.jpg".into()],
///     labels: vec![0, 0, 1],
///     classes: vec!["cat".into(), "dog".into()],
/// };
/// assert_eq!((files.class_names(), files.class_counts()), (vec!["cat", "dog"], vec![2, 1]));
/// assert_eq!(files.largest_classes(1).paths.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFolder {
    /// The files, sorted.
    pub paths: Vec<PathBuf>,
    /// The class of each file, an index into `classes`.
    pub labels: Vec<usize>,
    /// The names of the classes, sorted.
    pub classes: Vec<String>,
}

/// File names that are taken for images: those of torchvision's `ImageFolder`, and GIF.
const EXTENSIONS: [&str; 8] = ["jpg", "jpeg", "png", "bmp", "tif", "tiff", "webp", "gif"];

impl ImageFolder {
    /// The names of the classes as [`Dataset::new`](crate::data::Dataset::new) takes them.
    pub fn class_names(&self) -> Vec<&str> {
        self.classes.iter().map(String::as_str).collect()
    }

    /// The number of files of each class.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        self.labels.iter().for_each(|label| counts[*label] += 1);
        counts
    }

    /// The same files with class `i` named `names[i]`; classes of one name become one, sorted by name.
    pub fn rename_classes(&self, names: &[String]) -> Self {
        let name = |label: &usize| names.get(*label).or(self.classes.get(*label)).cloned();
        let classes = self.labels.iter().map(|label| name(label).unwrap_or_default());
        Self::new(self.paths.iter().cloned().zip(classes).collect())
    }

    /// The files of the `count` classes that have most, all of them where there are no more.
    pub fn largest_classes(&self, count: usize) -> Self {
        let counts = self.class_counts();
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|class| std::cmp::Reverse(counts[*class]));
        order.truncate(count);
        let files = self.paths.iter().zip(&self.labels);
        let files = files.filter(|(_, label)| order.contains(label));
        Self::new(files.map(|(path, label)| (path.clone(), self.classes[*label].clone())).collect())
    }

    fn new(found: Vec<(PathBuf, String)>) -> Self {
        let names: BTreeSet<&str> = found.iter().map(|(_, class)| class.as_str()).collect();
        let classes: Vec<String> = names.into_iter().map(str::to_string).collect();
        let label = |class: &String| classes.binary_search(class).unwrap_or_default();
        let labels = found.iter().map(|(_, class)| label(class)).collect();
        Self { paths: found.into_iter().map(|(path, _)| path).collect(), labels, classes }
    }
}

/// Images in one folder a class, as torchvision's `ImageFolder`: `folder/<class>/…/<file>`. Hidden files and
/// files of other kinds are passed over.
///
/// ```
/// use cuaderno::images;
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-folder-{}", std::process::id()));
/// # for class in ["cat", "dog"] {
/// #     std::fs::create_dir_all(folder.join(class)).unwrap();
/// #     std::fs::write(folder.join(class).join("1.jpg"), "").unwrap();
/// # }
/// let files = images::from_folder(&folder)?;
/// assert_eq!(files.classes, ["cat", "dog"]);
/// assert_eq!(files.labels, [0, 1]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the folder cannot be read, has no folders, or one of them has no images.
pub fn from_folder(folder: impl AsRef<Path>) -> Result<ImageFolder> {
    let folder = folder.as_ref();
    let mut found = Vec::new();
    for class in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let mut files = Vec::new();
        collect(&class, &mut files)?;
        if files.is_empty() {
            let problem = "the folder of this class has no images";
            return Err(Error::new(ErrorKind::File, problem).file(&class).help(format!(
                "put files there that end in {}, or remove it",
                EXTENSIONS.join(", ")
            )));
        }
        let name = class.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.extend(files.into_iter().map(|file| (file, name.clone())));
    }
    if found.is_empty() {
        let problem = "expected one folder for each class, found none";
        return Err(Error::new(ErrorKind::File, problem)
            .file(folder)
            .help("where file names hold the class, take `images::from_file_names`"));
    }
    Ok(ImageFolder::new(found))
}

/// Images whose file names hold the class. `pattern` is matched against the whole name without its extension:
/// `{class}` is the class, `{number}` digits, `*` any text. `"{class}_{number}"` finds `Frida_Kahlo` in
/// `Frida_Kahlo_12.jpg`.
///
/// ```
/// use cuaderno::images;
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-names-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # for name in ["Frida_Kahlo_1.jpg", "Frida_Kahlo_2.jpg", "Goya_1.jpg"] {
/// #     std::fs::write(folder.join(name), "").unwrap();
/// # }
/// let files = images::from_file_names(&folder, "{class}_{number}")?;
/// assert_eq!((files.class_names(), &files.labels[..]), (vec!["Frida_Kahlo", "Goya"], &[0, 0, 1][..]));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When the folder cannot be read or has no images, the pattern has not exactly one `{class}`, or a file does
/// not match it.
pub fn from_file_names(folder: impl AsRef<Path>, pattern: &str) -> Result<ImageFolder> {
    let (folder, pattern) = (folder.as_ref(), Pattern::new(pattern)?);
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    if files.is_empty() {
        let problem = "the folder has no images";
        return Err(Error::new(ErrorKind::File, problem)
            .file(folder)
            .help(format!("images are files that end in {}", EXTENSIONS.join(", "))));
    }
    let class = |file: PathBuf| {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match pattern.class(&stem) {
            Some(class) => Ok((file, class.to_string())),
            None => Err(Error::new(
                ErrorKind::File,
                format!("the name `{stem}` does not match the pattern `{pattern}`"),
            )
            .file(file)
            .help("change the pattern or move the file away")),
        }
    };
    Ok(ImageFolder::new(files.into_iter().map(class).collect::<Result<_>>()?))
}

/// The entries of `folder`, sorted by name, without hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| {
        Error::io(folder, &error).help("check the path of the folder with the images")
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Adds the images in `folder` and below it.
fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for path in entries(folder)? {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        // A link to a folder above would lead around in a circle.
        if path.is_dir() && !path.is_symlink() {
            collect(&path, into)?;
        } else if path.is_file() && EXTENSIONS.contains(&extension.as_str()) {
            into.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::folder;
    use super::*;

    #[test]
    fn one_folder_is_one_class() {
        let files =
            ["b/2.PNG", "b/1.jpg", "a/deep/er/x.jpeg", "a/notes.txt", "b/.hidden.jpg", "readme.md"];
        let found = from_folder(folder("classes", &files)).unwrap();
        assert_eq!(found.classes, ["a", "b"]);
        assert_eq!(found.labels, [0, 1, 1]);
        assert_eq!(found.class_counts(), [1, 2]);
        assert!(found.paths[1].ends_with("b/1.jpg"));
    }

    #[test]
    fn names_hold_the_class() {
        let files = ["Frida_Kahlo_1.jpg", "Frida_Kahlo_10.jpg", "El_Greco_2.jpg"];
        let found = from_file_names(folder("names", &files), "{class}_{number}").unwrap();
        assert_eq!(found.classes, ["El_Greco", "Frida_Kahlo"]);
        assert_eq!(found.labels, [0, 1, 1]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let message = |result: Result<ImageFolder>| result.unwrap_err().to_string();
        let empty = folder("empty", &["a/1.jpg", "b/notes.txt"]);
        assert!(message(from_folder(&empty)).contains("the folder of this class has no images"));
        assert!(message(from_folder(empty.join("a"))).contains("one folder for each class"));
        assert!(message(from_folder("/not/there")).contains("/not/there"));
        let error = message(from_file_names(empty.join("a"), "{class}_{number}"));
        assert!(error.contains("`1` does not match the pattern `{class}_{number}`"), "{error}");
        assert!(message(from_file_names(&empty, "{number}")).contains("exactly one `{class}`"));
    }
}

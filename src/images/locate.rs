//! Image paths as tables have them: from other systems, in other normal forms, with blanks.

use crate::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// `path` where it exists; else the one file that it means but for a leading `file://`, blanks at the ends, Windows
/// separators, the Unicode normal form and the case.
pub(super) fn locate(path: &Path) -> Result<Cow<'_, Path>> {
    if path.exists() {
        return Ok(Cow::Borrowed(path));
    }
    let missing = || Error::new(ErrorKind::File, "there is no such file").file(path);
    let Some(text) = path.to_str() else {
        return Err(missing().help("check the path of the image"));
    };
    let cleaned = cleaned(text);
    if cleaned.exists() {
        return Ok(Cow::Owned(cleaned));
    }
    let mut near = similar(&cleaned);
    match near.len() {
        1 => Ok(Cow::Owned(near.swap_remove(0))),
        0 => Err(missing().help("check the path of the image")),
        _ => {
            let names: Vec<String> = near.iter().map(|path| path.display().to_string()).collect();
            Err(missing().help(format!("write one of {}", names.join(", "))))
        }
    }
}

/// Without what other systems and careless tables add.
fn cleaned(text: &str) -> PathBuf {
    let text = text.trim();
    let text = text.strip_prefix("file://").unwrap_or(text);
    let text = text.replace('\\', "/");
    if Path::new(&text).exists() {
        return text.into();
    }
    // `file:///images/1.jpg` is often meant from the folder of the table.
    match text.strip_prefix('/') {
        Some(relative) if Path::new(relative).exists() => relative.into(),
        _ => text.into(),
    }
}

/// The files that `path` names but for the normal form and the case of its parts.
fn similar(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in path.components() {
        let Component::Normal(part) = component else {
            found.iter_mut().for_each(|found| found.push(component));
            continue;
        };
        let wanted = folded(&part.to_string_lossy());
        let mut next = Vec::new();
        for folder in found {
            let exact = folder.join(part);
            if exact.exists() {
                next.push(exact);
                continue;
            }
            let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            let entries = std::fs::read_dir(listed).into_iter().flatten().flatten();
            let names = entries.map(|entry| entry.file_name());
            let same = names.filter(|name| folded(&name.to_string_lossy()) == wanted);
            next.extend(same.map(|name| folder.join(name)));
        }
        next.sort();
        found = next;
    }
    found
}

fn folded(name: &str) -> String {
    name.trim().nfc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::folder;
    use super::*;

    #[test]
    fn what_is_meant_is_found() {
        let files = ["Albrecht_Du\u{308}rer/1.jpg", "cat/1.jpg", "cat/2.JPG"];
        let folder = folder("locate", &files);
        let at = |path: &str| locate(&folder.join(path)).map(|path| path.into_owned());
        for (written, file) in [
            ("Albrecht_Dürer/1.jpg", files[0]),
            ("cat\\1.jpg", "cat/1.jpg"),
            ("cat/1.jpg ", "cat/1.jpg"),
            ("CAT/2.jpg", "cat/2.JPG"),
            ("./cat/../cat/1.jpg", "cat/1.jpg"),
        ] {
            assert_eq!(
                at(written).unwrap().canonicalize().unwrap(),
                folder.join(file),
                "{written}"
            );
        }
        let url = format!("file://{}", folder.join("cat/1.jpg").display());
        assert_eq!(locate(Path::new(&url)).unwrap(), folder.join("cat/1.jpg"));
        assert!(at("dog/1.jpg").unwrap_err().to_string().contains("there is no such file"));
    }

    #[test]
    fn several_near_misses_are_named() {
        let folder = folder("near", &["a/X.jpg", "a/x.JPG"]);
        let error = locate(&folder.join("a/x.jpg")).unwrap_err().to_string();
        assert!(error.contains("X.jpg") && error.contains("x.JPG"), "{error}");
    }
}

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
        0 => Err(missing().help(match renamed(&cleaned) {
            _ if text.trim_start().starts_with("http") => {
                "download the image first: this is an address".to_string()
            }
            Some(other) => format!("did you mean `{}`?", other.display()),
            None => "check the path of the image".to_string(),
        })),
        _ => {
            let names: Vec<String> = near.iter().map(|path| path.display().to_string()).collect();
            Err(missing().help(format!("write one of {}", names.join(", "))))
        }
    }
}

/// The only file beside `path` that has its name with another ending.
fn renamed(path: &Path) -> Option<PathBuf> {
    let stem = |path: &Path| Some(folded(&path.file_stem()?.to_string_lossy()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?.flatten();
    let mut same = entries.map(|entry| entry.path()).filter(|other| stem(other) == stem(path));
    same.next().filter(|_| same.next().is_none())
}

/// Without what other systems and careless tables add.
fn cleaned(text: &str) -> PathBuf {
    let text = text.trim();
    let url = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("file:"));
    let text = url.map_or(text, |_| {
        let rest = &text[5..];
        let local = rest.strip_prefix("//localhost").filter(|rest| rest.starts_with('/'));
        local.or_else(|| rest.strip_prefix("//")).unwrap_or(rest)
    });
    let text = text.replace('\\', "/");
    // In an address blanks and accents are written as `%20`; a path may hold such signs itself.
    let decoded = url.and_then(|_| percent_decoded(&text));
    for text in [Some(&text), decoded.as_ref()].into_iter().flatten() {
        if Path::new(text).exists() {
            return text.into();
        }
        // `file:///images/1.jpg` is often meant from the folder of the table.
        if let Some(relative) = text.strip_prefix('/')
            && Path::new(relative).exists()
        {
            return relative.into();
        }
    }
    decoded.unwrap_or(text).into()
}

/// A text with each `%` and two hexadecimal digits replaced by that byte; none where they are no UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match after {
            [high, low, after @ ..] if *first == b'%' => {
                rest = after;
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                (digit(high)? * 16 + digit(low)?) as u8
            }
            _ => *first,
        });
    }
    String::from_utf8(bytes).ok()
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
        let files =
            ["Albrecht_Du\u{308}rer/1.jpg", "cat/1.jpg", "cat/2.JPG", "a b/é.jpg", "100%.jpg"];
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
        for (written, file) in [
            (format!("file://{}", folder.join("a%20b/%C3%A9.jpg").display()), "a b/é.jpg"),
            (format!("FILE://localhost{}", folder.join("a b/E%CC%81.jpg").display()), "a b/é.jpg"),
            (format!("file:{}", folder.join("100%25.jpg").display()), "100%.jpg"),
            (folder.join("100%.jpg").display().to_string(), "100%.jpg"),
        ] {
            assert_eq!(locate(Path::new(&written)).unwrap(), folder.join(file), "{written}");
        }
        let ending = at("cat/1.png").unwrap_err().to_string();
        assert!(ending.contains("did you mean") && ending.contains("1.jpg"), "{ending}");
        let web = locate(Path::new("https://example.org/1.jpg")).unwrap_err().to_string();
        assert!(web.contains("download"), "{web}");
        assert!(at("dog/1.jpg").unwrap_err().to_string().contains("there is no such file"));
    }

    #[test]
    fn several_near_misses_are_named() {
        let folder = folder("near", &["a/X.jpg", "a/x.JPG"]);
        let error = locate(&folder.join("a/x.jpg")).unwrap_err().to_string();
        assert!(error.contains("X.jpg") && error.contains("x.JPG"), "{error}");
    }
}

//! File names that cannot leave their folder.

use super::content::digest;
use super::manifest;
use crate::{Error, ErrorKind, Result};
use std::collections::HashSet;
use ureq::http::Uri;

/// Longest stem, in bytes.
const MAX_STEM: usize = 80;

/// A stem for the file of a URL: the last part of its path, and a digest that tells apart equal last parts.
pub(super) fn from_url(url: &str, address: &Uri) -> String {
    let last = address.path().rsplit('/').next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let stem = safe(stem);
    let sum = digest(url.as_bytes());
    if stem.is_empty() { format!("{sum:016x}") } else { format!("{stem}-{sum:016x}") }
}

/// Stems for given names, in their order: changed where they would not be safe.
///
/// # Errors
/// When two names are equal.
pub(super) fn from_names(names: &[&str]) -> Result<Vec<String>> {
    let mut given = HashSet::new();
    let mut taken = HashSet::new();
    let mut stems = Vec::with_capacity(names.len());
    for name in names {
        if !given.insert(*name) {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("two different URLs have the same name `{name}`"),
            )
            .help("give each URL a name of its own, such as the row's id"));
        }
        let mut stem = safe(name);
        let changed = stem != *name || stem.is_empty();
        // Some file systems do not tell upper from lower case.
        if changed || !taken.insert(stem.to_lowercase()) {
            stem = format!("{stem}-{:016x}", digest(name.as_bytes()));
            taken.insert(stem.to_lowercase());
        }
        stems.push(stem);
    }
    Ok(stems)
}

/// The name without what could have a meaning in a path: only ASCII letters, digits, `-`, `_` and inner dots.
fn safe(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let text: String = name.chars().map(plain).take(MAX_STEM).collect();
    let text = text.trim_matches('.').to_string();
    let base = text.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let device = ["con", "prn", "aux", "nul"].contains(&base.as_str())
        || (base.len() == 4
            && (base.starts_with("com") || base.starts_with("lpt"))
            && base.ends_with(|c: char| c.is_ascii_digit()));
    let own = manifest::FILE.split('.').next() == Some(base.as_str());
    if device || own { format!("_{text}") } else { text }
}

/// The extension that a URL's path gives, if it is a plain one.
pub(super) fn extension(address: &Uri) -> String {
    let last = address.path().rsplit('/').next().unwrap_or_default();
    match last.rsplit_once('.') {
        Some((_, end)) if (1..=8).contains(&end.len()) => {
            let end = safe(end);
            if end.is_empty() { "bin".to_string() } else { end.to_ascii_lowercase() }
        }
        _ => "bin".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_the_folder() {
        for path in
            ["/../../etc/passwd", "/%2e%2e%2fx.jpg", "/..", "/a/..%5C..%5Cb.png", "/.ssh", "/"]
        {
            let url = format!("http://a.test{path}");
            let stem = from_url(&url, &url.parse().unwrap());
            assert!(!stem.contains(['/', '\\', '%']) && !stem.starts_with('.'), "{path}: {stem}");
            assert!(!stem.is_empty());
        }
        let stems =
            from_names(&["../../x", "/etc/passwd", "", "a", "A", "nul", "downloads"]).unwrap();
        for stem in &stems {
            assert!(!stem.contains('/') && !stem.starts_with('.') && !stem.is_empty(), "{stem}");
        }
        let folded: HashSet<String> = stems.iter().map(|stem| stem.to_lowercase()).collect();
        assert_eq!(folded.len(), stems.len(), "{stems:?}");
        assert_eq!(stems[3], "a");
        assert!(!stems.contains(&"nul".to_string()) && !stems.contains(&"downloads".to_string()));
    }

    #[test]
    fn equal_names_are_refused() {
        assert!(from_names(&["a", "a"]).unwrap_err().to_string().contains("the same name `a`"));
    }

    #[test]
    fn equal_last_parts_stay_apart() {
        let stem = |url: &str| from_url(url, &url.parse().unwrap());
        assert!(stem("http://a.test/1/photo.jpg").starts_with("photo-"));
        assert_ne!(stem("http://a.test/1/photo.jpg"), stem("http://a.test/2/photo.jpg"));
    }

    #[test]
    fn an_extension_is_plain() {
        let end = |url: &str| extension(&url.parse().unwrap());
        assert_eq!(end("http://a.test/b.CSV?x=.exe"), "csv");
        assert_eq!(end("http://a.test/b"), "bin");
        assert_eq!(end("http://a.test/b.%2F%2F"), "_2f_2f");
    }
}

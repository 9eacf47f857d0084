//! Where the artifacts of a run lie.

use super::store::Content;
use crate::{Error, Result, files};
use std::path::{Path, PathBuf};

/// A place that an artifact URI names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A folder of this machine.
    Folder(PathBuf),
    /// The tracking server, which passes artifacts on; the path after `mlflow-artifacts:`, with the server where it names one.
    Proxy(Option<String>, String),
    /// A service such as S3.
    Other,
}

impl Target {
    pub fn parse(uri: &str) -> Self {
        if let Some(rest) = uri.strip_prefix("mlflow-artifacts:") {
            return match rest.strip_prefix("//") {
                Some(rest) => {
                    let (server, path) = rest.split_once('/').unwrap_or((rest, ""));
                    let server = Some(server).filter(|server| !server.is_empty());
                    Self::Proxy(server.map(str::to_string), path.to_string())
                }
                None => Self::Proxy(None, rest.trim_start_matches('/').to_string()),
            };
        }
        if let Some(rest) = uri.strip_prefix("file:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            let path = path.strip_prefix("localhost").unwrap_or(path);
            return Self::Folder(PathBuf::from(decoded(path)));
        }
        if uri.contains("://") { Self::Other } else { Self::Folder(PathBuf::from(decoded(uri))) }
    }
}

/// A path in which `%41` stands for `A`.
fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let (mut found, mut place) = (Vec::with_capacity(bytes.len()), 0);
    while place < bytes.len() {
        let hex = path
            .get(place + 1..place + 3)
            .filter(|hex| bytes[place] == b'%' && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                found.push(byte);
                place += 3;
            }
            None => {
                found.push(bytes[place]);
                place += 1;
            }
        }
    }
    String::from_utf8(found).unwrap_or_else(|_| path.to_string())
}

/// Writes an artifact into a folder, whole or not at all.
pub(super) fn write_local(folder: &Path, path: &str, content: Content<'_>) -> Result<()> {
    let place = folder.join(path);
    match content {
        Content::Bytes(bytes) => files::replace(&place, |part| std::fs::write(part, bytes)),
        Content::File(file) => {
            // Opened first, so that an error names the file that is missing.
            let mut source = std::fs::File::open(file).map_err(|error| Error::io(file, &error))?;
            files::replace(&place, |part| {
                std::io::copy(&mut source, &mut std::fs::File::create(part)?).map(|_| ())
            })
        }
    }
}

/// The files of a folder and its folders, each with its path in it, in alphabetical order; without hidden ones and links.
pub(crate) fn files_of(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let (mut found, mut open) = (Vec::new(), vec![(String::new(), folder.to_path_buf())]);
    while let Some((before, folder)) = open.pop() {
        let fail = |error| Error::io(&folder, &error);
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(fail)?;
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                open.push((format!("{before}{name}/"), entry.path()));
            } else if kind.is_file() {
                found.push((format!("{before}{name}"), entry.path()));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifact_addresses_name_folders_or_the_server() {
        let folder = |path: &str| Target::Folder(PathBuf::from(path));
        assert_eq!(Target::parse("/tmp/a b/1"), folder("/tmp/a b/1"));
        assert_eq!(Target::parse("/tmp/50%25/1"), folder("/tmp/50%/1"));
        assert_eq!(Target::parse("mlruns/1"), folder("mlruns/1"));
        assert_eq!(Target::parse("file:///tmp/a%20b"), folder("/tmp/a b"));
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%é"), "%é");
        let proxy = |path: &str| Target::Proxy(None, path.to_string());
        assert_eq!(Target::parse("mlflow-artifacts:/1/ab/artifacts"), proxy("1/ab/artifacts"));
        let other = Target::Proxy(Some("host:80".to_string()), "1".to_string());
        assert_eq!(Target::parse("mlflow-artifacts://host:80/1"), other);
        assert_eq!(Target::parse("s3://bucket/1"), Target::Other);
    }
}

//! The manifest of a download folder: one line for each URL that is settled, so that the next run resumes.

use super::outcome::Outcome;
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The manifest's file name.
pub(super) const FILE: &str = "downloads.tsv";
const HEADER: &str = "url\toutcome\tfile\tbytes\tdigest\tattempts\tseconds\tdetail\n";

/// The record of one URL.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) url: String,
    pub(super) outcome: Outcome,
    /// The file's name within the folder; empty if there is none.
    pub(super) file: String,
    pub(super) bytes: u64,
    /// A digest of the content; equal contents have equal digests.
    pub(super) digest: u64,
    pub(super) attempts: u32,
    /// Time that its requests took.
    pub(super) seconds: f64,
    /// The problem, as a clause.
    pub(super) detail: String,
}

/// An open manifest. No other run can open it meanwhile.
#[derive(Debug)]
pub(super) struct Manifest {
    file: File,
    path: PathBuf,
}

impl Manifest {
    /// Opens the manifest of a folder, or begins one; gives the last entry of each URL. A line that a killed run left
    /// unfinished is cut off.
    pub(super) fn open(folder: &Path) -> Result<(Self, HashMap<String, Entry>)> {
        let path = folder.join(FILE);
        let failed = |error: std::io::Error| {
            Error::io(&path, &error).help("choose a folder that can be written to")
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(ErrorKind::File, "another run downloads into this folder")
                    .file(folder)
                    .help("wait until it is done, or choose another folder"));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        // What a killed run left of a line is cut off.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text = String::from_utf8_lossy(&bytes);
        if !bytes.is_empty() && !HEADER.starts_with(&*text) && !text.starts_with(HEADER) {
            return Err(Error::new(ErrorKind::File, "this is not the manifest of a download")
                .file(&path)
                .help("move it away, or choose another folder"));
        }
        let lines = bytes.get(..whole).unwrap_or_default();
        let lines = String::from_utf8_lossy(lines);
        let entries = lines.lines().skip(1).filter_map(parse);
        let known = entries.map(|entry| (entry.url.clone(), entry)).collect();
        file.set_len(whole as u64).map_err(failed)?;
        file.seek(SeekFrom::Start(whole as u64)).map_err(failed)?;
        if whole == 0 {
            file.write_all(HEADER.as_bytes()).map_err(failed)?;
        }
        Ok((Self { file, path }, known))
    }

    /// Adds an entry.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<()> {
        let line = format!(
            "{}\t{}\t{}\t{}\t{:016x}\t{}\t{:.4}\t{}\n",
            escaped(&entry.url),
            entry.outcome,
            escaped(&entry.file),
            entry.bytes,
            entry.digest,
            entry.attempts,
            entry.seconds,
            escaped(&entry.detail),
        );
        // One write a line: a killed run leaves at most one line unfinished.
        self.file.write_all(line.as_bytes()).map_err(|error| {
            Error::io(&self.path, &error).help("make room there, then run this again to resume")
        })
    }
}

fn parse(line: &str) -> Option<Entry> {
    let fields: Vec<&str> = line.split('\t').collect();
    let &[url, outcome, file, bytes, digest, attempts, seconds, detail] = fields.as_slice() else {
        return None;
    };
    Some(Entry {
        url: plain(url),
        outcome: Outcome::named(outcome)?,
        file: plain(file),
        bytes: bytes.parse().ok()?,
        digest: u64::from_str_radix(digest, 16).ok()?,
        attempts: attempts.parse().ok()?,
        seconds: seconds.parse().ok()?,
        detail: plain(detail),
    })
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some(c) => c,
                None => '\\',
            },
            c => c,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(url: &str) -> Entry {
        Entry {
            url: url.to_string(),
            outcome: Outcome::Timeout,
            file: String::new(),
            bytes: 3,
            digest: u64::MAX,
            attempts: 4,
            seconds: 1.5,
            detail: "a\tb\\n\nc".to_string(),
        }
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cuaderno-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_manifest_cut_off_anywhere_loses_at_most_its_last_line() {
        let folder = folder("manifest-cut");
        let path = folder.join(FILE);
        {
            let (mut manifest, known) = Manifest::open(&folder).unwrap();
            assert!(known.is_empty());
            manifest.add(&entry("http://a.test/1\\")).unwrap();
            manifest.add(&entry("http://a.test/2")).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        let first = HEADER.len() + bytes[HEADER.len()..].iter().position(|b| *b == b'\n').unwrap();
        for end in (0..=bytes.len()).step_by(3) {
            std::fs::write(&path, &bytes[..end]).unwrap();
            let (mut manifest, known) = Manifest::open(&folder).unwrap();
            assert_eq!(known.contains_key("http://a.test/1\\"), end > first, "{end}");
            manifest.add(&entry("http://a.test/3")).unwrap();
            drop(manifest);
            let (_, known) = Manifest::open(&folder).unwrap();
            assert_eq!(known["http://a.test/3"], entry("http://a.test/3"), "{end}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn one_run_at_a_time_and_no_foreign_file() {
        let folder = folder("manifest-lock");
        let open = Manifest::open(&folder).unwrap();
        let error = Manifest::open(&folder).unwrap_err().to_string();
        assert!(error.contains("another run downloads into this folder"), "{error}");
        drop(open);
        std::fs::write(folder.join(FILE), "a,b\n1,2\n").unwrap();
        let error = Manifest::open(&folder).unwrap_err().to_string();
        assert!(error.contains("this is not the manifest of a download"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

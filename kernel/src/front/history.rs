//! The history of cells: kept in a file over restarts, for `history_request`.

use crate::folders;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file is cut to its newer half when it grows beyond this.
const MAX_BYTES: u64 = 4 << 20;

/// The inputs of this session and of those before it.
pub struct History {
    file: Option<PathBuf>,
    session: i64,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    session: i64,
    line: u64,
    input: String,
}

impl History {
    /// Opens the user's history and begins a new session in it.
    pub fn open() -> Self {
        let file = folders::cache().ok().map(|cache| cache.join("history.jsonl"));
        Self::at(file)
    }

    fn at(file: Option<PathBuf>) -> Self {
        let entries = file.as_deref().map(read).unwrap_or_default();
        let session = entries.iter().map(|entry| entry.session).max().unwrap_or(0) + 1;
        Self { file, session, entries }
    }

    /// Keeps a cell. A history that cannot be written is no reason to fail a cell.
    pub fn add(&mut self, line: u64, input: &str) {
        let entry = Entry { session: self.session, line, input: input.to_string() };
        if let Some(file) = &self.file {
            let text = format!("{}\n", json!([entry.session, entry.line, entry.input]));
            let _ = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(file)
                .and_then(|mut file| file.write_all(text.as_bytes()));
        }
        self.entries.push(entry);
    }

    /// The cells of this session, with their numbers.
    pub fn of_session(&self) -> Vec<(u64, String)> {
        let own = self.entries.iter().filter(|entry| entry.session == self.session);
        own.map(|entry| (entry.line, entry.input.clone())).collect()
    }

    /// The content of the reply to a `history_request`.
    pub fn reply(&self, request: &Value) -> Value {
        let with_output = request["output"] == true;
        let number = |name: &str| request[name].as_i64();
        let limit = number("n").and_then(|n| usize::try_from(n).ok());
        let mut found: Vec<&Entry> = match request["hist_access_type"].as_str() {
            Some("range") => {
                // Zero is this session, negative numbers count back from it.
                let session = number("session").unwrap_or(0);
                let session = if session <= 0 { self.session + session } else { session };
                let (start, stop) =
                    (number("start").unwrap_or(0), number("stop").unwrap_or(i64::MAX));
                let inside = |entry: &&Entry| {
                    let line = i64::try_from(entry.line).unwrap_or(i64::MAX);
                    entry.session == session && line >= start && line < stop
                };
                self.entries.iter().filter(inside).collect()
            }
            Some("search") => {
                let pattern = request["pattern"].as_str().unwrap_or("*");
                self.entries.iter().filter(|entry| matches(pattern, &entry.input)).collect()
            }
            _ => self.entries.iter().collect(),
        };
        if request["unique"] == true {
            let mut seen = std::collections::HashSet::new();
            found.reverse();
            found.retain(|entry| seen.insert(&entry.input));
            found.reverse();
        }
        if let Some(limit) = limit.filter(|_| request["hist_access_type"] != "range") {
            found.drain(..found.len().saturating_sub(limit));
        }
        let rows: Vec<Value> = found
            .into_iter()
            .map(|entry| {
                let input =
                    if with_output { json!([entry.input, null]) } else { json!(entry.input) };
                json!([entry.session, entry.line, input])
            })
            .collect();
        json!({"status": "ok", "history": rows})
    }
}

fn read(file: &Path) -> Vec<Entry> {
    let Ok(open) = File::open(file) else { return Vec::new() };
    let size = open.metadata().map_or(0, |meta| meta.len());
    let mut entries: Vec<Entry> = BufReader::new(open)
        .lines()
        .map_while(std::io::Result::ok)
        .filter_map(|line| {
            let value: Value = serde_json::from_str(&line).ok()?;
            let input = value[2].as_str()?.to_string();
            Some(Entry { session: value[0].as_i64()?, line: value[1].as_u64()?, input })
        })
        .collect();
    if size > MAX_BYTES {
        entries.drain(..entries.len() / 2);
        let text: String = entries
            .iter()
            .map(|entry| format!("{}\n", json!([entry.session, entry.line, entry.input])))
            .collect();
        let _ = folders::write_private(file, text.as_bytes());
    }
    entries
}

/// Returns `true` if a text matches a pattern of `*` and `?`, as a file name would.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(reply: &Value) -> Vec<&str> {
        reply["history"].as_array().unwrap().iter().map(|row| row[2].as_str().unwrap()).collect()
    }

    #[test]
    fn history_survives_restarts_and_answers_all_three_ways() {
        let file = std::env::temp_dir().join(format!("cuaderno-history-{}", std::process::id()));
        let _ = std::fs::remove_file(&file);
        let mut first = History::at(Some(file.clone()));
        for (line, input) in ["let a = 1;", "a + ñ", "let a = 1;"].iter().enumerate() {
            first.add(line as u64 + 1, input);
        }
        let mut second = History::at(Some(file.clone()));
        second.add(1, "b\nc");
        assert_eq!(second.of_session(), [(1, "b\nc".to_string())]);
        let tail = json!({"hist_access_type": "tail", "n": 2});
        assert_eq!(inputs(&second.reply(&tail)), ["let a = 1;", "b\nc"]);
        let range = json!({"hist_access_type": "range", "session": -1, "start": 1, "stop": 3});
        assert_eq!(inputs(&second.reply(&range)), ["let a = 1;", "a + ñ"]);
        let search =
            json!({"hist_access_type": "search", "pattern": "let*", "n": 10, "unique": true});
        assert_eq!(inputs(&second.reply(&search)), ["let a = 1;"]);
        let with_output = json!({"hist_access_type": "tail", "n": 1, "output": true});
        assert_eq!(second.reply(&with_output)["history"], json!([[2, 1, ["b\nc", null]]]));
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn patterns_match_like_file_names() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?ñ", "añ", true),
            ("a", "ab", false),
            ("*b*", "a\nb", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}

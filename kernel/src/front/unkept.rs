//! Variables that live in one cell alone: what they hold cannot stay between cells. Which ones, the inner kernel or the compiler
//! finds; the cell runs all the same, and a line gives the reason and what to write instead.

use super::ansi::strip_ansi;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Why a variable cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It borrows from another variable, or from a value of the cell.
    Borrows,
    /// It is a closure.
    Closure,
    /// It holds a closure, or a type that a function hides behind `impl`.
    Hidden,
    /// The kernel cannot find its type.
    Unknown,
    /// Its type has no name that a cell can write.
    Unnamed,
    /// It is made by the same `let` as one that cannot be kept.
    Together,
}

impl Why {
    /// The line for the user: the reason, and what to write instead.
    pub fn note(self, name: &str) -> String {
        let (why, instead) = match self {
            Self::Borrows => (
                "it borrows from another variable",
                "store an owned value, as `.to_vec()`, `.to_string()` or `.collect()` make one, or borrow again in the next cell",
            ),
            Self::Closure => (
                "it is a closure, whose type nobody can write",
                "write a `fn`, or box it: `let f: Box<dyn Fn(i32) -> i32> = Box::new(|x| x * 2);`",
            ),
            Self::Hidden => (
                "it holds a closure, an iterator or a future, whose type nobody can write",
                "`.collect()` an iterator, `.await` a future, or box it: `Box<dyn Iterator<Item = i32>>`",
            ),
            Self::Unknown => (
                "its type is not known before it is compiled",
                "write the type: `let name: Type = ...`",
            ),
            Self::Unnamed => (
                "the name of its type is not known here",
                "write the type with its path: `let name: path::Type = ...`",
            ),
            Self::Together => (
                "the same `let` makes a variable that cannot be kept",
                "make it in a `let` of its own",
            ),
        };
        format!("`{name}` is not kept for the next cell: {why}; to keep it, {instead}\n")
    }

    /// Why a later cell does not find the variable.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Borrows => "it borrowed from another variable",
            Self::Closure => "it was a closure",
            Self::Hidden => "it held a closure, an iterator or a future",
            Self::Unknown => "its type was not known",
            Self::Unnamed => "its type had no name there",
            Self::Together => "the same `let` made a variable that cannot be kept",
        }
    }
}

/// The variables that the cell could not keep, from evcxr's errors and from the compiler's messages, one JSON object a
/// line.
pub fn find(errors: &[Value], said: &str) -> BTreeMap<String, Why> {
    let mut found = BTreeMap::new();
    for error in errors {
        let text = strip_ansi(error["evalue"].as_str().unwrap_or_default());
        let Some(name) = text.split('`').nth(1) else { continue };
        let why = if text.contains("is a closure, which cannot be persisted") {
            Why::Closure
        } else if text.contains("which cannot be persisted") {
            if text.contains("impl ") || text.contains("{closure") {
                Why::Hidden
            } else {
                Why::Borrows
            }
        } else if text.contains("contains a reference with a non-static lifetime") {
            Why::Borrows
        } else if text.contains("Couldn't automatically determine type") {
            Why::Unknown
        } else {
            continue;
        };
        found.insert(name.to_string(), why);
    }
    for message in said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if message["level"] != "error" {
            continue;
        }
        for span in message["spans"].as_array().into_iter().flatten() {
            let label = span["label"].as_str().unwrap_or_default();
            let line = span["text"][0]["text"].as_str().unwrap_or_default();
            let code = message["code"]["code"].as_str().unwrap_or_default();
            let Some(name) = put(line) else { continue };
            let is_borrow = label.contains("`'static`")
                || matches!(code, "E0597" | "E0521" | "E0716" | "E0310")
                    && label.contains("borrow");
            if is_borrow {
                found.insert(name.to_string(), Why::Borrows);
            } else if span["is_primary"] == true && OF_NAMES.contains(&code) {
                found.insert(name.to_string(), Why::Unnamed);
            } else if code == "E0562"
                || message["message"].as_str().is_some_and(|m| m.contains("`impl Trait`"))
            {
                found.insert(name.to_string(), Why::Hidden);
            }
        }
    }
    found
}

/// The variables that a cell has to drop before it can put away what they borrow, as a guard of a lock.
pub fn to_drop(said: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for message in said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if message["code"]["code"] != "E0505" {
            continue;
        }
        let labels = message["spans"].as_array().into_iter().flatten();
        let labels = labels.filter_map(|span| span["label"].as_str());
        names.extend(labels.filter_map(|label| {
            let (name, _) = label.split_once("when `")?.1.split_once("` is dropped")?;
            Some(name.to_string())
        }));
    }
    names
}

/// The codes of errors about a type that is written where its name is not known, private or not stable.
const OF_NAMES: [&str; 10] =
    ["E0106", "E0107", "E0191", "E0405", "E0412", "E0425", "E0432", "E0433", "E0603", "E0658"];

/// The variable that a line of the program puts away.
fn put(line: &str) -> Option<&str> {
    let (_, end) = line.split_once("put_variable::<")?.1.rsplit_once(">(stringify!(")?;
    Some(end.split_once(')')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_guard_is_found() {
        let span = json!({"label": "borrow might be used here, when `guard` is dropped and runs the `Drop` code"});
        let said = json!({"code": {"code": "E0505"}, "spans": [span]}).to_string();
        assert_eq!(to_drop(&said), BTreeSet::from(["guard".to_string()]));
        assert!(to_drop(&said.replace("E0505", "E0597")).is_empty());
    }

    #[test]
    fn variables_are_found_by_what_is_said_of_them() {
        let errors = [
            json!({"evalue": "The variable `f` is a closure, which cannot be persisted.\nYou can"}),
            json!({"evalue": "The variable `e` has type `Filter<Range<i32>, impl FnMut(&i32) -> bool>` which cannot be persisted."}),
            json!({"evalue": "The variable `w` contains a reference with a non-static lifetime so\ncan't"}),
            json!({"evalue": "cannot find value `x` in this scope"}),
        ];
        let span = json!({"label": "argument requires that `v` is borrowed for `'static`",
            "text": [{"text": "evcxr_variable_store.put_variable::<&mut Vec<(u8,)>>(stringify!(m), m);"}]});
        let said = json!({"level": "error", "message": "cannot move out of `v`", "code": {"code": "E0505"}, "spans": [span]});
        let span = json!({"label": "not found in this scope", "is_primary": true,
            "text": [{"text": "evcxr_variable_store.put_variable::<Box<dyn Odd>>(stringify!(o), o);"}]});
        let unnamed = json!({"level": "error", "message": "cannot find trait `Odd` in this scope", "code": {"code": "E0405"}, "spans": [span]});
        let found = find(&errors, &format!("{said}\n{unnamed}"));
        let expected = [
            ("e", Why::Hidden),
            ("f", Why::Closure),
            ("m", Why::Borrows),
            ("o", Why::Unnamed),
            ("w", Why::Borrows),
        ];
        assert_eq!(found, expected.map(|(name, why)| (name.to_string(), why)).into());
    }
}

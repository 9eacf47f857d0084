//! Variables whose types were redefined since they were made: they leave the store before the cell's code can see them.
//!
//! Every program gives the store its items, and what the types of its variables are made of ([`super::items`]);
//! the store compares this with what it noted when it took each value. When a cell redefines a type, a program of its own
//! does so first, without the cell's code: the types of variables may no longer be named as they were.

use super::hash::Fnv;
use super::items::{Items, Parts};
use super::program::{Access, FUNCTION, Program};
use super::store;
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};
use std::fmt::Write;

/// The file of the items of the programs that compiled, below the folder of evcxr's crate.
const FILE: &str = "cuaderno-items.json";
/// The start of evcxr's lines that check variables.
const CHECKS: &str = "{let mut vars_ok = true;";

/// The items of a cell's program, beside those of earlier ones.
pub struct Session {
    pub items: Items,
    /// The types as they were when a program with them first compiled, and when one last did.
    first: Parts,
    last: Parts,
}

impl Session {
    /// Reads a program, which is compiled with these arguments.
    pub fn read(source: &str, args: &[OsString]) -> Self {
        let noted: Value = std::fs::read(FILE)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        let parts = |key: &str| serde_json::from_value(noted[key].clone()).unwrap_or_default();
        Self {
            items: Items::read(source, &crates(args)),
            first: parts("first"),
            last: parts("last"),
        }
    }

    /// Returns `true` if the program redefines a type that a variable may have.
    fn redefines(&self) -> bool {
        changed(&self.last, &self.items.types()).next().is_some()
    }

    /// A number that is 0 for the types as they were first defined, and another for each other set of definitions. With
    /// it, the compiler gives types that were redefined another `TypeId`, so that no value that hides in a
    /// `Box<dyn Any>` is taken for one of a new type.
    pub fn version(&self) -> u64 {
        let types = self.items.types();
        let mut hash = Fnv::default();
        for (name, now) in changed(&self.first, &types) {
            hash.add(name.as_bytes());
            hash.add(&now.to_le_bytes());
        }
        if hash.0 == Fnv::default().0 { 0 } else { hash.0 }
    }

    /// Notes that the program compiled.
    pub fn note(mut self) {
        for (name, hash) in self.items.types() {
            self.first.entry(name.clone()).or_insert(hash);
            self.last.insert(name, hash);
        }
        // Without the note, the next cell is checked while it runs.
        let _ = std::fs::write(FILE, json!({"first": self.first, "last": self.last}).to_string());
    }

    /// The program that only removes stale variables, and has evcxr compile the cell again; `None` where the cell
    /// redefines nothing.
    pub fn removing(&self, source: &str) -> Option<String> {
        if !self.redefines() {
            return None;
        }
        let at = source.find(FUNCTION)?;
        let rest = &source[at + "pub extern \"C\" fn ".len()..];
        let name = rest.split('(').next()?;
        let krate = store::CRATE;
        let program = Program::read(source);
        let statements = || program.iter().flat_map(|program| &program.statements);
        let mut made: Vec<&str> = source.lines().filter_map(Access::read).map(|a| a.name).collect();
        made.retain(|name| statements().any(|statement| statement.binds(name)));
        Some(format!(
            "{}pub extern \"C\" fn {name}(store: *mut ::{krate}::VariableStore) -> *mut ::{krate}::VariableStore {{ \
             unsafe {{ ::{krate}::remove_stale(store, &{}, &{made:?}) }}; store }}\n",
            &source[..at],
            list(&self.items.all())
        ))
    }

    /// The program that gives the store its items, on the line that it has for its checks.
    pub fn checking(&self, source: &str) -> String {
        let Some((before, after)) = source.split_once(CHECKS) else { return source.to_string() };
        let program = Program::read(source);
        let statements = program.iter().flat_map(|p| &p.statements).map(|s| s.node.clone());
        let named = self.items.named_types(statements);
        let mut variables = String::new();
        let mut seen: Vec<&str> = Vec::new();
        for access in source.lines().filter_map(Access::read) {
            if seen.contains(&access.name) {
                continue;
            }
            seen.push(access.name);
            let kind = own_type(source, access.name).unwrap_or(access.kind);
            let made = self.items.made_of(kind);
            let hidden = if made.hides { list(&named) } else { "[]".to_string() };
            let _ = write!(
                variables,
                "({:?},&{},{},&{hidden}),",
                access.name,
                list(&made.parts),
                made.hides
            );
        }
        let all = list(&self.items.all());
        format!(
            "{before}let _cuaderno_input = evcxr_internal_runtime::Input::open(); {{let mut vars_ok = evcxr_variable_store.begin_cell(&{all}, &[{variables}]);{after}"
        )
    }
}

/// The type under which a program puts a variable away.
fn own_type<'a>(source: &'a str, name: &str) -> Option<&'a str> {
    let mut puts = source.lines().rev().filter_map(Access::read);
    puts.find(|access| access.name == name).map(|access| access.kind)
}

fn list(parts: &Parts) -> String {
    let mut text = String::from("[");
    for (name, hash) in parts {
        let _ = write!(text, "({name:?},{hash}),");
    }
    text + "]"
}

/// The parts that are there before and now, with another hash.
fn changed<'a>(before: &'a Parts, now: &'a Parts) -> impl Iterator<Item = (&'a String, u64)> {
    now.iter()
        .filter(|(name, hash)| before.get(*name).is_some_and(|old| old != *hash))
        .map(|(n, h)| (n, *h))
}

/// The crates that a program is compiled with: their files change when they do.
fn crates(args: &[OsString]) -> Vec<(String, u64)> {
    let externs = args.windows(2).filter(|pair| pair[0] == "--extern").map(|pair| &pair[1]);
    externs
        .filter_map(|named| {
            let (name, path) = named.to_str()?.split_once('=')?;
            let mut hash = Fnv::default();
            hash.add(path.as_bytes());
            if let Ok(meta) = std::fs::metadata(OsStr::new(path)) {
                hash.add(&meta.len().to_le_bytes());
                let made = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
                hash.add(&made.as_nanos().to_le_bytes());
            }
            Some((name.to_string(), hash.0))
        })
        .collect()
}

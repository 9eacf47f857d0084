//! `--name value` pairs of a command line.

use cuaderno::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// What the user gave, by name.
pub struct Arguments(BTreeMap<String, String>);

fn fail<T>(problem: String, known: &[&str]) -> Result<T> {
    let known: Vec<String> = known.iter().map(|name| format!("--{name}")).collect();
    let error = Error::new(ErrorKind::Parameter, problem);
    Err(error.help(format!("the arguments are {}", known.join(", "))))
}

impl Arguments {
    /// The command line, all of whose names must be `known`.
    pub fn read(known: &[&str]) -> Result<Self> {
        let mut all = std::env::args().skip(1);
        let mut pairs = BTreeMap::new();
        while let Some(name) = all.next() {
            let Some(bare) = name.strip_prefix("--").filter(|bare| known.contains(bare)) else {
                return fail(format!("there is no argument `{name}`"), known);
            };
            let Some(value) = all.next() else {
                return fail(format!("`{name}` has no value"), known);
            };
            pairs.insert(bare.to_string(), value);
        }
        Ok(Self(pairs))
    }

    /// The value of an argument that must be there.
    pub fn text(&self, name: &str) -> Result<&str> {
        match self.0.get(name) {
            Some(value) => Ok(value),
            None => fail(format!("`--{name}` is missing"), &[name]),
        }
    }

    /// A number, or `default`.
    #[allow(dead_code, reason = "not every example has one")]
    pub fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T> {
        let Some(text) = self.0.get(name) else { return Ok(default) };
        match text.parse() {
            Ok(number) => Ok(number),
            Err(_) => fail(format!("`--{name} {text}` is no such number"), &[name]),
        }
    }
}

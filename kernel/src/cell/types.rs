//! The types that evcxr has named for a cell's variables, noted while it still means to put all of them away: once the
//! compiler has found that the cell gives one away, evcxr forgets that one.

use super::program::Program;
use serde_json::{Value, json};

/// The file of the noted types, below the folder of evcxr's crate.
const FILE: &str = "cuaderno-types.json";

/// The types of the variables of one cell, as that cell can write them.
#[derive(Default)]
pub struct Types {
    types: Value,
}

impl Types {
    /// The types noted for the cell with this program.
    pub fn noted(source: &str) -> Self {
        let text = std::fs::read(FILE).unwrap_or_default();
        let mut noted: Value = serde_json::from_slice(&text).unwrap_or_default();
        let cell = Program::read(source).map(|program| program.cell());
        if cell.is_none_or(|cell| noted["cell"] != cell) {
            return Self::default();
        }
        Self { types: noted["types"].take() }
    }

    /// Notes those of a program that did not compile, beside what is noted of the same cell.
    pub fn note(source: &str) {
        let Some(program) = Program::read(source) else { return };
        let mut types = Self::noted(source).types;
        for own in &program.own {
            types[own.name] = own.kind.into();
        }
        // At worst a value is kept under a name that a cell cannot write.
        let _ = std::fs::write(FILE, json!({"cell": program.cell(), "types": types}).to_string());
    }

    pub fn of(&self, name: &str) -> Option<&str> {
        self.types[name].as_str()
    }

    #[cfg(test)]
    pub fn example(types: Value) -> Self {
        Self { types }
    }
}

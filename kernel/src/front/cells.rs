//! The cells of a session: their numbers, their code, and what each makes.

/// A cell of this session: its number and its code.
pub type Cell = (u64, String);

/// Returns `true` if code has a `let` that makes a variable of this name.
pub fn makes(code: &str, name: &str) -> bool {
    code.match_indices("let ").any(|(at, word)| {
        let rest = code[at + word.len()..].trim_start();
        let rest = rest.strip_prefix("mut ").unwrap_or(rest).trim_start();
        let after = rest.strip_prefix(name).and_then(|rest| rest.chars().next());
        after.is_some_and(|c| !c.is_alphanumeric() && c != '_')
    })
}

/// Returns `true` if code has an item of this name.
pub fn defines(code: &str, name: &str) -> bool {
    ["fn ", "const ", "static "].iter().any(|word| code.contains(&format!("{word}{name}")))
}

/// The number of the last cell that makes the variable.
pub fn made_in(name: &str, cells: &[Cell]) -> Option<u64> {
    cells.iter().rev().find(|(_, code)| makes(code, name)).map(|(count, _)| *count)
}

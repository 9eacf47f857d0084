//! From a place in the program made of the user's cells to the place in the cells.

use super::ansi::{BLUE, OFF, RED};
use super::cells::Cell;
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, TextSize, ast};
use serde_json::Value;

/// The program, as the compiler and panics name it.
const FILE: &str = "src/lib.rs";
/// The code before the value of a cell's last expression.
const SHOWS: &str = "evcxr_internal_runtime::show(";
/// The start of a panic message's last line.
pub const ASKS_FOR_BACKTRACE: &str = "note: run with `RUST_BACKTRACE";

/// The cell, with line and column in it, both from 1, of a place `src/lib.rs:14:5` in the program made of the last one,
/// which repeats the functions of earlier ones.
pub fn cell_place<'a>(
    place: &str,
    cells: &'a [Cell],
    source: &str,
) -> Option<(&'a Cell, usize, usize)> {
    let (line, column) = place.strip_prefix(FILE)?.strip_prefix(':')?.split_once(':')?;
    let (mut line, mut column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    let made: Vec<&str> = source.lines().collect();
    // The value of the cell's last expression stands in parentheses, which the compiler counts in.
    if made.get(line.checked_sub(1)?)?.starts_with(SHOWS) {
        (line, column) = (line + 1, 1);
    }
    let wanted = made.get(line - 1)?;
    let statement = wanted.trim();
    // A statement that evcxr did not see has lost the bracket before its last semicolon.
    let statement = match statement.strip_suffix("; ;") {
        Some(_) => &statement[..statement.len() - 2],
        None => statement,
    };
    let indent = |text: &str| text.len() - text.trim_start().len();
    let mut best = None;
    for cell in cells {
        let lines: Vec<&str> = cell.1.lines().collect();
        for (i, text) in lines.iter().enumerate() {
            // evcxr may put its own code around a line, and puts every statement on a line of its own.
            let found = match wanted.find(text.trim()) {
                Some(at) if !text.trim().is_empty() => {
                    Some((text.trim().len(), column.checked_sub(at + 1), indent(text)))
                }
                _ if statement.is_empty() => None,
                _ => text
                    .find(statement)
                    .map(|at| (statement.len(), column.checked_sub(indent(wanted) + 1), at)),
            };
            let Some((length, inside, start)) = found else { continue };
            // The compiler counts characters.
            let start = text[..start].chars().count();
            // Among equal lines, the one whose neighbors agree best, and of those the newest.
            let agrees = |step: isize| {
                let (a, b) = (i.checked_add_signed(step), (line - 1).checked_add_signed(step));
                let (a, b) = (a.and_then(|a| lines.get(a)), b.and_then(|b| made.get(b)));
                a.zip(b).is_some_and(|(a, b)| a.trim() == b.trim())
            };
            let near = (1..20).take_while(|step| agrees(*step)).count();
            let before = (1..20).take_while(|step| agrees(-*step)).count();
            let key = (length, near + before);
            if best.as_ref().is_none_or(|(best, _)| key >= *best) {
                best = Some((key, (cell, i + 1, inside.map_or(1, |inside| start + inside + 1))));
            }
        }
    }
    best.map(|(_, place)| place)
}

/// The line of the cell with its number, and a caret under the column with a label.
pub fn excerpt(
    (count, code): &Cell,
    line: usize,
    column: Option<usize>,
    label: &str,
) -> Vec<String> {
    let Some(text) = code.lines().nth(line - 1) else { return Vec::new() };
    let number = line.to_string();
    let pad = " ".repeat(number.len());
    let place =
        column.map_or(format!("line {line}"), |column| format!("line {line}, column {column}"));
    let mut lines = vec![
        format!("{BLUE}{pad}-->{OFF} In[{count}], {place}"),
        format!("{BLUE}{pad} |{OFF}"),
        format!("{BLUE}{number} |{OFF} {text}"),
    ];
    if let Some(column) = column {
        let caret = " ".repeat(column - 1);
        lines
            .push(format!("{BLUE}{pad} |{OFF} {caret}{RED}^ {label}").trim_end().to_string() + OFF);
    }
    lines
}

/// A text of the program's own, such as the message of a panic on another thread, with the places of the cells.
pub fn in_cells(text: &str, cells: &[Cell], source: &str) -> String {
    const BEFORE: &str = "panicked at ";
    let translated = |line: &str| {
        if let Some((before, place)) = line.split_once('[')
            && let Some((place, after)) = place.split_once(']')
            && let Some(((count, _), row, _)) = cell_place(place, cells, source)
        {
            return Some(format!("{before}[In[{count}], line {row}]{after}"));
        }
        let (before, place) = line.split_once(BEFORE)?;
        let ((count, _), row, column) =
            cell_place(place.trim_end().strip_suffix(':')?, cells, source)?;
        Some(format!("{before}{BEFORE}In[{count}], line {row}, column {column}:\n"))
    };
    // No backtrace was requested.
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with(ASKS_FOR_BACKTRACE));
    lines.map(|line| translated(line).unwrap_or_else(|| line.to_string())).collect()
}

/// A problem that the compiler has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    code: Option<String>,
    place: String,
    label: String,
}

impl Problem {
    /// The errors among the compiler's messages, one JSON object a line.
    pub fn read_all(said: &str) -> Vec<Self> {
        said.lines().filter_map(|line| Self::read(&serde_json::from_str(line).ok()?)).collect()
    }

    fn read(value: &Value) -> Option<Self> {
        let span = value["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
        Some(Self {
            message: value["message"].as_str().filter(|_| value["level"] == "error")?.to_string(),
            code: value["code"]["code"].as_str().map(str::to_string),
            place: format!(
                "{}:{}:{}",
                span["file_name"].as_str()?,
                span["line_start"].as_u64()?,
                span["column_start"].as_u64()?
            ),
            label: span["label"].as_str().unwrap_or_default().to_string(),
        })
    }

    /// Returns `true` if it lies inside of an item of the last cell, as a function is.
    pub fn is_in_item(&self, cells: &[Cell], source: &str) -> bool {
        let Some(((count, code), line, column)) = cell_place(&self.place, cells, source) else {
            return false;
        };
        if cells.last().is_none_or(|last| last.0 != *count) {
            return false;
        }
        let start: usize = code.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let inside = code[start..].char_indices().nth(column - 1).map_or(0, |(at, _)| at);
        is_in_item(code, start + inside)
    }

    /// The problem in the cells' own lines; `None` if it is not in one of them.
    pub fn shown(&self, cells: &[Cell], source: &str) -> Option<Vec<String>> {
        let (cell, line, column) = cell_place(&self.place, cells, source)
            .or_else(|| named_place(&self.message, cells.last()?))?;
        let code = self.code.as_ref().map(|code| format!("[{code}] ")).unwrap_or_default();
        let mut shown = vec![format!("{RED}{code}Error:{OFF} {}", self.message)];
        shown.extend(excerpt(cell, line, Some(column), &self.label));
        Some(shown)
    }
}

/// Returns `true` if a place in a cell's code lies inside of an item.
fn is_in_item(code: &str, at: usize) -> bool {
    const PRELUDE: &str = "fn f(){";
    let file = SourceFile::parse(&format!("{PRELUDE}{code}\n}}"), Edition::Edition2024);
    let at = TextSize::try_from(PRELUDE.len() + at).unwrap_or_default();
    let token = file.syntax_node().token_at_offset(at).right_biased();
    let around = token.into_iter().flat_map(|token| token.parent_ancestors());
    let items = around
        .filter(|node| ast::Item::can_cast(node.kind()) && node.kind() != SyntaxKind::MACRO_CALL);
    // One is the function around the cell.
    items.count() > 1
}

/// The place in a cell of the end of the name that a message quotes: evcxr takes nested imports apart.
fn named_place<'a>(message: &str, cell: &'a Cell) -> Option<(&'a Cell, usize, usize)> {
    let name = message.split('`').nth(1)?.rsplit("::").next()?;
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    cell.1.lines().enumerate().find_map(|(i, line)| {
        let (at, _) = line.match_indices(name).find(|(at, _)| {
            let around = (line[..*at].chars().next_back(), line[at + name.len()..].chars().next());
            !around.0.is_some_and(is_of_name) && !around.1.is_some_and(is_of_name)
        })?;
        Some((cell, i + 1, line[..at].chars().count() + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lines_are_told_apart_by_their_neighbors() {
        let cells = [(1, "a();\nx();\nb();\nx();\nc();".to_string())];
        let source = "made\na();\nx();\nb();\nx();\nc();\n";
        let place =
            |place: &str| cell_place(place, &cells, source).map(|(_, line, column)| (line, column));
        assert_eq!(place("src/lib.rs:3:1"), Some((2, 1)));
        assert_eq!(place("src/lib.rs:5:1"), Some((4, 1)));
        assert_eq!(place("/elsewhere/lib.rs:5:1"), None);
        assert_eq!(place("src/lib.rs:99:1"), None);
        assert_eq!(place("src/lib.rs:0:0"), None);
    }

    #[test]
    fn statements_on_one_line_and_functions_of_earlier_cells_are_found() {
        let cells = [
            (3, "fn pick(v: &[u8], i: usize) -> u8 {\n    v[i]\n}".to_string()),
            (4, "let v = [1]; let i = v.len(); v[i]".to_string()),
        ];
        let source = "fn pick(v: &[u8], i: usize) -> u8 {\n    v[i]\n}\nlet v = [1];\nlet i = v.len();\n\
                      evcxr_internal_runtime::show(format_args!(\"{:?}\",&(\nv[i]\n)));\n";
        let place = |place: &str| {
            cell_place(place, &cells, source).map(|(cell, line, column)| (cell.0, line, column))
        };
        assert_eq!(place("src/lib.rs:2:5"), Some((3, 2, 5)));
        assert_eq!(place("src/lib.rs:5:11"), Some((4, 1, 24)));
        assert_eq!(place("src/lib.rs:6:40"), Some((4, 1, 31)));
    }

    #[test]
    fn statements_that_were_hidden_are_found() {
        let cells = [(1, "let a = 1; let b = &mut a; *b = 2;".to_string())];
        let source = "let a = 1;\n              let b = &mut a; ;\n*b = 2;\n";
        let (_, line, column) = cell_place("src/lib.rs:2:23", &cells, source).unwrap();
        assert_eq!((line, column), (1, 20));
    }

    #[test]
    fn columns_count_characters() {
        let cells = [(1, "let ñ = \"日本\"; let n: usize = ñ;".to_string())];
        let source = "let ñ = \"日本\";\nlet n: usize = ñ;\n";
        let (_, line, column) = cell_place("src/lib.rs:2:16", &cells, source).unwrap();
        assert_eq!((line, column), (1, 30));
    }

    #[test]
    fn a_panic_on_another_thread_names_the_cell() {
        let cells = [(4, "go(|| {\n    v[3]\n});".to_string())];
        let source = "made\ngo(|| {\n    v[3]\n});\n";
        let text = "before\nthread 'worker' (7) panicked at src/lib.rs:3:5:\nindex out of bounds\n";
        let note =
            format!("{text}{ASKS_FOR_BACKTRACE}=1` environment variable to display a backtrace\n");
        assert_eq!(
            in_cells(text, &cells, source),
            text.replace("src/lib.rs:3:5", "In[4], line 2, column 5")
        );
        assert_eq!(in_cells(&note, &cells, source), in_cells(text, &cells, source));
        let other = text.replace("src/lib.rs", "/elsewhere/lib.rs");
        assert_eq!(in_cells(&other, &cells, source), other);
    }

    #[test]
    fn a_problem_is_shown_in_the_cell_that_has_it() {
        let problem = |message: &str, line: u32, column: u32| {
            let span = serde_json::json!({"file_name": FILE, "line_start": line, "column_start": column,
                "is_primary": true, "label": "unknown field"});
            let said = serde_json::json!({"message": message, "level": "error", "code": {"code": "E0609"}, "spans": [span]});
            let all = Problem::read_all(&format!("{said}\nnot JSON\n{{\"level\": \"warning\"}}\n"));
            assert_eq!(all.len(), 1);
            all[0].clone()
        };
        let cells = [
            (2, "fn f(p: &P) {\n    p.x\n}".to_string()),
            (3, "use std::{fmt, fmtx, collections::Fmt};".to_string()),
        ];
        let source = "fn f(p: &P) {\n    p.x\n}\nuse std::collections::Fmt;\n";
        let shown = |problem: Problem| {
            super::super::ansi::strip_ansi(&problem.shown(&cells, source).unwrap().join("\n"))
        };
        assert_eq!(
            shown(problem("no field `x`", 2, 7)),
            "[E0609] Error: no field `x`\n --> In[2], line 2, column 7\n  |\n2 |     p.x\n  |       ^ unknown field"
        );
        let shown = shown(problem("unresolved import `std::collections::Fmt`", 4, 5));
        assert!(shown.contains("In[3], line 1, column 35"), "{shown}");
    }
}

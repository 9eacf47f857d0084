//! What a failed cell is told: name, message and traceback, in the cell's own lines.

use crate::cell::event::Failure;
use serde_json::{Value, json};

/// The three parts of Jupyter's `error` message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub name: String,
    pub value: String,
    pub traceback: Vec<String>,
}

const RED: &str = "\u{1b}[31m";
const BOLD: &str = "\u{1b}[1m";
const BLUE: &str = "\u{1b}[34m";
const OFF: &str = "\u{1b}[0m";

/// How the system says that a disk is full.
const DISK_FULL: &str = "No space left on device";

impl Report {
    /// The content of an `error` message.
    pub fn content(&self) -> Value {
        json!({"ename": self.name, "evalue": self.value, "traceback": self.traceback})
    }

    /// A cell that failed while it ran. `text` is what it printed, `code` the cell, `source` the program
    /// that evcxr made of it.
    pub fn failed(how: Failure, text: &str, code: &str, source: &str, count: u64) -> Self {
        match how {
            Failure::Panic => Self::panic(text, code, source, count),
            Failure::EarlyReturn => Self::early_return(text, code, count),
        }
    }

    fn panic(text: &str, code: &str, source: &str, count: u64) -> Self {
        let (head, rest) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        let message: Vec<&str> = rest
            .lines()
            .take_while(|l| {
                !l.starts_with("note: run with `RUST_BACKTRACE") && *l != "stack backtrace:"
            })
            .collect();
        let mut value = message.join("\n");
        if value.is_empty() {
            value = "the cell panicked".to_string();
        }
        let place =
            head.split_once("panicked at ").map_or("", |(_, place)| place.trim_end_matches(':'));
        let mut traceback = vec![headline("Panic", &value)];
        match cell_place(place, code, source) {
            Some((line, column)) => traceback.extend(excerpt(code, line, Some(column), count)),
            None if !place.is_empty() => traceback.push(format!("{BLUE}  -->{OFF} {place}")),
            None => {}
        }
        let backtrace: Vec<&str> = rest.lines().skip_while(|l| *l != "stack backtrace:").collect();
        traceback.extend(backtrace.into_iter().map(str::to_string));
        Self { name: "Panic".to_string(), value, traceback }
    }

    fn early_return(text: &str, code: &str, count: u64) -> Self {
        let text = text.trim_end();
        let last = text.lines().last().unwrap_or_default();
        let (name, value) = match last.strip_prefix("Interrupted: ") {
            Some(value) => ("Interrupted", value),
            None if last.is_empty() => ("Error", "the cell returned early through `?`"),
            None => ("Error", last),
        };
        let mut traceback = vec![headline(name, value)];
        // All that was printed at that moment may belong to an error of several lines.
        let before: Vec<&str> = text.lines().collect();
        if before.len() > 1 {
            traceback.extend(before[..before.len() - 1].iter().map(|line| line.to_string()));
        }
        if let Some(line) = only_line_with_question_mark(code) {
            traceback.extend(excerpt(code, line, None, count));
        }
        Self { name: name.to_string(), value: value.to_string(), traceback }
    }

    /// A cell that did not compile: evcxr sends one error for each problem.
    pub fn compilation(errors: &[Value], count: u64) -> Self {
        let text = |error: &Value, key: &str| error[key].as_str().unwrap_or_default().to_string();
        let first = errors.first().map(|error| text(error, "evalue")).unwrap_or_default();
        let compiled = errors.iter().any(|error| {
            let lines = error["traceback"].as_array().map_or(0, Vec::len);
            lines > 1
        });
        let more = match errors.len() {
            0 | 1 => String::new(),
            2 => " (and another error)".to_string(),
            n => format!(" (and {} more errors)", n - 1),
        };
        let traceback: Vec<String> = errors
            .iter()
            .flat_map(|error| error["traceback"].as_array().cloned().unwrap_or_default())
            .filter_map(|line| line.as_str().map(|line| cell_name(line, count)))
            .collect();
        if traceback.iter().any(|line| line.contains(DISK_FULL)) {
            return Self::disk_full(traceback);
        }
        let name = if compiled { "CompileError" } else { "Error" };
        let plain = strip_ansi(&first);
        Self { name: name.to_string(), value: format!("{plain}{more}"), traceback }
    }

    /// What the compiler, or evcxr, had to write found no place.
    fn disk_full(said: Vec<String>) -> Self {
        let value = "no space left on the disk where cells are compiled; the cell has not run, and all variables \
                     are kept: make room (`cuaderno clean` frees what can be made again), then run it again"
            .to_string();
        let traceback = std::iter::once(headline("Error", &value)).chain(said).collect();
        Self { name: "Error".to_string(), value, traceback }
    }

    /// The process that runs the cells has ended.
    pub fn died(status: &str) -> Self {
        let value = format!(
            "the process that runs the cells ended ({status}): all variables are lost; \
             run the cells that define them again"
        );
        Self { name: "Died".to_string(), traceback: vec![headline("Died", &value)], value }
    }

    /// The compilation was stopped before the cell ran.
    pub fn not_compiled() -> Self {
        let value =
            "stopped while the cell was being compiled; it has not run, and all variables are kept"
                .to_string();
        Self {
            name: "Interrupted".to_string(),
            traceback: vec![headline("Interrupted", &value)],
            value,
        }
    }

    /// What should have been an expression is none.
    pub fn not_an_expression(code: &str) -> Self {
        let value = format!("`{code}` is not an expression");
        Self {
            name: "SyntaxError".to_string(),
            traceback: vec![headline("SyntaxError", &value)],
            value,
        }
    }

    /// The process that runs the cells was ended because the cell did not stop.
    pub fn killed() -> Self {
        let value =
            "the cell did not stop by itself, so its process was ended: all variables are lost; \
                     run the cells that define them again"
                .to_string();
        Self {
            name: "Interrupted".to_string(),
            traceback: vec![headline("Interrupted", &value)],
            value,
        }
    }
}

fn headline(name: &str, value: &str) -> String {
    format!("{RED}{BOLD}{name}{OFF}: {value}")
}

/// evcxr calls a cell `command_2` by its own count; the user knows it by another.
fn cell_name(line: &str, count: u64) -> String {
    let Some(at) = line.find("command_") else { return line.to_string() };
    let rest = &line[at + "command_".len()..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || !rest[digits..].starts_with(':') {
        return line.to_string();
    }
    format!("{}In[{count}]{}", &line[..at], &rest[digits..])
}

/// Line and column in the cell, both from 1, of a place `src/lib.rs:14:5` in the program made of it.
fn cell_place(place: &str, code: &str, source: &str) -> Option<(usize, usize)> {
    let rest = place.strip_prefix("src/lib.rs:")?;
    let (line, column) = rest.split_once(':')?;
    let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    let made: Vec<&str> = source.lines().collect();
    let cell: Vec<&str> = code.lines().collect();
    let wanted = made.get(line.checked_sub(1)?)?;
    // evcxr may put its own code around a line; among equal lines, the one whose neighbours agree best.
    let (best, shift) = (0..cell.len())
        .filter_map(|i| {
            let text = cell[i].trim();
            (!text.is_empty()).then(|| wanted.find(text)).flatten().map(|at| (i, at))
        })
        .max_by_key(|(i, _)| {
            let agrees = |step: isize| {
                let (a, b) = (i.checked_add_signed(step), (line - 1).checked_add_signed(step));
                let (Some(a), Some(b)) = (a.and_then(|a| cell.get(a)), b.and_then(|b| made.get(b)))
                else {
                    return false;
                };
                a.trim() == b.trim()
            };
            let near = (1..20).take_while(|s| agrees(*s)).count();
            let before = (1..20).take_while(|s| agrees(-*s)).count();
            (cell[*i].trim().len(), near + before)
        })?;
    let indent = cell[best].len() - cell[best].trim_start().len();
    let column = (column - 1).checked_sub(shift).map_or(1, |c| c + indent + 1);
    Some((best + 1, column))
}

/// The line of the cell with its number, and a caret under the column.
fn excerpt(code: &str, line: usize, column: Option<usize>, count: u64) -> Vec<String> {
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
        lines.push(format!("{BLUE}{pad} |{OFF} {caret}{RED}^{OFF}"));
    }
    lines
}

/// The number of the line that holds the cell's only `?` operator.
fn only_line_with_question_mark(code: &str) -> Option<usize> {
    let mut found = code.lines().enumerate().filter(|(_, line)| {
        let line = line.split("//").next().unwrap_or_default();
        line.match_indices('?').any(|(at, _)| {
            let after = line[at + 1..].chars().next();
            let before = line[..at].chars().next_back();
            matches!(after, None | Some(';' | '.' | ')' | ' ' | ',' | ']' | '}'))
                && before.is_some_and(|c| c == ')' || c == ']' || c == '}' || c.is_alphanumeric())
        })
    });
    let (line, _) = found.next()?;
    found.next().is_none().then_some(line + 1)
}

/// A text without its terminal colours.
pub fn strip_ansi(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "#![allow(unused)]\nfn helper() {}\nlet _ = (|| {\nlet v = vec![1];\n(v[\n9]\n).evcxr_display();\n";

    #[test]
    fn a_panic_is_told_in_the_cells_lines() {
        let code = "// first\n  let v = vec![1];\nv[9]";
        let text = "thread 'main' (3) panicked at src/lib.rs:4:9:\nindex out\nof bounds\n\
                    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        let report = Report::failed(Failure::Panic, text, code, SOURCE, 7);
        assert_eq!(report.name, "Panic");
        assert_eq!(report.value, "index out\nof bounds");
        let traceback = strip_ansi(&report.traceback.join("\n"));
        assert!(traceback.contains("In[7], line 2, column 11"), "{traceback}");
        assert!(!traceback.contains("RUST_BACKTRACE"), "{traceback}");
        let caret = traceback.lines().last().unwrap();
        assert_eq!(caret.find('^'), traceback.lines().nth(4).unwrap().find("vec"));
    }

    #[test]
    fn equal_lines_are_told_apart_by_their_neighbours() {
        let code = "a();\nx();\nb();\nx();\nc();";
        let source = "made\na();\nx();\nb();\nx();\nc();\n";
        assert_eq!(cell_place("src/lib.rs:3:1", code, source), Some((2, 1)));
        assert_eq!(cell_place("src/lib.rs:5:1", code, source), Some((4, 1)));
        assert_eq!(cell_place("/elsewhere/lib.rs:5:1", code, source), None);
        assert_eq!(cell_place("src/lib.rs:99:1", code, source), None);
    }

    #[test]
    fn an_early_return_names_interruption_and_the_only_question_mark() {
        let code = "let a = 1;\nread(\"x?\")?;";
        let report = Report::failed(Failure::EarlyReturn, "no such file\n", code, "", 2);
        assert_eq!((report.name.as_str(), report.value.as_str()), ("Error", "no such file"));
        assert!(strip_ansi(&report.traceback.join("\n")).contains("In[2], line 2"));
        let text = "Interrupted: stopped after epoch 3";
        let report = Report::failed(Failure::EarlyReturn, text, "a()?; \nb()?;", "", 2);
        assert_eq!(report.name, "Interrupted");
        assert_eq!(report.traceback.len(), 1);
    }

    #[test]
    fn a_full_disk_is_named_whoever_met_it() {
        for said in [
            "rustc-LLVM ERROR: IO failure on output stream: No space left on device",
            "Error writing '\"src/lib.rs\"': No space left on device (os error 28)",
        ] {
            let error = json!({"evalue": "no parsable errors", "traceback": ["STDERR:", said]});
            let report = Report::compilation(&[error], 3);
            assert_eq!(report.name, "Error");
            assert!(report.value.starts_with("no space left on the disk"), "{}", report.value);
            assert!(report.traceback.iter().any(|line| line == said));
        }
    }

    #[test]
    fn compile_errors_join_under_the_users_cell_number() {
        let errors = [
            json!({"evalue": "mismatched types", "traceback": ["x", "╭─[command_12:1:5]"]}),
            json!({"evalue": "other", "traceback": ["y"]}),
        ];
        let report = Report::compilation(&errors, 3);
        assert_eq!(report.name, "CompileError");
        assert_eq!(report.value, "mismatched types (and another error)");
        assert_eq!(report.traceback, ["x", "╭─[In[3]:1:5]", "y"]);
    }
}

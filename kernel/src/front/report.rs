//! What a failed cell is told: name, message and traceback, in the cell's own lines.

use super::place::{ASKS_FOR_BACKTRACE, Problem, cell_place, excerpt};
use crate::cell::event::{ERROR_MARK, Failure};
use serde_json::{Value, json};

/// The three parts of Jupyter's `error` message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub name: String,
    pub value: String,
    pub traceback: Vec<String>,
}

pub const RED: &str = "\u{1b}[31m";
const BOLD: &str = "\u{1b}[1m";
pub const BLUE: &str = "\u{1b}[34m";
pub const OFF: &str = "\u{1b}[0m";

/// A cell of this session: its number and its code.
pub type Cell = (u64, String);

/// How the system says that a disk is full.
const DISK_FULL: &str = "No space left on device";

impl Report {
    /// The content of an `error` message.
    pub fn content(&self) -> Value {
        json!({"ename": self.name, "evalue": self.value, "traceback": self.traceback})
    }

    /// A cell that failed while it ran. `text` is what it printed, `cells` those of the session up to this one, `source`
    /// the program that evcxr made of it.
    pub fn failed(how: Failure, text: &str, cells: &[Cell], source: &str) -> Self {
        match how {
            Failure::Panic => Self::panic(text, cells, source),
            Failure::EarlyReturn => Self::early_return(text, cells),
        }
    }

    fn panic(text: &str, cells: &[Cell], source: &str) -> Self {
        let (head, rest) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        let message: Vec<&str> = rest
            .lines()
            .take_while(|l| !l.starts_with(ASKS_FOR_BACKTRACE) && *l != "stack backtrace:")
            .collect();
        let mut value = message.join("\n");
        if value.is_empty() {
            value = "the cell panicked".to_string();
        }
        let place =
            head.split_once("panicked at ").map_or("", |(_, place)| place.trim_end_matches(':'));
        let mut traceback = vec![headline("Panic", &value)];
        match cell_place(place, cells, source) {
            Some((cell, line, column)) => traceback.extend(excerpt(cell, line, Some(column), "")),
            None if !place.is_empty() => traceback.push(format!("{BLUE}  -->{OFF} {place}")),
            None => {}
        }
        let backtrace: Vec<&str> = rest.lines().skip_while(|l| *l != "stack backtrace:").collect();
        traceback.extend(backtrace.into_iter().map(str::to_string));
        Self { name: "Panic".to_string(), value, traceback }
    }

    fn early_return(text: &str, cells: &[Cell]) -> Self {
        let text = text.trim_end();
        // Without the mark, all that was printed at that moment may belong to an error of several lines.
        let (before, error) =
            text.rsplit_once(ERROR_MARK).or_else(|| text.rsplit_once('\n')).unwrap_or(("", text));
        let (name, value) = match error.strip_prefix("Interrupted: ") {
            Some(value) => ("Interrupted", value),
            None if error.is_empty() => ("Error", "the cell returned early through `?`"),
            None => ("Error", error),
        };
        let mut traceback = vec![headline(name, value)];
        traceback.extend(before.lines().map(str::to_string));
        if let Some(cell) = cells.last()
            && let Some(line) = only_line_with_question_mark(&cell.1)
        {
            traceback.extend(excerpt(cell, line, None, ""));
        }
        Self { name: name.to_string(), value: value.to_string(), traceback }
    }

    /// A cell that did not compile: evcxr sends one error for each problem. `cells` are those of the session up to this
    /// one, `said` is what the compiler has said of the program `source`.
    pub fn compilation(errors: &[Value], cells: &[Cell], said: &str, source: &str) -> Self {
        let (count, earlier) = match cells.split_last() {
            Some(((count, _), earlier)) => (*count, earlier),
            None => (0, cells),
        };
        let text = |error: &Value, key: &str| error[key].as_str().unwrap_or_default().to_string();
        let first = errors.first().map(|error| text(error, "evalue")).unwrap_or_default();
        // The compiler's own errors come with an excerpt, or at least with a code such as `[E0308]`.
        let compiled = errors.iter().any(|error| {
            let lines = error["traceback"].as_array().map_or(&[][..], Vec::as_slice);
            let first = lines.first().and_then(Value::as_str).map(strip_ansi).unwrap_or_default();
            lines.len() > 1 || first.starts_with('[')
        });
        let more = match errors.len() {
            0 | 1 => String::new(),
            2 => " (and another error)".to_string(),
            n => format!(" (and {} more errors)", n - 1),
        };
        let mut problems = Problem::read_all(said);
        let mut traceback = Vec::new();
        for error in errors {
            let lines = error["traceback"].as_array().map_or(&[][..], Vec::as_slice);
            let lines = lines.iter().filter_map(Value::as_str);
            let lines: Vec<String> = lines.map(|line| in_the_users_words(line, count)).collect();
            let message = text(error, "evalue");
            // evcxr shows no place in earlier cells and in imports, and none beside characters of several bytes.
            let ours = problems.iter().position(|problem| problem.message == message);
            let ours = ours
                .map(|at| problems.remove(at))
                .filter(|_| !lines.iter().any(|line| line.contains("╭")));
            traceback
                .extend(ours.and_then(|problem| problem.shown(cells, source)).unwrap_or(lines));
        }
        let mut missing: Vec<String> =
            errors.iter().filter_map(|error| missing_value(&text(error, "evalue"))).collect();
        missing.dedup();
        traceback.extend(missing.iter().filter_map(|name| gone(name, earlier)));
        if says_disk_full(errors) {
            return Self::disk_full(traceback);
        }
        let name = if compiled { "CompileError" } else { "Error" };
        let plain = strip_ansi(&first).replace(END_FOR_EVCXR, END);
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

/// Whether evcxr's errors come from a full disk.
pub fn says_disk_full(errors: &[Value]) -> bool {
    errors.iter().any(|error| error.to_string().contains(DISK_FULL))
}

fn headline(name: &str, value: &str) -> String {
    format!("{RED}{BOLD}{name}{OFF}: {value}")
}

/// What follows a cell in the program made of it, as the compiler and evcxr name it, and what that is to the user.
const AFTER_CELL: &str = "`evcxr_variable_store`";
const END_FOR_EVCXR: &str = "<end of input>";
const END: &str = "the end of the cell";

/// A line of evcxr's. It calls a cell `command_2` by its own count, and puts its beginning for the place.
fn in_the_users_words(line: &str, count: u64) -> String {
    let line = line.replace(AFTER_CELL, END).replace(END_FOR_EVCXR, END);
    let Some(at) = line.find("command_") else { return line };
    let rest = line[at + "command_".len()..].trim_start_matches(|c: char| c.is_ascii_digit());
    let Some(place) = rest.strip_prefix(':') else { return line };
    let after = place.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    format!("{}In[{count}]{after}", &line[..at])
}

/// The variable that the compiler did not find.
fn missing_value(error: &str) -> Option<String> {
    let name = strip_ansi(error);
    let name = name.strip_prefix("cannot find value `")?.split_once('`')?.0;
    Some(name.to_string())
}

/// Tells of a variable that an earlier cell has made where it went.
fn gone(name: &str, earlier: &[Cell]) -> Option<String> {
    let makes = |code: &str| {
        code.match_indices("let ").any(|(at, word)| {
            let rest = code[at + word.len()..].trim_start();
            let rest = rest.strip_prefix("mut ").unwrap_or(rest).trim_start();
            let after = rest.strip_prefix(name).and_then(|rest| rest.chars().next());
            after.is_some_and(|c| !c.is_alphanumeric() && c != '_')
        })
    };
    let (count, _) = earlier.iter().rev().find(|(_, code)| makes(code))?;
    Some(format!(
        "{BLUE}  ={OFF} help: In[{count}] was to make `{name}`; a later cell has taken it, or it was lost when a cell \
         failed. Run In[{count}] again; lend it as `&{name}`, or give `{name}.clone()`"
    ))
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
        let report = Report::failed(Failure::Panic, text, &[(7, code.to_string())], SOURCE);
        assert_eq!(report.name, "Panic");
        assert_eq!(report.value, "index out\nof bounds");
        let traceback = strip_ansi(&report.traceback.join("\n"));
        assert!(traceback.contains("In[7], line 2, column 11"), "{traceback}");
        assert!(!traceback.contains("RUST_BACKTRACE"), "{traceback}");
        let caret = traceback.lines().last().unwrap();
        assert_eq!(caret.find('^'), traceback.lines().nth(4).unwrap().find("vec"));
    }

    #[test]
    fn an_early_return_names_interruption_and_the_only_question_mark() {
        let failed = |text: &str, code: &str| {
            Report::failed(Failure::EarlyReturn, text, &[(2, code.to_string())], "")
        };
        let report = failed("no such file\n", "let a = 1;\nread(\"x?\")?;");
        assert_eq!((report.name.as_str(), report.value.as_str()), ("Error", "no such file"));
        assert!(strip_ansi(&report.traceback.join("\n")).contains("In[2], line 2"));
        let report = failed("Interrupted: stopped after epoch 3", "a()?; \nb()?;");
        assert_eq!(report.name, "Interrupted");
        assert_eq!(report.traceback.len(), 1);
        let report = failed("loading\n\u{2}two problems:\n  one\n  two\n", "a()?; \nb()?;");
        assert_eq!(report.value, "two problems:\n  one\n  two");
        assert_eq!(
            strip_ansi(&report.traceback.join("|")),
            format!("Error: {}|loading", report.value)
        );
    }

    #[test]
    fn a_variable_that_is_gone_is_traced_to_the_cell_that_made_it() {
        let missing = |name: &str| {
            let text = format!("cannot find value `{name}` in this scope");
            let error =
                json!({"evalue": text, "traceback": [format!("[E0425] Error: {text}"), "v"]});
            let cells = ["let v = 1;", "let mut v=2; let vw = 3;", "f(v);", "v"];
            let cells: Vec<Cell> = (1..).zip(cells.map(str::to_string)).collect();
            Report::compilation(&[error], &cells, "", "").traceback.join("\n")
        };
        assert!(missing("v").contains("Run In[2] again; lend it as `&v`"), "{}", missing("v"));
        assert!(!missing("w").contains("help"));
    }

    #[test]
    fn a_full_disk_is_named_whoever_met_it() {
        for said in [
            "rustc-LLVM ERROR: IO failure on output stream: No space left on device",
            "Error writing '\"src/lib.rs\"': No space left on device (os error 28)",
        ] {
            let error = json!({"evalue": "no parsable errors", "traceback": ["STDERR:", said]});
            let report = Report::compilation(&[error], &[], "", "");
            assert_eq!(report.name, "Error");
            assert!(report.value.starts_with("no space left on the disk"), "{}", report.value);
            assert!(report.traceback.iter().any(|line| line == said));
        }
    }

    #[test]
    fn compile_errors_join_under_the_users_cell_number() {
        let errors = [
            json!({"evalue": "mismatched types", "traceback": ["x", "╭─[ command_12:1:1 ]"]}),
            json!({"evalue": "other", "traceback": ["expected `;`, found `evcxr_variable_store`"]}),
        ];
        let report = Report::compilation(&errors, &[(3, String::new())], "", "");
        assert_eq!(report.name, "CompileError");
        assert_eq!(report.value, "mismatched types (and another error)");
        let expected = ["x", "╭─[ In[3] ]", "expected `;`, found the end of the cell"];
        assert_eq!(report.traceback, expected);
    }
}

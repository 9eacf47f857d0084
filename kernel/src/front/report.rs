//! The error of a failed cell: name, message and traceback, in the cell's own lines.

use super::ansi::{BLUE, BOLD, OFF, RED, strip_ansi};
use super::cells::{Cell, made_in};
use super::lost::Lost;
use super::place::{ASKS_FOR_BACKTRACE, Problem, cell_place, excerpt};
use super::unfinished::Unfinished;
use crate::cell::event::{ERROR_MARK, Failure};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The three parts of Jupyter's `error` message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub name: String,
    pub value: String,
    pub traceback: Vec<String>,
}

/// The system's message for a full disk.
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
        // The end of a loop that was typed in a cell.
        let (name, value) = match value.strip_prefix("Interrupted: ") {
            Some(value) => ("Interrupted", value.to_string()),
            None => ("Panic", value),
        };
        let mut traceback = vec![headline(name, &value)];
        match cell_place(place, cells, source) {
            Some((cell, line, column)) => traceback.extend(excerpt(cell, line, Some(column), "")),
            None if !place.is_empty() => traceback.push(format!("{BLUE}  -->{OFF} {place}")),
            None => {}
        }
        let backtrace: Vec<&str> = rest.lines().skip_while(|l| *l != "stack backtrace:").collect();
        traceback.extend(backtrace.into_iter().map(str::to_string));
        Self { name: name.to_string(), value, traceback }
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

    /// A cell that did not compile: evcxr sends one error for each problem.
    pub fn compilation(errors: &[Value], compiled: &Compiled) -> Self {
        let Compiled { cells, said, source, lost, moved } = *compiled;
        let (count, earlier) = match cells.split_last() {
            Some(((count, _), earlier)) => (*count, earlier),
            None => (0, cells),
        };
        let text =
            |error: &Value, key: &str| without_progress(error[key].as_str().unwrap_or_default());
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
            let lines: Vec<String> =
                lines.map(|line| in_the_users_words(&without_progress(line), count)).collect();
            let message = text(error, "evalue");
            // evcxr shows no place in earlier cells and in imports, and none beside characters of several bytes.
            let ours = problems.iter().position(|problem| problem.message == message);
            let ours = ours
                .map(|at| problems.remove(at))
                .filter(|_| moved || !lines.iter().any(|line| line.contains("╭")));
            traceback
                .extend(ours.and_then(|problem| problem.shown(cells, source)).unwrap_or(lines));
        }
        let of_items: Vec<String> = Problem::read_all(said)
            .iter()
            .filter(|problem| problem.is_in_item(cells, source))
            .filter_map(|problem| missing_value(&problem.message))
            .collect();
        let mut missing: Vec<String> =
            errors.iter().filter_map(|error| missing_value(&text(error, "evalue"))).collect();
        missing.dedup();
        traceback.extend(missing.iter().filter_map(|name| match lost.reason(name, earlier) {
            _ if of_items.contains(name) && made_in(name, earlier).is_some() => Some(format!(
                "{BLUE}  ={OFF} help: `fn`, `const` and `static` items do not see the notebook's variables: give `{name}` \
                 to the function as an argument, or write it as a `const`"
            )),
            Some(reason) => Some(format!("{BLUE}  ={OFF} help: {reason}")),
            None => gone(name, earlier),
        }));
        let unlinked: BTreeSet<&str> = said.lines().filter_map(unlinked_crate).collect();
        traceback.extend(unlinked.into_iter().map(|name| {
            format!(
                "{BLUE}  ={OFF} help: if `{name}` is a crate, the line `:dep {name} = \"*\"` before the code adds it"
            )
        }));
        if says_disk_full(errors) {
            return Self::disk_full(traceback);
        }
        // evcxr gives no reason where only its own lines are wrong.
        let first = match Problem::read_all(said).first() {
            Some(problem) if first.is_empty() => problem.message.clone(),
            _ => first,
        };
        let name = if compiled { "CompileError" } else { "Error" };
        let plain = strip_ansi(&first).replace(END_FOR_EVCXR, END);
        Self { name: name.to_string(), value: format!("{plain}{more}"), traceback }
    }

    /// A crate that the cell uses does not compile, by cargo's messages, one a line.
    pub fn of_crate(said: &str) -> Option<Self> {
        let messages: Vec<Value> =
            said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        // The last one only counts the others.
        let mut with_place = messages
            .iter()
            .filter(|m| m["message"]["spans"].as_array().is_some_and(|spans| !spans.is_empty()));
        let first = with_place.next()?;
        let (krate, what) =
            (first["target"]["name"].as_str()?, first["message"]["message"].as_str()?);
        let value = format!("the crate `{krate}` does not compile: {what}");
        let shown = std::iter::once(first).chain(with_place);
        let shown = shown.filter_map(|m| m["message"]["rendered"].as_str());
        let lines = shown.flat_map(str::lines).map(str::to_string);
        let traceback = std::iter::once(headline("CompileError", &value)).chain(lines).collect();
        Some(Self { name: "CompileError".to_string(), value, traceback })
    }

    /// The error for a disk without room for the files of the compiler or evcxr.
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

    /// The error for code that should be an expression.
    pub fn not_an_expression(code: &str) -> Self {
        let value = format!("`{code}` is not an expression");
        Self {
            name: "SyntaxError".to_string(),
            traceback: vec![headline("SyntaxError", &value)],
            value,
        }
    }

    /// A shell command that failed.
    pub fn command(value: &str) -> Self {
        let traceback = vec![headline("Error", value)];
        Self { name: "Error".to_string(), value: value.to_string(), traceback }
    }

    /// A shell command that the user has stopped.
    pub fn interrupted_command() -> Self {
        let value = "the command was stopped; all variables are kept".to_string();
        let traceback = vec![headline("Interrupted", &value)];
        Self { name: "Interrupted".to_string(), value, traceback }
    }

    /// A cell that ends in the middle of something.
    pub fn unfinished(problem: &Unfinished, cell: &Cell) -> Self {
        let before = cell.1.get(..problem.at).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        let mut traceback = vec![format!("{RED}Error:{OFF} {}", problem.message)];
        traceback.extend(excerpt(cell, line, Some(column), ""));
        Self { name: "CompileError".to_string(), value: problem.message.clone(), traceback }
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

/// A program that did not compile.
#[derive(Clone, Copy)]
pub struct Compiled<'a> {
    /// The cells of the session up to this one.
    pub cells: &'a [Cell],
    /// The compiler's messages, one JSON object a line.
    pub said: &'a str,
    /// The program.
    pub source: &'a str,
    pub lost: &'a Lost,
    /// Whether columns of the program are not the cell's.
    pub moved: bool,
}

/// Returns `true` if evcxr's errors come from a full disk.
pub fn says_disk_full(errors: &[Value]) -> bool {
    errors.iter().any(|error| error.to_string().contains(DISK_FULL))
}

fn headline(name: &str, value: &str) -> String {
    format!("{RED}{BOLD}{name}{OFF}: {value}")
}

/// A message of cargo's without what it was doing before, and without evcxr's name for the session.
fn without_progress(text: &str) -> String {
    const PROGRESS: [&str; 6] =
        ["Updating ", "Blocking waiting ", "Locking ", "Downloading ", "Downloaded ", "Adding "];
    let plain = strip_ansi(text);
    if !plain.contains("error: ")
        || !PROGRESS.iter().any(|start| plain.trim_start().starts_with(start))
    {
        return text.replace(SESSION_CRATE, "the session");
    }
    let lines = plain
        .lines()
        .filter(|line| !PROGRESS.iter().any(|start| line.trim_start().starts_with(start)));
    let text = lines.collect::<Vec<_>>().join("\n").replace(SESSION_CRATE, "the session");
    text.trim_start_matches("Error: ").trim_start_matches("error: ").to_string()
}

/// evcxr's name for a crate in which it tries a dependency.
const SESSION_CRATE: &str = "package `evcxr_dummy_validate_dep`";

/// The code after a cell in the program made of it, as the compiler and evcxr name it, and its name for the user.
const AFTER_CELL: &str = "`evcxr_variable_store`";
/// The error by which a cell may return early, as the compiler names it, and its name for the user.
const OF_CELL: &str = "EvcxrUserCodeError";
const ERROR_OF_CELL: &str = "Error";
const END_FOR_EVCXR: &str = "<end of input>";
const END: &str = "the end of the cell";

/// A line of evcxr's. It calls a cell `command_2` by its own count, and gives the cell's start as the place.
fn in_the_users_words(line: &str, count: u64) -> String {
    let line = line.replace(AFTER_CELL, END).replace(END_FOR_EVCXR, END);
    let line = line.replace(OF_CELL, ERROR_OF_CELL);
    let Some(at) = line.find("command_") else { return line };
    let rest = line[at + "command_".len()..].trim_start_matches(|c: char| c.is_ascii_digit());
    let Some(place) = rest.strip_prefix(':') else { return line };
    let after = place.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    format!("{}In[{count}]{after}", &line[..at])
}

/// The crate that a message of the compiler's, a JSON object on a line, finds missing.
fn unlinked_crate(said: &str) -> Option<&str> {
    let name = said.split_once("unlinked crate `")?.1.split_once('`')?.0;
    name.chars().all(|c| c.is_alphanumeric() || c == '_').then_some(name)
}

/// The variable that the compiler did not find.
fn missing_value(error: &str) -> Option<String> {
    let name = strip_ansi(error);
    let kinds = ["cannot find value `", "cannot find function `"];
    let name = kinds.iter().find_map(|kind| name.strip_prefix(kind))?.split_once('`')?.0;
    Some(name.to_string())
}

/// Help for a variable that an earlier cell made and that is no longer there.
fn gone(name: &str, earlier: &[Cell]) -> Option<String> {
    let count = made_in(name, earlier)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled<'a>(cells: &'a [Cell], lost: &'a Lost) -> Compiled<'a> {
        Compiled { cells, said: "", source: "", lost, moved: false }
    }

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
            Report::compilation(&[error], &compiled(&cells, &Lost::default())).traceback.join("\n")
        };
        assert!(missing("v").contains("Run In[2] again; lend it as `&v`"), "{}", missing("v"));
        assert!(!missing("w").contains("help"));
    }

    #[test]
    fn a_full_disk_is_named_wherever_it_was_met() {
        for said in [
            "rustc-LLVM ERROR: IO failure on output stream: No space left on device",
            "Error writing '\"src/lib.rs\"': No space left on device (os error 28)",
        ] {
            let error = json!({"evalue": "no parsable errors", "traceback": ["STDERR:", said]});
            let report = Report::compilation(&[error], &compiled(&[], &Lost::default()));
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
        let report =
            Report::compilation(&errors, &compiled(&[(3, String::new())], &Lost::default()));
        assert_eq!(report.name, "CompileError");
        assert_eq!(report.value, "mismatched types (and another error)");
        let expected = ["x", "╭─[ In[3] ]", "expected `;`, found the end of the cell"];
        assert_eq!(report.traceback, expected);
    }
}

//! Stands between cargo and rustc when a cell's crate is compiled, and leaves out what does not serve the cell:
//! the code around a cell takes rustc longer than most cells do.

use super::cargo;
use ra_ap_syntax::ast::{HasModuleItem, HasName, Item};
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// evcxr's name for a cell's crate.
const CRATE: &str = "ctx";
/// The module of evcxr's that keeps variables, and ours for it.
const MODULE: &str = "evcxr_internal_runtime";
const VARIABLES: &str = include_str!("variables.rs");

/// Runs the rustc that cargo asks for, with the arguments of this process. Returns only if it does not start.
pub fn main() -> std::io::Error {
    let mut args = std::env::args_os().skip(1);
    let compiler = args.next().unwrap_or_default();
    let args: Vec<OsString> = args.collect();
    if cell_source(&args).is_some() {
        cargo::record(&compiler, &args);
    }
    rustc(&compiler, &args).exec()
}

/// Whether the arguments of this process are those of a cell's compilation.
pub fn is_cell() -> bool {
    let args: Vec<OsString> = std::env::args_os().skip(2).collect();
    cell_source(&args).is_some()
}

/// The compiler, ready to run on what this module makes of the cell's program, if these are a cell's arguments.
pub fn rustc(compiler: &OsStr, args: &[OsString]) -> Command {
    let mut command = Command::new(compiler);
    command.args(args);
    if let Some(source) = cell_source(args) {
        slim_file(Path::new(source));
        // The crate is one small file: there is nothing for its parts to gain from one another's bodies.
        command.arg("-Clto=off");
    }
    command
}

/// The file name of a cell's shared object.
pub fn shared_object() -> String {
    format!("{DLL_PREFIX}{CRATE}{DLL_SUFFIX}")
}

/// The source file, if this is the compilation of a cell. A mere check, which evcxr asks for when it cannot tell a
/// variable's type, links nothing.
fn cell_source(args: &[OsString]) -> Option<&OsString> {
    let links = |arg: &OsString| {
        let arg = arg.to_string_lossy();
        arg.strip_prefix("--emit=").is_some_and(|kinds| kinds.split(',').any(|kind| kind == "link"))
    };
    if !args.iter().any(links) {
        return None;
    }
    let has = |first: &str, second: &str| args.windows(2).any(|w| w[0] == first && w[1] == second);
    if !has("--crate-name", CRATE) || !has("--crate-type", "cdylib") {
        return None;
    }
    args.iter().find(|arg| arg.to_string_lossy().ends_with(".rs"))
}

fn slim_file(file: &Path) {
    // What cannot be read or written compiles as it is.
    if let Ok(source) = std::fs::read_to_string(file)
        && let Some(slim) = slim(&source)
    {
        let _ = std::fs::write(file, slim);
    }
}

/// The program with our module in place of evcxr's, on as many lines, so that every line keeps its number. `None`
/// if there is no such module, or it offers what ours does not.
fn slim(source: &str) -> Option<String> {
    let parsed = SourceFile::parse(source, Edition::Edition2024).tree();
    let body = parsed.items().find_map(|item| match item {
        Item::Module(module) if module.name()?.text() == MODULE => module.item_list(),
        _ => None,
    })?;
    let range = body.syntax().text_range();
    let (from, to) = (usize::from(range.start()), usize::from(range.end()));
    let ours = public_names(VARIABLES);
    if public_names(&source[from..to]).iter().any(|name| !ours.contains(name)) {
        return None;
    }
    let lines = source[from..to].matches('\n').count();
    // Comments and empty lines go, and the rest joins on one line.
    let code: Vec<&str> = VARIABLES
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .collect();
    let padding = "\n".repeat(lines);
    Some(format!("{}{{ {}{padding}}}{}", &source[..from], code.join(" "), &source[to..]))
}

/// The names that a module's text makes public.
fn public_names(text: &str) -> Vec<&str> {
    text.split("pub ")
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().nth(1))
        .map(|word| {
            word.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::variables::{VariableStore, create_variable_store};
    use super::*;
    use std::panic::AssertUnwindSafe;

    const SOURCE: &str = "use a::b;\nmod evcxr_internal_runtime {\n// text\npub const X: u8 = 1;\n\
                          pub fn new() {}\n}\n\nfn user() {}\n";

    #[test]
    fn our_module_takes_the_place_of_evcxrs_and_lines_keep_their_numbers() {
        let source = SOURCE.replace("X", "USER_ERROR_OCCURRED");
        let slim = slim(&source).unwrap();
        let line = |text: &str| text.lines().position(|line| line == "fn user() {}");
        assert_eq!(line(&slim), line(&source));
        assert_eq!(slim.lines().count(), source.lines().count());
        assert!(slim.contains("pub fn put_variable"));
        assert!(SourceFile::parse(&slim, Edition::Edition2024).errors().is_empty(), "{slim}");
    }

    #[test]
    fn a_program_that_we_do_not_know_stays_as_it_is() {
        assert_eq!(slim(SOURCE), None, "`X` is not ours");
        assert_eq!(slim("fn user() {}"), None);
    }

    #[test]
    fn only_a_cells_crate_is_touched() {
        let args = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let cell = "--crate-name ctx src/lib.rs --crate-type cdylib --emit=dep-info,link";
        assert_eq!(cell_source(&args(cell)).unwrap(), "src/lib.rs");
        for (part, other) in [("cdylib", "lib"), ("ctx", "other"), ("link", "metadata")] {
            assert_eq!(cell_source(&args(&cell.replace(part, other))), None);
        }
    }

    #[test]
    fn variables_are_kept_checked_and_given_back() {
        let mut store = VariableStore::new();
        store.put_variable("a", vec![1, 2]);
        store.put_variable("b", 2.5);
        assert!(store.check_variable::<Vec<i32>>("a"));
        assert!(!store.check_variable::<String>("a"));
        assert!(store.check_variable::<String>("unknown"));
        store.put_variable("a", "again".to_string());
        assert_eq!(store.take_variable::<String>("a"), "again");
        let mut other = VariableStore::new();
        other.put_variable("b", 3.5);
        store.merge(other);
        assert_eq!(store.take_variable::<f64>("b"), 3.5);
        assert_eq!(*store.lazy_arc("c", || 7), 7);
        assert_eq!(*store.lazy_arc("c", || 8), 7);
        let gone = std::panic::catch_unwind(AssertUnwindSafe(|| store.take_variable::<f64>("b")));
        assert!(gone.unwrap_err().downcast_ref::<String>().unwrap().contains("'b'"));
        let store = create_variable_store();
        // SAFETY: the pointer has just come from a `Box`.
        drop(unsafe { Box::from_raw(store) });
    }
}

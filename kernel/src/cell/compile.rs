//! Stands between cargo and rustc when a cell's crate is compiled, and leaves out what does not serve the cell.

use super::plan::{self, CRATE, shared_object};
use super::statics::Statics;
use super::types::Types;
use super::{crates, keep, macros, polls, slim, stale, store, traits};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The compiler's messages on the last cell that did not compile, below the folder of evcxr's crate.
pub const SAID: &str = "cuaderno-said.json";

/// Begins evcxr's module of the store of variables; the session's items come before it.
const RUNTIME: &str = "mod evcxr_internal_runtime";

/// Runs the rustc that cargo requests, with the arguments of this process. Returns only if it does not start.
pub fn main() -> std::io::Error {
    let mut args = std::env::args_os().skip(1);
    let compiler = args.next().unwrap_or_default();
    let args: Vec<OsString> = args.collect();
    if cell_source(&args).is_some() {
        plan::record(&compiler, &args);
    }
    Compilation::new(&compiler, &args).run()
}

/// Returns `true` if the arguments of this process are those of a cell's compilation.
pub fn is_cell() -> bool {
    let args: Vec<OsString> = std::env::args_os().skip(2).collect();
    cell_source(&args).is_some()
}

/// The compiler, ready to run on what this module makes of the cell's program, if these are a cell's arguments.
pub struct Compilation {
    pub rustc: Command,
    /// The cell's source file.
    source: Option<PathBuf>,
    /// The programs that keep variables when the cell fails, and whose loops can be interrupted, and the one without either.
    ready: Vec<String>,
    plain: String,
    /// The session's items, and the program that only removes stale variables, if there may be any.
    session: Option<stale::Session>,
    removing: Option<String>,
    statics: Option<Statics>,
    /// The compiler, its arguments and the program, where crates are linked by libraries of their own.
    linked: Option<(OsString, Vec<OsString>, String)>,
    /// The path of the shared object.
    object: Option<PathBuf>,
}

impl Compilation {
    pub fn new(compiler: &OsStr, args: &[OsString]) -> Self {
        let mut compilation = Self {
            rustc: Command::new(compiler),
            source: None,
            ready: Vec::new(),
            plain: String::new(),
            session: None,
            removing: None,
            statics: None,
            linked: None,
            object: None,
        };
        match cell_source(args) {
            Some(source) => compilation.prepare(compiler, args, Path::new(source)),
            None => {
                compilation.rustc.args(args);
            }
        }
        compilation
    }

    fn prepare(&mut self, compiler: &OsStr, args: &[OsString], source: &Path) {
        self.source = Some(source.into());
        let folder = args.iter().position(|arg| arg == "--out-dir").and_then(|at| args.get(at + 1));
        self.object = folder.map(|folder| Path::new(folder).join(shared_object()));
        let program = std::fs::read_to_string(source);
        let many = program.as_ref().is_ok_and(|text| has_many_functions(text));
        self.rustc.args(if many { args.to_vec() } else { at_once(args) });
        // The compiler's paths are relative to evcxr's crate, where it runs.
        let store = store::library(Path::new(""), compiler, args);
        // A program that cannot be read or written compiles unchanged.
        if let Ok(text) = program {
            let text = macros::with_macros_first(&slim::without_held(&text));
            let text = traits::with_paths(&text);
            let text = if store.is_some() { slim::with_ordered_text(&text) } else { text };
            let libraries = crates::shared(compiler, args);
            if !libraries.is_empty() {
                self.linked = Some((compiler.into(), args.to_vec(), text.clone()));
            }
            let text = crates::linked(&text, &libraries);
            self.rustc.args(crates::arguments(&libraries));
            let session = stale::Session::read(&text, args);
            let text = match Statics::share(&text, &session.items) {
                Some((shared, statics)) => {
                    self.rustc.args(statics.args());
                    self.statics = Some(statics);
                    shared
                }
                None => text,
            };
            self.removing = session.removing(&text).filter(|_| store.is_some());
            if session.version() != 0 {
                self.rustc.arg(format!("-Cmetadata=cuaderno{:x}", session.version()));
            }
            if let Some(slim) = slim::slim(&text, store.is_some()) {
                let slim = session.checking(&slim);
                let _ = std::fs::write(source, &slim);
                let polled = store.as_ref().and_then(|_| polls::with_polls(&slim));
                let ready = polled.as_ref().unwrap_or(&slim);
                self.ready = keep::keeping(ready, &Types::noted(&slim));
                if self.ready.is_empty() {
                    self.ready.extend(polled);
                }
                self.plain = slim;
            } else if let Some(checkable) = slim::checkable(&text) {
                let _ = std::fs::write(source, checkable);
            } else {
                let _ = std::fs::write(source, &text);
            }
            self.session = Some(session);
        }
        if let Some(store) = store {
            let mut name = OsString::from(store::CRATE);
            name.push("=");
            name.push(store);
            self.rustc.arg("--extern").arg(name);
        }
        // The crate is one small file: there is nothing for its parts to gain from one another's bodies.
        self.rustc.arg("-Clto=off");
        // evcxr shows no warning of a cell that compiles, and takes those of another for errors.
        self.rustc.arg("-Awarnings");
    }

    /// Ends this process as the compiler ends. Returns only if that does not start.
    pub fn run(mut self) -> std::io::Error {
        let Some(source) = self.source.take() else { return self.rustc.exec() };
        let output = match self.compile(&source) {
            Ok(output) => output,
            Err(error) => return error,
        };
        if let Some((compiler, args, text)) = self.linked.take()
            && String::from_utf8_lossy(&output.stderr).contains(crates::TWICE)
            && std::fs::write(&source, text).is_ok()
        {
            crates::give_up(&args);
            let mut again = Self::new(&compiler, &args);
            for (name, value) in self.rustc.get_envs() {
                match value {
                    Some(value) => again.rustc.env(name, value),
                    None => again.rustc.env_remove(name),
                };
            }
            return again.run();
        }
        if !output.status.success() {
            // At worst some errors are shown without their place.
            let _ = std::fs::write(SAID, &output.stderr);
            Types::note(&self.plain);
        } else {
            if let (Some(statics), Some(object)) = (self.statics.take(), &self.object) {
                statics.note(object);
            }
            if let Some(session) = self.session.take() {
                session.note();
            }
        }
        let _ = std::io::stdout().write_all(&output.stdout);
        let _ = std::io::stderr().write_all(&output.stderr);
        std::process::exit(output.status.code().unwrap_or(1))
    }

    /// Compiles the program that keeps most and can be compiled. What is wrong with the plain one, evcxr or the user
    /// fixes.
    fn compile(&mut self, source: &Path) -> std::io::Result<Output> {
        if let Some(removing) = self.removing.take() {
            let program = std::fs::read(source)?;
            std::fs::write(source, removing)?;
            let output = self.rustc.output()?;
            if output.status.success() {
                return Ok(output);
            }
            std::fs::write(source, program)?;
        }
        if self.ready.is_empty() {
            return self.rustc.output();
        }
        if keep::gives_own_away(&self.plain) {
            let output = self.rustc.output()?;
            if !output.status.success() {
                return Ok(output);
            }
        }
        for program in &self.ready {
            std::fs::write(source, program)?;
            let output = self.rustc.output()?;
            if output.status.success() {
                return Ok(output);
            }
        }
        std::fs::write(source, &self.plain)?;
        self.rustc.output()
    }
}

/// Returns `true` if the session has so many functions of its own that the compiler gains by what it keeps of the program
/// before: with fewer, keeping it takes longer.
fn has_many_functions(program: &str) -> bool {
    const MANY: usize = 16;
    let (items, _) = program.split_once(RUNTIME).unwrap_or((program, ""));
    items.matches("fn ").count() > MANY
}

/// The arguments by which the compiler keeps nothing for the next program, and divides this one between two processors:
/// more parts repeat more of what they share.
fn at_once(args: &[OsString]) -> Vec<OsString> {
    let mut out: Vec<OsString> = Vec::with_capacity(args.len() + 1);
    for arg in args {
        if arg.to_string_lossy().starts_with("incremental=") {
            // The `-C` before it.
            out.pop();
        } else {
            out.push(arg.clone());
        }
    }
    out.push("-Ccodegen-units=2".into());
    out
}

/// The source file, if this is the compilation of a cell. A mere check, which evcxr requests when it cannot find a
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_few_functions_is_compiled_at_once() {
        let args = ["-C", "opt-level=3", "-C", "incremental=/x", "-C", "rpath"].map(OsString::from);
        let expected = ["-C", "opt-level=3", "-C", "rpath", "-Ccodegen-units=2"];
        assert_eq!(at_once(&args), expected);
        let runtime = format!("{RUNTIME} {{ {} }}", "fn a() {} ".repeat(20));
        assert!(!has_many_functions(&runtime));
        assert!(has_many_functions(&("fn b() {}\n".repeat(20) + &runtime)));
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
}

//! Stands in for cargo between evcxr and the compiler. Cells differ in their source alone, so what cargo found out
//! for one cell, at a fifth of the cell's time, holds for the next: the same rustc runs again. Whenever anything
//! else has changed, the real cargo does the work. rust-analyzer, inside evcxr, gets only those crates whose
//! types a cell can meet.

use super::compile;
use super::graph::{self, Interfaces, Scope};
use super::plan::{self, Plan, shared_object};
use crate::roles;
use crate::toolchain::on_path;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The answer to rust-analyzer for a crate that uses the library, recorded in the prepared build folder.
pub const GRAPH: &str = "cuaderno-graph.json";
/// The file beside evcxr's manifest that says which crates rust-analyzer is to get: without it, those of [`Scope::Common`].
const SCOPE: &str = "cuaderno-scope";
/// The texts of that file for more crates.
const MORE: [(Scope, &str); 2] = [(Scope::Shown, "shown"), (Scope::All, "all")];
/// The compiler's errors in crates that the last cell uses, one of cargo's messages a line, below the folder of evcxr's
/// crate.
pub const CRATES_SAID: &str = "cuaderno-crates-said.json";
/// The variable with the file in which evcxr expects the path of the shared object.
const SHARED_OBJECT: &str = "EVCXR_EXECUTION_SO_PATH";

/// Makes a folder with the names under which evcxr looks for cargo, all of them this executable, and gives
/// the search path on which they come first. `None` where there is no cargo to stand in for.
pub fn stand_in(folder: &Path) -> io::Result<Option<OsString>> {
    if on_path("cargo").is_none() {
        return Ok(None);
    }
    std::fs::create_dir_all(folder)?;
    let exe = std::env::current_exe()?;
    for name in ["cargo", "rustup"] {
        std::os::unix::fs::symlink(&exe, folder.join(name))?;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).map(Some).map_err(io::Error::other)
}

/// Makes a folder with the sources of the standard library for rust-analyzer, without those of the processors'
/// instructions: they are more than all the rest. `None` where there are no sources.
pub fn library_source(folder: &Path) -> io::Result<Option<PathBuf>> {
    let Some(source) = installed_source()? else { return Ok(None) };
    for (name, place) in [
        ("core", "core"),
        ("alloc", "alloc"),
        ("std", "std"),
        ("std_detect", "stdarch/crates/std_detect"),
    ] {
        let place = folder.join(place);
        std::fs::create_dir_all(&place)?;
        std::os::unix::fs::symlink(source.join(name).join("src"), place.join("src"))?;
    }
    Ok(Some(folder.to_path_buf()))
}

/// The toolchain's folder of the sources of the standard library.
fn installed_source() -> io::Result<Option<PathBuf>> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let sysroot = PathBuf::from(OsStr::from_bytes(output.stdout.trim_ascii_end()));
    let source = sysroot.join("lib/rustlib/src/rust/library");
    Ok(source.join("core/src/lib.rs").is_file().then_some(source))
}

/// evcxr gets the path of cargo from rustup. Returns only if the real rustup does not start.
pub fn rustup() -> io::Result<()> {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if args == ["which", "cargo"] {
        println!("{}", own_folder()?.join("cargo").display());
        return Ok(());
    }
    Err(the_real("rustup")?.args(args).exec())
}

/// Runs the rustc of the last cell again if it is sure to be the right one, or else the real cargo. Returns only
/// if that does not start.
pub fn cargo() -> io::Result<()> {
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let first = args.first().and_then(|arg| arg.to_str()).unwrap_or_default();
    if first == "check" {
        // A check would first check all dependencies, for half a minute; they are built already.
        args[0] = "build".into();
    } else if first == "metadata"
        && let Some(manifest) = manifest(&args)
        && let folder = manifest.with_file_name("")
        && scope(&folder) != Scope::All
    {
        return describe(&args, manifest, scope(&folder));
    } else if first == "metadata" && is_question() {
        return keep_versions(&args);
    }
    if args.first().is_some_and(|arg| arg == "build") {
        if let Some(plan) = Plan::current() {
            return Err(run(plan));
        }
        return build(&args);
    }
    Err(the_real("cargo")?.args(args).exec())
}

/// Runs the real cargo, and notes the errors in crates that the cell uses: evcxr shows them without their places.
fn build(args: &[OsString]) -> io::Result<()> {
    let mut child = the_real("cargo")?.args(args).stdout(Stdio::piped()).spawn()?;
    let mut noted = String::new();
    if let Some(output) = child.stdout.take() {
        let mut out = io::stdout().lock();
        for line in io::BufReader::new(output).lines() {
            let line = line?;
            writeln!(out, "{line}")?;
            if is_error_of_crate(&line) {
                noted += &line;
                noted.push('\n');
            }
        }
        out.flush()?;
    }
    if !noted.is_empty() {
        // Without it, evcxr shows what it has.
        let _ = std::fs::write(CRATES_SAID, noted);
    }
    std::process::exit(child.wait()?.code().unwrap_or(1))
}

fn is_error_of_crate(line: &str) -> bool {
    line.contains("compiler-message")
        && serde_json::from_str::<Value>(line).is_ok_and(|value| {
            value["reason"] == "compiler-message"
                && value["message"]["level"] == "error"
                && value["target"]["name"] != plan::CRATE
        })
}

/// Returns `true` if evcxr only checks that there is such a crate: its manifest names nothing but that one.
fn is_question() -> bool {
    std::fs::read_to_string("Cargo.toml")
        .is_ok_and(|text| text.contains("evcxr_dummy_validate_dep"))
}

/// Runs the real cargo without a change to `Cargo.lock`: it would forget the versions of all other crates, so that these
/// were compiled again.
fn keep_versions(args: &[OsString]) -> io::Result<()> {
    let lock = std::fs::read("Cargo.lock").ok();
    let status = the_real("cargo")?.args(args).status()?;
    if let Some(lock) = lock {
        std::fs::write("Cargo.lock", lock)?;
    }
    std::process::exit(status.code().unwrap_or(1))
}

/// The manifest that rust-analyzer names when it requests all crates; evcxr itself names none.
fn manifest(args: &[OsString]) -> Option<&Path> {
    if args.iter().any(|arg| arg == "--no-deps") {
        return None;
    }
    let at = args.iter().position(|arg| arg == "--manifest-path")?;
    let manifest = args.get(at + 1).map(Path::new)?;
    // It may request those of the standard library as well.
    let own = std::env::var_os("EVCXR_TMPDIR")?;
    (manifest.parent()? == Path::new(&own)).then_some(manifest)
}

/// Which crates rust-analyzer is to get, by the folder of evcxr's manifest.
fn scope(folder: &Path) -> Scope {
    let text = std::fs::read_to_string(folder.join(SCOPE)).unwrap_or_default();
    MORE.into_iter().find(|(_, name)| *name == text).map_or(Scope::Common, |(scope, _)| scope)
}

/// Has rust-analyzer get the crates of a scope when it loads the manifest next; `true` if that is another scope than before.
pub fn set_scope(folder: &Path, to: Scope) -> bool {
    if scope(folder) == to {
        return false;
    }
    let file = folder.join(SCOPE);
    match MORE.into_iter().find(|(scope, _)| *scope == to) {
        Some((_, name)) => crate::folders::write_private(&file, name.as_bytes()).is_ok(),
        None => std::fs::remove_file(file).is_ok(),
    }
}

/// Answers `cargo metadata` with the packages of the scope.
fn describe(args: &[OsString], manifest: &Path, scope: Scope) -> io::Result<()> {
    if scope == Scope::Common
        && let Some(known) = known(manifest)
    {
        println!("{known}");
        return Ok(());
    }
    let output = the_real("cargo")?.args(args).stderr(Stdio::inherit()).output()?;
    let mut answer = output.stdout;
    if let Ok(mut metadata) = serde_json::from_slice::<Value>(&answer) {
        let recorded = manifest.parent().and_then(recorded_graph).unwrap_or_default();
        let mut interfaces = Interfaces::from_json(&recorded["interfaces"]);
        graph::trim(&mut metadata, &mut interfaces, scope);
        answer = metadata.to_string().into_bytes();
    }
    io::stdout().write_all(&answer)?;
    if output.status.success() { Ok(()) } else { Err(io::Error::other("`cargo metadata` failed")) }
}

/// The recorded answer for a manifest: one that names just the library, or nothing yet. rust-analyzer then
/// reads the library before the first cell needs it, once instead of in two halves.
fn known(manifest: &Path) -> Option<String> {
    let folder = manifest.parent()?;
    let written = recorded_graph(folder)?;
    let now = std::fs::read_to_string(manifest).ok()?;
    let (head, _) = written["manifest"].as_str()?.split_once(DEPENDENCIES)?;
    let (head_now, dependencies_now) = now.split_once(DEPENDENCIES)?;
    if written["manifest"] != *now && (head != head_now || !dependencies_now.trim().is_empty()) {
        return None;
    }
    // The folder's name stands inside of texts in JSON.
    let quoted = |text: &str| Value::from(text).to_string().trim_matches('"').to_string();
    let metadata = written["metadata"].to_string();
    Some(metadata.replace(&quoted(written["folder"].as_str()?), &quoted(folder.to_str()?)))
}

/// What [`write_graph`] left.
fn recorded_graph(folder: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(folder.join(GRAPH)).ok()?).ok()
}

const DEPENDENCIES: &str = "[dependencies]";

/// Records the answer that rust-analyzer will get for the crate in a folder, for `target`.
pub fn write_graph(folder: &Path, target: &str) -> io::Result<()> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--filter-platform", target])
        .current_dir(folder)
        .stderr(Stdio::null())
        .output()?;
    let mut metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut interfaces = Interfaces::default();
    // Reads the interfaces of all that may be needed later.
    graph::trim(&mut metadata, &mut interfaces, Scope::Shown);
    graph::trim(&mut metadata, &mut interfaces, Scope::Common);
    let written = serde_json::json!({
        "folder": metadata["workspace_root"],
        "manifest": std::fs::read_to_string(folder.join("Cargo.toml"))?,
        "metadata": metadata,
        "interfaces": interfaces.to_json(),
    });
    std::fs::write(folder.join(GRAPH), written.to_string())
}

fn own_folder() -> io::Result<PathBuf> {
    let called = PathBuf::from(std::env::args_os().next().unwrap_or_default());
    let found = if called.components().count() > 1 {
        Some(called)
    } else {
        called.to_str().and_then(on_path)
    };
    found
        .and_then(|path| path.parent().map(Path::to_path_buf))
        .ok_or_else(|| io::Error::other("the folder of this program cannot be found"))
}

/// The program of this name that comes after ours on the search path, to run as the user would run it.
fn the_real(name: &str) -> io::Result<Command> {
    let own = own_folder()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| *folder != own)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .map(|file| {
            let mut command = Command::new(file);
            roles::restore(&mut command);
            command
        })
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no {name} on the PATH")))
}

/// Becomes rustc; returns only if that does not start.
fn run(plan: Plan) -> io::Error {
    if let (Some(file), Some(output)) = (std::env::var_os(SHARED_OBJECT), plan.output())
        && let Err(error) =
            std::fs::write(file, output.join(shared_object()).as_os_str().as_bytes())
    {
        return error;
    }
    // Cargo gives the compiler's messages on standard output, where evcxr reads them.
    if let Err(error) = rustix::stdio::dup2_stderr(rustix::stdio::stdout()) {
        return error.into();
    }
    let mut compilation = compile::Compilation::new(&plan.rustc, &plan.args);
    roles::restore(&mut compilation.rustc).envs(plan.environment);
    compilation.run()
}

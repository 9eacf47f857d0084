//! Stands in for cargo between evcxr and the compiler. Cells differ in their source alone, so what cargo found out
//! for one cell, at a fifth of the cell's time, holds for the next: the same rustc runs again. Whenever anything
//! else has changed, the real cargo does the work. rust-analyzer, inside evcxr, is told only of those crates whose
//! types a cell can meet.

use super::{compile, graph};
use crate::prepared::on_path;
use crate::roles;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// Where the last compilation of a cell is written down, below evcxr's crate.
const PLAN: &str = "cuaderno-plan.json";
/// What rust-analyzer is told of a crate that uses the library, written down in the prepared build folder.
pub const GRAPH: &str = "cuaderno-graph.json";
/// A file that exists, beside evcxr's manifest, when rust-analyzer is to be told of all crates.
pub const WHOLE: &str = "cuaderno-whole";
/// Where evcxr wants to be told the path of the shared object.
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

/// Where the toolchain keeps the sources of the standard library.
fn installed_source() -> io::Result<Option<PathBuf>> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let sysroot = PathBuf::from(OsStr::from_bytes(output.stdout.trim_ascii_end()));
    let source = sysroot.join("lib/rustlib/src/rust/library");
    Ok(source.join("core/src/lib.rs").is_file().then_some(source))
}

/// evcxr asks rustup where cargo is. Returns only if the real rustup does not start.
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
        && !manifest.with_file_name(WHOLE).exists()
    {
        return describe(&args, manifest);
    }
    if args.first().is_some_and(|arg| arg == "build")
        && let Some(plan) = Plan::current()
    {
        return Err(plan.run());
    }
    Err(the_real("cargo")?.args(args).exec())
}

/// The manifest that rust-analyzer names when it asks for all crates; evcxr itself names none.
fn manifest(args: &[OsString]) -> Option<&Path> {
    if args.iter().any(|arg| arg == "--no-deps") {
        return None;
    }
    let at = args.iter().position(|arg| arg == "--manifest-path")?;
    let manifest = args.get(at + 1).map(Path::new)?;
    // It may ask for those of the standard library as well.
    let own = std::env::var_os("EVCXR_TMPDIR")?;
    (manifest.parent()? == Path::new(&own)).then_some(manifest)
}

/// Answers `cargo metadata` with those packages whose types a cell can meet.
fn describe(args: &[OsString], manifest: &Path) -> io::Result<()> {
    if let Some(known) = known(manifest) {
        println!("{known}");
        return Ok(());
    }
    let output = the_real("cargo")?.args(args).stderr(Stdio::inherit()).output()?;
    let mut answer = output.stdout;
    if let Ok(mut metadata) = serde_json::from_slice::<Value>(&answer) {
        graph::trim(&mut metadata);
        answer = metadata.to_string().into_bytes();
    }
    io::stdout().write_all(&answer)?;
    if output.status.success() { Ok(()) } else { Err(io::Error::other("`cargo metadata` failed")) }
}

/// What is written down for a manifest: one that names just the library, or nothing yet. rust-analyzer then
/// reads the library before the first cell asks for it, once instead of in two halves.
fn known(manifest: &Path) -> Option<String> {
    let folder = manifest.parent()?;
    let written: Value = serde_json::from_slice(&std::fs::read(folder.join(GRAPH)).ok()?).ok()?;
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

const DEPENDENCIES: &str = "[dependencies]";

/// Writes down what rust-analyzer will be told of the crate in a folder, for `target`.
pub fn write_graph(folder: &Path, target: &str) -> io::Result<()> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--filter-platform", target])
        .current_dir(folder)
        .stderr(Stdio::null())
        .output()?;
    let mut metadata: Value = serde_json::from_slice(&output.stdout)?;
    graph::trim(&mut metadata);
    let written = serde_json::json!({
        "folder": metadata["workspace_root"],
        "manifest": std::fs::read_to_string(folder.join("Cargo.toml"))?,
        "metadata": metadata,
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
        .ok_or_else(|| io::Error::other("this program does not know its own folder"))
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

/// A compilation of a cell, as cargo asked for it.
struct Plan {
    rustc: OsString,
    args: Vec<OsString>,
    /// What cargo sets for the crates it compiles.
    environment: BTreeMap<OsString, OsString>,
}

/// Writes down the compilation that cargo has just asked for, so that it can be repeated.
pub fn record(rustc: &OsStr, args: &[OsString]) {
    let Some(state) = state() else { return };
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter(|(name, _)| set_by_cargo(name))
        .map(|(name, value)| (hex(&name), hex(&value)))
        .collect();
    let plan = serde_json::json!({
        "state": state,
        "rustc": hex(rustc),
        "args": args.iter().map(|arg| hex(arg)).collect::<Vec<_>>(),
        "environment": environment,
    });
    // Without a plan, the next cell asks cargo again.
    let _ = std::fs::write(PLAN, plan.to_string());
}

fn set_by_cargo(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    // The pipe by which cargo's own rustcs share the processors ends with that cargo.
    name.starts_with("CARGO") && name != "CARGO_MAKEFLAGS"
        || name == "LD_LIBRARY_PATH"
        || name == "DYLD_FALLBACK_LIBRARY_PATH"
}

impl Plan {
    /// The last compilation, if nothing but the cell's source has changed since.
    fn current() -> Option<Self> {
        let text = std::fs::read_to_string(PLAN).ok()?;
        let plan: Value = serde_json::from_str(&text).ok()?;
        if plan["state"].as_str()? != state()? {
            return None;
        }
        let written = std::fs::metadata(PLAN).and_then(|meta| meta.modified()).ok()?;
        let args: Vec<OsString> = plan["args"]
            .as_array()?
            .iter()
            .map(|arg| unhex(arg.as_str()?))
            .collect::<Option<_>>()?;
        let environment = plan["environment"]
            .as_object()?
            .iter()
            .map(|(name, value)| Some((unhex(name)?, unhex(value.as_str()?)?)))
            .collect::<Option<_>>()?;
        let plan = Self { rustc: unhex(plan["rustc"].as_str()?)?, args, environment };
        plan.is_newer_than_sources(written)?.then_some(plan)
    }

    /// Whether no local crate that the cell uses was changed after the plan was written; `None` if that cannot
    /// be told.
    fn is_newer_than_sources(&self, written: SystemTime) -> Option<bool> {
        // Cargo lists them beside the shared object, one folder above the compiler's output.
        let list = self.output()?.parent()?.join(compile::shared_object()).with_extension("d");
        let list = std::fs::read_to_string(list).ok()?;
        let (_, sources) = list.split_once(": ")?;
        let older = |source: String| {
            std::fs::metadata(source).and_then(|meta| meta.modified()).is_ok_and(|t| t < written)
        };
        // Spaces inside a name are escaped.
        let sources = sources.trim_end().replace("\\ ", "\0");
        let own = std::env::current_dir().ok()?.join("src");
        Some(
            sources
                .split(' ')
                .map(|source| source.replace('\0', " "))
                .filter(|source| !Path::new(source).starts_with(&own))
                .all(older),
        )
    }

    /// The folder where rustc puts the shared object.
    fn output(&self) -> Option<&Path> {
        let at = self.args.iter().position(|arg| arg == "--out-dir")?;
        self.args.get(at + 1).map(Path::new)
    }

    /// Becomes rustc; returns only if that does not start.
    fn run(self) -> io::Error {
        if let (Some(file), Some(output)) = (std::env::var_os(SHARED_OBJECT), self.output())
            && let Err(error) =
                std::fs::write(file, output.join(compile::shared_object()).as_os_str().as_bytes())
        {
            return error;
        }
        // Cargo gives the compiler's messages on standard output, where evcxr reads them.
        if let Err(error) = rustix::stdio::dup2_stderr(rustix::stdio::stdout()) {
            return error.into();
        }
        let mut compilation = compile::Compilation::new(&self.rustc, &self.args);
        roles::restore(&mut compilation.rustc).envs(self.environment);
        compilation.run()
    }
}

/// A digest of what cargo goes by, apart from sources: manifest, versions, settings and profile.
fn state() -> Option<String> {
    let mut hash = Sha256::new();
    for file in ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"] {
        hash.update(std::fs::read(file).ok()?);
        hash.update([0]);
    }
    let settings: BTreeMap<_, _> = std::env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            name == "RUSTFLAGS" || name == "RUSTC" || name.starts_with("CARGO_PROFILE")
        })
        .collect();
    for (name, value) in settings {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.as_bytes());
        hash.update([0]);
    }
    Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Paths and arguments need not be text, which is all that JSON can hold.
fn hex(text: &OsStr) -> String {
    text.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<OsString> {
    let bytes = text.as_bytes().chunks(2);
    let bytes = bytes.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<u8>>>().map(OsString::from_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_argument_survives_being_written_down() {
        for text in [&b"plain"[..], b"", b"\xff\x00 \"quoted\" \xc3\xa9"] {
            let text = OsStr::from_bytes(text);
            assert_eq!(unhex(&hex(text)).unwrap(), text);
        }
        assert_eq!(unhex("zz"), None);
    }

    #[test]
    fn a_plan_holds_until_a_source_changes() {
        let folder = std::env::temp_dir().join(format!("cuaderno-plan-{}", std::process::id()));
        let deps = folder.join("debug/deps");
        std::fs::create_dir_all(&deps).unwrap();
        let source = folder.join("a b.rs");
        std::fs::write(&source, "").unwrap();
        let escaped = source.to_str().unwrap().replace(' ', "\\ ");
        let list = deps.parent().unwrap().join(compile::shared_object()).with_extension("d");
        let args = vec![OsString::from("--out-dir"), deps.clone().into()];
        let plan = Plan { rustc: "rustc".into(), args, environment: BTreeMap::new() };
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        assert_eq!(plan.is_newer_than_sources(later), None, "no list yet");
        std::fs::write(&list, format!("/x/libctx.so: {escaped}\n")).unwrap();
        assert_eq!(plan.is_newer_than_sources(later), Some(true));
        assert_eq!(plan.is_newer_than_sources(SystemTime::UNIX_EPOCH), Some(false));
        std::fs::remove_file(&source).unwrap();
        assert_eq!(plan.is_newer_than_sources(later), Some(false), "a source is gone");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

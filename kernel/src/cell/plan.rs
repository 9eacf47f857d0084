//! The last compilation of a cell, as cargo requested it: cells differ in their source alone, so that it can be repeated
//! without cargo.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::SystemTime;

/// evcxr's name for a cell's crate.
pub const CRATE: &str = "ctx";
/// The file that records the last compilation of a cell, below evcxr's crate.
const PLAN: &str = "cuaderno-plan.json";
/// A compilation of a cell, as cargo requested it.
pub struct Plan {
    pub rustc: OsString,
    pub args: Vec<OsString>,
    /// The environment variables that cargo sets for the crates it compiles.
    pub environment: BTreeMap<OsString, OsString>,
}

/// Records the compilation that cargo has just requested, so that it can be repeated.
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
    // Without a plan, the next cell runs cargo again.
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
    pub fn current() -> Option<Self> {
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

    /// Returns `true` if no local crate that the cell uses was changed after the plan was written; `None` if that cannot
    /// be told.
    fn is_newer_than_sources(&self, written: SystemTime) -> Option<bool> {
        // Cargo lists them beside the shared object, one folder above the compiler's output.
        let list = self.output()?.parent()?.join(shared_object()).with_extension("d");
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
    pub fn output(&self) -> Option<&Path> {
        let at = self.args.iter().position(|arg| arg == "--out-dir")?;
        self.args.get(at + 1).map(Path::new)
    }
}

/// The file name of a cell's shared object.
pub fn shared_object() -> String {
    format!("{DLL_PREFIX}{CRATE}{DLL_SUFFIX}")
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
        let list = deps.parent().unwrap().join(shared_object()).with_extension("d");
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

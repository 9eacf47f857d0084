//! Crates that `:dep` brings, linked once for all cells. Linked into each cell's shared object, a crate's statics would begin
//! again in every cell: a logger that one cell sets would be gone in the next. Each crate is put into a dynamic library
//! of its own when it is first seen, beside those of the crates before it, and the cells link to these.

use super::hash::Fnv;
use super::store;
use ra_ap_syntax::ast::HasModuleItem;
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

/// The file that lists the libraries, below the folder of evcxr's crate, and the folder that holds them.
const FILE: &str = "cuaderno-crates.json";
const FOLDER: &str = "cuaderno-crates";

/// A dynamic library, and the crates that it holds, with their hashes.
#[derive(Clone)]
struct Library {
    name: String,
    holds: Vec<(String, u64)>,
}

/// The libraries that a cell links to, by the names of their crates.
pub fn shared(compiler: &OsStr, args: &[OsString]) -> Vec<String> {
    let wanted: Vec<(String, u64)> = externs(args).filter_map(|(_, path)| hash(path)).collect();
    let noted: Value = std::fs::read(FILE)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let mut libraries: Vec<Library> =
        noted.as_array().into_iter().flatten().filter_map(read).collect();
    // Those that hold a crate which has changed, and what stands on them, are of no more use.
    let valid = |library: &Library| {
        library.holds.iter().all(|held| wanted.contains(held)) && file(&library.name).is_file()
    };
    let end = libraries.iter().position(|library| !valid(library)).unwrap_or(libraries.len());
    libraries.truncate(end);
    let is_held =
        |held: &(String, u64)| libraries.iter().any(|library| library.holds.contains(held));
    let new: Vec<(String, u64)> = wanted.into_iter().filter(|held| !is_held(held)).collect();
    if !new.is_empty() && noted["failed"] != json!(new) {
        match build(compiler, args, &libraries, &new) {
            Some(library) => libraries.push(library),
            // The cell links to the crates themselves then.
            None => {
                let _ = std::fs::write(FILE, json!({"failed": new}).to_string());
                return Vec::new();
            }
        }
        let list: Vec<Value> = libraries
            .iter()
            .map(|library| json!({"name": library.name, "holds": library.holds}))
            .collect();
        let _ = std::fs::write(FILE, json!(list).to_string());
    } else if !new.is_empty() {
        return Vec::new();
    }
    libraries.into_iter().map(|library| library.name).collect()
}

/// Notes that cells do not compile with the libraries, because some crate would be there twice: they link to the crates
/// themselves from now on.
pub fn give_up(args: &[OsString]) {
    let all: Vec<(String, u64)> = externs(args).filter_map(|(_, path)| hash(path)).collect();
    let _ = std::fs::write(FILE, json!({"failed": all}).to_string());
}

/// A part of the compiler's message on a program in which a crate would be linked twice.
pub const TWICE: &str = "only shows up once";

/// The arguments by which a cell links to the libraries.
pub fn arguments(names: &[String]) -> Vec<OsString> {
    let named =
        |name: &String| ["--extern".into(), format!("{name}={}", file(name).display()).into()];
    let mut all: Vec<OsString> = names.iter().flat_map(named).collect();
    // evcxr moves a cell's shared object, so that a path from there would not hold.
    if let Ok(folder) = Path::new(FOLDER).canonicalize()
        && !names.is_empty()
    {
        all.push(format!("-Clink-arg=-Wl,-rpath,{}", folder.display()).into());
    }
    all
}

/// The program with the libraries among its crates.
pub fn linked(source: &str, names: &[String]) -> String {
    let parsed = SourceFile::parse(source, Edition::Edition2024).tree();
    let Some(first) = parsed.items().next().filter(|_| !names.is_empty()) else {
        return source.to_string();
    };
    let at = usize::from(first.syntax().text_range().start());
    let crates: String = names.iter().map(|name| format!("extern crate {name} as _; ")).collect();
    format!("{}{crates}{}", &source[..at], &source[at..])
}

fn read(value: &Value) -> Option<Library> {
    Some(Library {
        name: value["name"].as_str()?.to_string(),
        holds: serde_json::from_value(value["holds"].clone()).ok()?,
    })
}

/// The crates that are linked statically, by name and file.
fn externs(args: &[OsString]) -> impl Iterator<Item = (&str, &str)> {
    let named = args.windows(2).filter(|pair| pair[0] == "--extern");
    let named = named.filter_map(|pair| pair[1].to_str()?.split_once('='));
    let has_dynamic = |name: &str| {
        args.iter().any(|arg| {
            arg.to_str()
                .is_some_and(|arg| arg.starts_with(&format!("{name}=")) && arg.ends_with(".so"))
        })
    };
    named.filter(move |(name, path)| path.ends_with(".rlib") && !has_dynamic(name))
}

fn hash(path: &str) -> Option<(String, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    let mut hash = Fnv::default();
    hash.add(&meta.len().to_le_bytes());
    hash.add(&meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos().to_le_bytes());
    Some((path.to_string(), hash.0))
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(FOLDER).join(format!("lib{name}.so"))
}

fn build(
    compiler: &OsStr,
    args: &[OsString],
    before: &[Library],
    new: &[(String, u64)],
) -> Option<Library> {
    let mut hash = Fnv::default();
    new.iter().for_each(|(path, part)| {
        hash.add(path.as_bytes());
        hash.add(&part.to_le_bytes());
    });
    let library = Library { name: format!("cuaderno_crates_{:016x}", hash.0), holds: new.to_vec() };
    std::fs::create_dir_all(FOLDER).ok()?;
    let names = externs(args).filter(|(_, path)| new.iter().any(|(other, _)| other == path));
    let mut text: String = names.map(|(name, _)| format!("pub extern crate {name};\n")).collect();
    before.iter().for_each(|library| text += &format!("extern crate {} as _;\n", library.name));
    // A crate that a dynamic library holds already, such as that for notebooks, is taken from there.
    let mut dynamic: Vec<&str> = args
        .iter()
        .filter_map(|arg| arg.to_str()?.split_once('='))
        .filter(|(_, path)| path.ends_with(".so"))
        .map(|(name, _)| name)
        .collect();
    dynamic.dedup();
    dynamic.iter().for_each(|name| text += &format!("extern crate {name} as _;\n"));
    let source = Path::new(FOLDER).join(format!("{}.rs", library.name));
    std::fs::write(&source, text).ok()?;
    let earlier: Vec<String> = before.iter().map(|library| library.name.clone()).collect();
    let paths = args.windows(2).filter(|pair| pair[0] == "-L" || pair[0] == "--extern");
    let compiled = Command::new(compiler)
        .args(["--crate-name", &library.name, "--crate-type", "dylib", "--edition=2024"])
        .args(["-Cprefer-dynamic", "-Crpath"])
        .args(store::flags(args))
        .args(paths.flatten())
        .args(arguments(&earlier))
        .args(["--out-dir", FOLDER])
        .arg(&source)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    (compiled.success() && file(&library.name).is_file()).then_some(library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crates_that_are_linked_statically_are_shared() {
        let args: Vec<OsString> = [
            "--extern",
            "log=/d/liblog-1.rlib",
            "--extern",
            "cuaderno=/d/libcuaderno.so",
            "--extern",
            "cuaderno=/d/libcuaderno.rlib",
            "--extern",
            "derive=/d/libderive.so",
            "-L",
            "dependency=/d",
        ]
        .map(OsString::from)
        .to_vec();
        assert_eq!(externs(&args).collect::<Vec<_>>(), [("log", "/d/liblog-1.rlib")]);
        let linked =
            linked("#![allow(unused)]\n\nfn f() {}\n", &["a".to_string(), "b".to_string()]);
        assert_eq!(
            linked,
            "#![allow(unused)]\n\nextern crate a as _; extern crate b as _; fn f() {}\n"
        );
        assert_eq!(super::linked("fn f() {}", &[]), "fn f() {}");
    }
}

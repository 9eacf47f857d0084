//! The files of the command import each other in no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules that a file's `use` lines and paths name, outside of its tests.
fn imports(module: &str, text: &str, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let text = text.split("mod tests {").next().unwrap_or_default();
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        for (prefix, base) in [("crate::", ""), ("super::", parent)] {
            for (at, _) in line.match_indices(prefix) {
                for path in
                    paths(&line[at + prefix.len()..]).into_iter().filter(|path| !path.is_empty())
                {
                    let full = if base.is_empty() { path } else { format!("{base}::{path}") };
                    // The longest beginning that is a module.
                    let mut name = full.as_str();
                    while !name.is_empty() && !modules.contains(name) {
                        name = name.rsplit_once("::").map_or("", |(before, _)| before);
                    }
                    if !name.is_empty() && name != module {
                        found.insert(name.to_string());
                    }
                }
            }
        }
    }
    found
}

/// The paths of an import, one for each name in its braces.
fn paths(text: &str) -> Vec<String> {
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_of_path(c)).unwrap_or(text.len());
    let head = text[..end].trim_end_matches("::").to_string();
    let Some(list) = text[end..].strip_prefix('{').and_then(|rest| rest.split('}').next()) else {
        return vec![head];
    };
    let names = list.split(',').map(|name| name.trim().split(' ').next().unwrap_or_default());
    names
        .map(|name| if head.is_empty() { name.to_string() } else { format!("{head}::{name}") })
        .collect()
}

fn collect(folder: &Path, base: &str, files: &mut BTreeMap<String, PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        let module = if base.is_empty() { name.clone() } else { format!("{base}::{name}") };
        if path.is_dir() && name != "programs" {
            collect(&path, &module, files);
        } else if name == "mod" {
            files.insert(base.to_string(), path);
        } else if path.extension().is_some_and(|end| end == "rs") && name != "main" {
            files.insert(module, path);
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut files = BTreeMap::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
    assert!(files.len() > 50, "{}", files.len());
    let modules: BTreeSet<String> = files.keys().cloned().collect();
    let mut open: BTreeMap<String, BTreeSet<String>> = files
        .iter()
        .map(|(module, file)| {
            (module.clone(), imports(module, &std::fs::read_to_string(file).unwrap(), &modules))
        })
        .collect();
    // A map of a folder shows what lies below it; whoever imports it imports that.
    for (module, file) in &files {
        if file.ends_with("mod.rs") {
            let text = std::fs::read_to_string(file).unwrap();
            let shown = text.lines().filter_map(|line| line.trim().strip_prefix("pub use "));
            let names = shown
                .filter_map(|path| path.split("::").next())
                .map(|name| format!("{module}::{name}"));
            open.entry(module.clone())
                .or_default()
                .extend(names.filter(|name| modules.contains(name)));
        }
    }
    // A file that imports nothing that is left cannot be in a circle.
    loop {
        let done: Vec<String> = open
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| !open.contains_key(need)))
            .map(|(module, _)| module.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        done.iter().for_each(|module| drop(open.remove(module)));
    }
    let left: Vec<String> = open
        .iter()
        .map(|(module, needs)| {
            let needs: Vec<&str> =
                needs.iter().filter(|need| open.contains_key(*need)).map(String::as_str).collect();
            format!("{module} -> {}", needs.join(", "))
        })
        .collect();
    assert!(left.is_empty(), "{}", left.join("\n"));
}

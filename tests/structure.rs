//! The import graph of the source files: no circles between files, and no dependency on a higher tier.
//!
//! An import is followed through re-exports to the file that defines the name, so a `mod.rs` that only re-exports ties
//! nothing together.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// The tiers of the library from the ground up; a module may depend on its own tier and those below.
const TIERS: [&[&str]; 7] = [
    &["error", "files", "hash", "notebook"],
    &["tensor"],
    &["nn", "metrics", "table", "images", "text", "plot", "cluster", "fetch"],
    &["models", "data", "track"],
    &["train", "sweep"],
    &["explain", "similar", "report"],
    &["practices", "prelude"],
];

/// A module path, such as `nn::layer`; empty for the crate root.
type Module = Vec<String>;

/// One import: the path as written, the name under which it is known here, and whether it is a re-export.
#[derive(Debug)]
struct Import {
    path: Vec<String>,
    alias: String,
    public: bool,
}

struct Source {
    imports: Vec<Import>,
    definitions: HashSet<String>,
    /// Paths in the code that start with `crate::` or `super::`.
    inline: Vec<Vec<String>>,
}

/// The files of one crate by module path.
struct Graph {
    files: BTreeMap<Module, Source>,
}

#[test]
fn no_file_of_the_library_imports_itself_through_others() {
    assert_no_circles("src");
}

#[test]
fn no_file_of_the_kernel_imports_itself_through_others() {
    assert_no_circles("kernel/src");
}

#[test]
fn modules_depend_on_their_tier_and_those_below() {
    let graph = Graph::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let tier = |module: &Module| {
        let top = module.first()?;
        let place = TIERS.iter().position(|tier| tier.contains(&top.as_str()));
        Some(
            place.unwrap_or_else(|| panic!("give the module `{top}` a tier in tests/structure.rs")),
        )
    };
    let mut upward = Vec::new();
    for module in graph.files.keys() {
        for target in graph.dependencies(module) {
            if let (Some(own), Some(other)) = (tier(module), tier(&target))
                && other > own
            {
                upward.push(format!("{} -> {}", module.join("::"), target.join("::")));
            }
        }
    }
    assert!(upward.is_empty(), "dependencies on a higher tier:\n{}", upward.join("\n"));
}

#[test]
fn imports_are_parsed_and_followed_through_re_exports() {
    let file = |text: &str| Source::parse(text);
    let graph = Graph {
        files: BTreeMap::from([
            (vec![], file("pub mod a;\npub mod b;")),
            (module("a"), file("mod one;\nmod two;\npub use one::{One, Other as Second};")),
            (module("a::one"), file("use super::two::*;\npub struct One;\npub struct Other;")),
            (module("a::two"), file("use crate::b;\nfn f() { crate::a::Second::new() }")),
            (
                module("b"),
                file(
                    "use crate::a::{self, One}; // use crate::c;\npub fn g(_: super::a::two::T) {}",
                ),
            ),
        ]),
    };
    let names = |of: &str| {
        let found = graph.dependencies(&module(of)).into_iter().map(|module| module.join("::"));
        found.collect::<Vec<_>>()
    };
    assert_eq!(names("a::one"), ["a::two"]);
    assert_eq!(names("a::two"), ["a::one", "b"]);
    assert_eq!(names("b"), ["a", "a::one", "a::two"]);
    assert_eq!(graph.circles().len(), 1);
    assert_eq!(graph.circles()[0].len(), 3);
}

fn assert_no_circles(folder: &str) {
    let graph = Graph::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    assert!(graph.files.len() > 20, "{folder} has {} files", graph.files.len());
    let mut text = String::new();
    for circle in graph.circles() {
        text += "\nthese files import each other:\n";
        for module in &circle {
            for target in graph.dependencies(module).intersection(&circle) {
                text += &format!("  {} -> {}\n", module.join("::"), target.join("::"));
            }
        }
    }
    assert!(text.is_empty(), "{text}move what they share into a file below them");
}

fn module(path: &str) -> Module {
    path.split("::").filter(|part| !part.is_empty()).map(str::to_string).collect()
}

impl Graph {
    fn read(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    files.insert(Self::module_of(root, &path), Source::parse(&text));
                }
            }
        }
        Self { files }
    }

    fn module_of(root: &Path, path: &Path) -> Module {
        let relative = path.strip_prefix(root).unwrap().with_extension("");
        let mut parts: Module =
            relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            parts.pop();
        }
        parts
    }

    /// The files that define what `module` imports; re-exports of its own children do not count.
    fn dependencies(&self, module: &Module) -> BTreeSet<Module> {
        let source = &self.files[module];
        let imports = source.imports.iter().filter_map(|import| {
            let mut path = self.absolute(module, &import.path)?;
            if path.last().is_some_and(|last| last == "*") {
                path.pop();
            }
            let target = self.resolve(&path, &mut HashSet::new())?;
            (!import.public || !target.starts_with(module)).then_some(target)
        });
        let inline = source.inline.iter();
        let inline = inline.filter_map(|path| self.absolute(module, path));
        let inline = inline.filter_map(|path| self.resolve(&path, &mut HashSet::new()));
        imports.chain(inline).filter(|target| target != module).collect()
    }

    /// A path from the crate's root; none for one into another crate.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let kept = module.len().checked_sub(ups)?;
                Some([&module[..kept], &path[ups..]].concat())
            }
            first => {
                let child = [module.as_slice(), &[first.to_string()]].concat();
                self.files.contains_key(&child).then(|| [module, path].concat())
            }
        }
    }

    /// The file that defines the item at this path.
    fn resolve(&self, path: &[String], seen: &mut HashSet<Vec<String>>) -> Option<Module> {
        if !seen.insert(path.to_vec()) {
            return None;
        }
        let length = (0..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]))?;
        let (module, rest) = (path[..length].to_vec(), &path[length..]);
        let source = &self.files[&module];
        let Some(name) = rest.first().filter(|name| *name != "self") else { return Some(module) };
        if source.definitions.contains(name) {
            return Some(module);
        }
        for import in &source.imports {
            let absolute = || self.absolute(&module, &import.path);
            if import.alias == *name {
                return self.resolve(&[absolute()?.as_slice(), &rest[1..]].concat(), seen);
            }
            if import.alias == "*"
                && let Some(mut from) = absolute()
            {
                from.pop();
                if let Some(target) = self.resolve(&[from.as_slice(), rest].concat(), seen)
                    && target != from
                {
                    return Some(target);
                }
            }
        }
        Some(module)
    }

    /// Strongly connected components of more than one file.
    fn circles(&self) -> Vec<BTreeSet<Module>> {
        let direct: BTreeMap<&Module, BTreeSet<Module>> =
            self.files.keys().map(|module| (module, self.dependencies(module))).collect();
        let reach = |from: &Module| {
            let (mut found, mut open) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(module) = open.pop() {
                for next in &direct[&module] {
                    if found.insert(next.clone()) {
                        open.push(next.clone());
                    }
                }
            }
            found
        };
        let reached: BTreeMap<&Module, BTreeSet<Module>> =
            self.files.keys().map(|module| (module, reach(module))).collect();
        let mut circles: Vec<BTreeSet<Module>> = Vec::new();
        for module in self.files.keys() {
            if reached[module].contains(module) && !circles.iter().any(|c| c.contains(module)) {
                let both = reached[module].iter().filter(|other| reached[other].contains(module));
                circles.push(both.cloned().collect());
            }
        }
        circles
    }
}

impl Source {
    fn parse(text: &str) -> Self {
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        let code = lines.collect::<Vec<_>>().join("\n");
        let (mut imports, mut rest) = (Vec::new(), String::new());
        for statement in code.split_inclusive(';') {
            let start = use_start(statement);
            match statement[start..].trim_start().strip_prefix_visibility() {
                Some((public, tree)) => {
                    rest += &statement[..start];
                    expand(&tree.replace(';', ""), &[], public, &mut imports);
                }
                None => rest += statement,
            }
        }
        Self { definitions: definitions(&rest), inline: inline_paths(&rest), imports }
    }
}

/// Where a `use` declaration starts at the beginning of a line, or the end of the text.
fn use_start(statement: &str) -> usize {
    let mut place = 0;
    for line in statement.split_inclusive('\n') {
        if line.trim_start().strip_prefix_visibility().is_some() {
            return place;
        }
        place += line.len();
    }
    statement.len()
}

trait Visibility {
    /// Whether a declaration `use …` is public, and its tree.
    fn strip_prefix_visibility(&self) -> Option<(bool, &str)>;
}

impl Visibility for str {
    fn strip_prefix_visibility(&self) -> Option<(bool, &str)> {
        let rest = match self.strip_prefix("pub") {
            None => return Some((false, self.strip_prefix("use ")?)),
            Some(rest) => rest,
        };
        let rest = match rest.strip_prefix('(') {
            Some(scope) => scope.split_once(')')?.1,
            None => rest,
        };
        Some((true, rest.strip_prefix(" use ")?))
    }
}

/// Lists the paths of a tree such as `a::{b, c::{self, d as e}}`.
fn expand(tree: &str, before: &[String], public: bool, into: &mut Vec<Import>) {
    let tree = tree.trim();
    let path = |text: &str| -> Vec<String> {
        let own = text.split("::").map(|part| part.trim().to_string());
        before.iter().cloned().chain(own.filter(|part| !part.is_empty())).collect()
    };
    if let Some((head, body)) = tree.split_once('{') {
        let body = body.trim_end().strip_suffix('}').unwrap_or(body);
        let (mut depth, mut start, prefix) = (0, 0, path(head));
        for (place, character) in body.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&body[start..place], &prefix, public, into);
                    start = place + 1;
                }
                _ => {}
            }
        }
        expand(&body[start..], &prefix, public, into);
        return;
    }
    if tree.is_empty() {
        return;
    }
    let (text, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
    let mut path = path(text);
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let alias = if alias.is_empty() { path.last().cloned() } else { Some(alias.trim().into()) };
    into.push(Import { alias: alias.unwrap_or_default(), path, public });
}

/// The names of items that a file defines.
fn definitions(code: &str) -> HashSet<String> {
    const ITEMS: [&str; 9] =
        ["fn", "struct", "enum", "trait", "type", "const", "static", "macro_rules!", "mod"];
    let mut names = HashSet::new();
    for line in code.lines() {
        let mut words = line.split_whitespace().peekable();
        while let Some(word) = words.next() {
            if ITEMS.contains(&word)
                && let Some(name) = words.peek()
            {
                let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
                let name = &name[..end.unwrap_or(name.len())];
                // A module in a file of its own is no definition of this one.
                if word != "mod" || line.contains('{') {
                    names.insert(name.to_string());
                }
            }
        }
    }
    names
}

/// Paths in the code that start with `crate::` or `super::`.
fn inline_paths(code: &str) -> Vec<Vec<String>> {
    let starts = code.match_indices("crate::").chain(code.match_indices("super::"));
    let starts = starts.filter(|(place, _)| {
        let before = &code[..*place];
        // `pub(in crate::a)` is a scope, not a dependency.
        !before.ends_with("(in ")
            && !before.ends_with(|c: char| c.is_alphanumeric() || "_$:".contains(c))
    });
    let paths = starts.map(|(place, _)| {
        let rest = &code[place..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        module(rest[..end.unwrap_or(rest.len())].trim_end_matches(':'))
    });
    paths.filter(|path| path.len() > 1).collect()
}

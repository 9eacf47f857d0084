//! The crate graph that rust-analyzer gets of what a cell depends on. It reads every crate that cargo names before it
//! can find the first variable's type, and looks at all of them again with each cell. Most of them serve
//! the inside of another crate, where no cell ever looks: they are left out.

use ra_ap_syntax::ast::{self, HasModuleItem as _, HasName as _};
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Takes the packages out of the answer of `cargo metadata` whose types no cell can meet. What is left: the cell's
/// own crate, what it depends on, and from there on whatever a package names in the types of its
/// public interface. Procedural macros go as well: rust-analyzer could not run them here. `interfaces` are those that are
/// known, and gain what is read: most of the time goes there.
pub fn trim(metadata: &mut Value, interfaces: &mut Interfaces) {
    let Some(kept) = kept(metadata, interfaces) else { return };
    if let Some(packages) = metadata["packages"].as_array_mut() {
        packages.retain(|package| kept.contains(text(&package["id"])));
    }
    if let Some(nodes) = metadata["resolve"]["nodes"].as_array_mut() {
        nodes.retain(|node| kept.contains(text(&node["id"])));
        for node in nodes {
            if let Some(deps) = node["deps"].as_array_mut() {
                deps.retain(|dep| kept.contains(text(&dep["pkg"])));
            }
        }
    }
}

/// The ids of the packages that stay; `None` if this is no answer of `cargo metadata`.
fn kept(metadata: &Value, interfaces: &mut Interfaces) -> Option<HashSet<String>> {
    let by_id = |list: &Value| -> Option<HashMap<String, Value>> {
        let entry = |value: &Value| Some((value["id"].as_str()?.to_string(), value.clone()));
        list.as_array()?.iter().map(entry).collect()
    };
    let packages = by_id(&metadata["packages"])?;
    let nodes = by_id(&metadata["resolve"]["nodes"])?;
    let root = metadata["workspace_members"][0].as_str()?;
    let mut kept = HashSet::from([root.to_string()]);
    let mut open = vec![root.to_string()];
    while let Some(id) = open.pop() {
        let deps: Vec<(String, String)> = nodes.get(&id)?["deps"]
            .as_array()?
            .iter()
            .filter(|dep| is_normal(dep))
            .map(|dep| (text(&dep["name"]).to_string(), text(&dep["pkg"]).to_string()))
            .filter(|(_, dep)| packages.get(dep).is_some_and(|package| library(package).is_some()))
            .filter(|(_, dep)| !kept.contains(dep))
            .collect();
        let public = if id == root || deps.is_empty() {
            None
        } else {
            let features: Vec<&str> = nodes[&id]["features"].as_array()?.iter().map(text).collect();
            Some(interfaces.of(&id, Path::new(library(packages.get(&id)?)?), &features))
        };
        for (name, dep) in deps {
            if public.is_none_or(|interface| interface.names(&name)) && kept.insert(dep.clone()) {
                open.push(dep);
            }
        }
    }
    Some(kept)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns `true` if a dependency serves the library itself, not its tests or its build script.
fn is_normal(dep: &Value) -> bool {
    dep["dep_kinds"]
        .as_array()
        .is_none_or(|kinds| kinds.is_empty() || kinds.iter().any(|kind| kind["kind"].is_null()))
}

/// The file where a package's library begins, if it has one that is no procedural macro.
fn library(package: &Value) -> Option<&str> {
    let is_library = |target: &&Value| {
        target["kind"].as_array().is_some_and(|kinds| {
            kinds.iter().any(|kind| matches!(text(kind), "lib" | "rlib" | "dylib"))
        })
    };
    package["targets"].as_array()?.iter().find(is_library)?["src_path"].as_str()
}

/// The interfaces of packages, by their id and features.
#[derive(Default)]
pub struct Interfaces(HashMap<String, Interface>);

impl Interfaces {
    /// What [`Self::to_json`] gave; nothing if it is something else.
    pub fn from_json(value: &Value) -> Self {
        let names = |value: &Value| {
            value.as_array().into_iter().flatten().map(text).map(str::to_string).collect()
        };
        let entries = value.as_object().into_iter().flatten();
        Self(entries.map(|(key, value)| (key.clone(), Interface { names: names(value) })).collect())
    }

    pub fn to_json(&self) -> Value {
        self.0
            .iter()
            .map(|(key, interface)| {
                (key.clone(), interface.names.iter().cloned().collect::<Value>())
            })
            .collect()
    }

    fn of(&mut self, id: &str, root: &Path, features: &[&str]) -> &Interface {
        let key = format!("{id} {}", features.join(" "));
        self.0.entry(key).or_insert_with(|| Interface::of(root, features))
    }
}

/// The names that the public types of a package begin with.
#[derive(Default)]
struct Interface {
    names: HashSet<String>,
}

impl Interface {
    /// The graph of the library with the root file `root`, with these features of its package.
    fn of(root: &Path, features: &[&str]) -> Self {
        let mut interface = Self::default();
        let mut open = vec![(root.to_path_buf(), root.with_file_name(""))];
        let mut seen = HashSet::new();
        while let Some((path, modules)) = open.pop() {
            if seen.insert(path.clone())
                && let Ok(source) = std::fs::read_to_string(&path)
            {
                open.extend(interface.read(&source, features).iter().filter_map(|name| {
                    let folder = modules.join(name);
                    let files = [folder.with_extension("rs"), folder.join("mod.rs")];
                    Some((files.into_iter().find(|file| file.is_file())?, folder))
                }));
            }
        }
        interface
    }

    fn names(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Reads one file; returns the places of the modules that it has in other files.
    fn read(&mut self, source: &str, features: &[&str]) -> Vec<PathBuf> {
        let mut file = File { features, ..File::default() };
        file.items(SourceFile::parse(source, Edition::Edition2024).tree().items());
        for (first, name) in file.imports {
            if file.used.contains(&name) {
                file.used.insert(first);
            }
        }
        self.names.extend(file.used);
        file.modules
    }
}

/// The imports of one file, and the first names of the types that its public items show.
#[derive(Default)]
struct File<'a> {
    features: &'a [&'a str],
    imports: Vec<(String, String)>,
    used: HashSet<String>,
    /// The modules in files of their own, below the inline modules that the reader is in.
    modules: Vec<PathBuf>,
    inside: PathBuf,
}

impl File<'_> {
    fn items(&mut self, items: impl Iterator<Item = ast::Item>) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: ast::Item) {
        if !self.is_enabled(&item) {
            return;
        }
        match item {
            ast::Item::Use(item) => {
                let public = is_public(&item);
                if let Some(tree) = item.use_tree() {
                    self.import(&tree, None, public);
                }
            }
            ast::Item::Module(module) => {
                let Some(name) = module.name() else { return };
                let inside = self.inside.join(name.text());
                match module.item_list() {
                    Some(list) => {
                        let outside = std::mem::replace(&mut self.inside, inside);
                        self.items(list.items());
                        self.inside = outside;
                    }
                    None => self.modules.push(inside),
                }
            }
            ast::Item::Fn(function) if is_public(&function) => self.function(&function),
            ast::Item::TypeAlias(alias) if is_public(&alias) => self.types(alias.ty()),
            ast::Item::Const(constant) if is_public(&constant) => self.types(constant.ty()),
            ast::Item::Static(value) if is_public(&value) => self.types(value.ty()),
            ast::Item::Struct(item) if is_public(&item) => self.fields(item.field_list(), false),
            ast::Item::Enum(item) if is_public(&item) => {
                for variant in item.variant_list().into_iter().flat_map(|list| list.variants()) {
                    self.fields(variant.field_list(), true);
                }
            }
            ast::Item::Trait(item) if is_public(&item) => {
                self.associated(item.assoc_item_list(), true);
            }
            ast::Item::Impl(item) => {
                let of_trait = item.trait_().is_some();
                self.associated(item.assoc_item_list(), of_trait);
            }
            _ => {}
        }
    }

    /// Returns `true` if an item belongs to the library, as far as one look shows: it may need a feature that is off.
    fn is_enabled(&self, item: &impl ast::HasAttrs) -> bool {
        item.attrs().all(|attr| {
            let text: String = attr.syntax().text().to_string().split_whitespace().collect();
            let feature =
                text.strip_prefix("#[cfg(feature=\"").and_then(|rest| rest.strip_suffix("\")]"));
            text != "#[cfg(test)]" && feature.is_none_or(|feature| self.features.contains(&feature))
        })
    }

    /// The items of a trait or an implementation; `all` of a trait's are as public as the trait.
    fn associated(&mut self, list: Option<ast::AssocItemList>, all: bool) {
        for item in list.into_iter().flat_map(|list| list.assoc_items()) {
            match item {
                ast::AssocItem::Fn(function) if all || is_public(&function) => {
                    self.function(&function);
                }
                ast::AssocItem::TypeAlias(alias) => self.types(alias.ty()),
                ast::AssocItem::Const(constant) if all || is_public(&constant) => {
                    self.types(constant.ty());
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, function: &ast::Fn) {
        self.types(function.ret_type());
        self.types(function.param_list());
    }

    fn fields(&mut self, list: Option<ast::FieldList>, all: bool) {
        match list {
            Some(ast::FieldList::RecordFieldList(list)) => {
                list.fields().filter(|f| all || is_public(f)).for_each(|f| self.types(f.ty()));
            }
            Some(ast::FieldList::TupleFieldList(list)) => {
                list.fields().filter(|f| all || is_public(f)).for_each(|f| self.types(f.ty()));
            }
            None => {}
        }
    }

    /// Notes the first name of every path below a node.
    fn types(&mut self, node: Option<impl AstNode>) {
        let Some(node) = node else { return };
        let paths = node.syntax().descendants().filter_map(ast::Path::cast);
        self.used.extend(
            paths
                .filter(|path| path.qualifier().is_none())
                .filter_map(|path| Some(path.segment()?.name_ref()?.text().to_string())),
        );
    }

    fn import(&mut self, tree: &ast::UseTree, first: Option<&str>, public: bool) {
        let segments: Vec<String> = tree
            .path()
            .into_iter()
            .flat_map(|path| {
                path.segments().filter_map(|segment| segment.name_ref()).collect::<Vec<_>>()
            })
            .map(|name| name.text().to_string())
            .collect();
        let Some(first) = first.or(segments.first().map(String::as_str)) else {
            for tree in tree.use_tree_list().into_iter().flat_map(|list| list.use_trees()) {
                self.import(&tree, None, public);
            }
            return;
        };
        if public {
            self.used.insert(first.to_string());
        }
        if let Some(list) = tree.use_tree_list() {
            list.use_trees().for_each(|tree| self.import(&tree, Some(first), public));
        } else {
            let renamed = tree.rename().and_then(|rename| rename.name());
            let name = renamed.map(|name| name.text().to_string()).or(segments.last().cloned());
            self.imports.extend(name.map(|name| (first.to_string(), name)));
        }
    }
}

fn is_public(item: &impl ast::HasVisibility) -> bool {
    item.visibility().is_some_and(|visibility| visibility.syntax().text() == "pub")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        let mut interface = Interface::default();
        interface.read(source, &[]);
        let mut names: Vec<String> = interface.names.into_iter().collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_public_types_name_counts() {
        assert_eq!(names("pub use a::{b, c::D};"), ["a"]);
        assert_eq!(names("use a::b::C as E; pub fn f() -> Vec<E> { x::y() }"), ["E", "Vec", "a"]);
        assert_eq!(names("use a::C; fn f() -> C {} pub(crate) type T = C;"), [""; 0]);
        assert_eq!(names("use {a::C, d::*}; pub struct S { pub c: C, e: e::E }"), ["C", "a"]);
        assert_eq!(names("pub enum E { A(a::A), B { b: b::B } }"), ["a", "b"]);
        assert_eq!(names("impl a::T for S { type O = b::O; fn f(self) -> c::C {} }"), ["b", "c"]);
        assert_eq!(names("impl S { fn f() -> a::A {} pub fn g(b: &b::B) {} }"), ["b"]);
        assert_eq!(names("mod m { pub const C: a::A = b::b(); }"), ["a"]);
        assert_eq!(names("pub fn f<T: a::A>(t: T) where T: b::B {}"), ["T"]);
        assert_eq!(
            names("#[cfg(feature = \"off\")] pub use a::b; #[cfg(not(c))] pub use d::e;"),
            ["d"]
        );
    }

    #[test]
    fn modules_are_followed_unless_their_feature_is_off() {
        let folder = std::env::temp_dir().join(format!("cuaderno-graph-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inn/b")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).unwrap();
        let root = "mod a; mod inn { mod b; } #[cfg(feature = \"f\")] mod c; #[cfg(test)] mod d;";
        write("lib.rs", root);
        write("a.rs", "pub use one::x;");
        write("inn/b/mod.rs", "pub use two::x;");
        write("c.rs", "pub use three::x;");
        write("d.rs", "pub use four::x;");
        let of = |features: &[&str]| {
            let interface = Interface::of(&folder.join("lib.rs"), features);
            ["one", "two", "three", "four"].map(|name| interface.names(name))
        };
        assert_eq!(of(&[]), [true, true, false, false]);
        assert_eq!(of(&["f"]), [true, true, true, false]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_serves_only_the_inside_of_a_package_is_left_out() {
        let folder = std::env::temp_dir().join(format!("cuaderno-trim-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let root = folder.join("lib.rs");
        std::fs::write(&root, "use inner::x; pub fn f(s: shown::S) -> u8 { inner::g() }").unwrap();
        let package = |name: &str, kind: &str| serde_json::json!({"id": name, "name": name, "targets": [{"kind": [kind], "src_path": root}]});
        let dep = |name: &str, kind: Option<&str>| serde_json::json!({"name": name, "pkg": name, "dep_kinds": [{"kind": kind, "target": null}]});
        let node = |name: &str, deps: &[Value]| serde_json::json!({"id": name, "deps": deps, "features": []});
        let mut metadata = serde_json::json!({
            "workspace_members": ["ctx"],
            "packages": [
                package("ctx", "cdylib"), package("used", "lib"), package("inner", "lib"),
                package("shown", "rlib"), package("macros", "proc-macro"), package("tool", "lib"),
            ],
            "resolve": {"nodes": [
                node("ctx", &[dep("used", None), dep("macros", None), dep("tool", Some("build"))]),
                node("used", &[dep("inner", None), dep("shown", None)]),
                node("inner", &[]), node("shown", &[]), node("macros", &[]), node("tool", &[]),
            ]},
        });
        let (mut again, mut interfaces) = (metadata.clone(), Interfaces::default());
        trim(&mut metadata, &mut interfaces);
        std::fs::remove_dir_all(folder).unwrap();
        // Known interfaces are not read again: the files are gone.
        let mut interfaces = Interfaces::from_json(&interfaces.to_json());
        trim(&mut again, &mut interfaces);
        assert_eq!(again, metadata);
        let names: Vec<&str> =
            metadata["packages"].as_array().unwrap().iter().map(|p| text(&p["name"])).collect();
        assert_eq!(names, ["ctx", "used", "shown"]);
        let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 3);
        assert_eq!(nodes[0]["deps"], serde_json::json!([dep("used", None)]));
    }
}

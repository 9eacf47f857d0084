//! The packages that a package names in the types of its public interface: what other crates can use of it, by a path of
//! public modules or by a name that a `pub use` exports.

use ra_ap_syntax::ast::{self, HasModuleItem as _, HasName as _};
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The names that the public types of a package begin with.
#[derive(Default)]
pub struct Interface {
    names: HashSet<String>,
}

impl Interface {
    pub fn new(names: impl Iterator<Item = String>) -> Self {
        Self { names: names.collect() }
    }

    /// The interface of the library with the root file `root`, with these features of its package.
    pub fn of(root: &Path, features: &[&str]) -> Self {
        let mut package = Package::default();
        let mut open = vec![(root.to_path_buf(), root.with_file_name(""), true)];
        let mut seen = HashSet::new();
        while let Some((path, folder, public)) = open.pop() {
            if seen.insert(path.clone())
                && let Ok(source) = std::fs::read_to_string(&path)
            {
                let modules = package.read(&source, features, &folder, public);
                open.extend(modules.into_iter().filter_map(|(place, public)| {
                    let files = [place.with_extension("rs"), place.join("mod.rs")];
                    Some((files.into_iter().find(|file| file.is_file())?, place, public))
                }));
            }
        }
        package.interface()
    }

    pub fn names(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub fn first_names(&self) -> impl Iterator<Item = String> {
        self.names.iter().cloned()
    }
}

/// The public items of a package, and what its `pub use` exports.
#[derive(Default)]
struct Package {
    shown: Vec<Shown>,
    /// The names of public items, those that are exported, and the modules that are exported whole.
    defined: HashSet<String>,
    exported: HashSet<String>,
    globs: HashSet<String>,
}

/// What a public item shows to those who can use it.
struct Shown {
    /// The item's name, or that of the type which an implementation is for.
    owner: Option<String>,
    /// The name of the module that it stands in, and whether the path to it is public.
    module: String,
    public: bool,
    /// Whether it is the item itself, which makes its name visible, and no implementation.
    defines: bool,
    /// The first names of its types.
    names: HashSet<String>,
}

impl Package {
    /// Reads one file; returns the places of the modules that it has in other files, and whether they are public.
    fn read(
        &mut self,
        source: &str,
        features: &[&str],
        folder: &Path,
        public: bool,
    ) -> Vec<(PathBuf, bool)> {
        let before = self.shown.len();
        let mut file = File { package: self, features, imports: Vec::new(), modules: Vec::new() };
        file.items(SourceFile::parse(source, Edition::Edition2024).tree().items(), folder, public);
        let File { imports, modules, .. } = file;
        for shown in &mut self.shown[before..] {
            for (first, name) in &imports {
                if shown.names.contains(name) {
                    shown.names.insert(first.clone());
                }
            }
        }
        modules
    }

    fn interface(self) -> Interface {
        let Self { shown, defined, exported, globs } = self;
        let visible =
            |shown: &Shown, name: &String| exported.contains(name) || globs.contains(&shown.module);
        // An implementation need not stand beside its type.
        let mut types: HashSet<&String> = HashSet::new();
        for item in &shown {
            if let Some(name) = &item.owner
                && item.defines
                && (item.public || visible(item, name))
            {
                types.insert(name);
            }
        }
        let counts = |item: &&Shown| match &item.owner {
            Some(name) if defined.contains(name) => types.contains(name),
            // What is implemented for another package's type.
            _ => true,
        };
        let names = shown.iter().filter(counts).flat_map(|item| item.names.iter().cloned());
        Interface::new(names)
    }
}

/// One file that is being read.
struct File<'a> {
    package: &'a mut Package,
    features: &'a [&'a str],
    /// The first names of the imports, and the names that they bind.
    imports: Vec<(String, String)>,
    /// The modules in files of their own.
    modules: Vec<(PathBuf, bool)>,
}

impl File<'_> {
    fn items(&mut self, items: impl Iterator<Item = ast::Item>, place: &Path, public: bool) {
        for item in items {
            self.item(item, place, public);
        }
    }

    /// Reads an item of the module at `place`.
    fn item(&mut self, item: ast::Item, place: &Path, public: bool) {
        if !self.is_enabled(&item) {
            return;
        }
        let mut names = HashSet::new();
        let owner = match item {
            ast::Item::Use(item) => {
                let exports = is_public(&item);
                if let Some(tree) = item.use_tree() {
                    self.import(&tree, None, exports, &mut names);
                }
                None
            }
            ast::Item::Module(module) => {
                let Some(name) = module.name() else { return };
                let inside = place.join(name.text());
                let public = public && is_public(&module);
                match module.item_list() {
                    Some(list) => self.items(list.items(), &inside, public),
                    None => self.modules.push((inside, public)),
                }
                return;
            }
            ast::Item::Fn(item) if is_public(&item) => {
                function(&item, &mut names);
                item.name()
            }
            ast::Item::TypeAlias(item) if is_public(&item) => {
                types(item.ty(), &mut names);
                item.name()
            }
            ast::Item::Const(item) if is_public(&item) => {
                types(item.ty(), &mut names);
                item.name()
            }
            ast::Item::Static(item) if is_public(&item) => {
                types(item.ty(), &mut names);
                item.name()
            }
            ast::Item::Struct(item) if is_public(&item) => {
                fields(item.field_list(), false, &mut names);
                item.name()
            }
            ast::Item::Enum(item) if is_public(&item) => {
                for variant in item.variant_list().into_iter().flat_map(|list| list.variants()) {
                    fields(variant.field_list(), true, &mut names);
                }
                item.name()
            }
            ast::Item::Trait(item) if is_public(&item) => {
                associated(item.assoc_item_list(), true, &mut names);
                item.name()
            }
            // Its type decides, wherever this stands.
            ast::Item::Impl(item) => {
                let of_trait = item.trait_().is_some();
                associated(item.assoc_item_list(), of_trait, &mut names);
                let owner = item.self_ty().and_then(|kind| own_name(&kind));
                self.show(Shown { owner, module: last(place), public, defines: false, names });
                return;
            }
            // Not public, but an implementation may be for it.
            ast::Item::Struct(item) => return self.hide(item.name()),
            ast::Item::Enum(item) => return self.hide(item.name()),
            _ => return,
        };
        let owner = owner.map(|name| name.text().to_string());
        self.package.defined.extend(owner.clone());
        self.show(Shown { owner, module: last(place), public, defines: true, names });
    }

    fn hide(&mut self, name: Option<ast::Name>) {
        self.package.defined.extend(name.map(|name| name.text().to_string()));
    }

    fn show(&mut self, shown: Shown) {
        self.package.shown.push(shown);
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

    fn import(
        &mut self,
        tree: &ast::UseTree,
        first: Option<&str>,
        exports: bool,
        names: &mut HashSet<String>,
    ) {
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
                self.import(&tree, None, exports, names);
            }
            return;
        };
        if exports {
            names.insert(first.to_string());
        }
        if let Some(list) = tree.use_tree_list() {
            for tree in list.use_trees() {
                if exports && tree.star_token().is_some() {
                    self.package.globs.extend(segments.last().cloned());
                }
                self.import(&tree, Some(first), exports, names);
            }
        } else if tree.star_token().is_some() {
            if exports {
                self.package.globs.extend(segments.last().cloned());
            }
        } else {
            if exports {
                self.package.exported.extend(segments.last().cloned());
            }
            let renamed = tree.rename().and_then(|rename| rename.name());
            let name = renamed.map(|name| name.text().to_string()).or(segments.last().cloned());
            self.imports.extend(name.map(|name| (first.to_string(), name)));
        }
    }
}

fn last(place: &Path) -> String {
    place.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name of a type without what it is generic over; `None` for one that is not a path.
fn own_name(kind: &ast::Type) -> Option<String> {
    match kind {
        ast::Type::PathType(kind) => Some(kind.path()?.segment()?.name_ref()?.text().to_string()),
        _ => None,
    }
}

/// The items of a trait or an implementation; `all` of a trait's are as public as the trait.
fn associated(list: Option<ast::AssocItemList>, all: bool, names: &mut HashSet<String>) {
    for item in list.into_iter().flat_map(|list| list.assoc_items()) {
        match item {
            ast::AssocItem::Fn(item) if all || is_public(&item) => function(&item, names),
            ast::AssocItem::TypeAlias(alias) => types(alias.ty(), names),
            ast::AssocItem::Const(item) if all || is_public(&item) => types(item.ty(), names),
            _ => {}
        }
    }
}

fn function(function: &ast::Fn, names: &mut HashSet<String>) {
    types(function.ret_type(), names);
    types(function.param_list(), names);
}

fn fields(list: Option<ast::FieldList>, all: bool, names: &mut HashSet<String>) {
    match list {
        Some(ast::FieldList::RecordFieldList(list)) => {
            list.fields().filter(|f| all || is_public(f)).for_each(|f| types(f.ty(), names));
        }
        Some(ast::FieldList::TupleFieldList(list)) => {
            list.fields().filter(|f| all || is_public(f)).for_each(|f| types(f.ty(), names));
        }
        None => {}
    }
}

/// Notes the first name of every path below a node.
fn types(node: Option<impl AstNode>, names: &mut HashSet<String>) {
    let Some(node) = node else { return };
    let paths = node.syntax().descendants().filter_map(ast::Path::cast);
    names.extend(
        paths
            .filter(|path| path.qualifier().is_none())
            .filter_map(|path| Some(path.segment()?.name_ref()?.text().to_string())),
    );
}

fn is_public(item: &impl ast::HasVisibility) -> bool {
    item.visibility().is_some_and(|visibility| visibility.syntax().text() == "pub")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        let mut package = Package::default();
        package.read(source, &[], Path::new("src"), true);
        let mut names: Vec<String> = package.interface().first_names().collect();
        names.sort();
        names
    }

    #[test]
    fn what_stands_in_a_private_module_counts_if_it_is_exported() {
        let source = |uses: &str| {
            format!(
                "mod m {{ pub struct S {{ pub a: a::A }} impl S {{ pub fn f() -> b::B {{}} }} \
                 struct P; impl c::C for P {{ type O = c::D; }} pub fn f() -> d::D {{}} }} \
                 impl e::E for u8 {{ fn f() -> e::F {{}} }} {uses}"
            )
        };
        assert_eq!(names(&source("")), ["e"]);
        assert_eq!(names(&source("pub use m::S;")), ["a", "b", "e", "m"]);
        assert_eq!(names(&source("pub use m::{f, other};")), ["d", "e", "m"]);
        assert_eq!(names(&source("pub use m::*;")), ["a", "b", "d", "e", "m"]);
        assert_eq!(names(&source("pub(crate) use m::*;")), ["e"]);
        assert_eq!(names("pub mod m { mod n { pub type A = a::A; } pub type B = b::B; }"), ["b"]);
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
        assert_eq!(names("pub mod m { pub const C: a::A = b::b(); }"), ["a"]);
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
}

//! The items of a session, as a cell's program holds them, and what a type is made of: every item that its text reaches by
//! name, through fields, generics, aliases, traits, constants, and the macros that made it.
//!
//! `TypeId` does not show whether a type is still the same: it stays when a type is defined again with another
//! layout. Names and text do. Where a name may mean two things, both count, so that a type may seem changed, but never
//! unchanged.

use super::hash::Fnv;
use super::program::FUNCTION;
use ra_ap_syntax::ast::{self, HasModuleItem, HasName, Item};
use ra_ap_syntax::{AstNode, Edition, NodeOrToken, SourceFile, SyntaxKind, SyntaxNode};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// An item, or a crate, by name and hash.
pub type Parts = BTreeMap<String, u64>;

/// Begins the name of a crate among the parts of a type.
pub const CRATE: &str = "crate ";
/// Begins the name of an `impl` block among them, of which only types and constants count.
const IMPL: &str = "impl ";

/// Names that stand for the language and the standard library, unless the session has an item of that name.
const KNOWN: [&str; 52] = [
    "bool",
    "char",
    "str",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "Vec",
    "String",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "Box",
    "Self",
    "self",
    "super",
    "crate",
    "std",
    "core",
    "alloc",
    "Send",
    "Sync",
    "Sized",
    "Fn",
    "FnMut",
    "FnOnce",
    "Iterator",
    "IntoIterator",
    "ToString",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "PartialEq",
    "Eq",
    "PartialOrd",
    "Ord",
    "Drop",
    "Unpin",
];

/// The items of a program.
#[derive(Default)]
pub struct Items {
    defined: HashMap<String, Definition>,
    /// `impl` blocks with types or constants of their own.
    impls: Vec<Impl>,
    /// The functions of `impl` blocks, by name.
    methods: HashMap<String, BTreeSet<String>>,
    /// The first names of glob imports.
    globs: BTreeSet<String>,
    crates: Parts,
}

#[derive(Default)]
struct Definition {
    hash: u64,
    names: BTreeSet<String>,
    /// Whether values of this type, or of types made by it, lie in memory by its text.
    is_type: bool,
    /// Whether it may hold a value of a type that its text does not name.
    hides: bool,
}

struct Impl {
    header: BTreeSet<String>,
    name: String,
    hash: u64,
    names: BTreeSet<String>,
}

/// The parts of a type.
#[derive(Default)]
pub struct Made {
    pub parts: Parts,
    /// Whether it may hold values of types that it does not name, as `Box<dyn Trait>` does.
    pub hides: bool,
}

impl Items {
    /// Those of a program as evcxr writes it; `crates` are those that it is compiled with, by name, with a hash of each.
    pub fn read(source: &str, crates: &[(String, u64)]) -> Self {
        let mut items = Self {
            crates: crates.iter().map(|(name, hash)| (format!("{CRATE}{name}"), *hash)).collect(),
            ..Self::default()
        };
        let file = SourceFile::parse(source, Edition::Edition2024).tree();
        let mut calls = Vec::new();
        for item in file.items() {
            items.add(&item, &mut calls);
        }
        for call in calls {
            items.add_call(&call);
        }
        items
    }

    fn add(&mut self, item: &Item, calls: &mut Vec<ast::MacroCall>) {
        match item {
            Item::Impl(block) => self.add_impl(block),
            Item::MacroCall(call) => calls.push(call.clone()),
            Item::Use(import) => {
                for tree in import.syntax().descendants().filter_map(ast::UseTree::cast) {
                    self.add_import(&tree);
                }
            }
            item => {
                let Some(name) = name_of(item) else { return };
                if is_evcxrs(item, &name) {
                    return;
                }
                let hides = item
                    .syntax()
                    .descendants()
                    .any(|node| matches!(node.kind(), SyntaxKind::DYN_TRAIT_TYPE))
                    // A macro may write anything.
                    || matches!(item, Item::MacroRules(_)) && has_token(item.syntax(), SyntaxKind::DYN_KW);
                let is_type = match item {
                    // A length may come from one.
                    Item::Fn(function) => function.const_token().is_some(),
                    Item::Static(_) => false,
                    _ => true,
                };
                self.define(
                    name,
                    text_hash(item.syntax()),
                    names_in(item.syntax()),
                    is_type,
                    hides,
                );
                if let Item::Module(module) = item {
                    // An item of a module is reached by its last name alone, where it is imported.
                    for inner in module.item_list().into_iter().flat_map(|list| list.items()) {
                        if let Some(inner_name) = name_of(&inner) {
                            let outer: BTreeSet<_> =
                                module.name().map(|n| n.to_string()).into_iter().collect();
                            self.define(inner_name, 0, outer, false, false);
                        }
                    }
                }
            }
        }
    }

    /// Two items of one name, such as a macro and a type, count as one.
    fn define(
        &mut self,
        name: String,
        hash: u64,
        names: BTreeSet<String>,
        is_type: bool,
        hides: bool,
    ) {
        let definition = self.defined.entry(name).or_default();
        // The order of items in a program means nothing.
        definition.hash = definition.hash.wrapping_add(hash);
        definition.names.extend(names);
        definition.is_type |= is_type;
        definition.hides |= hides;
    }

    fn add_import(&mut self, tree: &ast::UseTree) {
        let Some(path) = tree.path() else { return };
        let names: BTreeSet<String> = names_in(path.syntax());
        if tree.star_token().is_some() {
            self.globs.extend(path.first_segment().map(|first| first.syntax().text().to_string()));
            return;
        }
        let name = match tree.rename() {
            Some(rename) => rename.name().map(|name| name.text().to_string()),
            None => path.segment().map(|last| last.syntax().text().to_string()),
        };
        let Some(name) = name.filter(|_| tree.use_tree_list().is_none()) else { return };
        let whole = path.syntax().text().to_string();
        let first = path.first_segment().map(|first| first.syntax().text().to_string());
        let is_std = first.is_some_and(|first| is_standard(&first));
        self.define(
            name,
            Fnv::of(&whole),
            if is_std { BTreeSet::new() } else { names },
            false,
            false,
        );
    }

    fn add_impl(&mut self, block: &ast::Impl) {
        let mut header = BTreeSet::new();
        for part in [block.trait_(), block.self_ty()].into_iter().flatten() {
            header.extend(names_in(part.syntax()));
        }
        if header.contains("EvcxrUserCodeError") {
            return;
        }
        let mut hash = Fnv::default();
        let mut names = BTreeSet::new();
        let mut counts = false;
        for member in block.assoc_item_list().into_iter().flat_map(|list| list.assoc_items()) {
            if let ast::AssocItem::Fn(function) = &member {
                let own = function.name().map(|name| name.text().to_string()).unwrap_or_default();
                self.methods.entry(own).or_default().extend(names_in(function.syntax()));
                continue;
            }
            counts = true;
            hash.add(&text_hash(member.syntax()).to_le_bytes());
            names.extend(names_in(member.syntax()));
        }
        if counts {
            let text = |part: Option<ast::Type>| part.map(|part| part.syntax().text().to_string());
            let name = format!("{IMPL}{:?} {:?}", text(block.trait_()), text(block.self_ty()));
            self.impls.push(Impl { header, name, hash: hash.0, names });
        }
    }

    /// A macro makes items of names that stand in its call, or in its own text.
    fn add_call(&mut self, call: &ast::MacroCall) {
        let names = names_in(call.syntax());
        let hash = text_hash(call.syntax());
        let mut made = names.clone();
        let mut open: Vec<String> = names.iter().cloned().collect();
        let mut seen = HashSet::new();
        while let Some(name) = open.pop() {
            if let Some(definition) = self.defined.get(&name)
                && seen.insert(name)
            {
                made.extend(definition.names.iter().cloned());
                open.extend(definition.names.iter().cloned());
            }
        }
        for name in made.into_iter().filter(|name| !is_standard(name)) {
            self.define(name, hash, names.clone(), true, true);
        }
    }

    /// The parts of a type, by its text.
    pub fn made_of(&self, kind: &str) -> Made {
        let text = format!("type T = {kind};");
        let file = SourceFile::parse(&text, Edition::Edition2024);
        let hides =
            file.syntax_node().descendants().any(|n| n.kind() == SyntaxKind::DYN_TRAIT_TYPE);
        let mut made = self.reached(names_in(&file.syntax_node()));
        made.hides |= hides;
        made
    }

    /// The types that code may make values of: those that it names, or that the functions it names do.
    pub fn named_types(&self, code: impl IntoIterator<Item = SyntaxNode>) -> Parts {
        let names = code.into_iter().flat_map(|node| names_in(&node)).collect();
        let is_type = |name: &String| self.defined.get(name).is_some_and(|known| known.is_type);
        let mut parts = self.reached(names).parts;
        parts.retain(|name, _| is_type(name) || name.starts_with(IMPL));
        parts
    }

    fn reached(&self, names: BTreeSet<String>) -> Made {
        let mut made = Made::default();
        let mut seen: HashSet<String> = HashSet::new();
        let mut open: Vec<String> = names.into_iter().collect();
        let mut unknown = false;
        loop {
            while let Some(name) = open.pop() {
                if !seen.insert(name.clone()) {
                    continue;
                }
                let method = self.methods.get(&name);
                open.extend(method.into_iter().flatten().cloned());
                if let Some(definition) = self.defined.get(&name) {
                    made.parts.insert(name, definition.hash);
                    made.hides |= definition.hides;
                    open.extend(definition.names.iter().cloned());
                } else if let Some(hash) = self.crates.get(&format!("{CRATE}{name}")) {
                    made.parts.insert(format!("{CRATE}{name}"), *hash);
                } else {
                    unknown |= method.is_none() && !is_standard(&name);
                }
            }
            for block in &self.impls {
                if !made.parts.contains_key(&block.name)
                    && !block.header.is_disjoint(&as_set(&made.parts))
                {
                    made.parts.insert(block.name.clone(), block.hash);
                    open.extend(block.names.iter().cloned());
                }
            }
            if std::mem::take(&mut unknown) {
                // A glob import may bring it, from a module of the session or from a crate.
                open.extend(
                    self.globs.iter().filter(|name| self.defined.contains_key(*name)).cloned(),
                );
                made.parts.extend(self.crates.clone());
            }
            if open.is_empty() {
                return made;
            }
        }
    }

    /// All items that a value may be made of.
    pub fn all(&self) -> Parts {
        let defined = self.defined.iter().map(|(name, known)| (name.clone(), known.hash));
        let impls = self.impls.iter().map(|block| (block.name.clone(), block.hash));
        defined.chain(impls).chain(self.crates.clone()).collect()
    }

    /// Those by which values lie in memory.
    pub fn types(&self) -> Parts {
        let types = self.defined.iter().filter(|(_, known)| known.is_type && known.hash != 0);
        let types = types.map(|(name, known)| (name.clone(), known.hash));
        types.chain(self.impls.iter().map(|block| (block.name.clone(), block.hash))).collect()
    }
}

fn as_set(parts: &Parts) -> BTreeSet<String> {
    parts.keys().cloned().collect()
}

fn is_standard(name: &str) -> bool {
    KNOWN.contains(&name)
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => item.name(),
        Item::Enum(item) => item.name(),
        Item::Fn(item) => item.name(),
        Item::MacroDef(item) => item.name(),
        Item::MacroRules(item) => item.name(),
        Item::Module(item) => item.name(),
        Item::Static(item) => item.name(),
        Item::Struct(item) => item.name(),
        Item::Trait(item) => item.name(),
        Item::TypeAlias(item) => item.name(),
        Item::Union(item) => item.name(),
        _ => None,
    };
    name.map(|name| name.text().to_string())
}

/// Returns `true` if evcxr has put the item into the program.
fn is_evcxrs(item: &Item, name: &str) -> bool {
    name.to_lowercase().starts_with("evcxr")
        || matches!(item, Item::Fn(_)) && item.syntax().text().to_string().contains(FUNCTION)
}

fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.descendants_with_tokens().any(|part| part.kind() == kind)
}

/// Returns `true` if an attribute cannot change what values look like.
fn is_harmless(attr: &ast::Attr) -> bool {
    attr.simple_name()
        .is_some_and(|name| matches!(name.as_str(), "derive" | "doc" | "allow" | "must_use"))
}

/// The hash of an item's tokens, without comments and derives, and with the files that it includes.
pub fn text_hash(node: &SyntaxNode) -> u64 {
    let mut hash = Fnv::default();
    let mut skipped: HashSet<SyntaxNode> = HashSet::new();
    for part in node.descendants_with_tokens() {
        match part {
            NodeOrToken::Node(node) => {
                let inside = node.parent().is_some_and(|parent| skipped.contains(&parent));
                if inside || ast::Attr::cast(node.clone()).is_some_and(|attr| is_harmless(&attr)) {
                    skipped.insert(node);
                }
            }
            NodeOrToken::Token(token) => {
                let skip = token.parent().is_some_and(|parent| skipped.contains(&parent));
                if skip || token.kind().is_trivia() {
                    continue;
                }
                hash.add(token.text().as_bytes());
                // The text may name a file or a variable of the environment, of which the content counts.
                if token.kind() == SyntaxKind::STRING {
                    let text = token.text().trim_matches('"');
                    if let Ok(content) = std::fs::read(text) {
                        hash.add(&content);
                    }
                    if let Some(value) = Some(text)
                        .filter(|t| !t.is_empty() && !t.contains(['=', '\0']))
                        .and_then(std::env::var_os)
                    {
                        hash.add(value.as_encoded_bytes());
                    }
                }
            }
        }
    }
    hash.0
}

/// The names of items that a part of a program may refer to: those in paths, and every word in a macro's call or rules.
/// Without those of the standard library, and without generic parameters.
fn names_in(node: &SyntaxNode) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut own = HashSet::new();
    for part in node.descendants_with_tokens() {
        let named = match &part {
            NodeOrToken::Node(node) => match ast::NameRef::cast(node.clone()) {
                Some(name) if !is_of_standard_path(&name) => name.text().to_string(),
                _ => continue,
            },
            NodeOrToken::Token(token) => {
                let in_tree = token.parent().is_some_and(|p| p.kind() == SyntaxKind::TOKEN_TREE);
                if !in_tree || token.kind() != SyntaxKind::IDENT {
                    continue;
                }
                token.text().to_string()
            }
        };
        let mut around = part.parent().into_iter().flat_map(|parent| parent.ancestors());
        if !around.any(|node| ast::Attr::cast(node).is_some_and(|attr| is_harmless(&attr))) {
            names.insert(named);
        }
    }
    if let Some(list) = node.children().find_map(ast::GenericParamList::cast) {
        own.extend(
            list.type_or_const_params().filter_map(|param| Some(param.name()?.text().to_string())),
        );
    }
    names.retain(|name| !own.contains(name));
    names
}

fn is_of_standard_path(name: &ast::NameRef) -> bool {
    let path = name.syntax().ancestors().skip(1).take(2).find_map(ast::Path::cast);
    let Some(path) = path else { return false };
    path.first_segment().is_some_and(|first| {
        matches!(
            first.syntax().text().to_string().as_str(),
            "std" | "core" | "alloc" | "::std" | "::core" | "::alloc"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(source: &str, kind: &str) -> Vec<String> {
        let items = Items::read(source, &[("ndarray".to_string(), 1), ("log".to_string(), 2)]);
        items.made_of(kind).parts.into_keys().collect()
    }

    #[test]
    fn a_type_is_made_of_what_its_text_reaches() {
        let source = "struct A { b: Vec<B>, c: i32 } struct B([u8; N]); const N: usize = len(); fn len() -> usize { K }
            const K: usize = 3; type Alias = Option<E>; enum E { X(A), Y } struct Other; fn other() {} fn c() {}
            use std::collections::HashMap; use ndarray::Array2;";
        assert_eq!(parts(source, "A"), ["A", "B", "K", "N", "len"]);
        assert_eq!(
            parts(source, "HashMap<String, Alias>"),
            ["A", "Alias", "B", "E", "HashMap", "K", "N", "len"]
        );
        assert_eq!(parts(source, "Array2<f64>"), ["Array2", "crate ndarray"]);
        assert_eq!(parts(source, "::std::option::Option<u8>"), [""; 0]);
        // Its origin is unknown.
        assert_eq!(parts(source, "Unknown"), ["crate log", "crate ndarray"]);
    }

    #[test]
    fn traits_and_macros_count() {
        let source = "trait T { type Out; } impl T for A { type Out = B; fn f() { D; } } struct A; struct B; struct D;
            struct W<X: T> { x: X::Out } macro_rules! make { ($n:ident) => { struct $n { v: C } struct Two; } } make!(M);
            struct C; mod m { pub struct S(u8); } use m::S;";
        let found = parts(source, "W<A>");
        for name in ["A", "B", "T", "W"] {
            assert!(found.iter().any(|n| n == name), "{name}: {found:?}");
        }
        assert!(!found.iter().any(|n| n == "D"), "{found:?}");
        for name in ["M", "Two"] {
            let found = parts(source, name);
            assert!(
                found.iter().any(|n| n == "make") && found.iter().any(|n| n == "C"),
                "{found:?}"
            );
        }
        assert_eq!(parts(source, "S"), ["S", "m"]);
        assert_eq!(parts(source, "m::S"), ["S", "m"]);
    }

    #[test]
    fn only_what_counts_changes_a_hash() {
        let hash = |source: &str| Items::read(source, &[]).all()["A"];
        let first = hash("#[derive(Debug)] struct A { x: i64 }");
        let same = "/// Doc.\n#[derive(Clone, Debug)]\nstruct A {\n  x: i64 // why\n}";
        assert_eq!(hash(same), first);
        for other in
            ["struct A { x: f64 }", "#[repr(C)] struct A { x: i64 }", "struct A { y: i64 }"]
        {
            assert_ne!(hash(other), first, "{other}");
        }
        let items = Items::read(
            "struct S; struct C; fn make() -> Box<dyn Fn()> { Box::new(|| drop(C)) }",
            &[],
        );
        assert!(items.made_of("Box<dyn Fn()>").hides && !items.made_of("S").hides);
        let code =
            SourceFile::parse("fn f() { let b = make(); }", Edition::Edition2024).syntax_node();
        assert_eq!(items.named_types([code]).into_keys().collect::<Vec<_>>(), ["C"]);
    }
}

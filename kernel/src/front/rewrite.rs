//! The code that the inner kernel gets in place of the user's, where it treats that worse than a reader would expect. No line
//! moves; where a column does, errors are shown by the kernel itself (`place`).
//!
//! - evcxr replaces an item by its name, and `impl` blocks have none: each gets a named constant before it, so that a
//!   block, or a method, that is run again replaces the one before.
//! - evcxr keeps every variable of a cell: a `let` that holds a borrow or a closure stands in a macro, where evcxr does
//!   not see it, and [`crate::cell`] takes the macro away.
//! - `thread_local!` and `lazy_static!` become a `static`, so that later cells see it ([`super::lazy`]).
//! - `file!()` and `line!()` give the cell's own number and line.

use super::expand::Macros;
use super::lazy;
use super::unkept::Why;
use crate::cell::hash::Fnv;
use crate::cell::slim::{DROPS, HELD};
use ra_ap_syntax::ast::{self, HasName, Item};
use ra_ap_syntax::{AstNode, Edition, NodeOrToken, SourceFile, SyntaxKind, SyntaxNode};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The start of the names of the constants before `impl` blocks.
pub const MARK: &str = "CUADERNO_IMPL_";
const PRELUDE: &str = "fn f(){";

/// The `impl` blocks of a session.
#[derive(Default)]
pub struct Impls {
    macros: Macros,
    /// The types that the cell defined which also has the block, by the name of its constant.
    beside: BTreeMap<String, BTreeSet<String>>,
}

/// What is found out about a cell when it does not compile.
#[derive(Default)]
pub struct Wishes {
    /// The variables that are not to be kept.
    pub held: BTreeSet<String>,
    /// Those of them that are dropped before others are put away.
    pub dropped: BTreeSet<String>,
    /// The `impl` blocks of earlier cells that the cell's own take the place of, under another spelling.
    pub replaced: BTreeSet<String>,
    /// Whether blocks of types that the cell redefines are taken back.
    pub without_doubtful: bool,
}

/// Code that is made ready for the inner kernel.
pub struct Rewritten {
    pub code: String,
    /// The `impl` blocks that it defines, with the types beside them, and those that it takes back.
    pub defines: BTreeMap<String, BTreeSet<String>>,
    removes: Vec<String>,
    /// Whether it leaves blocks that may not go with the types it redefines.
    pub is_doubtful: bool,
    /// Variables that surely cannot be kept, by the form of their `let`.
    pub unkept: BTreeMap<String, Why>,
}

impl Impls {
    /// Notes that the code has run.
    pub fn commit(&mut self, rewritten: &Rewritten) {
        self.macros.note(&rewritten.code);
        for name in &rewritten.removes {
            self.beside.remove(name);
        }
        self.beside.extend(rewritten.defines.clone());
    }

    /// The items that a macro call makes, with names for their `impl` blocks; the macro may be one of the same cell.
    fn made_by(&self, call: &ast::MacroCall, cell: &str) -> Option<String> {
        let mut own = Macros::default();
        own.note(cell);
        let items = own.items(call).or_else(|| self.macros.items(call))?;
        let mut edits = Edits::default();
        let parsed = SourceFile::parse(&format!("{PRELUDE}{items}\n}}"), Edition::Edition2024);
        for block in parsed.syntax_node().descendants().filter_map(ast::Impl::cast) {
            split(&block, &mut edits);
        }
        Some(edits.apply(&items))
    }

    /// Chooses the blocks of earlier cells that the cell takes back. One that redefines all types of an earlier one, and has blocks
    /// of its own, is that cell, edited: what it has no longer is gone. Otherwise a block stays if it still compiles.
    fn remove(&self, rewritten: &mut Rewritten, types: &BTreeSet<String>, wishes: &Wishes) {
        let is_edited = !rewritten.defines.is_empty();
        for (name, beside) in &self.beside {
            if rewritten.defines.contains_key(name) {
                continue;
            }
            if wishes.replaced.contains(name)
                || is_edited && beside.is_subset(types) && !beside.is_empty()
            {
                rewritten.removes.push(name.clone());
            } else if !beside.is_disjoint(types) {
                if wishes.without_doubtful {
                    rewritten.removes.push(name.clone());
                } else {
                    rewritten.is_doubtful = true;
                }
            }
        }
    }

    /// Makes a cell's code ready; `count` is the cell's number.
    pub fn rewrite(&self, code: &str, wishes: &Wishes, count: u64) -> Rewritten {
        let mut edits = Edits::default();
        let start = code_start(code);
        let text = &code[start..];
        let parsed = SourceFile::parse(&format!("{PRELUDE}{text}\n}}"), Edition::Edition2024);
        let mut rewritten = Rewritten {
            code: code.to_string(),
            defines: BTreeMap::new(),
            removes: Vec::new(),
            is_doubtful: false,
            unkept: BTreeMap::new(),
        };
        let statements = parsed.syntax_node().descendants().find_map(ast::StmtList::cast);
        let Some(statements) = statements.filter(|_| parsed.errors().is_empty()) else {
            return rewritten;
        };
        let nodes: Vec<SyntaxNode> = statements.syntax().children().collect();
        let types: BTreeSet<String> = nodes.iter().filter_map(type_name).collect();
        for node in &nodes {
            if let Some(block) = ast::Impl::cast(node.clone()) {
                for name in split(&block, &mut edits) {
                    rewritten.defines.insert(name, types.clone());
                }
            } else if let Some(made) = ast::LetStmt::cast(node.clone()) {
                let names = made.pat().map(|pattern| names(&pattern)).unwrap_or_default();
                let by_form = by_form(&made);
                let is_held = names.iter().any(|name| wishes.held.contains(name));
                if by_form.is_some() || is_held {
                    let why = by_form.unwrap_or(Why::Together);
                    let others = names.iter().filter(|name| !wishes.held.contains(*name));
                    rewritten.unkept.extend(others.map(|name| (name.clone(), why)));
                    let range = node.text_range();
                    let drops = names.iter().any(|name| wishes.dropped.contains(name));
                    let drops = if drops { DROPS } else { "" };
                    edits.insert(range.start().into(), format!("{HELD}!{{{drops}"));
                    edits.insert(range.end().into(), "};".to_string());
                }
            } else if let Some(call) = macro_call(node) {
                if let Some(items) = self.made_by(&call, text) {
                    edits.replace(node, on_as_many_lines(&items, node));
                    rewritten.defines.extend(items_of(&items));
                }
                included_items(&call, node, &mut edits);
            }
        }
        for (node, statics) in lazy::statics(statements.syntax()) {
            edits.replace(&node, statics);
        }
        places(statements.syntax(), code, start, count, &mut edits);
        self.remove(&mut rewritten, &types, wishes);
        for name in &rewritten.removes {
            edits.insert(PRELUDE.len(), format!("const {name}: () = (); "));
        }
        rewritten.code = format!("{}{}", &code[..start], edits.apply(text));
        rewritten
    }
}

/// The constants that stand before the `impl` blocks among items, with no types beside them.
fn items_of(items: &str) -> BTreeMap<String, BTreeSet<String>> {
    let names = items.split("const ").filter_map(|part| part.split(':').next());
    let names = names.filter(|name| name.starts_with(MARK));
    names.map(|name| (name.to_string(), BTreeSet::new())).collect()
}

/// A text of one line, followed by the line ends that a statement had.
fn on_as_many_lines(text: &str, node: &SyntaxNode) -> String {
    let lines = node.text().to_string().matches('\n').count();
    format!("{text}{}", "\n".repeat(lines))
}

/// Insertions and replacements, by their places in the parsed program.
#[derive(Default)]
struct Edits(Vec<(usize, usize, String)>);

impl Edits {
    fn insert(&mut self, at: usize, text: String) {
        self.0.push((at, at, text));
    }

    fn replace(&mut self, node: &SyntaxNode, text: String) {
        self.0.push((node.text_range().start().into(), node.text_range().end().into(), text));
    }

    fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(from, to, _)| (*from, *to));
        let mut out = String::new();
        let mut done = 0;
        for (from, to, new) in self.0 {
            let (from, to) = (from - PRELUDE.len(), to - PRELUDE.len());
            // Edits inside of a part that was replaced went with it.
            if from < done || to > text.len() {
                continue;
            }
            out += &text[done..from];
            out += &new;
            done = to;
        }
        out + &text[done..]
    }
}

/// The start of the code, after evcxr's commands, comments and empty lines.
fn code_start(code: &str) -> usize {
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let bare = line.trim_start();
        let skipped = bare.starts_with(':') || bare.starts_with("//") || bare.trim().is_empty();
        if !skipped {
            return at;
        }
        at += line.len();
    }
    at
}

fn type_name(node: &SyntaxNode) -> Option<String> {
    let name = match Item::cast(node.clone())? {
        Item::Struct(item) => item.name(),
        Item::Enum(item) => item.name(),
        Item::Union(item) => item.name(),
        Item::Trait(item) => item.name(),
        _ => None,
    };
    name.map(|name| name.text().to_string())
}

/// Puts a named constant before a block, and before each of its members a block of its own, unless it is of a trait. Gives
/// the names.
fn split(block: &ast::Impl, edits: &mut Edits) -> Vec<String> {
    let Some(list) = block.assoc_item_list() else { return Vec::new() };
    let begin = usize::from(block.syntax().text_range().start());
    let header = tokens_before(block, list.syntax());
    let name = |member: &str| format!("{MARK}{:016X}", Fnv::of(&format!("{header}\n{member}")));
    let constant = |name: &str| format!("const {name}: () = (); ");
    let members: Vec<ast::AssocItem> = list.assoc_items().collect();
    if block.trait_().is_some() || members.is_empty() {
        let name = name("");
        edits.insert(begin, constant(&name));
        return vec![name];
    }
    let mut used = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let own = match member {
            ast::AssocItem::Fn(item) => item.name(),
            ast::AssocItem::Const(item) => item.name(),
            ast::AssocItem::TypeAlias(item) => item.name(),
            ast::AssocItem::MacroCall(_) => None,
        };
        let own =
            own.map_or_else(|| member.syntax().text().to_string(), |own| own.text().to_string());
        let name = name(&own);
        if at == 0 {
            edits.insert(begin, constant(&name));
        } else {
            let start = member.syntax().text_range().start().into();
            edits.insert(start, format!("}} {}{header} {{ ", constant(&name)));
        }
        used.push(name);
    }
    used
}

/// A block's attributes and head on one line.
fn tokens_before(block: &ast::Impl, list: &SyntaxNode) -> String {
    let end = list.text_range().start();
    let tokens = block.syntax().descendants_with_tokens().filter_map(NodeOrToken::into_token);
    let tokens = tokens.take_while(|token| token.text_range().start() < end);
    let mut text = String::new();
    for token in tokens {
        if token.kind() == SyntaxKind::WHITESPACE {
            text.push(' ');
        } else if !token.kind().is_trivia() {
            text += token.text();
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The names that a pattern binds.
fn names(pattern: &ast::Pat) -> Vec<String> {
    let idents = pattern.syntax().descendants().filter_map(ast::IdentPat::cast);
    idents.filter_map(|ident| Some(ident.name()?.text().to_string())).collect()
}

/// Why a variable surely cannot be kept: it holds a closure, or borrows another variable.
fn by_form(made: &ast::LetStmt) -> Option<Why> {
    if made.ty().is_some() || !matches!(made.pat(), Some(ast::Pat::IdentPat(_))) {
        return None;
    }
    match made.initializer()? {
        ast::Expr::ClosureExpr(_) => Some(Why::Closure),
        ast::Expr::RefExpr(lent) => match lent.expr()? {
            ast::Expr::PathExpr(path) => {
                let path = path.syntax().text().to_string();
                let is_variable = path.starts_with(|c: char| c.is_lowercase() || c == '_');
                (is_variable && !path.contains(':')).then_some(Why::Borrows)
            }
            _ => None,
        },
        _ => None,
    }
}

fn macro_call(node: &SyntaxNode) -> Option<ast::MacroCall> {
    let mut node = node.clone();
    loop {
        if let Some(call) = ast::MacroCall::cast(node.clone()) {
            return Some(call);
        }
        if !matches!(node.kind(), SyntaxKind::EXPR_STMT | SyntaxKind::MACRO_EXPR) {
            return None;
        }
        node = node.first_child()?;
    }
}

/// Puts the text of a file that holds items in the place of its `include!`.
fn included_items(call: &ast::MacroCall, node: &SyntaxNode, edits: &mut Edits) {
    let path = call.path().map(|path| path.syntax().text().to_string()).unwrap_or_default();
    if path != "include" {
        return;
    }
    let Some(file) = literal(call) else { return };
    let Ok(text) = std::fs::read_to_string(Path::new(&file)) else { return };
    let parsed = SourceFile::parse(&text, Edition::Edition2024);
    let is_items = parsed.errors().is_empty()
        && parsed.syntax_node().children().next().is_some()
        && parsed.syntax_node().children().all(|node| Item::can_cast(node.kind()));
    if is_items {
        edits.replace(node, text);
    }
}

/// The only argument of a macro, a text.
fn literal(call: &ast::MacroCall) -> Option<String> {
    let tree = call.token_tree()?;
    let mut tokens = tree.syntax().children_with_tokens().filter_map(NodeOrToken::into_token);
    let text = tokens.find(|token| token.kind() == SyntaxKind::STRING)?;
    Some(text.text().trim_matches('"').to_string())
}

/// Gives macros that use the place in the source the place in the cell, and files beside the notebook their paths.
fn places(statements: &SyntaxNode, code: &str, start: usize, count: u64, edits: &mut Edits) {
    let tokens = statements.descendants_with_tokens().filter_map(NodeOrToken::into_token);
    let tokens: Vec<_> = tokens.filter(|token| !token.kind().is_trivia()).collect();
    for four in tokens.windows(4) {
        let [name, rest @ ..] = four else { continue };
        if rest.iter().map(|token| token.text()).collect::<String>() != "!()" {
            continue;
        }
        let (from, to) = (name.text_range().start(), four[3].text_range().end());
        let (from, to) = (usize::from(from), usize::from(to));
        let line = || 1 + code[..start + from - PRELUDE.len()].matches('\n').count();
        match name.text() {
            "file" => edits.0.push((from, to, format!("\"In[{count}]\""))),
            "line" => edits.0.push((from, to, format!("{}u32", line()))),
            _ => {}
        }
    }
    for call in statements.descendants().filter_map(ast::MacroCall::cast) {
        let path = call.path().map(|path| path.syntax().text().to_string()).unwrap_or_default();
        match path.as_str() {
            "include" | "include_str" | "include_bytes" => {
                let Some(file) = literal(&call) else { continue };
                let here = std::env::current_dir().unwrap_or_default().join(&file);
                if Path::new(&file).is_relative() && here.is_file() {
                    edits.replace(call.syntax(), format!("{path}!({:?})", here));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(code: &str) -> String {
        let wishes = Wishes { held: BTreeSet::from(["held".to_string()]), ..Wishes::default() };
        let new = Impls::default().rewrite(code, &wishes, 7).code;
        assert_eq!(new.matches('\n').count(), code.matches('\n').count(), "{new}");
        // The names of constants are of no interest here.
        let mut parts = new.split(MARK);
        let first = parts.next().unwrap_or_default().to_string();
        parts.fold(first, |text, part| text + "C" + &part[16..])
    }

    #[test]
    fn impl_blocks_get_names_and_methods_blocks_of_their_own() {
        assert_eq!(
            rewritten("impl T for A { fn a() {} fn b() {} }"),
            "const C: () = (); impl T for A { fn a() {} fn b() {} }"
        );
        assert_eq!(
            rewritten(
                "struct A;\nimpl<T> A<T>\nwhere T: X {\n  fn a() {}\n  /// Doc.\n  fn b() {}\n}"
            ),
            "struct A;\nconst C: () = (); impl<T> A<T>\nwhere T: X {\n  fn a() {}\n  } const C: () = (); impl<T> A<T> where T: X { /// Doc.\n  fn b() {}\n}"
        );
    }

    #[test]
    fn a_type_that_is_redefined_takes_the_blocks_beside_it_along() {
        let mut impls = Impls::default();
        let none = Wishes::default();
        let first = impls.rewrite("struct A; impl A { fn a() {} } impl T for A {}", &none, 1);
        assert_eq!(first.defines.len(), 2);
        impls.commit(&first);
        let same = impls.rewrite("struct A; impl A { fn a() { 1; } } impl T for A {}", &none, 2);
        assert!(same.removes.is_empty());
        let other = impls.rewrite("struct A<X>(X); impl<X> A<X> { fn a() {} }", &none, 3);
        assert_eq!(other.removes.len(), 2);
        assert_eq!(other.code.matches(MARK).count(), 3);
        impls.commit(&other);
        assert_eq!(impls.beside.len(), 1);
        // Alone, it takes along only what does not go with it.
        let alone = impls.rewrite("struct A(u8);", &none, 4);
        assert!(alone.removes.is_empty() && alone.is_doubtful);
        let without = Wishes { without_doubtful: true, ..Wishes::default() };
        assert_eq!(impls.rewrite("struct A(u8);", &without, 4).removes.len(), 1);
    }

    #[test]
    fn what_cannot_be_kept_is_hidden_from_evcxr() {
        for (code, new) in [
            ("let f = |x: i32| x * 2;\nf(3)", "cuaderno_let!{let f = |x: i32| x * 2;};\nf(3)"),
            ("let first = &text;", "cuaderno_let!{let first = &text;};"),
            ("let (held, n) = g();", "cuaderno_let!{let (held, n) = g();};"),
            ("let n = &5;", "let n = &5;"),
            ("let n = &N;", "let n = &N;"),
            ("let f: Box<dyn Fn()> = Box::new(|| {});", "let f: Box<dyn Fn()> = Box::new(|| {});"),
            ("let = ;", "let = ;"),
        ] {
            assert_eq!(rewritten(code), new);
        }
    }

    #[test]
    fn places_are_the_cells() {
        assert_eq!(
            rewritten(":dep x = \"1\"\nf(file!(),\n line!());"),
            ":dep x = \"1\"\nf(\"In[7]\",\n 3u32);"
        );
    }
}

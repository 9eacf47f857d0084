//! The parts of the program that evcxr makes of a cell: the variables it is lent, its statements, and what is put away.

use super::given::{PLAIN, gives_away};
use ra_ap_syntax::ast::{self, HasArgList, HasModuleItem, HasName, Item, Stmt};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxNode};
use std::collections::HashSet;

/// The start of the function that runs the cell, and the type of the error by which it may return early.
pub const FUNCTION: &str = "pub extern \"C\" fn run_user_code_";
pub const ERROR: &str = "EvcxrUserCodeError";
/// evcxr's name for the store of variables.
pub const STORE: &str = "evcxr_variable_store";
/// evcxr's name, in the store, for what runs the futures that a cell awaits.
const RUNTIME: &str = "evcxr_tokio_runtime";
/// Stands before the line that would take a variable out of the store, where the cell makes that variable again.
pub const RENEWED: &str = "//renewed: ";

/// The parts of a cell's program.
pub struct Program<'a> {
    /// The variables of earlier cells that it takes out of the store.
    pub lent: Vec<Access<'a>>,
    /// Those that it leaves in the store, as it makes its own of the same name.
    pub renewed: Vec<Access<'a>>,
    /// The names of those that it puts back.
    pub returned: HashSet<&'a str>,
    /// The new variables that it puts away at its end.
    pub own: Vec<Access<'a>>,
    /// The user's statements.
    pub statements: Vec<Statement<'a>>,
    /// Whether it may return early.
    pub early: bool,
    /// Whether the statements may wait, with `.await`.
    pub awaits: bool,
}

/// A statement of the user's.
pub struct Statement<'a> {
    pub node: SyntaxNode,
    /// Without the names of the variables that it makes.
    pub text: &'a str,
    /// The names of those, and whether they are `mut`.
    pub bound: Vec<(String, bool)>,
}

impl<'a> Program<'a> {
    /// `None` for a program of a form that is not known here.
    pub fn read(source: &'a str) -> Option<Self> {
        let Body { statements: body, early, awaits } = body(source)?;
        let range = body.syntax().text_range();
        let (start, end) = (usize::from(range.start()), usize::from(range.end()));
        let before = &source[source[..start].rfind(FUNCTION)?..start];
        let mut own = Vec::new();
        let mut statements = Vec::new();
        for stmt in body.statements().filter(|stmt| !matches!(stmt, Stmt::Item(_))) {
            let range = stmt.syntax().text_range();
            match Access::read(&source[usize::from(range.start())..usize::from(range.end())]) {
                Some(access) => own.push(access),
                None => statements.push(Statement::new(source, &stmt)),
            }
        }
        let read = |line: &'a str| Access::read(line).filter(|access| access.takes);
        Some(Self {
            lent: before.lines().filter_map(read).collect(),
            renewed: before.lines().filter_map(|line| read(line.strip_prefix(RENEWED)?)).collect(),
            returned: source[end..].lines().filter_map(Access::read).map(|put| put.name).collect(),
            own,
            statements,
            early,
            awaits,
        })
    }
}

impl Program<'_> {
    /// The cell that it was made of, to distinguish it from others.
    pub fn cell(&self) -> String {
        self.statements.iter().map(|statement| format!("{}\n", statement.node.text())).collect()
    }
}

impl<'a> Statement<'a> {
    fn new(source: &'a str, stmt: &Stmt) -> Self {
        let range = stmt.syntax().text_range();
        let pattern = match stmt {
            Stmt::LetStmt(made) => made.pat(),
            _ => None,
        };
        let start = pattern.as_ref().map_or(range.start(), |pat| pat.syntax().text_range().end());
        Self {
            node: stmt.syntax().clone(),
            text: &source[usize::from(start)..usize::from(range.end())],
            bound: pattern.as_ref().map(bound).unwrap_or_default(),
        }
    }

    pub fn binds(&self, name: &str) -> bool {
        self.bound.iter().any(|(bound, _)| bound == name)
    }

    /// Returns `true` if it declares the variable as `mut`.
    pub fn is_mutable(&self, name: &str) -> bool {
        self.bound.iter().any(|(bound, mutable)| bound == name && *mutable)
    }

    /// Returns `true` if it may take the variable's value: by its form, or, for the careful, by naming it. A macro may take
    /// what it does not name.
    pub fn may_take(&self, name: &str, careful: bool) -> bool {
        let words = named(self.text);
        words.is_none_or(|words| words.contains(name)) && (careful || gives_away(&self.node, name))
    }
}

/// The place of the cell's statements.
struct Body {
    statements: ast::StmtList,
    early: bool,
    awaits: bool,
}

/// The closure in which panics are caught, or what stands inside of that: the closure that the cell may leave early, or,
/// once a cell of the session has waited for something, a block of `async`.
fn body(source: &str) -> Option<Body> {
    body_of(&SourceFile::parse(source, Edition::Edition2024).tree())
}

/// The list of the user's statements in a cell's program.
pub fn statements(program: &SourceFile) -> Option<ast::StmtList> {
    body_of(program).map(|body| body.statements)
}

fn body_of(program: &SourceFile) -> Option<Body> {
    let function = program.items().find(|item| {
        matches!(item, Item::Fn(_)) && item.syntax().text().to_string().contains(FUNCTION)
    })?;
    let is_catch = |call: &ast::CallExpr| {
        call.expr().is_some_and(|name| name.syntax().text() == "std::panic::AssertUnwindSafe")
    };
    let call = function.syntax().descendants().filter_map(ast::CallExpr::cast).find(is_catch)?;
    let ast::Expr::ClosureExpr(outer) = call.arg_list()?.args().next()? else { return None };
    let outer = block(&outer)?;
    let names_error = |node: &SyntaxNode| node.text().to_string().contains(ERROR);
    let first = outer.statements().next();
    if first.as_ref().is_some_and(|first| first.syntax().text().to_string().contains(RUNTIME)) {
        let blocks = outer.syntax().descendants().filter_map(ast::BlockExpr::cast);
        let statements =
            blocks.filter(|block| block.async_token().is_some()).find_map(|b| b.stmt_list())?;
        let early = statements.tail_expr().is_some_and(|end| names_error(end.syntax()));
        return Some(Body { statements, early, awaits: true });
    }
    let inner = first.and_then(|first| {
        let Stmt::LetStmt(first) = first else { return None };
        let ast::Expr::CallExpr(call) = first.initializer()? else { return None };
        let ast::Expr::ParenExpr(inside) = call.expr()? else { return None };
        let ast::Expr::ClosureExpr(closure) = inside.expr()? else { return None };
        names_error(closure.ret_type()?.syntax()).then(|| block(&closure)).flatten()
    });
    let early = inner.is_some();
    Some(Body { statements: inner.unwrap_or(outer), early, awaits: false })
}

fn block(closure: &ast::ClosureExpr) -> Option<ast::StmtList> {
    match closure.body()? {
        ast::Expr::BlockExpr(block) => block.stmt_list(),
        _ => None,
    }
}

/// The names that a pattern binds, and whether they are `mut`.
fn bound(pattern: &ast::Pat) -> Vec<(String, bool)> {
    let patterns = pattern.syntax().descendants().filter_map(ast::IdentPat::cast);
    let mut names: Vec<(String, bool)> = patterns
        .filter_map(|pat| Some((pat.name()?.text().to_string(), pat.mut_token().is_some())))
        // `None` is no variable.
        .filter(|(name, _)| !name.starts_with(char::is_uppercase))
        .collect();
    names.sort();
    names.dedup_by(|a, b| a.0 == b.0);
    names
}

/// The words before a `!` that negates what follows.
const BEFORE_NOT: [&str; 10] =
    ["as", "break", "else", "if", "in", "match", "move", "mut", "return", "while"];

/// The words in a part of a program; `None` if a macro there may see others.
pub fn named(text: &str) -> Option<HashSet<&str>> {
    let mut named = HashSet::new();
    for (word, after) in words(text) {
        let next = after.trim_start();
        let is_macro =
            next.starts_with('!') && !next.starts_with("!=") && !BEFORE_NOT.contains(&word);
        if is_macro && !PLAIN.contains(&word) {
            return None;
        }
        named.insert(word);
    }
    Some(named)
}

/// The words of a text, each with what follows it.
fn words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = &rest[rest.find(is_of_name)?..];
        let end = word.find(|c| !is_of_name(c)).unwrap_or(word.len());
        rest = &word[end..];
        Some((&word[..end], rest))
    })
}

pub fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A line of evcxr's that checks a variable, takes it out of the store, or puts it back.
pub struct Access<'a> {
    pub name: &'a str,
    /// Its type.
    pub kind: &'a str,
    pub takes: bool,
    pub mutable: bool,
}

impl<'a> Access<'a> {
    pub fn read(line: &'a str) -> Option<Self> {
        let call = |start: &str| line.strip_prefix(start)?.rsplit_once(">(stringify!(");
        let check = call("vars_ok &= evcxr_variable_store.check_variable::<");
        if let Some((kind, end)) = check
            && let Some(name) = end.strip_suffix("));")
        {
            return Some(Self { name, kind, takes: false, mutable: false });
        }
        if let Some((kind, end)) = call("evcxr_variable_store.put_variable::<") {
            let (name, value) = end.strip_suffix(");")?.split_once("), ")?;
            return (name == value).then_some(Self { name, kind, takes: false, mutable: false });
        }
        let (name, value) = line.strip_prefix("let ")?.split_once(" = ")?;
        let (name, mutable) = match name.strip_prefix("mut ") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (kind, end) = value
            .strip_prefix("evcxr_variable_store.take_variable::<")?
            .rsplit_once(">(stringify!(")?;
        (end.strip_suffix("));")? == name).then_some(Self { name, kind, takes: true, mutable })
    }
}

/// A program as evcxr writes it, of a cell that finds `old: u8`, `mut gone: String` and `shown: Vec<u8>` and makes
/// `a: u8` and `mut b: Vec<u8>`.
#[cfg(test)]
pub fn example(code: &str, early: bool) -> String {
    let (open, close) = match early {
        true => ("let _ = (|| -> std::result::Result<(), EvcxrUserCodeError> {\n", "Ok(())})();\n"),
        false => ("", ""),
    };
    format!(
        "#[unsafe(no_mangle)]\n{}3(\nmut evcxr_variable_store: *mut S) {{\n\
         {{let mut vars_ok = true;\n\
         vars_ok &= evcxr_variable_store.check_variable::<u8>(stringify!(old));\n\
         vars_ok &= evcxr_variable_store.check_variable::<String>(stringify!(gone));\n\
         vars_ok &= evcxr_variable_store.check_variable::<Vec<u8>>(stringify!(shown));\n\
         if !vars_ok {{return evcxr_variable_store;}}}}\n\
         let old = evcxr_variable_store.take_variable::<u8>(stringify!(old));\n\
         let mut gone = evcxr_variable_store.take_variable::<String>(stringify!(gone));\n\
         let shown = evcxr_variable_store.take_variable::<Vec<u8>>(stringify!(shown));\n\
         match std::panic::catch_unwind(\n  std::panic::AssertUnwindSafe(||{{\n{open}{code}\n\
         evcxr_variable_store.put_variable::<u8>(stringify!(a), a);\n\
         evcxr_variable_store.put_variable::<Vec<u8>>(stringify!(b), b);\n{close}\
         }})) {{\n  Ok(_) => {{}}\n  Err(_) => {{\n}}}}\n\
         evcxr_variable_store.put_variable::<Vec<u8>>(stringify!(shown), shown);\n\
         evcxr_variable_store\n}}\n",
        FUNCTION
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_taken_apart() {
        let code =
            "let (mut b, Some(_)) = f(old) else { return };\nfn item() {}\n// ñ\ng::<{ 1 }>(b);";
        for early in [true, false] {
            let text = example(code, early);
            let program = Program::read(&text).unwrap();
            let names = |all: &[Access]| -> Vec<String> {
                all.iter().map(|access| format!("{}: {}", access.name, access.kind)).collect()
            };
            assert_eq!(names(&program.lent), ["old: u8", "gone: String", "shown: Vec<u8>"]);
            assert_eq!(names(&program.own), ["a: u8", "b: Vec<u8>"]);
            assert_eq!(program.returned, HashSet::from(["shown"]));
            assert_eq!(program.early, early);
            assert_eq!(program.statements.len(), 2);
            assert_eq!(program.statements[0].bound, [("b".to_string(), true)]);
            assert_eq!(program.statements[0].text, " = f(old) else { return };");
        }
        assert!(Program::read("fn f() {}").is_none());
    }
}

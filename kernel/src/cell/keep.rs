//! Keeps what a cell has made when it fails halfway. evcxr puts a cell's variables away at its end alone; here each
//! statement runs as a closure of its own, and when one panics or returns early, what stands at that point goes to
//! the store, under a name that only the front asks for (`TELLS`).
//!
//! Moves and borrows stay as they were: a closure takes and lends what its statement does. Where one cannot take a
//! statement's place after all, the program does not compile, and the one without closures does ([`super::compile`]).

use super::slim::{self, Access};
use ra_ap_syntax::ast::{self, HasArgList, HasModuleItem, HasName, Item, Stmt};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, SyntaxNode};
use std::collections::HashSet;

/// Stands on both sides of what is added here, which the cell's own lines do without.
const MARK: &str = "/*cuaderno*/";
/// Evcxr's name for the store, its error and the module that both kinds of program import the store's parts from.
const STORE: &str = "evcxr_variable_store";
const ERROR: &str = "EvcxrUserCodeError";
const MODULE: &str = "evcxr_internal_runtime";
const OK: &str = "::core::result::Result::Ok";
const ERR: &str = "::core::result::Result::Err";

/// A variable to keep: its name, type, and whether it is `mut`.
struct Variable<'a> {
    name: &'a str,
    kind: &'a str,
    mutable: bool,
}

/// The program that keeps, with every line of the cell at its place. `None` if there is nothing to keep, or the
/// program is of a form that is not known here.
pub fn keeping(source: &str) -> Option<String> {
    let body = body(source)?;
    let statements: Vec<Stmt> = body.statements().collect();
    let text = |node: &SyntaxNode| {
        let range = node.text_range();
        &source[usize::from(range.start())..usize::from(range.end())]
    };
    // What evcxr puts away at the end of the cell: its new variables, as far as they are still there.
    let own: Vec<Access> =
        statements.iter().filter_map(|stmt| Access::read(text(stmt.syntax()))).collect();
    let (before, after) = around(source, &body)?;
    let lent: Vec<Access> = before.lines().filter_map(Access::read).collect();
    let returned: HashSet<&str> =
        after.lines().filter_map(Access::read).map(|access| access.name).collect();
    let users: Vec<&Stmt> = statements
        .iter()
        .filter(|stmt| {
            Access::read(text(stmt.syntax())).is_none() && !matches!(stmt, Stmt::Item(_))
        })
        .collect();
    if users.iter().any(|stmt| slim::words(text(stmt.syntax())).any(|(word, _)| word == STORE)) {
        return None;
    }
    let early = source[..usize::from(body.syntax().text_range().start())].trim_end().ends_with('>');

    let bound: Vec<Vec<(String, bool)>> = users.iter().map(|stmt| bound(stmt)).collect();
    let last = |name: &str| bound.iter().rposition(|names| names.iter().any(|(n, _)| n == name));
    let mut edits: Vec<(usize, String)> = Vec::new();
    let mut named: HashSet<&str> = HashSet::new();
    for (at, stmt) in users.iter().enumerate() {
        named.extend(words(stmt, source));
        // A variable that is made more than once has its type from the last time.
        let made = own.iter().filter_map(|access| {
            let place = last(access.name).filter(|place| *place < at)?;
            let (_, mutable) = bound[place].iter().find(|(name, _)| name == access.name)?;
            Some(Variable { name: access.name, kind: access.kind, mutable: *mutable })
        });
        // Those of earlier cells that this one has yet to give away, or to make anew.
        let earlier = lent.iter().filter(|access| {
            access.takes
                && !returned.contains(access.name)
                && !named.contains(access.name)
                && !bound[..at].iter().flatten().any(|(name, _)| name == access.name)
        });
        let earlier = earlier.map(|access| Variable {
            name: access.name,
            kind: access.kind,
            mutable: access.mutable,
        });
        let kept: Vec<Variable> = made.chain(earlier).collect();
        if kept.is_empty() || !may_stop(stmt.syntax()) {
            continue;
        }
        let (start, end) = solid(stmt.syntax())?;
        edits.push((start, before_statement(&bound[at], early)));
        edits.push((end, after_statement(&bound[at], early, &kept)));
    }
    if edits.is_empty() {
        return None;
    }
    let mut keeping = String::with_capacity(2 * source.len());
    let mut done = 0;
    for (at, added) in &edits {
        keeping += &source[done..*at];
        keeping += &format!("{MARK}{added}{MARK}");
        done = *at;
    }
    keeping += &source[done..];
    Some(keeping)
}

/// The cell's own lines of a program.
pub fn without(program: &str) -> String {
    program.split(MARK).step_by(2).collect()
}

/// The block with the cell's statements: the closure in which panics are caught, or, if the cell may return early, the
/// one inside of that.
fn body(source: &str) -> Option<ast::StmtList> {
    let parsed = SourceFile::parse(source, Edition::Edition2024).tree();
    let function = parsed.items().find(|item| {
        matches!(item, Item::Fn(_)) && item.syntax().text().to_string().contains(slim::FUNCTION)
    })?;
    let is_catch = |call: &ast::CallExpr| {
        call.expr().is_some_and(|name| name.syntax().text() == "std::panic::AssertUnwindSafe")
    };
    let call = function.syntax().descendants().filter_map(ast::CallExpr::cast).find(is_catch)?;
    let ast::Expr::ClosureExpr(outer) = call.arg_list()?.args().next()? else { return None };
    let outer = block(&outer)?;
    if outer.syntax().text().to_string().contains("evcxr_tokio_runtime") {
        return None;
    }
    let inner = outer.statements().next().and_then(|first| {
        let Stmt::LetStmt(first) = first else { return None };
        let ast::Expr::CallExpr(call) = first.initializer()? else { return None };
        let ast::Expr::ParenExpr(inside) = call.expr()? else { return None };
        let ast::Expr::ClosureExpr(closure) = inside.expr()? else { return None };
        let kind = closure.ret_type()?.syntax().text().to_string();
        kind.contains(ERROR).then(|| block(&closure)).flatten()
    });
    Some(inner.unwrap_or(outer))
}

fn block(closure: &ast::ClosureExpr) -> Option<ast::StmtList> {
    match closure.body()? {
        ast::Expr::BlockExpr(block) => block.stmt_list(),
        _ => None,
    }
}

/// The function's text before and after the cell's block.
fn around<'a>(source: &'a str, body: &ast::StmtList) -> Option<(&'a str, &'a str)> {
    let range = body.syntax().text_range();
    let start = source[..usize::from(range.start())].rfind(slim::FUNCTION)?;
    Some((&source[start..usize::from(range.start())], &source[usize::from(range.end())..]))
}

/// The names that a statement makes, and whether they are `mut`.
fn bound(stmt: &Stmt) -> Vec<(String, bool)> {
    let Stmt::LetStmt(made) = stmt else { return Vec::new() };
    let Some(pattern) = made.pat() else { return Vec::new() };
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

/// The words of a statement, without those that it makes variables of.
fn words<'a>(stmt: &Stmt, source: &'a str) -> Vec<&'a str> {
    let whole = stmt.syntax().text_range();
    let start = match stmt {
        Stmt::LetStmt(made) => {
            made.pat().map_or(whole.start(), |pat| pat.syntax().text_range().end())
        }
        _ => whole.start(),
    };
    let text = &source[usize::from(start)..usize::from(whole.end())];
    slim::words(text).map(|(word, _)| word).collect()
}

/// Whether a statement can panic, return early, or take long.
fn may_stop(stmt: &SyntaxNode) -> bool {
    stmt.descendants().any(|node| {
        use SyntaxKind::{BIN_EXPR, CALL_EXPR, INDEX_EXPR, MACRO_CALL, METHOD_CALL_EXPR, TRY_EXPR};
        matches!(
            node.kind(),
            BIN_EXPR | CALL_EXPR | INDEX_EXPR | MACRO_CALL | METHOD_CALL_EXPR | TRY_EXPR
        )
    })
}

/// Where the token before a statement ends, and its own last one: what is added at these places moves no column, and
/// stands before any comment of the line.
fn solid(stmt: &SyntaxNode) -> Option<(usize, usize)> {
    let end = |token: &ra_ap_syntax::SyntaxToken| usize::from(token.text_range().end());
    let mut before = stmt.first_token()?.prev_token()?;
    while before.kind().is_trivia() {
        before = before.prev_token()?;
    }
    let mut last = stmt.last_token()?;
    while last.kind().is_trivia() {
        last = last.prev_token()?;
    }
    Some((end(&before), end(&last)))
}

fn before_statement(bound: &[(String, bool)], early: bool) -> String {
    let names: String = bound
        .iter()
        .map(|(name, mutable)| format!("{}{name}, ", if *mutable { "mut " } else { "" }))
        .collect();
    let error = if early { ERROR } else { "::core::convert::Infallible" };
    format!(
        " let ({names}{MODULE}::Whole) = match {MODULE}::attempt(|| -> ::core::result::Result<_, {error}> {{"
    )
}

fn after_statement(bound: &[(String, bool)], early: bool, kept: &[Variable]) -> String {
    let names: String = bound.iter().map(|(name, _)| format!("{name}, ")).collect();
    let mut puts = String::new();
    let mut code = String::new();
    for Variable { name, kind, mutable } in kept {
        puts += &format!("{STORE}.put_variable::<{kind}>(\"kept {name}\", {name}); ");
        let mutable = if *mutable { "mut " } else { "" };
        code += &format!(
            "let {mutable}{name}: {kind} = {STORE}.take_variable::<{kind}>(\"kept {name}\"); "
        );
    }
    let leave = if early {
        format!("return {ERR}({MODULE}::stop(stopped));")
    } else {
        format!("match {MODULE}::stop(stopped) {{}}")
    };
    format!(
        " {OK}(({names}{MODULE}::Whole)) }}) {{ {OK}(made) => made, {ERR}(stopped) => {{ \
         {puts}{MODULE}::tell({:?}); {leave} }} }};",
        code.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program as evcxr writes it, of a cell that finds `old: u8`, `mut gone: String` and `shown: Vec<u8>` and makes
    /// `a: u8` and `mut b: Vec<u8>`.
    fn program(code: &str, early: bool) -> String {
        let (open, close) = match early {
            true => {
                ("let _ = (|| -> std::result::Result<(), EvcxrUserCodeError> {\n", "Ok(())})();\n")
            }
            false => ("", ""),
        };
        format!(
            "#[unsafe(no_mangle)]\n{}3(\nmut evcxr_variable_store: *mut S) {{\n\
             let old = evcxr_variable_store.take_variable::<u8>(stringify!(old));\n\
             let mut gone = evcxr_variable_store.take_variable::<String>(stringify!(gone));\n\
             let shown = evcxr_variable_store.take_variable::<Vec<u8>>(stringify!(shown));\n\
             match std::panic::catch_unwind(\n  std::panic::AssertUnwindSafe(||{{\n{open}{code}\n\
             evcxr_variable_store.put_variable::<u8>(stringify!(a), a);\n\
             evcxr_variable_store.put_variable::<Vec<u8>>(stringify!(b), b);\n{close}\
             }})) {{\n  Ok(_) => {{}}\n  Err(_) => {{\n}}}}\n\
             evcxr_variable_store.put_variable::<Vec<u8>>(stringify!(shown), shown);\n\
             evcxr_variable_store\n}}\n",
            slim::FUNCTION
        )
    }

    /// What each statement keeps that is one of those that keep.
    fn kept(code: &str, early: bool) -> Vec<(String, Vec<String>)> {
        let source = program(code, early);
        let Some(keeping) = keeping(&source) else { return Vec::new() };
        assert_eq!(without(&keeping), source);
        assert!(SourceFile::parse(&keeping, Edition::Edition2024).errors().is_empty(), "{keeping}");
        // No line of the cell begins at another place.
        for (line, plain) in keeping.lines().zip(source.lines()) {
            assert!(line.starts_with(plain) || line.contains(" //"), "{line}\n{plain}");
        }
        let parts: Vec<&str> = keeping.split(MARK).collect();
        // Added parts and the program's own come in turn; a statement stands between two added ones.
        let added = parts.iter().enumerate().filter(|(_, part)| part.contains("tell("));
        added
            .map(|(at, part)| {
                let code = part.split("tell(\"").nth(1).unwrap();
                let lets = code.split("let ").skip(1).map(|text| text.split(" = ").next().unwrap());
                let statement =
                    parts[at - 1].lines().map(str::trim).filter(|line| !line.starts_with("//"));
                (statement.collect(), lets.map(str::to_string).collect())
            })
            .collect()
    }

    #[test]
    fn a_statement_keeps_what_stands_before_it() {
        let code = "let a = 1;\nf(&a)?;\nlet mut b = g(a); // ñ ; b\n\nfor x in 0..3 { b.push(h(x)?); }\nshown.len();";
        let expected = [
            ("f(&a)?;", vec!["a: u8", "old: u8", "mut gone: String"]),
            ("let mut b = g(a);", vec!["a: u8", "old: u8", "mut gone: String"]),
            (
                "for x in 0..3 { b.push(h(x)?); }",
                vec!["a: u8", "mut b: Vec<u8>", "old: u8", "mut gone: String"],
            ),
            ("shown.len();", vec!["a: u8", "mut b: Vec<u8>", "old: u8", "mut gone: String"]),
        ];
        for early in [true, false] {
            let kept = kept(code, early);
            let kept: Vec<(&str, Vec<&str>)> = kept
                .iter()
                .map(|(s, l)| (s.as_str(), l.iter().map(String::as_str).collect()))
                .collect();
            assert_eq!(kept, expected);
        }
    }

    #[test]
    fn a_variable_counts_from_its_last_making_and_until_it_may_be_gone() {
        let code = "let a = start();\nlet (a, mut b) = pair(a)?;\nuse_up(gone);\nlet old = more(b)?;\nend();";
        let kept = kept(code, true);
        let of = |start: &str| {
            let (_, kept) =
                kept.iter().find(|(statement, _)| statement.starts_with(start)).unwrap();
            kept.join(", ")
        };
        // `old` of an earlier cell is kept until the cell makes one of its own.
        assert_eq!(of("let a"), "old: u8, mut gone: String");
        assert_eq!(of("let (a"), "old: u8, mut gone: String");
        assert_eq!(of("use_up"), "a: u8, mut b: Vec<u8>, old: u8");
        assert_eq!(of("let old"), "a: u8, mut b: Vec<u8>, old: u8");
        assert_eq!(of("end"), "a: u8, mut b: Vec<u8>");
    }

    #[test]
    fn what_is_of_another_form_stays_as_it_is() {
        assert_eq!(keeping("fn f() {}"), None);
        assert_eq!(keeping(&program("evcxr_variable_store.len();", true)), None);
        // Nothing that could stop.
        assert!(kept("let a = 1; let b = 2;", true).is_empty());
        let without_catch = program("let a = 1; f(a);", true).replace("AssertUnwindSafe", "Other");
        assert_eq!(keeping(&without_catch), None);
    }
}

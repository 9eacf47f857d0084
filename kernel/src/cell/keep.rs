//! Keeps what a cell has made when it fails halfway. evcxr puts a cell's variables away at its end alone; here each
//! statement runs as a closure of its own, and when one panics or returns early, what stands at that point goes to
//! the store, under a name that only the front asks for.
//!
//! Moves and borrows stay as they were: a closure takes and lends what its statement does. Where one cannot take a
//! statement's place after all, the program does not compile, and the one without closures does ([`super::compile`]).

use super::program::{ERROR, Program, STORE, Statement, named};
use ra_ap_syntax::{SyntaxKind, SyntaxNode};
use std::collections::HashSet;

/// Stands on both sides of what is added here, which the cell's own lines do without.
const MARK: &str = "/*cuaderno*/";
/// The module of the store's parts.
const MODULE: &str = "evcxr_internal_runtime";
const RESULT: &str = "::core::result::Result";

/// A variable to keep: its name, type, and whether it is `mut`.
struct Variable<'a> {
    name: &'a str,
    kind: &'a str,
    mutable: bool,
    /// Whether it has never left the store.
    stored: bool,
}

/// The program that keeps, with every line of the cell at its place. `None` if there is nothing to keep, or the
/// program is of a form that is not known here.
pub fn keeping(source: &str) -> Option<String> {
    let program = Program::read(source).filter(|program| program.early)?;
    let statements = &program.statements;
    let mut words = HashSet::new();
    let mut edits: Vec<(usize, String)> = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let more = named(statement.text);
        if more.as_ref().is_some_and(|more| more.contains(STORE)) {
            return None;
        }
        match more {
            Some(more) => words.extend(more),
            // A macro may give away what it does not name.
            None => words.extend(program.lent.iter().map(|lent| lent.name)),
        }
        // A variable that is made more than once has its type from the last time.
        let made = program.own.iter().filter_map(|own| {
            let last = statements.iter().rposition(|statement| statement.binds(own.name))?;
            let (_, mutable) = statements[last].bound.iter().find(|(name, _)| name == own.name)?;
            let variable =
                Variable { name: own.name, kind: own.kind, mutable: *mutable, stored: false };
            (last < at).then_some(variable)
        });
        // Those of earlier cells that this one has yet to give away, or to make anew.
        let is_made = |name: &str| statements[..at].iter().any(|statement| statement.binds(name));
        let lent = program.lent.iter().filter(|lent| {
            !program.returned.contains(lent.name)
                && !words.contains(lent.name)
                && !is_made(lent.name)
        });
        let renewed = program.renewed.iter().filter(|renewed| !is_made(renewed.name));
        let earlier = lent.map(|lent| (lent, false)).chain(renewed.map(|renewed| (renewed, true)));
        let earlier = earlier.map(|(access, stored)| Variable {
            name: access.name,
            kind: access.kind,
            mutable: access.mutable,
            stored,
        });
        let kept: Vec<Variable> = made.chain(earlier).collect();
        if kept.is_empty() || !may_stop(&statement.node) {
            continue;
        }
        let (start, end) = solid(&statement.node)?;
        edits.push((start, before(statement)));
        edits.push((end, after(statement, &kept)));
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

fn before(statement: &Statement) -> String {
    let names: String = statement
        .bound
        .iter()
        .map(|(name, mutable)| format!("{}{name}, ", if *mutable { "mut " } else { "" }))
        .collect();
    format!(" let ({names}{MODULE}::Whole) = match {MODULE}::attempt(|| -> {RESULT}<_, {ERROR}> {{")
}

fn after(statement: &Statement, kept: &[Variable]) -> String {
    let names: String = statement.bound.iter().map(|(name, _)| format!("{name}, ")).collect();
    let mut keeps = String::new();
    let mut lets = String::new();
    for Variable { name, kind, mutable, stored } in kept {
        keeps += &match stored {
            false => format!("{STORE}.keep::<{kind}>(\"{name}\", {name}); "),
            true => format!("{STORE}.keep_stored::<{kind}>(\"{name}\"); "),
        };
        let mutable = if *mutable { "mut " } else { "" };
        let code =
            format!("let {mutable}{name}: {kind} = {STORE}.take_kept::<{kind}>(\"{name}\"); ");
        lets += &format!("(\"{name}\", {code:?}), ");
    }
    format!(
        " {RESULT}::Ok(({names}{MODULE}::Whole)) }}) {{ {RESULT}::Ok(made) => made, \
         {RESULT}::Err(cuaderno_stopped) => {{ {keeps}{STORE}.tell_kept(&[{lets}]); \
         return {RESULT}::Err({MODULE}::stop(cuaderno_stopped)); }} }};"
    )
}

#[cfg(test)]
mod tests {
    use super::super::program::{RENEWED, example as program};
    use super::*;
    use ra_ap_syntax::{Edition, SourceFile};

    /// What each statement keeps that is one of those that keep.
    fn kept(code: &str) -> Vec<(String, Vec<String>)> {
        let source = program(code, true);
        let Some(keeping) = keeping(&source) else { return Vec::new() };
        assert_eq!(without(&keeping), source);
        assert!(SourceFile::parse(&keeping, Edition::Edition2024).errors().is_empty(), "{keeping}");
        // No line of the cell begins at another place.
        for (line, plain) in keeping.lines().zip(source.lines()) {
            assert!(line.starts_with(plain) || line.contains(" //"), "{line}\n{plain}");
        }
        let parts: Vec<&str> = keeping.split(MARK).collect();
        // Added parts and the program's own come in turn; a statement stands between two added ones.
        let added = parts.iter().enumerate().filter(|(_, part)| part.contains("tell_kept("));
        added
            .map(|(at, part)| {
                let lets =
                    part.split("\"let ").skip(1).map(|text| text.split(" = ").next().unwrap());
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
        let kept = kept(code);
        let kept: Vec<(&str, Vec<&str>)> = kept
            .iter()
            .map(|(s, l)| (s.as_str(), l.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_variable_counts_from_its_last_making_and_until_it_may_be_gone() {
        let code = "let a = start();\nlet (a, mut b) = pair(a)?;\nuse_up(gone);\nlet old = more(b)?;\nend();";
        let kept = kept(code);
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
    fn what_is_to_be_made_anew_is_kept_where_it_lies() {
        let source = program("f()?;\nlet a = 1;\nlet mut b = g(a)?;", true);
        let line = "let old = evcxr_variable_store.take_variable::<u8>(stringify!(old));";
        let source =
            source.replace(line, &format!("{RENEWED}{line}")).replace("(a), a)", "(old), old)");
        let keeping = keeping(&source.replace("let a = 1", "let old = 1")).unwrap();
        assert_eq!(keeping.matches("keep_stored::<u8>(\"old\")").count(), 1, "{keeping}");
        assert_eq!(keeping.matches("keep::<u8>(\"old\", old)").count(), 1, "{keeping}");
    }

    #[test]
    fn what_is_of_another_form_stays_as_it_is() {
        assert_eq!(keeping("fn f() {}"), None);
        assert_eq!(keeping(&program("evcxr_variable_store.len();", true)), None);
        // As evcxr does it before the first `?`, and before it catches panics.
        assert_eq!(keeping(&program("let a = 1; f(a);", false)), None);
        assert!(kept("let a = 1; let b = 2;").is_empty(), "nothing there can stop");
        let without_catch = program("let a = 1; f(a);", true).replace("AssertUnwindSafe", "Other");
        assert_eq!(keeping(&without_catch), None);
    }
}

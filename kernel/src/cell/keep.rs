//! Keeps what a cell has made when it fails halfway. evcxr puts a cell's variables away at its end alone; here each
//! statement runs as a closure, or an `async` block, of its own, and when one panics or returns early, what stands at that
//! point goes to the store, under a name that only the front requests.
//!
//! Moves and borrows stay as they were: a closure takes and lends what its statement does. What stands is guessed from
//! the statements, and the compiler judges: where a program does not compile so, a more careful one does, or the one
//! without closures ([`super::compile`]).

use super::added::MARK;
use super::given::gives_away;
use super::program::{Access, ERROR, Program, STORE, Statement, named};
use super::types::Types;
use super::variables::taking;
use ra_ap_syntax::{SyntaxKind, SyntaxNode};

/// The module of the store's parts.
const MODULE: &str = "evcxr_internal_runtime";
const RESULT: &str = "::core::result::Result";
/// Types whose values remain when they are given away.
const COPIED: [&str; 14] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64",
    "usize",
];

/// A variable to keep.
struct Variable<'a> {
    name: &'a str,
    mutable: bool,
    how: How<'a>,
}

/// The way in which a variable is stored.
enum How<'a> {
    /// Under its type.
    Typed(&'a str),
    /// It has never left the store, under this type.
    Stored(&'a str),
    /// Under the type that the compiler gives it, which is this one if it is the same.
    Unnamed(&'a str),
}

/// The programs that keep, the one that keeps most first, with every line of the cell at its place. None if there is
/// nothing to keep, or the program is of a form that is not known here.
pub fn keeping(source: &str, types: &Types) -> Vec<String> {
    let Some(program) = Program::read(source).filter(|program| program.early) else {
        return Vec::new();
    };
    let mut programs: Vec<String> = [false, true]
        .into_iter()
        .filter_map(|careful| written(source, &program, types, careful))
        .collect();
    programs.dedup();
    programs
}

/// Returns `true` if the compiler is to find that the cell gives away what it is to put away: evcxr then has it compiled
/// again without that.
pub fn gives_own_away(source: &str) -> bool {
    let Some(program) = Program::read(source) else { return false };
    let given = |own: &Access| {
        let mut after = program.statements.iter().rev().take_while(|other| !other.binds(own.name));
        !COPIED.contains(&own.kind) && after.any(|other| gives_away(&other.node, own.name))
    };
    program.own.iter().any(given)
}

fn written(source: &str, program: &Program, types: &Types, careful: bool) -> Option<String> {
    let statements = &program.statements;
    let mut edits: Vec<(usize, String)> = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        if named(statement.text).is_some_and(|words| words.contains(STORE)) {
            return None;
        }
        let kept = standing(program, types, at, careful);
        if kept.is_empty() || !may_stop(&statement.node) {
            continue;
        }
        let (start, end) = solid(&statement.node)?;
        edits.push((start, before(statement, program.awaits)));
        edits.push((end, after(statement, &kept, program.awaits)));
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

/// The variables that stand if a statement stops: what the cell has made, and what earlier cells have, as far as it is
/// still there.
fn standing<'a>(
    program: &'a Program,
    types: &'a Types,
    at: usize,
    careful: bool,
) -> Vec<Variable<'a>> {
    let statements = &program.statements[..=at];
    // The last of these statements that makes a variable; it may make one of the same name.
    let making = |name: &str| statements[..at].iter().rposition(|statement| statement.binds(name));
    let mut kept = Vec::new();
    let mut passing = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for own in &program.own {
        let last = program.statements.iter().rposition(|statement| statement.binds(own.name));
        match making(own.name) {
            Some(made) if Some(made) == last => kept.push(Variable {
                name: own.name,
                mutable: statements[made].is_mutable(own.name),
                how: How::Typed(own.kind),
            }),
            Some(_) => passing.push((own.name, own.kind)),
            None => {}
        }
        names.push(own.name);
    }
    let earlier =
        |access: &Access<'a>, how| Variable { name: access.name, mutable: access.mutable, how };
    // Those of earlier cells that this one has yet to give away, or to make again.
    for lent in &program.lent {
        if making(lent.name).is_none()
            && !program.returned.contains(lent.name)
            && !statements.iter().any(|statement| statement.may_take(lent.name, careful))
        {
            kept.push(earlier(lent, How::Typed(lent.kind)));
        }
    }
    for renewed in &program.renewed {
        if making(renewed.name).is_none() {
            kept.push(earlier(renewed, How::Stored(renewed.kind)));
        }
    }
    if careful {
        return kept;
    }
    // A variable that a later statement takes or shadows stands until then.
    for statement in statements {
        for (name, _) in &statement.bound {
            if !names.contains(&name.as_str()) {
                names.push(name);
                passing.push((name, types.of(name).unwrap_or("()")));
            }
        }
    }
    for (name, kind) in passing {
        let Some(made) = making(name) else { continue };
        if at < taken(program, name, made) {
            let mutable = statements[made].is_mutable(name);
            kept.push(Variable { name, mutable, how: How::Unnamed(kind) });
        }
    }
    kept
}

/// The statement that takes the variable that another one has made, or one beyond it.
fn taken(program: &Program, name: &str, made: usize) -> usize {
    let later = || (made + 1..).zip(&program.statements[made + 1..]);
    let hidden = later().find(|(_, statement)| statement.binds(name)).map(|(at, _)| at);
    let end = hidden.map_or(program.statements.len(), |at| at + 1);
    let within = || later().take_while(|(at, _)| *at < end);
    let takes = within().find(|(_, statement)| statement.may_take(name, false)).map(|(at, _)| at);
    // evcxr would put away what no statement takes, so that one does, and then it is the last.
    let names = |statement: &Statement| statement.may_take(name, true);
    let last = || within().filter(|(_, statement)| names(statement)).last().map(|(at, _)| at);
    takes.or_else(|| hidden.is_none().then(last).flatten()).unwrap_or(end)
}

/// Returns `true` if a statement can panic, return early, or take long.
fn may_stop(stmt: &SyntaxNode) -> bool {
    stmt.descendants().any(|node| {
        use SyntaxKind::{
            AWAIT_EXPR, BIN_EXPR, CALL_EXPR, INDEX_EXPR, MACRO_CALL, METHOD_CALL_EXPR, TRY_EXPR,
        };
        matches!(
            node.kind(),
            AWAIT_EXPR
                | BIN_EXPR
                | CALL_EXPR
                | INDEX_EXPR
                | MACRO_CALL
                | METHOD_CALL_EXPR
                | TRY_EXPR
        )
    })
}

/// The end of the token before a statement, and of its own last one: code added at these places moves no column, and
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

fn before(statement: &Statement, awaits: bool) -> String {
    let names: String = statement
        .bound
        .iter()
        .map(|(name, mutable)| format!("{}{name}, ", if *mutable { "mut " } else { "" }))
        .collect();
    let attempt = match awaits {
        false => format!("attempt(|| -> {RESULT}<_, {ERROR}> {{"),
        true => "attempt_async(async {".to_string(),
    };
    format!(" let ({names}{MODULE}::Whole) = match {MODULE}::{attempt}")
}

fn after(statement: &Statement, kept: &[Variable], awaits: bool) -> String {
    let names: String = statement.bound.iter().map(|(name, _)| format!("{name}, ")).collect();
    let mut keeps = String::new();
    let mut lets = String::new();
    for Variable { name, mutable, how } in kept {
        let declared = format!("{}{name}", if *mutable { "mut " } else { "" });
        let kind = match how {
            How::Typed(kind) => {
                keeps += &format!("{STORE}.keep::<{kind}>(\"{name}\", {name}); ");
                kind
            }
            How::Stored(kind) => {
                keeps += &format!("{STORE}.keep_stored::<{kind}>(\"{name}\"); ");
                kind
            }
            How::Unnamed(kind) => {
                keeps += &format!(
                    "{STORE}.keep_unnamed::<{kind}, _>(\"{name}\", \"{declared}\", {kind:?}, {name}); "
                );
                continue;
            }
        };
        lets += &format!("(\"{name}\", {:?}), ", taking(name, &declared, kind));
    }
    let (end, wait) = match awaits {
        false => (format!("{RESULT}::Ok"), ""),
        true => (format!("{RESULT}::<_, {ERROR}>::Ok"), ".await"),
    };
    format!(
        " {end}(({names}{MODULE}::Whole)) }}){wait} {{ {RESULT}::Ok(made) => made, \
         {RESULT}::Err(cuaderno_stopped) => {{ {keeps}{STORE}.tell_kept(&[{lets}]); \
         return {RESULT}::Err({MODULE}::stop(cuaderno_stopped)); }} }};"
    )
}

#[cfg(test)]
mod tests {
    use super::super::added::without;
    use super::super::program::{RENEWED, example as program};
    use super::*;
    use ra_ap_syntax::{Edition, SourceFile};

    /// The variables that each statement stores, in the program that stores most; one stored without the
    /// name of its type stands without one.
    fn kept(code: &str) -> Vec<(String, Vec<String>)> {
        let source = program(code, true);
        for keeping in keeping(&source, &Types::default()) {
            assert_eq!(without(&keeping), source);
            let parsed = SourceFile::parse(&keeping, Edition::Edition2024);
            assert!(parsed.errors().is_empty(), "{keeping}");
            // No line of the cell begins at another place.
            for (line, plain) in keeping.lines().zip(source.lines()) {
                assert!(line.starts_with(plain) || line.contains(" //"), "{line}\n{plain}");
            }
        }
        let most = keeping(&source, &Types::default()).into_iter().next().unwrap_or_default();
        let parts: Vec<&str> = most.split(MARK).collect();
        // Added parts and the program's own come in turn; a statement stands between two added ones.
        let added = parts.iter().enumerate().filter(|(_, part)| part.contains("tell_kept("));
        let after = |part: &str, start: &str, end: &str| -> Vec<String> {
            part.split(start).skip(1).map(|t| t.split(end).next().unwrap().to_string()).collect()
        };
        added
            .map(|(at, part)| {
                let unnamed: Vec<String> = part
                    .split("keep_unnamed::<")
                    .skip(1)
                    .map(|text| text.split('"').nth(3).unwrap().to_string())
                    .collect();
                let statement =
                    parts[at - 1].lines().map(str::trim).filter(|line| !line.starts_with("//"));
                (statement.collect(), [after(part, "\"let ", " = "), unnamed].concat())
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

    /// The variables that the statement with this start stores.
    fn of(kept: &[(String, Vec<String>)], start: &str) -> String {
        let (_, kept) = kept.iter().find(|(statement, _)| statement.starts_with(start)).unwrap();
        kept.join(", ")
    }

    #[test]
    fn a_variable_stands_until_it_may_be_gone() {
        let code = "let a = start();\nlet (a, mut b) = pair(a)?;\nuse_up(gone);\nlet old = more(b)?;\nend();";
        let kept = kept(code);
        // `old` of an earlier cell is kept until the cell makes one of its own.
        assert_eq!(of(&kept, "let a"), "old: u8, mut gone: String");
        // The first `a` goes to `pair`.
        assert_eq!(of(&kept, "let (a"), "old: u8, mut gone: String");
        assert_eq!(of(&kept, "use_up"), "a: u8, mut b: Vec<u8>, old: u8");
        // evcxr puts `b` away, which is therefore still there; the new `old` has a type that only the compiler knows.
        assert_eq!(of(&kept, "let old"), "a: u8, mut b: Vec<u8>, old: u8");
        assert_eq!(of(&kept, "end"), "a: u8, mut b: Vec<u8>, old");
    }

    #[test]
    fn what_is_hidden_or_taken_later_is_kept_under_the_type_that_the_compiler_knows() {
        let code = "let mut a = start();\nlet list = iter(&a);\nlet a = a.changed()?;\nlet sum = list.sum()?;\n\
                    gone.push('!');\nlet b = end(&gone)?;\nfor x in gone {}";
        let kept = kept(code);
        assert_eq!(of(&kept, "let list"), "old: u8, mut gone: String, mut a");
        assert_eq!(of(&kept, "let a"), "old: u8, mut gone: String, mut a, list");
        // `list` is not put away in the end, so the last statement that names it takes it.
        assert_eq!(of(&kept, "let sum"), "a: u8, old: u8, mut gone: String");
        assert_eq!(of(&kept, "let b"), "a: u8, old: u8, mut gone: String, sum");
        let source = program(code, true);
        let programs = keeping(&source, &Types::default());
        assert_eq!(programs.len(), 2);
        assert!(programs[0].contains("keep_unnamed::<(), _>(\"list\", \"list\", \"()\", list)"));
        // Unless evcxr has named it before.
        let types = Types::example(serde_json::json!({"list": "a::List<u8>"}));
        let named = "keep_unnamed::<a::List<u8>, _>(\"list\", \"list\", \"a::List<u8>\", list)";
        assert!(keeping(&source, &types)[0].contains(named));
        // The careful one keeps what it is sure of.
        assert!(!programs[1].contains("keep_unnamed"));
        let lent = |program: &str| program.matches(".keep::<String>(\"gone\"").count();
        assert!(lent(&programs[0]) > lent(&programs[1]), "{}", programs[1]);
    }

    #[test]
    fn a_cell_that_gives_its_own_away_is_told() {
        let gives = |code: &str| gives_own_away(&program(code, true));
        assert!(gives("let b = f();\ng(b);"));
        for code in ["let b = f();\ng(&b);", "let b = f(b);", "let a = 1;\ng(a);"] {
            assert!(!gives(code), "{code}");
        }
    }

    #[test]
    fn a_cell_that_awaits_keeps_with_blocks_that_may_wait() {
        let source = program("let a = f().await?;\ng(&a).await?;", true);
        let source = source
            .replace(
                "let _ = (|| -> std::result::Result<(), EvcxrUserCodeError> {",
                "let mut mutex =\nevcxr_variable_store.lazy_arc(\"evcxr_tokio_runtime\", || 1); match\n\
                 mutex.lock() { Ok(guard) => guard, Err(poisoned) => poisoned.into_inner(), }\n.block_on(async {",
            )
            .replace("Ok(())})();", "Ok::<(), EvcxrUserCodeError>(())\n});");
        let keeping = keeping(&source, &Types::default());
        assert_eq!(without(&keeping[0]), source);
        assert!(SourceFile::parse(&keeping[0], Edition::Edition2024).errors().is_empty());
        assert_eq!(keeping[0].matches("attempt_async(async {").count(), 2);
        assert_eq!(keeping[0].matches(".keep::<u8>(\"a\", a)").count(), 1);
    }

    #[test]
    fn what_is_to_be_made_again_is_kept_where_it_lies() {
        let source = program("f()?;\nlet a = 1;\nlet mut b = g(a)?;", true);
        let line = "let old = evcxr_variable_store.take_variable::<u8>(stringify!(old));";
        let source =
            source.replace(line, &format!("{RENEWED}{line}")).replace("(a), a)", "(old), old)");
        let keeping =
            keeping(&source.replace("let a = 1", "let old = 1"), &Types::default()).remove(0);
        assert_eq!(keeping.matches("keep_stored::<u8>(\"old\")").count(), 1, "{keeping}");
        assert_eq!(keeping.matches("keep::<u8>(\"old\", old)").count(), 1, "{keeping}");
    }

    #[test]
    fn what_is_of_another_form_stays_as_it_is() {
        assert!(keeping("fn f() {}", &Types::default()).is_empty());
        assert!(
            keeping(&program("evcxr_variable_store.len();", true), &Types::default()).is_empty()
        );
        // As evcxr does it before the first `?`, and before it catches panics.
        assert!(keeping(&program("let a = 1; f(a);", false), &Types::default()).is_empty());
        assert!(kept("let a = 1; let b = 2;").is_empty(), "nothing there can stop");
        let without_catch = program("let a = 1; f(a);", true).replace("AssertUnwindSafe", "Other");
        assert!(keeping(&without_catch, &Types::default()).is_empty());
    }
}

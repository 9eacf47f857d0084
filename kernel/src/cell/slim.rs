//! Reduces a cell's program to what the cell needs: the code that evcxr writes around a cell takes rustc longer than
//! most cells do. Every line keeps its number, by which evcxr finds the cell in the compiler's messages.

use super::event::ERROR_MARK;
use super::program::{Access, FUNCTION, Program, RENEWED, is_of_name, named};
use super::store;
use ra_ap_syntax::ast::{self, HasModuleItem, HasName, Item};
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use std::collections::HashSet;

/// The macro in which a statement stands that evcxr is not to see. The compiler does not see the macro.
pub const HELD: &str = "cuaderno_let";
/// Begins such a statement, if the variables that it makes are dropped before others are put away.
pub const DROPS: &str = "/*drop*/";
/// The module of evcxr's that keeps variables.
const MODULE: &str = "evcxr_internal_runtime";

/// The program with our store of variables in the place of evcxr's, and without the variables that the cell does not name,
/// or makes again: they stay in the store. `compiled` is whether the store lies in a crate of its own. `None` if there is no
/// such module, or it offers what ours does not.
pub fn slim(source: &str, compiled: bool) -> Option<String> {
    let source = with_marked_errors(&with_our_store(source, compiled)?);
    let source = source.replacen(SHOWS, OURS_SHOWS, 1);
    let source = without_strangers(&source).unwrap_or(source);
    Some(without_renewed(&source).unwrap_or(source))
}

/// The start of evcxr's line that shows the value of the last expression, and of ours, which cuts long values.
const SHOWS: &str = "evcxr_send_text_plain(&format!(";
const OURS_SHOWS: &str = "evcxr_internal_runtime::show(format_args!(";

/// The program with the statements that evcxr was not to see outside of the macro that hid them, at the same places.
pub fn without_held(source: &str) -> String {
    let start = format!("{}!{{", HELD);
    if !source.contains(&start) {
        return source.to_string();
    }
    let parsed = SourceFile::parse(source, Edition::Edition2024).tree();
    let calls = parsed.syntax().descendants().filter_map(ast::MacroCall::cast);
    let mut out = source.to_string();
    let mut dropped: Vec<String> = Vec::new();
    for call in calls.filter(|call| call.path().is_some_and(|path| path.syntax().text() == HELD)) {
        let Some(tree) = call.token_tree() else { continue };
        let from = usize::from(call.syntax().text_range().start());
        let (open, close) = (
            usize::from(tree.syntax().text_range().start()),
            usize::from(tree.syntax().text_range().end()),
        );
        out.replace_range(from..=open, &" ".repeat(open + 1 - from));
        out.replace_range(close - 1..close, " ");
        if source[open + 1..].starts_with(DROPS) {
            let made = SourceFile::parse(
                &format!("fn f() {}", tree.syntax().text()),
                Edition::Edition2024,
            );
            let names = made.syntax_node().descendants().filter_map(ast::IdentPat::cast);
            dropped.extend(names.filter_map(|made| Some(made.name()?.text().to_string())));
        }
    }
    if dropped.is_empty() { out } else { with_drops(&out, &dropped) }
}

/// The program that drops these variables before it puts others away, at the end of the line before.
fn with_drops(source: &str, names: &[String]) -> String {
    let is_put = |line: &str| line.starts_with("evcxr_variable_store.put_variable::<");
    let cell = source.find(FUNCTION).unwrap_or(0);
    let put = source[cell..].split_inclusive('\n').scan(cell, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let put =
        put.into_iter().find(|(_, line)| is_put(line) && Access::read(line.trim_end()).is_some());
    let Some((at, _)) = put else { return source.to_string() };
    let before = source[..at].trim_end_matches('\n');
    // What follows a comment would be one.
    if before.rsplit('\n').next().is_some_and(|line| line.contains("//")) {
        return source.to_string();
    }
    let drops: String = names.iter().map(|name| format!(" ::std::mem::drop({name});")).collect();
    format!("{before};{drops}{}", &source[before.len()..])
}

/// The macros of a program that print on standard error, so that what they print keeps its place among what is printed on
/// standard output; `dbg!` shows the place as `file:line`, which the front parses.
const ORDERED: &str = concat!(
    "#[allow(unused_macros)] macro_rules! eprint { ($($t:tt)*) => { ::cuaderno_cells::error_text(::std::format_args!($($t)*), \"\") } } ",
    "#[allow(unused_macros)] macro_rules! eprintln { () => { ::cuaderno_cells::error_text(::std::format_args!(\"\"), \"\\n\") }; ",
    "($($t:tt)*) => { ::cuaderno_cells::error_text(::std::format_args!($($t)*), \"\\n\") } } ",
    "#[allow(unused_macros)] macro_rules! dbg { () => { eprintln!(\"[{}:{}:{}]\", ::std::file!(), ::std::line!(), ::std::column!()) }; ($v:expr $(,)?) => { match $v { tmp => { eprintln!(\"[{}:{}:{}] {} = {:#?}\", ",
    "::std::file!(), ::std::line!(), ::std::column!(), ::std::stringify!($v), &tmp); tmp } } }; ",
    "($($v:expr),+ $(,)?) => { ($(dbg!($v)),+,) }; } "
);

/// The program with those macros, before its first item.
pub fn with_ordered_text(source: &str) -> String {
    let parsed = SourceFile::parse(source, Edition::Edition2024).tree();
    let names = ["eprintln!", "eprint!", "dbg!"];
    if !names.iter().any(|name| source.contains(name)) {
        return source.to_string();
    }
    match parsed.items().next() {
        Some(first) => {
            let at = usize::from(first.syntax().text_range().start());
            format!("{}{ORDERED}{}", &source[..at], &source[at..])
        }
        None => source.to_string(),
    }
}

/// The program that marks where the error of a `?` begins, among other text on standard error.
fn with_marked_errors(source: &str) -> String {
    const SAYS: &str = "eprintln!(\"{}\", error);";
    let mark = ERROR_MARK.escape_unicode().to_string();
    source.replacen(SAYS, &SAYS.replace("{}", &(mark + "{}")), 1)
}

/// The code that evcxr checks when it cannot find a variable's type, so that the cell may have a `Result` of its own, since
/// ours is part of the prelude, and that variables may hold borrows, which last for ever if they are stored: what is
/// wrong with the cell would be reported as if it were that.
pub fn checkable(source: &str) -> Option<String> {
    const WRAPPER: &str = "async fn evcxr_analysis_wrapper(";
    const RETURNS: &str = ") -> Result<(), EvcxrUserCodeError> {";
    let (before, wrapper) = source.split_at(source.find(WRAPPER)?);
    let (variables, cell) = wrapper.split_once(RETURNS)?;
    let returns = RETURNS.replace("Result", "::std::result::Result");
    Some([before, &lasting(variables), &returns, cell].concat())
}

/// Types in which every borrow without a lifetime lasts for ever.
fn lasting(types: &str) -> String {
    let mut parts = types.split('&');
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |text, part| {
        text + if part.starts_with('\'') { "&" } else { "&'static " } + part
    })
}

fn with_our_store(source: &str, compiled: bool) -> Option<String> {
    let parsed = SourceFile::parse(source, Edition::Edition2024).tree();
    let body = parsed.items().find_map(|item| match item {
        Item::Module(module) if module.name()?.text() == MODULE => module.item_list(),
        _ => None,
    })?;
    let range = body.syntax().text_range();
    let (from, to) = (usize::from(range.start()), usize::from(range.end()));
    let ours = public_names(store::TEXT);
    if public_names(&source[from..to]).iter().any(|name| !ours.contains(name)) {
        return None;
    }
    let padding = "\n".repeat(source[from..to].matches('\n').count());
    let code = if compiled { format!("pub use ::{}::*;", store::CRATE) } else { on_one_line() };
    Some(format!("{}{{ {code}{padding}}}{}", &source[..from], &source[to..]))
}

/// The store's text without comments and empty lines.
fn on_one_line() -> String {
    let lines = store::TEXT.lines().map(str::trim);
    let code: Vec<&str> =
        lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    code.join(" ")
}

/// The names that a module's text makes public.
fn public_names(text: &str) -> Vec<&str> {
    text.split("pub ")
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().nth(1))
        .map(|word| word.split(|c| !is_of_name(c)).next().unwrap_or_default())
        .collect()
}

/// The program without the lines that take variables out of the store, and put them back, which nothing else in the
/// cell names. `None` where all are needed.
fn without_strangers(source: &str) -> Option<String> {
    let (before, cell) = source.split_at(source.find(FUNCTION)?);
    let lines: Vec<(&str, Option<Access>)> =
        cell.lines().map(|line| (line, Access::read(line))).collect();
    let mut words = HashSet::new();
    for (line, _) in lines.iter().filter(|(_, access)| access.is_none()) {
        words.extend(named(line)?);
    }
    let taken: HashSet<&str> = lines
        .iter()
        .filter_map(|(_, access)| access.as_ref())
        .filter(|access| access.takes && !words.contains(access.name))
        .map(|access| access.name)
        .collect();
    let mut slim = before.to_string();
    for (line, access) in &lines {
        if access.as_ref().is_none_or(|access| !taken.contains(access.name)) {
            slim += line;
        }
        slim.push('\n');
    }
    (!taken.is_empty()).then_some(slim)
}

/// The program that leaves alone what the cell makes again before it has named it: a value of a type that was redefined
/// as well could not be taken. `None` where there is none.
fn without_renewed(source: &str) -> Option<String> {
    let program = Program::read(source)?;
    let mut words = HashSet::new();
    let mut renewed = HashSet::new();
    for statement in &program.statements {
        // Further on, a macro may see any variable.
        let Some(more) = named(statement.text) else { break };
        words.extend(more);
        let lent = program.lent.iter().filter(|lent| statement.binds(lent.name));
        renewed.extend(lent.map(|lent| lent.name).filter(|name| !words.contains(name)));
    }
    let is_own = |name: &&str| program.own.iter().any(|own| own.name == *name);
    let renewed: HashSet<&str> = renewed.into_iter().filter(is_own).collect();
    let (before, cell) = source.split_at(source.find(FUNCTION)?);
    let (mut slim, mut began) = (before.to_string(), false);
    for line in cell.lines() {
        began |= line.contains("catch_unwind");
        match Access::read(line).filter(|access| !began && renewed.contains(access.name)) {
            Some(access) if access.takes => slim.extend([RENEWED, line]),
            Some(_) => {}
            None => slim += line,
        }
        slim.push('\n');
    }
    (!renewed.is_empty()).then_some(slim)
}

#[cfg(test)]
mod tests {
    use super::super::program::example;
    use super::*;

    const SOURCE: &str = "use a::b;\nmod evcxr_internal_runtime {\n// text\npub const X: u8 = 1;\n\
                          pub fn new() {}\n}\n\nfn user() {}\n";

    #[test]
    fn our_store_takes_the_place_of_evcxrs_and_lines_keep_their_numbers() {
        let source = SOURCE.replace("X", "USER_ERROR_OCCURRED");
        for (compiled, part) in [(false, "pub fn put_variable"), (true, "pub use ::")] {
            let slim = slim(&source, compiled).unwrap();
            let line = |text: &str| text.lines().position(|line| line == "fn user() {}");
            assert_eq!(line(&slim), line(&source));
            assert_eq!(slim.lines().count(), source.lines().count());
            assert!(slim.contains(part));
            assert!(SourceFile::parse(&slim, Edition::Edition2024).errors().is_empty(), "{slim}");
        }
    }

    #[test]
    fn what_borrows_is_dropped_before_the_rest_is_put_away() {
        let put = "evcxr_variable_store.put_variable::<M>(stringify!(m), m);\n";
        let source = format!(
            "{FUNCTION}1() {{\nlet m = M;\n{HELD}!{{{DROPS}let (g, mut h) = m.lock();}};\nf(g)\n{put}}}\n"
        );
        let made = without_held(&source);
        assert!(
            made.contains(&format!("f(g); ::std::mem::drop(g); ::std::mem::drop(h);\n{put}")),
            "{made}"
        );
        assert_eq!(made.lines().count(), source.lines().count());
        let commented = source.replace("f(g)", "f(g); // g");
        assert!(!without_held(&commented).contains("drop(g)"));
    }

    #[test]
    fn a_program_that_we_do_not_know_stays_as_it_is() {
        assert_eq!(slim(SOURCE, true), None, "`X` is not ours");
        assert_eq!(slim("fn user() {}", true), None);
    }

    #[test]
    fn the_error_of_an_early_return_is_marked() {
        let source = "fn from(error: T) -> Self { eprintln!(\"{}\", error); Self }";
        let expected = "fn from(error: T) -> Self { eprintln!(\"\\u{2}{}\", error); Self }";
        assert_eq!(with_marked_errors(source), expected);
        assert_eq!(with_marked_errors("fn f() {}"), "fn f() {}");
    }

    #[test]
    fn a_checked_cell_may_have_a_result_of_its_own() {
        let source =
            "async fn evcxr_analysis_wrapper(\nmut a: u8,\n) -> Result<(), EvcxrUserCodeError> {\n";
        let expected = source.replace(" Result", " ::std::result::Result");
        assert_eq!(checkable(source), Some(expected));
        assert_eq!(checkable(SOURCE), None);
        let borrows = source.replace("mut a: u8", "s: &str,\nt: Vec<(&'static str, &mut [u8])>");
        let expected = "s: &'static str,\nt: Vec<(&'static str, &'static mut [u8])>,\n";
        assert!(checkable(&borrows).unwrap().contains(expected));
    }

    /// A program with three variables as evcxr writes it, and the cell's own code.
    fn program(code: &str) -> String {
        let lines = |form: fn(&str, &str) -> String| {
            [("a", "u8"), ("b", "Vec<Option<String>>"), ("c", "(u8, [f32; 2])")]
                .map(|(name, kind)| form(name, kind))
                .join("\n")
        };
        format!(
            "fn b() {{}}\n#[unsafe(no_mangle)]\n{FUNCTION}3(\nmut s: *mut S) {{\n{}\n{}\n\
             if !vars_ok {{return evcxr_variable_store;}}}}\n{}\n{code}\n\
             println!(\"EVCXR_PANIC_NOTIFICATION\");\n{}\ns\n}}",
            "{let mut vars_ok = true;",
            lines(|name, kind| {
                format!(
                    "vars_ok &= evcxr_variable_store.check_variable::<{kind}>(stringify!({name}));"
                )
            }),
            lines(|name, kind| {
                format!(
                    "let mut {name} = evcxr_variable_store.take_variable::<{kind}>(stringify!({name}));"
                )
            }),
            lines(|name, kind| {
                format!("evcxr_variable_store.put_variable::<{kind}>(stringify!({name}), {name});")
            }),
        )
    }

    /// The variables that a cell's program still deals with.
    fn left(code: &str) -> String {
        let source = program(code);
        let slim = without_strangers(&source).unwrap_or(source.clone());
        assert_eq!(slim.lines().count(), source.lines().count());
        let left = |name: &str| {
            let lines: Vec<&str> =
                slim.lines().filter(|line| line.contains(&format!("stringify!({name})"))).collect();
            assert!([0, 3].contains(&lines.len()), "{lines:?}");
            !lines.is_empty()
        };
        ["a", "b", "c"].into_iter().filter(|name| left(name)).collect()
    }

    #[test]
    fn variables_that_the_cell_does_not_name_stay_in_the_store() {
        assert_eq!(left("f();"), "");
        assert_eq!(left("f(b.len());"), "b");
        assert_eq!(left("println!(\"{c:?} {}\", x.a);"), "ac");
        assert_eq!(left("let a = 1; r#b();"), "ab");
        assert_eq!(left("f(ab, _a, b1);"), "");
        assert_eq!(left("while x != y && !z { if !(a) { return !f(); } }"), "a");
        assert_eq!(left("if x!=y { a.b!() }"), "abc");
        assert_eq!(left("include!(\"more.rs\");"), "abc");
        assert_eq!(left("own ! (x);"), "abc");
        // A new variable of the cell's own, put away for the first time.
        let code = "evcxr_variable_store.put_variable::<u8>(stringify!(d), d);";
        assert!(without_strangers(&program(code)).unwrap().contains(code));
    }

    #[test]
    fn what_a_cell_makes_again_before_it_names_it_is_not_taken() {
        let renewed = |code: &str| {
            let source = example(code, true).replace(
                "put_variable::<u8>(stringify!(a), a)",
                "put_variable::<f64>(stringify!(old), old)",
            );
            let slim = without_renewed(&source).unwrap_or(source.clone());
            assert_eq!(slim.lines().count(), source.lines().count());
            let program = Program::read(&slim).unwrap();
            assert_eq!(program.lent.len() + program.renewed.len(), 3);
            program.renewed.iter().map(|access| access.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(renewed("f(&gone);\nlet old = 0.5;\nlet mut b = old;"), ["old"]);
        // `gone` is not there at the end.
        assert_eq!(renewed("let (old, gone) = f();"), ["old"]);
        for code in
            ["let old = old + 1;", "f(old);\nlet old = 2;", "own!();\nlet old = 1;", "let b = 1;"]
        {
            assert!(renewed(code).is_empty(), "{code}");
        }
    }

    #[test]
    fn lines_that_only_look_like_evcxrs_are_the_cells() {
        for line in [
            "evcxr_variable_store.put_variable::<u8>(stringify!(a), b);",
            "let a = evcxr_variable_store.take_variable::<u8>(stringify!(b));",
            "let x = 1;",
        ] {
            assert!(Access::read(line).is_none(), "{line}");
        }
    }
}

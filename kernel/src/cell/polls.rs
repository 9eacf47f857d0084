//! Has the loops that were typed in cells look for an interrupt at every turn, so that one that calls nothing of ours ends as well:
//! by a panic, with which the cell keeps its variables.
//!
//! A look costs nothing that can be measured, but keeps the compiler from vector instructions, which make the sum of a slice
//! three to six times as fast. `loop` and `while` have it always, `for` where its body does more than arithmetic.

use super::added::MARK;
use super::program::statements;
use super::store;
use ra_ap_syntax::ast::{self, HasLoopBody, HasName};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxKind, SyntaxNode, TextRange};

/// The module of the store of variables, which evcxr writes into the program.
const STORE_MODULE: &str = "evcxr_internal_runtime";
/// The start of what shows the value of a cell's last expression ([`super::slim`]).
const SHOWS: &str = "evcxr_internal_runtime::show(format_args!(";
/// Methods of numbers and slices that may become vector instructions.
const ARITHMETIC: [&str; 32] = [
    "abs",
    "abs_diff",
    "ceil",
    "clamp",
    "copysign",
    "count_ones",
    "floor",
    "fract",
    "into",
    "is_nan",
    "iter",
    "iter_mut",
    "leading_zeros",
    "len",
    "max",
    "min",
    "mul_add",
    "powi",
    "recip",
    "rem_euclid",
    "rotate_left",
    "rotate_right",
    "round",
    "saturating_add",
    "saturating_sub",
    "signum",
    "sqrt",
    "to_bits",
    "trunc",
    "wrapping_add",
    "wrapping_mul",
    "wrapping_sub",
];
const NUMBERS: [&str; 14] = [
    "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize",
];

/// The program whose loops look for an interrupt, with every line at its place; `None` if it has no such loop. The store must be
/// a crate of its own.
pub fn with_polls(source: &str) -> Option<String> {
    // The value of a cell's last expression stands in a macro, which is read as a call.
    let call = SHOWS.replace('!', "_");
    let tree = SourceFile::parse(&source.replace(SHOWS, &call), Edition::Edition2024).tree();
    let cell = statements(&tree).map(|list| list.syntax().text_range());
    let bodies = tree.syntax().descendants().filter_map(|node| polled(&node, cell));
    let mut starts: Vec<usize> = bodies
        .filter_map(|body| Some(body.l_curly_token()?.text_range().end().into()))
        // An attribute of the block must come first.
        .filter(|at: &usize| !source[*at..].trim_start().starts_with("#!"))
        .collect();
    starts.sort_unstable();
    let mut out = String::with_capacity(source.len() + 64 * starts.len());
    let mut done = 0;
    for at in &starts {
        out += &source[done..*at];
        out += &format!("{MARK} ::{}::cuaderno_poll(); {MARK}", store::CRATE);
        done = *at;
    }
    out += &source[done..];
    (!starts.is_empty()).then_some(out)
}

/// The body of a loop that is to look for an interrupt.
fn polled(node: &SyntaxNode, cell: Option<TextRange>) -> Option<ast::StmtList> {
    let body = match ast::Expr::cast(node.clone())? {
        ast::Expr::LoopExpr(it) => it.loop_body(),
        ast::Expr::WhileExpr(it) => it.loop_body(),
        ast::Expr::ForExpr(it) => {
            let body = it.loop_body()?;
            let endless = it.iterable().is_some_and(|range| is_endless(&range));
            (endless || does_more(body.syntax())).then_some(body)
        }
        _ => None,
    }?;
    (!looks_itself(node) && may_panic(node, cell)).then(|| body.stmt_list()).flatten()
}

/// Returns `true` for a loop that calls the library's `check` or `interrupted`: it may have more to do before it ends.
fn looks_itself(node: &SyntaxNode) -> bool {
    let mut names = node.descendants().filter_map(ast::NameRef::cast);
    names.any(|name| matches!(name.text().to_string().as_str(), "check" | "interrupted"))
}

/// Returns `true` for a range without an end, and what is made of one.
fn is_endless(iterable: &ast::Expr) -> bool {
    let ranges = iterable.syntax().descendants().filter_map(ast::RangeExpr::cast);
    ranges.into_iter().any(|range| range.syntax().last_token().is_some_and(|t| t.text() == ".."))
}

/// Returns `true` if a body does more than arithmetic.
fn does_more(body: &SyntaxNode) -> bool {
    body.descendants().any(|node| match ast::Expr::cast(node) {
        Some(ast::Expr::CallExpr(call)) => !makes_a_value(&call),
        Some(ast::Expr::MethodCallExpr(call)) => {
            call.name_ref().is_none_or(|name| !ARITHMETIC.contains(&name.text()))
        }
        Some(
            ast::Expr::AwaitExpr(_)
            | ast::Expr::ForExpr(_)
            | ast::Expr::LoopExpr(_)
            | ast::Expr::MacroExpr(_)
            | ast::Expr::TryExpr(_)
            | ast::Expr::WhileExpr(_),
        ) => true,
        _ => false,
    })
}

/// Returns `true` for calls as `Some(x)` and `f64::from(x)`.
fn makes_a_value(call: &ast::CallExpr) -> bool {
    let Some(ast::Expr::PathExpr(path)) = call.expr() else { return false };
    let path = path.syntax().text().to_string();
    let last = path.rsplit("::").next().unwrap_or_default();
    let first = path.split("::").next().unwrap_or_default();
    last.starts_with(char::is_uppercase) || NUMBERS.contains(&first)
}

/// Returns `true` where a panic may begin, and unwinds to the cell: not in what the compiler computes, in `unsafe` code that
/// may not expect it, in functions for C, in destructors, and in futures, which run where and when their runtime wants.
fn may_panic(node: &SyntaxNode, cell: Option<TextRange>) -> bool {
    for around in node.ancestors().skip(1) {
        if Some(around.text_range()) == cell {
            return true;
        }
        let allowed = match around.kind() {
            SyntaxKind::FN => ast::Fn::cast(around).is_some_and(|item| {
                item.const_token().is_none()
                    && item.async_token().is_none()
                    && item.unsafe_token().is_none()
                    && item.abi().is_none()
            }),
            SyntaxKind::BLOCK_EXPR => ast::BlockExpr::cast(around).is_some_and(|block| {
                block.const_token().is_none()
                    && block.async_token().is_none()
                    && block.unsafe_token().is_none()
            }),
            SyntaxKind::CLOSURE_EXPR => ast::ClosureExpr::cast(around)
                .is_some_and(|it| it.async_token().is_none() && it.const_token().is_none()),
            SyntaxKind::IMPL => ast::Impl::cast(around).is_some_and(|block| {
                let of = block.trait_().map(|of| of.syntax().text().to_string());
                of.is_none_or(|of| of.rsplit("::").next() != Some("Drop"))
            }),
            SyntaxKind::MODULE => ast::Module::cast(around)
                .is_some_and(|item| item.name().is_none_or(|name| name.text() != STORE_MODULE)),
            SyntaxKind::CONST
            | SyntaxKind::STATIC
            | SyntaxKind::CONST_ARG
            | SyntaxKind::ARRAY_TYPE
            | SyntaxKind::VARIANT
            | SyntaxKind::EXTERN_BLOCK => false,
            SyntaxKind::ARRAY_EXPR => {
                ast::ArrayExpr::cast(around).is_some_and(|array| array.semicolon_token().is_none())
            }
            _ => true,
        };
        if !allowed {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::added::without;
    use super::super::program::example;
    use super::*;

    /// The number of loops of a cell's code, and of an item beside it, that look for an interrupt.
    fn polls(code: &str, item: &str) -> usize {
        let source = format!("{item}\n{}", example(code, true));
        let made = with_polls(&source).unwrap_or_else(|| source.clone());
        assert_eq!(without(&made), source);
        let parsed = SourceFile::parse(&made, Edition::Edition2024);
        assert!(parsed.errors().is_empty(), "{made}");
        made.matches("::cuaderno_poll();").count()
    }

    #[test]
    fn loops_of_the_cell_and_its_items_look() {
        for (code, count) in [
            ("loop {}", 1),
            ("let n = 'a: loop { while x < 5 { x += 1; } break 'a 5; };", 2),
            ("while let Some(x) = v.pop() { // more\n f(x) }", 1),
            ("let f = |x: u8| loop { if x > 5 { break } };", 1),
            ("for x in &v { s += x; }", 0),
            ("for x in &v { s += f64::from(x.abs()).sqrt(); o = Some(x); }", 0),
            ("for x in &v { s += f(x); }", 1),
            ("for x in &v { x.f(); }", 1),
            ("for x in &v { println!(); }", 1),
            ("for x in &v { a[x]?; }", 1),
            ("for i in 0..9 { for j in 0..9 { s += a[i][j]; } }", 1),
            ("for i in 0.. { s += i; }", 1),
            ("for i in (0..).step_by(2) { s += i; }", 1),
            ("for i in v[1..].iter() { s += i; }", 1),
            ("while !notebook::interrupted() { f(); }", 0),
            ("loop { check()?; }", 0),
            ("m!(loop {});", 0),
            ("evcxr_internal_runtime::show(format_args!(\"{:?}\",&(\nloop {}\n)));", 1),
            ("loop { #![allow(unused)] }", 0),
        ] {
            assert_eq!(polls(code, ""), count, "{code}");
            let item = format!("mod m {{ impl S {{ fn f() {{ {code} }} }} }}");
            assert_eq!(polls("", &item), count, "{code}");
        }
    }

    #[test]
    fn where_no_panic_may_begin_nothing_changes() {
        for item in [
            "const fn f() { loop {} }",
            "const N: u8 = { loop {} };",
            "static N: LazyLock<u8> = LazyLock::new(|| loop {});",
            "unsafe fn f() { loop {} }",
            "async fn f() { loop {} }",
            "extern \"C\" fn f() { loop {} }",
            "impl Drop for S { fn drop(&mut self) { loop {} } }",
            "impl ::std::ops::Drop for S { fn drop(&mut self) { loop {} } }",
            "enum E { A = { loop {} } }",
            "fn f() { let a: [u8; { loop {} }] = [0; { loop {} }]; g::<{ loop {} }>(); }",
            "macro_rules! m { () => { loop {} } }",
            "mod evcxr_internal_runtime { fn f() { loop {} } }",
        ] {
            assert_eq!(polls("", item), 0, "{item}");
        }
        for code in
            ["unsafe { loop {} }", "async { loop {} };", "async || loop {};", "const { loop {} }"]
        {
            assert_eq!(polls(code, ""), 0, "{code}");
        }
    }
}

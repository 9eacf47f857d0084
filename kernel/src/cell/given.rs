//! Whether a statement moves a variable's value, as far as its form shows. The compiler decides.

use ra_ap_syntax::ast;
use ra_ap_syntax::{AstNode, SyntaxKind, SyntaxNode, SyntaxToken};

/// Macros that see of a cell's variables only those that are named to them, be it inside of a text. Others may put
/// together names, or read them from a file.
pub const PLAIN: [&str; 18] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "eprint",
    "eprintln",
    "format",
    "matches",
    "panic",
    "print",
    "println",
    "stringify",
    "todo",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Macros that take the values of what is named to them.
const TAKING: [&str; 2] = ["dbg", "vec"];

/// Returns `true` if the statement may take the value: it names the variable, and not only to lend it.
pub fn gives_away(statement: &SyntaxNode, name: &str) -> bool {
    let mut paths = statement.descendants().filter_map(ast::PathExpr::cast);
    paths.any(|path| path.syntax().text() == name && !is_lent(path.syntax(), statement))
        || statement
            .descendants()
            .filter_map(ast::MacroCall::cast)
            .any(|call| macro_takes(&call, name))
}

/// Returns `true` if a place where a variable stands only borrows or copies it.
fn is_lent(path: &SyntaxNode, statement: &SyntaxNode) -> bool {
    let within = path.ancestors().take_while(|node| node != statement);
    let moves = |node: SyntaxNode| {
        ast::ClosureExpr::cast(node.clone()).is_some_and(|closure| closure.move_token().is_some())
            || ast::BlockExpr::cast(node).is_some_and(|block| block.move_token().is_some())
    };
    if within.into_iter().any(moves) {
        return false;
    }
    let Some(parent) = path.parent() else { return false };
    let is_first = parent.first_child().is_some_and(|first| first == *path);
    match parent.kind() {
        SyntaxKind::REF_EXPR
        | SyntaxKind::FIELD_EXPR
        | SyntaxKind::PREFIX_EXPR
        | SyntaxKind::CAST_EXPR
        | SyntaxKind::MATCH_EXPR => true,
        SyntaxKind::PAREN_EXPR => is_lent(&parent, statement),
        SyntaxKind::INDEX_EXPR => is_first,
        // An assigned value moves; a compared or summed one is mostly a number.
        SyntaxKind::BIN_EXPR => {
            is_first || !parent.children_with_tokens().any(|part| part.kind() == SyntaxKind::EQ)
        }
        // By convention, a method that takes its value begins so.
        SyntaxKind::METHOD_CALL_EXPR => {
            let call = ast::MethodCallExpr::cast(parent);
            call.and_then(|call| call.name_ref())
                .is_some_and(|method| !method.text().starts_with("into_"))
        }
        _ => false,
    }
}

/// Returns `true` if a macro may take the value of a variable: those that only show values borrow them, but not within
/// calls.
fn macro_takes(call: &ast::MacroCall, name: &str) -> bool {
    let Some(tree) = call.token_tree() else { return false };
    let own = call.path().map(|path| path.syntax().text().to_string()).unwrap_or_default();
    if !PLAIN.contains(&own.as_str()) {
        return true;
    }
    let takes = TAKING.contains(&own.as_str());
    let tokens = tree.syntax().descendants_with_tokens().filter_map(|part| part.into_token());
    tokens.filter(|token| token.kind() == SyntaxKind::IDENT && token.text() == name).any(|token| {
        let is_nested = token.parent().is_some_and(|parent| parent != *tree.syntax());
        (takes || is_nested) && !is_borrowed(&token)
    })
}

/// Returns `true` if a name in a macro stands after `&`, or before a point.
fn is_borrowed(token: &SyntaxToken) -> bool {
    let solid = |token: &SyntaxToken| !token.kind().is_trivia();
    let mut before = std::iter::successors(token.prev_token(), SyntaxToken::prev_token);
    let mut after = std::iter::successors(token.next_token(), SyntaxToken::next_token);
    before.find(solid).is_some_and(|t| matches!(t.kind(), SyntaxKind::AMP | SyntaxKind::MUT_KW))
        || after.find(solid).is_some_and(|token| token.kind() == SyntaxKind::DOT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ra_ap_syntax::{Edition, SourceFile};

    #[test]
    fn what_only_borrows_is_told_from_what_takes() {
        let gives = |code: &str| {
            let file = SourceFile::parse(&format!("fn f() {{ {code} }}"), Edition::Edition2024);
            assert!(file.errors().is_empty(), "{code}");
            let list = file.tree().syntax().descendants().find_map(ast::StmtList::cast).unwrap();
            gives_away(list.syntax(), "x")
        };
        for code in [
            "f(&x);",
            "f(&mut x, y);",
            "let n = x.len();",
            "x[0] = 1;",
            "let y = x.field;",
            "(x).g();",
            "x += 1;",
            "if x == y {}",
            "println!(\"{x} {}\", x);",
            "assert_eq!(x, f(&x));",
            "let x = 2;",
            "let c = || x.len();",
            "g(y.x);",
            "print!(\"{}\", g(x.len()));",
            "x = y;",
            "for i in &x {}",
            "vec![x.len(), f(&x)];",
        ] {
            assert!(!gives(code), "{code}");
        }
        for code in [
            "f(x);",
            "let y = x;",
            "(x,);",
            "P { x };",
            "P { y: x };",
            "y = x;",
            "for i in x {}",
            "x.into_iter();",
            "vec![x];",
            "println!(\"{}\", f(x));",
            "own!(y);",
            "let c = move || x.len();",
            "async move { &x };",
            "return x;",
        ] {
            assert!(gives(code), "{code}");
        }
    }
}

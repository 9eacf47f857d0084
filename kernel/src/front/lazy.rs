//! Statics that macros make: `thread_local!` of the standard library, and `lazy_static!`. Written as a `static`, later cells see
//! them, and [`crate::cell`] lets them keep their values from cell to cell.

use ra_ap_syntax::ast::{self, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxNode};

/// The macro calls in a cell's code, wherever they stand, with the statics to write in their places, on as many lines.
pub fn statics(code: &SyntaxNode) -> Vec<(SyntaxNode, String)> {
    let calls = code.descendants().filter_map(ast::MacroCall::cast);
    calls.filter_map(|call| Some((whole(call.syntax()), written(&call)?))).collect()
}

/// The statement or item that a call is, with its semicolon.
fn whole(call: &SyntaxNode) -> SyntaxNode {
    let around = call.ancestors().take_while(|node| {
        matches!(
            node.kind(),
            ra_ap_syntax::SyntaxKind::MACRO_CALL
                | ra_ap_syntax::SyntaxKind::MACRO_EXPR
                | ra_ap_syntax::SyntaxKind::EXPR_STMT
        )
    });
    around.last().unwrap_or_else(|| call.clone())
}

fn written(call: &ast::MacroCall) -> Option<String> {
    let path = call.path()?.syntax().text().to_string();
    let name = path.trim_start_matches("::");
    let is_local = matches!(name, "thread_local" | "std::thread_local");
    if !is_local && !matches!(name, "lazy_static" | "lazy_static::lazy_static") {
        return None;
    }
    let tree = call.token_tree()?.syntax().text().to_string();
    let inside = tree.get(1..tree.len() - 1)?;
    let inside =
        if is_local { inside.to_string() } else { inside.replace("static ref ", "static     ") };
    let file = SourceFile::parse(&format!("{inside}\n;"), Edition::Edition2024);
    let mut out = String::new();
    for item in file.syntax_node().children().filter_map(ast::Static::cast) {
        let (name, kind) = (item.name()?, item.ty()?);
        let visibility = item.visibility().map(|seen| format!("{} ", seen.syntax().text()));
        let visibility = visibility.unwrap_or_default();
        out += &if is_local {
            // The semicolon may be the one after the call's last line.
            let text = item.syntax().text().to_string();
            let text = format!("{};", text.trim_end_matches(';').trim_end());
            format!(
                "{visibility}static {name}: &'static ::std::thread::LocalKey<{kind}> = {{ ::std::thread_local! {{ {text} }} &{name} }}; "
            )
        } else {
            let value = item.body()?.syntax().text().to_string();
            format!(
                "{visibility}static {name}: ::std::sync::LazyLock<{kind}> = ::std::sync::LazyLock::new(|| {{ {value} }}); "
            )
        };
    }
    let lines = call.syntax().text().to_string().matches('\n').count();
    let missing = lines.saturating_sub(out.matches('\n').count());
    (!out.is_empty()).then(|| out + &"\n".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_of_statics_are_written_out_wherever_they_stand() {
        let one = |code: &str| {
            let file = SourceFile::parse(code, Edition::Edition2024);
            let mut found = statics(&file.syntax_node());
            assert_eq!(found.len(), 1, "{code}");
            let (node, text) = found.remove(0);
            assert_eq!(text.matches('\n').count(), node.text().to_string().matches('\n').count());
            let parsed = SourceFile::parse(&text, Edition::Edition2024);
            assert!(parsed.errors().is_empty(), "{text}");
            text
        };
        for code in [
            "thread_local! {\n    static N: Cell<u8> = const { Cell::new(1) };\n}",
            "fn f() -> u8 { std::thread_local!(static N: Cell<u8> = Cell::new(1)); N.get() }",
        ] {
            assert!(
                one(code).starts_with("static N: &'static ::std::thread::LocalKey<Cell<u8>> = {")
            );
        }
        let seen = one("mod m { thread_local! { pub(super) static N: u8 = 1; } }");
        assert!(seen.starts_with("pub(super) static N: "), "{seen}");
        let lazy = one(
            "lazy_static! { pub static ref A: Vec<u8> = vec![1];\n/// Doc.\nstatic ref B: u8 = 1; }",
        );
        assert!(lazy.starts_with("pub static A: ::std::sync::LazyLock<Vec<u8>> = "), "{lazy}");
        assert!(lazy.contains("static B: ::std::sync::LazyLock<u8>"), "{lazy}");
        assert!(
            statics(
                SourceFile::parse("fn f() { vec![1]; }", Edition::Edition2024)
                    .syntax_node()
                    .first_child()
                    .as_ref()
                    .unwrap()
            )
            .is_empty()
        );
    }
}

//! Macros of a session, before all that uses them: evcxr writes the items of earlier cells in no order, and a macro is known from
//! its definition on.

use ra_ap_syntax::ast::{self, HasAttrs, HasModuleItem, HasName, Item};
use ra_ap_syntax::{AstNode, Edition, NodeOrToken, SourceFile, SyntaxKind};

/// The program with a copy of every macro before its first item: behind the program's own attributes, on their line, so that
/// what stands in a line and column stays there; in a program without, on the first item's line.
pub fn with_macros_first(source: &str) -> String {
    if !source.contains("macro_rules!") {
        return source.to_string();
    }
    let file = SourceFile::parse(source, Edition::Edition2024).tree();
    let Some(first) = file.items().next() else { return source.to_string() };
    let imported = |name: &str| source.contains(&format!("use {name};"));
    let copies: String = file
        .items()
        .filter_map(|item| match item {
            Item::MacroRules(item) => Some(item),
            _ => None,
        })
        // One that has a path is known everywhere, and a copy would be another of that name.
        .filter(|item| {
            !item.attrs().any(|attr| attr.simple_name().is_some_and(|name| name == "macro_export"))
        })
        .filter(|item| item.name().is_some_and(|name| !imported(name.text())))
        .filter_map(|item| on_one_line(&item))
        .collect();
    if copies.is_empty() {
        return source.to_string();
    }
    let own = file.attrs().filter(|attr| attr.excl_token().is_some()).last();
    match own.map(|attr| usize::from(attr.syntax().text_range().end())) {
        Some(at) => format!("{} {}{}", &source[..at], copies.trim_end(), &source[at..]),
        None => {
            let at = usize::from(first.syntax().text_range().start());
            format!("{}{copies}{}", &source[..at], &source[at..])
        }
    }
}

/// A macro's text without attributes and comments; `None` if a text of several lines stands in it.
fn on_one_line(item: &ast::MacroRules) -> Option<String> {
    let mut text = String::from("#[allow(unused_macros)] ");
    let tokens = item.syntax().descendants_with_tokens().filter_map(NodeOrToken::into_token);
    let tokens = tokens
        .filter(|token| !token.parent_ancestors().any(|node| ast::Attr::can_cast(node.kind())));
    for token in tokens {
        match token.kind() {
            SyntaxKind::WHITESPACE | SyntaxKind::COMMENT => text.push(' '),
            _ if token.text().contains('\n') => return None,
            _ => text += token.text(),
        }
    }
    text.push(' ');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_come_first_and_lines_keep_their_numbers() {
        let source = "#![allow(x)]\nfn f() { two!() }\n/// Doc.\nmacro_rules! two {\n  // why\n  ($x:expr) => { $x };\n  () => { \"a b\" }\n}\n";
        let made = with_macros_first(source);
        assert_eq!(made.lines().count(), source.lines().count());
        let copy = made.find("macro_rules! two { ").unwrap();
        assert!(copy < made.find("fn f()").unwrap(), "{made}");
        assert!(!made[..made.find("fn f()").unwrap()].contains("why"), "{made}");
        assert!(SourceFile::parse(&made, Edition::Edition2024).errors().is_empty(), "{made}");
        // The compiler's places in all lines but that of the attributes are those of the program without the copy.
        let rest = |text: &str| text.split_once('\n').unwrap().1.to_string();
        assert_eq!(rest(&made), rest(source));
        let made = with_macros_first(&rest(source));
        assert!(made.find("macro_rules! two { ").unwrap() < made.find("fn f()").unwrap(), "{made}");
        for source in [
            "fn f() {}",
            "fn f() {} #[macro_export] macro_rules! m { () => {} }",
            "fn f() {} macro_rules! m { () => {} } pub(crate) use m;",
            "fn f() {} macro_rules! m { () => { \"a\nb\" } }",
        ] {
            assert_eq!(with_macros_first(source), source);
        }
    }
}

//! Unfinished code: the compiler's message would be about the program around the cell.

use ra_ap_syntax::{Edition, NodeOrToken, SourceFile, SyntaxKind, SyntaxToken};

/// An unfinished construct, with its place in the code, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Unfinished {
    pub message: String,
    pub at: usize,
}

const PRELUDE: &str = "fn f(){";

/// A bracket or text that is not closed, or the construct in whose middle the code ends.
pub fn find(code: &str) -> Option<Unfinished> {
    unbalanced(code).or_else(|| cut_off(code))
}

/// A text or comment without its end, or a bracket without its other half.
fn unbalanced(code: &str) -> Option<Unfinished> {
    // evcxr's commands are no Rust.
    let mut in_head = true;
    let rust: String = code
        .split_inclusive('\n')
        .map(|line| {
            let bare = line.trim();
            in_head &= bare.is_empty() || bare.starts_with(':') || bare.starts_with("//");
            let is_command = in_head && bare.starts_with(':');
            if is_command { blank(line) } else { line.to_string() }
        })
        .collect();
    let file = SourceFile::parse(&rust, Edition::Edition2024);
    let unfinished = |message: String, at: usize| Some(Unfinished { message, at });
    let node = file.syntax_node();
    let tokens = node.descendants_with_tokens().filter_map(NodeOrToken::into_token);
    let mut open: Vec<(SyntaxKind, usize)> = Vec::new();
    for token in tokens {
        let at = usize::from(token.text_range().start());
        let lacks_end = || {
            let errors = file.errors();
            let own = |error: &ra_ap_syntax::SyntaxError| {
                token.text_range().contains_range(error.range())
            };
            errors.iter().any(|error| own(error) && error.to_string().contains("terminate"))
        };
        let what = match token.kind() {
            SyntaxKind::STRING | SyntaxKind::BYTE_STRING | SyntaxKind::C_STRING => {
                "the text that begins here is not closed by `\"`"
            }
            SyntaxKind::COMMENT if token.text().starts_with("/*") => {
                "the comment that begins here is not closed by `*/`"
            }
            SyntaxKind::L_CURLY | SyntaxKind::L_PAREN | SyntaxKind::L_BRACK => {
                open.push((token.kind(), at));
                continue;
            }
            SyntaxKind::R_CURLY | SyntaxKind::R_PAREN | SyntaxKind::R_BRACK => {
                match open.pop() {
                    Some((kind, _)) if closing(kind) == token.text() => {}
                    Some((kind, at)) => {
                        let message = format!(
                            "`{}` is not closed: `{}` comes before its `{}`",
                            opening(kind),
                            token.text(),
                            closing(kind)
                        );
                        return unfinished(message, at);
                    }
                    None => {
                        return unfinished(format!("`{}` closes nothing", token.text()), at);
                    }
                }
                continue;
            }
            _ => continue,
        };
        if lacks_end() {
            return unfinished(what.to_string(), at);
        }
    }
    let (kind, at) = open.pop()?;
    let message =
        format!("`{}` is not closed: the cell ends before its `{}`", opening(kind), closing(kind));
    unfinished(message, at)
}

/// Spaces of the same length.
fn blank(line: &str) -> String {
    line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

fn opening(kind: SyntaxKind) -> &'static str {
    match kind {
        SyntaxKind::L_CURLY => "{",
        SyntaxKind::L_PAREN => "(",
        _ => "[",
    }
}

fn closing(kind: SyntaxKind) -> &'static str {
    match kind {
        SyntaxKind::L_CURLY => "}",
        SyntaxKind::L_PAREN => ")",
        _ => "]",
    }
}

/// The construct in whose middle the code ends.
fn cut_off(code: &str) -> Option<Unfinished> {
    let file = SourceFile::parse(&format!("{PRELUDE}{code}\n}}"), Edition::Edition2024);
    let node = file.syntax_node();
    let tokens = node.descendants_with_tokens().filter_map(NodeOrToken::into_token);
    let solid: Vec<SyntaxToken> = tokens.filter(|token| !token.kind().is_trivia()).collect();
    // The last one closes the function around the code.
    let last = solid.iter().rev().nth(1)?;
    let at = usize::from(last.text_range().start()).checked_sub(PRELUDE.len())?;
    let missing = match last.kind() {
        SyntaxKind::COLON2 => "a name is missing after `::`",
        SyntaxKind::DOT => "the name of a field or method is missing after `.`",
        SyntaxKind::R_BRACK if ends_attribute(last) => {
            "an attribute stands before an item or a statement, and none follows"
        }
        SyntaxKind::EQ
        | SyntaxKind::PLUS
        | SyntaxKind::MINUS
        | SyntaxKind::STAR
        | SyntaxKind::SLASH
        | SyntaxKind::PERCENT
        | SyntaxKind::AMP2
        | SyntaxKind::PIPE2
        | SyntaxKind::EQ2
        | SyntaxKind::NEQ
        | SyntaxKind::FAT_ARROW => {
            let message =
                format!("the cell ends after `{}`, where an expression is missing", last.text());
            return Some(Unfinished { message, at });
        }
        SyntaxKind::LET_KW
        | SyntaxKind::FN_KW
        | SyntaxKind::STRUCT_KW
        | SyntaxKind::ENUM_KW
        | SyntaxKind::USE_KW => {
            let message = format!("the cell ends after `{}`, where a name is missing", last.text());
            return Some(Unfinished { message, at });
        }
        _ => return None,
    };
    Some(Unfinished { message: missing.to_string(), at })
}

/// Returns `true` if a bracket closes an outer attribute with nothing after it.
fn ends_attribute(bracket: &SyntaxToken) -> bool {
    let is_attribute = |node: &ra_ap_syntax::SyntaxNode| node.kind() == SyntaxKind::ATTR;
    let Some(parent) = bracket.parent() else { return false };
    let Some(attr) = parent.ancestors().take(2).find(is_attribute) else { return false };
    attr.text_range().end() == bracket.text_range().end()
        && attr.children_with_tokens().nth(1).is_none_or(|token| token.kind() != SyntaxKind::BANG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        for (code, part) in [
            ("let a = std::", "after `::`"),
            ("let b = kept. // later", "after `.`"),
            ("#[derive(Debug)]", "attribute"),
            ("let x = 1;\n#[allow(unused)]\n", "attribute"),
            ("let x =", "after `=`"),
            ("a +", "after `+`"),
            ("let", "after `let`"),
        ] {
            let found = find(code).unwrap_or_else(|| panic!("{code}"));
            assert!(found.message.contains(part), "{code}: {}", found.message);
        }
        assert_eq!(find("let a = std::").unwrap().at, 11);
        for (code, part, at) in [
            ("let s = \"open", "text that begins here", 8),
            ("let s = \"a\\\"", "text that begins here", 8),
            ("f();\n/* open", "comment", 5),
            ("println!(\"a\"", "`(` is not closed: the cell ends", 8),
            ("let v = vec![1, 2;\nf(1);", "`[` is not closed", 12),
            ("if a > 2 {\n  f();", "`{` is not closed", 9),
            ("f(1};", "`(` is not closed: `}` comes", 1),
            ("f();\n}", "`}` closes nothing", 5),
            (":dep a = {\nf(", "`(` is not closed", 12),
        ] {
            let found = find(code).unwrap_or_else(|| panic!("{code}"));
            assert!(found.message.contains(part), "{code}: {}", found.message);
            assert_eq!(found.at, at, "{code}");
        }
        for code in [
            "v[0]",
            "let a = [1]",
            "#![allow(unused)]",
            "#[derive(Debug)] struct A;",
            "vec![1]",
            "1..",
            "x",
            "",
            "f(a)?",
            "let c = '{'; let s = \"{\"; let r = r#\"\"(\"#; // }\n/* [ */",
            "let n = '\\''; fn f<'a>(x: &'a str) {}",
            "println!(\"{x}\")",
            ":help don't\nf()",
            "#[inline]\nfn f() {}",
        ] {
            assert_eq!(find(code), None, "{code}");
        }
    }
}

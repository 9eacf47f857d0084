//! `is_complete_request`: whether a cell's code is complete, for front ends that run a cell on Enter.

use ra_ap_syntax::ast::{Expr, HasModuleItem, Item};
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use serde_json::{Value, json};

/// The state of a cell's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can run.
    Complete,
    /// More is to come, indented by this much.
    Incomplete(String),
    /// It can never run.
    Invalid,
}

impl Completeness {
    /// The content of an `is_complete_reply`.
    pub fn content(&self) -> Value {
        match self {
            Self::Complete => json!({"status": "complete"}),
            Self::Incomplete(indent) => json!({"status": "incomplete", "indent": indent}),
            Self::Invalid => json!({"status": "invalid"}),
        }
    }
}

/// Judges code as a cell.
pub fn judge(code: &str) -> Completeness {
    // evcxr's commands stand on lines of their own.
    let is_command = |line: &str| {
        let line = line.trim_start();
        line.starts_with('!') && !line.starts_with("!(")
            || line
                .strip_prefix(':')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let rust: String =
        code.lines().filter(|line| !is_command(line)).map(|line| format!("{line}\n")).collect();
    let mut open = Vec::new();
    match scan(&rust, &mut open) {
        Scan::Whole if open.is_empty() => {}
        Scan::Whole | Scan::Inside => return Completeness::Incomplete("    ".repeat(open.len())),
        Scan::Mismatch => return Completeness::Invalid,
    }
    let last = rust.trim_end();
    let continues = [
        "=", "+", "-", "*", "/", "%", "&&", "||", ",", ".", "->", "=>", "<", "&", "|", "else",
        "impl", "fn", "let",
    ];
    if continues.iter().any(|end| last.ends_with(end))
        && !last.ends_with("//")
        && !ends_in_comment(last)
    {
        return Completeness::Incomplete("    ".to_string());
    }
    let parses = |body: &str| {
        let program = format!("fn cell() {{\n{body}\n}}");
        SourceFile::parse(&program, Edition::Edition2024).errors().is_empty()
    };
    // evcxr takes a last statement without its semicolon.
    if parses(&rust) || parses(&format!("{rust};")) {
        Completeness::Complete
    } else {
        Completeness::Invalid
    }
}

/// Returns `true` if code is one expression, which can stand inside of another.
pub fn is_expression(code: &str) -> bool {
    let program = SourceFile::parse(&format!("const C: () = ({code}\n);"), Edition::Edition2024);
    let mut items = program.tree().items();
    let (first, second) = (items.next(), items.next());
    let Some(Item::Const(constant)) = first else { return false };
    program.errors().is_empty()
        && second.is_none()
        && matches!(constant.syntax().children().find_map(Expr::cast), Some(Expr::ParenExpr(_)))
}

fn ends_in_comment(code: &str) -> bool {
    code.lines().last().is_some_and(|line| line.contains("//"))
}

enum Scan {
    Whole,
    /// The code ends inside a text or a comment.
    Inside,
    /// A bracket closes what is not open.
    Mismatch,
}

/// Goes over the code and notes the brackets that stay open.
fn scan(code: &str, open: &mut Vec<char>) -> Scan {
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => match comment(rest) {
                Some(length) => length,
                None => return Scan::Inside,
            },
            '"' => match quoted(&rest[1..]) {
                Some(length) => length + 1,
                None => return Scan::Inside,
            },
            '\'' => character(rest),
            '(' | '[' | '{' => {
                open.push(c);
                1
            }
            ')' | ']' | '}' => {
                let opening = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(opening) {
                    return Scan::Mismatch;
                }
                1
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end =
                    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                let raw = matches!(&rest[..end], "r" | "br" | "cr");
                let hashes = rest[end..].bytes().take_while(|b| *b == b'#').count();
                if raw && rest[end + hashes..].starts_with('"') {
                    let close = format!("\"{}", "#".repeat(hashes));
                    let from = end + hashes + 1;
                    match rest[from..].find(&close) {
                        Some(at) => from + at + close.len(),
                        None => return Scan::Inside,
                    }
                } else {
                    end
                }
            }
            c => c.len_utf8(),
        };
        rest = &rest[length..];
    }
    Scan::Whole
}

/// The length of a block comment; they nest.
fn comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// The length of a text after its opening quote, with the closing one.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of a character literal; 1 for the quote of a lifetime.
fn character(text: &str) -> usize {
    let inside = &text[1..];
    if let Some(escaped) = inside.strip_prefix('\\') {
        let skip = escaped.chars().next().map_or(0, char::len_utf8);
        return escaped[skip..].find('\'').map_or(1, |at| 3 + skip + at);
    }
    let first = inside.chars().next().map_or(0, char::len_utf8);
    if first > 0 && inside[first..].starts_with('\'') { first + 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_told_from_other_code() {
        for code in ["x", "v.len() + 1", "{ let a = 1; a }", "f(x)?", "\")\"", "x // y"] {
            assert!(is_expression(code), "{code}");
        }
        for code in
            ["", "let a = 1", "x;", "1) + (2", "1); const D: () = (2", "fn f() {}", ":vars", "a b"]
        {
            assert!(!is_expression(code), "{code}");
        }
    }

    #[test]
    fn code_is_judged_as_a_reader_would() {
        let complete = [
            "",
            "1 + 1",
            "let x = 1;",
            "let x = 1",
            "fn f<'a>(s: &'a str) -> char { '}' }",
            ":dep serde = \"1\"",
            ":vars\nlet s = r#\"{\"#;",
            "// {",
            "/* ( /* [ */ */ 2",
            "'\\''",
            "\"\\\"(\"",
            "use std::fs;",
            "x // a,",
            "!ls",
            "'\\u{1F600}'",
            "b'('",
        ];
        for code in complete {
            assert_eq!(judge(code), Completeness::Complete, "{code}");
        }
        for (code, indent) in [
            ("fn f() {", "    "),
            ("fn f() {\n    if x {", "        "),
            ("let x =", "    "),
            ("\"abc", ""),
            ("/* a", ""),
            ("vec![1,", "    "),
            ("r#\"a\"", ""),
            ("x.\n    y() +", "    "),
        ] {
            assert_eq!(judge(code), Completeness::Incomplete(indent.to_string()), "{code}");
        }
        for code in ["let = 3;", ")", "fn f( ]", "struct { x }"] {
            assert_eq!(judge(code), Completeness::Invalid, "{code}");
        }
    }
}

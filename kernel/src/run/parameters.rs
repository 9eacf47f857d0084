//! Parameters from the command line, by papermill's convention: a cell tagged `parameters` declares them, and
//! a cell tagged `injected-parameters` after it that sets them again.

use nbformat::v4::{Cell, CellId, CellMetadata, Notebook};

/// One `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub value: String,
}

impl Parameter {
    /// Reads `NAME=VALUE`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=')?;
        let mut letters = name.chars();
        let first = letters.next()?;
        let valid = (first.is_alphabetic() || first == '_')
            && letters.all(|c| c.is_alphanumeric() || c == '_');
        valid.then(|| Self { name: name.to_string(), value: value.to_string() })
    }
}

/// Sets the parameters that the notebook declares; returns their names.
pub fn inject(notebook: &mut Notebook, parameters: &[Parameter]) -> Vec<String> {
    let has_tag = |metadata: &CellMetadata, tag: &str| {
        metadata.tags.as_ref().is_some_and(|tags| tags.iter().any(|t| t == tag))
    };
    notebook.cells.retain(|cell| !has_tag(cell.metadata(), "injected-parameters"));
    let Some(at) = notebook.cells.iter().position(|cell| {
        matches!(cell, Cell::Code { .. }) && has_tag(cell.metadata(), "parameters")
    }) else {
        return Vec::new();
    };
    let declared = notebook.cells[at].source().concat();
    let mut code = String::from("// Parameters");
    let mut names = Vec::new();
    for parameter in parameters {
        let Some(declaration) =
            declared.lines().find_map(|line| Declaration::parse(line, &parameter.name))
        else {
            continue;
        };
        code.push_str(&format!("\n{}", declaration.with(&parameter.value)));
        names.push(parameter.name.clone());
    }
    if names.is_empty() {
        return names;
    }
    let metadata = CellMetadata {
        tags: Some(vec!["injected-parameters".to_string()]),
        ..CellMetadata::default()
    };
    notebook.cells.insert(
        at + 1,
        Cell::Code {
            id: CellId::from(uuid::Uuid::new_v4()),
            metadata,
            execution_count: None,
            source: code.split_inclusive('\n').map(str::to_string).collect(),
            outputs: Vec::new(),
        },
    );
    names
}

/// The first line of the cell into which papermill puts parameters.
const INJECTED: &str = "// Parameters";

/// The code of a cell into which papermill has put parameters, each with the type, and in the manner, of the declaration in
/// an earlier cell that it replaces. Other code stays as it is.
pub fn typed<'a>(code: &'a str, earlier: &[&str]) -> std::borrow::Cow<'a, str> {
    if code.lines().next().map(str::trim) != Some(INJECTED) {
        return code.into();
    }
    let line = |line: &str| {
        let (name, value) = line.trim().strip_prefix("let ")?.strip_suffix(';')?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let declared = earlier
            .iter()
            .rev()
            .flat_map(|code| code.lines())
            .find_map(|line| Declaration::parse(line, name))?;
        Some(declared.with(&unquoted(value)))
    };
    let lines: Vec<String> =
        code.lines().map(|text| line(text).unwrap_or_else(|| text.to_string())).collect();
    lines.join("\n").into()
}

/// A text without its quotes and escapes; other values as they are.
fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_string();
    };
    let mut text = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    text
}

/// `let mut name: Type = value;`
#[derive(Debug, PartialEq, Eq)]
struct Declaration<'a> {
    head: &'a str,
    value: &'a str,
}

impl<'a> Declaration<'a> {
    fn parse(line: &'a str, name: &str) -> Option<Self> {
        let line = line.trim();
        let (head, value) = line.split_once('=')?;
        let words = head.trim().strip_prefix("let ")?.trim_start();
        let words = words.strip_prefix("mut ").unwrap_or(words).trim_start();
        let after = words.strip_prefix(name)?.trim_start();
        if !(after.is_empty() || after.starts_with(':')) {
            return None;
        }
        let value = value.split(';').next().unwrap_or_default().trim();
        Some(Self { head: head.trim_end(), value })
    }

    /// The declaration with another value: of its type where it states one, else written in the manner of the old one.
    fn with(&self, value: &str) -> String {
        let old = self.value;
        let kind = self.head.split_once(':').map(|(_, kind)| kind.trim());
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let suffix = number_suffix(old).filter(|_| number_suffix(value).is_none());
        let has_fraction = match kind {
            Some(kind) => matches!(kind, "f32" | "f64"),
            None => is_number(old) && old.contains('.'),
        };
        let new = if old.starts_with('"') {
            let text = format!("{value:?}");
            // `"x".to_string()` stays an owned text.
            old.rfind('"').map_or(text.clone(), |end| text + &old[end + 1..])
        } else if kind == Some("String") {
            format!("{value:?}.to_string()")
        } else if kind.is_some_and(|kind| kind.starts_with('&') && kind.ends_with("str")) {
            format!("{value:?}")
        } else {
            match suffix {
                Some(suffix) if is_number(value) => format!("{value}{suffix}"),
                // A whole number where the notebook has a fraction.
                _ if is_number(value) && has_fraction && !value.contains(['.', 'e', '_', 'f']) => {
                    format!("{value}.0")
                }
                _ => value.to_string(),
            }
        };
        format!("{} = {new};", self.head)
    }
}

/// The type at the end of a number such as `10usize` or `0.5_f32`.
fn number_suffix(number: &str) -> Option<&str> {
    let types =
        ["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize", "f32", "f64"];
    let is_number = number.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    let kind = types.into_iter().find(|kind| number.ends_with(kind))?;
    (is_number && !number.starts_with("0x")).then(|| &number[number.len() - kind.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papermills_parameters_get_the_types_of_the_declared() {
        let declared = "let epochs: usize = 10;\nlet mut rate = 0.5; let x = 1;\nlet name = \"a\".to_string();";
        let code = "// Parameters\nlet epochs = 2;\nlet rate = 1;\nlet name = \"b \\\"c\\\"\";\nlet other = 3;\n";
        let expected = "// Parameters\nlet epochs: usize = 2;\nlet mut rate = 1.0;\n\
                        let name = \"b \\\"c\\\"\".to_string();\nlet other = 3;";
        assert_eq!(typed(code, &["let epochs = 1;", declared]), expected);
        assert_eq!(typed("let epochs = 2;", &[declared]), "let epochs = 2;");
    }
    use serde_json::json;

    fn parameter(text: &str) -> Parameter {
        Parameter::parse(text).unwrap()
    }

    #[test]
    fn parameters_are_set_in_the_manner_of_their_declaration() {
        let mut notebook: Notebook = serde_json::from_value(json!({
            "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
            "cells": [
                {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": null, "outputs": [], "source": "let epochs = 9;"},
                {"cell_type": "code", "id": "b", "metadata": {"tags": ["parameters"]}, "execution_count": null, "outputs": [],
                 "source": ["let epochs: usize = 10; // how long\n", "let mut rate = 0.5_f32;\n", "let name = \"a\".to_string();\n", "let decay = 0.1;"]},
                {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": null, "outputs": [], "source": "run()"},
            ],
        }))
        .unwrap();
        let parameters =
            ["epochs=2", "rate=1e-3", "name=ñ \"x\"", "decay=1", "other=3"].map(parameter);
        for _ in 0..2 {
            // A notebook that was run with parameters before is not given them twice.
            assert_eq!(inject(&mut notebook, &parameters), ["epochs", "rate", "name", "decay"]);
            assert_eq!(notebook.cells.len(), 4);
        }
        assert_eq!(
            notebook.cells[2].source().concat(),
            "// Parameters\nlet epochs: usize = 2;\nlet mut rate = 1e-3f32;\n\
             let name = \"ñ \\\"x\\\"\".to_string();\nlet decay = 1.0;"
        );
    }

    #[test]
    fn a_stated_type_decides_where_the_old_value_is_an_expression() {
        for (declared, value, expected) in [
            (
                "let weights: String = String::new();",
                "a b.pth",
                "let weights: String = \"a b.pth\".to_string();",
            ),
            ("let name: &'static str = NAME;", "x", "let name: &'static str = \"x\";"),
            ("let folds: usize = if 0.5 < share { 5 } else { 3 };", "7", "let folds: usize = 7;"),
            ("let rate: f64 = 1.0 / 3.0;", "1", "let rate: f64 = 1.0;"),
            ("let rate: f32 = base();", "1e-3", "let rate: f32 = 1e-3;"),
            ("let all: bool = share > 0.5;", "true", "let all: bool = true;"),
            ("let share = value.sqrt();", "1", "let share = 1;"),
        ] {
            let name = declared["let ".len()..].split([':', ' ']).next().unwrap();
            let found = Declaration::parse(declared, name).unwrap().with(value);
            assert_eq!(found, expected, "{declared}");
        }
    }

    #[test]
    fn names_are_identifiers() {
        assert_eq!(parameter("a=b=c"), Parameter { name: "a".into(), value: "b=c".into() });
        for bad in ["a", "1a=2", "=2", "a b=1"] {
            assert_eq!(Parameter::parse(bad), None, "{bad}");
        }
    }
}

//! Lists that Python wrote as text, such as `['Historia', 'Cultura']`.

use super::column::{Column, ColumnType};
use super::frame::{Table, cut};
use crate::Result;

impl Table {
    /// Turns columns of lists written as text, such as `['Historia', "L'Hospitalet"]`, into list
    /// columns. Quotes may be single or double, with Python's escapes; `[]` is an empty list; empty
    /// cells stay empty; columns that hold lists already stay as they are.
    ///
    /// # Errors
    /// When there is no such column, or a cell is not such a list: the message names row and column.
    pub fn parse_lists(&self, names: &[&str]) -> Result<Self> {
        let mut table = self.clone();
        for name in names {
            if self.column(name)?.column_type() == ColumnType::List {
                continue;
            }
            let mut lists = Vec::with_capacity(self.rows());
            for (row, text) in self.text_column(name)?.iter().enumerate() {
                lists.push(match text {
                    None => None,
                    Some(text) => Some(parse_list(text).map_err(|reason| {
                        self.at(name, row, format!("`{}` is not a list: {reason}", cut(text, 60)))
                            .help("write it as ['one', 'two'], or [] when it is empty")
                    })?),
                });
            }
            table = table.with_column(name, Column::List(lists))?;
        }
        Ok(table)
    }
}

/// The items of a Python list of strings; bare words and numbers are taken as they stand.
fn parse_list(text: &str) -> std::result::Result<Vec<String>, String> {
    let mut rest = text.trim().strip_prefix('[').ok_or("it does not start with `[`")?.trim_start();
    let mut items = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(']') {
            return if end.is_empty() {
                Ok(items)
            } else {
                Err(format!("`{end}` follows its end"))
            };
        }
        let (item, after) = match rest.chars().next() {
            None => return Err("the closing `]` is missing".to_string()),
            Some(quote @ ('\'' | '"')) => quoted(&rest[1..], quote)?,
            Some('[') => return Err("it holds another list".to_string()),
            Some(_) => {
                let end = rest.find([',', ']']).ok_or("the closing `]` is missing")?;
                (rest[..end].trim().to_string(), &rest[end..])
            }
        };
        items.push(item);
        rest = after.trim_start();
        if let Some(next) = rest.strip_prefix(',') {
            rest = next.trim_start();
        } else if !rest.starts_with(']') {
            return Err(if rest.is_empty() {
                "the closing `]` is missing".to_string()
            } else {
                format!("a comma is missing before `{rest}`")
            });
        }
    }
}

/// A string up to its closing quote, escapes resolved, and what follows it.
fn quoted(text: &str, quote: char) -> std::result::Result<(String, &str), String> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Ok((value, &text[at + 1..]));
        }
        if character != '\\' {
            value.push(character);
            continue;
        }
        match characters.next() {
            Some((_, 'n')) => value.push('\n'),
            Some((_, 't')) => value.push('\t'),
            Some((_, 'r')) => value.push('\r'),
            Some((_, escaped @ ('\\' | '\'' | '"'))) => value.push(escaped),
            Some((_, kind @ ('x' | 'u' | 'U'))) => {
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code: String =
                    characters.by_ref().take(digits).map(|(_, digit)| digit).collect();
                let decoded = (code.len() == digits)
                    .then(|| u32::from_str_radix(&code, 16).ok().and_then(char::from_u32))
                    .flatten();
                value.push(decoded.ok_or_else(|| format!("`\\{kind}{code}` is no character"))?);
            }
            // Python keeps the backslash of an escape that it does not know.
            Some((_, other)) => value.extend(['\\', other]),
            None => break,
        }
    }
    Err(format!("a closing {quote} is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values are what Python's `ast.literal_eval` gives.
    #[test]
    fn lists_are_read_as_python_reads_them() {
        let cases: [(&str, &[&str]); 10] = [
            ("[]", &[]),
            ("  [ ]  ", &[]),
            ("['Historia', 'Cultura']", &["Historia", "Cultura"]),
            ("['Historia','Cultura',]", &["Historia", "Cultura"]),
            (r#"["L'Hospitalet", 'a "b"']"#, &["L'Hospitalet", "a \"b\""]),
            (r"['L\'Hospitalet', 'a\\b', 'c\td']", &["L'Hospitalet", "a\\b", "c\td"]),
            ("['a, b', 'c] d', '[e']", &["a, b", "c] d", "[e"]),
            (r"['\xe1\u00f1\U0001f3db', '\d']", &["áñ🏛", r"\d"]),
            ("['']", &[""]),
            ("[1, 2.5, None]", &["1", "2.5", "None"]),
        ];
        for (text, items) in cases {
            assert_eq!(parse_list(text).unwrap(), items, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_says_why() {
        let cases = [
            ("Historia", "start with `[`"),
            ("", "start with `[`"),
            ("['a'", "closing `]`"),
            ("['a, 'b']", "comma is missing"),
            ("['a", "closing ' is missing"),
            ("['a'] b", "follows its end"),
            ("['a' 'b']", "comma is missing"),
            ("[['a']]", "another list"),
            (r"['\xzz']", "is no character"),
            (r"['\", "closing ' is missing"),
        ];
        for (text, reason) in cases {
            let error = parse_list(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}

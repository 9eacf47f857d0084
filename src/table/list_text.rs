//! Lists written as text: by Python, JSON or NumPy, or with a separator.

use super::column::{Column, ColumnType};
use super::frame::{Table, cut};
use crate::{Error, ErrorKind, Result};

impl Table {
    /// Turns columns of lists written as text into list columns: Python's `['Historia', "L'Hospitalet"]`, JSON's
    /// `["caf\u00e9"]`, NumPy's `['Historia' 'Cultura']` and `[3 14 15]`, tuples and sets. `[]` is an empty list; nulls stay
    /// nulls; columns that hold lists already stay as they are.
    ///
    /// # Errors
    /// When there is no such column, or a cell is not such a list: the message names row and column.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("tags", vec!["['a', 'b']", "[]"].into())])?;
    /// assert_eq!(table.parse_lists(&["tags"])?.lists("tags")?, [vec!["a", "b"], vec![]]);
    /// # Ok(()) }
    /// ```
    pub fn parse_lists(&self, names: &[&str]) -> Result<Self> {
        let mut table = self.clone();
        for name in names {
            let column = self.column(name)?;
            if column.column_type() == ColumnType::List {
                continue;
            }
            // A column of empty cells is read as numbers.
            if column.nulls() == self.rows() {
                table = table.with_column(name, Column::List(vec![None; self.rows()]))?;
                continue;
            }
            let mut lists = Vec::with_capacity(self.rows());
            for (row, text) in self.text_column(name)?.iter().enumerate() {
                lists.push(match text {
                    None => None,
                    Some(text) => Some(parse_list(text).map_err(|reason| {
                        self.at(name, row, format!("`{}` is not a list: {reason}", cut(text, 60)))
                            .help("write it as ['one', 'two'], or [] when it is empty; for `one|two` use `split_lists`")
                    })?),
                });
            }
            table = table.with_column(name, Column::List(lists))?;
        }
        Ok(table)
    }
}

impl Table {
    /// Turns columns of texts such as `Drama|Comedy` into list columns: the parts between `separator`, without the
    /// blanks around them. An empty text is an empty list; nulls stay nulls.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("genres", vec!["Drama | Comedy", "Drama"].into())])?;
    /// let lists = table.split_lists(&["genres"], "|")?.lists("genres")?;
    /// assert_eq!(lists, [vec!["Drama", "Comedy"], vec!["Drama"]]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column or it does not hold text; `Parameter` when the separator is empty.
    pub fn split_lists(&self, names: &[&str], separator: &str) -> Result<Self> {
        if separator.is_empty() {
            return Err(Error::new(
                ErrorKind::Parameter,
                "the separator of lists must not be empty",
            ));
        }
        let parts = |text: &str| -> Vec<String> {
            if text.trim().is_empty() {
                return Vec::new();
            }
            text.split(separator).map(|part| part.trim().to_string()).collect()
        };
        let mut table = self.clone();
        for name in names {
            if self.column(name)?.nulls() == self.rows() {
                table = table.with_column(name, Column::List(vec![None; self.rows()]))?;
                continue;
            }
            let lists = self.text_column(name)?.iter().map(|text| text.map(parts)).collect();
            table = table.with_column(name, Column::List(lists))?;
        }
        Ok(table)
    }
}

/// The items of a list of strings; bare words and numbers are taken as they stand.
fn parse_list(text: &str) -> std::result::Result<Vec<String>, String> {
    let text = text.trim();
    let (rest, closing) = match text.chars().next() {
        Some('[') => (&text[1..], ']'),
        Some('(') => (&text[1..], ')'),
        Some('{') => (&text[1..], '}'),
        _ if text == "set()" => return Ok(Vec::new()),
        _ => return Err("it does not start with `[`".to_string()),
    };
    let mut rest = rest.trim_start();
    // NumPy writes numbers without commas: `[3 14 15]`.
    if let Some(inner) = rest.strip_suffix(closing)
        && let numbers = inner.split_whitespace().map(str::to_string).collect::<Vec<_>>()
        && numbers.len() > 1
        && numbers.iter().all(|number| number.parse::<f64>().is_ok())
    {
        return Ok(numbers);
    }
    let mut items = Vec::new();
    let mut before = None;
    loop {
        if let Some(end) = rest.strip_prefix(closing) {
            return if end.is_empty() {
                Ok(items)
            } else {
                Err(format!("`{end}` follows its end"))
            };
        }
        let (item, after) = match rest.chars().next() {
            None => return Err(missing(closing)),
            Some(quote @ ('\'' | '"')) => quoted(&rest[1..], quote)?,
            Some('[' | '(' | '{') => return Err("it holds another list".to_string()),
            // Python 2's texts, and bytes.
            Some('u' | 'b') if rest[1..].starts_with(['\'', '"']) => {
                let quote = if rest[1..].starts_with('"') { '"' } else { '\'' };
                quoted(&rest[2..], quote)?
            }
            Some(_) if rest.starts_with("np.") && rest.contains('(') => scalar(rest)?,
            Some(_) => {
                let end = rest.find([',', closing]).ok_or_else(|| missing(closing))?;
                (rest[..end].trim().to_string(), &rest[end..])
            }
        };
        items.push(item);
        let next = after.trim_start();
        let mark = if let Some(next) = next.strip_prefix(',') {
            rest = next.trim_start();
            Mark::Comma
        } else if next.starts_with(closing) {
            rest = next;
            continue;
        } else if next.is_empty() {
            return Err(missing(closing));
        } else if next.starts_with(['\'', '"']) && next.len() < after.len() {
            // NumPy writes blanks and line breaks between the items of an array.
            rest = next;
            Mark::Blank
        } else {
            return Err(format!("a comma is missing before `{next}`"));
        };
        if *before.get_or_insert(mark) != mark {
            return Err(format!("a comma is missing before `{rest}`"));
        }
    }
}

/// A value as NumPy 2 writes it in a list, `np.str_('a')` or `np.float64(0.5)`, and what follows it.
fn scalar(text: &str) -> std::result::Result<(String, &str), String> {
    let inner = text.split_once('(').map_or("", |(_, inner)| inner);
    let (item, after) = match inner.chars().next() {
        Some(quote @ ('\'' | '"')) => quoted(&inner[1..], quote)?,
        _ => {
            let end = inner.find(')').ok_or_else(|| missing(')'))?;
            (inner[..end].trim().to_string(), &inner[end..])
        }
    };
    Ok((item, after.strip_prefix(')').ok_or_else(|| missing(')'))?))
}

/// The separator between two items.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Comma,
    Blank,
}

fn missing(closing: char) -> String {
    format!("the closing `{closing}` is missing")
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
            Some((_, 'b')) => value.push('\u{8}'),
            Some((_, 'f')) => value.push('\u{c}'),
            Some((_, escaped @ ('\\' | '\'' | '"' | '/'))) => value.push(escaped),
            Some((_, kind @ ('x' | 'u' | 'U'))) => {
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let mut code = hexadecimal(&mut characters, digits)
                    .map_err(|code| format!("`\\{kind}{code}` is no character"))?;
                // JSON writes characters beyond the first 65,536 as two halves.
                if kind == 'u' && (0xD800..0xDC00).contains(&code) {
                    let mut ahead = characters.clone();
                    if ahead.next().map(|(_, c)| c) == Some('\\')
                        && ahead.next().map(|(_, c)| c) == Some('u')
                        && let Ok(low) = hexadecimal(&mut ahead, 4)
                        && (0xDC00..0xE000).contains(&low)
                    {
                        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                        characters = ahead;
                    }
                }
                let decoded = char::from_u32(code);
                value.push(decoded.ok_or_else(|| format!("`\\{kind}{code:04x}` is no character"))?);
            }
            Some((_, 'a')) => value.push('\u{7}'),
            Some((_, 'v')) => value.push('\u{b}'),
            // A line that goes on.
            Some((_, '\n')) => {}
            Some((_, digit @ '0'..='7')) => {
                let mut code = u32::from(digit) - u32::from('0');
                for _ in 0..2 {
                    let mut ahead = characters.clone();
                    let Some(digit) = ahead.next().and_then(|(_, c)| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    characters = ahead;
                }
                value.extend(char::from_u32(code));
            }
            // Python keeps the backslash of an escape that it does not know.
            Some((_, other)) => value.extend(['\\', other]),
            None => break,
        }
    }
    Err(format!("a closing {quote} is missing"))
}

/// The number that the next `digits` hexadecimal digits stand for; what stands there instead when they do not.
fn hexadecimal(
    characters: &mut std::str::CharIndices<'_>,
    digits: usize,
) -> std::result::Result<u32, String> {
    let code: String = characters.by_ref().take(digits).map(|(_, digit)| digit).collect();
    let valid = code.len() == digits && code.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| u32::from_str_radix(&code, 16).ok()).flatten().ok_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values are what Python's `ast.literal_eval` gives.
    #[test]
    fn lists_are_read_as_python_reads_them() {
        let cases: [(&str, &[&str]); 16] = [
            ("[u'a', b\"b\", u'']", &["a", "b", ""]),
            ("{'a', 'b'}", &["a", "b"]),
            ("set()", &[]),
            ("[np.str_('a, b'), np.str_(\"c)\")]", &["a, b", "c)"]),
            ("[np.float64(0.5), np.int64(3)]", &["0.5", "3"]),
            ("[]", &[]),
            ("  [ ]  ", &[]),
            ("['Historia', 'Cultura']", &["Historia", "Cultura"]),
            ("['Historia','Cultura',]", &["Historia", "Cultura"]),
            (r#"["L'Hospitalet", 'a "b"']"#, &["L'Hospitalet", "a \"b\""]),
            (r"['L\'Hospitalet', 'a\\b', 'c\td']", &["L'Hospitalet", "a\\b", "c\td"]),
            ("['a, b', 'c] d', '[e']", &["a, b", "c] d", "[e"]),
            (r"['\xe1\u00f1\U0001f3db', '\d']", &["áñ🏛", r"\d"]),
            ("['\\101\\0\\t', '\\a\\v', 'a\\\nb']", &["A\0\t", "\u{7}\u{b}", "ab"]),
            ("['']", &[""]),
            ("[1, 2.5, None]", &["1", "2.5", "None"]),
        ];
        for (text, items) in cases {
            assert_eq!(parse_list(text).unwrap(), items, "{text}");
        }
    }

    /// Written by `json.dumps`, `str(numpy.array(..))` and `str(tuple)`.
    #[test]
    fn lists_of_json_and_numpy() {
        let cases: [(&str, &[&str]); 8] = [
            ("[3 14 15]", &["3", "14", "15"]),
            ("[ 0.5  1.  -2e-3\n  nan]", &["0.5", "1.", "-2e-3", "nan"]),
            ("[New York, Paris]", &["New York", "Paris"]),
            (r#"["vista \ud83c\udfdb", "caf\u00e9", "a\/b"]"#, &["vista 🏛", "café", "a/b"]),
            ("['Historia' 'Cultura']", &["Historia", "Cultura"]),
            ("['a'\n 'b c']", &["a", "b c"]),
            ("('a', 'b')", &["a", "b"]),
            ("('a',)", &["a"]),
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
            ("['a' 'b', 'c']", "comma is missing"),
            ("['a''b']", "comma is missing"),
            (r#"["\ud83c"]"#, "is no character"),
            ("[['a']]", "another list"),
            ("[('a', 1)]", "another list"),
            ("{'a': 1}", "comma is missing"),
            ("[np.str_('a']", "closing `)` is missing"),
            ("[np.float64(1", "closing `)` is missing"),
            (r"['\xzz']", "is no character"),
            (r"['\", "closing ' is missing"),
        ];
        for (text, reason) in cases {
            let error = parse_list(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}

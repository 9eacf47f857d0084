//! Patterns of file names that hold a class.

use crate::{Error, ErrorKind, Result};
use std::fmt;

/// A pattern with one `{class}`, any number of `{number}` and `*`, and text that stands for itself.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    source: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Class,
    Number,
    Any,
    Text(String),
}

impl Pattern {
    pub(super) fn new(source: &str) -> Result<Self> {
        let mut tokens = Vec::new();
        let mut rest = source;
        let special = [("{class}", Token::Class), ("{number}", Token::Number), ("*", Token::Any)];
        while let Some(first) = rest.chars().next() {
            if let Some((name, token)) = special.iter().find(|(name, _)| rest.starts_with(name)) {
                tokens.push(token.clone());
                rest = &rest[name.len()..];
                continue;
            }
            match tokens.last_mut() {
                Some(Token::Text(text)) => text.push(first),
                _ => tokens.push(Token::Text(first.to_string())),
            }
            rest = &rest[first.len_utf8()..];
        }
        if tokens.iter().filter(|token| **token == Token::Class).count() != 1 {
            let problem =
                format!("the pattern must have exactly one `{{class}}`, found `{source}`");
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("`{class}_{number}` matches `Frida_Kahlo_12`; `*` is any text"));
        }
        Ok(Self { source: source.to_string(), tokens })
    }

    /// The class in `name`, if the whole of it matches. Each part takes as much text as it can.
    pub(super) fn class<'a>(&self, name: &'a str) -> Option<&'a str> {
        matched(&self.tokens, name).flatten()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// The class, if `tokens` match `text`: `Some(None)` when they hold none.
fn matched<'a>(tokens: &[Token], text: &'a str) -> Option<Option<&'a str>> {
    let Some((token, rest)) = tokens.split_first() else {
        return text.is_empty().then_some(None);
    };
    if let Token::Text(expected) = token {
        return matched(rest, text.strip_prefix(expected.as_str())?);
    }
    let least = if *token == Token::Any { 0 } else { 1 };
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut ends = ends.into_iter().skip(least).rev();
    ends.find_map(|end| {
        let (own, after) = text.split_at(end);
        if *token == Token::Number && !own.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let class = matched(rest, after)?;
        Some(if *token == Token::Class { Some(own) } else { class })
    })
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn classes_are_found() {
        for (pattern, name, class) in [
            ("{class}_{number}", "Vincent_van_Gogh_877", Some("Vincent_van_Gogh")),
            ("{class}_{number}", "Albrecht_Dürer_1", Some("Albrecht_Dürer")),
            ("{class}_{number}", "Goya", None),
            ("{class}_{number}", "_1", None),
            ("IMG-{number}-{class}-*", "IMG-007-cat-left-side", Some("cat-left")),
            ("*.{class}", "a.b.dog", Some("dog")),
            ("{class}", "", None),
            ("{class}", "葛飾", Some("葛飾")),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().class(name), class, "{pattern} {name}");
        }
        assert!(Pattern::new("{class}{class}").is_err());
    }
}

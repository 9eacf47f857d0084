//! Texts of a chart that depend on the language: words and numbers of the library beside names of the user.

use super::super::words::{Language, Word};

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Word(Word),
    /// A value with its decimals.
    Number(f64, usize),
}

/// A text that is put together when the language is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Caption(Vec<Part>);

impl Caption {
    pub fn of(word: Word) -> Self {
        Self(vec![Part::Word(word)])
    }

    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    pub fn word(mut self, word: Word) -> Self {
        self.0.push(Part::Word(word));
        self
    }

    pub fn number(mut self, value: f64, decimals: usize) -> Self {
        self.0.push(Part::Number(value, decimals));
        self
    }

    pub fn in_language(&self, language: Language) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Word(word) => language.word(*word).to_string(),
            Part::Number(value, decimals) => language.number(*value, *decimals),
        };
        self.0.iter().map(part).collect()
    }
}

impl From<&str> for Caption {
    fn from(text: &str) -> Self {
        Self::default().text(text)
    }
}

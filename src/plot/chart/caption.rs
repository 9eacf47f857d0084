//! Texts of a chart that depend on the language: words and numbers of the library beside names of the user.

use super::super::words::{Language, Word};
use super::noun::Noun;

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Word(Word),
    /// The same in English and Spanish.
    Phrase(&'static str, &'static str),
    Count(usize, Noun),
    /// The name of a metric.
    Metric(String),
    /// A value with its decimals.
    Number(f64, usize),
}

/// A text that is put together when the language is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::plot) struct Caption(Vec<Part>);

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

    /// A count with its noun, such as `2 boxes`.
    pub fn counted(count: usize, noun: Noun) -> Self {
        Self::default().count(count, noun)
    }

    /// As [`Self::counted`], behind what there is.
    pub fn count(mut self, count: usize, noun: Noun) -> Self {
        self.0.push(Part::Count(count, noun));
        self
    }

    /// Words that join the others, in English and Spanish.
    pub fn phrase(mut self, english: &'static str, spanish: &'static str) -> Self {
        self.0.push(Part::Phrase(english, spanish));
        self
    }

    /// ` of `.
    pub fn of_what(self) -> Self {
        self.phrase(" of ", " de ")
    }

    /// The name of a metric, such as `loss`.
    pub fn metric(mut self, name: impl Into<String>) -> Self {
        self.0.push(Part::Metric(name.into()));
        self
    }

    pub fn number(mut self, value: f64, decimals: usize) -> Self {
        self.0.push(Part::Number(value, decimals));
        self
    }

    pub(in crate::plot) fn in_language(&self, language: Language) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Word(word) => language.word(*word).to_string(),
            Part::Phrase(english, spanish) => match language {
                Language::English => english.to_string(),
                Language::Spanish => spanish.to_string(),
            },
            Part::Count(count, noun) => noun.counted(*count, language),
            Part::Metric(name) => language.metric(name).to_string(),
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

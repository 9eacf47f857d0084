//! The words of a vocabulary by their spelling, to find them under the spellings of a file.

use super::normalize::strip_accents;
use super::vocabulary::Vocabulary;
use std::collections::HashMap;

/// The words of a vocabulary by their folded spelling: lower case, without accents.
pub(super) struct Spellings<'a> {
    words: HashMap<String, Vec<(usize, &'a str)>>,
}

impl<'a> Spellings<'a> {
    pub(super) fn new(vocabulary: &'a Vocabulary) -> Self {
        let words = vocabulary.words();
        let first = vocabulary.len() - words.len();
        let mut spellings = Self { words: HashMap::with_capacity(words.len()) };
        for (place, word) in words.into_iter().enumerate() {
            spellings.words.entry(fold(word)).or_default().push((first + place, word));
        }
        spellings
    }

    /// The numbers of the words that `word` may stand for, each with the distance of the spellings: 0 for the same, 1 for
    /// another case, 2 for other accents.
    pub(super) fn find(&self, word: &str) -> Vec<(usize, u8)> {
        let known =
            if is_folded(word) { self.words.get(word) } else { self.words.get(&fold(word)) };
        let distance = |known: &str| match known {
            known if known == word => 0,
            known if known.to_lowercase() == word.to_lowercase() => 1,
            _ => 2,
        };
        known.into_iter().flatten().map(|(id, known)| (*id, distance(known))).collect()
    }
}

fn is_folded(word: &str) -> bool {
    word.is_ascii() && !word.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn fold(word: &str) -> String {
    if is_folded(word) {
        return word.to_string();
    }
    strip_accents(&word.to_lowercase()).into_owned()
}

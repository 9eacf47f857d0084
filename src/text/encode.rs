//! Texts as the numbers that a vocabulary gives their words.

use super::corpus::Corpus;
use super::vocabulary::Vocabulary;
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use rayon::prelude::*;

/// Texts below this number are not worth another thread.
const PIECE: usize = 4_096;

impl Corpus {
    /// The tokens of every text, `[texts, length]`: longer texts are cut, shorter ones filled up with
    /// [`Vocabulary::PADDING`], and words that the vocabulary lacks are [`Vocabulary::UNKNOWN`]. A text without words is one
    /// unknown word, so that it has a prediction like any other.
    ///
    /// # Errors
    /// When `length` is 0.
    pub fn encode(&self, vocabulary: &Vocabulary, length: usize) -> Result<Array2<u32>> {
        if length == 0 {
            let problem = "`length` must be at least 1, found 0";
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("give the words that a text may have, such as 16"));
        }
        let known: Vec<u32> = self.words.iter().map(|word| vocabulary.id(word)).collect();
        let mut tokens = vec![Vocabulary::PADDING; self.len() * length];
        tokens.par_chunks_mut(length).enumerate().with_min_len(PIECE).for_each(|(row, target)| {
            let words = self.row(row);
            if words.is_empty() {
                target[0] = Vocabulary::UNKNOWN;
            }
            let words = words.iter().map(|word| known[*word as usize]);
            target.iter_mut().zip(words).for_each(|(target, token)| *target = token);
        });
        Array2::from_shape_vec((self.len(), length), tokens)
            .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
    }

    /// The share of the words in the texts `rows` that are not in the vocabulary, from 0 to 1 (the out-of-vocabulary rate).
    ///
    /// # Errors
    /// When there is no such text, or the texts have no words.
    pub fn unknown_rate(&self, vocabulary: &Vocabulary, rows: &[usize]) -> Result<f64> {
        self.rate(rows, &|word| vocabulary.get(word).is_none())
    }
}

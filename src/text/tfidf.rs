//! Term frequencies weighted by how rare the terms are.

use super::interner::Interner;
use super::{Corpus, SparseMatrix};
use crate::{Error, ErrorKind, Result};
use rayon::prelude::*;
use std::collections::HashMap;

/// Longest n-gram.
const LONGEST: usize = 3;
/// Fills the key of an n-gram shorter than [`LONGEST`].
const NONE: u32 = u32::MAX;

type Key = [u32; LONGEST];

/// Settings of [`TfIdf`]: n-grams, the least document frequency, and sublinear term frequency. The default is scikit-learn's, on
/// words and pairs of words.
///
/// ```
/// use cuaderno::text::{Corpus, TfIdf, TfIdfConfig, Tokenizer};
/// let corpus = Corpus::new(&["té verde", "té negro"], &Tokenizer::spanish());
/// let words = TfIdfConfig { max_ngram: 1, min_count: 1, ..TfIdfConfig::default() };
/// let pairs = TfIdfConfig { max_ngram: 2, ..words.clone() };
/// assert_eq!(TfIdf::fit(&corpus, &[0, 1], &words)?.len(), 3);
/// assert_eq!(TfIdf::fit(&corpus, &[0, 1], &pairs)?.len(), 3 + 2); // also `té verde`, `té negro`
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TfIdfConfig {
    /// The longest sequence of neighbouring words that is a term: 1 for words alone, at most 3.
    pub max_ngram: usize,
    /// The fewest texts that a term must be in (scikit-learn's `min_df`).
    pub min_count: usize,
    /// Counts a term that occurs n times as 1 + ln n instead of n.
    pub sublinear: bool,
}

impl Default for TfIdfConfig {
    fn default() -> Self {
        Self { max_ngram: 2, min_count: 1, sublinear: false }
    }
}

/// Term weights as scikit-learn's `TfidfVectorizer`: term frequency times `ln((1 + n) / (1 + df)) + 1`, each row then
/// scaled to length 1; n is the number of training texts and df the number of those that have the term.
///
/// ```
/// use cuaderno::text::{Corpus, TfIdf, TfIdfConfig, Tokenizer};
/// # fn main() -> cuaderno::Result<()> {
/// let corpus = Corpus::new(&["té verde", "té negro", "funda gel"], &Tokenizer::spanish());
/// let config = TfIdfConfig { max_ngram: 1, ..TfIdfConfig::default() };
/// let terms = TfIdf::fit(&corpus, &[0, 1, 2], &config)?;
/// let matrix = terms.transform(&corpus, &[0])?;
/// assert_eq!((matrix.rows(), matrix.columns(), matrix.stored()), (1, 5, 2));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TfIdf {
    config: TfIdfConfig,
    words: Interner,
    terms: HashMap<Key, u32>,
    keys: Vec<Key>,
    idf: Vec<f64>,
}

impl TfIdf {
    /// The terms of the texts `rows`, those of the training split, and how rare each is.
    ///
    /// # Errors
    /// When there is no such text, a setting is out of range, or no term is left.
    pub fn fit(corpus: &Corpus, rows: &[usize], config: &TfIdfConfig) -> Result<Self> {
        if !(1..=LONGEST).contains(&config.max_ngram) || config.min_count == 0 {
            let problem = format!(
                "`max_ngram` must be from 1 to {LONGEST} and `min_count` at least 1, found {} and {}",
                config.max_ngram, config.min_count
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        corpus.check(rows)?;
        // For each term: its place of first appearance, how many texts have it, and the last one that did.
        let mut found: HashMap<Key, (usize, usize, usize)> = HashMap::new();
        for (place, row) in rows.iter().enumerate() {
            each_term(corpus.row(*row), config.max_ngram, &mut |key| {
                let next = found.len();
                let term = found.entry(key).or_insert((next, 0, usize::MAX));
                if term.2 != place {
                    term.1 += 1;
                    term.2 = place;
                }
            });
        }
        let mut kept: Vec<(usize, usize, Key)> = found
            .into_iter()
            .filter(|(_, (_, texts, _))| *texts >= config.min_count)
            .map(|(key, (first, texts, _))| (first, texts, key))
            .collect();
        kept.sort_unstable();
        if kept.is_empty() {
            let problem = format!("no term is in {} of {} texts", config.min_count, rows.len());
            return Err(Error::new(ErrorKind::Parameter, problem).help("lower `min_count`"));
        }
        // Numbers of the corpus become this struct's own: other corpora number their words otherwise.
        let mut words = Interner::default();
        let mut own = |number: u32| match number {
            NONE => NONE,
            number => words.intern(corpus.word(number as usize)),
        };
        let keys: Vec<Key> = kept.iter().map(|(_, _, key)| key.map(&mut own)).collect();
        let count = rows.len() as f64;
        let idf =
            kept.iter().map(|(_, texts, _)| ((1.0 + count) / (1.0 + *texts as f64)).ln() + 1.0);
        Ok(Self {
            config: config.clone(),
            terms: keys.iter().enumerate().map(|(term, key)| (*key, term as u32)).collect(),
            idf: idf.collect(),
            keys,
            words,
        })
    }

    /// Number of terms: the columns of the matrix.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Always `false`: a fit without terms is an error.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The words of a term, joined by spaces; empty when there is no such term.
    pub fn term(&self, column: usize) -> String {
        let key = self.keys.get(column).copied().unwrap_or([NONE; LONGEST]);
        let words = key.iter().filter(|word| **word != NONE);
        words.map(|word| self.words.get(*word as usize)).collect::<Vec<_>>().join(" ")
    }

    /// The inverse document frequency of each term.
    pub fn idf(&self) -> &[f64] {
        &self.idf
    }

    /// The weights of the texts `rows`, one row a text; terms that [`Self::fit`] has not seen count nothing, and a text of
    /// such terms alone is a row of zeros.
    ///
    /// # Errors
    /// When there is no such text.
    pub fn transform(&self, corpus: &Corpus, rows: &[usize]) -> Result<SparseMatrix> {
        corpus.check(rows)?;
        let known: Vec<Option<u32>> =
            (0..corpus.distinct_words()).map(|n| self.words.find(corpus.word(n))).collect();
        let weigh = |row: &usize| {
            let mut terms = Vec::new();
            each_term(corpus.row(*row), self.config.max_ngram, &mut |key| {
                let own = key.map(|number| match number {
                    NONE => Some(NONE),
                    number => known[number as usize],
                });
                if let [Some(a), Some(b), Some(c)] = own
                    && let Some(term) = self.terms.get(&[a, b, c])
                {
                    terms.push(*term);
                }
            });
            terms.sort_unstable();
            let mut weights: Vec<(u32, f64)> = Vec::with_capacity(terms.len());
            for group in terms.chunk_by(|a, b| a == b) {
                let count = group.len() as f64;
                let frequency = if self.config.sublinear { 1.0 + count.ln() } else { count };
                weights.push((group[0], frequency * self.idf[group[0] as usize]));
            }
            let length = weights.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
            weights.into_iter().map(|(term, weight)| (term, (weight / length) as f32)).collect()
        };
        let rows: Vec<Vec<(u32, f32)>> = rows.par_iter().map(weigh).collect();
        Ok(SparseMatrix::from_rows(self.len(), rows))
    }
}

/// Hands each sequence of up to `longest` words to `take`.
fn each_term(words: &[u32], longest: usize, take: &mut dyn FnMut(Key)) {
    for start in 0..words.len() {
        let mut key = [NONE; LONGEST];
        for (place, word) in words[start..].iter().take(longest).enumerate() {
            key[place] = *word;
            take(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Tokenizer;

    const TITLES: [&str; 4] =
        ["funda gel funda negra", "funda rígida", "té verde gel", "monitor led"];

    const SCIKIT_WORDS: [(&str, f64); 3] =
        [("funda", 0.777982195), ("gel", 0.388991098), ("negra", 0.493385883)];
    const SCIKIT_PAIRS: [(&str, f64); 6] = [
        ("funda", 0.527518299),
        ("funda gel", 0.395175375),
        ("funda negra", 0.395175375),
        ("gel", 0.311560805),
        ("gel funda", 0.395175375),
        ("negra", 0.395175375),
    ];

    /// `TfidfVectorizer(tokenizer=str.split)` and with `ngram_range=(1, 2), sublinear_tf=True` of scikit-learn.
    #[test]
    fn the_weights_are_scikit_learns() {
        let corpus = Corpus::new(&TITLES, &Tokenizer::spanish());
        let weights = |config: &TfIdfConfig, row: usize| {
            let terms = TfIdf::fit(&corpus, &[0, 1, 2, 3], config).unwrap();
            let matrix = terms.transform(&corpus, &[row]).unwrap();
            let (columns, values) = matrix.row(0);
            let named = columns.iter().zip(values).map(|(c, v)| (terms.term(*c as usize), *v));
            named.collect::<HashMap<_, _>>()
        };
        let words = weights(&TfIdfConfig { max_ngram: 1, ..TfIdfConfig::default() }, 0);
        for (term, expected) in SCIKIT_WORDS {
            assert!((f64::from(words[term]) - expected).abs() < 1e-6, "{term} {words:?}");
        }
        assert_eq!(words.len(), SCIKIT_WORDS.len());
        let pairs = weights(&TfIdfConfig { sublinear: true, ..TfIdfConfig::default() }, 0);
        for (term, expected) in SCIKIT_PAIRS {
            assert!((f64::from(pairs[term]) - expected).abs() < 1e-6, "{term} {pairs:?}");
        }
        assert_eq!(pairs.len(), SCIKIT_PAIRS.len());
    }

    #[test]
    fn a_text_of_new_words_is_a_row_of_zeros() {
        let corpus = Corpus::new(&TITLES, &Tokenizer::spanish());
        let config = TfIdfConfig { min_count: 2, ..TfIdfConfig::default() };
        let terms = TfIdf::fit(&corpus, &[0, 1, 2], &config).unwrap();
        assert_eq!((0..terms.len()).map(|t| terms.term(t)).collect::<Vec<_>>(), ["funda", "gel"]);
        let other = Corpus::new(&["nada", "", "gel gel"], &Tokenizer::spanish());
        let matrix = terms.transform(&other, &[0, 1, 2]).unwrap();
        assert_eq!(matrix.row(0).0.len() + matrix.row(1).0.len(), 0);
        assert_eq!(matrix.row(2), (&[1][..], &[1.0][..]));
        assert!(TfIdf::fit(&corpus, &[3], &config).is_err());
        assert!(TfIdf::fit(&corpus, &[4], &TfIdfConfig::default()).is_err());
        let none = TfIdfConfig { max_ngram: 0, ..TfIdfConfig::default() };
        assert!(TfIdf::fit(&corpus, &[0], &none).is_err());
    }
}

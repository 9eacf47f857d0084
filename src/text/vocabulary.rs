//! The words that a network knows, by number.

use super::corpus::Corpus;
use super::interner::Interner;
use super::tokenizer::Tokenizer;
use crate::table::{CsvScan, Table};
use crate::{Error, ErrorKind, Result, notebook};
use std::collections::HashMap;

/// Settings of a [`Vocabulary`]: the fewest occurrences of a word, and the most words.
///
/// ```
/// use cuaderno::text::{Corpus, Tokenizer, Vocabulary, VocabularyConfig};
/// let corpus = Corpus::new(&["funda gel", "funda rígida"], &Tokenizer::spanish());
/// let all = VocabularyConfig { min_count: 1, max_size: None };
/// assert_eq!(Vocabulary::fit(&corpus, &[0, 1], &all)?.len(), 2 + 3); // padding, unknown, three words
/// let one = VocabularyConfig { max_size: Some(1), ..all };
/// assert_eq!(Vocabulary::fit(&corpus, &[0, 1], &one)?.words(), ["funda"]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VocabularyConfig {
    /// The fewest occurrences that a word must have.
    pub min_count: usize,
    /// The most words, the most frequent first; `None` for no limit.
    pub max_size: Option<usize>,
}

impl Default for VocabularyConfig {
    fn default() -> Self {
        Self { min_count: 2, max_size: None }
    }
}

impl VocabularyConfig {
    fn check(&self) -> Result<()> {
        if self.min_count > 0 && self.max_size != Some(0) {
            return Ok(());
        }
        let problem = format!(
            "`min_count` and `max_size` must be at least 1, found {} and {:?}",
            self.min_count, self.max_size
        );
        Err(Error::new(ErrorKind::Parameter, problem))
    }
}

/// Words by number, the most frequent first; 0 is the padding and 1 any other word.
///
/// ```
/// use cuaderno::text::{Corpus, Tokenizer, Vocabulary, VocabularyConfig};
/// # fn main() -> cuaderno::Result<()> {
/// let corpus = Corpus::new(&["funda gel", "funda rígida"], &Tokenizer::spanish());
/// let vocabulary = Vocabulary::fit(&corpus, &[0, 1], &VocabularyConfig::default())?;
/// assert_eq!((vocabulary.len(), vocabulary.id("funda"), vocabulary.id("gel")), (3, 2, 1));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Vocabulary {
    words: Interner,
    counts: Vec<u64>,
}

impl Vocabulary {
    /// The number that fills texts up to a common length.
    pub const PADDING: u32 = 0;
    /// The number of every word that is not in the vocabulary.
    pub const UNKNOWN: u32 = 1;
    const FIRST: u32 = 2;

    /// The words of the texts `rows` of a corpus: those of the training split, since a word of the test split would
    /// be known before it is met. Words with equal counts keep the order of their first appearance.
    ///
    /// # Errors
    /// When there is no such text, `min_count` is 0, or no word is left.
    pub fn fit(corpus: &Corpus, rows: &[usize], config: &VocabularyConfig) -> Result<Self> {
        config.check()?;
        let counts = corpus.counts(rows)?;
        Self::of_counts(&corpus.words, &counts, rows.len(), config)
    }

    /// The words of the texts `rows` of a column that is read in batches, as [`Self::fit`] finds them: the texts are never in
    /// memory at once, only their distinct words. [`TokenFile::write`](super::TokenFile::write) then encodes the texts.
    ///
    /// # Errors
    /// As [`Self::fit`]; when the file cannot be read, or there is no such column; `Interrupted` when the user asks for it.
    pub fn from_scan(
        scan: &CsvScan,
        column: &str,
        tokenizer: &Tokenizer,
        rows: &[usize],
        config: &VocabularyConfig,
    ) -> Result<Self> {
        config.check()?;
        // How often each row is asked for.
        let mut times: HashMap<usize, u64> = HashMap::new();
        rows.iter().for_each(|row| *times.entry(*row).or_default() += 1);
        let (mut words, mut counts) = (Interner::default(), Vec::<u64>::new());
        let mut texts = 0;
        for batch in scan.text_batches(column)? {
            notebook::check()?;
            let corpus = Corpus::from_table(&batch?, column, tokenizer)?;
            let numbers: Vec<usize> =
                corpus.words.iter().map(|word| words.intern(word) as usize).collect();
            counts.resize(words.len(), 0);
            for row in 0..corpus.len() {
                let Some(times) = times.get(&(texts + row)) else { continue };
                for word in corpus.row(row) {
                    counts[numbers[*word as usize]] += times;
                }
            }
            texts += corpus.len();
        }
        if let Some(row) = rows.iter().find(|row| **row >= texts) {
            let problem = format!("expected rows below {texts}, found row {row}");
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("scan the same rows that the split was made of"));
        }
        Self::of_counts(&words, &counts, rows.len(), config)
    }

    /// Those of the words that occur often enough.
    fn of_counts(
        all: &Interner,
        counts: &[u64],
        texts: usize,
        config: &VocabularyConfig,
    ) -> Result<Self> {
        let enough = |number: &usize| counts[*number] >= config.min_count as u64;
        let mut order: Vec<usize> = (0..counts.len()).filter(enough).collect();
        order.sort_by_key(|number| std::cmp::Reverse(counts[*number]));
        order.truncate(config.max_size.unwrap_or(usize::MAX));
        if order.is_empty() {
            let problem = format!(
                "expected words that occur at least {} times, found none in {texts} texts",
                config.min_count
            );
            return Err(Error::new(ErrorKind::Parameter, problem).help("lower `min_count`"));
        }
        let mut words = Interner::default();
        order.iter().for_each(|number| {
            words.intern(all.get(*number));
        });
        Ok(Self { words, counts: order.iter().map(|number| counts[*number]).collect() })
    }

    /// Number of numbers, padding and unknown included: the rows of an embedding.
    pub fn len(&self) -> usize {
        self.words.len() + Self::FIRST as usize
    }

    /// Always `false`: padding and unknown are there.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The number of a word, [`Self::UNKNOWN`] when it is not in the vocabulary.
    pub fn id(&self, word: &str) -> u32 {
        self.get(word).unwrap_or(Self::UNKNOWN)
    }

    /// The number of a word, if it is in the vocabulary.
    pub fn get(&self, word: &str) -> Option<u32> {
        self.words.find(word).map(|number| number + Self::FIRST)
    }

    /// The word of a number: `""` for the padding, `"<unk>"` for an unknown word or a number past the end.
    pub fn word(&self, id: u32) -> &str {
        match id.checked_sub(Self::FIRST) {
            Some(number) if (number as usize) < self.words.len() => self.words.get(number as usize),
            None if id == Self::PADDING => "",
            _ => "<unk>",
        }
    }

    /// All words, from number 2 on, the most frequent first.
    pub fn words(&self) -> Vec<&str> {
        self.words.iter().collect()
    }

    /// The number of occurrences of each of [`Self::words`].
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The words of tokens, without padding.
    pub fn decode(&self, tokens: &[u32]) -> Vec<&str> {
        tokens.iter().filter(|token| **token != Self::PADDING).map(|id| self.word(*id)).collect()
    }

    /// The `most` most frequent words with their numbers and counts.
    ///
    /// # Errors
    /// None for a vocabulary; the columns always fit.
    pub fn table(&self, most: usize) -> Result<Table> {
        let most = most.min(self.words.len());
        let ids: Vec<i64> = (0..most as i64).map(|number| number + 2).collect();
        let counts: Vec<i64> = self.counts[..most].iter().map(|count| *count as i64).collect();
        Table::from_columns(vec![
            ("number", ids.into()),
            ("word", self.words.iter().take(most).collect::<Vec<_>>().into()),
            ("count", counts.into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `collections.Counter(...).most_common()` of Python 3 gives this order: counts, then first appearance.
    #[test]
    fn the_order_is_pythons() {
        let corpus = Corpus::new(&["d a b a", "c b a d", "e"], &Tokenizer::spanish());
        let config = VocabularyConfig { min_count: 1, max_size: None };
        let vocabulary = Vocabulary::fit(&corpus, &[0, 1, 2], &config).unwrap();
        assert_eq!(vocabulary.words(), ["a", "d", "b", "c", "e"]);
        assert_eq!(vocabulary.counts(), [3, 2, 2, 1, 1]);
        let limited = VocabularyConfig { min_count: 2, max_size: Some(2) };
        assert_eq!(Vocabulary::fit(&corpus, &[0, 1, 2], &limited).unwrap().words(), ["a", "d"]);
    }

    #[test]
    fn numbers_and_words_go_both_ways() {
        let corpus = Corpus::new(&["té negro", "té verde"], &Tokenizer::spanish());
        let vocabulary = Vocabulary::fit(&corpus, &[0, 1], &VocabularyConfig::default()).unwrap();
        assert_eq!(vocabulary.id("té"), 2);
        assert_eq!(vocabulary.decode(&[2, 1, 0, 0]), ["té", "<unk>"]);
        assert_eq!((vocabulary.word(99), vocabulary.get("negro")), ("<unk>", None));
    }

    #[test]
    fn a_vocabulary_without_words_is_refused() {
        let corpus = Corpus::new(&["a b", ""], &Tokenizer::spanish());
        let fit = |rows: &[usize], min_count| {
            let config = VocabularyConfig { min_count, max_size: None };
            Vocabulary::fit(&corpus, rows, &config).unwrap_err().to_string()
        };
        assert!(fit(&[0], 2).contains("lower `min_count`"));
        assert!(fit(&[1], 1).contains("found none in 1 texts"));
        assert!(fit(&[2], 1).contains("expected rows below 2, found row 2"));
        assert!(fit(&[0], 0).contains("must be at least 1"));
    }
}

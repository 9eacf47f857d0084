//! Texts as numbered words, cut once.

use super::interner::Interner;
use super::tokenizer::{Scratch, Tokenizer};
use crate::table::{Column, CsvOptions, CsvScan, Table, Value};
use crate::{Error, ErrorKind, Result};
use rayon::prelude::*;
use std::path::Path;

/// Bytes of a file that are read at a time.
const BATCH_BYTES: usize = 1 << 22;
/// Texts below this number are not worth another thread.
const PIECE: usize = 4_096;

/// Texts cut into words once and kept as numbers: four bytes a word, and each distinct word once.
///
/// Word counts, vocabularies, TF-IDF and the tokens of a network are all made from it.
///
/// ```
/// use cuaderno::text::{Corpus, Tokenizer};
/// let corpus = Corpus::new(&["Funda Celular", "Funda de Gel", ""], &Tokenizer::spanish());
/// assert_eq!((corpus.len(), corpus.token_count(), corpus.distinct_words()), (3, 5, 4));
/// assert_eq!(corpus.words(1), ["funda", "de", "gel"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    pub(super) words: Interner,
    tokens: Vec<u32>,
    ends: Vec<usize>,
}

/// Some texts under numbers of their own.
struct Piece {
    words: Interner,
    tokens: Vec<u32>,
    lengths: Vec<u32>,
}

impl Piece {
    fn cut(texts: &[&str], tokenizer: &Tokenizer) -> Self {
        let mut words = Interner::default();
        let mut tokens = Vec::with_capacity(texts.len() * 8);
        let mut lengths = Vec::with_capacity(texts.len());
        let mut scratch = Scratch::default();
        for text in texts {
            let start = tokens.len();
            tokenizer.each(text, &mut scratch, |word| tokens.push(words.intern(word)));
            lengths.push((tokens.len() - start) as u32);
        }
        Self { words, tokens, lengths }
    }
}

impl Corpus {
    /// The words of `texts`, cut on all cores.
    pub fn new(texts: &[impl AsRef<str>], tokenizer: &Tokenizer) -> Self {
        let mut corpus = Self::default();
        corpus.append(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>(), tokenizer);
        corpus
    }

    /// Texts that are already words, or other terms, such as those of [`character_ngrams`](super::character_ngrams).
    ///
    /// ```
    /// use cuaderno::text::{Corpus, character_ngrams};
    /// let texts: Vec<Vec<String>> = ["Ría", "Vía"].iter().map(|text| character_ngrams(text, 2..=3)).collect();
    /// let corpus = Corpus::from_words(&texts);
    /// assert_eq!(corpus.words(1), [" V", "Ví", "ía", "a ", " Ví", "Vía", "ía "]);
    /// assert_eq!(corpus.distinct_words(), 11);
    /// ```
    pub fn from_words(texts: &[Vec<String>]) -> Self {
        let mut corpus = Self::default();
        for text in texts {
            corpus.tokens.extend(text.iter().map(|word| corpus.words.intern(word)));
            corpus.ends.push(corpus.tokens.len());
        }
        corpus
    }

    /// The words of a text column; an empty cell is a text without words.
    ///
    /// # Errors
    /// When there is no such column, or it holds something else than text.
    pub fn from_table(table: &Table, column: &str, tokenizer: &Tokenizer) -> Result<Self> {
        let mut corpus = Self::default();
        corpus.append_column(table, column, tokenizer)?;
        Ok(corpus)
    }

    /// The words of one column of a CSV file, read in batches: the file itself is never in memory, and may be larger. Dialects
    /// and compression are those of [`Table::scan_csv`]; every cell is text as it is written, `NA` too.
    ///
    /// # Errors
    /// When the file cannot be read, a row is malformed, or there is no such column.
    pub fn read_csv(path: impl AsRef<Path>, column: &str, tokenizer: &Tokenizer) -> Result<Self> {
        let options = CsvOptions::new().nulls(&[]).text(&[column]);
        let scan = Table::scan_csv_with(path, &options)?.batch_bytes(BATCH_BYTES);
        Self::from_scan(&scan, column, tokenizer)
    }

    /// The words of one column of a file that is read in batches, of the rows that fulfill the filters; an empty cell is a text
    /// without words. With the labels of the same rows, they are a data set of a file larger than memory; where its words do not
    /// fit either, see [`TokenFile`](super::TokenFile):
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// use cuaderno::table::Table;
    /// use cuaderno::text::{Corpus, Tokenizer, Vocabulary, VocabularyConfig};
    /// # fn main() -> cuaderno::Result<()> {
    /// # let file = std::env::temp_dir().join(format!("cuaderno-corpus-scan-{}.csv", std::process::id()));
    /// # std::fs::write(&file, "title,language,category\nFunda gel,es,CASES\nCapa,pt,CASES\nCable,es,CABLES\n").unwrap();
    /// let scan = Table::scan_csv(&file)?.filter_equal("language", "es");
    /// let corpus = Corpus::from_scan(&scan, "title", &Tokenizer::spanish())?;
    /// let labels = scan.select(&["category"]).collect()?;
    /// let rows: Vec<usize> = (0..corpus.len()).collect();
    /// let config = VocabularyConfig { min_count: 1, ..VocabularyConfig::default() };
    /// let vocabulary = Vocabulary::fit(&corpus, &rows, &config)?;
    /// let set = Dataset::from_column(&labels, "category")?.with_tokens(&corpus.encode(&vocabulary, 8)?)?;
    /// assert_eq!((set.len(), set.class_counts()), (2, vec![1, 1]));
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read, a row is malformed, or there is no such column, or it holds something else than text.
    pub fn from_scan(scan: &CsvScan, column: &str, tokenizer: &Tokenizer) -> Result<Self> {
        let mut corpus = Self::default();
        for batch in scan.text_batches(column)? {
            corpus.append_column(&batch?, column, tokenizer)?;
        }
        Ok(corpus)
    }

    fn append_column(&mut self, table: &Table, column: &str, tokenizer: &Tokenizer) -> Result<()> {
        let values = table.column(column)?;
        if let Column::Text(texts) = values {
            let texts: Vec<&str> = texts.iter().map(Option::unwrap_or_default).collect();
            self.append(&texts, tokenizer);
        } else if values.iter().all(|value| value == Value::Null) {
            self.append(&vec![""; values.len()], tokenizer);
        } else {
            let problem = format!("expected text, found a column of type {}", values.column_type());
            return Err(Error::new(ErrorKind::Table, problem)
                .column(column)
                .help("name the column that holds the texts"));
        }
        Ok(())
    }

    /// Adds texts at the end, cut on all cores. Words keep the numbers they have.
    pub fn append(&mut self, texts: &[&str], tokenizer: &Tokenizer) {
        let pieces = texts.len().div_ceil(PIECE).clamp(1, rayon::current_num_threads());
        let size = texts.len().div_ceil(pieces).max(1);
        let mut pieces: Vec<Piece> =
            texts.par_chunks(size).map(|texts| Piece::cut(texts, tokenizer)).collect();
        // Numbers go by first appearance, so they do not depend on how the texts were divided.
        let numbers: Vec<Vec<u32>> = pieces
            .iter()
            .map(|piece| piece.words.iter().map(|word| self.words.intern(word)).collect())
            .collect();
        pieces.par_iter_mut().zip(&numbers).for_each(|(piece, numbers)| {
            piece.tokens.iter_mut().for_each(|token| *token = numbers[*token as usize]);
        });
        for piece in pieces {
            let mut end = self.tokens.len();
            self.ends.extend(piece.lengths.iter().map(|length| {
                end += *length as usize;
                end
            }));
            if self.tokens.is_empty() {
                self.tokens = piece.tokens;
            } else {
                self.tokens.extend_from_slice(&piece.tokens);
            }
        }
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns `true` if there are no texts.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of words in all texts together.
    pub fn token_count(&self) -> usize {
        self.tokens.len()
    }

    /// Number of different words.
    pub fn distinct_words(&self) -> usize {
        self.words.len()
    }

    /// The words of text `row`, in order; none when there is no such text.
    pub fn words(&self, row: usize) -> Vec<&str> {
        self.row(row).iter().map(|token| self.words.get(*token as usize)).collect()
    }

    /// The number of words of each text.
    pub fn lengths(&self) -> Vec<usize> {
        (0..self.len()).map(|row| self.row(row).len()).collect()
    }

    /// The numbers of the words of a text.
    pub(super) fn row(&self, row: usize) -> &[u32] {
        let Some(&end) = self.ends.get(row) else { return &[] };
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.tokens[start..end]
    }

    /// The word of a number.
    pub(super) fn word(&self, number: usize) -> &str {
        self.words.get(number)
    }

    /// How often each word occurs in the texts `rows`, by its number.
    ///
    /// # Errors
    /// When there is no such text.
    pub(super) fn counts(&self, rows: &[usize]) -> Result<Vec<u64>> {
        self.check(rows)?;
        let mut counts = vec![0; self.words.len()];
        for row in rows {
            self.row(*row).iter().for_each(|token| counts[*token as usize] += 1);
        }
        Ok(counts)
    }

    /// Checks that each row is a text.
    pub(super) fn check(&self, rows: &[usize]) -> Result<()> {
        match rows.iter().find(|row| **row >= self.len()) {
            None => Ok(()),
            Some(row) => {
                let problem = format!("expected rows below {}, found row {row}", self.len());
                Err(Error::new(ErrorKind::Parameter, problem)
                    .help("cut the same rows into words that the split was made of"))
            }
        }
    }

    /// The share of words for which `is` holds.
    pub(super) fn rate(&self, rows: &[usize], is: &dyn Fn(&str) -> bool) -> Result<f64> {
        let counts = self.counts(rows)?;
        let (mut found, mut all) = (0, 0);
        for (word, count) in self.words.iter().zip(counts).filter(|(_, count)| *count > 0) {
            all += count;
            found += if is(word) { count } else { 0 };
        }
        if all == 0 {
            return Err(Error::new(ErrorKind::Parameter, "expected texts with words, found none")
                .help("give the rows of texts that are not empty"));
        }
        Ok(found as f64 / all as f64)
    }

    /// The `most` most frequent words, with their counts and their share of all words.
    ///
    /// # Errors
    /// None for a corpus; the columns always fit.
    pub fn most_common(&self, most: usize) -> Result<Table> {
        let rows: Vec<usize> = (0..self.len()).collect();
        let counts = self.counts(&rows)?;
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|number| std::cmp::Reverse(counts[*number]));
        order.truncate(most);
        let total = self.token_count().max(1) as f64;
        let words: Vec<&str> = order.iter().map(|number| self.word(*number)).collect();
        let found: Vec<i64> = order.iter().map(|number| counts[*number] as i64).collect();
        let shares: Vec<f64> = order.iter().map(|number| counts[*number] as f64 / total).collect();
        Table::from_columns(vec![
            ("word", words.into()),
            ("count", found.into()),
            ("share", shares.into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Vocabulary, VocabularyConfig};

    fn titles(count: usize) -> Vec<String> {
        let words = ["funda", "celular", "niño", "té", "27\"", "usb-c", "x", "500ml", "🐱"];
        (0..count)
            .map(|i| (0..i % 7).map(|k| words[(i * 31 + k * 17) % 9]).collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// Cutting on several threads, in one block or many, gives what one thread gives, text by text.
    #[test]
    fn numbers_do_not_depend_on_threads_or_blocks() {
        let (titles, tokenizer) = (titles(20_000), Tokenizer::spanish());
        let whole = Corpus::new(&titles, &tokenizer);
        let mut blocks = Corpus::default();
        for block in titles.chunks(777) {
            blocks.append(&block.iter().map(String::as_str).collect::<Vec<_>>(), &tokenizer);
        }
        assert_eq!((&whole.tokens, &whole.ends), (&blocks.tokens, &blocks.ends));
        for row in [0, 1, 6, 4095, 4096, 19_999] {
            assert_eq!(whole.words(row), tokenizer.tokenize(&titles[row]));
        }
    }

    #[test]
    fn a_file_gives_what_its_table_gives() {
        let path = std::env::temp_dir().join(format!("cuaderno-corpus-{}.csv", std::process::id()));
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(["title", "category"]).unwrap();
        for title in titles(3000) {
            writer.write_record([title.as_str(), "A"]).unwrap();
        }
        writer.flush().unwrap();
        let tokenizer = Tokenizer::spanish();
        let read = Corpus::read_csv(&path, "title", &tokenizer).unwrap();
        let direct = Corpus::new(&titles(3000), &tokenizer);
        assert_eq!((&read.tokens, &read.ends), (&direct.tokens, &direct.ends));
        let table = Table::read_csv(&path).unwrap();
        let of_table = Corpus::from_table(&table, "title", &tokenizer).unwrap();
        assert_eq!(of_table.tokens, direct.tokens);
        let error = Corpus::read_csv(&path, "titel", &tokenizer).unwrap_err().to_string();
        assert!(
            error.contains("`titel`") && error.contains("the columns are title, category"),
            "{error}"
        );
        let scan = Table::scan_csv(&path).unwrap().batch_bytes(1000);
        let of_scan = Corpus::from_scan(&scan, "title", &tokenizer).unwrap();
        assert_eq!((&of_scan.tokens, &of_scan.ends), (&direct.tokens, &direct.ends));
        let doubled = scan.map_batches(Box::new(|batch| Table::concat(&[batch, batch])));
        let doubled = Corpus::from_scan(&doubled, "title", &tokenizer).unwrap();
        assert_eq!((doubled.len(), doubled.token_count()), (6000, 2 * direct.token_count()));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn texts_are_cut_filled_and_never_empty() {
        let tokenizer = Tokenizer::spanish();
        let corpus = Corpus::new(&["a b c d", "b", "", "z"], &tokenizer);
        let config = VocabularyConfig { min_count: 1, ..VocabularyConfig::default() };
        let vocabulary = Vocabulary::fit(&corpus, &[0, 1], &config).unwrap();
        let tokens = corpus.encode(&vocabulary, 3).unwrap();
        // b is the most frequent word; a, c and d follow in order of appearance.
        assert_eq!(tokens, ndarray::array![[3, 2, 4], [2, 0, 0], [1, 0, 0], [1, 0, 0]]);
        assert_eq!(corpus.unknown_rate(&vocabulary, &[0, 1, 2, 3]).unwrap(), 1.0 / 6.0);
        assert!(corpus.encode(&vocabulary, 0).unwrap_err().to_string().contains("at least 1"));
        let none = corpus.unknown_rate(&vocabulary, &[2]).unwrap_err().to_string();
        assert!(none.contains("expected texts with words"), "{none}");
    }
}

//! The target of practice 2: the main category of a place.

use crate::table::{Preprocessor, Table};
use crate::text::{
    Corpus, SparseMatrix, TfIdf, TfIdfConfig, Tokenizer, Vocabulary, VocabularyConfig, WordVectors,
    character_ngrams, strip_accents,
};
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use std::collections::{BTreeMap, BTreeSet};

/// The places that have a category, with the main one (the first of each list) and all of them as numbers.
///
/// ```no_run
/// use cuaderno::practices::poi;
/// # fn main() -> cuaderno::Result<()> {
/// let target = poi::CategoryTarget::new(&poi::read(&poi::locate()?)?)?;
/// println!("{} places of {} classes", target.main.len(), target.classes.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CategoryTarget {
    /// The rows of the table that have a category.
    pub table: Table,
    /// Names of the main categories, the most frequent first.
    pub classes: Vec<String>,
    /// The main category of each row, an index into `classes`.
    pub main: Vec<usize>,
    /// Names of all categories: the main ones, then those that never come first.
    pub all_classes: Vec<String>,
    /// All categories of each row, indices into `all_classes`.
    pub all: Vec<Vec<usize>>,
    /// The id of each row: rows of one id stay together in a split.
    pub ids: Vec<String>,
}

impl CategoryTarget {
    /// Reads the column `categories` of a table that [`read`](super::read) returned.
    ///
    /// # Errors
    /// [`ErrorKind::Table`] when a column is missing or no row has a category.
    pub fn new(table: &Table) -> Result<Self> {
        let lists = table.lists("categories")?;
        let rows: Vec<usize> = (0..lists.len()).filter(|row| !lists[*row].is_empty()).collect();
        if rows.is_empty() {
            return Err(Error::new(ErrorKind::Table, "expected rows with a category, found none")
                .column("categories"));
        }
        let lists: Vec<&Vec<String>> = rows.iter().map(|row| &lists[*row]).collect();
        let classes = by_frequency(lists.iter().filter_map(|list| list.first()));
        let mut all_classes = classes.clone();
        for name in by_frequency(lists.iter().flat_map(|list| list.iter())) {
            if !all_classes.contains(&name) {
                all_classes.push(name);
            }
        }
        let number = |name: &String| all_classes.iter().position(|class| class == name);
        let table = table.filter_rows(&rows)?;
        Ok(Self {
            main: lists.iter().filter_map(|list| number(list.first()?)).collect(),
            all: lists.iter().map(|list| list.iter().filter_map(number).collect()).collect(),
            ids: table.texts("id")?,
            table,
            classes,
            all_classes,
        })
    }

    /// Names of the main categories as string slices, as a data set takes them.
    pub fn names(&self) -> Vec<&str> {
        self.classes.iter().map(String::as_str).collect()
    }

    /// Number of rows of each main category.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        self.main.iter().for_each(|class| counts[*class] += 1);
        counts
    }

    /// The table with the lengths of name and description and the number of tags as columns, and the preprocessor of the
    /// honest metadata: those, place, tier and points; not the categories, which are the target.
    ///
    /// # Errors
    /// [`ErrorKind::Table`] when a column is missing.
    pub fn metadata(&self) -> Result<(Table, Preprocessor)> {
        let count = |texts: Vec<String>| -> Vec<i64> {
            texts.iter().map(|text| text.chars().count() as i64).collect()
        };
        let tags: Vec<i64> =
            self.table.lists("tags")?.iter().map(|tags| tags.len() as i64).collect();
        let table = self
            .table
            .with_column("name length", count(self.table.texts("name")?).into())?
            .with_column("text length", count(self.table.texts("shortDescription")?).into())?
            .with_column("tag count", tags.into())?;
        let preprocessor = Preprocessor::new()
            .scale(&["locationLon", "locationLat", "name length", "text length", "tag count"])
            .one_hot(&["tier", "xps"]);
        Ok((table, preprocessor))
    }
}

/// The text of each row of a table that [`read`](super::read) returned: name, description and tags.
///
/// # Errors
/// [`ErrorKind::Table`] when a column is missing.
pub fn texts(table: &Table) -> Result<Vec<String>> {
    let (names, descriptions) = (table.texts("name")?, table.texts("shortDescription")?);
    let tags = table.lists("tags")?;
    let texts = names.iter().zip(&descriptions).zip(&tags);
    Ok(texts.map(|((name, text), tags)| format!("{name}. {text} {}", tags.join(". "))).collect())
}

/// TF-IDF of all texts, words and pairs of words without accents, fitted on the rows `train`. Terms in fewer than
/// `min_count` of those are left out.
///
/// # Errors
/// As [`TfIdf::fit`].
pub fn tf_idf(texts: &[String], train: &[usize], min_count: usize) -> Result<SparseMatrix> {
    let corpus = Corpus::new(texts, &Tokenizer::spanish().strip_accents());
    let config = TfIdfConfig { max_ngram: 2, min_count, sublinear: true };
    let rows: Vec<usize> = (0..texts.len()).collect();
    TfIdf::fit(&corpus, train, &config)?.transform(&corpus, &rows)
}

/// TF-IDF of sequences of 3 to 5 characters within words, in lower case and without accents, fitted on the rows `train`.
pub(super) fn character_tf_idf(
    texts: &[String],
    train: &[usize],
    min_count: usize,
) -> Result<SparseMatrix> {
    let terms: Vec<Vec<String>> = texts
        .iter()
        .map(|text| character_ngrams(&strip_accents(&text.to_lowercase()), 3..=5))
        .collect();
    let corpus = Corpus::from_words(&terms);
    let config = TfIdfConfig { max_ngram: 1, min_count, sublinear: true };
    let rows: Vec<usize> = (0..texts.len()).collect();
    TfIdf::fit(&corpus, train, &config)?.transform(&corpus, &rows)
}

/// Distinct names, the most frequent first, equal ones in alphabetical order.
fn by_frequency<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<(&String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(name, _)| name.clone()).collect()
}

/// The mean of the word vectors of each text, weighted by `ln(n / df)` of the words over all n texts, scaled to length 1;
/// zeros for a text of unknown words. `path` is a file in GloVe's or word2vec's text format.
///
/// # Errors
/// As [`WordVectors::read`].
pub fn text_vectors(texts: &[String], path: impl AsRef<std::path::Path>) -> Result<Array2<f32>> {
    let tokenizer = Tokenizer::spanish();
    let corpus = Corpus::new(texts, &tokenizer);
    let rows: Vec<usize> = (0..texts.len()).collect();
    let vocabulary = Vocabulary::fit(&corpus, &rows, &VocabularyConfig::default())?;
    let vectors = WordVectors::read(path, &vocabulary)?;
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        let words: BTreeSet<&str> = corpus.words(*row).into_iter().collect();
        words.into_iter().for_each(|word| *found.entry(word).or_default() += 1);
    }
    let mut means = Array2::<f32>::zeros((texts.len(), vectors.dimensions()));
    for (row, mut mean) in means.rows_mut().into_iter().enumerate() {
        for word in corpus.words(row) {
            if let Some(vector) = vectors.get(word) {
                let count = found.get(word).copied().unwrap_or(1) as f32;
                let weight = (texts.len() as f32 / count).ln();
                mean.iter_mut().zip(vector).for_each(|(mean, value)| *mean += weight * value);
            }
        }
        let length = mean.dot(&mean).sqrt();
        if length > 0.0 {
            mean.mapv_inplace(|value| value / length);
        }
    }
    Ok(means)
}

//! Word vectors of a vocabulary.

use super::interner::Interner;
use super::spellings::Spellings;
use super::vectors_file;
use super::{Corpus, Vocabulary};
use crate::table::Table;
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// A vector for each of some words, `[words, dimensions]`.
///
/// ```
/// use cuaderno::text::WordVectors;
/// use ndarray::array;
/// # fn main() -> cuaderno::Result<()> {
/// let words = ["té", "café", "monitor"];
/// let vectors = WordVectors::new(&words, array![[1.0, 0.2], [0.9, 0.3], [-0.1, 1.0]])?;
/// assert_eq!(vectors.neighbors("té", 1)?.texts("word")?, ["café"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct WordVectors {
    words: Interner,
    values: Array2<f32>,
}

impl WordVectors {
    /// These vectors, one row a word.
    ///
    /// # Errors
    /// When there are not as many rows as words, a word comes twice, or a value is not finite.
    pub fn new(words: &[impl AsRef<str>], values: Array2<f32>) -> Result<Self> {
        let mut interner = Interner::default();
        for (row, word) in words.iter().enumerate() {
            if interner.intern(word.as_ref()) as usize != row {
                let problem = format!("expected each word once, found `{}` again", word.as_ref());
                return Err(Error::new(ErrorKind::Parameter, problem));
            }
        }
        if values.nrows() != words.len() {
            let problem = format!("{} vectors do not fit {} words", values.nrows(), words.len());
            return Err(Error::new(ErrorKind::Shape, problem).help("give one row a word"));
        }
        if let Some(((row, _), value)) = values.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let problem = format!("the vector of `{}` has the value {value}", interner.get(row));
            return Err(Error::new(ErrorKind::Numeric, problem));
        }
        Ok(Self { words: interner, values })
    }

    /// The vectors of a vocabulary's words from a file in the text format of GloVe, word2vec or fastText, plain or
    /// gzip. Only those rows are kept: a file of two million words takes the memory of the vocabulary's.
    ///
    /// A word gets the vector of the same spelling. Where the file has none, it gets that of a spelling that differs in
    /// case alone (`iPhone` for `iphone`), else of one that differs in accents too (`café` for `cafe`, `corazon` for
    /// `corazón`; `ñ` is a letter of its own). One vector may so serve several words of the vocabulary. Of equally near
    /// spellings the first in the file counts.
    ///
    /// # Errors
    /// When the file cannot be read, is truncated gzip, is not of such a format, a vector has another width than the
    /// first, or none of the words is in it.
    pub fn read(path: impl AsRef<Path>, vocabulary: &Vocabulary) -> Result<Self> {
        read(path.as_ref(), vocabulary)
    }

    /// The rows of an embedding's weight `[words of the vocabulary, dimensions]`: what training has made of them.
    ///
    /// # Errors
    /// When there are not as many rows as the vocabulary has numbers, or a value is not finite.
    pub fn of_embedding(vocabulary: &Vocabulary, weight: &Array2<f32>) -> Result<Self> {
        if weight.nrows() != vocabulary.len() {
            let problem = format!(
                "expected {} rows, one a number of the vocabulary, found {}",
                vocabulary.len(),
                weight.nrows()
            );
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        let first = weight.nrows() - vocabulary.words().len();
        Self::new(&vocabulary.words(), weight.slice(ndarray::s![first.., ..]).to_owned())
    }

    /// Number of words that have a vector.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Returns `true` if no word has a vector.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of a vector.
    pub fn dimensions(&self) -> usize {
        self.values.ncols()
    }

    /// The vector of a word, if it has one.
    pub fn get(&self, word: &str) -> Option<Vec<f32>> {
        let row = self.words.find(word)?;
        Some(self.values.row(row as usize).to_vec())
    }

    /// Returns `true` if a word has a vector.
    pub fn contains(&self, word: &str) -> bool {
        self.words.find(word).is_some()
    }

    /// The share of the words in the texts `rows` that have no vector, from 0 to 1: the out-of-vocabulary rate of the
    /// pretrained vectors.
    ///
    /// # Errors
    /// When there is no such text, or the texts have no words.
    pub fn unknown_rate(&self, corpus: &Corpus, rows: &[usize]) -> Result<f64> {
        corpus.rate(rows, &|word| !self.contains(word))
    }

    /// The weight of an embedding layer, `[words of the vocabulary, dimensions]`: zeros for the padding, the mean of all
    /// vectors for unknown words, and for words without a vector random values of the same mean and deviation, which
    /// depend on `seed` alone.
    pub fn matrix(&self, vocabulary: &Vocabulary, seed: u64) -> Array2<f32> {
        let dimensions = self.dimensions();
        let count = self.len().max(1) as f32;
        let mean: Vec<f32> = self.values.columns().into_iter().map(|c| c.sum() / count).collect();
        let deviation: Vec<f32> = (self.values.columns().into_iter().zip(&mean))
            .map(|(c, mean)| (c.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / count).sqrt())
            .collect();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut matrix = Array2::zeros((vocabulary.len(), dimensions));
        for (id, mut row) in matrix.rows_mut().into_iter().enumerate().skip(1) {
            match self.words.find(vocabulary.word(id as u32)) {
                _ if id == Vocabulary::UNKNOWN as usize => {
                    row.iter_mut().zip(&mean).for_each(|(value, mean)| *value = *mean);
                }
                Some(found) => row.assign(&self.values.row(found as usize)),
                None => {
                    // A uniform value between ±√3 has deviation 1.
                    row.iter_mut().zip(mean.iter().zip(&deviation)).for_each(|(v, (mean, d))| {
                        *v = mean + d * random.gen_range(-1.732_050_8f32..1.732_050_8);
                    });
                }
            }
        }
        matrix
    }

    /// The cosine between the vectors that a word has here and in `other`: 1 when training has not turned it.
    ///
    /// # Errors
    /// When the word has no vector in one of them, or the two differ in width.
    pub fn cosine(&self, word: &str, other: &Self) -> Result<f64> {
        let (Some(a), Some(b)) = (self.get(word), other.get(word)) else {
            let problem = format!("`{word}` has no vector in one of the two");
            return Err(Error::new(ErrorKind::Parameter, problem));
        };
        if a.len() != b.len() {
            let problem = format!("expected vectors of {} values, found {}", a.len(), b.len());
            return Err(Error::new(ErrorKind::Shape, problem)
                .help("compare vectors from one file, before and after training"));
        }
        let product = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let length = (product(&a, &a) * product(&b, &b)).sqrt();
        Ok(if length > 0.0 { product(&a, &b) / length } else { 0.0 })
    }

    /// The `most` words whose vectors have the highest cosine with that of `word`.
    ///
    /// # Errors
    /// When the word has no vector.
    pub fn neighbors(&self, word: &str, most: usize) -> Result<Table> {
        let Some(row) = self.words.find(word) else {
            return Err(Error::new(ErrorKind::Parameter, format!("`{word}` has no vector"))
                .help("write it as the tokenizer does, in lower case"));
        };
        let own = self.values.row(row as usize);
        let cosine = |other: ndarray::ArrayView1<'_, f32>| {
            let length = (other.dot(&other) * own.dot(&own)).sqrt();
            if length > 0.0 { f64::from(own.dot(&other) / length) } else { 0.0 }
        };
        let mut found: Vec<(usize, f64)> =
            self.values.rows().into_iter().map(cosine).enumerate().collect();
        found.retain(|(other, _)| *other != row as usize);
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(most);
        let words: Vec<&str> = found.iter().map(|(other, _)| self.words.get(*other)).collect();
        let cosines: Vec<f64> = found.iter().map(|(_, c)| (c * 1e4).round() / 1e4).collect();
        Table::from_columns(vec![("word", words.into()), ("cosine", cosines.into())])
    }
}

fn read(path: &Path, vocabulary: &Vocabulary) -> Result<WordVectors> {
    let spellings = Spellings::new(vocabulary);
    let rows = vectors_file::read(path, &|word| spellings.find(word))?;
    // Large files are sorted by frequency: of equally near spellings, the first is the most frequent.
    let mut best: Vec<Option<(u8, usize)>> = vec![None; vocabulary.len()];
    for (row, words) in rows.keys.iter().enumerate() {
        for (id, distance) in words {
            if best[*id].is_none_or(|(known, _)| *distance < known) {
                best[*id] = Some((*distance, row));
            }
        }
    }
    let (mut words, mut values) = (Interner::default(), Vec::new());
    for (id, (_, row)) in best.iter().enumerate().filter_map(|(id, found)| Some((id, (*found)?))) {
        words.intern(vocabulary.word(id as u32));
        values.extend_from_slice(&rows.values[row * rows.dimensions..(row + 1) * rows.dimensions]);
    }
    if words.len() == 0 {
        let problem = format!(
            "none of its {} words is one of the vocabulary's {}",
            rows.words,
            vocabulary.len()
        );
        return Err(Error::new(ErrorKind::Table, problem)
            .file(path)
            .help("use vectors of the texts' language"));
    }
    let values = Array2::from_shape_vec((words.len(), rows.dimensions), values)
        .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()).file(path))?;
    Ok(WordVectors { words, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Tokenizer, VocabularyConfig};
    use std::io::Write;

    fn vocabulary(text: &str) -> Vocabulary {
        let corpus = Corpus::new(&[text], &Tokenizer::spanish());
        let config = VocabularyConfig { min_count: 1, max_size: None };
        Vocabulary::fit(&corpus, &[0], &config).unwrap()
    }

    fn file(name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let name = format!("cuaderno-vectors-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn all_formats_give_the_same_rows() {
        let vocabulary = vocabulary("café té niño cafe xyz");
        let rows = "té 1 2.5 -3e-1\nde 0 0 0\nniño 4 5 6\nCafé 7 8 9\nat home 1 2 3\n";
        let word2vec = format!("5 3\n{}", rows.replace('\n', " \n"));
        for (name, bytes) in [
            ("glove.txt", rows.as_bytes().to_vec()),
            ("word2vec.txt", word2vec.clone().into_bytes()),
            ("crlf.vec", rows.replace('\n', "\r\n").into_bytes()),
            ("fasttext.vec.gz", gzip(word2vec.as_bytes())),
        ] {
            let path = file(name, &bytes);
            let vectors = WordVectors::read(&path, &vocabulary).unwrap();
            std::fs::remove_file(&path).unwrap();
            assert_eq!((vectors.len(), vectors.dimensions()), (4, 3), "{name}");
            assert_eq!(vectors.get("té").unwrap(), [1.0, 2.5, -0.3]);
            assert_eq!(vectors.get("niño").unwrap(), [4.0, 5.0, 6.0]);
            assert_eq!(vectors.get("café").unwrap(), [7.0, 8.0, 9.0]);
            assert_eq!(vectors.get("cafe"), vectors.get("café"));
            assert_eq!(vectors.get("xyz"), None);
        }
    }

    #[test]
    fn a_word_gets_the_vector_of_its_nearest_spelling() {
        let read = |words: &str, rows: &str| {
            let path = file("spellings", rows.as_bytes());
            let vectors = WordVectors::read(&path, &vocabulary(words));
            std::fs::remove_file(&path).unwrap();
            vectors.unwrap()
        };
        let of_file = |words, rows, word| read(words, rows).get(word).map(|v| v[0]);
        // Only the other spelling is in the file; with both in the vocabulary, both get its vector.
        assert_eq!(of_file("cafe", "café 1\n", "cafe"), Some(1.0));
        assert_eq!(of_file("cafe café", "café 1\n", "cafe"), Some(1.0));
        assert_eq!(of_file("cafe café", "café 1\n", "café"), Some(1.0));
        assert_eq!(of_file("café", "cafe 1\n", "café"), Some(1.0));
        // The same spelling counts before others, wherever it stands; then case, then accents.
        for rows in ["café 1\ncafe 2\n", "cafe 2\ncafé 1\n"] {
            let vectors = read("cafe café", rows);
            assert_eq!(vectors.get("café").unwrap(), [1.0], "{rows}");
            assert_eq!(vectors.get("cafe").unwrap(), [2.0], "{rows}");
        }
        assert_eq!(of_file("cafe", "café 1\nCAFE 2\nCafe 3\n", "cafe"), Some(2.0));
        assert_eq!(of_file("cafe", "CAFÉ 1\nCafé 2\n", "cafe"), Some(1.0));
        // ñ is a letter, not an accent.
        assert_eq!(of_file("año sol", "ano 1\nsol 2\n", "año"), None);
    }

    #[test]
    fn damaged_files_are_refused_with_the_place() {
        let vocabulary = vocabulary("té café");
        let long: String = (0..20_000).map(|i| format!("w{i} 0.{i} 1 2\n")).collect();
        let mut cut = gzip(long.as_bytes());
        cut.truncate(cut.len() / 2);
        let cases: [(&str, Vec<u8>, &str); 7] = [
            (
                "width",
                "té 1 2 3\ncafé 1 2\n".into(),
                "row 2: expected a vector of 3 values, found 2",
            ),
            (
                "wider",
                "té 1 2 3\ncafé 1 2 3 4\n".into(),
                "row 2: expected a vector of 3 values, found 4",
            ),
            (
                "nan",
                "té 1 2\ncafé nan 2\n".into(),
                "row 2: `nan` is not a finite number, in the vector of `café`",
            ),
            (
                "prose",
                "this is no vector\n".into(),
                "row 1: expected a word and its values, found `this is no vector`",
            ),
            ("empty", vec![], "expected word vectors, found none"),
            ("other", "coffee 1 2\n".into(), "none of its 1 words is one of the vocabulary's 4"),
            ("cut", cut, "the file is truncated; get the file again"),
        ];
        for (name, bytes, expected) in cases {
            let path = file(name, &bytes);
            let error = WordVectors::read(&path, &vocabulary).unwrap_err().to_string();
            std::fs::remove_file(&path).unwrap();
            assert!(error.contains(expected), "{name}: {error}");
        }
        let binary = file("binary", b"3 4\nt\xc3\xa9 \x00\x01\xfe\x3f\n");
        let error = WordVectors::read(&binary, &vocabulary).unwrap_err().to_string();
        assert!(error.contains("found binary data"), "{error}");
        std::fs::remove_file(&binary).unwrap();
    }

    #[test]
    fn the_embedding_has_the_vectors_and_keeps_their_scale() {
        let vocabulary = vocabulary("té café niño nuevo");
        let values = ndarray::array![[1.0, 10.0], [3.0, 30.0]];
        let vectors = WordVectors::new(&["café", "té"], values).unwrap();
        let matrix = vectors.matrix(&vocabulary, 1);
        assert_eq!(matrix.dim(), (6, 2));
        assert_eq!(matrix.row(0).to_vec(), [0.0, 0.0]);
        assert_eq!(matrix.row(1).to_vec(), [2.0, 20.0]);
        assert_eq!(matrix.row(vocabulary.id("té") as usize).to_vec(), [3.0, 30.0]);
        let random = matrix.row(vocabulary.id("nuevo") as usize);
        assert!((random[0] - 2.0).abs() <= 1.74 && (random[1] - 20.0).abs() <= 17.4, "{random}");
        assert_eq!(matrix, vectors.matrix(&vocabulary, 1));
        let trained = WordVectors::of_embedding(&vocabulary, &matrix).unwrap();
        assert_eq!(trained.get("café"), vectors.get("café"));
        assert!((trained.cosine("café", &vectors).unwrap() - 1.0).abs() < 1e-6);
        let wider = WordVectors::new(&["café"], Array2::ones((1, 3))).unwrap();
        let error = trained.cosine("café", &wider).unwrap_err().to_string();
        assert!(error.contains("expected vectors of 2 values, found 3"), "{error}");
        assert!(WordVectors::of_embedding(&vocabulary, &Array2::zeros((3, 2))).is_err());
        assert!(WordVectors::new(&["a", "a"], Array2::zeros((2, 2))).is_err());
        assert!(vectors.neighbors("nada", 3).unwrap_err().to_string().contains("has no vector"));
    }
}

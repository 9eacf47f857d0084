//! Texts for networks: words, vocabularies, word vectors, TF-IDF and a linear baseline.
//!
//! A [`Tokenizer`] cuts texts into words, a [`Corpus`] keeps them as numbers, a [`Vocabulary`] of the training texts
//! turns them into the tokens of a network, a [`TokenFile`] keeps those of more texts than memory holds, and [`WordVectors`]
//! give them meaning from a file. [`TfIdf`] and [`LinearClassifier`] are the baseline that a network has to beat.
//!
//! Here belongs everything between a text and its numbers. Not here: the embedding layer ([`nn`](crate::nn)), networks for
//! texts ([`models`](crate::models)), and figures of word counts ([`plot`](crate::plot)).
//!
//! ```
//! use cuaderno::text::{Corpus, Tokenizer, Vocabulary, VocabularyConfig};
//! # fn main() -> cuaderno::Result<()> {
//! let titles = ["Té Verde 20 Saquitos", "Té Negro 25 Saquitos", "Monitor Led 27\""];
//! let corpus = Corpus::new(&titles, &Tokenizer::spanish());
//! let vocabulary = Vocabulary::fit(&corpus, &[0, 1], &VocabularyConfig::default())?;
//! let tokens = corpus.encode(&vocabulary, 4)?;
//! assert_eq!(tokens.row(0).to_vec(), [2, 1, 1, 3]);
//! # Ok(()) }
//! ```

mod character_ngrams;
mod corpus;
mod duplicates;
mod encode;
mod interner;
mod linear;
mod normalize;
mod scan;
mod sparse;
mod spellings;
mod stop_words;
mod tfidf;
mod token_file;
mod tokenizer;
mod vectors;
mod vectors_file;
mod vocabulary;

pub use character_ngrams::character_ngrams;
pub use corpus::Corpus;
pub use linear::{LinearClassifier, LinearConfig};
pub use normalize::{nfc, strip_accents};
pub use sparse::SparseMatrix;
pub use stop_words::StopWords;
pub use tfidf::{TfIdf, TfIdfConfig};
pub use token_file::TokenFile;
pub use tokenizer::{Tokenizer, ngrams};
pub use vectors::WordVectors;
pub use vocabulary::{Vocabulary, VocabularyConfig};

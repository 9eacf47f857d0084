//! A file of word vectors. Plain and gzip give the same, all values are finite, and rewritten rows give the same vectors.

use super::{gzip, written};
use cuaderno::text::{Corpus, Tokenizer, Vocabulary, VocabularyConfig, WordVectors};
use std::sync::LazyLock;

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let corpus = Corpus::new(&["café té niño cafe a xyz iphone corazón 12"], &Tokenizer::spanish());
    Vocabulary::fit(&corpus, &[0], &VocabularyConfig { min_count: 1, max_size: None }).unwrap()
});

/// Checks `data`.
pub fn check(data: &[u8]) {
    let plain = WordVectors::read(written("vectors.txt", data), &VOCABULARY);
    let packed = WordVectors::read(written("vectors.txt", &gzip(data)), &VOCABULARY);
    let vectors = match (plain, packed) {
        (Ok(plain), Ok(packed)) => {
            assert_eq!(rows(&plain), rows(&packed));
            plain
        }
        (Ok(_), Err(_)) if data.starts_with(b"\x1F\x8B") => return,
        (Err(error), Err(_)) => {
            assert!(error.to_string().contains("vectors.txt"), "{error}");
            return;
        }
        (plain, packed) => panic!("{plain:?} {packed:?}"),
    };
    let rows = rows(&vectors);
    assert!(rows.iter().all(|(_, row)| row.len() == vectors.dimensions()));
    assert!(rows.iter().flat_map(|(_, row)| row).all(|value| value.is_finite()));
    assert_eq!(vectors.matrix(&VOCABULARY, 0).dim(), (VOCABULARY.len(), vectors.dimensions()));
    for (word, _) in &rows {
        assert_eq!(vectors.neighbors(word, 3).unwrap().rows(), (rows.len() - 1).min(3));
    }
    if vectors.dimensions() > 1 {
        let line = |(word, row): &(&str, Vec<f32>)| {
            let values: Vec<String> = row.iter().map(f32::to_string).collect();
            format!("{word} {}\n", values.join(" "))
        };
        let text: String = rows.iter().map(line).collect();
        let again = WordVectors::read(written("again.vec", text.as_bytes()), &VOCABULARY).unwrap();
        assert_eq!(rows, self::rows(&again));
    }
}

/// The words of the vocabulary with their vectors.
fn rows(vectors: &WordVectors) -> Vec<(&'static str, Vec<f32>)> {
    let words = VOCABULARY.words().into_iter();
    words.filter_map(|word| Some((word, vectors.get(word)?))).collect()
}

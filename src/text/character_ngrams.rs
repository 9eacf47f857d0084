//! Sequences of neighboring characters.

use std::ops::RangeInclusive;

/// The sequences of `sizes` neighboring characters within the words of a text, which white space separates; each word has a
/// space on either side, so that its beginning and end can be recognized (scikit-learn's `analyzer="char_wb"`). A word
/// shorter than a size counts once, whole, and not again for the sizes above. Upper case and accents stay.
///
/// ```
/// use cuaderno::text::character_ngrams;
/// assert_eq!(character_ngrams("el río", 4..=5), [" el ", " río", "río ", " río "]);
/// ```
pub fn character_ngrams(text: &str, sizes: RangeInclusive<usize>) -> Vec<String> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        let characters: Vec<char> =
            std::iter::once(' ').chain(word.chars()).chain(std::iter::once(' ')).collect();
        for size in sizes.clone().filter(|size| *size > 0) {
            if characters.len() <= size {
                found.push(characters.iter().collect());
                break;
            }
            found.extend(characters.windows(size).map(|window| window.iter().collect::<String>()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_those_of_scikit_learn() {
        // CountVectorizer(analyzer="char_wb", ngram_range=(3, 5)).build_analyzer()("Ría de Vigo") of scikit-learn 1.9.1.
        let expected = [
            " rí", "ría", "ía ", " ría", "ría ", " ría ", " de", "de ", " de ", " vi", "vig",
            "igo", "go ", " vig", "vigo", "igo ", " vigo", "vigo ",
        ];
        assert_eq!(character_ngrams("ría de vigo", 3..=5), expected);
    }

    #[test]
    fn nothing_comes_of_no_words_or_sizes() {
        assert!(character_ngrams(" ", 3..=5).is_empty());
        assert!(character_ngrams("ría", 0..=0).is_empty());
    }
}

//! Words too frequent to tell categories apart.

use std::collections::HashSet;

/// Articles, prepositions, conjunctions and pronouns of Spanish.
const SPANISH: &str = "a al ante bajo cada como con contra cual cuando de del desde donde durante e el él ella ellas \
ellos en entre era eran es esa esas ese eso esos esta está estas este esto estos fue ha han hasta hay la las le les \
lo los más me mi mis muy ni no nos o os para pero por porque que qué quien se según ser si sí sin sobre son su sus \
también tan te ti tu tus u un una unas uno unos y ya yo";

/// The same of Portuguese.
const PORTUGUESE: &str = "a ao aos as às até com como da das de dela dele do dos e é ela elas ele eles em entre era \
essa essas esse esses esta está estas este estes eu foi há isso isto já lhe mais mas me mesmo meu minha muito na não \
nas nem no nos o os ou para pela pelas pelo pelos por qual quando que quem se sem ser seu seus só sua suas também te \
tem um uma uns umas você";

/// A list of words that a [`Tokenizer`](super::Tokenizer) leaves out.
///
/// ```
/// use cuaderno::text::{StopWords, Tokenizer};
/// let words = StopWords::spanish().without(&["sin"]).with(&["oferta"]);
/// let tokenizer = Tokenizer::spanish().stop_words(&words);
/// assert_eq!(tokenizer.tokenize("Oferta de Yerba sin Palo"), ["yerba", "sin", "palo"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopWords(HashSet<String>);

impl StopWords {
    /// The most frequent function words of Spanish.
    pub fn spanish() -> Self {
        Self::default().with(&SPANISH.split_whitespace().collect::<Vec<_>>())
    }

    /// The most frequent function words of Portuguese.
    pub fn portuguese() -> Self {
        Self::default().with(&PORTUGUESE.split_whitespace().collect::<Vec<_>>())
    }

    /// The list with `words` added, written as the tokenizer writes them.
    pub fn with(mut self, words: &[&str]) -> Self {
        self.0.extend(words.iter().map(ToString::to_string));
        self
    }

    /// The list without `words`.
    pub fn without(mut self, words: &[&str]) -> Self {
        words.iter().for_each(|word| {
            self.0.remove(*word);
        });
        self
    }

    /// Returns `true` if `word` is on the list.
    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns `true` if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

//! Titles cut into words.

use super::scan::{self, Rules};
use super::{StopWords, nfc, strip_accents};
use std::sync::Arc;

/// Cuts a text into words: normalized (NFC), in lower case, with the accents that Spanish and Portuguese need.
///
/// - A word is a run of letters and digits. An apostrophe joins letters (`levi's`); a hyphen joins where one side has
///   at most two characters (`usb-c`, `wi-fi`, `t-shirt`) and separates elsewhere (`funda-samsung`).
/// - Numbers keep their decimals, with a point (`3,5` is `3.5`), and fractions (`1/2`). A unit of measure is a word of its own,
///   however it was written: `500ml`, `500 ml` and `500 ML` are `500`, `ml`; `10x20cm` is `10`, `x`, `20`, `cm`.
///   Models such as `ps4`, `4k` and `a52s` stay whole.
/// - An inch mark after a number is the word for it: `27"` is `27`, `pulgadas`. A percent sign after one is a word.
/// - An emoji is a word, with its skin tone and joined parts. All other signs separate.
///
/// ```
/// use cuaderno::text::Tokenizer;
/// let words = Tokenizer::spanish().tokenize("Monitor Led 27\" Ñandú 15cm USB-C 🐱");
/// assert_eq!(words, ["monitor", "led", "27", "pulgadas", "ñandú", "15", "cm", "usb-c", "🐱"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokenizer {
    rules: Rules,
    lowercase: bool,
    strip_accents: bool,
    stop_words: Option<Arc<StopWords>>,
}

/// Memory that one thread reuses from text to text.
#[derive(Default)]
pub(super) struct Scratch {
    lower: String,
    number: String,
}

impl Tokenizer {
    /// Rules for Spanish: inch marks are `pulgadas`.
    pub fn spanish() -> Self {
        Self::with_inches("pulgadas")
    }

    /// Rules for Portuguese: inch marks are `polegadas`.
    pub fn portuguese() -> Self {
        Self::with_inches("polegadas")
    }

    fn with_inches(inches: &'static str) -> Self {
        Self {
            rules: Rules { inches, split_units: true, emoji: true },
            lowercase: true,
            strip_accents: false,
            stop_words: None,
        }
    }

    /// Leaves upper case as it is.
    pub fn keep_case(mut self) -> Self {
        self.lowercase = false;
        self
    }

    /// Takes accents away, as [`strip_accents`] does; `ñ` stays.
    pub fn strip_accents(mut self) -> Self {
        self.strip_accents = true;
        self
    }

    /// Keeps `500ml` as one word.
    pub fn keep_units(mut self) -> Self {
        self.rules.split_units = false;
        self
    }

    /// Leaves emoji out.
    pub fn drop_emoji(mut self) -> Self {
        self.rules.emoji = false;
        self
    }

    /// Leaves these words out.
    pub fn stop_words(mut self, words: &StopWords) -> Self {
        self.stop_words = Some(Arc::new(words.clone()));
        self
    }

    /// The words of a text, in order.
    pub fn tokenize(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        self.each(text, &mut Scratch::default(), |word| words.push(word.to_string()));
        words
    }

    /// Hands each word of a text to `take`.
    #[inline]
    pub(super) fn each(&self, text: &str, scratch: &mut Scratch, mut take: impl FnMut(&str)) {
        let Scratch { lower, number } = scratch;
        lower.clear();
        if text.is_ascii() {
            lower.push_str(text);
            if self.lowercase {
                lower.make_ascii_lowercase();
            }
        } else {
            let text = nfc(text);
            let text = if self.strip_accents { strip_accents(&text) } else { text };
            if self.lowercase {
                text.chars().flat_map(char::to_lowercase).for_each(|c| lower.push(c));
            } else {
                lower.push_str(&text);
            }
        }
        match &self.stop_words {
            None => scan::words(lower, &self.rules, number, take),
            Some(stop) => scan::words(lower, &self.rules, number, |word| {
                if !stop.contains(word) {
                    take(word);
                }
            }),
        }
    }
}

impl Default for Tokenizer {
    /// The rules for Spanish.
    fn default() -> Self {
        Self::spanish()
    }
}

/// The sequences of `n` neighbouring words, each joined by spaces.
///
/// ```
/// assert_eq!(cuaderno::text::ngrams(&["funda", "de", "gel"], 2), ["funda de", "de gel"]);
/// ```
pub fn ngrams(words: &[impl AsRef<str>], n: usize) -> Vec<String> {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    if n == 0 { Vec::new() } else { words.windows(n).map(|window| window.join(" ")).collect() }
}

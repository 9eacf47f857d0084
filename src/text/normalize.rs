//! One spelling for each text: Unicode normalization, lower case, accents.

use std::borrow::Cow;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A text in Unicode's composed form (NFC), so that `é` is one character however it was typed.
///
/// ```
/// assert_eq!(cuaderno::text::nfc("Corazo\u{301}n"), "Corazón");
/// ```
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// A text without accents, where `ñ` stays a letter of its own: `Corazón` becomes `Corazon`, `año` stays `año`.
///
/// ```
/// use cuaderno::text::strip_accents;
/// assert_eq!(strip_accents("Cañón Promoção"), "Cañon Promocao");
/// ```
pub fn strip_accents(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.nfd() {
        if !is_combining_mark(c) {
            plain.push(c);
        } else if c == '\u{303}' && plain.ends_with(['n', 'N']) {
            let base = if plain.pop() == Some('N') { 'Ñ' } else { 'ñ' };
            plain.push(base);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_letters_become_one_spelling() {
        // unicodedata.normalize("NFC", ...) in Python 3.12.
        for (text, expected) in [
            ("n\u{303}andu\u{301}", "ñandú"),
            ("ñandú", "ñandú"),
            ("A\u{30a}ngstro\u{308}m", "Ångström"),
            ("plain", "plain"),
            ("🐱 gato", "🐱 gato"),
        ] {
            assert_eq!(nfc(text), expected);
        }
    }

    #[test]
    fn accents_go_and_the_letter_enye_stays() {
        assert_eq!(strip_accents("NIN\u{303}O PINGÜINO ÇÃO"), "NIÑO PINGUINO CAO");
        assert_eq!(strip_accents("abc"), "abc");
    }
}

//! The scanner below [`Tokenizer`](super::Tokenizer): words, numbers, units, emoji.

/// The settings of the scanner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// The word for an inch mark.
    pub inches: &'static str,
    /// Makes a unit of measure a word of its own.
    pub split_units: bool,
    /// Keeps emoji as words.
    pub emoji: bool,
}

/// Units of measure that are cut off a number, in lower case.
const UNITS: [&str; 60] = [
    "mm", "cm", "dm", "m", "mt", "mts", "km", "m2", "m3", "cm2", "cm3", "mm2", "mg", "g", "gr",
    "grs", "grm", "kg", "kgs", "kilo", "kilos", "ml", "cl", "cc", "l", "lt", "lts", "litro",
    "litros", "w", "kw", "watts", "v", "volts", "a", "ah", "mah", "hz", "khz", "mhz", "ghz", "kb",
    "mb", "gb", "tb", "hp", "hs", "hrs", "min", "u", "un", "uds", "unid", "unidades", "pcs", "pzs",
    "mp", "rpm", "btu", "pulgadas",
];
const LONGEST_UNIT: usize = 8;

/// The class of an ASCII byte.
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const CLASSES: [u8; 128] = {
    let mut classes = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        if c.is_ascii_alphabetic() {
            classes[byte] = LETTER;
        } else if c.is_ascii_digit() {
            classes[byte] = DIGIT;
        }
        byte += 1;
    }
    classes
};

/// Hands each word of `text` to `take`; `buffer` is memory for those that are not a piece of it.
#[inline]
pub(super) fn words(text: &str, rules: &Rules, buffer: &mut String, mut take: impl FnMut(&str)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte < 128 {
            match CLASSES[usize::from(byte)] {
                LETTER => at = word(text, at, &mut take),
                DIGIT => at = number(text, at, rules, buffer, &mut take),
                _ => at += 1,
            }
        } else {
            let c = char_at(text, at);
            if c.is_alphanumeric() {
                at = word(text, at, &mut take);
            } else if is_emoji(c) {
                let end = emoji_end(text, at);
                if rules.emoji {
                    take(&text[at..end]);
                }
                at = end;
            } else {
                at += c.len_utf8();
            }
        }
    }
}

/// The character that starts at `at`, which must be a boundary before the end.
#[inline]
fn char_at(text: &str, at: usize) -> char {
    text[at..].chars().next().unwrap_or('\0')
}

/// Where the run of letters and digits that starts at `at` ends.
#[inline]
fn run_end(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if bytes[at] < 128 {
            if CLASSES[usize::from(bytes[at])] == 0 {
                break;
            }
            at += 1;
        } else {
            let c = char_at(text, at);
            if !c.is_alphanumeric() && !unicode_normalization::char::is_combining_mark(c) {
                break;
            }
            at += c.len_utf8();
        }
    }
    at
}

/// Where the digits that start at `at` end.
fn digits_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A word that begins with a letter: its end.
#[inline]
fn word(text: &str, start: usize, take: &mut impl FnMut(&str)) -> usize {
    let end = joined_end(text, start, run_end(text, start));
    take(&text[start..end]);
    end
}

/// The end of a word of which one run is known, with what hyphens and apostrophes join to it.
#[inline]
fn joined_end(text: &str, start: usize, mut end: usize) -> usize {
    let mut last = start;
    while let Some(&joint) = text.as_bytes().get(end) {
        // ’ is three bytes; the quotes that typographers put in apostrophes' place begin with the same two.
        let width = match joint {
            b'-' | b'\'' => 1,
            0xe2 if text[end..].starts_with('’') => 3,
            _ => break,
        };
        let next = run_end(text, end + width);
        if next == end + width {
            break;
        }
        let short = |part: &str| part.chars().nth(2).is_none();
        let joins = joint != b'-' || short(&text[last..end]) || short(&text[end + 1..next]);
        if !joins {
            break;
        }
        (last, end) = (end + width, next);
    }
    end
}

/// A number, and the unit or inch mark after it, or a model that begins with a digit: its end.
fn number(
    text: &str,
    start: usize,
    rules: &Rules,
    buffer: &mut String,
    take: &mut impl FnMut(&str),
) -> usize {
    let bytes = text.as_bytes();
    let mut end = digits_end(bytes, start);
    let mut comma = None;
    // Decimals, thousands, fractions.
    while let Some(b'.' | b',' | b'/') = bytes.get(end) {
        let next = digits_end(bytes, (end + 1).min(bytes.len()));
        if next == end + 1 || next > bytes.len() || next == end {
            break;
        }
        if bytes[end] == b',' && next - end <= 3 {
            comma = Some(end);
        }
        end = next;
    }
    let letters = run_end(text, end);
    let rest = &text[end..letters];
    let splits = rest.is_empty()
        || rules.split_units && (is_unit(rest) || is_times(rest, bytes.get(letters)));
    if !splits {
        let end = joined_end(text, start, letters);
        take(&text[start..end]);
        return end;
    }
    match comma {
        None => take(&text[start..end]),
        Some(comma) => {
            buffer.clear();
            buffer.push_str(&text[start..comma]);
            buffer.push('.');
            buffer.push_str(&text[comma + 1..end]);
            take(buffer);
        }
    }
    if is_unit(rest) {
        take(rest);
        return letters;
    }
    if rest.starts_with('x') && !rest.is_empty() {
        // Only the sign is taken here: the number after it may have decimals and a unit of its own.
        take("x");
        return end + 1;
    }
    match inch_mark(&text[end..]) {
        0 => {}
        width => {
            take(rules.inches);
            return end + width;
        }
    }
    if bytes.get(end) == Some(&b'%') {
        take("%");
        return end + 1;
    }
    end
}

fn is_unit(letters: &str) -> bool {
    (1..=LONGEST_UNIT).contains(&letters.len())
        && UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(letters))
}

/// Returns `true` if `letters`, after a number, are the sign of a product: `x20`, `x20cm`, `x` before a space and a number.
fn is_times(letters: &str, next: Option<&u8>) -> bool {
    match letters.strip_prefix('x') {
        Some("") => next.is_none_or(|byte| !byte.is_ascii_alphanumeric()),
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let unit = &rest[digits..];
            digits > 0
                && (unit.is_empty() || is_unit(unit) || unit.starts_with('x') && unit.len() > 1)
        }
        None => false,
    }
}

/// The bytes of the inch mark that the text begins with, or 0.
fn inch_mark(text: &str) -> usize {
    let marks = ["\"", "''", "”", "“", "″", "´´", "’’"];
    marks.iter().find(|mark| text.starts_with(**mark)).map_or(0, |mark| mark.len())
}

/// Characters that are shown as a picture.
fn is_emoji(c: char) -> bool {
    matches!(u32::from(c),
        0x1f000..=0x1faff | 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x2300..=0x23ff | 0x3030 | 0x303d)
}

/// Where the emoji that starts at `at` ends: with its variation, skin tone, joined parts, or the second letter of a flag.
fn emoji_end(text: &str, at: usize) -> usize {
    let mut chars = text[at..].char_indices().peekable();
    let is_flag = |c: char| matches!(u32::from(c), 0x1f1e6..=0x1f1ff);
    let mut end = at;
    let first = chars.next().map_or('\0', |(_, c)| c);
    end += first.len_utf8();
    if is_flag(first) {
        if let Some((_, c)) = chars.next_if(|(_, c)| is_flag(*c)) {
            end += c.len_utf8();
        }
        return end;
    }
    let mut joined = false;
    for (place, c) in chars {
        let modifies = matches!(u32::from(c), 0xfe0f | 0x1f3fb..=0x1f3ff | 0x20e3);
        if modifies || joined && is_emoji(c) {
            joined = false;
        } else if c == '\u{200d}' {
            joined = true;
        } else {
            break;
        }
        end = at + place + c.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use crate::text::{StopWords, Tokenizer};

    fn words(text: &str) -> String {
        Tokenizer::spanish().tokenize(text).join("|")
    }

    #[test]
    fn letters_of_both_languages_stay() {
        assert_eq!(words("Corazón Ñandú NIÑO Pingüino"), "corazón|ñandú|niño|pingüino");
        assert_eq!(words("Relógio Masculino – Promoção"), "relógio|masculino|promoção");
        assert_eq!(words("Corazo\u{301}n"), "corazón");
        assert_eq!(
            Tokenizer::spanish().strip_accents().tokenize("Año Té Camión"),
            ["año", "te", "camion"]
        );
        assert_eq!(Tokenizer::spanish().keep_case().tokenize("Té PS4"), ["Té", "PS4"]);
    }

    #[test]
    fn units_are_words_however_they_are_written() {
        assert_eq!(words("500ml 500 ml 500ML"), "500|ml|500|ml|500|ml");
        assert_eq!(words("Cafe Molido 250g X 3kg"), "cafe|molido|250|g|x|3|kg");
        assert_eq!(words("Caja 10x20x30cm"), "caja|10|x|20|x|30|cm");
        assert_eq!(words("Ps4 4k 1080p A52s 2x1 12u"), "ps4|4k|1080p|a52s|2|x|1|12|u");
        assert_eq!(words("Ford 2.4 Tdci 3,5 L 1.000 1/2"), "ford|2.4|tdci|3.5|l|1.000|1/2");
        assert_eq!(words("Vitamina C 500mg 24%"), "vitamina|c|500|mg|24|%");
        assert_eq!(Tokenizer::spanish().keep_units().tokenize("500ml"), ["500ml"]);
    }

    #[test]
    fn an_inch_mark_is_a_word_after_a_number_only() {
        assert_eq!(words("Monitor Led 27\" Curvo"), "monitor|led|27|pulgadas|curvo");
        assert_eq!(words("Tv 32\" Y 43'' Smart"), "tv|32|pulgadas|y|43|pulgadas|smart");
        assert_eq!(words("Cable 1/2\" X 3/4”"), "cable|1/2|pulgadas|x|3/4|pulgadas");
        assert_eq!(words("\"Oferta\" Zapatillas"), "oferta|zapatillas");
        assert_eq!(Tokenizer::portuguese().tokenize("Tela 15.6\""), ["tela", "15.6", "polegadas"]);
    }

    #[test]
    fn hyphens_join_short_parts_and_apostrophes_letters() {
        assert_eq!(
            words("USB-C Wi-Fi T-Shirt Levi's L’Oréal"),
            "usb-c|wi-fi|t-shirt|levi's|l’oréal"
        );
        assert_eq!(words("Funda-Samsung - Negro-"), "funda|samsung|negro");
        assert_eq!(words("-ilolay Descremada"), "ilolay|descremada");
    }

    #[test]
    fn an_emoji_is_one_word() {
        assert_eq!(words("Funda 🐱 Gato❤️👍🏽"), "funda|🐱|gato|❤️|👍🏽");
        assert_eq!(words("👨‍👩‍👧🇦🇷🇧🇷"), "👨‍👩‍👧|🇦🇷|🇧🇷");
        assert_eq!(Tokenizer::spanish().drop_emoji().tokenize("Funda 🐱"), ["funda"]);
    }

    #[test]
    fn nothing_and_only_signs_are_no_words() {
        assert_eq!(words(""), "");
        assert_eq!(words("  \t\n¡!¿? ... -- '' \" ® ™"), "");
    }

    #[test]
    fn stop_words_go_on_request() {
        assert_eq!(words("Té De Hierbas"), "té|de|hierbas");
        let tokenizer = Tokenizer::spanish().stop_words(&StopWords::spanish());
        assert_eq!(tokenizer.tokenize("El Té De Las Hierbas"), ["té", "hierbas"]);
    }

    /// Any text is cut without a panic, and the words hold its letters and digits in order.
    #[test]
    fn any_text_is_cut() {
        let alphabet: Vec<char> =
            "aÑé5-'’.,/x\"% ”🐱\u{200d}\u{fe0f}🇦m²½一\u{301}_c".chars().collect();
        let mut state = 1u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                text.push(alphabet[(state >> 33) as usize % alphabet.len()]);
            }
            let letters = |text: &str| -> String {
                super::super::nfc(text)
                    .chars()
                    .flat_map(char::to_lowercase)
                    .filter(|c| c.is_alphanumeric() && *c != 'x')
                    .collect()
            };
            let found = words(&text).replace("pulgadas", "");
            assert_eq!(letters(&found), letters(&text), "{text:?} gave {found}");
        }
    }
}

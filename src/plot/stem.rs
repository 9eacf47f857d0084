//! File names from titles.

/// Longer names are cut.
const MOST_CHARACTERS: usize = 60;

/// `title` as the stem of a file name: lower-case letters and digits without accents, joined by hyphens; `figure`
/// if nothing is left.
pub fn file_stem(title: &str) -> String {
    let mut stem = String::new();
    for c in title
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(|c| plain(c).chars().collect::<Vec<_>>())
    {
        if stem.len() >= MOST_CHARACTERS {
            break;
        }
        if c.is_ascii_alphanumeric() {
            stem.push(c);
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    let stem = stem.trim_end_matches('-');
    if stem.is_empty() { "figure".to_string() } else { stem.to_string() }
}

/// A letter without its accent.
fn plain(c: char) -> String {
    let plain = match c {
        'à'..='å' | 'ª' => "a",
        'æ' => "ae",
        'ç' => "c",
        'è'..='ë' => "e",
        'ì'..='ï' => "i",
        'ñ' => "n",
        'ò'..='ö' | 'ø' | 'º' => "o",
        'ù'..='ü' => "u",
        'ý' | 'ÿ' => "y",
        'ß' => "ss",
        // Combining accents leave the letter before them.
        '\u{300}'..='\u{36f}' => "",
        other => return other.to_string(),
    };
    plain.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_portable_names() {
        assert_eq!(
            file_stem("Curvas de aprendizaje: Modelo A (ñandú)"),
            "curvas-de-aprendizaje-modelo-a-nandu"
        );
        assert_eq!(file_stem("Cafe\u{301}"), "cafe");
        assert_eq!(file_stem("../..\\葛飾"), "figure");
        assert!(file_stem(&"palabra ".repeat(40)).len() <= 60);
    }
}

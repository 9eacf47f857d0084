//! Artists' names in file names.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The artists of the table, to be found by the names of files.
pub(super) struct Names {
    names: Vec<String>,
    keys: Vec<[String; 2]>,
}

impl Names {
    pub(super) fn new(names: Vec<String>) -> Self {
        let keys = names.iter().map(|name| keys(name)).collect();
        Self { names, keys }
    }

    /// The one artist whose name is `prefix` but for accents, case and garbled letters.
    pub(super) fn find(&self, prefix: &str) -> Option<&str> {
        let wanted = keys(prefix);
        for key in &wanted {
            let fits = |known: &[String; 2]| known.contains(key);
            let mut found = self.keys.iter().zip(&self.names).filter(|(known, _)| fits(known));
            if let (Some((_, name)), None) = (found.next(), found.next()) {
                return Some(name);
            }
        }
        None
    }
}

/// The name for messages: spaces for underscores.
pub(super) fn plain(prefix: &str) -> String {
    prefix.replace('_', " ")
}

/// Lower-case letters of a name: without accents, and without letters other than ASCII. The second is what a
/// decomposed name keeps after it was garbled.
fn keys(name: &str) -> [String; 2] {
    let letters = |text: &mut dyn Iterator<Item = char>| {
        text.filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let unaccented = letters(&mut name.nfd().filter(|c| !is_combining_mark(*c)));
    [unaccented, letters(&mut name.chars())]
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_are_found_however_they_are_spelt() {
        let names = ["Albrecht Dürer", "Vincent van Gogh", "El Greco"].map(String::from);
        let names = Names::new(names.to_vec());
        for spelt in [
            "Albrecht_Durer",
            "Albrecht_Dürer",
            "Albrecht_Du\u{308}rer",
            "Albrecht_DuΓòá├¬rer",
            "albrecht durer",
        ] {
            assert_eq!(names.find(spelt), Some("Albrecht Dürer"), "{spelt}");
        }
        assert_eq!(names.find("Vincent_van_Gogh"), Some("Vincent van Gogh"));
        assert_eq!(names.find("Greco"), None);
    }
}

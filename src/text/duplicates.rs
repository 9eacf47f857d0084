//! Titles that differ by a word at most.

use super::Corpus;
use std::collections::HashMap;

/// Texts of fewer different words are near only when they have the same ones: two titles of two words often share one.
const FEWEST: usize = 4;

impl Corpus {
    /// A group number for each text, equal for texts that have the same set of words but for one that is added, left out or
    /// replaced (with at least four different words), and for those linked through others: near-duplicates that a split
    /// must keep together. Numbers follow the first text of each group; texts without words are groups of their own.
    ///
    /// ```
    /// use cuaderno::text::{Corpus, Tokenizer};
    /// let titles = ["Funda Gel Samsung A52 Negra", "Funda Gel Samsung A52 Azul", "Té Verde"];
    /// assert_eq!(Corpus::new(&titles, &Tokenizer::spanish()).near_duplicates(), [0, 0, 1]);
    /// ```
    pub fn near_duplicates(&self) -> Vec<usize> {
        let mut parents: Vec<u32> = (0..self.len() as u32).collect();
        let mut first: HashMap<Vec<u32>, u32> = HashMap::new();
        for row in 0..self.len() {
            let mut words = self.row(row).to_vec();
            words.sort_unstable();
            words.dedup();
            if words.is_empty() {
                continue;
            }
            if words.len() >= FEWEST {
                // Two sets that differ by one word have the set without it in common.
                for left_out in 0..words.len() {
                    let mut key = words.clone();
                    key.remove(left_out);
                    join(&mut parents, &mut first, key, row as u32);
                }
            }
            join(&mut parents, &mut first, words, row as u32);
        }
        let mut numbers: HashMap<u32, usize> = HashMap::new();
        (0..self.len() as u32)
            .map(|row| {
                let next = numbers.len();
                *numbers.entry(root(&mut parents, row)).or_insert(next)
            })
            .collect()
    }
}

fn join(parents: &mut [u32], first: &mut HashMap<Vec<u32>, u32>, key: Vec<u32>, row: u32) {
    let other = *first.entry(key).or_insert(row);
    let (a, b) = (root(parents, row), root(parents, other));
    parents[a.max(b) as usize] = a.min(b);
}

fn root(parents: &mut [u32], mut row: u32) -> u32 {
    while parents[row as usize] != row {
        parents[row as usize] = parents[parents[row as usize] as usize];
        row = parents[row as usize];
    }
    row
}

#[cfg(test)]
mod tests {
    use crate::text::{Corpus, Tokenizer};

    #[test]
    fn texts_that_differ_by_a_word_are_one_group() {
        let titles = [
            "funda gel samsung a52 negra",
            "monitor led 24 samsung",
            "samsung a52 funda gel",
            "Funda Gel Samsung A52 Azul",
            "té verde",
            "té negro",
            "",
            "Verde Té",
            "",
            "monitor led 27 lg",
        ];
        let groups = Corpus::new(&titles, &Tokenizer::spanish()).near_duplicates();
        assert_eq!(groups, [0, 1, 0, 0, 2, 3, 4, 2, 5, 6]);
    }
}

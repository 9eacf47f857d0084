//! Distinct words in one buffer, each with a number.

/// Slots are at most 7/8 full, so a probe stays short.
const LOAD: (usize, usize) = (7, 8);

/// Distinct words numbered in order of first appearance: a hash table over one text buffer.
///
/// `std`'s table would allocate a `String` per word and hash with SipHash, which takes longer than cutting the word
/// out of its title.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    /// 0 for an empty slot, else the upper half of the hash above the word's number plus 1.
    slots: Vec<u64>,
    text: String,
    ends: Vec<usize>,
}

impl Interner {
    /// Number of words.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The word of this number; empty when there is none.
    pub(super) fn get(&self, number: usize) -> &str {
        let Some(&end) = self.ends.get(number) else { return "" };
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..end]
    }

    /// All words in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        (0..self.len()).map(|number| self.get(number))
    }

    /// The number of a word that is known.
    pub(super) fn find(&self, word: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.probe(hash(word.as_bytes()), word).ok()
    }

    /// The number of a word, a new one when it is not known yet.
    #[inline]
    pub(super) fn intern(&mut self, word: &str) -> u32 {
        if (self.len() + 1) * LOAD.1 > self.slots.len() * LOAD.0 {
            self.grow();
        }
        let hash = hash(word.as_bytes());
        match self.probe(hash, word) {
            Ok(number) => number,
            Err(slot) => {
                let number = self.len() as u32;
                self.slots[slot] = tagged(hash, number);
                self.text.push_str(word);
                self.ends.push(self.text.len());
                number
            }
        }
    }

    /// The word's number, or the slot where it would go. There must be slots.
    #[inline]
    fn probe(&self, hash: u64, word: &str) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                return Err(slot);
            }
            let number = (entry as u32).wrapping_sub(1);
            if entry >> 32 == hash >> 32 && self.get(number as usize) == word {
                return Ok(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        let mut slots = vec![0; size];
        for (number, word) in self.iter().enumerate() {
            let hash = hash(word.as_bytes());
            let mut slot = hash as usize & (size - 1);
            while slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = tagged(hash, number as u32);
        }
        self.slots = slots;
    }
}

fn tagged(hash: u64, number: u32) -> u64 {
    (hash >> 32) << 32 | u64::from(number.wrapping_add(1))
}

/// Eight bytes at a time, folded multiplication (the step of wyhash).
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    const KEYS: [u64; 2] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];
    let mix = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product as u64) ^ (product >> 64) as u64
    };
    let mut state = KEYS[0] ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        state = mix(state ^ word, KEYS[1]);
    }
    let rest = chunks.remainder();
    let tail = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(state ^ tail, KEYS[1] ^ rest.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn numbers_follow_the_first_appearance() {
        let mut interner = Interner::default();
        assert_eq!(interner.find("a"), None);
        let mut expected: HashMap<String, u32> = HashMap::new();
        for i in 0..50_000u64 {
            let word = format!("w{}", i * i % 7919);
            let next = expected.len() as u32;
            let number = *expected.entry(word.clone()).or_insert(next);
            assert_eq!(interner.intern(&word), number);
        }
        assert_eq!(interner.len(), expected.len());
        for (word, number) in &expected {
            assert_eq!(interner.find(word), Some(*number));
            assert_eq!(interner.get(*number as usize), word);
        }
        assert_eq!(interner.find(""), None);
        assert_eq!(interner.get(1 << 20), "");
    }
}

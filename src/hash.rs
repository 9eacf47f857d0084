//! A hash that is the same on every machine and in every version, unlike the standard library's.

/// Each word is mixed in by a multiplication, which carries its bits up, and a shift, which carries them down.
#[derive(Default)]
pub(crate) struct Hash(pub u64);

impl Hash {
    pub fn add(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add_word(u64::from_le_bytes(*word)));
        self.add_word(
            rest.iter().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte)),
        );
    }

    pub fn add_word(&mut self, word: u64) {
        // The golden ratio of all 64-bit numbers; the sum keeps zeros from leaving no trace.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.0 ^ word).wrapping_add(FACTOR).wrapping_mul(FACTOR);
        self.0 = mixed ^ mixed >> 32;
    }
}

//! The hash FNV-1a of 64 bits, which is the same in every process.

/// A hash in progress.
#[derive(Clone, Copy)]
pub struct Fnv(pub u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds bytes and an end mark, so that `ab`, `c` differs from `a`, `bc`.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The hash of one text.
    pub fn of(text: &str) -> u64 {
        let mut hash = Self::default();
        hash.add(text.as_bytes());
        hash.0
    }
}

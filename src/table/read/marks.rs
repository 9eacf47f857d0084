//! The places of the few bytes that structure a text, found many bytes at a time.

use pulp::Arch;

/// Bytes that one word of a bit mask stands for.
const WORD: usize = 64;

/// The places in a text of any of five bytes.
#[derive(Default)]
pub(super) struct Marks {
    /// Bit i of word w stands for byte `64 w + i`.
    words: Vec<u64>,
    len: usize,
}

impl Marks {
    /// Finds the bytes `wanted` in `text`; the places of an earlier text are forgotten.
    pub fn find(&mut self, text: &[u8], wanted: [u8; 5]) {
        self.words.clear();
        self.len = text.len();
        Arch::new().dispatch(|| {
            let (blocks, rest) = text.as_chunks::<WORD>();
            self.words.extend(blocks.iter().map(|block| word(block, wanted)));
            if !rest.is_empty() {
                let bits = rest.iter().enumerate();
                let bit = |(at, byte): (usize, &u8)| u64::from(wanted.contains(byte)) << at;
                self.words.push(bits.map(bit).fold(0, |word, bit| word | bit));
            }
        });
    }

    /// The places in order.
    pub fn places(&self) -> Places<'_> {
        Places { marks: self, index: 0, word: self.words.first().copied().unwrap_or(0) }
    }
}

/// The places of marks in order.
pub(super) struct Places<'a> {
    marks: &'a Marks,
    index: usize,
    word: u64,
}

impl Places<'_> {
    /// The next place; the length of the text where there is none.
    #[inline]
    pub fn next(&mut self) -> usize {
        while self.word == 0 {
            self.index += 1;
            match self.marks.words.get(self.index) {
                Some(word) => self.word = *word,
                None => {
                    self.index = self.marks.words.len();
                    return self.marks.len;
                }
            }
        }
        let place = self.index * WORD + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        place
    }
}

#[inline(always)]
fn word(block: &[u8; WORD], [a, b, c, d, e]: [u8; 5]) -> u64 {
    let mut hits = [0_u8; WORD];
    for (hit, byte) in hits.iter_mut().zip(block) {
        let byte = *byte;
        *hit = u8::from(byte == a)
            | u8::from(byte == b)
            | u8::from(byte == c)
            | u8::from(byte == d)
            | u8::from(byte == e);
    }
    // The product gathers the lowest bits of eight bytes in its highest byte.
    let (eights, _) = hits.as_chunks::<8>();
    let gathered =
        |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let bits = eights.iter().enumerate();
    bits.fold(0, |word, (index, eight)| word | gathered(eight) << (8 * index))
}

//! The places of the few bytes that structure a text, found many bytes at a time.

/// Bytes that one word of a bit mask stands for.
const WORD: usize = 64;

/// The places in a text of any of five bytes.
#[derive(Default)]
pub(super) struct Marks {
    /// Bit i of word w stands for byte `64 w + i`; the two halves of a word are joined when it is read, since compilers
    /// take detours when they join fresh masks.
    words: Vec<[u32; 2]>,
    len: usize,
}

impl Marks {
    /// Finds the bytes `wanted` in `text`; the places of an earlier text are forgotten.
    pub fn find(&mut self, text: &[u8], wanted: [u8; 5]) {
        self.words.clear();
        self.len = text.len();
        let (blocks, rest) = text.as_chunks::<WORD>();
        self.words.reserve(blocks.len() + 1);
        #[cfg(target_arch = "x86_64")]
        let found = wide::find(blocks, wanted, &mut self.words);
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        if !found {
            self.words.extend(blocks.iter().map(|block| halves(word(block, wanted))));
        }
        if !rest.is_empty() {
            let mut block = [0; WORD];
            block[..rest.len()].copy_from_slice(rest);
            self.words.push(halves(word(&block, wanted) & ((1 << rest.len()) - 1)));
        }
    }

    /// The places in order.
    pub fn places(&self) -> Places<'_> {
        Places { marks: self, index: 0, word: self.words.first().map_or(0, joined) }
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
                Some(word) => self.word = joined(word),
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
fn joined([low, high]: &[u32; 2]) -> u64 {
    u64::from(*low) | u64::from(*high) << 32
}

fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

/// The bit mask of a block on any processor.
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

#[cfg(target_arch = "x86_64")]
mod wide {
    //! Bit masks from comparisons of 32 bytes at a time.

    use super::WORD;
    use pulp::NullaryFnOnce;
    use pulp::x86::V3;
    use std::arch::x86_64::__m256i;

    /// Appends the bit masks of the blocks, where the processor has these instructions; returns whether it has.
    pub fn find(blocks: &[[u8; WORD]], wanted: [u8; 5], words: &mut Vec<[u32; 2]>) -> bool {
        let Some(simd) = V3::try_new() else { return false };
        simd.vectorize(Find { simd, blocks, wanted, words });
        true
    }

    struct Find<'a> {
        simd: V3,
        blocks: &'a [[u8; WORD]],
        wanted: [u8; 5],
        words: &'a mut Vec<[u32; 2]>,
    }

    impl NullaryFnOnce for Find<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Self { simd, blocks, wanted, words } = self;
            let wanted: [__m256i; 5] = wanted.map(|byte| simd.avx._mm256_set1_epi8(byte as i8));
            for block in blocks {
                let (halves, _) = block.as_chunks::<32>();
                let mut word = [0; 2];
                for (bits, bytes) in word.iter_mut().zip(halves) {
                    let bytes = load(simd, bytes);
                    let mut hits = simd.avx2._mm256_cmpeq_epi8(bytes, wanted[0]);
                    for byte in &wanted[1..] {
                        let hit = simd.avx2._mm256_cmpeq_epi8(bytes, *byte);
                        hits = simd.avx2._mm256_or_si256(hits, hit);
                    }
                    *bits = simd.avx2._mm256_movemask_epi8(hits) as u32;
                }
                words.push(word);
            }
        }
    }

    /// Four words that stand side by side are one load; 32 bytes would be one each.
    #[inline(always)]
    fn load(simd: V3, bytes: &[u8; 32]) -> __m256i {
        let (words, _) = bytes.as_chunks::<8>();
        let word = |index: usize| i64::from_le_bytes(words[index]);
        simd.avx._mm256_set_epi64x(word(3), word(2), word(1), word(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_bytes() {
        let text: Vec<u8> = (0..1000_u32).map(|i| (i * i % 251) as u8).collect();
        let wanted = [44, 10, 13, 250, 10];
        for len in [0, 1, 63, 64, 65, 128, 1000] {
            let text = &text[..len];
            let mut marks = Marks::default();
            marks.find(text, wanted);
            let mut places = marks.places();
            let expected = (0..len).filter(|at| wanted.contains(&text[*at]));
            for at in expected.chain([len, len]) {
                assert_eq!(places.next(), at, "{len}");
            }
            let (blocks, _) = text.as_chunks();
            let words = blocks.iter().map(|block| halves(word(block, wanted)));
            let words: Vec<[u32; 2]> = words.collect();
            assert_eq!(marks.words[..words.len()], words);
        }
    }
}

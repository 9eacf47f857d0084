//! The random numbers of an augmentation.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What the numbers are for. Each use has its own, so that one switch does not change what another draws.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Affine,
    Color,
    Crop,
    Trivial,
    Erasing,
}

/// Random numbers that depend on seed, epoch and image.
pub(super) struct Random(ChaCha8Rng);

impl Random {
    pub(super) fn new(key: [u64; 3], stream: Stream) -> Self {
        let mut seed = [0; 32];
        for (bytes, number) in seed.chunks_exact_mut(8).zip(key) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        let mut random = ChaCha8Rng::from_seed(seed);
        random.set_stream(stream as u64);
        Self(random)
    }

    /// From 0 to 1, without 1.
    pub(super) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1_u32 << 24) as f32
    }

    /// From `-range` to `range`.
    pub(super) fn within(&mut self, range: f32) -> f32 {
        (2.0 * self.unit() - 1.0) * range
    }

    /// From `low` to `high`.
    pub(super) fn between(&mut self, [low, high]: [f32; 2]) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `count`, which is at least 1.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f32) as usize).min(count - 1)
    }

    /// The numbers from 0 to 3 in random order.
    pub(super) fn order(&mut self) -> [u8; 4] {
        let mut order = [0, 1, 2, 3];
        for last in (1..4).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

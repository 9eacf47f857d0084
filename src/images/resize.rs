//! Resizing as Pillow's `Image.resize(size, …)`, bit for bit: a filter that widens with the reduction, horizontally then
//! vertically, in 22-bit fixed point.

use super::interpolation::Interpolation;
use pulp::{Arch, Simd, WithSimd};

/// Bits behind the point of a weight.
const PRECISION: u32 = 22;

/// The source pixels of each target pixel: the first, and the weights of `count` of them from there on.
struct Taps {
    firsts: Vec<usize>,
    weights: Vec<i32>,
    count: usize,
}

impl Taps {
    fn new(from: usize, to: usize, interpolation: Interpolation) -> Self {
        let scale = from as f64 / to as f64;
        let stretch = scale.max(1.0);
        let reach = interpolation.reach() * stretch;
        let range = |target: usize| {
            let center = (target as f64 + 0.5) * scale;
            let first = (center - reach + 0.5).max(0.0) as usize;
            (center, first, ((center + reach + 0.5) as usize).min(from))
        };
        let count = (0..to).map(range).map(|(_, first, last)| last - first).max().unwrap_or(0);
        let (mut firsts, mut weights) = (Vec::with_capacity(to), Vec::with_capacity(to * count));
        for target in 0..to {
            let (center, first, last) = range(target);
            let weight =
                |source: usize| interpolation.weight((source as f64 - center + 0.5) / stretch);
            let sum: f64 = (first..last).map(weight).sum();
            let fixed = |source| (weight(source) / sum * f64::from(1 << PRECISION)).round() as i32;
            // All have as many taps; those before the first have no weight.
            let start = first.min(from - count);
            firsts.push(start);
            weights.extend(
                (start..start + count)
                    .map(|source| if (first..last).contains(&source) { fixed(source) } else { 0 }),
            );
        }
        Self { firsts, weights, count }
    }

    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        self.firsts.iter().copied().zip(self.weights.chunks_exact(self.count.max(1)))
    }
}

/// Brings `[height, width, 3]` bytes from one `[width, height]` to another. No side may be 0.
pub(super) fn resize(
    source: &[u8],
    from: [usize; 2],
    to: [usize; 2],
    interpolation: Interpolation,
    target: &mut [u8],
) {
    let columns = Taps::new(from[0], to[0], interpolation);
    let rows = Taps::new(from[1], to[1], interpolation);
    Arch::new().dispatch(Resize { source, from, to, columns, rows, target });
}

/// [`resize`], vectorized.
struct Resize<'a> {
    source: &'a [u8],
    from: [usize; 2],
    to: [usize; 2],
    columns: Taps,
    rows: Taps,
    target: &'a mut [u8],
}

impl WithSimd for Resize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { source, from, to, columns, rows, target } = self;
        let half = 1 << (PRECISION - 1);
        let mut wide = vec![0; to[0] * from[1] * 3];
        // A pixel is read and written as four bytes, of which the last belongs to the next one.
        let (mut line, mut row) = (vec![0; from[0] * 3 + 1], vec![0; to[0] * 3 + 1]);
        let lines = source.chunks_exact(from[0] * 3).zip(wide.chunks_exact_mut(to[0] * 3));
        for (source, wide) in lines {
            line[..from[0] * 3].copy_from_slice(source);
            match columns.count {
                2 => across::<2>(&columns, &line, &mut row),
                3 => across::<3>(&columns, &line, &mut row),
                4 => across::<4>(&columns, &line, &mut row),
                5 => across::<5>(&columns, &line, &mut row),
                _ => across_many(&columns, &line, &mut row),
            }
            wide.copy_from_slice(&row[..to[0] * 3]);
        }
        let width = to[0] * 3;
        let mut sums = vec![0; width];
        for (row, (first, weights)) in target.chunks_exact_mut(width).zip(rows.iter()) {
            sums.fill(half);
            for (line, weight) in wide[first * width..].chunks_exact(width).zip(weights) {
                for (sum, value) in sums.iter_mut().zip(line) {
                    *sum += i32::from(*value) * weight;
                }
            }
            for (value, sum) in row.iter_mut().zip(&sums) {
                *value = round(*sum);
            }
        }
    }
}

/// Brings a line to another width, with `N` taps a pixel.
#[inline(always)]
fn across<const N: usize>(taps: &Taps, line: &[u8], row: &mut [u8]) {
    let (weights, _) = taps.weights.as_chunks::<N>();
    for (x, (first, weights)) in taps.firsts.iter().zip(weights).enumerate() {
        let Some(pixels) = line[first * 3..].get(..N * 3 + 1) else { continue };
        let mut sums = [1 << (PRECISION - 1); 4];
        for (tap, weight) in weights.iter().enumerate() {
            let Some(pixel) = pixels[tap * 3..].first_chunk::<4>() else { continue };
            let values = pixel.map(i32::from);
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value * weight;
            }
        }
        write(row, x, sums);
    }
}

/// [`across`] for any number of taps.
#[inline(always)]
fn across_many(taps: &Taps, line: &[u8], row: &mut [u8]) {
    for (x, (first, weights)) in taps.iter().enumerate() {
        let mut sums = [1 << (PRECISION - 1); 4];
        let mut pixels = &line[first * 3..];
        for weight in weights {
            let Some(pixel) = pixels.first_chunk::<4>() else { break };
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(*value) * weight;
            }
            pixels = &pixels[3..];
        }
        write(row, x, sums);
    }
}

/// Writes pixel `x` of a row, and a byte behind it.
#[inline(always)]
fn write(row: &mut [u8], x: usize, sums: [i32; 4]) {
    if let Some(pixel) = row[x * 3..].first_chunk_mut::<4>() {
        *pixel = sums.map(round);
    }
}

#[inline(always)]
fn round(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image that any language makes the same way.
    fn pattern(width: usize, height: usize) -> Vec<u8> {
        (0..width * height * 3).map(|i| ((i * 7919 + i / 3 * 104_729) % 251) as u8).collect()
    }

    fn checksum(bytes: &[u8]) -> u64 {
        bytes
            .iter()
            .enumerate()
            .fold(0, |sum, (i, b)| (sum * 31 + u64::from(*b) + i as u64) % 1_000_000_007)
    }

    #[test]
    fn every_byte_is_pillows() {
        // Pillow 13.0.0, Image.fromarray(pattern).resize(to, Image.BILINEAR), the same checksum of its bytes.
        for (from, to, expected) in CASES {
            let mut target = vec![0; to[0] * to[1] * 3];
            resize(&pattern(from[0], from[1]), from, to, Interpolation::Bilinear, &mut target);
            assert_eq!(checksum(&target), expected, "{from:?} to {to:?}");
        }
    }

    const CASES: [([usize; 2], [usize; 2], u64); 5] = [
        ([13, 9], [5, 7], 70720978),
        ([128, 96], [100, 100], 426133983),
        ([7, 5], [20, 11], 534839832),
        ([50, 40], [50, 13], 165886046),
        ([33, 1], [3, 4], 649869798),
    ];
}

//! Resizing as Pillow's `Image.resize(size, BILINEAR)`, bit for bit: a triangle filter that widens with
//! the reduction, horizontally then vertically, in 22-bit fixed point.

/// Bits behind the point of a weight.
const PRECISION: u32 = 22;

/// The source pixels of one target pixel: the first, and the weight of each.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let tap = |target: usize| {
        let center = (target as f64 + 0.5) * scale;
        let first = (center - reach + 0.5).max(0.0) as usize;
        let last = ((center + reach + 0.5) as usize).min(from);
        let triangle =
            |source: usize| (1.0 - ((source as f64 - center + 0.5) / reach).abs()).max(0.0);
        let weights: Vec<f64> = (first..last).map(triangle).collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |w: &f64| (w / sum * f64::from(1 << PRECISION)).round() as i32;
        Taps { first, weights: weights.iter().map(fixed).collect() }
    };
    (0..to).map(tap).collect()
}

fn round(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

/// Brings `[height, width, 3]` bytes from one `[width, height]` to another. No side may be 0.
pub(super) fn resize(source: &[u8], from: [usize; 2], to: [usize; 2], target: &mut [u8]) {
    let half = 1 << (PRECISION - 1);
    let mut wide = vec![0; to[0] * from[1] * 3];
    let taps_x = taps(from[0], to[0]);
    for (line, row) in source.chunks_exact(from[0] * 3).zip(wide.chunks_exact_mut(to[0] * 3)) {
        for (pixel, taps) in row.chunks_exact_mut(3).zip(&taps_x) {
            let mut sums = [half; 3];
            for (from, weight) in line[taps.first * 3..].chunks_exact(3).zip(&taps.weights) {
                sums.iter_mut()
                    .zip(from)
                    .for_each(|(sum, value)| *sum += i32::from(*value) * weight);
            }
            pixel.copy_from_slice(&sums.map(round));
        }
    }
    let mut sums = vec![0; to[0] * 3];
    for (row, taps) in target.chunks_exact_mut(to[0] * 3).zip(taps(from[1], to[1])) {
        sums.fill(half);
        for (line, weight) in
            wide[taps.first * to[0] * 3..].chunks_exact(to[0] * 3).zip(&taps.weights)
        {
            sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += i32::from(*value) * weight);
        }
        row.iter_mut().zip(&sums).for_each(|(value, sum)| *value = round(*sum));
    }
}

#[cfg(test)]
mod tests {
    use super::resize;

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
            resize(&pattern(from[0], from[1]), from, to, &mut target);
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

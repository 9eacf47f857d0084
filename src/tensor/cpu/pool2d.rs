//! Max-pooling with any window, planes in parallel.

use super::Window;
use super::threads::{chunk, each_chunk, each_chunk_of_two};
use pulp::{Arch, Simd, WithSimd};

/// Maxima of the windows of each plane: `input` is `[planes, height, width]`, `output` `[planes, output height, output
/// width]`, completely overwritten; `winners` receives the index of each maximum in its plane, unless it is empty.
/// Padding never wins; a NaN does.
pub fn max_pool2d(
    window: &Window,
    [height, width]: [usize; 2],
    [out_height, out_width]: [usize; 2],
    input: &[f32],
    output: &mut [f32],
    winners: &mut [u32],
) {
    let (size, out_size) = (height * width, out_height * out_width);
    if size == 0 || out_size == 0 {
        return;
    }
    let sizes = [height, width, out_height, out_width];
    // Without winners, their chunks are empty too.
    each_chunk_of_two(output, winners, [out_size; 2], |plane, output, winners| {
        let input = chunk(input, size, plane);
        Arch::new().dispatch(Maxima { window, sizes, input, output, winners });
    });
}

/// The maxima of one plane, row by row and tap by tap, without branches.
struct Maxima<'a> {
    window: &'a Window,
    sizes: [usize; 4],
    input: &'a [f32],
    output: &'a mut [f32],
    winners: &'a mut [u32],
}

impl WithSimd for Maxima<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { window, sizes: [height, width, out_height, out_width], input, .. } = self;
        let [[top, _], [left, _]] = window.padding;
        let stride = window.stride[1];
        for (y, best) in self.output.chunks_exact_mut(out_width).enumerate() {
            best.fill(f32::NEG_INFINITY);
            let mut winners = self.winners.get_mut(y * out_width..(y + 1) * out_width);
            let mut started = false;
            for tap_y in 0..window.kernel[0] {
                let (first, last) = window.inside(0, tap_y, height, out_height);
                if !(first..last).contains(&y) {
                    continue;
                }
                let row = y * window.stride[0] + tap_y * window.dilation[0] - top;
                let line = &input[row * width..][..width];
                if let Some(winners) = winners.as_deref_mut().filter(|_| !started) {
                    // Where every value is −∞, the first wins.
                    for (x, winner) in winners.iter_mut().enumerate() {
                        let missing = left.saturating_sub(x * stride);
                        let missing = missing.div_ceil(window.dilation[1]) * window.dilation[1];
                        *winner = (row * width + x * stride + missing - left) as u32;
                    }
                    started = true;
                }
                for tap_x in 0..window.kernel[1] {
                    let (first, last) = window.inside(1, tap_x, width, out_width);
                    if first == last {
                        continue;
                    }
                    let from = first * stride + tap_x * window.dilation[1] - left;
                    let best = &mut best[first..last];
                    let places = (row * width + from) as u32;
                    let (values, winners) =
                        (&line[from..], winners.as_deref_mut().map(|w| &mut w[first..last]));
                    match stride {
                        1 => take_maxima(best, winners, values.as_chunks::<1>().0, places),
                        2 => {
                            // The last value may be half a pair.
                            let (pairs, rest) = values.as_chunks::<2>();
                            let last = rest.first().map(|value| [*value, 0.0]);
                            let whole = pairs.len().min(best.len());
                            let (best, end) = best.split_at_mut(whole);
                            let mut winners = winners.map(|w| w.split_at_mut(whole));
                            let end_winner = winners.as_mut().map(|(_, end)| &mut **end);
                            let place = places + 2 * whole as u32;
                            take_maxima(end, end_winner, last.as_slice(), place);
                            take_maxima(best, winners.map(|(w, _)| w), pairs, places);
                        }
                        _ => {
                            let mut winners = winners;
                            for (i, best) in best.iter_mut().enumerate() {
                                let winner = winners.as_deref_mut().map(|w| &mut w[i..=i]);
                                let value = [[values[i * stride]]];
                                let place = places + (i * stride) as u32;
                                take_maxima(std::slice::from_mut(best), winner, &value, place);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Replaces the entries of `best` that the first value of its group exceeds, and their winners by its index; the index
/// of the first is `place`.
#[inline(always)]
fn take_maxima<const N: usize>(
    best: &mut [f32],
    winners: Option<&mut [u32]>,
    values: &[[f32; N]],
    place: u32,
) {
    let values = values.iter().map(|group| group[0]);
    match winners {
        None => {
            for (best, value) in best.iter_mut().zip(values) {
                *best = if (value > *best) | value.is_nan() { value } else { *best };
            }
        }
        Some(winners) => {
            let places = (0..).map(|i: u32| place + i * N as u32);
            for (((best, winner), value), place) in
                best.iter_mut().zip(winners).zip(values).zip(places)
            {
                let wins = (value > *best) | value.is_nan();
                *best = if wins { value } else { *best };
                *winner = if wins { place } else { *winner };
            }
        }
    }
}

/// Adds each gradient to the winner of its window.
pub fn max_pool2d_backward(
    winners: &[u32],
    gradient: &[f32],
    size: usize,
    out_size: usize,
    input_gradient: &mut [f32],
) {
    if size == 0 || out_size == 0 {
        return;
    }
    each_chunk(input_gradient, size, |plane, target| {
        let winners = chunk(winners, out_size, plane);
        for (winner, g) in winners.iter().zip(chunk(gradient, out_size, plane)) {
            target[*winner as usize] += g;
        }
    });
}

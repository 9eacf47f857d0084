//! im2col and col2im: images as matrices whose columns are the windows of a convolution, and back.

use super::conv_shape::Conv2dShape;
use super::padded::Padded;
use super::slices::sized;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Values per copy.
const PIECE: usize = 16;

/// The windows of the output rows `rows` of one image of one group, as the columns of a matrix `[channels · taps, rows
/// · output width]`. Only the rows in `terms` are stored, `stride` values apart.
pub struct Windows<'a> {
    pub shape: &'a Conv2dShape,
    pub rows: Range<usize>,
    pub terms: Range<usize>,
    pub stride: usize,
    /// Scratch memory for padded planes.
    pub buffer: &'a mut Vec<f32>,
}

impl Windows<'_> {
    /// Writes the windows of `image`, `[channels, height, width]`, into the columns. Every value of the stored rows is
    /// written.
    pub fn gather(self, sample: &[f32], columns: &mut [f32]) {
        Arch::new().dispatch(Gather { windows: self, sample, columns });
    }

    /// Adds the columns of a matrix to the pixels that [`Self::gather`] read them from.
    pub fn scatter(self, columns: &[f32], sample: &mut [f32]) {
        Arch::new().dispatch(Scatter { windows: self, sample, columns });
    }

    /// The parts of `terms` by channel: the channel, its taps, and the offset of the first.
    fn channels(&self) -> impl Iterator<Item = (usize, Range<usize>, usize)> + use<> {
        let (terms, taps) = (self.terms.clone(), self.shape.window.taps());
        let channels = terms.start / taps..terms.end.div_ceil(taps);
        channels.map(move |channel| {
            let mine = channel * taps..(channel + 1) * taps;
            let mine = mine.start.max(terms.start)..mine.end.min(terms.end);
            let seen = mine.start - channel * taps..mine.end - channel * taps;
            (channel, seen, mine.start - terms.start)
        })
    }
}

struct Gather<'a> {
    windows: Windows<'a>,
    sample: &'a [f32],
    columns: &'a mut [f32],
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { windows, sample, columns } = self;
        let [height, width] = windows.shape.input;
        let layout = Padded::of(windows.shape, windows.rows.clone());
        let across = windows.shape.output[1];
        let positions = windows.rows.len() * across;
        let channels = windows.channels();
        // The last copy of a row may read past its end.
        let padded = sized(windows.buffer, layout.values() + PIECE);
        padded.fill(0.0);
        for (channel, taps, first) in channels {
            let plane = &sample[channel * height * width..][..height * width];
            layout.split(plane, &mut padded[..layout.values()]);
            let lines = columns[first * windows.stride..].chunks_mut(windows.stride);
            for (tap, line) in layout.taps().skip(taps.start).take(taps.len()).zip(lines) {
                let line = &mut line[..positions];
                for row in 0..windows.rows.len() {
                    let from = &padded[tap + row * layout.row_step()..];
                    let to = &mut line[row * across..];
                    let mut x = 0;
                    while x < across {
                        // Values past the end of the row are overwritten by the next row.
                        let pieces = (to[x..].first_chunk_mut::<PIECE>(), from[x..].first_chunk());
                        let (Some(to), Some(from)) = pieces else {
                            for (to, from) in to[x..across].iter_mut().zip(&from[x..]) {
                                *to = *from;
                            }
                            break;
                        };
                        *to = *from;
                        x += PIECE;
                    }
                }
            }
        }
    }
}

struct Scatter<'a> {
    windows: Windows<'a>,
    sample: &'a mut [f32],
    columns: &'a [f32],
}

impl WithSimd for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { windows, sample, columns } = self;
        let [height, width] = windows.shape.input;
        let layout = Padded::of(windows.shape, windows.rows.clone());
        let across = windows.shape.output[1];
        let channels = windows.channels();
        let padded = sized(windows.buffer, layout.values());
        for (channel, taps, first) in channels {
            padded.fill(0.0);
            let lines = columns[first * windows.stride..].chunks(windows.stride);
            for (tap, line) in layout.taps().skip(taps.start).take(taps.len()).zip(lines) {
                for (row, line) in line.chunks_exact(across).take(windows.rows.len()).enumerate() {
                    let to = &mut padded[tap + row * layout.row_step()..][..across];
                    for (to, from) in to.iter_mut().zip(line) {
                        *to += *from;
                    }
                }
            }
            layout.join(padded, &mut sample[channel * height * width..][..height * width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu::{Window, random};
    use rand::{Rng, SeedableRng};

    /// Compares each tap of each window with its definition, for windows and images of all kinds.
    #[test]
    fn windows_see_what_their_taps_stand_on() {
        let seed = u64::from(rand::random::<u32>());
        let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut cases = 0;
        while cases < 200 {
            let mut size = |from: usize, to: usize| draw.gen_range(from..=to);
            let window = Window {
                kernel: [size(1, 5), size(1, 5)],
                stride: [size(1, 4), size(1, 4)],
                padding: [[size(0, 4), size(0, 4)], [size(0, 4), size(0, 4)]],
                dilation: [size(1, 3), size(1, 3)],
            };
            let (channels, input) = (size(1, 4), [size(1, 40), size(1, 40)]);
            let Some(output) = window.output(input) else { continue };
            let first = size(0, output[0] - 1);
            let rows = first..size(first + 1, output[0]);
            let first = size(0, channels * window.taps() - 1);
            let terms = first..size(first + 1, channels * window.taps());
            cases += 1;
            let shape = Conv2dShape {
                in_channels: channels,
                out_channels: 1,
                groups: 1,
                window,
                input,
                output,
            };
            let what = format!("seed {seed}: {shape:?}, rows {rows:?}, terms {terms:?}");
            let positions = rows.len() * output[1];
            let stride = positions + size(0, 5);
            let sample = random(seed + cases, channels * input[0] * input[1]);
            let mut columns = vec![f32::NAN; terms.len() * stride];
            let mut buffer = Vec::new();
            let (shape, buffer) = (&shape, &mut buffer);
            let (rows, terms) = (&rows, &terms);
            Windows {
                shape,
                rows: rows.clone(),
                terms: terms.clone(),
                stride,
                buffer: &mut *buffer,
            }
            .gather(&sample, &mut columns);
            let pixel = |term: usize, position: usize| {
                let (channel, tap) = (term / window.taps(), term % window.taps());
                let place = [rows.start + position / output[1], position % output[1]];
                let taps = [tap / window.kernel[1], tap % window.kernel[1]];
                let at = [0, 1].map(|axis| {
                    let at = place[axis] * window.stride[axis] + taps[axis] * window.dilation[axis];
                    at.checked_sub(window.padding[axis][0]).filter(|at| *at < input[axis])
                });
                Some((channel * input[0] + at[0]?) * input[1] + at[1]?)
            };
            let weights = random(seed, terms.len() * stride);
            let (mut sums, mut expected) = (sample.clone(), sample.clone());
            for (row, term) in terms.clone().enumerate() {
                for position in 0..positions {
                    let value = pixel(term, position).map_or(0.0, |at| sample[at]);
                    assert_eq!(
                        columns[row * stride + position],
                        value,
                        "{what}: {term} {position}"
                    );
                    if let Some(at) = pixel(term, position) {
                        expected[at] += weights[row * stride + position];
                    }
                }
            }
            Windows { shape, rows: rows.clone(), terms: terms.clone(), stride, buffer }
                .scatter(&weights, &mut sums);
            for (sum, expected) in sums.iter().zip(&expected) {
                assert!((sum - expected).abs() < 1e-4, "{what}: {sum} {expected}");
            }
        }
    }
}

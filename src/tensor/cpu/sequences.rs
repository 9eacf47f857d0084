//! Convolution over sequences of rows, and its greatest answers. A row's product with each tap is computed once, however
//! often the sequences name that row.

use super::matmul::{Matrix, MatrixMut, matmul_parallel};
use super::scratch::{Scratch, with_scratch};
use super::slices::sized;
use super::sparse_matrix::SparseScratch;
use super::threads::{self, each_chunk_of_two};
use pulp::{Arch, Simd, WithSimd};

/// Sequences of rows, and the filters that slide over them.
pub struct Sequences<'a> {
    /// `[rows, channels]`.
    pub rows: &'a [f32],
    /// Values of a row.
    pub channels: usize,
    /// The row at each position, `[batch, length]`.
    pub places: &'a [u32],
    /// Positions of a sequence.
    pub length: usize,
    /// `[taps, filters, channels]`.
    pub weight: &'a [f32],
    /// Filters.
    pub filters: usize,
    /// Positions under a filter.
    pub taps: usize,
}

impl Sequences<'_> {
    /// The greatest answer of each filter in each sequence, and the first position that gives it: `[batch, filters]`.
    pub fn greatest(&self, values: &mut [f32], winners: &mut [u32]) {
        let Self { rows, channels, places, length, weight, filters, taps } = *self;
        let (count, width) = (rows.len() / channels, taps * filters);
        with_scratch(|Scratch { columns, .. }| {
            let products = sized(columns, count * width);
            matmul_parallel(
                MatrixMut::new(products, count, width),
                Matrix::new(rows, count, channels),
                Matrix::new(weight, width, channels).transposed(),
                false,
            );
            let products = &*products;
            each_chunk_of_two(values, winners, [filters; 2], |sequence, values, winners| {
                let places = threads::chunk(places, length, sequence);
                // Once only one row repeats, every further window is the same.
                let last = places.last();
                let changes = places.iter().rposition(|place| Some(place) != last);
                let windows = (length - taps + 1).min(changes.map_or(0, |place| place + 1) + 1);
                let search = Search { products, filters, taps, places, windows, values, winners };
                Arch::new().dispatch(search);
            });
        });
    }

    /// Adds the gradient of the weights, `[filters, channels, taps]`, for the gradient of the greatest answers.
    pub fn add_to_weight(&self, winners: &[u32], gradient: &[f32], sum: &mut [f32]) {
        let Self { rows, channels, places, length, filters, taps, .. } = *self;
        threads::each_chunk(sum, taps * channels, |filter, sum| {
            with_scratch(|Scratch { lines, sparse, .. }| {
                let SparseScratch { by_position: used, by_channel: entries, .. } = sparse;
                // The first position under the filter, wherever its greatest answer has a gradient.
                used.clear();
                let values = gradient.iter().zip(winners).skip(filter).step_by(filters);
                for (sequence, (gradient, winner)) in values.enumerate() {
                    if *gradient != 0.0 {
                        used.at.push((sequence * length) as u32 + winner);
                        used.values.push(*gradient);
                    }
                }
                entries.clear();
                for tap in 0..taps {
                    let start = entries.at.len();
                    let rows = used.at.iter().map(|at| places[*at as usize + tap]);
                    entries.at.extend(rows.map(|row| row * channels as u32));
                    entries.values.extend_from_slice(&used.values);
                    entries.end_row(tap * channels, start);
                }
                let lines = sized(lines, taps * channels);
                lines.fill(0.0);
                entries.add_product(rows, lines, channels);
                for (tap, line) in lines.chunks_exact(channels).enumerate() {
                    let targets = sum[tap..].iter_mut().step_by(taps);
                    targets.zip(line).for_each(|(sum, value)| *sum += value);
                }
            });
        });
    }

    /// Adds the gradient of the rows, `[rows, channels]`, for the gradient of the greatest answers.
    pub fn add_to_rows(&self, winners: &[u32], gradient: &[f32], sum: &mut [f32]) {
        let Self { channels, places, length, weight, filters, taps, .. } = *self;
        let count = sum.len() / channels;
        let run = count.div_ceil(threads::count()).max(1);
        threads::each_chunk(sum, run * channels, |number, sum| {
            let mine = (number * run) as u32..((number + 1) * run).min(count) as u32;
            with_scratch(|Scratch { sparse, .. }| {
                let SparseScratch { by_position: by_line, by_channel: by_row, counts, .. } = sparse;
                by_line.clear();
                for (place, (gradient, winner)) in gradient.iter().zip(winners).enumerate() {
                    if *gradient == 0.0 {
                        continue;
                    }
                    let (sequence, filter) = (place / filters, place % filters);
                    let rows = &places[sequence * length + *winner as usize..][..taps];
                    for (tap, row) in rows.iter().enumerate().filter(|(_, row)| mine.contains(row))
                    {
                        let start = by_line.at.len();
                        by_line.at.push((row - mine.start) * channels as u32);
                        by_line.values.push(*gradient);
                        by_line.end_row((tap * filters + filter) * channels, start);
                    }
                }
                by_line.transpose(by_row, counts);
                by_row.add_product(weight, sum, channels);
            });
        });
    }
}

/// The search for the greatest answers in one sequence.
struct Search<'a> {
    /// `[rows, taps, filters]`.
    products: &'a [f32],
    filters: usize,
    taps: usize,
    places: &'a [u32],
    windows: usize,
    values: &'a mut [f32],
    winners: &'a mut [u32],
}

impl WithSimd for Search<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let mut from = 0;
        while from < self.filters {
            from += match self.filters - from {
                32.. => self.part::<32>(from),
                16.. => self.part::<16>(from),
                4.. => self.part::<4>(from),
                _ => self.part::<1>(from),
            };
        }
    }
}

impl Search<'_> {
    /// Searches for `N` filters from the filter `from`. Returns `N`.
    #[inline(always)]
    fn part<const N: usize>(&mut self, from: usize) -> usize {
        let Self { products, filters, taps, places, windows, .. } = *self;
        let (mut bests, mut winners) = ([f32::NEG_INFINITY; N], [0u32; N]);
        for start in 0..windows {
            let mut answers = [0.0f32; N];
            for (tap, row) in places[start..start + taps].iter().enumerate() {
                let line = (*row as usize * taps + tap) * filters + from;
                let products = &products[line..line + N];
                answers.iter_mut().zip(products).for_each(|(answer, p)| *answer += p);
            }
            for ((best, winner), answer) in bests.iter_mut().zip(&mut winners).zip(answers) {
                // A NaN wins.
                let wins = (answer > *best) | answer.is_nan();
                *best = if wins { answer } else { *best };
                *winner = if wins { start as u32 } else { *winner };
            }
        }
        self.values[from..from + N].copy_from_slice(&bests);
        self.winners[from..from + N].copy_from_slice(&winners);
        N
    }
}

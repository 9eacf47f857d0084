//! Tiles: their partition into blocks, and the transform of their pixels.

use super::axes::{Axis, InputAxis};
use super::{POINTS, SIDE, TILE};
use crate::tensor::cpu::conv_shape::Conv2dShape;
use crate::tensor::cpu::kernel::LANES;
use crate::tensor::cpu::slices::sized;
use crate::tensor::cpu::threads::{self, Shared};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Columns under a tile beyond its own.
const BEYOND: usize = SIDE - TILE;

/// Adjacent tiles in one row of tiles of an image, and the offset of the first in the block.
pub struct Segment {
    pub image: usize,
    pub row: usize,
    pub columns: Range<usize>,
    pub start: usize,
}

impl Segment {
    /// The range of the tiles in the block.
    pub fn places(&self) -> Range<usize> {
        self.start..self.start + self.columns.len()
    }
}

/// Tiles whose transforms form one matrix.
pub struct Block {
    pub segments: Vec<Segment>,
    /// Number of tiles.
    pub tiles: usize,
}

impl Block {
    /// Length of a row of the matrix; values past the last tile are not read.
    pub fn stride(&self) -> usize {
        self.tiles.next_multiple_of(LANES)
    }
}

/// Partitions the tiles of all images into blocks of about `target` tiles; if there are several, a multiple of the
/// number of threads.
pub fn blocks(shape: &Conv2dShape, images: usize, target: usize) -> Vec<Block> {
    let [down, across] = shape.output.map(|size| size.div_ceil(TILE));
    let total = images * down * across;
    let count = total.div_ceil(target.max(1));
    let count = if count > 1 { count.next_multiple_of(threads::count()) } else { 1 };
    let size = total.div_ceil(count).next_multiple_of(LANES);
    let mut blocks = Vec::with_capacity(count);
    for start in (0..total).step_by(size.max(1)) {
        let end = (start + size).min(total);
        let mut segments = Vec::new();
        let mut tile = start;
        while tile < end {
            let column = tile % across;
            let length = (across - column).min(end - tile);
            segments.push(Segment {
                image: tile / across / down,
                row: tile / across % down,
                columns: column..column + length,
                start: tile - start,
            });
            tile += length;
        }
        blocks.push(Block { segments, tiles: end - start });
    }
    blocks
}

/// The transformed tiles of a block, `[36, channels, stride]`, whose channels are written by different threads.
#[derive(Clone, Copy)]
pub struct Points<'a> {
    values: Shared<'a, f32>,
    /// Distance of the points: chosen so that they do not map to the same cache set.
    pub step: usize,
}

impl<'a> Points<'a> {
    /// Number of values.
    pub fn count(channels: usize, stride: usize) -> usize {
        POINTS * Self::step(channels, stride)
    }

    pub fn step(channels: usize, stride: usize) -> usize {
        channels * stride + LANES
    }

    /// # Safety
    /// The points of each channel are written by one [`ToPoints`] at a time.
    pub unsafe fn new(values: &'a mut [f32], channels: usize, stride: usize) -> Self {
        Self { values: Shared::new(values), step: Self::step(channels, stride) }
    }
}

/// The transform of the 6×6 pixels under each tile, for the planes of one channel.
pub struct ToPoints<'a> {
    pub block: &'a Block,
    /// The tensor of the planes, `[images, channels, height, width]`.
    pub samples: &'a [f32],
    pub channels: usize,
    pub channel: usize,
    pub size: [usize; 2],
    /// Rows above and columns left of the first pixel, which are 0.
    pub before: [usize; 2],
    pub points: Points<'a>,
    pub buffer: &'a mut Vec<f32>,
}

impl WithSimd for ToPoints<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { block, channel, points, .. } = self;
        let stride = block.stride();
        // The tiles' own columns one tile after the other, then those under the last of each segment beyond its own.
        let length = TILE * stride + LANES;
        let beyond = (BEYOND * block.segments.len()).next_multiple_of(LANES);
        let buffer = sized(self.buffer, SIDE * (length + beyond + stride));
        let (lines, buffer) = buffer.split_at_mut(SIDE * length);
        let (ends, half) = buffer.split_at_mut(SIDE * beyond);
        for (number, segment) in block.segments.iter().enumerate() {
            let plane = self.size[0] * self.size[1];
            let plane = (segment.image * self.channels + channel) * plane;
            let plane = &self.samples[plane..];
            for y in 0..SIDE {
                let line = &mut lines[y * length..][..length];
                let end = &mut ends[y * beyond + number * BEYOND..][..BEYOND];
                fill_line(plane, self.size, self.before, segment, y, line, end);
            }
        }
        down::<S>(simd, lines, length);
        down::<S>(simd, ends, beyond);
        let across = stride / S::F32_LANES;
        for row in 0..SIDE {
            separate(&lines[row * length..][..TILE * stride], half, stride);
            let (own, next) = half.split_at_mut(TILE * stride);
            let ends = &ends[row * beyond..];
            for (x, next) in next.chunks_exact_mut(stride).enumerate() {
                // The pixels under a tile beyond its four columns are the start of the next tile.
                for (next, own) in next[..stride - 1].iter_mut().zip(&own[x * stride + 1..]) {
                    *next = *own;
                }
                for (number, segment) in block.segments.iter().enumerate() {
                    next[segment.places().end - 1] = ends[number * BEYOND + x];
                }
            }
            let mut targets: [&mut [S::f32s]; SIDE] = std::array::from_fn(|column| {
                let start = (row * SIDE + column) * points.step + channel * stride;
                // SAFETY: the creator of the points guarantees one writer per channel.
                let target = unsafe { points.values.part(start..start + stride) };
                S::as_mut_simd_f32s(target).0
            });
            let half = S::as_simd_f32s(half).0;
            for at in 0..across {
                let mut line = [simd.splat_f32s(0.0); SIDE];
                for x in 0..SIDE {
                    line[x] = half[x * across + at];
                }
                let line = InputAxis.apply(simd, line);
                for (target, value) in targets.iter_mut().zip(line) {
                    target[at] = value;
                }
            }
        }
    }
}

/// Transforms columns of six values in place, in rows `length` values apart.
#[inline(always)]
fn down<S: Simd>(simd: S, lines: &mut [f32], length: usize) {
    let vectors = S::as_mut_simd_f32s(lines).0;
    let across = length / S::F32_LANES;
    for at in 0..across {
        let mut line = [simd.splat_f32s(0.0); SIDE];
        for y in 0..SIDE {
            line[y] = vectors[y * across + at];
        }
        let line = InputAxis.apply(simd, line);
        for y in 0..SIDE {
            vectors[y * across + at] = line[y];
        }
    }
}

/// Row `y` of the pixels under a segment's tiles, with zeros outside the image: their own columns, and those beyond the
/// last. Values past a segment's end in the row may be overwritten, since segments are written in order.
#[inline(always)]
fn fill_line(
    plane: &[f32],
    [height, width]: [usize; 2],
    [top, left]: [usize; 2],
    segment: &Segment,
    y: usize,
    line: &mut [f32],
    end: &mut [f32],
) {
    let line = &mut line[segment.start * TILE..];
    let length = segment.columns.len() * TILE;
    let row = (segment.row * TILE + y).checked_sub(top).filter(|row| *row < height);
    let Some(row) = row else {
        line[..length].fill(0.0);
        end.fill(0.0);
        return;
    };
    let start = segment.columns.start * TILE;
    let lead = left.saturating_sub(start);
    let first = start.saturating_sub(left).min(width);
    let inside = (width - first).min(length - lead);
    for value in &mut line[..lead] {
        *value = 0.0;
    }
    let from = &plane[row * width + first..];
    let mut at = 0;
    while at < inside {
        let pieces = (line[lead + at..].first_chunk_mut::<LANES>(), from[at..].first_chunk());
        let (Some(to), Some(from)) = pieces else {
            for (to, from) in line[lead + at..lead + inside].iter_mut().zip(&from[at..]) {
                *to = *from;
            }
            break;
        };
        *to = *from;
        at += LANES;
    }
    for value in &mut line[lead + inside..length] {
        *value = 0.0;
    }
    for (x, value) in end.iter_mut().enumerate() {
        let column = (start + length + x).checked_sub(left).filter(|column| *column < width);
        *value = column.map_or(0.0, |column| plane[row * width + column]);
    }
}

/// Sorts the pixels of a row by their column in the tile: `[TILE, stride]`.
#[inline(always)]
fn separate(line: &[f32], half: &mut [f32], stride: usize) {
    let (a, half) = half.split_at_mut(stride);
    let (b, half) = half.split_at_mut(stride);
    let (c, half) = half.split_at_mut(stride);
    let targets = a.iter_mut().zip(b).zip(c.iter_mut().zip(&mut half[..stride]));
    for (((a, b), (c, d)), quad) in targets.zip(line.as_chunks::<TILE>().0) {
        (*a, *b, *c, *d) = (quad[0], quad[1], quad[2], quad[3]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu::Window;

    #[test]
    fn every_tile_is_in_one_block() {
        for images in 1..5 {
            for input in [[1, 1], [4, 9], [17, 30], [56, 56]] {
                let window = Window::square(3, 1, 1);
                let (in_channels, out_channels) = (1, 1);
                let output = input;
                let shape =
                    Conv2dShape { in_channels, out_channels, groups: 1, window, input, output };
                let [down, across] = output.map(|size: usize| size.div_ceil(TILE));
                for target in [1, 48, 100, 100_000] {
                    let mut seen = vec![0; images * down * across];
                    for block in blocks(&shape, images, target) {
                        let mut places = 0;
                        for segment in &block.segments {
                            assert_eq!(segment.start, places);
                            places += segment.columns.len();
                            for column in segment.columns.clone() {
                                seen[(segment.image * down + segment.row) * across + column] += 1;
                            }
                        }
                        assert_eq!(places, block.tiles);
                    }
                    assert!(seen.iter().all(|count| *count == 1));
                }
            }
        }
    }
}

//! Tiles: how they are cut into blocks, and how their pixels become points.

use super::axes::Axis;
use super::{POINTS, SIDE, TILE};
use crate::tensor::cpu::kernel::LANES;
use crate::tensor::cpu::threads::{self, Shared};
use crate::tensor::cpu::{Conv2dShape, sized};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Tiles side by side in one row of tiles of a picture, and the place of the first in the block.
pub struct Segment {
    pub image: usize,
    pub row: usize,
    pub columns: Range<usize>,
    pub start: usize,
}

impl Segment {
    /// The tiles' places in the block.
    pub fn places(&self) -> Range<usize> {
        self.start..self.start + self.columns.len()
    }
}

/// Tiles whose points make one matrix.
pub struct Block {
    pub segments: Vec<Segment>,
    /// How many tiles there are.
    pub tiles: usize,
}

impl Block {
    /// Places of a row of the matrix; those behind the last tile are never read.
    pub fn stride(&self) -> usize {
        self.tiles.next_multiple_of(LANES)
    }
}

/// Cuts the tiles of all pictures into blocks of about `target` tiles: when there are several, a multiple of the
/// threads' number.
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

/// Points of a block, `[36, channels, stride]`, where the channels are written by different threads.
#[derive(Clone, Copy)]
pub struct Points<'a> {
    values: Shared<'a, f32>,
    /// Values from one point to the next: off the lines of the cache that the one before falls on.
    pub step: usize,
}

impl<'a> Points<'a> {
    /// How many values there are.
    pub fn count(channels: usize, stride: usize) -> usize {
        POINTS * Self::step(channels, stride)
    }

    pub fn step(channels: usize, stride: usize) -> usize {
        channels * stride + LANES
    }

    /// # Safety
    /// Of every channel the points are written by one [`ToPoints`] at a time.
    pub unsafe fn new(values: &'a mut [f32], channels: usize, stride: usize) -> Self {
        Self { values: Shared::new(values), step: Self::step(channels, stride) }
    }
}

/// Takes the `A`×`A` pixels that each tile sees, of one channel's planes, to their points.
pub struct ToPoints<'a, T, const A: usize> {
    pub axis: T,
    pub block: &'a Block,
    /// The tensor that the planes are of, `[images, channels, height, width]`.
    pub pictures: &'a [f32],
    pub channels: usize,
    pub channel: usize,
    pub size: [usize; 2],
    /// Rows above the first row of pixels, and columns left of the first, that are 0.
    pub before: [usize; 2],
    pub points: Points<'a>,
    pub buffer: &'a mut Vec<f32>,
}

impl<T: Axis<A, SIDE>, const A: usize> WithSimd for ToPoints<'_, T, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { axis, block, pictures, channels, channel, size, before, points, buffer } = self;
        let [height, width] = size;
        let stride = block.stride();
        let longest = block.segments.iter().map(|segment| segment.columns.len()).max();
        let longest = (longest.unwrap_or(0) * TILE + A - TILE).next_multiple_of(LANES);
        let (lines, half) =
            sized(buffer, SIDE * longest + SIDE * A * stride).split_at_mut(SIDE * longest);
        for segment in &block.segments {
            let plane = &pictures[(segment.image * channels + channel) * height * width..]
                [..height * width];
            let length = (segment.columns.len() * TILE + A - TILE).next_multiple_of(LANES);
            let lines = &mut lines[..SIDE * length];
            fill_lines::<A>(plane, size, before, segment, lines, length);
            let vectors = S::as_mut_simd_f32s(lines).0;
            let across = length / S::F32_LANES;
            for at in 0..across {
                let mut line = [simd.splat_f32s(0.0); A];
                (0..A).for_each(|y| line[y] = vectors[y * across + at]);
                let line = axis.apply(simd, line);
                (0..SIDE).for_each(|y| vectors[y * across + at] = line[y]);
            }
            for (line, half) in lines.chunks_exact(length).zip(half.chunks_exact_mut(A * stride)) {
                separate::<A>(line, half, stride, segment.places());
            }
        }
        let half = S::as_simd_f32s(half).0;
        let across = stride / S::F32_LANES;
        for row in 0..SIDE {
            let mut targets: [&mut [S::f32s]; SIDE] = std::array::from_fn(|column| {
                let start = (row * SIDE + column) * points.step + channel * stride;
                // SAFETY: whoever made the points answers for every channel's being written by one.
                let target = unsafe { points.values.part(start..start + stride) };
                S::as_mut_simd_f32s(target).0
            });
            let half = &half[row * A * across..][..A * across];
            for at in 0..across {
                let mut line = [simd.splat_f32s(0.0); A];
                (0..A).for_each(|x| line[x] = half[x * across + at]);
                let line = axis.apply(simd, line);
                for (target, value) in targets.iter_mut().zip(line) {
                    target[at] = value;
                }
            }
        }
    }
}

/// The rows of pixels that a segment's tiles see, with zeros where there are none.
#[inline(always)]
fn fill_lines<const A: usize>(
    plane: &[f32],
    [height, width]: [usize; 2],
    [top, left]: [usize; 2],
    segment: &Segment,
    lines: &mut [f32],
    length: usize,
) {
    let start = segment.columns.start * TILE;
    let lead = left.saturating_sub(start);
    let first = start.saturating_sub(left).min(width);
    let inside = (width - first).min(length - lead);
    for (y, line) in lines.chunks_exact_mut(length).take(A).enumerate() {
        match (segment.row * TILE + y).checked_sub(top).filter(|source| *source < height) {
            None => line.fill(0.0),
            Some(source) => {
                line[..lead].fill(0.0);
                line[lead..lead + inside]
                    .copy_from_slice(&plane[source * width + first..][..inside]);
                line[lead + inside..].fill(0.0);
            }
        }
    }
}

/// Sorts the pixels of a line by their column in the tile: `[A, stride]`.
#[inline(always)]
fn separate<const A: usize>(line: &[f32], half: &mut [f32], stride: usize, places: Range<usize>) {
    let (quads, after) = half.split_at_mut(TILE * stride);
    let mut columns = quads.chunks_exact_mut(stride).map(|column| &mut column[places.clone()]);
    let (Some(a), Some(b), Some(c), Some(d)) =
        (columns.next(), columns.next(), columns.next(), columns.next())
    else {
        return;
    };
    let targets = a.iter_mut().zip(b.iter_mut()).zip(c.iter_mut().zip(d.iter_mut()));
    for (((a, b), (c, d)), quad) in targets.zip(line.as_chunks::<TILE>().0) {
        (*a, *b, *c, *d) = (quad[0], quad[1], quad[2], quad[3]);
    }
    // What a tile sees beyond its four columns begins the next tile.
    let next = [&*a, &*b];
    for (x, (column, next)) in after.chunks_exact_mut(stride).zip(next).enumerate() {
        let column = &mut column[places.clone()];
        let last = column.len() - 1;
        column[..last].copy_from_slice(&next[1..]);
        column[last] = line[places.len() * TILE + x];
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

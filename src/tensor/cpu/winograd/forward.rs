//! The forward pass of Winograd convolution, with its epilogue.

use super::axes::{Axis, OutputAxis};
use super::tiles::{Block, Points, ToPoints, blocks};
use super::{POINTS, SIDE, TILE, windows};
use crate::tensor::cpu::conv_shape::{Conv2dShape, Weights};
use crate::tensor::cpu::elementwise::update_short;
use crate::tensor::cpu::epilogue::After;
use crate::tensor::cpu::kernel::{LANES, Left, Product, aligned, terms, tile_rows};
use crate::tensor::cpu::pool_plane::pool_plane;
use crate::tensor::cpu::products::Target;
use crate::tensor::cpu::scratch::{Scratch, with_scratch};
use crate::tensor::cpu::slices::sized;
use crate::tensor::cpu::threads::{self, Shared};
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Tiles per block: their transformed values fill three vectors, and stay in the cache until they are multiplied.
const TOGETHER: usize = 96;
/// Output channels whose products are transformed back while they are in the cache.
const CHANNELS: usize = 64;

/// Convolution, or its transpose, of images `[n, in_channels, height, width]`. [`super::serves`] must hold for the
/// shape.
pub fn conv2d(
    shape: &Conv2dShape,
    input: &[f32],
    weights: Weights<'_>,
    target: Target<'_>,
    output: &mut [f32],
) {
    let (channels, inputs) = (shape.out_channels, shape.in_channels);
    let (after, winners) = match target {
        Target::Output { after, winners } => (Some(after), winners),
        Target::Sum => (None, &mut [][..]),
    };
    let [height, width] = shape.pooled(after.and_then(|after| after.pool));
    let images = output.len() / (channels * height * width);
    let blocks = blocks(shape, images, TOGETHER);
    let (output, winners) = (Shared::new(output), Shared::new(winners));
    let outputs = Outputs { shape, after, output, winners };
    if let [block] = &blocks[..] {
        outputs.share_out(block, input, weights);
        return;
    }
    with_scratch(|Scratch { packed, .. }| {
        let windows = aligned(packed, POINTS * windows::step(channels, inputs));
        windows::transform(shape, weights, windows);
        let windows = &*windows;
        threads::each(blocks.len(), |number| {
            let block = &blocks[number];
            with_scratch(|scratch| {
                let mut columns = std::mem::take(&mut scratch.columns);
                let points = aligned(&mut columns, Points::count(inputs, block.stride()));
                // SAFETY: this thread writes the channels one after the other.
                let shared = unsafe { Points::new(points, inputs, block.stride()) };
                for channel in 0..inputs {
                    to_points(shape, block, input, channel, shared, scratch);
                }
                for first in (0..channels).step_by(CHANNELS) {
                    let mine = first..(first + CHANNELS).min(channels);
                    let windows = Windows {
                        values: &windows[first * inputs..],
                        step: windows::step(channels, inputs),
                    };
                    outputs.run(block, points, windows, mine, scratch);
                }
                scratch.columns = columns;
            });
        });
    });
}

/// One channel of a block's input, transformed.
pub fn to_points(
    shape: &Conv2dShape,
    block: &Block,
    input: &[f32],
    channel: usize,
    points: Points<'_>,
    scratch: &mut Scratch,
) {
    let [[top, _], [left, _]] = shape.window.padding;
    Arch::new().dispatch(ToPoints {
        block,
        samples: input,
        channels: shape.in_channels,
        channel,
        size: shape.input,
        before: [top, left],
        points,
        buffer: &mut scratch.lines,
    });
}

/// From the transformed input to the output.
struct Outputs<'a> {
    shape: &'a Conv2dShape,
    /// `None` where the result is added.
    after: Option<&'a After<'a>>,
    output: Shared<'a, f32>,
    winners: Shared<'a, u8>,
}

/// Transformed weights as packed rows, `[36, rows]`, from the first row in question.
#[derive(Clone, Copy)]
struct Windows<'a> {
    values: &'a [f32],
    /// Distance of the points.
    step: usize,
}

impl Outputs<'_> {
    /// A single block, split by channels. With few tiles, most of the work is on the weights: each thread transforms
    /// those of some channels at a time, which stay in its cache.
    fn share_out(&self, block: &Block, input: &[f32], weights: Weights<'_>) {
        /// Transformed weights that fit a thread's cache.
        const CACHED: usize = 1 << 18;
        let shape = self.shape;
        let (channels, inputs) = (shape.out_channels, shape.in_channels);
        let rows = tile_rows();
        with_scratch(|Scratch { columns, .. }| {
            let points = aligned(columns, Points::count(inputs, block.stride()));
            // SAFETY: each channel is one task.
            let shared = unsafe { Points::new(points, inputs, block.stride()) };
            threads::each(inputs, |channel| {
                with_scratch(|scratch| to_points(shape, block, input, channel, shared, scratch));
            });
            let points = &*points;
            let run = channels.div_ceil(2 * threads::count()).min(CACHED / POINTS / inputs);
            let run = run.clamp(2 * rows, CHANNELS).next_multiple_of(rows);
            threads::each(channels.div_ceil(run), |task| {
                let mine = task * run..((task + 1) * run).min(channels);
                with_scratch(|scratch| {
                    let mut packed = std::mem::take(&mut scratch.packed);
                    let step = windows::step(mine.len(), inputs);
                    let windows = aligned(&mut packed, POINTS * step);
                    let lines = &mut scratch.lines;
                    windows::transform_some(shape, weights, mine.clone(), windows, lines);
                    let windows = Windows { values: windows, step };
                    self.run(block, points, windows, mine, scratch);
                    scratch.packed = packed;
                });
            });
        });
    }

    /// A range of channels of a block.
    fn run(
        &self,
        block: &Block,
        points: &[f32],
        windows: Windows<'_>,
        channels: Range<usize>,
        Scratch { band, lines, .. }: &mut Scratch,
    ) {
        let depth = self.shape.in_channels;
        let stride = block.stride();
        let (from, to) = (Points::step(depth, stride), channels.len() * stride + LANES);
        let products = aligned(band, POINTS * to);
        let run = terms(depth);
        for point in 0..POINTS {
            for start in (0..depth).step_by(run) {
                let inner = start..(start + run).min(depth);
                Product {
                    left: Left::packed(&windows.values[point * windows.step..], depth),
                    columns: stride,
                    right_stride: stride,
                    right: &points[point * from + start * stride..][..inner.len() * stride],
                    inner,
                    stride,
                    output: &mut products[point * to..][..channels.len() * stride],
                    rows: channels.len(),
                    keep: start > 0,
                    place: None,
                }
                .run();
            }
        }
        Arch::new().dispatch(Back { outputs: self, block, products, to, channels, buffer: lines });
    }
}

/// Transforms products, `[36, channels, stride]` with points `to` values apart, to pixels.
struct Back<'a> {
    outputs: &'a Outputs<'a>,
    block: &'a Block,
    products: &'a [f32],
    to: usize,
    channels: Range<usize>,
    buffer: &'a mut Vec<f32>,
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { outputs, block, products, to, channels, buffer } = self;
        let stride = block.stride();
        let size = TILE * TILE * stride;
        let (pixels, rows) = sized(buffer, 2 * size).split_at_mut(size);
        for (place, channel) in channels.enumerate() {
            let products = &products[place * stride..];
            let sources: [&[S::f32s]; POINTS] =
                std::array::from_fn(|point| S::as_simd_f32s(&products[point * to..][..stride]).0);
            let vectors = S::as_mut_simd_f32s(pixels).0;
            let across = stride / S::F32_LANES;
            for at in 0..across {
                let mut half = [[simd.splat_f32s(0.0); SIDE]; TILE];
                for column in 0..SIDE {
                    let mut line = [simd.splat_f32s(0.0); SIDE];
                    (0..SIDE).for_each(|row| line[row] = sources[row * SIDE + column][at]);
                    let line = OutputAxis.apply(simd, line);
                    (0..TILE).for_each(|row| half[row][column] = line[row]);
                }
                for (row, line) in half.into_iter().enumerate() {
                    for (column, value) in OutputAxis.apply(simd, line).into_iter().enumerate() {
                        vectors[(row * TILE + column) * across + at] = value;
                    }
                }
            }
            let lines = pixels.chunks_exact(TILE * stride);
            for (row, pixels) in rows.chunks_exact_mut(TILE * stride).zip(lines) {
                join(pixels, row, stride);
            }
            outputs.finish(simd, block, channel, rows);
        }
    }
}

/// A row of pixels sorted by their column in the tile, `[TILE, stride]`.
#[inline(always)]
fn join(pixels: &[f32], line: &mut [f32], stride: usize) {
    let (a, rest) = pixels.split_at(stride);
    let (b, rest) = rest.split_at(stride);
    let (c, d) = rest.split_at(stride);
    let sources = a.iter().zip(b).zip(c.iter().zip(d));
    for (quad, ((a, b), (c, d))) in line.as_chunks_mut::<TILE>().0.iter_mut().zip(sources) {
        *quad = [*a, *b, *c, *d];
    }
}

impl Outputs<'_> {
    /// Writes the pixels of a block's tiles, `[TILE, TILE · stride]`, after the epilogue.
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, block: &Block, channel: usize, rows: &mut [f32]) {
        let [height, width] = self.shape.output;
        let length = rows.len() / TILE;
        let side = self.after.and_then(|after| after.pool).unwrap_or(1);
        let [pooled_height, pooled_width] = [height / side, width / side];
        // All rows at once, since those of small images are short; before pooling, because a negative scale would turn
        // the maximum into a minimum.
        let early = self.after.filter(|after| match after.pool {
            None => after.add.is_empty(),
            Some(_) => !after.scale.is_empty(),
        });
        if let Some(after) = early {
            after.finish_within(simd, rows, &[], channel, 0);
        }
        for segment in &block.segments {
            let (top, left) = (segment.row * TILE, segment.columns.start * TILE);
            let inside = [TILE.min(height - top), (segment.columns.len() * TILE).min(width - left)];
            let plane =
                (segment.image * self.shape.out_channels + channel) * pooled_height * pooled_width;
            let counts = inside.map(|size| size / side);
            if counts[1] == 0 {
                continue;
            }
            for y in 0..counts[0] {
                let from = plane + (top / side + y) * pooled_width + left / side;
                let at = from..from + counts[1];
                let values = &mut rows[y * side * length + segment.start * TILE..]
                    [..(side - 1) * length + counts[1] * side];
                // SAFETY: segments cover different pixels, and tasks of one block different channels.
                let target = unsafe { self.output.part(at.clone()) };
                match (self.after, side) {
                    (None, _) => update_short(target, values, |sum, value| sum + value),
                    (Some(_), 1) if early.is_some() => {
                        update_short(target, values, |_, value| value);
                    }
                    (Some(after), 1) => after.finish_within(simd, target, values, channel, from),
                    (Some(after), side) => {
                        // SAFETY: as above.
                        let winners = unsafe { self.winners.part(at) };
                        pool_plane(values, length, side, counts[1], target, winners);
                        if early.is_none() {
                            after.finish(target, channel);
                        }
                    }
                }
            }
        }
    }
}

//! The backward pass of Winograd convolution.
//!
//! The gradient of the weights is, at each point, a sum over all tiles. With channels innermost, tiles are the terms of
//! a product of two matrices in place.

use super::axes::{Axis, GradientAxis, InputAxis};
use super::forward::conv2d;
use super::{POINTS, SIDE, TILE, windows};
use crate::tensor::cpu::blocks::{Block, Part, blocks};
use crate::tensor::cpu::channels_last::turn;
use crate::tensor::cpu::conv_shape::{Conv2dShape, Weights};
use crate::tensor::cpu::kernel::{LANES, Left, Product, aligned, spread, terms, tile_rows};
use crate::tensor::cpu::products::Target;
use crate::tensor::cpu::scratch::{Scratch, sum_over_images, with_scratch};
use crate::tensor::cpu::slices::{add_to, sized};
use crate::tensor::cpu::threads::{self, Shared};
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Adds the gradients of the convolution without its epilogue.
pub fn backward(
    shape: &Conv2dShape,
    input: &[f32],
    weight: &[f32],
    gradient: &[f32],
    input_gradient: Option<&mut [f32]>,
    weight_gradient: Option<&mut [f32]>,
) {
    if let (Some(sum), Some(transposed)) = (input_gradient, shape.transposed()) {
        conv2d(&transposed, gradient, Weights::Backward(weight), Target::Sum, sum);
    }
    if let Some(sum) = weight_gradient {
        weight_backward(shape, input, gradient, sum);
    }
}

fn weight_backward(shape: &Conv2dShape, input: &[f32], gradient: &[f32], sum: &mut [f32]) {
    /// Weights from which the threads share their gradient. With fewer, each thread sums over its own images: writing
    /// to memory in another core's cache takes ten times as long.
    const FEW: usize = 1 << 15;
    let images = input.len() / shape.sample_len();
    if shape.out_channels * shape.in_channels > FEW || images < threads::count() {
        add_windows(shape, 0..images, input, gradient, sum);
        return;
    }
    let work = |mine: Range<usize>, sum: &mut [f32], _: &mut [f32], _: &mut Scratch| {
        add_windows(shape, mine, input, gradient, sum);
    };
    sum_over_images(images, [sum.len(), 0], work, |part| add_to(sum, part), None);
}

/// Adds the contribution of these images.
fn add_windows(
    shape: &Conv2dShape,
    images: Range<usize>,
    input: &[f32],
    gradient: &[f32],
    sum: &mut [f32],
) {
    /// Transformed values that are computed before they are multiplied.
    const AT_ONCE: usize = 1 << 20;
    /// Sums that fit a thread's cache, and columns of them.
    const CACHED: usize = 1 << 17;
    const COLUMNS: usize = 192;
    let (channels, inputs) = (shape.out_channels, shape.in_channels);
    let [down, across] = shape.output.map(|size| size.div_ceil(TILE));
    let together = (AT_ONCE / POINTS / (channels + inputs)).max(256);
    let blocks = blocks(images, down, across, 1, together, 1);
    let most = blocks.iter().map(|block| block.positions).max().unwrap_or(0);
    // Each task sums some of the weights.
    let columns = inputs.div_ceil(inputs.div_ceil(COLUMNS)).next_multiple_of(LANES);
    let across_runs = inputs.div_ceil(columns);
    let rows = (channels * across_runs).div_ceil(2 * threads::count());
    let rows = rows.min(CACHED / POINTS / columns).next_multiple_of(tile_rows());
    let size = POINTS * rows * columns;
    let tasks = channels.div_ceil(rows) * across_runs;
    let sum = Shared::new(sum);
    with_scratch(|Scratch { packed, columns: scratch, band, .. }| {
        let of_input = Points::new(aligned(scratch, Points::count(inputs, most)), inputs, most);
        let of_gradient =
            Points::new(aligned(packed, Points::count(channels, most)), channels, most);
        let windows = |task: usize| {
            let (row, column) = (task / across_runs * rows, task % across_runs * columns);
            [row..(row + rows).min(channels), column..(column + columns).min(inputs)]
        };
        let multiply = |tiles: usize, task: usize, sums: &mut [f32], keep: bool| {
            let [mine, inputs] = windows(task);
            let step = terms(tiles);
            for (point, sums) in sums.chunks_exact_mut(rows * columns).enumerate() {
                // SAFETY: all tiles are transformed, and nothing writes points until the products are done.
                let (left, right) = unsafe { (of_gradient.at(point), of_input.at(point)) };
                for start in (0..tiles).step_by(step) {
                    let inner = start..(start + step).min(tiles);
                    Product {
                        left: Left::by_terms(&left[mine.start..], of_gradient.stride),
                        right: &right[start * of_input.stride + inputs.start..],
                        right_stride: of_input.stride,
                        inner,
                        columns: inputs.len().next_multiple_of(LANES),
                        output: &mut *sums,
                        stride: columns,
                        rows: mine.len(),
                        keep: keep || start > 0,
                        place: None,
                    }
                    .run();
                }
            }
        };
        let finish = |task: usize, sums: &[f32]| {
            let [mine, mine_inputs] = windows(task);
            for (place, row) in mine.enumerate() {
                let from = (row * inputs + mine_inputs.start) * 9;
                // SAFETY: tasks have different weights.
                let sum = unsafe { sum.part(from..from + mine_inputs.len() * 9) };
                windows::add_back(&sums[place * columns..], rows * columns, sum);
            }
        };
        if let [block] = &blocks[..] {
            transform(shape, block, [input, gradient], [of_input, of_gradient]);
            threads::each(tasks, |task| {
                with_scratch(|Scratch { band, .. }| {
                    let sums = aligned(band, size);
                    multiply(block.positions, task, sums, false);
                    finish(task, sums);
                });
            });
            return;
        }
        let sums = aligned(band, tasks * size);
        for (number, block) in blocks.iter().enumerate() {
            transform(shape, block, [input, gradient], [of_input, of_gradient]);
            threads::each_chunk(sums, size, |task, sums| {
                multiply(block.positions, task, sums, number > 0);
            });
        }
        let sums = &*sums;
        threads::each(tasks, |task| finish(task, threads::chunk(sums, size, task)));
    });
}

/// Transforms the tiles of input and gradient.
fn transform(
    shape: &Conv2dShape,
    block: &Block,
    [input, gradient]: [&[f32]; 2],
    [of_input, of_gradient]: [Points<'_>; 2],
) {
    let across = shape.output[1].div_ceil(TILE);
    let groups = shape.in_channels.div_ceil(LANES);
    let count = groups + shape.out_channels.div_ceil(LANES);
    threads::each(block.parts.len() * count, |task| {
        let (part, group) = (&block.parts[task / count], task % count);
        with_scratch(|scratch| match group.checked_sub(groups) {
            None => Tiles::<InputAxis, SIDE> {
                axis: InputAxis,
                part,
                across,
                samples: input,
                channels: shape.in_channels,
                first: group * LANES,
                size: shape.input,
                before: shape.window.padding.map(|[before, _]| before),
                points: of_input,
            }
            .run(scratch),
            Some(group) => Tiles::<GradientAxis, TILE> {
                axis: GradientAxis,
                part,
                across,
                samples: gradient,
                channels: shape.out_channels,
                first: group * LANES,
                size: shape.output,
                before: [0, 0],
                points: of_gradient,
            }
            .run(scratch),
        });
    });
}

/// The transformed tiles of a block with channels innermost, `[36, tiles, stride]`.
#[derive(Clone, Copy)]
struct Points<'a> {
    values: Shared<'a, f32>,
    /// Distance of the points, and of the tiles.
    step: usize,
    stride: usize,
}

impl<'a> Points<'a> {
    fn count(channels: usize, tiles: usize) -> usize {
        POINTS * (tiles * spread(channels) + LANES)
    }

    fn new(values: &'a mut [f32], channels: usize, tiles: usize) -> Self {
        let stride = spread(channels);
        Self { values: Shared::new(values), step: tiles * stride + LANES, stride }
    }

    /// The tiles at one point.
    ///
    /// # Safety
    /// While the slice is in use, nothing may write points.
    unsafe fn at(&self, point: usize) -> &[f32] {
        // SAFETY: the caller guarantees that nothing writes.
        unsafe { self.values.seen(point * self.step..(point + 1) * self.step) }
    }
}

/// Transforms the `A`×`A` pixels under each tile of a part, for [`LANES`] channels from `first`.
struct Tiles<'a, T, const A: usize> {
    axis: T,
    part: &'a Part,
    /// Tiles per row.
    across: usize,
    /// The tensor of the pixels, `[images, channels, height, width]`.
    samples: &'a [f32],
    channels: usize,
    first: usize,
    size: [usize; 2],
    /// Rows above and columns left of the first pixel, which are 0.
    before: [usize; 2],
    points: Points<'a>,
}

impl<T: Axis<A, SIDE>, const A: usize> Tiles<'_, T, A> {
    fn run(self, Scratch { columns, .. }: &mut Scratch) {
        let [height, width] = self.size;
        let rows = (self.part.rows.start * TILE).saturating_sub(self.before[0]).min(height)
            ..((self.part.rows.end - 1) * TILE + A).saturating_sub(self.before[0]).min(height);
        let pixels = sized(columns, rows.len() * width * LANES);
        let together = LANES.min(self.channels - self.first);
        if together < LANES {
            pixels.fill(0.0);
        }
        let plane = height * width;
        let from = (self.part.image * self.channels + self.first) * plane + rows.start * width;
        turn(&self.samples[from..], plane, [together, rows.len() * width], pixels, LANES);
        Arch::new().dispatch(ToPoints { tiles: self, pixels, rows });
    }
}

struct ToPoints<'a, T, const A: usize> {
    tiles: Tiles<'a, T, A>,
    /// `[rows, width, LANES]`.
    pixels: &'a [f32],
    rows: Range<usize>,
}

impl<T: Axis<A, SIDE>, const A: usize> WithSimd for ToPoints<'_, T, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { tiles, pixels, rows } = self;
        let Tiles { axis, part, across, first, points, .. } = tiles;
        let (width, [top, left]) = (tiles.size[1], tiles.before);
        let vectors = LANES / S::F32_LANES;
        let pixels = S::as_simd_f32s(pixels).0;
        for number in 0..part.rows.len() * across {
            let row = (part.rows.start + number / across) * TILE;
            let column = number % across * TILE;
            let start = (part.start + number) * points.stride + first;
            for at in 0..vectors {
                let mut half = [[simd.splat_f32s(0.0); SIDE]; A];
                for (x, half) in half.iter_mut().enumerate() {
                    let mut line = [simd.splat_f32s(0.0); A];
                    if let Some(x) = (column + x).checked_sub(left).filter(|x| *x < width) {
                        for (y, value) in line.iter_mut().enumerate() {
                            let y = (row + y).checked_sub(top).filter(|y| rows.contains(y));
                            if let Some(y) = y {
                                *value = pixels[((y - rows.start) * width + x) * vectors + at];
                            }
                        }
                    }
                    *half = axis.apply(simd, line);
                }
                for y in 0..SIDE {
                    let mut line = [simd.splat_f32s(0.0); A];
                    for (value, half) in line.iter_mut().zip(&half) {
                        *value = half[y];
                    }
                    for (x, value) in axis.apply(simd, line).into_iter().enumerate() {
                        let start = (y * SIDE + x) * points.step + start + at * S::F32_LANES;
                        // SAFETY: parts cover different tiles, and tasks of one part different channels.
                        let target = unsafe { points.values.part(start..start + S::F32_LANES) };
                        S::as_mut_simd_f32s(target).0[0] = value;
                    }
                }
            }
        }
    }
}

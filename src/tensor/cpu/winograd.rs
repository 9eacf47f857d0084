//! Convolutions of 3×3 with a quarter of the multiplications: minimal filtering by Winograd, F(4×4, 3×3) of Lavin and
//! Gray (2016).
//!
//! The output is cut into tiles of 4×4, each of which sees 6×6 pixels. Input tiles, and windows, are transformed to 36 points;
//! there, convolution is one matrix product over the channels per point; the products are transformed back to
//! output tiles. All three transforms are linear, so the backward pass is made of the same steps transposed.

use super::blocks::{Block, Part, blocks};
use super::conv2d::{Scratch, by_channels, planes_of, with_scratch};
use super::pool_plane::pool_plane;
use super::{After, Conv2dShape, Matrix, MatrixMut, Window, matmul, sized};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Output pixels of a tile, an axis.
const TILE: usize = 4;
/// Input pixels of a tile, an axis.
const SIDE: usize = 6;
/// Points at which tiles are multiplied.
const POINTS: usize = SIDE * SIDE;
/// Tiles are kept in multiples of this, which every processor's vectors divide.
const LANES: usize = 16;

/// Whether this way is open, and shorter.
pub fn serves(shape: &Conv2dShape, images: usize) -> bool {
    let tiles = images * shape.output.map(|size| size.div_ceil(TILE)).iter().product::<usize>();
    shape.window == (Window { padding: shape.window.padding, ..Window::square(3, 1, 0) })
        && shape.window.padding.iter().flatten().all(|padding| *padding <= 2)
        && shape.groups == 1
        && shape.in_channels >= 16
        && shape.out_channels >= 16
        // Windows are transformed anew each time: that must pay.
        && tiles >= LANES
}

/// Whether pooling with windows of this side can follow in the same pass.
pub fn pools(side: Option<usize>) -> bool {
    side.is_none_or(|side| TILE.is_multiple_of(side))
}

/// The weights `[out_channels, in_channels, 3, 3]` of the convolution, or those of the one whose input gradient
/// is wanted: then turned around, with the channels exchanged.
#[derive(Clone, Copy)]
pub enum Weights<'a> {
    Forward(&'a [f32]),
    Backward(&'a [f32]),
}

/// What becomes of the result.
pub enum Target<'a> {
    /// It is written, with what follows.
    Output { after: &'a After<'a>, winners: &'a mut [u8] },
    /// It is added to what is there.
    Sum,
}

/// The tiles of all pictures, cut into blocks, where rows and widths are counted in tiles.
struct Tiles {
    blocks: Vec<Block>,
    /// Tiles in a row.
    across: usize,
}

impl Tiles {
    fn of(shape: &Conv2dShape, images: usize) -> Self {
        // Transformed tiles of a block that the last-level cache holds beside their products.
        const CACHED_VALUES: usize = 1 << 20;
        let [down, across] = shape.output.map(|size| size.div_ceil(TILE));
        let target = (CACHED_VALUES / POINTS / shape.in_channels).max(64);
        Self { blocks: blocks(0..images, down, across, 1, target), across }
    }
}

/// Output rows of a part of a block.
fn rows_of(part: &Part, height: usize) -> std::ops::Range<usize> {
    part.rows.start * TILE..(part.rows.end * TILE).min(height)
}

/// Convolution, or its transpose, of pictures `[n, in_channels, height, width]`. The shape must be one that [`serves`].
pub fn conv2d(
    shape: &Conv2dShape,
    input: &[f32],
    weights: Weights<'_>,
    target: Target<'_>,
    output: &mut [f32],
) {
    let channels = shape.out_channels;
    let pool = match &target {
        Target::Output { after, .. } => after.pool,
        Target::Sum => None,
    };
    let [pooled_height, pooled_width] = shape.pooled(pool);
    let plane = pooled_height * pooled_width;
    let tiles = Tiles::of(shape, output.len() / (channels * plane));
    let side = pool.unwrap_or(1);
    let length = |part: &Part| {
        let rows = part.rows.start * TILE / side..(part.rows.end * TILE / side).min(pooled_height);
        rows.len() * pooled_width
    };
    let lines = planes_of(&tiles.blocks, output, channels, plane, length);
    let (after, winners) = match target {
        Target::Output { after, winners } if pool.is_some() => {
            (Some(after), planes_of(&tiles.blocks, winners, channels, plane, length))
        }
        Target::Output { after, .. } => (Some(after), no_lines(&tiles.blocks)),
        Target::Sum => (None, no_lines(&tiles.blocks)),
    };
    let run = channels.div_ceil(rayon::current_num_threads());
    with_scratch(|Scratch { columns, band, .. }| {
        let windows = sized(band, channels * POINTS * shape.in_channels);
        transform_weights(shape, weights, windows);
        for (block, (lines, winners)) in tiles.blocks.iter().zip(lines.into_iter().zip(winners)) {
            let count = block.positions.next_multiple_of(LANES);
            let points = sized(columns, shape.in_channels * POINTS * count);
            transform_input(shape, &tiles, block, input, points);
            let points = &*points;
            let windows = &*windows;
            let mut winners = by_channels(winners, channels, run);
            winners.resize_with(channels.div_ceil(run), Vec::new);
            let tasks: Vec<_> =
                by_channels(lines, channels, run).into_iter().zip(winners).collect();
            tasks.into_par_iter().enumerate().for_each(|(task, (lines, winners))| {
                let first = task * run;
                let outputs = Outputs { shape, tiles: &tiles, block, after, first };
                with_scratch(|scratch| outputs.run(points, windows, lines, winners, scratch));
            });
        }
    });
}

fn no_lines<'a, T>(blocks: &[Block]) -> Vec<Vec<&'a mut [T]>> {
    blocks.iter().map(|_| Vec::new()).collect()
}

/// Some channels of a block's output.
struct Outputs<'a> {
    shape: &'a Conv2dShape,
    tiles: &'a Tiles,
    block: &'a Block,
    after: Option<&'a After<'a>>,
    /// The first channel.
    first: usize,
}

impl Outputs<'_> {
    fn run(
        &self,
        points: &[f32],
        windows: &[f32],
        mut lines: Vec<&mut [f32]>,
        mut winners: Vec<&mut [u8]>,
        Scratch { band, lines: buffer, .. }: &mut Scratch,
    ) {
        let Self { shape, tiles, block, after, first } = *self;
        let inputs = shape.in_channels;
        let count = block.positions.next_multiple_of(LANES);
        let channels = lines.len() / block.parts.len();
        let products = sized(band, channels * POINTS * count);
        for point in 0..POINTS {
            let windows = &windows[(first * POINTS + point) * inputs..];
            let points = &points[point * count..];
            matmul(
                MatrixMut::strided(&mut products[point * count..], channels, count, POINTS * count),
                Matrix::strided(windows, channels, inputs, POINTS * inputs),
                Matrix::strided(points, inputs, count, POINTS * count),
                false,
            );
        }
        let [height, width] = shape.output;
        let pool = after.and_then(|after| after.pool);
        let [pooled_height, pooled_width] = shape.pooled(pool);
        for (c, products) in products.chunks_exact_mut(POINTS * count).enumerate() {
            Arch::new().dispatch(Transform { values: products, count, way: Way::Output });
            for (number, part) in block.parts.iter().enumerate() {
                let rows = rows_of(part, height);
                let values = sized(buffer, rows.len() * width);
                spread_tiles(products, count, part, tiles.across, width, values);
                let line = &mut *lines[number * channels + c];
                match after {
                    None => line.iter_mut().zip(values).for_each(|(sum, value)| *sum += *value),
                    Some(after) => match pool {
                        None => {
                            let plane = pooled_height * pooled_width;
                            let from = (part.image * shape.out_channels + first + c) * plane
                                + rows.start * width;
                            after.finish_from(line, values, first + c, from);
                        }
                        Some(side) => {
                            let winners = &mut *winners[number * channels + c];
                            // A negative factor would make the maximum a minimum.
                            if !after.scale.is_empty() {
                                after.finish(values, first + c);
                            }
                            pool_plane(values, width, side, pooled_width, line, winners);
                            if after.scale.is_empty() {
                                after.finish(line, first + c);
                            }
                        }
                    },
                }
            }
        }
    }
}

/// Adds to the gradients that are given those of the convolution without what follows it.
pub fn backward(
    shape: &Conv2dShape,
    input: &[f32],
    weight: &[f32],
    gradient: &[f32],
    input_gradient: Option<&mut [f32]>,
    weight_gradient: Option<&mut [f32]>,
) {
    if let Some(sum) = input_gradient {
        let transposed = Conv2dShape {
            in_channels: shape.out_channels,
            out_channels: shape.in_channels,
            window: Window {
                padding: shape.window.padding.map(|axis| axis.map(|padding| 2 - padding)),
                ..shape.window
            },
            input: shape.output,
            output: shape.input,
            ..*shape
        };
        conv2d(&transposed, gradient, Weights::Backward(weight), Target::Sum, sum);
    }
    if let Some(sum) = weight_gradient {
        weight_backward(shape, input, gradient, sum);
    }
}

fn weight_backward(shape: &Conv2dShape, input: &[f32], gradient: &[f32], sum: &mut [f32]) {
    let (channels, inputs) = (shape.out_channels, shape.in_channels);
    let [height, width] = shape.output;
    let plane = height * width;
    let tiles = Tiles::of(shape, gradient.len() / (channels * plane));
    let run = channels.div_ceil(rayon::current_num_threads());
    with_scratch(|Scratch { columns, band, .. }| {
        let windows = sized(band, channels * POINTS * inputs);
        for (number, block) in tiles.blocks.iter().enumerate() {
            let count = block.positions.next_multiple_of(LANES);
            let points = sized(columns, inputs * POINTS * count);
            transform_input(shape, &tiles, block, input, points);
            let points = &*points;
            windows.par_chunks_mut(run * POINTS * inputs).enumerate().for_each(
                |(task, windows)| {
                    let channels = windows.len() / (POINTS * inputs);
                    with_scratch(|Scratch { band, .. }| {
                        let products = sized(band, channels * POINTS * count);
                        for (c, products) in products.chunks_exact_mut(POINTS * count).enumerate() {
                            let channel = task * run + c;
                            for part in &block.parts {
                                let from = (part.image * shape.out_channels + channel) * plane;
                                let plane = &gradient[from..from + plane];
                                gather_output(
                                    plane,
                                    shape.output,
                                    part,
                                    tiles.across,
                                    products,
                                    count,
                                );
                            }
                            clear_rest(products, block.positions, count);
                            Arch::new().dispatch(Transform {
                                values: products,
                                count,
                                way: Way::Gradient,
                            });
                        }
                        for point in 0..POINTS {
                            let products = &products[point * count..];
                            let points = &points[point * count..];
                            let windows = &mut windows[point * inputs..];
                            matmul(
                                MatrixMut::strided(windows, channels, inputs, POINTS * inputs),
                                Matrix::strided(products, channels, count, POINTS * count),
                                Matrix::strided(points, inputs, count, POINTS * count).transposed(),
                                number > 0,
                            );
                        }
                    });
                },
            );
        }
        let windows = &*windows;
        let count = inputs.next_multiple_of(LANES);
        sum.par_chunks_mut(9 * inputs).zip(windows.par_chunks(POINTS * inputs)).for_each(
            |(sum, windows)| {
                with_scratch(|Scratch { band, .. }| {
                    let points = sized(band, POINTS * count);
                    for (to, from) in points.chunks_exact_mut(count).zip(windows.chunks(inputs)) {
                        to[..inputs].copy_from_slice(from);
                        to[inputs..].fill(0.0);
                    }
                    Arch::new().dispatch(Transform { values: points, count, way: Way::WindowBack });
                    for (input, sum) in sum.chunks_exact_mut(9).enumerate() {
                        let taps = points[input..].iter().step_by(count);
                        sum.iter_mut().zip(taps).for_each(|(sum, tap)| *sum += tap);
                    }
                });
            },
        );
    });
}

/// Input tiles at their points: `[in_channels, points, tiles]`.
fn transform_input(
    shape: &Conv2dShape,
    tiles: &Tiles,
    block: &Block,
    input: &[f32],
    points: &mut [f32],
) {
    let [height, width] = shape.input;
    let plane = height * width;
    let count = block.positions.next_multiple_of(LANES);
    points.par_chunks_exact_mut(POINTS * count).enumerate().for_each(|(channel, points)| {
        with_scratch(|Scratch { lines, .. }| {
            for part in &block.parts {
                let from = (part.image * shape.in_channels + channel) * plane;
                let plane = &input[from..from + plane];
                gather_input(shape, plane, part, tiles.across, points, count, lines);
            }
        });
        clear_rest(points, block.positions, count);
        Arch::new().dispatch(Transform { values: points, count, way: Way::Input });
    });
}

/// What lies behind the last tile takes part in the products: it must be a number.
fn clear_rest(points: &mut [f32], tiles: usize, count: usize) {
    points.chunks_exact_mut(count).for_each(|line| line[tiles..].fill(0.0));
}

/// Lays out the pixels of a part's tiles, pixel by pixel of a tile: `[36, tiles]`.
fn gather_input(
    shape: &Conv2dShape,
    plane: &[f32],
    part: &Part,
    across: usize,
    points: &mut [f32],
    count: usize,
    buffer: &mut Vec<f32>,
) {
    let [height, width] = shape.input;
    let [[top, _], [left, _]] = shape.window.padding;
    let line = sized(buffer, across * TILE + 2);
    let inside = width.min(line.len() - left);
    line[..left].fill(0.0);
    line[left + inside..].fill(0.0);
    for (place, row) in part.rows.clone().enumerate() {
        let start = part.start + place * across;
        for y in 0..SIDE {
            let points = &mut points[y * SIDE * count..][..SIDE * count];
            let source = (row * TILE + y).checked_sub(top).filter(|source| *source < height);
            let Some(source) = source else {
                points.chunks_exact_mut(count).for_each(|p| p[start..start + across].fill(0.0));
                continue;
            };
            line[left..left + inside].copy_from_slice(&plane[source * width..][..inside]);
            let (first, rest) = points.split_at_mut(count);
            let (second, rest) = rest.split_at_mut(count);
            let (third, rest) = rest.split_at_mut(count);
            let (fourth, rest) = rest.split_at_mut(count);
            let (fifth, sixth) = rest.split_at_mut(count);
            let at = start..start + across;
            let quads = line.chunks_exact(TILE);
            let targets = first[at.clone()].iter_mut().zip(&mut second[at.clone()]);
            let targets = targets.zip(third[at.clone()].iter_mut().zip(&mut fourth[at.clone()]));
            for (((a, b), (c, d)), quad) in targets.zip(quads) {
                (*a, *b, *c, *d) = (quad[0], quad[1], quad[2], quad[3]);
            }
            // The last two pixels of a tile are the first two of the next.
            fifth[start..start + across - 1].copy_from_slice(&first[start + 1..start + across]);
            sixth[start..start + across - 1].copy_from_slice(&second[start + 1..start + across]);
            fifth[start + across - 1] = line[across * TILE];
            sixth[start + across - 1] = line[across * TILE + 1];
        }
    }
}

/// The same for the pixels of output tiles: `[16, tiles]`, with zeros beyond the edge.
fn gather_output(
    plane: &[f32],
    [height, width]: [usize; 2],
    part: &Part,
    across: usize,
    points: &mut [f32],
    count: usize,
) {
    for (place, row) in part.rows.clone().enumerate() {
        let start = part.start + place * across;
        for y in 0..TILE {
            let source = row * TILE + y;
            for x in 0..TILE {
                let target = &mut points[(y * TILE + x) * count + start..][..across];
                if source >= height {
                    target.fill(0.0);
                    continue;
                }
                let line = &plane[source * width..][..width];
                let mut pixels = line.get(x..).unwrap_or(&[]).iter().step_by(TILE);
                target.iter_mut().for_each(|t| *t = pixels.next().copied().unwrap_or(0.0));
            }
        }
    }
}

/// The reverse of [`gather_output`]: rows of a plane.
fn spread_tiles(
    tiles: &[f32],
    count: usize,
    part: &Part,
    across: usize,
    width: usize,
    rows: &mut [f32],
) {
    for (y, line) in rows.chunks_exact_mut(width).enumerate() {
        let start = part.start + y / TILE * across;
        let from = |x: usize| &tiles[(y % TILE * TILE + x) * count + start..][..across];
        let [a, b, c, d] = [from(0), from(1), from(2), from(3)];
        let mut quads = line.chunks_exact_mut(TILE);
        let sources = a.iter().zip(b).zip(c.iter().zip(d));
        for (quad, ((a, b), (c, d))) in quads.by_ref().zip(sources) {
            quad.copy_from_slice(&[*a, *b, *c, *d]);
        }
        let last = across - 1;
        let rest = quads.into_remainder();
        rest.iter_mut().zip([a[last], b[last], c[last], d[last]]).for_each(|(to, from)| *to = from);
    }
}

/// Windows at their points: `[out_channels, points, in_channels]`.
fn transform_weights(shape: &Conv2dShape, weights: Weights<'_>, windows: &mut [f32]) {
    /// Output channels that one task takes: the backward form reads the weights of neighbours from one place.
    const RUN: usize = 16;
    let (channels, inputs) = (shape.out_channels, shape.in_channels);
    let count = inputs.next_multiple_of(LANES);
    windows.par_chunks_mut(RUN * POINTS * inputs).enumerate().for_each(|(task, windows)| {
        with_scratch(|Scratch { band, lines, .. }| {
            let first = task * RUN;
            let run = windows.len() / (POINTS * inputs);
            let taps = sized(band, run * 9 * count);
            match weights {
                Weights::Forward(weight) => {
                    for (taps, weight) in taps
                        .chunks_exact_mut(9 * count)
                        .zip(weight[first * inputs * 9..].chunks_exact(inputs * 9))
                    {
                        for (input, window) in weight.as_chunks::<9>().0.iter().enumerate() {
                            (0..9).for_each(|tap| taps[tap * count + input] = window[tap]);
                        }
                    }
                }
                Weights::Backward(weight) => {
                    for (input, weight) in weight.chunks_exact(channels * 9).enumerate() {
                        let weight = &weight[first * 9..][..run * 9];
                        for (c, window) in weight.as_chunks::<9>().0.iter().enumerate() {
                            let taps = &mut taps[c * 9 * count..][..9 * count];
                            (0..9).for_each(|tap| taps[tap * count + input] = window[8 - tap]);
                        }
                    }
                }
            }
            let channels = windows.chunks_exact_mut(POINTS * inputs);
            for (windows, taps) in channels.zip(taps.chunks_exact_mut(9 * count)) {
                taps.chunks_exact_mut(count).for_each(|line| line[inputs..].fill(0.0));
                if count == inputs {
                    windows[..9 * count].copy_from_slice(taps);
                    Arch::new().dispatch(Transform { values: windows, count, way: Way::Window });
                    continue;
                }
                let points = sized(lines, POINTS * count);
                points[..9 * count].copy_from_slice(taps);
                Arch::new().dispatch(Transform { values: points, count, way: Way::Window });
                for (to, from) in windows.chunks_exact_mut(inputs).zip(points.chunks_exact(count)) {
                    to.copy_from_slice(&from[..inputs]);
                }
            }
        });
    });
}

/// Which transform.
#[derive(Clone, Copy)]
enum Way {
    /// 6×6 pixels to the points.
    Input,
    /// 3×3 taps to the points.
    Window,
    /// The points to 3×3 taps: the transpose of `Window`.
    WindowBack,
    /// The points to 4×4 pixels.
    Output,
    /// 4×4 pixels to the points: the transpose of `Output`.
    Gradient,
}

/// A transform in place of `[36, count]` values, `count` tiles side by side.
struct Transform<'a> {
    values: &'a mut [f32],
    count: usize,
    way: Way,
}

impl WithSimd for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { values, count, way } = self;
        let stride = count / S::F32_LANES;
        let (values, _) = S::as_mut_simd_f32s(values);
        match way {
            Way::Input => both_axes::<S, InputAxis, 6, 6>(simd, values, stride),
            Way::Window => both_axes::<S, WindowAxis, 3, 6>(simd, values, stride),
            Way::WindowBack => both_axes::<S, WindowBackAxis, 6, 3>(simd, values, stride),
            Way::Output => both_axes::<S, OutputAxis, 6, 4>(simd, values, stride),
            Way::Gradient => both_axes::<S, GradientAxis, 4, 6>(simd, values, stride),
        }
    }
}

/// A transform from `A` to `B` values. A trait rather than a function that is handed on: the compiler does not carry
/// wide instructions into a function that is called through a variable.
trait Axis<const A: usize, const B: usize> {
    fn apply<S: Simd>(simd: S, line: [S::f32s; A]) -> [S::f32s; B];
}

/// A transform from `A`×`A` to `B`×`B` values along both axes.
#[inline(always)]
fn both_axes<S: Simd, T: Axis<A, B>, const A: usize, const B: usize>(
    simd: S,
    values: &mut [S::f32s],
    stride: usize,
) {
    for tile in 0..stride {
        let mut half = [[simd.splat_f32s(0.0); A]; B];
        for column in 0..A {
            let mut line = [simd.splat_f32s(0.0); A];
            for (row, value) in line.iter_mut().enumerate() {
                *value = values[(row * A + column) * stride + tile];
            }
            let line = T::apply(simd, line);
            for row in 0..B {
                half[row][column] = line[row];
            }
        }
        for (row, line) in half.into_iter().enumerate() {
            let line = T::apply(simd, line);
            for (column, value) in line.into_iter().enumerate() {
                values[(row * B + column) * stride + tile] = value;
            }
        }
    }
}

struct InputAxis;

impl Axis<6, 6> for InputAxis {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 6] {
        let of = |value: f32| simd.splat_f32s(value);
        let (two, minus_four, minus_five) = (of(2.0), of(-4.0), of(-5.0));
        let even = simd.mul_add_f32s(minus_four, c, e);
        let odd = simd.mul_add_f32s(minus_four, b, d);
        let far = simd.sub_f32s(e, c);
        let twice = simd.mul_f32s(two, simd.sub_f32s(d, b));
        [
            simd.mul_add_f32s(of(4.0), a, simd.mul_add_f32s(minus_five, c, e)),
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            simd.add_f32s(far, twice),
            simd.sub_f32s(far, twice),
            simd.mul_add_f32s(of(4.0), b, simd.mul_add_f32s(minus_five, d, f)),
        ]
    }
}

struct WindowAxis;

impl Axis<3, 6> for WindowAxis {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 6] {
        let by = |factor: f32, value| simd.mul_f32s(simd.splat_f32s(factor), value);
        let outer = by(-1.0 / 6.0, simd.add_f32s(a, c));
        let middle = by(1.0 / 6.0, b);
        let far = simd.add_f32s(by(1.0 / 24.0, a), by(1.0 / 6.0, c));
        let near = by(1.0 / 12.0, b);
        [
            by(0.25, a),
            simd.sub_f32s(outer, middle),
            simd.add_f32s(outer, middle),
            simd.add_f32s(far, near),
            simd.sub_f32s(far, near),
            c,
        ]
    }
}

struct WindowBackAxis;

impl Axis<6, 3> for WindowBackAxis {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 3] {
        let by = |factor: f32, value| simd.mul_f32s(simd.splat_f32s(factor), value);
        let near = by(-1.0 / 6.0, simd.add_f32s(b, c));
        let (far_sum, far_difference) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
        [
            simd.add_f32s(by(0.25, a), simd.add_f32s(near, by(1.0 / 24.0, far_sum))),
            simd.add_f32s(by(1.0 / 6.0, simd.sub_f32s(c, b)), by(1.0 / 12.0, far_difference)),
            simd.add_f32s(f, simd.add_f32s(near, by(1.0 / 6.0, far_sum))),
        ]
    }
}

struct OutputAxis;

impl Axis<6, 4> for OutputAxis {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 4] {
        let of = |value: f32| simd.splat_f32s(value);
        let (sum, difference) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
        let (far_sum, far_difference) = (simd.add_f32s(d, e), simd.sub_f32s(d, e));
        [
            simd.add_f32s(a, simd.add_f32s(sum, far_sum)),
            simd.mul_add_f32s(of(2.0), far_difference, difference),
            simd.mul_add_f32s(of(4.0), far_sum, sum),
            simd.mul_add_f32s(of(8.0), far_difference, simd.add_f32s(difference, f)),
        ]
    }
}

struct GradientAxis;

impl Axis<4, 6> for GradientAxis {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 6] {
        let of = |value: f32| simd.splat_f32s(value);
        let (even, odd) = (simd.add_f32s(a, c), simd.add_f32s(b, d));
        let far_even = simd.mul_add_f32s(of(4.0), c, a);
        let far_odd = simd.mul_add_f32s(of(8.0), d, simd.mul_f32s(of(2.0), b));
        [
            a,
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            simd.add_f32s(far_even, far_odd),
            simd.sub_f32s(far_even, far_odd),
            d,
        ]
    }
}

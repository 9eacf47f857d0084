//! The backward pass of a convolution that max-pooling follows. Of the gradient before the pooling, one place in each
//! window is not zero, and ReLU leaves fewer still: sums over those places alone take a fraction of the
//! matrix products' time.

use super::conv2d::{self, sum_over_pictures};
use super::threads::{self, Shared};
use super::{Conv2dShape, Fused, sized};
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Values of the picture that one band of rows may span: about what the first-level cache holds.
const CACHED_VALUES: usize = 12 << 10;
/// Shorter lines are left to the matrix products.
const SHORTEST_LINE: usize = 32;

/// Memory that is kept from picture to picture.
#[derive(Default)]
pub struct Scratch {
    picture: Vec<f32>,
    gradient: Vec<f32>,
    by_channel: Entries,
    by_position: Entries,
    counts: Vec<u32>,
}

/// A sparse matrix by rows. Columns are offsets into the dense operand, and every row knows where its sum goes.
#[derive(Default)]
struct Entries {
    rows: Vec<Row>,
    at: Vec<u32>,
    values: Vec<f32>,
}

#[derive(Clone, Copy, Default)]
struct Row {
    target: u32,
    start: u32,
    end: u32,
}

/// The picture of a convolution with the channels innermost and the padding written out: what one row of the
/// window sees, in all channels, lies in one line.
#[derive(Clone, Copy)]
struct Layout {
    channels: usize,
    /// Width of the padded picture.
    width: usize,
    /// Height of the padded picture.
    height: usize,
    /// Values of a line: the window's width in all channels.
    line: usize,
}

/// The backward pass of a batch, whose tensors these are.
pub struct Batch<'a> {
    pub shape: &'a Conv2dShape,
    pub fused: Fused,
    pub input: &'a [f32],
    pub weight: &'a [f32],
    pub output: &'a [f32],
    pub winners: &'a [u8],
    pub gradient: &'a [f32],
}

impl Batch<'_> {
    /// Adds to each gradient that is given. The shape must be one that [`serves`].
    pub fn run(
        &self,
        images: usize,
        input_gradient: Option<&mut [f32]>,
        mut weight_gradient: Option<&mut [f32]>,
        bias_gradient: Option<&mut [f32]>,
    ) {
        let Self { shape, fused, .. } = *self;
        let weight = &lines_of(shape, self.weight)[..];
        let (picture_size, size) = (shape.picture(), self.gradient.len() / images);
        let sizes = [
            if weight_gradient.is_some() { weight.len() } else { 0 },
            if bias_gradient.is_some() { shape.out_channels } else { 0 },
        ];
        let input_gradient = input_gradient.map(Shared::new);
        let work = |images: Range<usize>,
                    weight_sum: &mut [f32],
                    bias_sum: &mut [f32],
                    scratch: &mut conv2d::Scratch| {
            for image in images {
                let picture = threads::chunk(self.input, picture_size, image);
                let output = threads::chunk(self.output, size, image);
                let winners = threads::chunk(self.winners, size, image);
                let gradient = threads::chunk(self.gradient, size, image);
                let at = image * picture_size..(image + 1) * picture_size;
                // SAFETY: tasks have different pictures.
                let input_gradient = input_gradient.as_ref().map(|sum| unsafe { sum.part(at) });
                Sparse { shape, fused, picture, weight, output, winners, gradient }.run(
                    input_gradient,
                    weight_sum,
                    bias_sum,
                    &mut scratch.sparse,
                );
            }
        };
        let add_weights = |sum: &[f32]| {
            if let Some(gradient) = weight_gradient.as_deref_mut() {
                add_lines(shape, sum, gradient);
            }
        };
        sum_over_pictures(images, sizes, work, add_weights, bias_gradient);
    }
}

/// One picture's backward pass.
pub struct Sparse<'a> {
    pub shape: &'a Conv2dShape,
    pub fused: Fused,
    /// `[in_channels, height, width]`.
    pub picture: &'a [f32],
    /// The weights in the order of [`lines_of`].
    pub weight: &'a [f32],
    /// What the forward pass wrote; read only with ReLU.
    pub output: &'a [f32],
    /// The places of the maxima.
    pub winners: &'a [u8],
    /// The gradient after pooling.
    pub gradient: &'a [f32],
}

/// Whether this way is open, and shorter.
pub fn serves(shape: &Conv2dShape, fused: Fused) -> bool {
    let layout = Layout::of(shape);
    let largest = layout.height * layout.width * layout.channels;
    fused.pool.is_some_and(|side| side > 1)
        && shape.groups == 1
        && shape.window.dilation[1] == 1
        && layout.line >= SHORTEST_LINE
        && largest.max(shape.out_channels * shape.window.kernel[0] * layout.line)
            < u32::MAX as usize
}

impl Layout {
    fn of(shape: &Conv2dShape) -> Self {
        let [[top, bottom], [left, right]] = shape.window.padding;
        Self {
            channels: shape.in_channels,
            width: shape.input[1] + left + right,
            height: shape.input[0] + top + bottom,
            line: shape.window.kernel[1] * shape.in_channels,
        }
    }

    fn values(&self) -> usize {
        self.height * self.width * self.channels
    }
}

/// Weights `[out, in, kernel height, kernel width]` as `[out, kernel height, kernel width, in]`.
pub fn lines_of(shape: &Conv2dShape, weight: &[f32]) -> Vec<f32> {
    let (taps, channels) = (shape.window.taps(), shape.in_channels);
    let mut lines = vec![0.0; weight.len()];
    for (from, to) in
        weight.chunks_exact(taps * channels).zip(lines.chunks_exact_mut(taps * channels))
    {
        for (channel, taps_of) in from.chunks_exact(taps).enumerate() {
            for (tap, value) in taps_of.iter().enumerate() {
                to[tap * channels + channel] = *value;
            }
        }
    }
    lines
}

/// The reverse of [`lines_of`], added to `sum`.
pub fn add_lines(shape: &Conv2dShape, lines: &[f32], sum: &mut [f32]) {
    let (taps, channels) = (shape.window.taps(), shape.in_channels);
    for (from, to) in lines.chunks_exact(taps * channels).zip(sum.chunks_exact_mut(taps * channels))
    {
        for (channel, taps_of) in to.chunks_exact_mut(taps).enumerate() {
            for (tap, value) in taps_of.iter_mut().enumerate() {
                *value += from[tap * channels + channel];
            }
        }
    }
}

impl Sparse<'_> {
    /// Adds this picture's part to the gradients. `weight_lines` is in the order of [`lines_of`]; an empty slice is
    /// a gradient that nobody wants.
    pub fn run(
        &self,
        input_gradient: Option<&mut [f32]>,
        weight_lines: &mut [f32],
        bias_sum: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let layout = Layout::of(self.shape);
        let values = layout.values();
        let Scratch { picture, gradient, by_channel, by_position, counts } = scratch;
        if !weight_lines.is_empty() {
            let picture = sized(picture, values);
            spread(self.shape, layout, self.picture, picture);
        }
        if input_gradient.is_some() {
            sized(gradient, values).fill(0.0);
        }
        let side = self.fused.pool.unwrap_or(1);
        let pooled_height = self.shape.pooled(self.fused.pool)[0];
        let row_values = side * self.shape.window.stride[0] * layout.width * layout.channels;
        let band = (CACHED_VALUES / row_values.max(1)).max(1);
        let step = self.shape.window.dilation[0] * layout.width * layout.channels;
        for first in (0..pooled_height).step_by(band) {
            self.collect(layout, first..(first + band).min(pooled_height), bias_sum, by_channel);
            if by_channel.at.is_empty() {
                continue;
            }
            if !weight_lines.is_empty() {
                for tap in 0..self.shape.window.kernel[0] {
                    let dense = &picture[tap * step..values];
                    by_channel.add_product(
                        dense,
                        &mut weight_lines[tap * layout.line..],
                        layout.line,
                    );
                }
            }
            if input_gradient.is_some() {
                by_channel.transpose(by_position, counts);
                for tap in 0..self.shape.window.kernel[0] {
                    let dense = &self.weight[tap * layout.line..];
                    by_position.add_product(dense, &mut gradient[tap * step..values], layout.line);
                }
            }
        }
        if let Some(target) = input_gradient {
            gather(self.shape, layout, &gradient[..values], target);
        }
    }

    /// The gradient before pooling and ReLU, as far as it is not zero, for some rows of the pooled picture: by output
    /// channel, each entry with the place in the padded picture where its window begins.
    fn collect(
        &self,
        layout: Layout,
        rows: std::ops::Range<usize>,
        bias_sum: &mut [f32],
        entries: &mut Entries,
    ) {
        let side = self.fused.pool.unwrap_or(1);
        let [height, width] = self.shape.pooled(self.fused.pool);
        let [stride_y, stride_x] = self.shape.window.stride;
        let depth = self.shape.window.kernel[0] * layout.line;
        let (across, down) =
            (stride_x * layout.channels, stride_y * layout.width * layout.channels);
        // Where each place in a pooling window begins, relative to the window's first.
        let places: Vec<u32> =
            (0..side * side).map(|i| (i / side * down + i % side * across) as u32).collect();
        entries.clear();
        for channel in 0..self.shape.out_channels {
            let start = entries.at.len();
            let mut sum = 0.0;
            for y in rows.clone() {
                let line = (channel * height + y) * width..(channel * height + y + 1) * width;
                let origin = (y * side * down) as u32;
                let pairs = self.gradient[line.clone()].iter().zip(&self.winners[line.clone()]);
                let alive = if self.fused.relu { &self.output[line] } else { &[] };
                for (x, (value, winner)) in pairs.enumerate() {
                    if *value == 0.0 || alive.get(x).is_some_and(|output| is_cut(*output)) {
                        continue;
                    }
                    sum += value;
                    let at = origin + (x * side * across) as u32 + places[usize::from(*winner)];
                    entries.at.push(at);
                    entries.values.push(*value);
                }
            }
            if let Some(bias) = bias_sum.get_mut(channel) {
                *bias += sum;
            }
            entries.end_row(channel * depth, start);
        }
    }
}

/// Whether ReLU lets no gradient through; a NaN lets none, as in the other way.
fn is_cut(output: f32) -> bool {
    let passes = output > 0.0;
    !passes
}

impl Entries {
    fn clear(&mut self) {
        self.rows.clear();
        self.at.clear();
        self.values.clear();
    }

    /// Ends the row that began at entry `start`, unless it is empty.
    fn end_row(&mut self, target: usize, start: usize) {
        let end = self.at.len();
        if start < end {
            self.rows.push(Row { target: target as u32, start: start as u32, end: end as u32 });
        }
    }

    /// Rows by place instead of by channel: the targets become the columns, and the columns the targets.
    fn transpose(&self, into: &mut Entries, counts: &mut Vec<u32>) {
        into.clear();
        let (Some(first), Some(last)) = (self.at.iter().min(), self.at.iter().max()) else {
            return;
        };
        let (first, span) = (*first as usize, (*last - *first) as usize + 1);
        counts.clear();
        counts.resize(span + 1, 0);
        for at in &self.at {
            counts[*at as usize - first + 1] += 1;
        }
        for place in 0..span {
            let start = counts[place];
            let end = start + counts[place + 1];
            counts[place + 1] = end;
            if start < end {
                into.rows.push(Row { target: (first + place) as u32, start, end });
            }
        }
        into.at.resize(self.at.len(), 0);
        into.values.resize(self.at.len(), 0.0);
        for row in &self.rows {
            for entry in row.start as usize..row.end as usize {
                let slot = &mut counts[self.at[entry] as usize - first];
                into.at[*slot as usize] = row.target;
                into.values[*slot as usize] = self.values[entry];
                *slot += 1;
            }
        }
    }

    /// `out[target..] += Σ value · dense[at..]` over lines of `line` values, for every row.
    fn add_product(&self, dense: &[f32], out: &mut [f32], line: usize) {
        Arch::new().dispatch(Product { entries: self, dense, out, line });
    }
}

struct Product<'a> {
    entries: &'a Entries,
    dense: &'a [f32],
    out: &'a mut [f32],
    line: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { entries, dense, out, line } = self;
        let lanes = S::F32_LANES;
        let mut from = 0;
        while line - from >= 8 * lanes {
            part::<S, 8>(simd, entries, dense, out, from);
            from += 8 * lanes;
        }
        if line - from >= 4 * lanes {
            part::<S, 4>(simd, entries, dense, out, from);
            from += 4 * lanes;
        }
        if line - from >= 2 * lanes {
            part::<S, 2>(simd, entries, dense, out, from);
            from += 2 * lanes;
        }
        if line - from >= lanes {
            part::<S, 1>(simd, entries, dense, out, from);
            from += lanes;
        }
        for row in &entries.rows {
            for column in from..line {
                let target = &mut out[row.target as usize + column];
                for entry in row.start as usize..row.end as usize {
                    *target += entries.values[entry] * dense[entries.at[entry] as usize + column];
                }
            }
        }
    }
}

/// `N` vectors of every line, beginning at value `from`: their sums stay in registers.
#[inline(always)]
fn part<S: Simd, const N: usize>(
    simd: S,
    entries: &Entries,
    dense: &[f32],
    out: &mut [f32],
    from: usize,
) {
    let length = N * S::F32_LANES;
    for row in &entries.rows {
        let range = row.start as usize..row.end as usize;
        let target = &mut out[row.target as usize + from..][..length];
        let (target, _) = S::as_mut_simd_f32s(target);
        let mut sums = [simd.splat_f32s(0.0); N];
        for (sum, value) in sums.iter_mut().zip(target.iter()) {
            *sum = *value;
        }
        for (at, value) in entries.at[range.clone()].iter().zip(&entries.values[range]) {
            let (source, _) = S::as_simd_f32s(&dense[*at as usize + from..][..length]);
            let value = simd.splat_f32s(*value);
            for (sum, source) in sums.iter_mut().zip(source) {
                *sum = simd.mul_add_e_f32s(value, *source, *sum);
            }
        }
        target.copy_from_slice(&sums);
    }
}

/// Lays a picture out with its channels innermost, in a border of zeros.
fn spread(shape: &Conv2dShape, layout: Layout, picture: &[f32], into: &mut [f32]) {
    let [height, width] = shape.input;
    let [[top, _], [left, _]] = shape.window.padding;
    let (row, channels) = (layout.width * layout.channels, layout.channels);
    into[..top * row].fill(0.0);
    into[(top + height) * row..].fill(0.0);
    for (y, line) in into[top * row..].chunks_exact_mut(row).take(height).enumerate() {
        line[..left * channels].fill(0.0);
        line[(left + width) * channels..].fill(0.0);
        let inside = &mut line[left * channels..(left + width) * channels];
        for channel in 0..channels {
            let source = &picture[(channel * height + y) * width..][..width];
            for (pixel, value) in inside.chunks_exact_mut(channels).zip(source) {
                pixel[channel] = *value;
            }
        }
    }
}

/// The reverse of [`spread`], added to `picture`; what fell on the border is dropped.
fn gather(shape: &Conv2dShape, layout: Layout, from: &[f32], picture: &mut [f32]) {
    let [height, width] = shape.input;
    let [[top, _], [left, _]] = shape.window.padding;
    let (row, channels) = (layout.width * layout.channels, layout.channels);
    for (y, line) in from[top * row..].chunks_exact(row).take(height).enumerate() {
        let inside = &line[left * channels..(left + width) * channels];
        for channel in 0..channels {
            let target = &mut picture[(channel * height + y) * width..][..width];
            for (value, pixel) in target.iter_mut().zip(inside.chunks_exact(channels)) {
                *value += pixel[channel];
            }
        }
    }
}

//! The backward pass of a convolution that max-pooling follows. The gradient before the pooling has one non-zero in
//! each window, and ReLU leaves fewer still: sums over the non-zeros take a fraction of the time of matrix products.

use super::conv_shape::Conv2dShape;
use super::epilogue::Fused;
use super::scratch::{Scratch, sum_over_images};
use super::slices::sized;
use super::sparse_matrix::{Entries, SparseScratch};
use super::threads::{self, Shared};
use std::ops::Range;

/// Values of the image under one band of rows: about the size of the L1 cache.
const CACHED_VALUES: usize = 12 << 10;
/// Shortest lines for which sparse sums are faster than matrix products.
const SHORTEST_LINE: usize = 32;

/// The layout of an image with channels innermost and explicit padding: the pixels under one row of the window, in all
/// channels, are one line.
#[derive(Clone, Copy)]
struct Layout {
    channels: usize,
    /// Width of the padded image.
    width: usize,
    /// Height of the padded image.
    height: usize,
    /// Length of a line: the window's width in all channels.
    line: usize,
}

/// The backward pass of a batch.
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
    /// Adds to each gradient that is given. [`serves`] must hold for the shape.
    pub fn run(
        &self,
        images: usize,
        input_gradient: Option<&mut [f32]>,
        mut weight_gradient: Option<&mut [f32]>,
        bias_gradient: Option<&mut [f32]>,
    ) {
        let Self { shape, fused, .. } = *self;
        let weight = &lines_of(shape, self.weight)[..];
        let (image_size, size) = (shape.sample_len(), self.gradient.len() / images);
        let sizes = [
            if weight_gradient.is_some() { weight.len() } else { 0 },
            if bias_gradient.is_some() { shape.out_channels } else { 0 },
        ];
        let input_gradient = input_gradient.map(Shared::new);
        let work = |images: Range<usize>,
                    weight_sum: &mut [f32],
                    bias_sum: &mut [f32],
                    scratch: &mut Scratch| {
            for image in images {
                let sample = threads::chunk(self.input, image_size, image);
                let output = threads::chunk(self.output, size, image);
                let winners = threads::chunk(self.winners, size, image);
                let gradient = threads::chunk(self.gradient, size, image);
                let at = image * image_size..(image + 1) * image_size;
                // SAFETY: tasks have different images.
                let input_gradient = input_gradient.as_ref().map(|sum| unsafe { sum.part(at) });
                Sparse { shape, fused, sample, weight, output, winners, gradient }.run(
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
        sum_over_images(images, sizes, work, add_weights, bias_gradient);
    }
}

/// The backward pass of one image.
pub struct Sparse<'a> {
    pub shape: &'a Conv2dShape,
    pub fused: Fused,
    /// `[in_channels, height, width]`.
    pub sample: &'a [f32],
    /// The weights in the order of [`lines_of`].
    pub weight: &'a [f32],
    /// The output of the forward pass; read with ReLU only.
    pub output: &'a [f32],
    /// The indices of the maxima.
    pub winners: &'a [u8],
    /// The gradient after pooling.
    pub gradient: &'a [f32],
}

/// Returns `true` if sparse sums apply, and are faster.
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

/// The inverse of [`lines_of`], added to `sum`.
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
    /// Adds the contribution of this image to the gradients. `weight_lines` is in the order of [`lines_of`]; an empty
    /// slice is a gradient that is not needed.
    pub fn run(
        &self,
        input_gradient: Option<&mut [f32]>,
        weight_lines: &mut [f32],
        bias_sum: &mut [f32],
        scratch: &mut SparseScratch,
    ) {
        let layout = Layout::of(self.shape);
        let values = layout.values();
        let SparseScratch { sample, gradient, by_channel, by_position, counts } = scratch;
        if !weight_lines.is_empty() {
            let sample = sized(sample, values);
            spread(self.shape, layout, self.sample, sample);
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
                    let dense = &sample[tap * step..values];
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

    /// The non-zeros of the gradient before pooling and ReLU for some rows of the pooled image: by output channel, each
    /// with the offset of its window in the padded image.
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
        // Offset of each element of a pooling window, relative to the first.
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

/// Returns `true` if ReLU blocks the gradient; a NaN does, as in the dense pass.
fn is_cut(output: f32) -> bool {
    let passes = output > 0.0;
    !passes
}

/// Writes an image with its channels innermost into a border of zeros.
fn spread(shape: &Conv2dShape, layout: Layout, sample: &[f32], into: &mut [f32]) {
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
            let source = &sample[(channel * height + y) * width..][..width];
            for (pixel, value) in inside.chunks_exact_mut(channels).zip(source) {
                pixel[channel] = *value;
            }
        }
    }
}

/// The transpose of [`spread`], added to `image`; the border is dropped.
fn gather(shape: &Conv2dShape, layout: Layout, from: &[f32], sample: &mut [f32]) {
    let [height, width] = shape.input;
    let [[top, _], [left, _]] = shape.window.padding;
    let (row, channels) = (layout.width * layout.channels, layout.channels);
    for (y, line) in from[top * row..].chunks_exact(row).take(height).enumerate() {
        let inside = &line[left * channels..(left + width) * channels];
        for channel in 0..channels {
            let target = &mut sample[(channel * height + y) * width..][..width];
            for (value, pixel) in target.iter_mut().zip(inside.chunks_exact(channels)) {
                *value += pixel[channel];
            }
        }
    }
}

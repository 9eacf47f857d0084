//! Convolution by im2col and matrix products: the windows of some output rows are the columns of a matrix, and the
//! epilogue is applied while the product is in the cache.

use super::blocks::Block;
use super::conv_shape::{Conv2dShape, POSITIONS, Weights};
use super::elementwise::finish_from;
use super::epilogue::{After, Before, Fused};
use super::im2col::Windows;
use super::kernel::{
    LANES, Left, Place, Product, aligned, pack, pack_turned, packed_len, terms, tile_rows,
};
use super::matmul::{Matrix, MatrixMut, matmul};
use super::pool_plane::pool_plane;
use super::scratch::{Scratch, sum_over_images, with_scratch};
use super::slices::{add_to, sized};
use super::threads::{self, Shared};
use std::ops::Range;

/// Rows of the columns of one group for a block, after the prologue: `[inner, stride]`.
struct Columns<'a> {
    shape: &'a Conv2dShape,
    before: Before<'a>,
    input: &'a [f32],
    group: usize,
    block: &'a Block,
    inner: Range<usize>,
    stride: usize,
}

impl Columns<'_> {
    fn write(&self, columns: &mut [f32], buffer: &mut Vec<f32>) {
        let Self { shape, before, input, group, block, ref inner, stride } = *self;
        let [height, width] = shape.input;
        let channels = shape.in_channels / shape.groups;
        for part in &block.parts {
            let sample = &input
                [part.image * shape.sample_len() + group * channels * height * width..]
                [..channels * height * width];
            if !shape.window.is_pointwise() {
                let (rows, terms) = (part.rows.clone(), inner.clone());
                Windows { shape, rows, terms, stride, buffer: &mut *buffer }
                    .gather(sample, &mut columns[part.start..]);
                continue;
            }
            let (start, length) = (part.rows.start * width, part.rows.len() * width);
            let planes = sample.chunks_exact(height * width).enumerate().skip(inner.start);
            for (line, (channel, plane)) in columns.chunks_exact_mut(stride).zip(planes) {
                let line = &mut line[part.start..part.start + length];
                let plane = &plane[start..start + length];
                if before.scale.is_empty() {
                    line.copy_from_slice(plane);
                } else {
                    let (scale, shift) = (before.scale[channel], before.shift[channel]);
                    finish_from(line, plane, scale, shift, &[], before.activation);
                }
            }
        }
    }
}

/// The use of the result.
pub enum Target<'a> {
    /// Overwrites the output, after the epilogue.
    Output { after: &'a After<'a>, winners: &'a mut [u8] },
    /// Adds to the target.
    Sum,
}

/// [`super::conv2d`] with non-zero sizes.
pub fn conv2d(
    shape: &Conv2dShape,
    before: Before<'_>,
    input: &[f32],
    weights: Weights<'_>,
    target: Target<'_>,
    output: &mut [f32],
) {
    let (after, winners) = match target {
        Target::Output { after, winners } => (Some(after), winners),
        Target::Sum => (None, &mut [][..]),
    };
    let pool = after.and_then(|after| after.pool);
    let [height, width] = shape.pooled(pool);
    let images = output.len() / (height * width * shape.out_channels);
    let blocks = shape.blocks(0..images, pool);
    let (channels, depth) = shape.group();
    // Few blocks are split by channels; each part gathers the windows again.
    let parts = match shape.groups {
        1 if blocks.len() == 1 => threads::count(),
        1 => (2 * threads::count()).div_ceil(blocks.len()),
        _ => 1,
    };
    let run = channels.div_ceil(parts).next_multiple_of(tile_rows());
    let runs = channels.div_ceil(run);
    let (output, winners) = (Shared::new(output), Shared::new(winners));
    let each = |packed: Option<&[f32]>| {
        threads::each(blocks.len() * runs, |task| {
            let first = task % runs * run;
            let channels = first..(first + run).min(channels);
            let block = &blocks[task / runs];
            let forward = Forward {
                shape,
                before,
                after,
                input,
                weights,
                packed,
                block,
                channels,
                output,
                winners,
            };
            with_scratch(|scratch| forward.run(scratch));
        });
    };
    if blocks.len() == 1 {
        return each(None);
    }
    with_scratch(|Scratch { packed, .. }| {
        let size = packed_len(channels, depth);
        let packed = aligned(packed, shape.groups * size);
        for (group, packed) in packed.chunks_exact_mut(size).enumerate() {
            weights.pack(shape, group, 0..channels, packed);
        }
        each(Some(&*packed));
    });
}

impl Weights<'_> {
    /// Packs the weights of some output channels of a group, `[out channels, depth]`.
    fn pack(&self, shape: &Conv2dShape, group: usize, rows: Range<usize>, packed: &mut [f32]) {
        let (channels, depth) = shape.group();
        match *self {
            Weights::Forward(weight) => {
                let weight = &weight[group * channels * depth..][..channels * depth];
                pack(Matrix::new(weight, channels, depth).rows(rows), packed);
            }
            Weights::Backward(weight) if shape.window.taps() == 1 => {
                pack(Matrix::new(weight, depth, channels).transposed().rows(rows), packed);
            }
            Weights::Backward(weight) => {
                let taps = shape.window.taps();
                pack_turned(Matrix::new(weight, depth / taps, channels * taps), taps, rows, packed);
            }
        }
    }
}

/// One block, for some output channels of each group.
struct Forward<'a> {
    shape: &'a Conv2dShape,
    before: Before<'a>,
    /// `None` where the result is added.
    after: Option<&'a After<'a>>,
    input: &'a [f32],
    weights: Weights<'a>,
    /// The weights of all output channels; `None` where each task packs its own.
    packed: Option<&'a [f32]>,
    block: &'a Block,
    channels: Range<usize>,
    output: Shared<'a, f32>,
    winners: Shared<'a, u8>,
}

impl Forward<'_> {
    fn run(&self, Scratch { packed: mine, columns, band, lines, .. }: &mut Scratch) {
        let Self { shape, before, after, input, block, ref channels, output, .. } = *self;
        let (group_channels, depth) = shape.group();
        let stride = block.positions.next_multiple_of(LANES);
        let step = terms(depth);
        let size = packed_len(group_channels, depth);
        let plane = shape.output[0] * shape.output[1];
        let pool = after.and_then(|after| after.pool);
        for group in 0..shape.groups {
            let first = group * group_channels + channels.start;
            // Positions of one image are contiguous in the output.
            let place = match &block.parts[..] {
                [part] if pool.is_none() => {
                    let from = (part.image * shape.out_channels + first) * plane
                        + part.rows.start * shape.output[1];
                    // SAFETY: blocks cover different rows, and tasks of one block different channels.
                    Some(unsafe { Place::new(after, first, output, from, plane, block.positions) })
                }
                _ => None,
            };
            let packed = match self.packed {
                Some(packed) => &packed[group * size + channels.start * depth..],
                None => {
                    let mine = aligned(mine, packed_len(channels.len(), depth));
                    self.weights.pack(shape, group, channels.clone(), mine);
                    &*mine
                }
            };
            let band = aligned(band, channels.len() * stride);
            for start in (0..depth).step_by(step) {
                let inner = start..(start + step).min(depth);
                let columns = aligned(columns, inner.len() * stride);
                let window = inner.clone();
                Columns { shape, before, input, group, block, inner: window, stride }
                    .write(columns, lines);
                Product {
                    left: Left::packed(packed, depth),
                    columns: stride,
                    right_stride: stride,
                    place: place.filter(|_| inner.end == depth),
                    inner,
                    right: columns,
                    stride,
                    output: &mut *band,
                    rows: channels.len(),
                    keep: start > 0,
                }
                .run();
            }
            if place.is_none() {
                self.finish(first, stride, band);
            }
        }
    }

    /// Writes the channels from `first`, `[channels, stride]`, after the epilogue.
    fn finish(&self, first: usize, stride: usize, band: &mut [f32]) {
        let Self { shape, after, block, .. } = *self;
        let pool = after.and_then(|after| after.pool);
        let side = pool.unwrap_or(1);
        let [height, width] = shape.pooled(pool);
        for (channel, line) in (first..).zip(band.chunks_exact_mut(stride)) {
            for part in &block.parts {
                let values = &mut line[part.start..][..part.rows.len() * shape.output[1]];
                let from = (part.image * shape.out_channels + channel) * height * width
                    + part.rows.start / side * width;
                let at = from..from + part.rows.len() / side * width;
                // SAFETY: blocks cover different rows, and tasks of one block different channels.
                let target = unsafe { self.output.part(at.clone()) };
                match (after, pool) {
                    (None, _) => add_to(target, values),
                    (Some(after), None) => after.finish_from(target, values, channel, from),
                    (Some(after), Some(side)) => {
                        // SAFETY: as above.
                        let winners = unsafe { self.winners.part(at) };
                        // A negative scale would turn the maximum into a minimum.
                        if !after.scale.is_empty() {
                            after.finish(values, channel);
                        }
                        pool_plane(values, shape.output[1], side, width, target, winners);
                        if after.scale.is_empty() {
                            after.finish(target, channel);
                        }
                    }
                }
            }
        }
    }
}

/// The backward pass of a whole batch.
pub struct Backward<'a> {
    pub shape: &'a Conv2dShape,
    pub fused: Fused,
    pub input: &'a [f32],
    pub weight: &'a [f32],
    /// The output of the forward pass; read with ReLU only.
    pub output: &'a [f32],
    pub winners: &'a [u8],
    pub gradient: &'a [f32],
}

impl Backward<'_> {
    /// Adds to each gradient that is given.
    pub fn run(
        &self,
        images: usize,
        input_gradient: Option<&mut [f32]>,
        weight_gradient: Option<&mut [f32]>,
        bias_gradient: Option<&mut [f32]>,
    ) {
        /// Weights from which the threads share their gradient; with fewer, each thread sums over its own images.
        const MANY: usize = 1 << 18;
        let (count, channels) = (self.weight.len(), self.shape.out_channels);
        if let Some(sum) = input_gradient {
            self.add_to_input(sum);
        }
        match (weight_gradient, bias_gradient) {
            (None, None) => {}
            (Some(sum), None) if count > MANY && self.shape.groups == 1 => {
                let run = channels.div_ceil(threads::count());
                threads::each_chunk(sum, run * self.shape.group().1, |part, sum| {
                    let channels = part * run..((part + 1) * run).min(channels);
                    with_scratch(|scratch| {
                        self.add_to_weights(0..images, channels, sum, &mut [], scratch);
                    });
                });
            }
            (mut weight_gradient, bias_gradient) => {
                let sizes = [
                    if weight_gradient.is_some() { count } else { 0 },
                    if bias_gradient.is_some() { channels } else { 0 },
                ];
                let work = |images: Range<usize>,
                            weights: &mut [f32],
                            biases: &mut [f32],
                            scratch: &mut Scratch| {
                    self.add_to_weights(images, 0..channels, weights, biases, scratch);
                };
                let add_weights = |sum: &[f32]| {
                    if let Some(gradient) = weight_gradient.as_deref_mut() {
                        add_to(gradient, sum);
                    }
                };
                sum_over_images(images, sizes, work, add_weights, bias_gradient);
            }
        }
    }

    /// Adds the contribution of these images to the gradients of weights and biases of these channels: all, or some of
    /// those of one group. An empty sum is not needed.
    fn add_to_weights(
        &self,
        images: Range<usize>,
        channels: Range<usize>,
        weight_sum: &mut [f32],
        bias_sum: &mut [f32],
        Scratch { columns, band, lines, .. }: &mut Scratch,
    ) {
        let shape = self.shape;
        let (group_channels, depth) = shape.group();
        for block in shape.blocks(images, self.fused.pool) {
            let positions = block.positions;
            for group in 0..shape.groups {
                let mine = (group * group_channels).max(channels.start)
                    ..((group + 1) * group_channels).min(channels.end);
                let rows = mine.len();
                let weights = (mine.start - channels.start) * depth;
                let band = sized(band, rows * positions);
                let gradient = self.before_epilogue(mine, &block, bias_sum, positions, band);
                if weight_sum.is_empty() {
                    continue;
                }
                let columns = sized(columns, depth * positions);
                Columns {
                    shape,
                    before: Before::default(),
                    input: self.input,
                    group,
                    block: &block,
                    inner: 0..depth,
                    stride: positions,
                }
                .write(columns, lines);
                let columns = Matrix::new(columns, depth, positions);
                let sum = MatrixMut::new(&mut weight_sum[weights..], rows, depth);
                matmul(sum, gradient, columns.transposed(), true);
            }
        }
    }

    /// Adds to the gradient of the input.
    pub fn add_to_input(&self, sum: &mut [f32]) {
        /// Values of the columns that are computed before they are added to the images.
        const TOGETHER: usize = 1 << 17;
        let shape = self.shape;
        let transposed = shape.transposed();
        if let (Some(transposed), true) = (&transposed, self.fused == Fused::default()) {
            let weights = Weights::Backward(self.weight);
            conv2d(transposed, Before::default(), self.gradient, weights, Target::Sum, sum);
            return;
        }
        let images = sum.len() / shape.sample_len();
        let (group_channels, depth) = shape.group();
        let taps = shape.window.taps();
        let inputs = shape.in_channels / shape.groups;
        // Channels per task, whose columns are whole tiles of packed rows.
        let run = (TOGETHER / (taps * POSITIONS)).next_multiple_of(tile_rows()).min(inputs);
        let runs = inputs.div_ceil(run);
        let share = images.div_ceil(threads::count());
        let size = packed_len(depth, group_channels);
        let sum = Shared::new(sum);
        with_scratch(|Scratch { packed, .. }| {
            let packed = aligned(packed, shape.groups * size);
            for (group, packed) in packed.chunks_exact_mut(size).enumerate() {
                let weights = &self.weight[group * group_channels * depth..];
                let weights = &weights[..group_channels * depth];
                pack(Matrix::new(weights, group_channels, depth).transposed(), packed);
            }
            let packed = &*packed;
            threads::each(images.div_ceil(share) * shape.groups * runs, |task| {
                let (part, group, first) =
                    (task / runs / shape.groups, task / runs % shape.groups, task % runs * run);
                let channels = first..(first + run).min(inputs);
                let images = part * share..((part + 1) * share).min(images);
                let packed = &packed[group * size + first * taps * group_channels..];
                with_scratch(|scratch| {
                    self.add_to_channels(images, group, channels, packed, sum, scratch);
                });
            });
        });
    }

    /// A range of input channels of a group, for some images.
    fn add_to_channels(
        &self,
        images: Range<usize>,
        group: usize,
        channels: Range<usize>,
        packed: &[f32],
        sum: Shared<'_, f32>,
        Scratch { columns, band, lines, .. }: &mut Scratch,
    ) {
        let shape = self.shape;
        let depth = shape.group().0;
        let terms_of = channels.len() * shape.window.taps();
        let outputs = group * depth..(group + 1) * depth;
        let step = terms(depth);
        for block in shape.blocks(images, self.fused.pool) {
            let stride = block.positions.next_multiple_of(LANES);
            let band = aligned(band, depth * stride);
            self.before_epilogue(outputs.clone(), &block, &mut [], stride, band);
            let columns = aligned(columns, terms_of * stride);
            for start in (0..depth).step_by(step) {
                let inner = start..(start + step).min(depth);
                Product {
                    left: Left::packed(packed, depth),
                    columns: stride,
                    right_stride: stride,
                    right: &band[start * stride..inner.end * stride],
                    inner,
                    stride,
                    output: &mut *columns,
                    rows: terms_of,
                    keep: start > 0,
                    place: None,
                }
                .run();
            }
            for part in &block.parts {
                let plane = shape.input[0] * shape.input[1];
                let first = group * shape.in_channels / shape.groups + channels.start;
                let from = part.image * shape.sample_len() + first * plane;
                // SAFETY: tasks have different images, groups or channels.
                let sample = unsafe { sum.part(from..from + channels.len() * plane) };
                let rows = part.rows.clone();
                Windows { shape, rows, terms: 0..terms_of, stride, buffer: &mut *lines }
                    .scatter(&columns[part.start..], sample);
            }
        }
    }

    /// The gradient before pooling and ReLU, `[channels, positions]` for a block, in rows `stride` values apart in
    /// `band`; its sums over the positions are added to `bias_sum`.
    fn before_epilogue<'b>(
        &self,
        channels: Range<usize>,
        block: &Block,
        bias_sum: &mut [f32],
        stride: usize,
        band: &'b mut [f32],
    ) -> Matrix<'b> {
        let side = self.fused.pool.unwrap_or(1);
        let [height, width] = self.shape.pooled(self.fused.pool);
        let plane = height * width;
        let line_width = self.shape.output[1];
        for part in &block.parts {
            let start = part.rows.start / side * width;
            let length = part.rows.len() / side * width;
            for channel in channels.clone() {
                let at = (part.image * self.shape.out_channels + channel) * plane + start;
                let gradient = &self.gradient[at..at + length];
                let alive = |i: usize| !self.fused.relu || self.output[at + i] > 0.0;
                if let Some(sum) = bias_sum.get_mut(channel) {
                    let alive = gradient.iter().enumerate().filter(|(i, _)| alive(*i));
                    *sum += alive.map(|(_, g)| g).sum::<f32>();
                }
                let row = (channel - channels.start) * stride + part.start;
                let lines = &mut band[row..row + part.rows.len() * line_width];
                if self.fused == Fused::default() {
                    lines.copy_from_slice(gradient);
                    continue;
                }
                if self.fused.pool.is_none() {
                    for (i, (value, g)) in lines.iter_mut().zip(gradient).enumerate() {
                        *value = if alive(i) { *g } else { 0.0 };
                    }
                    continue;
                }
                lines.fill(0.0);
                let winners = &self.winners[at..at + length];
                for (i, (g, winner)) in gradient.iter().zip(winners).enumerate() {
                    if alive(i) {
                        let (y, x) = (i / width * side, i % width * side);
                        let (dy, dx) = (*winner as usize / side, *winner as usize % side);
                        lines[(y + dy) * line_width + x + dx] = *g;
                    }
                }
            }
        }
        Matrix::strided(band, channels.len(), block.positions, stride)
    }
}

//! Convolution as matrix products: the windows of some output rows are the columns of a matrix, and while the product
//! is still in the cache, what follows is applied.

use super::blocks::{Block, Part};
use super::conv2d::{Scratch, by_channels, planes_of, with_scratch};
use super::pool_plane::pool_plane;
use super::{
    After, Before, Conv2dShape, Fused, Matrix, MatrixMut, col2im, finish_from, im2col, matmul,
    sized,
};
use rayon::prelude::*;
use std::ops::Range;

/// The columns of one group for a block: the picture itself for a pointwise window on one picture, else copied to
/// `buffer`, after what comes `before`.
fn columns_of<'a>(
    shape: &Conv2dShape,
    input: &'a [f32],
    group: usize,
    block: &Block,
    before: Before<'_>,
    buffer: &'a mut Vec<f32>,
) -> Matrix<'a> {
    let [height, width] = shape.input;
    let channels = shape.in_channels / shape.groups;
    let depth = shape.group().1;
    let picture = |image: usize| {
        &input[image * shape.picture() + group * channels * height * width..]
            [..channels * height * width]
    };
    if !before.scale.is_empty() {
        let columns = sized(buffer, depth * block.positions);
        for part in &block.parts {
            let (start, length) = (part.rows.start * width, part.rows.len() * width);
            let planes = picture(part.image).chunks_exact(height * width);
            let lines = columns.chunks_exact_mut(block.positions).zip(planes).enumerate();
            for (channel, (line, plane)) in lines {
                let (scale, shift) = (before.scale[channel], before.shift[channel]);
                let line = &mut line[part.start..part.start + length];
                let plane = &plane[start..start + length];
                finish_from(line, plane, scale, shift, &[], before.activation);
            }
        }
        return Matrix::new(columns, depth, block.positions);
    }
    if let [part] = &block.parts[..]
        && shape.window.is_pointwise()
    {
        let from = &picture(part.image)[part.rows.start * width..];
        return Matrix::strided(from, depth, block.positions, height * width);
    }
    let columns = sized(buffer, depth * block.positions);
    for part in &block.parts {
        im2col(
            picture(part.image),
            shape.input,
            &shape.window,
            shape.output[1],
            part.rows.clone(),
            &mut columns[part.start..],
            block.positions,
        );
    }
    Matrix::new(columns, depth, block.positions)
}

/// See [`super::conv2d`], whose sizes are not 0.
pub fn conv2d(
    shape: &Conv2dShape,
    before: Before<'_>,
    after: &After<'_>,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
    winners: &mut [u8],
) {
    let [height, width] = shape.pooled(after.pool);
    let plane = height * width;
    let channels = shape.out_channels;
    let images = output.len() / (plane * channels);
    let blocks = shape.blocks(0..images, after.pool);
    let side = after.pool.unwrap_or(1);
    let length = |part: &Part| part.rows.len() / side * width;
    let lines = planes_of(&blocks, output, channels, plane, length);
    let winners = match after.pool {
        Some(_) => planes_of(&blocks, winners, channels, plane, length),
        None => blocks.iter().map(|_| Vec::new()).collect(),
    };
    // A single block is shared out by channels.
    let threads = rayon::current_num_threads();
    let parts = if shape.groups == 1 { threads.div_ceil(blocks.len()) } else { 1 };
    let run = channels.div_ceil(parts).max(1);
    let mut tasks = Vec::new();
    for (block, (lines, winners)) in blocks.iter().zip(lines.into_iter().zip(winners)) {
        let mut winners = by_channels(winners, channels, run);
        winners.resize_with(channels.div_ceil(run), Vec::new);
        let parts = by_channels(lines, channels, run).into_iter().zip(winners).enumerate();
        tasks.extend(parts.map(|(part, (lines, winners))| (block, part * run, lines, winners)));
    }
    tasks.into_par_iter().for_each(|(block, first, lines, winners)| {
        with_scratch(|scratch| {
            Forward { shape, before, after, input, weight, block, first }
                .run(lines, winners, scratch);
        });
    });
}

/// One block, for some of the output channels.
struct Forward<'a> {
    shape: &'a Conv2dShape,
    before: Before<'a>,
    after: &'a After<'a>,
    input: &'a [f32],
    weight: &'a [f32],
    block: &'a Block,
    /// The first channel.
    first: usize,
}

impl Forward<'_> {
    /// Writes as many channels as there are lines for a picture.
    fn run(&self, mut lines: Vec<&mut [f32]>, mut winners: Vec<&mut [u8]>, scratch: &mut Scratch) {
        let Self { shape, before, after, input, weight, block, first } = *self;
        let [height, width] = shape.pooled(after.pool);
        let plane = height * width;
        let (group_channels, depth) = shape.group();
        let count = lines.len() / block.parts.len();
        let last = first + count;
        let Scratch { columns, band, .. } = scratch;
        let band = sized(band, count * block.positions);
        let mut channel = first;
        while channel < last {
            let group = channel / group_channels;
            let end = ((group + 1) * group_channels).min(last);
            let columns = columns_of(shape, input, group, block, before, columns);
            let weights = Matrix::new(&weight[channel * depth..end * depth], end - channel, depth);
            let part = &mut band[(channel - first) * block.positions..];
            let part = MatrixMut::new(part, end - channel, block.positions);
            matmul(part, weights, columns, false);
            channel = end;
        }
        for (number, part) in block.parts.iter().enumerate() {
            let length = part.rows.len() * shape.output[1];
            for c in 0..count {
                let values = &mut band[c * block.positions + part.start..][..length];
                let line = &mut *lines[number * count + c];
                match after.pool {
                    None => {
                        let from = (part.image * shape.out_channels + first + c) * plane
                            + part.rows.start * width;
                        after.finish_from(line, values, first + c, from);
                    }
                    Some(side) => {
                        let winners = &mut *winners[number * count + c];
                        // A negative factor would make the maximum a minimum.
                        if !after.scale.is_empty() {
                            after.finish(values, first + c);
                        }
                        pool_plane(values, shape.output[1], side, width, line, winners);
                        if after.scale.is_empty() {
                            after.finish(line, first + c);
                        }
                    }
                }
            }
        }
    }
}

/// The backward pass of some pictures. The tensors are those of the whole batch.
pub struct Backward<'a> {
    pub shape: &'a Conv2dShape,
    pub fused: Fused,
    pub input: &'a [f32],
    pub weight: &'a [f32],
    /// What the forward pass wrote; only read with ReLU.
    pub output: &'a [f32],
    pub winners: &'a [u8],
    pub gradient: &'a [f32],
    pub images: Range<usize>,
}

impl Backward<'_> {
    /// Adds these pictures' part to the gradients; `input_gradient` is theirs alone. An empty sum is one that nobody
    /// wants.
    pub fn run(
        &self,
        mut input_gradient: Option<&mut [f32]>,
        weight_sum: &mut [f32],
        bias_sum: &mut [f32],
        Scratch { columns, band, .. }: &mut Scratch,
    ) {
        let shape = self.shape;
        let (group_channels, depth) = shape.group();
        let pixels = shape.input[0] * shape.input[1];
        for block in shape.blocks(self.images.clone(), self.fused.pool) {
            let positions = block.positions;
            for group in 0..shape.groups {
                let channels = group * group_channels..(group + 1) * group_channels;
                let gradient = self.before_epilogue(channels.clone(), &block, bias_sum, band);
                let weights = channels.start * depth..channels.end * depth;
                if !weight_sum.is_empty() {
                    let columns =
                        columns_of(shape, self.input, group, &block, Before::default(), columns);
                    let sum =
                        MatrixMut::new(&mut weight_sum[weights.clone()], group_channels, depth);
                    matmul(sum, gradient, columns.transposed(), true);
                }
                let Some(input_gradient) = input_gradient.as_deref_mut() else { continue };
                let size = shape.in_channels / shape.groups * pixels;
                let weights =
                    Matrix::new(&self.weight[weights], group_channels, depth).transposed();
                let from =
                    |image: usize| (image - self.images.start) * shape.picture() + group * size;
                if let [part] = &block.parts[..]
                    && shape.window.is_pointwise()
                {
                    let target = &mut input_gradient[from(part.image)..][..size];
                    let target = &mut target[part.rows.start * shape.input[1]..];
                    let target = MatrixMut::strided(target, depth, positions, pixels);
                    matmul(target, weights, gradient, true);
                    continue;
                }
                let columns = sized(columns, depth * positions);
                matmul(MatrixMut::new(columns, depth, positions), weights, gradient, false);
                for part in &block.parts {
                    col2im(
                        &columns[part.start..],
                        positions,
                        shape.input,
                        &shape.window,
                        shape.output[1],
                        part.rows.clone(),
                        &mut input_gradient[from(part.image)..][..size],
                    );
                }
            }
        }
    }

    /// The gradient before pooling and ReLU, `[channels, positions]` for a block; its sums over the positions are
    /// added to `bias_sum`.
    fn before_epilogue<'b>(
        &'b self,
        channels: Range<usize>,
        block: &Block,
        bias_sum: &mut [f32],
        band: &'b mut Vec<f32>,
    ) -> Matrix<'b> {
        let side = self.fused.pool.unwrap_or(1);
        let [height, width] = self.shape.pooled(self.fused.pool);
        let plane = height * width;
        let line_width = self.shape.output[1];
        let place =
            |image: usize, channel: usize| (image * self.shape.out_channels + channel) * plane;
        let direct = match &block.parts[..] {
            [part] if self.fused == Fused::default() => Some(part),
            _ => None,
        };
        let band = sized(band, if direct.is_some() { 0 } else { channels.len() * block.positions });
        for part in &block.parts {
            let start = part.rows.start / side * width;
            let length = part.rows.len() / side * width;
            for channel in channels.clone() {
                let at = place(part.image, channel) + start;
                let gradient = &self.gradient[at..at + length];
                let alive = |i: usize| !self.fused.relu || self.output[at + i] > 0.0;
                if let Some(sum) = bias_sum.get_mut(channel) {
                    let alive = gradient.iter().enumerate().filter(|(i, _)| alive(*i));
                    *sum += alive.map(|(_, g)| g).sum::<f32>();
                }
                if direct.is_some() {
                    continue;
                }
                let row = (channel - channels.start) * block.positions + part.start;
                let lines = &mut band[row..row + part.rows.len() * line_width];
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
        match direct {
            Some(part) => {
                let at = place(part.image, channels.start) + part.rows.start * width;
                Matrix::strided(&self.gradient[at..], channels.len(), block.positions, plane)
            }
            None => Matrix::new(band, channels.len(), block.positions),
        }
    }
}

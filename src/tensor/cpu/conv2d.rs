//! Convolution as matrix products over bands of output rows, with bias, ReLU and max-pooling in the
//! same pass, while the band is still in the cache.

use super::sparse::{self, Sparse};
use super::{Activation, Matrix, MatrixMut, Window, col2im, finish, im2col, matmul, sized};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::cell::RefCell;
use std::ops::Range;

/// Sizes of a convolution; check them with [`Window::output`] before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dShape {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Groups: each sees `in_channels / groups` channels and makes `out_channels / groups`.
    pub groups: usize,
    /// The sliding window.
    pub window: Window,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the convolution's output, before pooling.
    pub output: [usize; 2],
}

/// What follows the convolution in the same pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fused {
    /// max(x, 0).
    pub relu: bool,
    /// Max-pooling with windows of this side that do not overlap; a rest at the edge is dropped.
    pub pool: Option<usize>,
}

/// What follows the convolution in the same pass, in this order.
#[derive(Clone, Copy, Debug, Default)]
pub struct After<'a> {
    /// The factor of each output channel, or empty.
    pub scale: &'a [f32],
    /// The summand of each output channel, or empty.
    pub shift: &'a [f32],
    /// Values to be added, as many as the output has, or empty. Not together with `pool`.
    pub add: &'a [f32],
    /// A function of each value; with `pool`, one that never falls.
    pub activation: Activation,
    /// Max-pooling with windows of this side that do not overlap; a rest at the edge is dropped.
    pub pool: Option<usize>,
}

impl After<'_> {
    /// Applies all but pooling to values of one channel; `from` is the place of the first in the whole output.
    fn finish(&self, values: &mut [f32], channel: usize, from: usize) {
        let scale = self.scale.get(channel).copied().unwrap_or(1.0);
        let shift = self.shift.get(channel).copied().unwrap_or(0.0);
        let add = self.add.get(from..from + values.len()).unwrap_or(&[]);
        finish(values, scale, shift, add, self.activation);
    }
}

impl Conv2dShape {
    /// Height and width of the output after pooling with windows of this side.
    pub fn pooled(&self, side: Option<usize>) -> [usize; 2] {
        self.output.map(|size| size / side.unwrap_or(1))
    }

    /// Rows of the weight matrix of one group, and its columns.
    fn group(&self) -> (usize, usize) {
        let channels = self.in_channels / self.groups;
        (self.out_channels / self.groups, channels * self.window.taps())
    }

    /// Output rows whose columns fit the second-level cache, a multiple of the pooling window.
    fn band(&self, pool: Option<usize>) -> usize {
        const CACHED_VALUES: usize = 1 << 17;
        let step = pool.unwrap_or(1);
        let row = self.group().1 * self.output[1];
        (CACHED_VALUES / row.max(1) / step * step).clamp(step, self.output[0].max(step))
    }

    /// The bands of output rows that are worked on one after the other.
    fn bands(&self, pool: Option<usize>) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.pooled(pool)[0] * pool.unwrap_or(1);
        let band = self.band(pool);
        (0..rows).step_by(band).map(move |start| start..(start + band).min(rows))
    }
}

/// Scratch memory of a thread, kept from call to call: fresh pages cost more than the work on them.
#[derive(Default)]
struct Scratch {
    columns: Vec<f32>,
    band: Vec<f32>,
    sparse: sparse::Scratch,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

fn with_scratch<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    // Taken out for the time of the work: rayon may run another task of ours inside it.
    let mut scratch = SCRATCH.take();
    let result = work(&mut scratch);
    SCRATCH.set(scratch);
    result
}

/// The columns of one group of a picture for a band of output rows: the picture itself for a
/// pointwise window, else copied to `buffer`.
fn columns_of<'a>(
    shape: &Conv2dShape,
    picture: &'a [f32],
    group: usize,
    rows: Range<usize>,
    buffer: &'a mut Vec<f32>,
) -> Matrix<'a> {
    let [height, width] = shape.input;
    let channels = shape.in_channels / shape.groups;
    let part = &picture[group * channels * height * width..][..channels * height * width];
    let depth = shape.group().1;
    let positions = rows.len() * shape.output[1];
    if shape.window.is_pointwise() {
        return Matrix::strided(&part[rows.start * width..], depth, positions, height * width);
    }
    let columns = sized(buffer, depth * positions);
    im2col(part, shape.input, &shape.window, shape.output[1], rows, columns);
    Matrix::new(columns, depth, positions)
}

/// Convolution of a batch: `input` is `[n, in_channels, height, width]`, `weight`
/// `[out_channels, in_channels / groups, kernel height, kernel width]`,
/// `output` `[n, out_channels, pooled height, pooled width]`, written whole.
///
/// With pooling, `winners` (as long as `output`) receives the place of the maximum in each window.
pub fn conv2d(
    shape: &Conv2dShape,
    after: &After<'_>,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
    winners: &mut [u8],
) {
    let picture_size = shape.in_channels * shape.input[0] * shape.input[1];
    let [height, width] = shape.pooled(after.pool);
    let plane = height * width;
    if plane == 0 || shape.out_channels == 0 {
        return;
    }
    let images = output.len() / (plane * shape.out_channels);
    // One picture is shared out by groups of channels when there are fewer pictures than threads.
    let parts = (rayon::current_num_threads().div_ceil(images.max(1))).min(shape.out_channels);
    let parts = if shape.groups > 1 { 1 } else { parts };
    let part_channels = shape.out_channels.div_ceil(parts);
    let parts = shape.out_channels.div_ceil(part_channels);
    let tasks: Vec<(&mut [f32], &mut [u8])> = {
        let mut tasks = Vec::with_capacity(images * parts);
        let mut winners = winners;
        for image in output.chunks_exact_mut(plane * shape.out_channels) {
            for part in image.chunks_mut(part_channels * plane) {
                let count = if after.pool.is_some() { part.len() } else { 0 };
                let (mine, rest) = winners.split_at_mut(count);
                winners = rest;
                tasks.push((part, mine));
            }
        }
        tasks
    };
    tasks.into_par_iter().enumerate().for_each(|(task, (output, winners))| {
        let image = task / parts;
        let picture = &input[image * picture_size..][..picture_size];
        let first = task % parts * part_channels;
        with_scratch(|scratch| {
            Forward { shape, after, image, picture, weight, first }.run(output, winners, scratch);
        });
    });
}

/// One picture, for some of the output channels.
struct Forward<'a> {
    shape: &'a Conv2dShape,
    after: &'a After<'a>,
    image: usize,
    picture: &'a [f32],
    weight: &'a [f32],
    /// The first channel.
    first: usize,
}

impl Forward<'_> {
    /// Writes as many channels as `output` has room for.
    fn run(&self, output: &mut [f32], winners: &mut [u8], scratch: &mut Scratch) {
        let Self { shape, after, image, picture, weight, first } = *self;
        let [height, width] = shape.pooled(after.pool);
        let plane = height * width;
        let (group_channels, depth) = shape.group();
        let last = first + output.len() / plane;
        for rows in shape.bands(after.pool) {
            let positions = rows.len() * shape.output[1];
            let mut channel = first;
            while channel < last {
                let group = channel / group_channels;
                let end = ((group + 1) * group_channels).min(last);
                let count = end - channel;
                let Scratch { columns, band, .. } = &mut *scratch;
                let columns = columns_of(shape, picture, group, rows.clone(), columns);
                let weights = Matrix::new(&weight[channel * depth..end * depth], count, depth);
                let target = &mut output[(channel - first) * plane..(end - first) * plane];
                let from = (image * shape.out_channels + channel) * plane;
                match after.pool {
                    None => {
                        let start = rows.start * width;
                        let target = &mut target[start..];
                        matmul(
                            MatrixMut::strided(target, count, positions, plane),
                            weights,
                            columns,
                            false,
                        );
                        for (c, line) in target.chunks_mut(plane).enumerate() {
                            let line = &mut line[..positions];
                            after.finish(line, channel + c, from + c * plane + start);
                        }
                    }
                    Some(side) => {
                        let band = sized(band, count * positions);
                        matmul(MatrixMut::new(band, count, positions), weights, columns, false);
                        let winners =
                            &mut winners[(channel - first) * plane..(end - first) * plane];
                        let start = rows.start / side * width;
                        let length = rows.len() / side * width;
                        for (c, line) in band.chunks_exact_mut(positions).enumerate() {
                            let at = c * plane + start..c * plane + start + length;
                            let (pooled, winners) = (&mut target[at.clone()], &mut winners[at]);
                            // A negative factor would make the maximum a minimum.
                            if after.scale.is_empty() {
                                pool_plane(line, shape.output[1], side, width, pooled, winners);
                                after.finish(pooled, channel + c, 0);
                            } else {
                                after.finish(line, channel + c, 0);
                                pool_plane(line, shape.output[1], side, width, pooled, winners);
                            }
                        }
                    }
                }
                channel = end;
            }
        }
    }
}

/// The maxima of windows that do not overlap, and their places in the window.
fn pool_plane(
    plane: &[f32],
    width: usize,
    side: usize,
    pooled_width: usize,
    pooled: &mut [f32],
    winners: &mut [u8],
) {
    if side == 2 {
        Arch::new().dispatch(PairsPool { plane, width, pooled_width, pooled, winners });
        return;
    }
    let lines = pooled.chunks_exact_mut(pooled_width).zip(winners.chunks_exact_mut(pooled_width));
    for (y, (pooled, winners)) in lines.enumerate() {
        for (x, (best, winner)) in pooled.iter_mut().zip(winners).enumerate() {
            (*best, *winner) = (f32::NEG_INFINITY, 0);
            for dy in 0..side {
                let line = &plane[(y * side + dy) * width + x * side..][..side];
                for (dx, &value) in line.iter().enumerate() {
                    if value > *best || value.is_nan() {
                        (*best, *winner) = (value, (dy * side + dx) as u8);
                    }
                }
            }
        }
    }
}

/// [`pool_plane`] for windows of two by two, in a form that compiles to the processor's widest instructions.
struct PairsPool<'a> {
    plane: &'a [f32],
    width: usize,
    pooled_width: usize,
    pooled: &'a mut [f32],
    winners: &'a mut [u8],
}

impl WithSimd for PairsPool<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { plane, width, pooled_width, pooled, winners } = self;
        let lines =
            pooled.chunks_exact_mut(pooled_width).zip(winners.chunks_exact_mut(pooled_width));
        for (y, (pooled, winners)) in lines.enumerate() {
            let (above, below) = plane[2 * y * width..][..2 * width].split_at(width);
            let pairs = above.chunks_exact(2).zip(below.chunks_exact(2));
            for ((best, winner), (a, b)) in pooled.iter_mut().zip(winners).zip(pairs) {
                // Without branches; a NaN wins.
                let wins = |new: f32, old: f32| (new > old) | new.is_nan();
                let (right, right_below) = (wins(a[1], a[0]), wins(b[1], b[0]));
                let top = if right { a[1] } else { a[0] };
                let low = if right_below { b[1] } else { b[0] };
                let down = wins(low, top);
                *best = if down { low } else { top };
                *winner = if down { 2 + u8::from(right_below) } else { u8::from(right) };
            }
        }
    }
}

/// Gradients of [`conv2d`]: adds to each that is given. `output` is what the forward pass wrote (only
/// read with ReLU), `gradient` the gradient with respect to it.
#[expect(clippy::too_many_arguments, reason = "the mirror of `conv2d`")]
pub fn conv2d_backward(
    shape: &Conv2dShape,
    fused: Fused,
    input: &[f32],
    weight: &[f32],
    output: &[f32],
    winners: &[u8],
    gradient: &[f32],
    input_gradient: Option<&mut [f32]>,
    mut weight_gradient: Option<&mut [f32]>,
    mut bias_gradient: Option<&mut [f32]>,
) {
    let picture_size = shape.in_channels * shape.input[0] * shape.input[1];
    let [height, width] = shape.pooled(fused.pool);
    let image_size = height * width * shape.out_channels;
    if image_size == 0 || gradient.is_empty() {
        return;
    }
    let images = gradient.len() / image_size;
    let run = super::run_length(images);
    let mut input_runs: Vec<Option<&mut [f32]>> = match input_gradient {
        Some(gradient) => gradient.chunks_mut(run * picture_size).map(Some).collect(),
        None => (0..images.div_ceil(run)).map(|_| None).collect(),
    };
    let wants = (weight_gradient.is_some(), bias_gradient.is_some());
    let lines = sparse::serves(shape, fused).then(|| sparse::lines_of(shape, weight));
    // Every run of pictures sums into memory of its own, and the sums are added in order: the result
    // does not depend on which thread was faster.
    let sums: Vec<(Vec<f32>, Vec<f32>)> = input_runs
        .par_iter_mut()
        .enumerate()
        .map(|(i, input_gradient)| {
            let mut weight_sum = vec![0.0; if wants.0 { weight.len() } else { 0 }];
            let mut bias_sum = vec![0.0; if wants.1 { shape.out_channels } else { 0 }];
            with_scratch(|scratch| {
                for image in i * run..((i + 1) * run).min(images) {
                    let at = image * image_size..(image + 1) * image_size;
                    let picture = &input[image * picture_size..][..picture_size];
                    let output = if fused.relu { &output[at.clone()] } else { &[] };
                    let winners = winners.get(at.clone()).unwrap_or(&[]);
                    let gradient = &gradient[at];
                    let input_gradient = input_gradient.as_deref_mut().map(|run_gradient| {
                        &mut run_gradient[(image - i * run) * picture_size..][..picture_size]
                    });
                    let (weights, biases) = (&mut weight_sum[..], &mut bias_sum[..]);
                    match &lines {
                        Some(weight) => {
                            Sparse { shape, fused, picture, weight, output, winners, gradient }.run(
                                input_gradient,
                                weights,
                                biases,
                                &mut scratch.sparse,
                            )
                        }
                        None => {
                            Backward { shape, fused, picture, weight, output, winners, gradient }
                                .run(input_gradient, weights, biases, scratch)
                        }
                    }
                }
            });
            (weight_sum, bias_sum)
        })
        .collect();
    for (weight_sum, bias_sum) in &sums {
        if let Some(gradient) = weight_gradient.as_deref_mut() {
            match &lines {
                Some(_) => sparse::add_lines(shape, weight_sum, gradient),
                None => add_to(gradient, weight_sum),
            }
        }
        if let Some(gradient) = bias_gradient.as_deref_mut() {
            add_to(gradient, bias_sum);
        }
    }
}

fn add_to(sum: &mut [f32], values: &[f32]) {
    sum.iter_mut().zip(values).for_each(|(s, v)| *s += v);
}

/// The backward pass of one picture.
struct Backward<'a> {
    shape: &'a Conv2dShape,
    fused: Fused,
    picture: &'a [f32],
    weight: &'a [f32],
    output: &'a [f32],
    winners: &'a [u8],
    gradient: &'a [f32],
}

impl Backward<'_> {
    fn run(
        &self,
        mut input_gradient: Option<&mut [f32]>,
        weight_sum: &mut [f32],
        bias_sum: &mut [f32],
        Scratch { columns, band, .. }: &mut Scratch,
    ) {
        let shape = self.shape;
        let (group_channels, depth) = shape.group();
        let pixels = shape.input[0] * shape.input[1];
        for rows in shape.bands(self.fused.pool) {
            let positions = rows.len() * shape.output[1];
            for group in 0..shape.groups {
                let channels = group * group_channels..(group + 1) * group_channels;
                let gradient = self.before_epilogue(channels.clone(), rows.clone(), bias_sum, band);
                let weights = channels.start * depth..channels.end * depth;
                if !weight_sum.is_empty() {
                    let columns = columns_of(shape, self.picture, group, rows.clone(), columns);
                    let sum =
                        MatrixMut::new(&mut weight_sum[weights.clone()], group_channels, depth);
                    matmul(sum, gradient, columns.transposed(), true);
                }
                let Some(input_gradient) = input_gradient.as_deref_mut() else { continue };
                let size = shape.in_channels / shape.groups * pixels;
                let target = &mut input_gradient[group * size..(group + 1) * size];
                let weights =
                    Matrix::new(&self.weight[weights], group_channels, depth).transposed();
                if shape.window.is_pointwise() {
                    let target = &mut target[rows.start * shape.input[1]..];
                    matmul(
                        MatrixMut::strided(target, depth, positions, pixels),
                        weights,
                        gradient,
                        true,
                    );
                } else {
                    let columns = sized(columns, depth * positions);
                    matmul(MatrixMut::new(columns, depth, positions), weights, gradient, false);
                    col2im(
                        columns,
                        shape.input,
                        &shape.window,
                        shape.output[1],
                        rows.clone(),
                        target,
                    );
                }
            }
        }
    }

    /// The gradient before pooling and ReLU, `[channels, positions]` for a band of rows; its sums over
    /// the positions are added to `bias_sum`.
    fn before_epilogue<'b>(
        &'b self,
        channels: Range<usize>,
        rows: Range<usize>,
        bias_sum: &mut [f32],
        band: &'b mut Vec<f32>,
    ) -> Matrix<'b> {
        let side = self.fused.pool.unwrap_or(1);
        let [height, width] = self.shape.pooled(self.fused.pool);
        let plane = height * width;
        let line_width = self.shape.output[1];
        let positions = rows.len() * line_width;
        let start = rows.start / side * width;
        let length = rows.len() / side * width;
        for (channel, sum) in
            channels.clone().zip(bias_sum.get_mut(channels.clone()).into_iter().flatten())
        {
            let at = channel * plane + start..channel * plane + start + length;
            let gradient = &self.gradient[at.clone()];
            *sum += if self.fused.relu {
                let output = &self.output[at];
                gradient
                    .iter()
                    .zip(output)
                    .map(|(g, y)| if *y > 0.0 { *g } else { 0.0 })
                    .sum::<f32>()
            } else {
                gradient.iter().sum()
            };
        }
        if self.fused == Fused::default() {
            let gradient = &self.gradient[channels.start * plane + start..];
            return Matrix::strided(gradient, channels.len(), positions, plane);
        }
        let band = sized(band, channels.len() * positions);
        for (channel, lines) in channels.clone().zip(band.chunks_exact_mut(positions)) {
            let at = channel * plane + start..channel * plane + start + length;
            let gradient = &self.gradient[at.clone()];
            let alive = |i: usize| !self.fused.relu || self.output[at.start + i] > 0.0;
            if self.fused.pool.is_none() {
                for (i, (value, g)) in lines.iter_mut().zip(gradient).enumerate() {
                    *value = if alive(i) { *g } else { 0.0 };
                }
                continue;
            }
            lines.fill(0.0);
            for (i, (g, winner)) in gradient.iter().zip(&self.winners[at.clone()]).enumerate() {
                if alive(i) {
                    let (y, x) = (i / width * side, i % width * side);
                    let (dy, dx) = (*winner as usize / side, *winner as usize % side);
                    lines[(y + dy) * line_width + x + dx] = *g;
                }
            }
        }
        Matrix::new(band, channels.len(), positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu::random;
    use rand::{Rng, SeedableRng};

    /// Both ways back through pooling, on pictures of odd sizes.
    #[test]
    fn sparse_and_dense_gradients_agree() {
        let seed = u64::from(rand::random::<u32>());
        let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut cases = 0;
        while cases < 40 {
            let mut size = |from: usize, to: usize| draw.gen_range(from..=to);
            let window = Window {
                kernel: [size(1, 4), size(1, 4)],
                stride: [size(1, 2), size(1, 2)],
                padding: [[size(0, 2), size(0, 2)], [size(0, 2), size(0, 2)]],
                dilation: [size(1, 2), 1],
            };
            let input = [size(3, 40), size(3, 40)];
            let fused = Fused { relu: size(0, 1) == 1, pool: Some(size(2, 3)) };
            let (in_channels, out_channels) = (size(8, 40), size(1, 20));
            let Some(output) = window.output(input) else { continue };
            let shape = Conv2dShape { in_channels, out_channels, groups: 1, window, input, output };
            let [height, width] = shape.pooled(fused.pool);
            if !sparse::serves(&shape, fused) || height * width == 0 {
                continue;
            }
            cases += 1;
            let picture = random(seed + cases, in_channels * input[0] * input[1]);
            let weight = random(seed + 1, out_channels * in_channels * window.taps());
            let bias = random(seed + 2, out_channels);
            let mut forward = vec![0.0; out_channels * height * width];
            let mut winners = vec![0; forward.len()];
            let activation = if fused.relu { Activation::Relu } else { Activation::Identity };
            let after = After { shift: &bias, activation, pool: fused.pool, ..After::default() };
            conv2d(&shape, &after, &picture, &weight, &mut forward, &mut winners);
            let gradient = random(seed + 3, forward.len());
            let start = random(seed + 4, picture.len());
            let mut scratch = Scratch::default();
            let (mut inputs, mut weights, mut biases) =
                (start.clone(), vec![0.0; weight.len()], vec![0.0; out_channels]);
            let (shape, output) = (&shape, &forward[..]);
            let (winners, gradient) = (&winners[..], &gradient[..]);
            Backward {
                shape,
                fused,
                picture: &picture,
                weight: &weight,
                output,
                winners,
                gradient,
            }
            .run(Some(&mut inputs), &mut weights, &mut biases, &mut scratch);
            let lines = sparse::lines_of(shape, &weight);
            let (mut sparse_inputs, mut sums, mut sparse_biases) =
                (start.clone(), vec![0.0; weight.len()], vec![0.0; out_channels]);
            Sparse { shape, fused, picture: &picture, weight: &lines, output, winners, gradient }
                .run(Some(&mut sparse_inputs), &mut sums, &mut sparse_biases, &mut scratch.sparse);
            let mut sparse_weights = vec![0.0; weight.len()];
            sparse::add_lines(shape, &sums, &mut sparse_weights);
            let pairs = [
                ("input", &inputs, &sparse_inputs),
                ("weight", &weights, &sparse_weights),
                ("bias", &biases, &sparse_biases),
            ];
            for (what, dense, sparse) in pairs {
                for (i, (a, b)) in dense.iter().zip(sparse).enumerate() {
                    let close = (a - b).abs() <= 1e-4 * (1.0 + a.abs());
                    assert!(close, "{what} {i}: {a} {b}; {shape:?} {fused:?}, seed {seed}");
                }
            }
        }
    }
}

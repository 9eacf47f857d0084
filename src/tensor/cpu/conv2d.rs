//! Convolution in whichever way is the shortest, with what follows it in the same pass.

use super::blocks::{Block, blocks};
use super::sparse;
use super::{
    Activation, Window, add_to, depthwise, finish, finish_from, finish_within, products, sized,
    sum_of, threads, update_each, winograd,
};
use std::cell::RefCell;
use std::ops::Range;

/// Positions that are worked on together: their columns, of as many terms as are summed at a time, fit the second-level
/// cache beside packed weights.
pub(super) const POSITIONS: usize = 240;

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

/// What comes before a pointwise convolution in the same pass: `activation(scale · x + shift)`, a value of each a channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before<'a> {
    /// The factor of each input channel, or empty for nothing at all.
    pub scale: &'a [f32],
    /// The summand of each input channel.
    pub shift: &'a [f32],
    /// A function of each value.
    pub activation: Activation,
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
    /// Applies scale, shift and activation to values of one channel.
    pub(super) fn finish(&self, values: &mut [f32], channel: usize) {
        finish(values, self.scale_of(channel), self.shift_of(channel), &[], self.activation);
    }

    /// Writes to `target` what becomes of `values` of one channel, pooling aside; `from` is the place of the first in
    /// the whole output.
    pub(super) fn finish_from(
        &self,
        target: &mut [f32],
        values: &[f32],
        channel: usize,
        from: usize,
    ) {
        let add = self.add.get(from..from + values.len()).unwrap_or(&[]);
        let (scale, shift) = (self.scale_of(channel), self.shift_of(channel));
        finish_from(target, values, scale, shift, add, self.activation);
    }

    /// [`Self::finish_from`] in a function that already runs with wide instructions. No `values` are those in `target`.
    #[inline(always)]
    pub(super) fn finish_within<S: pulp::Simd>(
        &self,
        simd: S,
        target: &mut [f32],
        values: &[f32],
        channel: usize,
        from: usize,
    ) {
        let add = self.add.get(from..from + target.len()).unwrap_or(&[]);
        let (scale, shift) = (self.scale_of(channel), self.shift_of(channel));
        finish_within(simd, target, values, scale, shift, add, self.activation);
    }

    /// Scale, shift, what is added, and activation for values of one channel, whose places in the whole output these are.
    pub(super) fn of(&self, channel: usize, at: Range<usize>) -> (f32, f32, &[f32], Activation) {
        let add = self.add.get(at).unwrap_or(&[]);
        (self.scale_of(channel), self.shift_of(channel), add, self.activation)
    }

    /// Scale and shift of a channel.
    pub(super) fn affine(&self, channel: usize) -> (f32, f32) {
        (self.scale_of(channel), self.shift_of(channel))
    }

    fn scale_of(&self, channel: usize) -> f32 {
        self.scale.get(channel).copied().unwrap_or(1.0)
    }

    fn shift_of(&self, channel: usize) -> f32 {
        self.shift.get(channel).copied().unwrap_or(0.0)
    }
}

impl Conv2dShape {
    /// Height and width of the output after pooling with windows of this side.
    pub fn pooled(&self, side: Option<usize>) -> [usize; 2] {
        self.output.map(|size| size / side.unwrap_or(1))
    }

    /// Rows of the weight matrix of one group, and its columns.
    pub(super) fn group(&self) -> (usize, usize) {
        let channels = self.in_channels / self.groups;
        (self.out_channels / self.groups, channels * self.window.taps())
    }

    /// The convolution that makes the input's gradient of the output's, with the weights turned around, where there is
    /// one: with stride 1, one group, and no more padding than windows see.
    pub(super) fn transposed(&self) -> Option<Self> {
        let axis = |axis: usize| {
            let span = self.window.dilation[axis] * (self.window.kernel[axis] - 1);
            let [before, after] = self.window.padding[axis];
            Some([span.checked_sub(before)?, span.checked_sub(after)?])
        };
        let padding = [axis(0)?, axis(1)?];
        (self.window.stride == [1, 1] && self.groups == 1).then_some(Self {
            in_channels: self.out_channels,
            out_channels: self.in_channels,
            window: Window { padding, ..self.window },
            input: self.output,
            output: self.input,
            ..*self
        })
    }

    /// Values of one picture.
    pub(super) fn picture(&self) -> usize {
        self.in_channels * self.input[0] * self.input[1]
    }

    /// The blocks of output rows of the pictures `images` that are worked on one after the other, before pooling.
    pub(super) fn blocks(&self, images: Range<usize>, pool: Option<usize>) -> Vec<Block> {
        let side = pool.unwrap_or(1);
        let rows = self.pooled(pool)[0] * side;
        // A single block is shared out by channels.
        let single = images.len() * rows * self.output[1] <= POSITIONS;
        let sharing = if single { 1 } else { threads::count() };
        blocks(images, rows, self.output[1], side, POSITIONS, sharing)
    }
}

/// Scratch memory of a thread, kept from call to call: fresh pages cost more than the work on them.
#[derive(Default)]
pub(super) struct Scratch {
    pub packed: Vec<f32>,
    pub columns: Vec<f32>,
    pub band: Vec<f32>,
    pub lines: Vec<f32>,
    pub sums: Vec<f32>,
    pub sparse: sparse::Scratch,
}

thread_local! {
    static SCRATCH: RefCell<Vec<Scratch>> = RefCell::default();
}

/// Has `work` use scratch memory of this thread. Inside such work there may be more, with memory of its own.
pub(super) fn with_scratch<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    let mut scratch = SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default();
    let result = work(&mut scratch);
    SCRATCH.with_borrow_mut(|all| all.push(scratch));
    result
}

/// The weights `[out_channels, in_channels / groups, height, width]` of a convolution, or those of the one whose input
/// gradient is wanted, with stride 1 and one group: then turned around, with the channels exchanged.
#[derive(Clone, Copy)]
pub(super) enum Weights<'a> {
    Forward(&'a [f32]),
    Backward(&'a [f32]),
}

/// Convolution of a batch: `input` is `[n, in_channels, height, width]`, `weight`
/// `[out_channels, in_channels / groups, kernel height, kernel width]`,
/// `output` `[n, out_channels, pooled height, pooled width]`, written whole.
///
/// With pooling, `winners` (as long as `output`) receives the place of the maximum in each window. `before` is for
/// pointwise windows of one group.
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
    if height * width == 0 || shape.out_channels == 0 || output.is_empty() {
        return;
    }
    let images = output.len() / (height * width * shape.out_channels);
    if winograd::serves(shape, images) && winograd::pools(after.pool) {
        let target = products::Target::Output { after, winners };
        winograd::conv2d(shape, input, Weights::Forward(weight), target, output);
    } else if depthwise::serves(shape) && after.pool.is_none() {
        depthwise::conv2d(shape, after, input, weight, output);
    } else {
        let target = products::Target::Output { after, winners };
        products::conv2d(shape, before, input, Weights::Forward(weight), target, output);
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
    weight_gradient: Option<&mut [f32]>,
    bias_gradient: Option<&mut [f32]>,
) {
    let [height, width] = shape.pooled(fused.pool);
    let image_size = height * width * shape.out_channels;
    if image_size == 0 || gradient.is_empty() {
        return;
    }
    let images = gradient.len() / image_size;
    if fused.pool.is_none() {
        let masked = fused.relu.then(|| {
            let mut masked = gradient.to_vec();
            threads::each_chunk(&mut masked, 1 << 14, |run, masked| {
                let output = threads::chunk(output, 1 << 14, run);
                update_each(masked, output, output, |g, y, _| if y > 0.0 { g } else { 0.0 });
            });
            masked
        });
        let gradient = masked.as_deref().unwrap_or(gradient);
        if let Some(bias_gradient) = bias_gradient {
            let plane = height * width;
            threads::each_chunk(bias_gradient, 1, |channel, sum| {
                let planes = gradient.chunks_exact(plane).skip(channel).step_by(shape.out_channels);
                sum[0] += planes.map(|plane| sum_of(plane, plane, |g, _| g)).sum::<f64>() as f32;
            });
        }
        if winograd::serves(shape, images) {
            winograd::backward(shape, input, weight, gradient, input_gradient, weight_gradient);
        } else if depthwise::serves(shape) {
            depthwise::backward(shape, input, weight, gradient, input_gradient, weight_gradient);
        } else {
            let (fused, winners) = (Fused::default(), &[][..]);
            let dense =
                products::Backward { shape, fused, input, weight, output, winners, gradient };
            dense.run(images, input_gradient, weight_gradient, None);
        }
    } else if sparse::serves(shape, fused) {
        let batch = sparse::Batch { shape, fused, input, weight, output, winners, gradient };
        batch.run(images, input_gradient, weight_gradient, bias_gradient);
    } else {
        let dense = products::Backward { shape, fused, input, weight, output, winners, gradient };
        dense.run(images, input_gradient, weight_gradient, bias_gradient);
    }
}

/// Has `work(pictures, weight sum, bias sum, scratch memory)` add what some pictures contribute to sums of its own, on all
/// threads, and adds them in order: the result does not depend on which thread was faster. What nobody wants is empty.
/// The sum of the weights goes to `add_weights`.
pub(super) fn sum_over_pictures(
    images: usize,
    [weights, biases]: [usize; 2],
    work: impl Fn(Range<usize>, &mut [f32], &mut [f32], &mut Scratch) + Sync,
    mut add_weights: impl FnMut(&[f32]),
    bias_gradient: Option<&mut [f32]>,
) {
    let run = images.div_ceil(threads::count());
    with_scratch(|Scratch { sums, .. }| {
        let sums = sized(sums, images.div_ceil(run) * (weights + biases));
        threads::each_chunk(sums, weights + biases, |part, sums| {
            sums.fill(0.0);
            let (weights, biases) = sums.split_at_mut(weights);
            let mine = part * run..((part + 1) * run).min(images);
            with_scratch(|scratch| work(mine, weights, biases, scratch));
        });
        let parts = || sums.chunks_exact((weights + biases).max(1));
        parts().for_each(|sums| add_weights(&sums[..weights]));
        if let Some(gradient) = bias_gradient {
            parts().for_each(|sums| add_to(gradient, &sums[weights..]));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::sparse::Sparse;
    use super::*;
    use crate::tensor::cpu::random;
    use rand::{Rng, SeedableRng};

    /// The definition, in double precision: the output, and the gradients of input and weight.
    fn by_definition(shape: &Conv2dShape, images: usize, [x, w, g]: [&[f32]; 3]) -> [Vec<f32>; 3] {
        let (channels, depth) = shape.group();
        let (taps, window) = (shape.window.taps(), &shape.window);
        let [height, width] = shape.output;
        let mut sums = [vec![0.0f64; g.len()], vec![0.0; x.len()], vec![0.0; w.len()]];
        for place in 0..images * shape.out_channels * height * width {
            let (image, channel) = (
                place / (shape.out_channels * height * width),
                place / (height * width) % shape.out_channels,
            );
            let position = [place / width % height, place % width];
            for term in 0..depth {
                let tap = [term % taps / window.kernel[1], term % window.kernel[1]];
                let at = [0, 1].map(|axis| {
                    let at =
                        position[axis] * window.stride[axis] + tap[axis] * window.dilation[axis];
                    at.checked_sub(window.padding[axis][0]).filter(|at| *at < shape.input[axis])
                });
                let [Some(row), Some(column)] = at else { continue };
                let input = channel / channels * (shape.in_channels / shape.groups) + term / taps;
                let from = image * shape.picture()
                    + (input * shape.input[0] + row) * shape.input[1]
                    + column;
                let of = channel * depth + term;
                sums[0][place] += f64::from(x[from]) * f64::from(w[of]);
                sums[1][from] += f64::from(g[place]) * f64::from(w[of]);
                sums[2][of] += f64::from(g[place]) * f64::from(x[from]);
            }
        }
        sums.map(|sums| sums.into_iter().map(|sum| sum as f32).collect())
    }

    /// All windows, groups and numbers of channels, the smallest among them, against the definition.
    #[test]
    fn convolutions_of_all_kinds_agree_with_the_definition() {
        let seed = u64::from(rand::random::<u32>());
        let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut cases = 0;
        while cases < 120 {
            let mut size = |from: usize, to: usize| draw.gen_range(from..=to);
            let window = Window {
                kernel: [size(1, 4), size(1, 4)],
                stride: [size(1, 3), size(1, 3)],
                padding: [[size(0, 3), size(0, 3)], [size(0, 3), size(0, 3)]],
                dilation: [size(1, 2), size(1, 2)],
            };
            let window = [window, Window::square(1, 1, 0), Window::square(3, 1, 1)][size(0, 2)];
            let (images, input, groups) = (size(1, 4), [size(1, 20), size(1, 20)], size(1, 3));
            let most = size(1, 20);
            let (in_channels, out_channels) = (groups * size(1, most), groups * size(1, most));
            let Some(output) = window.output(input) else { continue };
            let shape = Conv2dShape { in_channels, out_channels, groups, window, input, output };
            cases += 1;
            let what = format!("seed {seed}: {images} of {shape:?}");
            let x = random(seed + cases, images * shape.picture());
            let w = random(seed + 1, out_channels * shape.group().1);
            let g = random(seed + 2, images * out_channels * output[0] * output[1]);
            let [y, dx, dw] = by_definition(&shape, images, [&x, &w, &g]);
            let mut found = vec![f32::NAN; g.len()];
            conv2d(&shape, Before::default(), &After::default(), &x, &w, &mut found, &mut []);
            close(&what, &found, &y, 1e-4);
            let (mut found_dx, mut found_dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
            let (inputs, weights) = (Some(&mut found_dx[..]), Some(&mut found_dw[..]));
            let fused = Fused::default();
            conv2d_backward(&shape, fused, &x, &w, &y, &[], &g, inputs, weights, None);
            close(&format!("{what}, inputs"), &found_dx, &dx, 1e-4);
            close(&format!("{what}, weights"), &found_dw, &dw, 1e-4);
        }
    }

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
            conv2d(
                &shape,
                Before::default(),
                &after,
                &picture,
                &weight,
                &mut forward,
                &mut winners,
            );
            let gradient = random(seed + 3, forward.len());
            let start = random(seed + 4, picture.len());
            let mut scratch = Scratch::default();
            let (mut inputs, mut weights, mut biases) =
                (start.clone(), vec![0.0; weight.len()], vec![0.0; out_channels]);
            let (shape, output) = (&shape, &forward[..]);
            let (winners, gradient) = (&winners[..], &gradient[..]);
            let input = &picture[..];
            products::Backward { shape, fused, input, weight: &weight, output, winners, gradient }
                .run(1, Some(&mut inputs), Some(&mut weights), Some(&mut biases));
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

    fn close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
        let scale = expected.iter().fold(1e-3f32, |most, value| most.max(value.abs()));
        assert_eq!(found.len(), expected.len(), "{what}");
        for (i, (a, b)) in found.iter().zip(expected).enumerate() {
            assert!((a - b).abs() <= tolerance * scale, "{what} {i}: {a}, expected {b}");
        }
    }

    /// The shorter ways against matrix products, on pictures of odd sizes.
    #[test]
    fn tiles_and_shifts_agree_with_matrix_products() {
        let seed = u64::from(rand::random::<u32>());
        let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let (mut tiled, mut shifted) = (0, 0);
        while tiled < 25 || shifted < 25 {
            let mut size = |from: usize, to: usize| draw.gen_range(from..=to);
            let depthwise = size(0, 1) == 1;
            let (kernel, stride) = if depthwise { (size(1, 5), size(1, 3)) } else { (3, 1) };
            let most = if depthwise { 3 } else { 2 };
            let window = Window {
                padding: [[size(0, most), size(0, most)], [size(0, most), size(0, most)]],
                ..Window::square(kernel, stride, 0)
            };
            let (images, input) = (size(1, 4), [size(1, 40), size(1, 40)]);
            let in_channels = size(if depthwise { 2 } else { 16 }, 40);
            let out_channels = if depthwise { in_channels } else { size(16, 40) };
            let groups = if depthwise { in_channels } else { 1 };
            let pool = [None, None, Some(2), Some(4)][if depthwise { 0 } else { size(0, 3) }];
            let (scaled, added) = (size(0, 1) == 1, size(0, 1) == 1 && pool.is_none());
            let Some(output) = window.output(input) else { continue };
            let shape = Conv2dShape { in_channels, out_channels, groups, window, input, output };
            let [height, width] = shape.pooled(pool);
            let count = images * out_channels * height * width;
            if count == 0 {
                continue;
            }
            let by_tiles = winograd::serves(&shape, images);
            if !by_tiles && !super::depthwise::serves(&shape) {
                continue;
            }
            *if by_tiles { &mut tiled } else { &mut shifted } += 1;
            let what = format!("seed {seed}: {images} of {shape:?}, pool {pool:?}");
            let pictures = random(seed + 1, images * shape.picture());
            let weight = random(seed + 2, out_channels * shape.group().1);
            let [scale, shift] = [3, 4].map(|salt| random(seed + salt, out_channels));
            let add = random(seed + 5, if added { count } else { 0 });
            let after = After {
                scale: if scaled { &scale } else { &[] },
                shift: &shift,
                add: &add,
                activation: Activation::Relu6,
                pool,
            };
            let (mut expected, mut found) = (vec![f32::NAN; count], vec![f32::NAN; count]);
            let mut winners = vec![0; if pool.is_some() { count } else { 0 }];
            let target = products::Target::Output { after: &after, winners: &mut winners };
            let weights = Weights::Forward(&weight);
            products::conv2d(&shape, Before::default(), &pictures, weights, target, &mut expected);
            conv2d(&shape, Before::default(), &after, &pictures, &weight, &mut found, &mut winners);
            // Minimal filtering rounds some ten times as much as a plain sum.
            close(&what, &found, &expected, 1e-4);

            let gradient = random(seed + 6, images * out_channels * output[0] * output[1]);
            let start = random(seed + 7, pictures.len());
            let (mut inputs, mut weights) = (start.clone(), vec![1.0; weight.len()]);
            let mut biases = vec![0.0; out_channels];
            products::Backward {
                shape: &shape,
                fused: Fused::default(),
                input: &pictures,
                weight: &weight,
                output: &[],
                winners: &[],
                gradient: &gradient,
            }
            .run(images, Some(&mut inputs), Some(&mut weights), Some(&mut biases));
            let (mut found_inputs, mut found_weights) = (start, vec![1.0; weight.len()]);
            let mut found_biases = vec![0.0; out_channels];
            conv2d_backward(
                &shape,
                Fused::default(),
                &pictures,
                &weight,
                &[],
                &[],
                &gradient,
                Some(&mut found_inputs),
                Some(&mut found_weights),
                Some(&mut found_biases),
            );
            close(&format!("{what}, inputs"), &found_inputs, &inputs, 1e-4);
            close(&format!("{what}, weights"), &found_weights, &weights, 1e-4);
            close(&format!("{what}, biases"), &found_biases, &biases, 1e-5);
        }
    }
}

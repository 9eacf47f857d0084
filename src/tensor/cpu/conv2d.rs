//! Two-dimensional convolution by the fastest applicable algorithm, with its epilogue in the same pass.

use super::conv_shape::{Conv2dShape, Weights};
use super::elementwise::update_each;
use super::epilogue::{After, Before, Fused};
use super::sum::sum_of;
use super::{depthwise, products, sparse, threads, winograd};

/// Convolution of a batch: `input` is `[n, in_channels, height, width]`, `weight` `[out_channels, in_channels / groups,
/// kernel height, kernel width]`, `output` `[n, out_channels, pooled height, pooled width]`, completely overwritten.
///
/// With pooling, `winners` (as long as `output`) receives the index of the maximum in each window. `before` requires a
/// pointwise window and one group.
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

/// Adds the gradients of [`conv2d`] to those that are given. `output` is the result of the forward pass (read with ReLU
/// only), `gradient` the gradient with respect to it.
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

#[cfg(test)]
mod tests {
    use super::sparse::Sparse;
    use super::*;
    use crate::tensor::cpu::Window;
    use crate::tensor::cpu::elementwise::Activation;
    use crate::tensor::cpu::random;
    use crate::tensor::cpu::scratch::Scratch;
    use rand::{Rng, SeedableRng};

    /// The definition in double precision: the output, and the gradients of input and weight.
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
                let from = image * shape.sample_len()
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

    /// All windows, groups and numbers of channels, the smallest included, against the definition.
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
            let x = random(seed + cases, images * shape.sample_len());
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

    /// Both backward passes through pooling, on images of odd sizes.
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
            let sample = random(seed + cases, in_channels * input[0] * input[1]);
            let weight = random(seed + 1, out_channels * in_channels * window.taps());
            let bias = random(seed + 2, out_channels);
            let mut forward = vec![0.0; out_channels * height * width];
            let mut winners = vec![0; forward.len()];
            let activation = if fused.relu { Activation::Relu } else { Activation::Identity };
            let after = After { shift: &bias, activation, pool: fused.pool, ..After::default() };
            conv2d(&shape, Before::default(), &after, &sample, &weight, &mut forward, &mut winners);
            let gradient = random(seed + 3, forward.len());
            let start = random(seed + 4, sample.len());
            let mut scratch = Scratch::default();
            let (mut inputs, mut weights, mut biases) =
                (start.clone(), vec![0.0; weight.len()], vec![0.0; out_channels]);
            let (shape, output) = (&shape, &forward[..]);
            let (winners, gradient) = (&winners[..], &gradient[..]);
            let input = &sample[..];
            products::Backward { shape, fused, input, weight: &weight, output, winners, gradient }
                .run(1, Some(&mut inputs), Some(&mut weights), Some(&mut biases));
            let lines = sparse::lines_of(shape, &weight);
            let (mut sparse_inputs, mut sums, mut sparse_biases) =
                (start.clone(), vec![0.0; weight.len()], vec![0.0; out_channels]);
            Sparse { shape, fused, sample: &sample, weight: &lines, output, winners, gradient }
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

    /// The faster algorithms against matrix products, on images of odd sizes.
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
            let samples = random(seed + 1, images * shape.sample_len());
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
            products::conv2d(&shape, Before::default(), &samples, weights, target, &mut expected);
            conv2d(&shape, Before::default(), &after, &samples, &weight, &mut found, &mut winners);
            // Winograd's algorithm has about ten times the rounding error of a plain sum.
            close(&what, &found, &expected, 1e-4);

            let gradient = random(seed + 6, images * out_channels * output[0] * output[1]);
            let start = random(seed + 7, samples.len());
            let (mut inputs, mut weights) = (start.clone(), vec![1.0; weight.len()]);
            let mut biases = vec![0.0; out_channels];
            products::Backward {
                shape: &shape,
                fused: Fused::default(),
                input: &samples,
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
                &samples,
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

//! Max-pooling with any window, on planes in parallel.

use super::Window;
use rayon::prelude::*;

/// Maxima of the windows of each plane: `input` is `[planes, height, width]`, `output`
/// `[planes, output height, output width]`, written whole; `winners` receives the index in its plane of
/// each maximum. Padding never wins; a NaN does.
pub fn max_pool2d(
    window: &Window,
    [height, width]: [usize; 2],
    [out_height, out_width]: [usize; 2],
    input: &[f32],
    output: &mut [f32],
    winners: &mut [u32],
) {
    let (size, out_size) = (height * width, out_height * out_width);
    if size == 0 || out_size == 0 {
        return;
    }
    let planes = output.par_chunks_exact_mut(out_size).zip(winners.par_chunks_exact_mut(out_size));
    planes.zip(input.par_chunks_exact(size)).for_each(|((output, winners), input)| {
        for y in 0..out_height {
            let (first_y, last_y) = taps(window, 0, y, height);
            for x in 0..out_width {
                let (first_x, last_x) = taps(window, 1, x, width);
                let (mut best, mut place) = (f32::NEG_INFINITY, 0);
                for row in (first_y..last_y).step_by(window.dilation[0]) {
                    for column in (first_x..last_x).step_by(window.dilation[1]) {
                        let value = input[row * width + column];
                        if value > best || value.is_nan() || (place == 0 && best == value) {
                            (best, place) = (value, row * width + column);
                        }
                    }
                }
                output[y * out_width + x] = best;
                winners[y * out_width + x] = place as u32;
            }
        }
    });
}

/// The first pixel inside the picture that a window at `position` covers, and the end of its span.
fn taps(window: &Window, axis: usize, position: usize, size: usize) -> (usize, usize) {
    let (dilation, padding) = (window.dilation[axis], window.padding[axis][0]);
    let start = position * window.stride[axis];
    let end = (start + (window.kernel[axis] - 1) * dilation + 1).saturating_sub(padding).min(size);
    let missing = padding.saturating_sub(start).div_ceil(dilation) * dilation;
    ((start + missing - padding).min(end), end)
}

/// Adds each gradient to the pixel that won its window.
pub fn max_pool2d_backward(
    winners: &[u32],
    gradient: &[f32],
    size: usize,
    out_size: usize,
    input_gradient: &mut [f32],
) {
    if size == 0 || out_size == 0 {
        return;
    }
    let planes = winners.par_chunks_exact(out_size).zip(gradient.par_chunks_exact(out_size));
    input_gradient.par_chunks_exact_mut(size).zip(planes).for_each(
        |(target, (winners, gradient))| {
            for (winner, g) in winners.iter().zip(gradient) {
                target[*winner as usize] += g;
            }
        },
    );
}

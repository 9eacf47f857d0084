//! Depthwise convolution: one window per channel.
//!
//! In a padded plane each tap is a shift, so sums run over whole rows, tap by tap, in the L1 cache.

use super::conv_shape::Conv2dShape;
use super::elementwise::{Activation, finish_within, update_short};
use super::epilogue::After;
use super::padded::Padded;
use super::scratch::{Scratch, with_scratch};
use super::slices::sized;
use super::threads::{self, chunk, each_chunk};
use pulp::{Arch, Simd, WithSimd};

/// Returns `true` if each channel is a group of its own.
pub fn serves(shape: &Conv2dShape) -> bool {
    shape.groups > 1
        && shape.groups == shape.in_channels
        && shape.groups == shape.out_channels
        && shape.window.dilation == [1, 1]
}

/// [`super::conv2d`] for shapes for which [`serves`] holds.
pub fn conv2d(
    shape: &Conv2dShape,
    after: &After<'_>,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
) {
    /// Output values per task, at least.
    const TOGETHER: usize = 1 << 13;
    let layout = Padded::of(shape, 0..shape.output[0]);
    let taps: Vec<usize> = layout.taps().collect();
    let plane = shape.output[0] * shape.output[1];
    let planes = output.len() / plane;
    let run = (TOGETHER / plane).min(planes / (4 * threads::count())).max(1);
    threads::each_chunk(output, run * plane, |number, output| {
        with_scratch(|Scratch { columns, band, .. }| {
            let (padded, sums) = (columns, band);
            let (taps, first) = (&taps[..], number * run);
            let planes =
                Planes { layout, shape, after, input, weight, taps, first, padded, sums, output };
            Arch::new().dispatch(planes);
        });
    });
}

/// Adds the gradients of the convolution without its epilogue.
pub fn backward(
    shape: &Conv2dShape,
    input: &[f32],
    weight: &[f32],
    gradient: &[f32],
    input_gradient: Option<&mut [f32]>,
    weight_gradient: Option<&mut [f32]>,
) {
    let layout = Padded::of(shape, 0..shape.output[0]);
    let [height, width] = shape.output;
    let (runs, length) = layout.runs();
    let (channels, taps) = (shape.out_channels, shape.window.taps());
    let (pixels, plane) = (shape.input[0] * shape.input[1], height * width);
    // The gradient in rows separated by zeros.
    let spread = |gradient: &[f32], runs: &mut [f32]| {
        runs.fill(0.0);
        for (run, row) in runs.chunks_mut(layout.line()).zip(gradient.chunks_exact(width)) {
            run[..width].copy_from_slice(row);
        }
    };
    if let Some(sum) = input_gradient {
        each_chunk(sum, pixels, |place, sum| {
            let gradient = chunk(gradient, plane, place);
            with_scratch(|Scratch { columns, band, .. }| {
                let padded = sized(columns, layout.values());
                padded.fill(0.0);
                let spreaded = sized(band, runs * length);
                spread(gradient, spreaded);
                let weight = &weight[place % channels * taps..][..taps];
                Arch::new().dispatch(Back { layout, padded, weight, gradient: spreaded });
                layout.join(padded, sum);
            });
        });
    }
    if let Some(sum) = weight_gradient {
        let images = gradient.len() / (plane * channels);
        each_chunk(sum, taps, |channel, sum| {
            with_scratch(|Scratch { columns, band, .. }| {
                let padded = sized(columns, layout.values());
                let spreaded = sized(band, runs * length);
                padded.fill(0.0);
                for place in (0..images).map(|image| image * channels + channel) {
                    layout.split(&input[place * pixels..][..pixels], padded);
                    spread(&gradient[place * plane..][..plane], spreaded);
                    Arch::new().dispatch(Taps { layout, padded, gradient: spreaded, sum });
                }
            });
        });
    }
}

/// A range of output planes.
struct Planes<'a> {
    layout: Padded,
    shape: &'a Conv2dShape,
    after: &'a After<'a>,
    input: &'a [f32],
    weight: &'a [f32],
    taps: &'a [usize],
    /// Index of the first plane in the whole output.
    first: usize,
    padded: &'a mut Vec<f32>,
    sums: &'a mut Vec<f32>,
    output: &'a mut [f32],
}

impl WithSimd for Planes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        /// Vectors that are summed at a time, in registers.
        const TOGETHER: usize = 4;
        let Self { layout, shape, after, input, weight, taps, first, output, .. } = self;
        let width = shape.output[1];
        let (pixels, plane) = (shape.input[0] * shape.input[1], shape.output[0] * width);
        let (runs, length) = layout.runs();
        // The last sums of a run may read past its end; those values are not used.
        let piece = TOGETHER * S::F32_LANES;
        let padded = sized(self.padded, layout.values() + piece);
        padded.fill(0.0);
        let sums = sized(self.sums, length.next_multiple_of(piece));
        let rows_of_run = if runs == 1 { shape.output[0] } else { 1 };
        for (place, output) in (first..).zip(output.chunks_exact_mut(plane)) {
            layout.split(&input[place * pixels..][..pixels], &mut padded[..layout.values()]);
            let channel = place % shape.out_channels;
            let weight = &weight[channel * taps.len()..][..taps.len()];
            let (scale, shift) = after.affine(channel);
            let mut output = output.chunks_exact_mut(width);
            for run in 0..runs {
                for (number, sums) in sums.chunks_exact_mut(piece).enumerate() {
                    let start = run * layout.row_step() + number * piece;
                    let mut parts = [simd.splat_f32s(shift); TOGETHER];
                    for (factor, tap) in weight.iter().zip(taps) {
                        let factor = simd.splat_f32s(factor * scale);
                        let seen = S::as_simd_f32s(&padded[start + tap..][..piece]).0;
                        for (part, seen) in parts.iter_mut().zip(seen) {
                            *part = simd.mul_add_f32s(factor, *seen, *part);
                        }
                    }
                    let sums = S::as_mut_simd_f32s(sums).0;
                    for (sum, part) in sums.iter_mut().zip(parts) {
                        *sum = part;
                    }
                }
                let lines = sums.chunks(layout.line());
                for (output, sums) in output.by_ref().take(rows_of_run).zip(lines) {
                    update_short(output, &sums[..width], |_, sum| sum);
                }
            }
        }
        // All planes at once: the remainder of each would take as long as the plane.
        let from = first * plane;
        let add = after.add.get(from..from + output.len()).unwrap_or(&[]);
        if !add.is_empty() || after.activation != Activation::Identity {
            finish_within(simd, output, &[], 1.0, 0.0, add, after.activation);
        }
    }
}

/// The transpose: `padded[tap offset + i] += weight[tap] · gradient[run][i]`.
struct Back<'a> {
    layout: Padded,
    padded: &'a mut [f32],
    weight: &'a [f32],
    gradient: &'a [f32],
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { layout, padded, weight, gradient } = self;
        let length = layout.runs().1;
        for (row, run) in gradient.chunks_exact(length).enumerate() {
            let start = row * layout.row_step();
            for (factor, tap) in weight.iter().zip(layout.taps()) {
                let seen = &mut padded[start + tap..][..length];
                for (pixel, g) in seen.iter_mut().zip(run) {
                    *pixel += factor * g;
                }
            }
        }
    }
}

/// `sum[tap] += Σ gradient[run][i] · padded[tap offset + i]`.
struct Taps<'a> {
    layout: Padded,
    padded: &'a [f32],
    gradient: &'a [f32],
    sum: &'a mut [f32],
}

impl WithSimd for Taps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        /// Sums of products in flight at a time.
        const PARTS: usize = 16;
        let Self { layout, padded, gradient, sum } = self;
        let length = layout.runs().1;
        for (row, run) in gradient.chunks_exact(length).enumerate() {
            let start = row * layout.row_step();
            for (sum, tap) in sum.iter_mut().zip(layout.taps()) {
                let seen = &padded[start + tap..][..length];
                let mut parts = [0.0f32; PARTS];
                let (runs, rest) = run.as_chunks::<PARTS>();
                let (pixels, rest_pixels) = seen.as_chunks::<PARTS>();
                for (g, p) in runs.iter().zip(pixels) {
                    for i in 0..PARTS {
                        parts[i] += g[i] * p[i];
                    }
                }
                let rest: f32 = rest.iter().zip(rest_pixels).map(|(g, p)| g * p).sum();
                *sum += parts.iter().sum::<f32>() + rest;
            }
        }
    }
}

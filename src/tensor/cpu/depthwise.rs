//! Convolutions in which every channel has a window of its own.
//!
//! The padded plane is split into one plane per step of the stride, so that what a tap sees is a plain shift: sums run
//! over whole rows, tap by tap, in the first-level cache.

use super::conv2d::{Scratch, with_scratch};
use super::threads::{chunk, each_chunk};
use super::{After, Conv2dShape, sized};
use pulp::{Arch, Simd, WithSimd};

/// Whether every channel is a group of its own.
pub fn serves(shape: &Conv2dShape) -> bool {
    shape.groups > 1
        && shape.groups == shape.in_channels
        && shape.groups == shape.out_channels
        && shape.window.dilation == [1, 1]
}

/// A padded plane, split by columns into as many as the stride has steps: `[steps, rows, width]`.
#[derive(Clone, Copy)]
struct Layout {
    steps: usize,
    rows: usize,
    width: usize,
    stride: usize,
    kernel: [usize; 2],
    output: [usize; 2],
}

impl Layout {
    fn of(shape: &Conv2dShape) -> Self {
        let window = &shape.window;
        let padded = |axis: usize| shape.input[axis] + window.padding[axis].iter().sum::<usize>();
        let steps = window.stride[1];
        Self {
            steps,
            rows: padded(0),
            width: padded(1).div_ceil(steps),
            stride: window.stride[0],
            kernel: window.kernel,
            output: shape.output,
        }
    }

    fn values(&self) -> usize {
        self.steps * self.rows * self.width
    }

    /// Where what a tap sees begins, in the row of output row 0; further rows are `row_step` apart.
    fn tap(&self, y: usize, x: usize) -> usize {
        (x % self.steps * self.rows + y) * self.width + x / self.steps
    }

    fn row_step(&self) -> usize {
        self.stride * self.width
    }

    /// Runs of output positions whose taps lie side by side: rows, or with stride 1 all rows in one, where what falls on
    /// the padding between them is of no use. How many, and how long.
    fn runs(&self) -> (usize, usize) {
        let [height, width] = self.output;
        match (self.stride, self.steps) {
            (1, 1) => (1, (height - 1) * self.width + width),
            _ => (height, width),
        }
    }

    /// Positions from one output row to the next in a buffer of runs.
    fn line(&self) -> usize {
        let (runs, length) = self.runs();
        if runs == 1 { self.width } else { length }
    }

    fn split(&self, shape: &Conv2dShape, plane: &[f32], into: &mut [f32]) {
        let [[top, _], [left, _]] = shape.window.padding;
        into.fill(0.0);
        for (y, row) in plane.chunks_exact(shape.input[1]).enumerate() {
            for step in 0..self.steps {
                // The first pixel of this step.
                let first = (step + self.steps * left.div_ceil(self.steps) - left) % self.steps;
                let at = (step * self.rows + y + top) * self.width + (first + left) / self.steps;
                let pixels = row.get(first..).unwrap_or(&[]).iter().step_by(self.steps);
                into[at..].iter_mut().zip(pixels).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// The reverse of [`Self::split`], added to `plane`.
    fn join(&self, shape: &Conv2dShape, from: &[f32], plane: &mut [f32]) {
        let [[top, _], [left, _]] = shape.window.padding;
        for (y, row) in plane.chunks_exact_mut(shape.input[1]).enumerate() {
            for step in 0..self.steps {
                let first = (step + self.steps * left.div_ceil(self.steps) - left) % self.steps;
                let at = (step * self.rows + y + top) * self.width + (first + left) / self.steps;
                let pixels = row.get_mut(first..).unwrap_or(&mut []).iter_mut().step_by(self.steps);
                pixels.zip(&from[at..]).for_each(|(to, from)| *to += *from);
            }
        }
    }
}

/// See [`super::conv2d`]; the shape must be one that [`serves`].
pub fn conv2d(
    shape: &Conv2dShape,
    after: &After<'_>,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
) {
    let layout = Layout::of(shape);
    let [height, width] = shape.output;
    let (runs, length) = layout.runs();
    let taps = shape.window.taps();
    each_chunk(output, height * width, |place, output| {
        let input = chunk(input, shape.input[0] * shape.input[1], place);
        let channel = place % shape.out_channels;
        with_scratch(|Scratch { columns, band, lines, .. }| {
            let padded = sized(columns, layout.values());
            layout.split(shape, input, padded);
            let sums = sized(band, runs * length);
            let weight = &weight[channel * taps..][..taps];
            Arch::new().dispatch(Sums { layout, padded, weight, sums });
            let rows = sized(lines, height * width);
            for (row, sums) in rows.chunks_exact_mut(width).zip(sums.chunks(layout.line())) {
                row.copy_from_slice(&sums[..width]);
            }
            after.finish_from(output, rows, channel, place * height * width);
        });
    });
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
    let layout = Layout::of(shape);
    let [height, width] = shape.output;
    let (runs, length) = layout.runs();
    let (channels, taps) = (shape.out_channels, shape.window.taps());
    let (pixels, plane) = (shape.input[0] * shape.input[1], height * width);
    // The gradient in runs, with zeros between the rows.
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
                layout.join(shape, padded, sum);
            });
        });
    }
    if let Some(sum) = weight_gradient {
        let images = gradient.len() / (plane * channels);
        each_chunk(sum, taps, |channel, sum| {
            with_scratch(|Scratch { columns, band, .. }| {
                let padded = sized(columns, layout.values());
                let spreaded = sized(band, runs * length);
                for place in (0..images).map(|image| image * channels + channel) {
                    layout.split(shape, &input[place * pixels..][..pixels], padded);
                    spread(&gradient[place * plane..][..plane], spreaded);
                    Arch::new().dispatch(Taps { layout, padded, gradient: spreaded, sum });
                }
            });
        });
    }
}

/// `sums[run][i] = Σ weight[tap] · padded[tap's place + i]`.
struct Sums<'a> {
    layout: Layout,
    padded: &'a [f32],
    weight: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        /// Sums that are worked on at a time: they stay in the first-level cache.
        const PIECE: usize = 512;
        let Self { layout, padded, weight, sums } = self;
        let length = layout.runs().1;
        for (row, run) in sums.chunks_exact_mut(length).enumerate() {
            for (piece, run) in run.chunks_mut(PIECE).enumerate() {
                let start = row * layout.row_step() + piece * PIECE;
                run.fill(0.0);
                for y in 0..layout.kernel[0] {
                    for x in 0..layout.kernel[1] {
                        let factor = weight[y * layout.kernel[1] + x];
                        let seen = &padded[start + layout.tap(y, x)..][..run.len()];
                        run.iter_mut().zip(seen).for_each(|(sum, pixel)| *sum += factor * pixel);
                    }
                }
            }
        }
    }
}

/// The transpose: `padded[tap's place + i] += weight[tap] · gradient[run][i]`.
struct Back<'a> {
    layout: Layout,
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
            for y in 0..layout.kernel[0] {
                for x in 0..layout.kernel[1] {
                    let factor = weight[y * layout.kernel[1] + x];
                    let seen = &mut padded[start + layout.tap(y, x)..][..length];
                    seen.iter_mut().zip(run).for_each(|(pixel, g)| *pixel += factor * g);
                }
            }
        }
    }
}

/// `sum[tap] += Σ gradient[run][i] · padded[tap's place + i]`.
struct Taps<'a> {
    layout: Layout,
    padded: &'a [f32],
    gradient: &'a [f32],
    sum: &'a mut [f32],
}

impl WithSimd for Taps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        /// Sums of products that run side by side.
        const PARTS: usize = 16;
        let Self { layout, padded, gradient, sum } = self;
        let length = layout.runs().1;
        for (row, run) in gradient.chunks_exact(length).enumerate() {
            let start = row * layout.row_step();
            for y in 0..layout.kernel[0] {
                for x in 0..layout.kernel[1] {
                    let seen = &padded[start + layout.tap(y, x)..][..length];
                    let mut parts = [0.0f32; PARTS];
                    let (runs, rest) = run.as_chunks::<PARTS>();
                    let (pixels, rest_pixels) = seen.as_chunks::<PARTS>();
                    for (g, p) in runs.iter().zip(pixels) {
                        for i in 0..PARTS {
                            parts[i] += g[i] * p[i];
                        }
                    }
                    let rest: f32 = rest.iter().zip(rest_pixels).map(|(g, p)| g * p).sum();
                    sum[y * layout.kernel[1] + x] += parts.iter().sum::<f32>() + rest;
                }
            }
        }
    }
}

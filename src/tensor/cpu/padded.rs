//! Padded planes, in which the pixels under a tap at consecutive positions are contiguous.

use super::conv_shape::Conv2dShape;
use super::elementwise::update_short;
use std::ops::Range;

/// The part of a padded plane under some rows of the output, de-interleaved by the horizontal stride: `[steps, rows,
/// width]`. A tap is then a shift, whatever the stride.
#[derive(Clone, Copy)]
pub struct Padded {
    steps: usize,
    rows: usize,
    width: usize,
    stride: usize,
    kernel: [usize; 2],
    dilation: [usize; 2],
    /// Rows and columns of the output.
    output: [usize; 2],
    /// Rows of zeros, or skipped rows of the plane, before the first row in use.
    above: usize,
    skipped: usize,
    left: usize,
    input: [usize; 2],
}

impl Padded {
    /// The layout for the output rows `rows`.
    pub fn of(shape: &Conv2dShape, rows: Range<usize>) -> Self {
        let window = &shape.window;
        let [[top, _], [left, right]] = window.padding;
        let [height, width] = shape.input;
        let first = rows.start * window.stride[0];
        let steps = window.stride[1];
        let span = (window.kernel[0] - 1) * window.dilation[0] + 1;
        Self {
            steps,
            rows: (rows.len() - 1) * window.stride[0] + span,
            width: (left + width + right).div_ceil(steps),
            stride: window.stride[0],
            kernel: window.kernel,
            dilation: window.dilation,
            output: [rows.len(), shape.output[1]],
            above: top.saturating_sub(first),
            skipped: first.saturating_sub(top).min(height),
            left,
            input: shape.input,
        }
    }

    /// Number of values.
    pub fn values(&self) -> usize {
        self.steps * self.rows * self.width
    }

    /// Offset of each tap in the row of output row 0; further rows are [`Self::row_step`] apart.
    pub fn taps(&self) -> impl Iterator<Item = usize> + '_ {
        let [height, width] = self.kernel;
        (0..height * width).map(move |tap| {
            let [y, x] = [tap / width * self.dilation[0], tap % width * self.dilation[1]];
            (x % self.steps * self.rows + y) * self.width + x / self.steps
        })
    }

    pub fn row_step(&self) -> usize {
        self.stride * self.width
    }

    /// Number and length of the runs of output positions whose taps are contiguous: one per row, or with stride 1 one
    /// for all rows, whose values on the padding between rows are not used.
    pub fn runs(&self) -> (usize, usize) {
        let [height, width] = self.output;
        match (self.stride, self.steps) {
            (1, 1) => (1, (height - 1) * self.width + width),
            _ => (height, width),
        }
    }

    /// Positions from one output row to the next in a buffer of runs.
    pub fn line(&self) -> usize {
        let (runs, length) = self.runs();
        if runs == 1 { self.width } else { length }
    }

    /// Rows of the plane in use.
    fn seen(&self) -> Range<usize> {
        self.skipped..self.input[0].min(self.skipped + self.rows.saturating_sub(self.above))
    }

    /// The first column of the plane in a step, and its offset in a row.
    fn first(&self, step: usize) -> (usize, usize) {
        let first = (step + self.steps * self.left.div_ceil(self.steps) - self.left) % self.steps;
        (first, (first + self.left) / self.steps)
    }

    /// Returns `true` if a tap uses row `y` of the layout. With a stride above the window, rows in between are unused.
    fn is_seen(&self, y: usize) -> bool {
        self.dilation[0] > 1 || y % self.stride < self.kernel[0]
    }

    /// The steps that taps use.
    fn steps_seen(&self) -> usize {
        if self.dilation[1] > 1 { self.steps } else { self.steps.min(self.kernel[1]) }
    }

    /// Writes a plane into the layout, over zeros or another plane.
    #[inline(always)]
    pub fn split(&self, plane: &[f32], into: &mut [f32]) {
        let rows = plane.chunks_exact(self.input[1]).take(self.seen().end).skip(self.skipped);
        for (y, row) in (self.above..).zip(rows).filter(|(y, _)| self.is_seen(*y)) {
            if self.steps == 2 {
                // Both steps at once, in a form that is vectorized.
                let (even, odd) = into.split_at_mut(self.rows * self.width);
                let (even, odd) = (&mut even[y * self.width..], &mut odd[y * self.width..]);
                let lead = self.left % 2;
                if let (1, Some(first)) = (lead, row.first()) {
                    odd[self.left / 2] = *first;
                }
                let start = self.left.div_ceil(2);
                let (pairs, rest) = row.get(lead..).unwrap_or(&[]).as_chunks::<2>();
                let (even, odd) = (&mut even[start..], &mut odd[start..]);
                for ((even, odd), pair) in even.iter_mut().zip(&mut *odd).zip(pairs) {
                    (*even, *odd) = (pair[0], pair[1]);
                }
                if let [last] = rest {
                    even[pairs.len()] = *last;
                }
                continue;
            }
            for step in 0..self.steps_seen() {
                let (first, start) = self.first(step);
                let at = (step * self.rows + y) * self.width + start;
                let row = row.get(first..).unwrap_or(&[]);
                if self.steps == 1 {
                    update_short(&mut into[at..at + row.len()], row, |_, pixel| pixel);
                } else {
                    let pixels = row.iter().step_by(self.steps);
                    for (to, from) in into[at..].iter_mut().zip(pixels) {
                        *to = *from;
                    }
                }
            }
        }
    }

    /// The transpose of [`Self::split`]: adds the layout to `plane`.
    #[inline(always)]
    pub fn join(&self, from: &[f32], plane: &mut [f32]) {
        let rows = plane.chunks_exact_mut(self.input[1]).take(self.seen().end).skip(self.skipped);
        for (y, row) in (self.above..).zip(rows).filter(|(y, _)| self.is_seen(*y)) {
            if self.steps == 2 {
                let (even, odd) = from.split_at(self.rows * self.width);
                let (even, odd) = (&even[y * self.width..], &odd[y * self.width..]);
                let lead = self.left % 2;
                if let (1, Some(first)) = (lead, row.first_mut()) {
                    *first += odd[self.left / 2];
                }
                let start = self.left.div_ceil(2);
                let (pairs, rest) = row.get_mut(lead..).unwrap_or(&mut []).as_chunks_mut::<2>();
                let (even, odd) = (&even[start..], &odd[start..]);
                for (pair, (even, odd)) in pairs.iter_mut().zip(even.iter().zip(odd)) {
                    *pair = [pair[0] + *even, pair[1] + *odd];
                }
                if let [last] = rest {
                    *last += even[pairs.len()];
                }
                continue;
            }
            for step in 0..self.steps_seen() {
                let (first, start) = self.first(step);
                let at = (step * self.rows + y) * self.width + start;
                let row = row.get_mut(first..).unwrap_or(&mut []);
                if self.steps == 1 {
                    update_short(row, &from[at..at + row.len()], |pixel, more| pixel + more);
                } else {
                    let pixels = row.iter_mut().step_by(self.steps);
                    for (to, from) in pixels.zip(&from[at..]) {
                        *to += *from;
                    }
                }
            }
        }
    }
}

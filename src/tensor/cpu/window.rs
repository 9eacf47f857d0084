//! The geometry of a window that slides over a picture, shared by convolution and pooling.

/// A sliding window: its size and how it moves, per axis (`[vertical, horizontal]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the window, in steps of `dilation`.
    pub kernel: [usize; 2],
    /// Pixels from one position to the next.
    pub stride: [usize; 2],
    /// Zeros (or nothing, in pooling) before and after the picture: `[[top, bottom], [left, right]]`.
    pub padding: [[usize; 2]; 2],
    /// Pixels between neighbouring taps.
    pub dilation: [usize; 2],
}

impl Window {
    /// A square window with the same stride and padding on both axes, and no dilation.
    pub fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Self {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [[padding; 2]; 2],
            dilation: [1; 2],
        }
    }

    /// Height and width of the output for a picture of `[height, width]`.
    ///
    /// `None` when the window is larger than the padded picture, or a size is 0.
    pub fn output(&self, input: [usize; 2]) -> Option<[usize; 2]> {
        let axis = |a: usize| {
            if self.kernel[a] == 0 || self.stride[a] == 0 || self.dilation[a] == 0 || input[a] == 0
            {
                return None;
            }
            let padded = input[a] + self.padding[a][0] + self.padding[a][1];
            let span = self.dilation[a] * (self.kernel[a] - 1) + 1;
            padded.checked_sub(span).map(|room| room / self.stride[a] + 1)
        };
        Some([axis(0)?, axis(1)?])
    }

    /// The same window with TensorFlow's "SAME" padding for a picture of `[height, width]`: the output has ⌈size /
    /// stride⌉ places an axis, and what padding that takes is halved, with the odd pixel at the end.
    pub fn same(self, input: [usize; 2]) -> Self {
        let axis = |a: usize| {
            let stride = self.stride[a].max(1);
            let span = self.dilation[a] * self.kernel[a].saturating_sub(1) + 1;
            let needed = (input[a].div_ceil(stride).saturating_sub(1) * stride + span)
                .saturating_sub(input[a]);
            [needed / 2, needed - needed / 2]
        };
        Self { padding: [axis(0), axis(1)], ..self }
    }

    /// The same window with as much more padding at the end as lets the last, incomplete window in: "ceil mode".
    pub fn ceil(self, input: [usize; 2]) -> Self {
        let mut window = self;
        for (axis, size) in input.into_iter().enumerate() {
            let [before, after] = self.padding[axis];
            let (stride, span) = (
                self.stride[axis].max(1),
                self.dilation[axis] * self.kernel[axis].saturating_sub(1) + 1,
            );
            let Some(room) = (size + before + after).checked_sub(span) else { continue };
            let steps = room.div_ceil(stride);
            // A window that would begin in the padding at the end does not count.
            if steps * stride < size + before {
                window.padding[axis][1] += steps * stride - room;
            }
        }
        window
    }

    /// Taps in the window.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Whether the window is one pixel that visits every pixel once.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [[0; 2]; 2]
    }

    /// The output positions along `axis` whose tap `tap` falls inside a picture of `size`.
    pub(crate) fn inside(
        &self,
        axis: usize,
        tap: usize,
        size: usize,
        output: usize,
    ) -> (usize, usize) {
        let offset = tap * self.dilation[axis];
        let before = self.padding[axis][0];
        let stride = self.stride[axis];
        let first = before.saturating_sub(offset).div_ceil(stride);
        let last = (size + before).saturating_sub(offset).div_ceil(stride);
        let last = last.min(output);
        (first.min(last), last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_taps_inside_are_those_whose_pixel_exists() {
        for kernel in 1..5 {
            for stride in 1..4 {
                for before in 0..3 {
                    for after in 0..3 {
                        for dilation in 1..3 {
                            for size in 1..9 {
                                let window = Window {
                                    kernel: [kernel; 2],
                                    stride: [stride; 2],
                                    padding: [[before, after]; 2],
                                    dilation: [dilation; 2],
                                };
                                let Some([output, _]) = window.output([size, size]) else {
                                    continue;
                                };
                                for tap in 0..kernel {
                                    let (first, last) = window.inside(0, tap, size, output);
                                    for o in 0..output {
                                        let pixel = (o * stride + tap * dilation) as isize
                                            - before as isize;
                                        let exists = pixel >= 0 && pixel < size as isize;
                                        assert_eq!(
                                            exists,
                                            (first..last).contains(&o),
                                            "{window:?} {size} {tap} {o}"
                                        );
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

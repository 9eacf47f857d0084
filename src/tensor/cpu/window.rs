//! The geometry of sliding windows, shared by convolution and pooling.

/// A sliding window: size, stride, padding and dilation per axis (`[vertical, horizontal]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width in taps.
    pub kernel: [usize; 2],
    /// Pixels from one position to the next.
    pub stride: [usize; 2],
    /// Padding before and after the image, `[[top, bottom], [left, right]]`: zeros in convolution, ignored in
    /// max-pooling.
    pub padding: [[usize; 2]; 2],
    /// Pixels from one tap to the next.
    pub dilation: [usize; 2],
}

impl Window {
    /// A square window with the same stride and padding on both axes and no dilation.
    pub fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Self {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [[padding; 2]; 2],
            dilation: [1; 2],
        }
    }

    /// Height and width of the output for an image `[height, width]`: `(size + padding − dilation · (kernel − 1) − 1) /
    /// stride + 1`. `None` when the window exceeds the padded image, or a size is 0.
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

    /// The window with TensorFlow's "SAME" padding for an image `[height, width]`: ⌈size / stride⌉ positions per axis,
    /// padded equally on both sides, with an odd pixel at the end.
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

    /// The window with enough additional padding at the end for a last, partial window (`ceil_mode`).
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
            // A window that would start in the padding at the end does not count.
            if steps * stride < size + before {
                window.padding[axis][1] += steps * stride - room;
            }
        }
        window
    }

    /// Number of taps.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Returns `true` if the window is 1×1 with stride 1 and no padding.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [[0; 2]; 2]
    }

    /// The output positions along `axis` whose tap `tap` lies inside an image of `size`.
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

//! Sizes of a two-dimensional convolution, and the weights that go with them.

use super::blocks::{Block, blocks};
use super::threads;
use super::window::Window;
use std::ops::Range;

/// Output positions per block: their columns, for as many terms as are summed at a time, fit the L2 cache beside the
/// packed weights.
pub(super) const POSITIONS: usize = 240;

/// Sizes of a convolution, to be checked by [`Window::output`] first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dShape {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Groups, each from `in_channels / groups` to `out_channels / groups` channels.
    pub groups: usize,
    /// The sliding window.
    pub window: Window,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the convolution's output, before pooling.
    pub output: [usize; 2],
}

/// The weights `[out_channels, in_channels / groups, height, width]` of a convolution, or, as `Backward`, those of the
/// convolution whose input gradient is computed (stride 1, one group): rotated by 180°, with input and output channels
/// exchanged.
#[derive(Clone, Copy)]
pub(super) enum Weights<'a> {
    Forward(&'a [f32]),
    Backward(&'a [f32]),
}

impl Conv2dShape {
    /// Height and width of the output after pooling with windows of this side.
    pub fn pooled(&self, side: Option<usize>) -> [usize; 2] {
        self.output.map(|size| size / side.unwrap_or(1))
    }

    /// Rows and columns of the weight matrix of one group.
    pub(super) fn group(&self) -> (usize, usize) {
        let channels = self.in_channels / self.groups;
        (self.out_channels / self.groups, channels * self.window.taps())
    }

    /// The convolution from the output's gradient to the input's, with transposed weights. It exists for stride 1, one
    /// group, and no more padding than the window spans.
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

    /// Values per image.
    pub(super) fn sample_len(&self) -> usize {
        self.in_channels * self.input[0] * self.input[1]
    }

    /// The blocks of output rows of `images`, before pooling.
    pub(super) fn blocks(&self, images: Range<usize>, pool: Option<usize>) -> Vec<Block> {
        let side = pool.unwrap_or(1);
        let rows = self.pooled(pool)[0] * side;
        // A single block is split among threads by channels.
        let single = images.len() * rows * self.output[1] <= POSITIONS;
        let sharing = if single { 1 } else { threads::count() };
        blocks(images, rows, self.output[1], side, POSITIONS, sharing)
    }
}

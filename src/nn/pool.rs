//! Pooling layers.

use crate::Result;
use crate::tensor::cpu::Window;
use crate::tensor::{Tensor4, average_pool2d, average_pool2d_inside, max_pool2d};
use dfdx::shapes::HasShape;

/// Max-pooling over a sliding window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPool2d {
    /// The sliding window.
    pub window: Window,
    /// Whether an incomplete window at the end counts too ("ceil mode").
    pub ceil: bool,
    /// Whether the padding is TensorFlow's "SAME", which depends on the size of the picture, instead of the window's.
    pub same: bool,
}

/// The mean over a sliding window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AveragePool2d {
    /// The sliding window.
    pub window: Window,
    /// Whether the padding is TensorFlow's "SAME", which depends on the size of the picture and does not count in the
    /// mean, instead of the window's, which counts as zeros.
    pub same: bool,
}

impl AveragePool2d {
    /// Square windows that do not overlap.
    pub fn new(side: usize) -> Self {
        Self { window: Window::square(side, side, 0), same: false }
    }

    /// Square windows with TensorFlow's "SAME" padding.
    pub fn same(kernel: usize, stride: usize) -> Self {
        Self { window: Window::square(kernel, stride, 0), same: true }
    }

    /// The layer's output.
    pub(super) fn forward(&self, input: Tensor4) -> Result<Tensor4> {
        let (_, _, height, width) = *input.shape();
        if self.same {
            return average_pool2d_inside(input, &self.window.same([height, width]));
        }
        average_pool2d(input, &self.window)
    }
}

/// Every `stride`th pixel on both axes, from pixel `from` on: as many as there are from pixel 0 on, with a zero where the
/// picture has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsample2d {
    /// Pixels from one that is taken to the next.
    pub stride: usize,
    /// The first that is taken.
    pub from: usize,
}

impl MaxPool2d {
    /// Square windows that do not overlap.
    pub fn new(side: usize) -> Self {
        Self::square(side, side, 0)
    }

    /// Square windows, their stride, and the padding on all sides.
    pub fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Self { window: Window::square(kernel, stride, padding), ceil: false, same: false }
    }

    /// The same in "ceil mode".
    pub fn ceil(self) -> Self {
        Self { ceil: true, ..self }
    }

    /// Square windows with TensorFlow's "SAME" padding.
    pub fn same(kernel: usize, stride: usize) -> Self {
        Self { same: true, ..Self::square(kernel, stride, 0) }
    }

    /// The layer's output.
    pub(super) fn forward(&self, input: Tensor4) -> Result<Tensor4> {
        let (_, _, height, width) = *input.shape();
        let padded = if self.same { self.window.same([height, width]) } else { self.window };
        let window = if self.ceil { padded.ceil([height, width]) } else { padded };
        max_pool2d(input, &window)
    }

    /// The side of the window, if windows tile the picture and so can be fused into a convolution.
    pub(super) fn tile(&self) -> Option<usize> {
        let side = self.window.kernel[0];
        let tiles = self.window == Window::square(side, side, 0) && !self.ceil && !self.same;
        (tiles && (1..=15).contains(&side)).then_some(side)
    }
}

//! Pooling layers.

use crate::Result;
use crate::tensor::cpu::Window;
use crate::tensor::{Tensor4, max_pool2d};
use dfdx::shapes::HasShape;

/// Max-pooling over a sliding window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPool2d {
    /// The sliding window.
    pub window: Window,
    /// Whether an incomplete window at the end counts too ("ceil mode").
    pub ceil: bool,
}

/// The mean over a sliding window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AveragePool2d {
    /// The sliding window.
    pub window: Window,
}

impl AveragePool2d {
    /// Square windows that do not overlap.
    pub fn new(side: usize) -> Self {
        Self { window: Window::square(side, side, 0) }
    }
}

impl MaxPool2d {
    /// Square windows that do not overlap.
    pub fn new(side: usize) -> Self {
        Self::square(side, side, 0)
    }

    /// Square windows, their stride, and the padding on all sides.
    pub fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Self { window: Window::square(kernel, stride, padding), ceil: false }
    }

    /// The same in "ceil mode".
    pub fn ceil(self) -> Self {
        Self { ceil: true, ..self }
    }

    /// The layer's output.
    pub(super) fn forward(&self, input: Tensor4) -> Result<Tensor4> {
        let (_, _, height, width) = *input.shape();
        let window = if self.ceil { self.window.ceil([height, width]) } else { self.window };
        max_pool2d(input, &window)
    }

    /// The side of the window, if windows tile the picture and so can be fused into a convolution.
    pub(super) fn tile(&self) -> Option<usize> {
        let side = self.window.kernel[0];
        let tiles = self.window == Window::square(side, side, 0) && !self.ceil;
        (tiles && (1..=15).contains(&side)).then_some(side)
    }
}

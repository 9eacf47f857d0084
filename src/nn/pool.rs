//! Pooling layers.

use crate::tensor::cpu::Window;

/// Max-pooling over a sliding window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPool2d {
    /// The sliding window.
    pub window: Window,
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
        Self { window: Window::square(side, side, 0) }
    }

    /// The side of the window, if windows tile the picture and so can be fused into a convolution.
    pub(super) fn tile(&self) -> Option<usize> {
        let side = self.window.kernel[0];
        (self.window == Window::square(side, side, 0) && (1..=15).contains(&side)).then_some(side)
    }
}

//! Pooling layers.

use crate::Result;
use crate::tensor::cpu::Window;
use crate::tensor::{Tensor4, average_pool2d, average_pool2d_exclude_pad, max_pool2d};
use dfdx::shapes::HasShape;

/// Maximum over a sliding window, channel by channel, as PyTorch's `nn.MaxPool2d`; padding never wins.
///
/// ```
/// use cuaderno::nn::MaxPool2d;
/// assert_eq!(MaxPool2d::new(2).window.stride, [2, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPool2d {
    /// The sliding window.
    pub window: Window,
    /// Counts a partial window at the end (`ceil_mode`).
    pub ceil: bool,
    /// Pads as TensorFlow's "SAME" does instead of by the window's padding.
    pub same: bool,
}

/// Mean over a sliding window, channel by channel, as PyTorch's `nn.AvgPool2d`.
///
/// ```
/// use cuaderno::nn::AveragePool2d;
/// assert_eq!(AveragePool2d::new(2).window.kernel, [2, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AveragePool2d {
    /// The sliding window.
    pub window: Window,
    /// Pads as TensorFlow's "SAME" does, whose padding does not count in the mean, instead of by the window's padding,
    /// which counts as zeros.
    pub same: bool,
}

impl AveragePool2d {
    /// Square windows of this side that do not overlap.
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
            return average_pool2d_exclude_pad(input, &self.window.same([height, width]));
        }
        average_pool2d(input, &self.window)
    }
}

/// Every n-th pixel on both axes (stride without averaging), starting at pixel `from`: ⌈size / stride⌉ per axis, with zeros
/// beyond the border.
///
/// ```
/// use cuaderno::nn::{Pass, Sequential, Subsample2d};
/// use cuaderno::tensor::{constant, plain, read, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let network = Sequential::new().add(Subsample2d { stride: 2, from: 0 });
/// let image = constant(&tensor(vec![1.0, 2.0, 3.0, 4.0], (1, 1, 1, 4))?);
/// let every_second = network.forward(image, &Pass::inference())?.images()?;
/// assert_eq!(read(&plain(every_second))[..], [1.0, 3.0]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsample2d {
    /// The distance between pixels, n.
    pub stride: usize,
    /// The first pixel.
    pub from: usize,
}

impl MaxPool2d {
    /// Square windows of this side that do not overlap.
    pub fn new(side: usize) -> Self {
        Self::square(side, side, 0)
    }

    /// Square windows with this stride and padding on all sides.
    pub fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Self { window: Window::square(kernel, stride, padding), ceil: false, same: false }
    }

    /// Counts a partial window at the end (`ceil_mode`).
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

    /// The side of the window if the windows tile the image, so that the pooling can be fused into a convolution.
    pub(super) fn tile(&self) -> Option<usize> {
        let side = self.window.kernel[0];
        let tiles = self.window == Window::square(side, side, 0) && !self.ceil && !self.same;
        (tiles && (1..=15).contains(&side)).then_some(side)
    }
}

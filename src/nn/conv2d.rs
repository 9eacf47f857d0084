//! The two-dimensional convolution layer.

use super::{Init, Parameter, Pass};
use crate::tensor::cpu::Window;
use crate::tensor::{Epilogue, Tensor4, conv2d};
use crate::{Error, ErrorKind, Result};

/// Sizes of a [`Conv2d`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv2dConfig {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// The sliding window: kernel, stride, padding, dilation.
    pub window: Window,
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// Whether there is a bias.
    pub bias: bool,
}

impl Conv2dConfig {
    /// A square kernel that keeps the size of the picture (odd kernels), with a bias.
    pub fn same(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        let window = Window::square(kernel, 1, kernel / 2);
        Self { in_channels, out_channels, window, groups: 1, bias: true }
    }
}

/// Convolution from `[batch, in_channels, height, width]` to `[batch, out_channels, height', width']`.
#[derive(Clone, Debug)]
pub struct Conv2d {
    /// The sizes.
    pub config: Conv2dConfig,
    /// `[out_channels, in_channels / groups, kernel height, kernel width]`.
    pub weight: Parameter,
    /// `[out_channels]`.
    pub bias: Option<Parameter>,
}

impl Conv2d {
    /// A layer with PyTorch's initial weights.
    ///
    /// Errors when the groups do not divide the channels.
    pub fn new(config: Conv2dConfig, init: &mut Init) -> Result<Self> {
        let Conv2dConfig { in_channels, out_channels, window, groups, bias } = config;
        if groups == 0 || in_channels % groups != 0 || out_channels % groups != 0 {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("{groups} groups do not divide {in_channels} and {out_channels} channels"),
            ));
        }
        let channels = in_channels / groups;
        let fan_in = channels * window.taps();
        let shape = [out_channels, channels, window.kernel[0], window.kernel[1]];
        let weight = init.uniform(&shape, fan_in)?;
        let bias = bias.then(|| init.uniform(&[out_channels], fan_in)).transpose()?;
        Ok(Self { config, weight, bias })
    }

    /// The layer's output, with what follows in the same pass.
    pub fn forward(&self, input: Tensor4, epilogue: Epilogue, pass: &Pass) -> Result<Tensor4> {
        let bias = self.bias.as_ref().map(|bias| bias.vector(pass)).transpose()?;
        let weight = self.weight.tensor4(pass)?;
        conv2d(input, weight, bias, &self.config.window, self.config.groups, epilogue)
    }
}

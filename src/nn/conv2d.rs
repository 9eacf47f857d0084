//! The two-dimensional convolution layer.

use super::{Init, Parameter, Pass, SummaryRow};
use crate::tensor::cpu::Window;
use crate::tensor::{Epilogue, Quiet, Tape, Tensor4, conv2d, conv2d_quiet};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape};

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
    /// Whether the padding is TensorFlow's "SAME", which depends on the size of the picture and may be larger at the
    /// end, instead of the window's.
    pub same: bool,
}

impl Conv2dConfig {
    /// A square kernel that keeps the size of the picture (odd kernels), with a bias.
    pub fn same(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Self::new(in_channels, out_channels, kernel).padding(kernel / 2)
    }

    /// A square kernel with stride 1, no padding, and a bias.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        let window = Window::square(kernel, 1, 0);
        Self { in_channels, out_channels, window, groups: 1, bias: true, same: false }
    }

    /// The same with this stride on both axes.
    pub fn stride(mut self, stride: usize) -> Self {
        self.window.stride = [stride; 2];
        self
    }

    /// The same with this padding on all sides.
    pub fn padding(mut self, padding: usize) -> Self {
        self.window.padding = [[padding; 2]; 2];
        self
    }

    /// The same with TensorFlow's "SAME" padding.
    pub fn same_padding(self) -> Self {
        Self { same: true, ..self }
    }

    /// The same with this many groups: as many as channels make a depthwise convolution.
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// The same without a bias, as before batch normalization.
    pub fn no_bias(self) -> Self {
        Self { bias: false, ..self }
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
    /// Errors when the groups do not divide the channels, a size is 0, or the window does not move.
    pub fn new(config: Conv2dConfig, init: &mut Init) -> Result<Self> {
        let Conv2dConfig { in_channels, out_channels, window, groups, bias, same: _ } = config;
        if groups == 0 || in_channels % groups != 0 || out_channels % groups != 0 {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("{groups} groups do not divide {in_channels} and {out_channels} channels"),
            ));
        }
        if window.stride.contains(&0) || window.dilation.contains(&0) {
            let problem = format!("a convolution with a stride or dilation of 0: {window:?}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let channels = in_channels / groups;
        let shape = [out_channels, channels, window.kernel[0], window.kernel[1]];
        let (weight, bias) = init.convolution(&shape, bias)?;
        Ok(Self { config, weight, bias })
    }

    /// The layer's output, with what follows in the same pass.
    pub fn forward(&self, input: Tensor4, epilogue: Epilogue, pass: &Pass) -> Result<Tensor4> {
        let output = self.compute(input, epilogue, pass)?;
        let parameters = std::iter::once(&self.weight).chain(&self.bias);
        pass.note(|| SummaryRow::of("Conv2d", parameters, output.shape().concrete().to_vec()));
        Ok(output)
    }

    /// [`Self::forward`] without a note in the summary.
    pub(super) fn compute(
        &self,
        input: Tensor4,
        epilogue: Epilogue,
        pass: &Pass,
    ) -> Result<Tensor4> {
        let bias = self.bias.as_ref().map(|bias| bias.vector(pass)).transpose()?;
        let weight = self.weight.tensor4(pass)?;
        let window = self.window(&input);
        conv2d(input, weight, bias, &window, self.config.groups, epilogue)
    }

    /// The layer's output without its bias, with what follows in the same pass, all of it off the tape.
    pub(super) fn forward_quiet(&self, input: Tensor4, quiet: Quiet) -> Result<Tensor4> {
        let window = self.window(&input);
        let (input, _) = input.split_tape();
        let output =
            conv2d_quiet(&input, self.weight.plain4()?, &window, self.config.groups, quiet)?;
        Ok(output.put_tape(Tape::off()))
    }

    /// Whether every pixel is a window of its own, and every channel sees all others.
    pub(super) fn is_pointwise(&self) -> bool {
        self.config.window.is_pointwise() && self.config.groups == 1
    }

    /// Whether gradients of its weights are recorded.
    pub(super) fn is_recorded(&self, pass: &Pass) -> bool {
        let bias = self.bias.as_ref().is_some_and(Parameter::is_trainable);
        pass.is_training() && (self.weight.is_trainable() || bias)
    }

    /// The window, with the padding that the picture's size asks for.
    fn window(&self, input: &Tensor4) -> Window {
        let window = self.config.window;
        if !self.config.same {
            return window;
        }
        let (_, _, height, width) = *input.shape();
        window.same([height, width])
    }
}

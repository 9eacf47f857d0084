//! The two-dimensional convolution layer.

use super::{Init, Parameter, Pass, SummaryRow};
use crate::tensor::cpu::Window;
use crate::tensor::{Epilogue, FusedOps, Tape, Tensor4, conv2d, conv2d_fused};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape};

/// Sizes of a [`Conv2d`]; the builder methods set one each.
///
/// ```
/// use cuaderno::nn::{Conv2d, Conv2dConfig, Init};
/// # fn main() -> cuaderno::Result<()> {
/// let config = Conv2dConfig::new(32, 64, 3).stride(2).padding(1).no_bias();
/// let layer = Conv2d::new(config, &mut Init::seed(0))?;
/// assert_eq!(layer.weight.shape(), [64, 32, 3, 3]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv2dConfig {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// The sliding window: kernel, stride, padding, dilation.
    pub window: Window,
    /// Groups of channels that are convolved separately; as many as channels for a depthwise convolution.
    pub groups: usize,
    /// Adds a learnable bias to each output channel.
    pub bias: bool,
    /// Pads as TensorFlow's "SAME" does (output size ⌈size / stride⌉, the odd pixel at the end) instead of by
    /// the window's padding.
    pub same: bool,
}

impl Conv2dConfig {
    /// A square kernel with stride 1 and padding `kernel / 2`, which keeps the size of the image for odd kernels, and a bias.
    pub fn same(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Self::new(in_channels, out_channels, kernel).padding(kernel / 2)
    }

    /// A square kernel with stride 1, no padding, and a bias.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        let window = Window::square(kernel, 1, 0);
        Self { in_channels, out_channels, window, groups: 1, bias: true, same: false }
    }

    /// Sets the stride of both axes.
    pub fn stride(mut self, stride: usize) -> Self {
        self.window.stride = [stride; 2];
        self
    }

    /// Sets the zero padding on all sides.
    pub fn padding(mut self, padding: usize) -> Self {
        self.window.padding = [[padding; 2]; 2];
        self
    }

    /// Sets TensorFlow's "SAME" padding.
    pub fn same_padding(self) -> Self {
        Self { same: true, ..self }
    }

    /// Sets the number of groups.
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// Leaves the bias out, as before batch normalization.
    pub fn no_bias(self) -> Self {
        Self { bias: false, ..self }
    }
}

/// Two-dimensional convolution, from `[batch, in_channels, height, width]` to `[batch, out_channels, height', width']`
/// with `size' = (size + 2 · padding − dilation · (kernel − 1) − 1) / stride + 1`, as PyTorch's `nn.Conv2d`.
///
/// ```
/// use cuaderno::nn::{Conv2d, Conv2dConfig, Init, Pass};
/// use cuaderno::tensor::dfdx::shapes::HasShape;
/// use cuaderno::tensor::{Epilogue, constant, plain, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let layer = Conv2d::new(Conv2dConfig::new(3, 8, 3).stride(2).padding(1), &mut Init::seed(0))?;
/// let images = constant(&tensor(vec![0.5; 2 * 3 * 32 * 32], (2, 3, 32, 32))?);
/// let maps = layer.forward(images, Epilogue::default(), &Pass::inference())?;
/// assert_eq!(*plain(maps).shape(), (2, 8, 16, 16));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Conv2d {
    pub(super) config: Conv2dConfig,
    /// `[out_channels, in_channels / groups, kernel height, kernel width]`.
    pub weight: Parameter,
    /// `[out_channels]`.
    pub bias: Option<Parameter>,
}

impl Conv2d {
    /// A layer with PyTorch's initial weights.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when `groups` does not divide the channels, or a size, the stride or the dilation is 0.
    pub fn new(config: Conv2dConfig, init: &mut Init) -> Result<Self> {
        let Conv2dConfig { in_channels, out_channels, window, groups, bias, same: _ } = config;
        if groups == 0 || in_channels % groups != 0 || out_channels % groups != 0 {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!(
                    "`groups` must divide {in_channels} and {out_channels} channels, found {groups}"
                ),
            ));
        }
        if window.stride.contains(&0) || window.dilation.contains(&0) {
            let problem = format!("stride and dilation must be at least 1, found {window:?}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let channels = in_channels / groups;
        let shape = [out_channels, channels, window.kernel[0], window.kernel[1]];
        let (weight, bias) = init.convolution(&shape, bias)?;
        Ok(Self { config, weight, bias })
    }

    /// The sizes.
    pub fn config(&self) -> &Conv2dConfig {
        &self.config
    }

    /// The layer's output after the operations of `epilogue`.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the input has other channels or is smaller than the window.
    pub fn forward(&self, input: Tensor4, epilogue: Epilogue, pass: &Pass) -> Result<Tensor4> {
        let output = self.compute(input, epilogue, pass)?;
        let parameters = std::iter::once(&self.weight).chain(&self.bias);
        pass.note(|| SummaryRow::of("Conv2d", parameters, output.shape().concrete().to_vec()));
        Ok(output)
    }

    /// [`Self::forward`] without a row in the summary.
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

    /// The layer's output without its bias after the operations of `ops`, not recorded.
    pub(super) fn forward_fused(&self, input: Tensor4, ops: FusedOps) -> Result<Tensor4> {
        let window = self.window(&input);
        let (input, _) = input.split_tape();
        let output = conv2d_fused(&input, self.weight.plain4()?, &window, self.config.groups, ops)?;
        Ok(output.put_tape(Tape::off()))
    }

    /// Returns `true` if the kernel is 1×1 with stride 1, no padding and a single group.
    pub(super) fn is_pointwise(&self) -> bool {
        self.config.window.is_pointwise() && self.config.groups == 1
    }

    /// Returns `true` if gradients of the weights are recorded.
    pub(super) fn is_recorded(&self, pass: &Pass) -> bool {
        let bias = self.bias.as_ref().is_some_and(Parameter::is_trainable);
        pass.is_training() && (self.weight.is_trainable() || bias)
    }

    /// The window, with the padding for the size of the image.
    fn window(&self, input: &Tensor4) -> Window {
        let window = self.config.window;
        if !self.config.same {
            return window;
        }
        let (_, _, height, width) = *input.shape();
        window.same([height, width])
    }
}

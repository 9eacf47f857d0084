//! The one-dimensional convolution layer.

use super::{Init, Parameter, Pass, SummaryRow};
use crate::tensor::{Conv1dOptions, Tensor2, Tensor3, conv1d, conv1d_max};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use ndarray::Array2;

/// Convolution over sequences, from `[batch, in channels, length]` to `[batch, out channels, length']` with
/// `length' = (length + 2 · padding − dilation · (kernel − 1) − 1) / stride + 1`.
///
/// ```
/// use cuaderno::nn::{Conv1d, Init, Pass};
/// use cuaderno::tensor::{constant, plain, tensor};
/// use cuaderno::tensor::dfdx::shapes::HasShape;
/// # fn main() -> cuaderno::Result<()> {
/// let layer = Conv1d::new(4, 8, 3, &mut Init::seed(0))?;
/// let texts = constant(&tensor(vec![0.1; 2 * 4 * 10], (2, 4, 10))?);
/// assert_eq!(*plain(layer.forward(texts, &Pass::inference())?).shape(), (2, 8, 8));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Conv1d {
    options: Conv1dOptions,
    /// `[out channels, in channels / groups, kernel]`.
    pub weight: Parameter,
    /// `[out channels]`.
    pub bias: Parameter,
}

impl Conv1d {
    /// A layer with a window of `kernel` positions, stride 1, no padding, and PyTorch's initial weights.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a size is 0.
    pub fn new(inputs: usize, outputs: usize, kernel: usize, init: &mut Init) -> Result<Self> {
        Self::with_options(inputs, outputs, kernel, Conv1dOptions::default(), init)
    }

    /// A layer with these options.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a size, the stride or the dilation is 0, or `groups` does not divide the channels.
    pub fn with_options(
        inputs: usize,
        outputs: usize,
        kernel: usize,
        options: Conv1dOptions,
        init: &mut Init,
    ) -> Result<Self> {
        let Conv1dOptions { stride, dilation, groups, .. } = options;
        if stride == 0 || dilation == 0 {
            let problem = format!("`stride` and `dilation` must be at least 1, found {options:?}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            let problem =
                format!("`groups` must divide {inputs} and {outputs} channels, found {groups}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let channels = inputs / groups;
        let fan_in = channels * kernel;
        let weight = init.uniform(&[outputs, channels, kernel], fan_in)?;
        Ok(Self { options, weight, bias: init.uniform(&[outputs], fan_in)? })
    }

    /// The stride, padding, dilation and groups.
    pub fn options(&self) -> Conv1dOptions {
        self.options
    }

    /// The layer's output.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the input has other channels or is shorter than the window.
    pub fn forward(&self, input: Tensor3, pass: &Pass) -> Result<Tensor3> {
        let (weight, bias) = (self.weight.tensor3(pass)?, self.bias.vector(pass)?);
        let output = conv1d(input, weight, Some(bias), self.options)?;
        self.note(output.shape().concrete().to_vec(), pass);
        Ok(output)
    }

    /// The maximum over time of each filter after ReLU, `[batch, out channels]`, over sequences `[batch, length]` of `rows`
    /// `[rows, in channels]`, as [`Embedding::distinct`](super::Embedding::distinct) returns them.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when the options are not the default, or a sequence names a row that does not exist;
    /// [`ErrorKind::Shape`] as [`Self::forward`].
    pub fn forward_max(
        &self,
        rows: Tensor2,
        sequences: &Array2<u32>,
        pass: &Pass,
    ) -> Result<Tensor2> {
        if self.options != Conv1dOptions::default() {
            let problem = format!(
                "`forward_max` supports the default options only, found {:?}",
                self.options
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let (weight, bias) = (self.weight.tensor3(pass)?, self.bias.vector(pass)?);
        let output = conv1d_max(rows, sequences, weight, bias)?;
        let ((batch, length), filters) = (sequences.dim(), output.shape().1);
        self.note(vec![batch, filters, length + 1 - self.weight.shape()[2]], pass);
        Ok(output)
    }

    fn note(&self, output: Vec<usize>, pass: &Pass) {
        pass.note(|| SummaryRow::of("Conv1d", [&self.weight, &self.bias], output));
    }
}

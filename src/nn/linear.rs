//! The fully connected layer.

use super::{Init, Parameter, Pass, SummaryRow};
use crate::Result;
use crate::tensor::{Tensor2, linear};
use dfdx::shapes::{HasShape, Shape};

/// A fully connected layer, `y = x · weightᵀ + bias`, from `[batch, in]` to `[batch, out]`.
///
/// ```
/// use cuaderno::nn::{Init, Linear, Pass};
/// use cuaderno::tensor::{constant, plain, read, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let mut layer = Linear::new(2, 1, &mut Init::seed(0))?;
/// layer.weight.update(&mut |values| values.copy_from_slice(&[3.0, -1.0]))?;
/// layer.bias = None;
/// let x = constant(&tensor(vec![1.0, 2.0], (1, 2))?);
/// let y = layer.forward(x, false, &Pass::inference())?;
/// assert_eq!(read(&plain(y))[..], [1.0]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Linear {
    /// `[out, in]`.
    pub weight: Parameter,
    /// `[out]`.
    pub bias: Option<Parameter>,
}

impl Linear {
    /// A layer with a bias and PyTorch's initial weights.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when a size is 0.
    pub fn new(inputs: usize, outputs: usize, init: &mut Init) -> Result<Self> {
        Ok(Self {
            weight: init.uniform(&[outputs, inputs], inputs)?,
            bias: Some(init.uniform(&[outputs], inputs)?),
        })
    }

    /// A layer with normally distributed weights of this standard deviation and zero biases.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when a size is 0.
    pub fn normal(inputs: usize, outputs: usize, deviation: f32, init: &mut Init) -> Result<Self> {
        Ok(Self {
            weight: init.normal(&[outputs, inputs], deviation)?,
            bias: Some(Parameter::new(vec![0.0; outputs], &[outputs])?),
        })
    }

    /// The layer's output; with `relu`, `max(y, 0)`.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) when the input has another number of features.
    pub fn forward(&self, input: Tensor2, relu: bool, pass: &Pass) -> Result<Tensor2> {
        let output = self.compute(input, relu, pass)?;
        let parameters = std::iter::once(&self.weight).chain(&self.bias);
        pass.note(|| SummaryRow::of("Linear", parameters, output.shape().concrete().to_vec()));
        Ok(output)
    }

    /// [`Self::forward`] without a row in the summary.
    pub(super) fn compute(&self, input: Tensor2, relu: bool, pass: &Pass) -> Result<Tensor2> {
        let bias = self.bias.as_ref().map(|bias| bias.vector(pass)).transpose()?;
        linear(input, self.weight.matrix(pass)?, bias, relu)
    }
}

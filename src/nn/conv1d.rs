//! The one-dimensional convolution layer.

use super::{Init, Parameter, Pass, SummaryRow};
use crate::tensor::{Slide, Tensor2, Tensor3, conv1d, conv1d_max};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};

/// Convolution over sequences, from `[batch, in channels, length]` to `[batch, out channels, length']`.
#[derive(Clone, Debug)]
pub struct Conv1d {
    /// How the window slides.
    pub slide: Slide,
    /// `[out channels, in channels / groups, taps]`.
    pub weight: Parameter,
    /// `[out channels]`.
    pub bias: Parameter,
}

impl Conv1d {
    /// A layer with stride 1, no padding, and PyTorch's initial weights.
    pub fn new(inputs: usize, outputs: usize, taps: usize, init: &mut Init) -> Result<Self> {
        Self::sliding(inputs, outputs, taps, Slide::default(), init)
    }

    /// The same with a window that slides otherwise.
    ///
    /// Errors when the groups do not divide the channels, or a size is 0.
    pub fn sliding(
        inputs: usize,
        outputs: usize,
        taps: usize,
        slide: Slide,
        init: &mut Init,
    ) -> Result<Self> {
        let groups = slide.groups;
        if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            let problem = format!("{groups} groups do not divide {inputs} and {outputs} channels");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let channels = inputs / groups;
        let fan_in = channels * taps;
        let weight = init.uniform(&[outputs, channels, taps], fan_in)?;
        Ok(Self { slide, weight, bias: init.uniform(&[outputs], fan_in)? })
    }

    /// The layer's output.
    pub fn forward(&self, input: Tensor3, pass: &Pass) -> Result<Tensor3> {
        let (weight, bias) = (self.weight.tensor3(pass)?, self.bias.vector(pass)?);
        let output = conv1d(input, weight, Some(bias), self.slide)?;
        self.note(output.shape().concrete().to_vec(), pass);
        Ok(output)
    }

    /// The greatest value of each filter after ReLU, `[batch, out channels]`, from an input with its channels last,
    /// `[batch, length, in channels]`.
    ///
    /// Errors when the window slides otherwise than by default.
    pub fn forward_max(&self, input: Tensor3, pass: &Pass) -> Result<Tensor2> {
        if self.slide != Slide::default() {
            let problem = format!("the maximum over all places is not made for {:?}", self.slide);
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let (batch, length, _) = *input.shape();
        let output = conv1d_max(input, self.weight.tensor3(pass)?, self.bias.vector(pass)?)?;
        let (filters, taps) = (output.shape().1, self.weight.shape()[2]);
        self.note(vec![batch, filters, length + 1 - taps], pass);
        Ok(output)
    }

    fn note(&self, output: Vec<usize>, pass: &Pass) {
        pass.note(|| SummaryRow::of("Conv1d", [&self.weight, &self.bias], output));
    }
}

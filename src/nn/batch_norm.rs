//! The batch normalization layer.

use super::{Buffer, Parameter, Pass, SummaryRow};
use crate::tensor::{
    ChannelStatistics, Finish, Plain, Tensor4, batch_norm2d, batch_norm2d_affine, batch_norm2d_with,
};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};

/// Batch normalization of `[batch, channels, height, width]` (Ioffe and Szegedy, 2015). In training it normalizes by the
/// batch and keeps running statistics; in inference it normalizes by those. A frozen layer, one whose weight and bias are
/// both frozen, works in training as in inference, as in Keras: what a frozen backbone makes of a picture does not
/// depend on the rest of the batch.
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    /// The factor of each channel, `[channels]`.
    pub weight: Parameter,
    /// The summand of each channel, `[channels]`.
    pub bias: Parameter,
    /// The running mean of each channel.
    pub running_mean: Buffer,
    /// The running unbiased variance of each channel.
    pub running_var: Buffer,
    /// Added to the variance, so that a constant channel does not divide by zero.
    pub epsilon: f32,
    /// The share of the newest batch in the running statistics.
    pub momentum: f32,
}

impl BatchNorm2d {
    /// A layer with PyTorch's initial values: factor 1, summand 0, running mean 0 and variance 1.
    ///
    /// Errors when there are no channels.
    pub fn new(channels: usize) -> Result<Self> {
        if channels == 0 {
            let problem = "batch normalization of 0 channels";
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        Ok(Self {
            weight: Parameter::new(vec![1.0; channels], &[channels])?,
            bias: Parameter::new(vec![0.0; channels], &[channels])?,
            running_mean: Buffer::new(vec![0.0; channels])?,
            running_var: Buffer::new(vec![1.0; channels])?,
            epsilon: 1e-5,
            momentum: 0.1,
        })
    }

    /// The same layer with another epsilon: 1e-3 in networks that come from TensorFlow.
    pub fn epsilon(self, epsilon: f32) -> Self {
        Self { epsilon, ..self }
    }

    /// The running statistics.
    pub fn running(&self) -> ChannelStatistics {
        ChannelStatistics { mean: self.running_mean.tensor(), variance: self.running_var.tensor() }
    }

    /// Whether `pass` normalizes by the batch.
    pub fn uses_batch(&self, pass: &Pass) -> bool {
        pass.is_training() && (self.weight.is_trainable() || self.bias.is_trainable())
    }

    /// The layer's output; where it normalizes by the batch, the running statistics follow.
    pub fn forward(&self, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
        let output = self.forward_then(input, Finish::default(), pass)?;
        let parameters = [&self.weight, &self.bias];
        pass.note(|| SummaryRow::of("BatchNorm2d", parameters, output.shape().concrete().to_vec()));
        Ok(output)
    }

    /// [`Self::forward`] with what follows in the same step, and without a note in the summary.
    pub(super) fn forward_then(
        &self,
        input: Tensor4,
        finish: Finish,
        pass: &Pass,
    ) -> Result<Tensor4> {
        let (weight, bias) = (self.weight.vector(pass)?, self.bias.vector(pass)?);
        if !self.uses_batch(pass) {
            let statistics = self.running();
            return batch_norm2d_with(input, weight, bias, &statistics, self.epsilon, finish);
        }
        let (images, _, height, width) = *input.shape();
        let count = (images * height * width) as f32;
        let (output, batch) = batch_norm2d(input, weight, bias, self.epsilon, finish)?;
        self.running_mean.follow(&batch.mean, self.momentum, 1.0)?;
        let unbiased = count / (count - 1.0);
        self.running_var.follow(&batch.variance, self.momentum, unbiased)?;
        Ok(output)
    }

    /// Whether gradients of its weights are recorded.
    pub(super) fn is_recorded(&self, pass: &Pass) -> bool {
        self.uses_batch(pass)
    }

    /// The factor and the summand of each channel that make up the layer in inference.
    pub(super) fn affine(&self) -> Result<[Plain<(usize,)>; 2]> {
        let (weight, bias) = (self.weight.plain1()?, self.bias.plain1()?);
        batch_norm2d_affine(weight, bias, &self.running(), self.epsilon)
    }
}

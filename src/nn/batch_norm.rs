//! The batch normalization layer.

use super::{Parameter, Pass};
use crate::tensor::{ChannelStatistics, Tensor4, batch_norm2d, batch_norm2d_with};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use std::sync::{Mutex, PoisonError};

/// Batch normalization of `[batch, channels, height, width]` (Ioffe and Szegedy, 2015). In training it normalizes by the
/// batch and keeps running statistics; in inference it normalizes by those.
#[derive(Debug)]
pub struct BatchNorm2d {
    /// The factor of each channel, `[channels]`.
    pub weight: Parameter,
    /// The summand of each channel, `[channels]`.
    pub bias: Parameter,
    /// Added to the variance, so that a constant channel does not divide by zero.
    pub epsilon: f32,
    /// The share of the newest batch in the running statistics.
    pub momentum: f32,
    /// The running mean and the running unbiased variance. Behind a lock: a forward pass changes them.
    running: Mutex<ChannelStatistics>,
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
        let running =
            ChannelStatistics { mean: vec![0.0; channels], variance: vec![1.0; channels] };
        Ok(Self {
            weight: Parameter::new(vec![1.0; channels], &[channels])?,
            bias: Parameter::new(vec![0.0; channels], &[channels])?,
            epsilon: 1e-5,
            momentum: 0.1,
            running: Mutex::new(running),
        })
    }

    /// The running statistics.
    pub fn running(&self) -> ChannelStatistics {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the running statistics, such as those that came with pretrained weights.
    ///
    /// Errors when their number is not that of the channels.
    pub fn set_running(&self, statistics: ChannelStatistics) -> Result<()> {
        let (channels, found) =
            (self.weight.count(), [statistics.mean.len(), statistics.variance.len()]);
        if found != [channels; 2] {
            return Err(Error::new(
                ErrorKind::Shape,
                format!(
                    "{} running means and {} variances for {channels} channels",
                    found[0], found[1]
                ),
            ));
        }
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = statistics;
        Ok(())
    }

    /// The layer's output; in training, the running statistics follow.
    pub fn forward(&self, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
        let (weight, bias) = (self.weight.vector(pass)?, self.bias.vector(pass)?);
        if !pass.is_training() {
            return batch_norm2d_with(input, weight, bias, &self.running(), self.epsilon);
        }
        let (images, _, height, width) = *input.shape();
        let count = (images * height * width) as f32;
        let (output, batch) = batch_norm2d(input, weight, bias, self.epsilon)?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let follow = |old: &mut f32, new: f32| *old += self.momentum * (new - *old);
        let ChannelStatistics { mean, variance } = &mut *running;
        mean.iter_mut().zip(&batch.mean).for_each(|(old, new)| follow(old, *new));
        let unbiased = count / (count - 1.0);
        variance.iter_mut().zip(&batch.variance).for_each(|(old, new)| follow(old, new * unbiased));
        Ok(output)
    }
}

impl Clone for BatchNorm2d {
    fn clone(&self) -> Self {
        Self {
            weight: self.weight.clone(),
            bias: self.bias.clone(),
            epsilon: self.epsilon,
            momentum: self.momentum,
            running: Mutex::new(self.running()),
        }
    }
}

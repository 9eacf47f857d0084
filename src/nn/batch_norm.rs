//! The batch normalization layer.

use super::buffer::Buffer;
use super::parameter::Parameter;
use super::pass::Pass;
use super::summary_row::SummaryRow;
use crate::tensor::{
    ChannelStatistics, NormEpilogue, Plain, Tensor4, batch_norm2d, batch_norm2d_affine,
    batch_norm2d_with,
};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};

/// Settings of a [`BatchNorm2d`]; the default is PyTorch's.
///
/// ```
/// use cuaderno::nn::{BatchNorm2d, BatchNorm2dConfig};
/// # fn main() -> cuaderno::Result<()> {
/// let keras = BatchNorm2dConfig { epsilon: 1e-3, momentum: 0.01 }; // `momentum=0.99` in Keras
/// assert_eq!(BatchNorm2d::with_config(8, keras)?.config(), keras);
/// assert_eq!(BatchNorm2d::new(8)?.config(), BatchNorm2dConfig::default());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm2dConfig {
    /// Added to the variance for numerical stability; 1e-5 by default, 1e-3 in networks that come from TensorFlow.
    pub epsilon: f32,
    /// Weight of the current batch in the running averages, from 0 to 1, 0.1 by default:
    /// `running = (1 − momentum) · running + momentum · batch`.
    pub momentum: f32,
}

impl Default for BatchNorm2dConfig {
    fn default() -> Self {
        Self { epsilon: 1e-5, momentum: 0.1 }
    }
}

/// Batch normalization over `[batch, channels, height, width]` (Ioffe and Szegedy, 2015):
/// `y = weight · (x − mean) / √(variance + epsilon) + bias`, channel by channel.
///
/// In training the statistics are the batch's, and the running averages are updated; in inference they are the running
/// averages. A layer whose weight and bias are both frozen uses the running averages in training too, as in Keras, so that
/// the features of a frozen backbone do not depend on the rest of the batch.
///
/// ```
/// use cuaderno::nn::{BatchNorm2d, BatchNorm2dConfig};
/// # fn main() -> cuaderno::Result<()> {
/// let config = BatchNorm2dConfig { epsilon: 1e-3, ..BatchNorm2dConfig::default() };
/// let layer = BatchNorm2d::with_config(64, config)?;
/// assert_eq!(layer.config().epsilon, 1e-3);
/// let wrong = BatchNorm2dConfig { momentum: 1.5, ..config };
/// assert!(BatchNorm2d::with_config(64, wrong).is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    /// Scale γ of each channel, `[channels]`.
    pub weight: Parameter,
    /// Shift β of each channel, `[channels]`.
    pub bias: Parameter,
    /// Running mean of each channel.
    pub running_mean: Buffer,
    /// Running unbiased variance of each channel.
    pub running_var: Buffer,
    config: BatchNorm2dConfig,
}

impl BatchNorm2d {
    /// A layer with PyTorch's settings and initial values: scale 1, shift 0, running mean 0 and variance 1.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there are no channels.
    pub fn new(channels: usize) -> Result<Self> {
        Self::with_config(channels, BatchNorm2dConfig::default())
    }

    /// A layer with these settings and the initial values of [`Self::new`].
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there are no channels, `epsilon` is not positive and finite, or `momentum` is outside
    /// 0 to 1.
    pub fn with_config(channels: usize, config: BatchNorm2dConfig) -> Result<Self> {
        let BatchNorm2dConfig { epsilon, momentum } = config;
        let problem = if channels == 0 {
            "batch normalization needs at least 1 channel, found 0".to_string()
        } else if !(epsilon > 0.0 && epsilon.is_finite()) {
            format!("`epsilon` must be positive and finite, found {epsilon}")
        } else if !(0.0..=1.0).contains(&momentum) {
            format!("`momentum` must be between 0 and 1, found {momentum}")
        } else {
            return Ok(Self {
                weight: Parameter::new(vec![1.0; channels], &[channels])?,
                bias: Parameter::new(vec![0.0; channels], &[channels])?,
                running_mean: Buffer::new(vec![0.0; channels])?,
                running_var: Buffer::new(vec![1.0; channels])?,
                config,
            });
        };
        Err(Error::new(ErrorKind::Parameter, problem))
    }

    /// The settings.
    pub fn config(&self) -> BatchNorm2dConfig {
        self.config
    }

    /// The running mean and variance.
    pub fn running(&self) -> ChannelStatistics {
        ChannelStatistics { mean: self.running_mean.tensor(), variance: self.running_var.tensor() }
    }

    /// Returns `true` if `pass` normalizes by the batch's statistics.
    pub fn uses_batch(&self, pass: &Pass) -> bool {
        pass.is_training() && (self.weight.is_trainable() || self.bias.is_trainable())
    }

    /// Normalizes `input`, and updates the running averages where the batch's statistics are used.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the channels differ, or a channel of the batch has a single value in training.
    pub fn forward(&self, input: Tensor4, pass: &Pass) -> Result<Tensor4> {
        let output = self.forward_then(input, NormEpilogue::default(), pass)?;
        let parameters = [&self.weight, &self.bias];
        pass.note(|| SummaryRow::of("BatchNorm2d", parameters, output.shape().concrete().to_vec()));
        Ok(output)
    }

    /// [`Self::forward`] with the operations of `epilogue` in the same step, without a row in the summary.
    pub(super) fn forward_then(
        &self,
        input: Tensor4,
        epilogue: NormEpilogue,
        pass: &Pass,
    ) -> Result<Tensor4> {
        let (weight, bias) = (self.weight.vector(pass)?, self.bias.vector(pass)?);
        let BatchNorm2dConfig { epsilon, momentum } = self.config;
        if !self.uses_batch(pass) {
            let statistics = self.running();
            return batch_norm2d_with(input, weight, bias, &statistics, epsilon, epilogue);
        }
        let (images, _, height, width) = *input.shape();
        let count = (images * height * width) as f32;
        let (output, batch) = batch_norm2d(input, weight, bias, epsilon, epilogue)?;
        self.running_mean.update_average(&batch.mean, momentum, 1.0)?;
        let unbiased = count / (count - 1.0);
        self.running_var.update_average(&batch.variance, momentum, unbiased)?;
        Ok(output)
    }

    /// Returns `true` if gradients of the weights are recorded.
    pub(super) fn is_recorded(&self, pass: &Pass) -> bool {
        self.uses_batch(pass)
    }

    /// The scale and shift of each channel that the layer amounts to in inference.
    pub(super) fn affine(&self) -> Result<[Plain<(usize,)>; 2]> {
        let (weight, bias) = (self.weight.plain1()?, self.bias.plain1()?);
        batch_norm2d_affine(weight, bias, &self.running(), self.config.epsilon)
    }
}

//! Initial weights.

use super::{Parameter, normal};
use crate::{Error, ErrorKind, Result};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// A seeded initializer of weights: the same seed gives the same network.
///
/// ```
/// use cuaderno::nn::{Init, Linear};
/// # fn main() -> cuaderno::Result<()> {
/// let [first, second] = [Linear::new(4, 2, &mut Init::seed(7))?, Linear::new(4, 2, &mut Init::seed(7))?];
/// assert_eq!(first.weight.values(), second.weight.values());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Init {
    random: ChaCha8Rng,
    scheme: Scheme,
}

/// The distribution of convolution weights.
#[derive(Clone, Copy, Debug)]
enum Scheme {
    /// PyTorch's default: uniform in ±1/√fan-in for weights and biases.
    Uniform,
    /// Normal with variance 2 / fan-out, biases 0: keeps the variance of gradients through ReLU (He et al., 2015).
    HeFanOut,
    /// Normal with variance 2 / fan-in, biases 0: keeps the variance of activations through ReLU.
    HeFanIn,
}

impl Init {
    /// An initializer with PyTorch's defaults; its values depend on `seed` alone.
    pub fn seed(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), scheme: Scheme::Uniform }
    }

    /// Draws convolution weights as torchvision does for residual networks: normal with variance 2 / fan-out (He et al.,
    /// 2015; `kaiming_normal_` with `mode="fan_out"`).
    pub fn he_fan_out(self) -> Self {
        Self { scheme: Scheme::HeFanOut, ..self }
    }

    /// Draws convolution weights from a normal distribution with variance 2 / fan-in (`kaiming_normal_` with
    /// `mode="fan_in"`).
    pub fn he_fan_in(self) -> Self {
        Self { scheme: Scheme::HeFanIn, ..self }
    }

    /// Uniform values in ±1/√`fan_in`: PyTorch's default for the weights and biases of linear and convolutional layers
    /// (`kaiming_uniform_` with a = √5).
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a size is 0.
    pub fn uniform(&mut self, shape: &[usize], fan_in: usize) -> Result<Parameter> {
        let bound = 1.0 / (fan_in.max(1) as f32).sqrt();
        let count = count(shape)?;
        Parameter::new((0..count).map(|_| self.random.gen_range(-bound..=bound)).collect(), shape)
    }

    /// Normally distributed values with mean 0 and this standard deviation (Box–Muller), drawn on all threads.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a size is 0.
    pub fn normal(&mut self, shape: &[usize], deviation: f32) -> Result<Parameter> {
        const RUN: usize = 1 << 14;
        let mut values = vec![0.0; count(shape)?];
        let base = self.random.next_u64();
        values.par_chunks_mut(RUN).enumerate().for_each(|(run, values)| {
            let mut random = ChaCha8Rng::seed_from_u64(base);
            random.set_stream(run as u64 + 1);
            normal::fill(values, deviation, &mut random);
        });
        Parameter::new(values, shape)
    }

    /// Weights `[out channels, in channels / groups, kernel height, kernel width]` and biases of a convolution.
    pub(super) fn convolution(
        &mut self,
        shape: &[usize; 4],
        bias: bool,
    ) -> Result<(Parameter, Option<Parameter>)> {
        let [outputs, channels, height, width] = *shape;
        let (fan_in, fan_out) = (channels * height * width, outputs * height * width);
        let deviation = |fan: usize| (2.0 / fan.max(1) as f32).sqrt();
        let weight = match self.scheme {
            Scheme::Uniform => self.uniform(shape, fan_in)?,
            Scheme::HeFanOut => self.normal(shape, deviation(fan_out))?,
            Scheme::HeFanIn => self.normal(shape, deviation(fan_in))?,
        };
        let bias = bias.then(|| match self.scheme {
            Scheme::Uniform => self.uniform(&[outputs], fan_in),
            _ => Parameter::new(vec![0.0; outputs], &[outputs]),
        });
        Ok((weight, bias.transpose()?))
    }
}

/// The number of weights of this shape; an error when a size is 0.
fn count(shape: &[usize]) -> Result<usize> {
    if shape.contains(&0) {
        let problem =
            format!("every size of a layer must be at least 1, found weights of shape {shape:?}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    Ok(shape.iter().product())
}

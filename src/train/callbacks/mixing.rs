//! Training on mixtures of two examples.

use super::super::callback::{Batch, Callback, TrainContext};
use crate::nn::Inputs;
use crate::tensor::{read, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use rand::seq::SliceRandom;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Mixes each example with another of its batch (Zhang et al., "mixup", 2018): inputs and losses are weighted by
/// `1 − λ` and λ, where `λ ~ Beta(α, α)` is drawn once per batch and at most one half. Images and metadata are mixed;
/// texts cannot be. Weights of examples are mixed as the inputs are.
///
/// ```
/// use cuaderno::prelude::*;
/// use cuaderno::train::Silent;
/// # fn main() -> Result<()> {
/// # let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
/// # let names = vec!["a".to_string(), "b".to_string()];
/// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
/// # let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["even", "odd"])?.with_features(&features)?;
/// # let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
/// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(MixUp::new(0.2));
/// let history = learner.fit_with(2, &mut Silent)?;
/// assert!(history.epochs.iter().all(|epoch| epoch.train_loss.is_finite()));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MixUp {
    alpha: f64,
}

impl MixUp {
    /// With this α; 0.2 to 0.4 is usual.
    pub fn new(alpha: f64) -> Self {
        Self { alpha }
    }
}

/// Pastes a rectangle of another image of the batch into each (Yun et al., "CutMix", 2019). λ is the area pasted,
/// drawn from Beta(α, α).
///
/// ```
/// use cuaderno::prelude::*;
/// use cuaderno::train::Silent;
/// # fn main() -> Result<()> {
/// let images = ImageSet::from_pixels((0..4 * 192).map(|i| (i % 251) as u8).collect(), 8, 8)?;
/// let set = Dataset::new(&[0, 1, 0, 1], &["cat", "dog"])?.with_images(&images)?;
/// let config = TrainConfig { batch_size: 4, ..TrainConfig::default() };
/// let model = models::small_cnn(8, 2, 0)?;
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(CutMix::new(1.0));
/// let history = learner.fit_with(1, &mut Silent)?;
/// assert!(history.epochs[0].train_loss.is_finite());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CutMix {
    alpha: f64,
}

impl CutMix {
    /// With this α; 1 is usual.
    pub fn new(alpha: f64) -> Self {
        Self { alpha }
    }
}

impl Callback for MixUp {
    fn on_batch_begin(&mut self, run: &mut TrainContext<'_>, batch: &mut Batch) -> Result<()> {
        let draw = Draw::new(self.alpha, run, batch, "mixup")?;
        let part = draw.lambda.min(1.0 - draw.lambda) as f32;
        let mix = |values: &[f32]| {
            let size = values.len() / draw.partners.len().max(1);
            let mut mixed = Vec::with_capacity(values.len());
            for (row, partner) in draw.partners.iter().enumerate() {
                let (own, other) = (row * size, partner * size);
                let pairs = values[own..own + size].iter().zip(&values[other..other + size]);
                mixed.extend(pairs.map(|(a, b)| (1.0 - part) * a + part * b));
            }
            mixed
        };
        if let Some(images) = &mut batch.inputs.images {
            *images = tensor(mix(&read(images)), *images.shape())?;
        }
        if let Some(features) = &mut batch.inputs.features {
            *features = tensor(mix(&read(features)), *features.shape())?;
        }
        draw.mix_targets(batch, part)
    }
}

impl Callback for CutMix {
    fn on_batch_begin(&mut self, run: &mut TrainContext<'_>, batch: &mut Batch) -> Result<()> {
        let mut draw = Draw::new(self.alpha, run, batch, "cutmix")?;
        let Some(images) = &mut batch.inputs.images else {
            let problem = "cutmix expects images, but the data set has none";
            return Err(Error::new(ErrorKind::Parameter, problem).help("use `MixUp` instead"));
        };
        let (count, channels, height, width) = *images.shape();
        let side = draw.lambda.sqrt();
        let mut span = |size: usize| {
            let (length, center) = (size as f64 * side, draw.random.gen_range(0.0..size as f64));
            let start = (center - length / 2.0).max(0.0) as usize;
            start..((center + length / 2.0) as usize).min(size)
        };
        let (rows, columns) = (span(height), span(width));
        let values = read(images).into_owned();
        let mut mixed = values.clone();
        let plane = height * width;
        for (row, partner) in draw.partners.iter().enumerate().take(count) {
            for channel in 0..channels {
                for y in rows.clone() {
                    let at = |image: usize, x: usize| {
                        (image * channels + channel) * plane + y * width + x
                    };
                    let own = at(row, columns.start)..at(row, columns.end);
                    let other = at(*partner, columns.start)..at(*partner, columns.end);
                    mixed[own].copy_from_slice(&values[other]);
                }
            }
        }
        *images = tensor(mixed, (count, channels, height, width))?;
        let part = (rows.len() * columns.len()) as f32 / plane.max(1) as f32;
        draw.mix_targets(batch, part)
    }
}

/// The random numbers of one batch, which depend on seed, epoch and batch alone.
struct Draw {
    lambda: f64,
    /// For each row of the batch, the row that it is mixed with.
    partners: Vec<usize>,
    random: ChaCha8Rng,
}

impl Draw {
    fn new(alpha: f64, run: &TrainContext<'_>, batch: &Batch, name: &str) -> Result<Self> {
        if !(alpha.is_finite() && alpha > 0.0) {
            let problem = format!("`alpha` of {name} must be above 0, found {alpha}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let Inputs { tokens, cached, .. } = &batch.inputs;
        if tokens.is_some() {
            let problem = format!("{name} cannot mix texts");
            return Err(Error::new(ErrorKind::Parameter, problem).help("leave the callback out"));
        }
        if cached.is_some() {
            let problem = format!("{name} mixes images, but there are cached features instead");
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("set `feature_cache: FeatureCaching::Off` in `TrainConfig`"));
        }
        let mut random = ChaCha8Rng::seed_from_u64(run.seed ^ 0x6d69_7875_7000_0000);
        random.set_stream((run.epoch as u64) << 32 | run.batch as u64);
        let mut partners: Vec<usize> = (0..batch.indices.len()).collect();
        partners.shuffle(&mut random);
        let lambda = beta(alpha, &mut random);
        Ok(Self { lambda, partners, random })
    }

    /// Adds the targets of the partners, which make up this part of the loss.
    fn mix_targets(&self, batch: &mut Batch, part: f32) -> Result<()> {
        batch.mixed = Some((batch.targets.select(&self.partners)?, part));
        if let Some(weights) = &batch.weights {
            let partners = self.partners.iter().map(|partner| weights[*partner]);
            let mixed = weights.iter().zip(partners).map(|(a, b)| (1.0 - part) * a + part * b);
            batch.weights = Some(mixed.collect());
        }
        Ok(())
    }
}

/// A draw from Beta(α, α), as the ratio of two gamma variables.
fn beta(alpha: f64, random: &mut ChaCha8Rng) -> f64 {
    let (a, b) = (gamma(alpha, random), gamma(alpha, random));
    if a + b > 0.0 { a / (a + b) } else { f64::from(random.next_u32() % 2) }
}

/// A draw from Gamma(α, 1) (Marsaglia and Tsang, 2000).
fn gamma(alpha: f64, random: &mut ChaCha8Rng) -> f64 {
    if alpha < 1.0 {
        let u: f64 = random.gen_range(f64::MIN_POSITIVE..1.0);
        return gamma(alpha + 1.0, random) * u.powf(1.0 / alpha);
    }
    let d = alpha - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        // A normal variable by Box and Muller.
        let (u, v): (f64, f64) =
            (random.gen_range(f64::MIN_POSITIVE..1.0), random.gen_range(0.0..1.0));
        let x = (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos();
        let cube = (1.0 + c * x).powi(3);
        let accept: f64 = random.gen_range(f64::MIN_POSITIVE..1.0);
        if cube > 0.0 && accept.ln() < 0.5 * x * x + d - d * cube + d * cube.ln() {
            return d * cube;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beta_has_its_mean_and_variance() {
        // Beta(α, α): mean 1/2, variance 1 / (4 (2 α + 1)).
        for alpha in [0.2, 0.4, 1.0, 3.0] {
            let mut random = ChaCha8Rng::seed_from_u64(7);
            let draws: Vec<f64> = (0..20_000).map(|_| beta(alpha, &mut random)).collect();
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            let variance =
                draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / draws.len() as f64;
            assert!((mean - 0.5).abs() < 0.01, "{alpha} {mean}");
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((variance - expected).abs() < 0.01, "{alpha} {variance} {expected}");
        }
    }
}

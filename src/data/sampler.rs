//! Which examples an epoch draws, and in what order.

use crate::{Error, ErrorKind, Result};
use rand::SeedableRng;
use rand::distributions::{Distribution, WeightedIndex};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Sampling of the examples of an epoch: shuffled, weighted, or with balanced classes (oversampling of rare ones). Every epoch
/// has as many draws as there are examples.
///
/// ```
/// use cuaderno::data::{Dataset, Sampler};
/// let set = Dataset::new(&[0, 0, 0, 1], &["common", "rare"])?.with_sampler(&Sampler::Balanced)?;
/// let draws = (0..100).flat_map(|epoch| set.shuffled_batches(4, 0, epoch).concat());
/// let rare = draws.filter(|row| *row == 3).count();
/// assert!((150..250).contains(&rare)); // about half of 400, not a quarter
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Sampler {
    /// Every example once, in random order.
    #[default]
    Shuffled,
    /// Draws with replacement, with a probability in proportion to the example's weight, as PyTorch's
    /// `WeightedRandomSampler`.
    Weighted(Vec<f64>),
    /// Draws with replacement, every class as likely as any other.
    Balanced,
}

impl Sampler {
    /// Checks that there is one weight of at least 0 per example, and one above 0.
    pub(super) fn check(&self, examples: usize) -> Result<()> {
        let Self::Weighted(weights) = self else { return Ok(()) };
        if weights.len() != examples {
            let problem =
                format!("expected {examples} weights, one per example, found {}", weights.len());
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        let bad = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0));
        if let Some(row) = bad {
            let problem = format!(
                "expected a finite weight of at least 0 for example {row}, found {}",
                weights[row]
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        if examples > 0 && weights.iter().sum::<f64>() <= 0.0 {
            return Err(Error::new(
                ErrorKind::Parameter,
                "expected a weight above 0, found only zeros",
            ));
        }
        Ok(())
    }

    /// The same for the examples `rows`.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Weighted(weights) => {
                Self::Weighted(rows.iter().map(|row| weights[*row]).collect())
            }
            other => other.clone(),
        }
    }

    /// The examples of an epoch in order, from their classes.
    pub(super) fn order(&self, labels: &[usize], seed: u64, epoch: u64) -> Vec<usize> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(epoch);
        let weights = match self {
            Self::Shuffled => None,
            Self::Weighted(weights) => Some(weights.clone()),
            Self::Balanced => {
                let classes = labels.iter().max().map_or(0, |most| most + 1);
                let mut counts = vec![0usize; classes];
                labels.iter().for_each(|label| counts[*label] += 1);
                Some(labels.iter().map(|label| 1.0 / counts[*label] as f64).collect())
            }
        };
        match weights.and_then(|weights| WeightedIndex::new(weights).ok()) {
            Some(weighted) => (0..labels.len()).map(|_| weighted.sample(&mut random)).collect(),
            None => {
                let mut order: Vec<usize> = (0..labels.len()).collect();
                order.shuffle(&mut random);
                order
            }
        }
    }
}

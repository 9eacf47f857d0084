//! Weights of unbalanced classes for the loss.

use super::dataset::Dataset;
use crate::{Error, ErrorKind, Result};

/// Class weights for unbalanced data: how the weight of a class in the loss follows from its number n of examples.
///
/// [`Dataset::class_weights`] computes them, [`LossOptions::class_weights`](crate::tensor::LossOptions::class_weights) takes
/// them. [`Sampler::Balanced`](super::Sampler::Balanced) draws rare classes more often instead.
///
/// ```
/// use cuaderno::data::{ClassWeighting, Dataset};
/// let set = Dataset::new(&[0, 0, 0, 1], &["common", "rare"])?;
/// assert_eq!(set.class_weights(ClassWeighting::Balanced)?[1], 2.0); // 4 / (2 · 1)
/// assert_eq!(set.class_weights(ClassWeighting::SquareRoot)?[1], 2f32.sqrt());
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClassWeighting {
    /// `examples / (classes · n)`, as scikit-learn's `class_weight="balanced"`: all classes weigh the same in all.
    Balanced,
    /// The square root of [`Self::Balanced`]: between that and equal weights.
    SquareRoot,
    /// `(1 − β) / (1 − βⁿ)` scaled to a mean of 1 (effective number of examples; Cui et al. 2019), with β from 0 to below
    /// 1, often 0.99 to 0.9999.
    EffectiveNumber(f64),
}

impl ClassWeighting {
    /// One weight per class from the number of examples of each; `names` are for errors.
    ///
    /// ```
    /// use cuaderno::data::ClassWeighting;
    /// let weights = ClassWeighting::Balanced.weights(&[6, 2], &["common", "rare"])?;
    /// assert_eq!(weights, [8.0 / 12.0, 2.0]);
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a class has no example, whose weight would be infinite, or β is out of range.
    pub fn weights(self, counts: &[usize], names: &[&str]) -> Result<Vec<f32>> {
        if let Some(class) = counts.iter().position(|count| *count == 0) {
            let name = names.get(class).map_or_else(|| class.to_string(), ToString::to_string);
            let problem = format!("expected examples of every class, found none of `{name}`");
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("leave the class out or merge it with another"));
        }
        let total: usize = counts.iter().sum();
        let balanced = |count: &usize| total as f64 / (counts.len() * count) as f64;
        let weights: Vec<f64> = match self {
            Self::Balanced => counts.iter().map(balanced).collect(),
            Self::SquareRoot => counts.iter().map(|count| balanced(count).sqrt()).collect(),
            Self::EffectiveNumber(beta) => {
                if !(0.0..1.0).contains(&beta) {
                    let problem = format!("β must be at least 0 and below 1, found {beta}");
                    return Err(Error::new(ErrorKind::Parameter, problem));
                }
                let weight = |count: &usize| (1.0 - beta) / (1.0 - beta.powf(*count as f64));
                let raw: Vec<f64> = counts.iter().map(weight).collect();
                let scale = raw.len() as f64 / raw.iter().sum::<f64>();
                raw.iter().map(|weight| weight * scale).collect()
            }
        };
        Ok(weights.iter().map(|weight| *weight as f32).collect())
    }
}

impl Dataset {
    /// A weight per class for the loss, from the numbers of examples of this data set.
    ///
    /// # Errors
    /// As [`ClassWeighting::weights`].
    pub fn class_weights(&self, weighting: ClassWeighting) -> Result<Vec<f32>> {
        let names: Vec<&str> = self.classes().iter().map(String::as_str).collect();
        weighting.weights(&self.class_counts(), &names)
    }
}

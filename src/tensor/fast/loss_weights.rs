//! Weights of classes and of examples in a loss.

use crate::{Error, ErrorKind, Result};

/// The weights in a loss over labels: an example counts by that of its class times its own.
pub(in crate::tensor) struct LossWeights {
    /// One per class.
    pub classes: Vec<f32>,
    /// One per example of the batch.
    pub examples: Vec<f32>,
}

impl LossWeights {
    /// These weights of classes and of examples; 1 where there are none.
    pub fn new(
        [classes, examples]: [&Option<Vec<f32>>; 2],
        rows: usize,
        count: usize,
    ) -> Result<Self> {
        Ok(Self {
            classes: class_weights(classes, count)?,
            examples: example_weights(examples, rows)?,
        })
    }

    /// The weight of the example in a row of the batch.
    pub fn of(&self, row: usize, label: usize) -> f32 {
        self.classes[label] * self.examples[row]
    }

    /// What the weighted sum of the losses is divided by: the sum of the weights, and 1 where all are 0, so that such a
    /// batch has no loss.
    pub fn total(&self, labels: &[usize]) -> f64 {
        let weights = labels.iter().enumerate().map(|(row, label)| f64::from(self.of(row, *label)));
        or_one(weights.sum())
    }
}

/// The divisor of a weighted sum.
pub(in crate::tensor) fn or_one(sum: f64) -> f64 {
    if sum > 0.0 { sum } else { 1.0 }
}

/// The weight of each class; 1 where none are given.
pub(super) fn class_weights(weights: &Option<Vec<f32>>, classes: usize) -> Result<Vec<f32>> {
    let Some(weights) = weights else { return Ok(vec![1.0; classes]) };
    if weights.len() != classes {
        let problem = format!("{} class weights for {classes} classes", weights.len());
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    check(weights, "class")?;
    Ok(weights.clone())
}

/// The weight of each example of a batch; 1 where none are given.
pub(in crate::tensor) fn example_weights(
    weights: &Option<Vec<f32>>,
    rows: usize,
) -> Result<Vec<f32>> {
    let Some(weights) = weights else { return Ok(vec![1.0; rows]) };
    if weights.len() != rows {
        let problem = format!("{} example weights for a batch of {rows}", weights.len());
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    check(weights, "example")?;
    Ok(weights.clone())
}

fn check(weights: &[f32], what: &str) -> Result<()> {
    let wrong = |weight: &f32| !(weight.is_finite() && *weight >= 0.0);
    let Some((place, weight)) = weights.iter().enumerate().find(|(_, weight)| wrong(weight)) else {
        return Ok(());
    };
    let problem = format!("the weight of {what} {place} is {weight}");
    Err(Error::new(ErrorKind::Parameter, problem)
        .help(format!("{what} weights must be finite and at least 0")))
}

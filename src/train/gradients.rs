//! Gradients of several batches as one, and clipping by norm.

use crate::Result;
use crate::nn::Parameter;
use crate::tensor::Gradients;

/// Gradients of all trainable parameters, summed over batches and weighted by the weights of their examples,
/// or by their numbers where these have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Accumulated {
    /// One per parameter; empty for frozen ones.
    pub sums: Vec<Vec<f32>>,
    /// Sum of the weights so far.
    pub weight: f64,
    /// Batches so far.
    pub batches: usize,
}

impl Accumulated {
    /// Adds the gradients of a batch, which are taken out of `gradients`.
    pub fn add(
        &mut self,
        parameters: &[(String, &Parameter)],
        gradients: &mut Gradients,
        weight: f64,
    ) -> Result<()> {
        self.sums.resize_with(parameters.len(), Vec::new);
        for ((_, parameter), sum) in parameters.iter().zip(&mut self.sums) {
            if !parameter.is_trainable() {
                continue;
            }
            let gradient = parameter.take_gradient(gradients)?;
            let weight = weight as f32;
            sum.resize(gradient.len(), 0.0);
            sum.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += weight * g);
        }
        self.weight += weight;
        self.batches += 1;
        Ok(())
    }

    /// The mean gradients, and an empty sum for the next batches.
    pub fn take(&mut self) -> Vec<Vec<f32>> {
        let Self { mut sums, weight, .. } = std::mem::take(self);
        let factor = if weight > 0.0 { 1.0 / weight as f32 } else { 0.0 };
        sums.iter_mut().flatten().for_each(|sum| *sum *= factor);
        sums
    }
}

/// Takes the gradients of all trainable parameters, with an empty one for each that is frozen.
pub(super) fn take_all(
    parameters: &[(String, &Parameter)],
    gradients: &mut Gradients,
) -> Result<Vec<Vec<f32>>> {
    let taken = parameters.iter().map(|(_, parameter)| {
        if parameter.is_trainable() { parameter.take_gradient(gradients) } else { Ok(Vec::new()) }
    });
    taken.collect()
}

/// Puts gradients back that were taken.
pub(super) fn put_all(
    parameters: &[(String, &Parameter)],
    gradients: &mut Gradients,
    values: Vec<Vec<f32>>,
) -> Result<()> {
    for ((_, parameter), values) in parameters.iter().zip(values) {
        if parameter.is_trainable() {
            parameter.put_gradient(gradients, values)?;
        }
    }
    Ok(())
}

/// Scales gradients down to a norm of at most `limit`, as `torch.nn.utils.clip_grad_norm_`.
pub(super) fn clip(gradients: &mut [Vec<f32>], limit: f64) {
    let square: f64 = gradients.iter().flatten().map(|g| f64::from(*g) * f64::from(*g)).sum();
    let factor = limit / (square.sqrt() + 1e-6);
    if factor < 1.0 {
        gradients.iter_mut().flatten().for_each(|g| *g = (f64::from(*g) * factor) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_gradients_are_scaled_to_the_norm_and_small_ones_left() {
        // torch.nn.utils.clip_grad_norm_ of [3, 4] and [12] to 6.5: the norm is 13.
        let mut gradients = vec![vec![3.0, 4.0], Vec::new(), vec![12.0]];
        clip(&mut gradients, 6.5);
        for (g, expected) in gradients.iter().flatten().zip([1.5, 2.0, 6.0]) {
            assert!((g - expected).abs() < 1e-5, "{g} {expected}");
        }
        let before = gradients.clone();
        clip(&mut gradients, 7.0);
        assert_eq!(gradients, before);
    }
}

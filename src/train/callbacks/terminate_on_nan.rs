//! Stopping at a loss that is not finite.

use super::super::callback::{Batch, Callback, TrainContext};
use crate::Result;
use crate::nn::{Activations, Inputs, Model, Pass};
use crate::tensor::{plain, read};

/// Stops training at the first batch whose loss is NaN or infinite, before the weights change, and reports the batch
/// and the first layer that is not finite. Without it, such a loss is an error.
///
/// ```
/// use cuaderno::prelude::*;
/// use cuaderno::train::Silent;
/// # fn main() -> Result<()> {
/// # let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
/// # let names = vec!["a".to_string(), "b".to_string()];
/// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
/// # let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["even", "odd"])?.with_features(&features)?;
/// let mut layer = Linear::new(2, 2, &mut Init::seed(0))?;
/// layer.weight.update(&mut |weight| weight[0] = f32::NAN)?;
/// let model = Sequential::new().add(layer);
/// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
/// let mut learner = Learner::new(model.clone(), &set, &set, &config)?.with(TerminateOnNaN);
/// assert!(learner.fit_with(3, &mut Silent)?.epochs.len() < 3);
/// let mut learner = Learner::new(model, &set, &set, &config)?;
/// assert!(learner.fit_with(3, &mut Silent).is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TerminateOnNaN;

impl Callback for TerminateOnNaN {
    fn on_invalid_loss(&mut self, run: &mut TrainContext<'_>, batch: &Batch) -> Result<bool> {
        let (epoch, number, loss) = (run.epoch, run.batch, run.loss);
        let mut reason = format!("the loss is {loss} in epoch {epoch}, batch {number}");
        if let Some(layer) = first_invalid(run.model, &batch.inputs)? {
            reason += &format!("; {layer}");
        }
        run.stop(reason);
        Ok(true)
    }
}

/// The first weights or activations that are not finite.
fn first_invalid(model: &dyn Model, inputs: &Inputs) -> Result<Option<String>> {
    let bad = |values: &[f32]| values.iter().any(|value| !value.is_finite());
    for (name, parameter) in model.parameters() {
        if bad(&parameter.values()) {
            return Ok(Some(format!("the weights of `{name}` are not finite")));
        }
    }
    if inputs.images.as_ref().is_some_and(|images| bad(&read(images)))
        || inputs.features.as_ref().is_some_and(|features| bad(&read(features)))
    {
        return Ok(Some("the inputs are not finite".to_string()));
    }
    let Some((prefix, layers)) = model.backbone() else { return Ok(None) };
    let pass = Pass::inference();
    for (place, (name, _)) in layers.named_layers().iter().enumerate() {
        let values = match layers.forward_prefix(place + 1, inputs, &pass)? {
            Activations::Images(t) => read(&plain(t)).into_owned(),
            Activations::Features(t) => read(&plain(t)).into_owned(),
        };
        if bad(&values) {
            let dot = if prefix.is_empty() || name.is_empty() { "" } else { "." };
            return Ok(Some(format!(
                "the first such output is that of layer `{prefix}{dot}{name}`"
            )));
        }
    }
    Ok(None)
}

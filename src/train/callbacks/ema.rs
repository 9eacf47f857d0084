//! Exponential moving average of the weights.

use super::super::callback::{Callback, TrainContext};
use super::super::state::State;
use crate::nn::{StoredTensor, Weights};
use crate::{Error, ErrorKind, Result};

/// Keeps an exponential moving average of the weights, `average = decay · average + (1 − decay) · weights` after each
/// step, and validates with it (Polyak and Juditsky, 1992; `use_ema` in Keras). Training itself goes on with the plain
/// weights. The best weights that the learner keeps are averages, so that
/// [`restore_best`](crate::train::Learner::restore_best) puts an average in place.
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
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(Ema::new(0.9));
/// learner.fit_with(3, &mut Silent)?;
/// learner.restore_best()?; // the averaged weights of the best epoch
/// assert!(learner.evaluate(&set)?.loss.is_finite());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Ema {
    decay: f64,
    average: Option<Weights>,
    /// The plain weights while the average is validated.
    plain: Option<Weights>,
}

impl Ema {
    /// An average with this decay, such as 0.999.
    pub fn new(decay: f64) -> Self {
        Self { decay, average: None, plain: None }
    }
}

impl Callback for Ema {
    fn on_train_begin(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        if !(0.0..1.0).contains(&self.decay) {
            let problem = format!("`decay` must lie in [0, 1), found {}", self.decay);
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        self.average.get_or_insert_with(|| Weights::of(run.model));
        Ok(())
    }

    fn on_batch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        let Some(average) = &mut self.average else { return Ok(()) };
        let decay = self.decay as f32;
        for (name, parameter) in run.model.parameters() {
            if !parameter.is_trainable() {
                continue;
            }
            let Some(old) = average.get(&name) else { continue };
            let weights = parameter.values();
            let pairs = old.values.iter().zip(&*weights);
            let values = pairs.map(|(a, w)| decay * a + (1.0 - decay) * w).collect();
            average.insert(&name, StoredTensor { shape: parameter.shape(), values })?;
        }
        Ok(())
    }

    fn on_validation_begin(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        let Some(average) = &mut self.average else { return Ok(()) };
        // Running statistics are averages already.
        for (name, buffer) in run.model.buffers() {
            let shape = vec![buffer.count()];
            average.insert(&name, StoredTensor { shape, values: buffer.values() })?;
        }
        self.plain = Some(Weights::of(run.model));
        average.load_into(run.model)
    }

    fn on_validation_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        match self.plain.take() {
            Some(plain) => plain.load_into(run.model),
            None => Ok(()),
        }
    }

    fn state(&self) -> State {
        match &self.average {
            Some(average) => State::new().with_weights(average.clone()),
            None => State::new(),
        }
    }

    fn load_state(&mut self, state: &State) -> Result<()> {
        self.average = state.weights().cloned();
        Ok(())
    }
}

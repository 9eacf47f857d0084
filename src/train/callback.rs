//! Hooks into the training loop.

use super::history::History;
use super::state::State;
use crate::data::Targets;
use crate::nn::{Inputs, Model, ThreadSafe};
use crate::{Error, ErrorKind, Result};

/// A hook into the training loop, with Keras's names and meanings. All methods have default bodies that do nothing.
///
/// ```
/// use cuaderno::prelude::*;
///
/// /// Halves the learning rate after every epoch.
/// struct Halve;
///
/// impl Callback for Halve {
///     fn on_epoch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
///         *run.learning_rate *= 0.5;
///         run.message(format!("the learning rate is now {}", run.learning_rate));
///         Ok(())
///     }
/// }
/// ```
pub trait Callback: ThreadSafe {
    /// A name for messages and checkpoints; the type's own name unless it is overridden.
    fn name(&self) -> String {
        let name = std::any::type_name::<Self>();
        name.rsplit("::").next().unwrap_or(name).to_string()
    }

    /// Returns `true` if the callback only writes or reports what happens and leaves training as it is. Of several
    /// processes that train together, the first alone calls such a callback; all call the others.
    fn only_writes(&self) -> bool {
        false
    }

    /// Before the first epoch of a call of `fit`.
    ///
    /// # Errors
    /// An error ends the training; so do those of all other hooks.
    fn on_train_begin(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        Ok(())
    }

    /// After the last epoch of a call of `fit`.
    ///
    /// # Errors
    /// As [`Self::on_train_begin`].
    fn on_train_end(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Before the first batch of an epoch; not again when an interrupted epoch goes on.
    ///
    /// # Errors
    /// As [`Self::on_train_begin`].
    fn on_epoch_begin(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        Ok(())
    }

    /// After an epoch and its validation; the epoch is the last of `run.history`.
    ///
    /// # Errors
    /// As [`Self::on_train_begin`].
    fn on_epoch_end(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Before the forward pass of a batch, which may be changed here.
    ///
    /// # Errors
    /// As [`Self::on_train_begin`].
    fn on_batch_begin(&mut self, _run: &mut TrainContext<'_>, _batch: &mut Batch) -> Result<()> {
        Ok(())
    }

    /// After the step of a batch; `run.loss` is its loss.
    ///
    /// # Errors
    /// As [`Self::on_train_begin`].
    fn on_batch_end(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Before the validation of an epoch (`on_test_begin` in Keras).
    ///
    /// # Errors
    /// As [`Self::on_train_begin`].
    fn on_validation_begin(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        Ok(())
    }

    /// After the validation of an epoch, when the best weights have been copied (`on_test_end` in Keras).
    ///
    /// # Errors
    /// As [`Self::on_train_begin`].
    fn on_validation_end(&mut self, _run: &mut TrainContext<'_>) -> Result<()> {
        Ok(())
    }

    /// When the loss of a batch, `run.loss`, is NaN or infinite, before any step with it. Returns whether the callback
    /// has dealt with it by stopping the run; otherwise training ends with an error.
    ///
    /// # Errors
    /// As [`Self::on_train_begin`].
    fn on_invalid_loss(&mut self, _run: &mut TrainContext<'_>, _batch: &Batch) -> Result<bool> {
        Ok(false)
    }

    /// The state that a checkpoint stores, so that a resumed run goes on exactly as this one.
    fn state(&self) -> State {
        State::new()
    }

    /// Takes over a state that [`Self::state`] returned.
    ///
    /// # Errors
    /// When something is missing in it.
    fn load_state(&mut self, _state: &State) -> Result<()> {
        Ok(())
    }
}

/// A batch on its way into the training step.
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
/// /// Adds a little to the features of each batch.
/// struct Shift;
///
/// impl Callback for Shift {
///     fn on_batch_begin(&mut self, _run: &mut TrainContext<'_>, batch: &mut Batch) -> Result<()> {
///         assert_eq!(batch.indices.len(), 4);
///         if let Some(features) = &batch.inputs.features {
///             let moved = tensor::read(features).iter().map(|value| value + 0.01).collect();
///             batch.inputs.features = Some(tensor::tensor(moved, (4, 2))?);
///         }
///         Ok(())
///     }
/// }
///
/// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(Shift);
/// assert_eq!(learner.fit_with(1, &mut Silent)?.epochs.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its examples, indices into the training set.
    pub indices: Vec<usize>,
    /// The inputs of the network.
    pub inputs: Inputs,
    /// The targets of the network.
    pub targets: Targets,
    /// The weight of each example in the loss, as [`Dataset::with_weights`](crate::data::Dataset::with_weights) set
    /// them; none where all weigh 1.
    pub weights: Option<Vec<f32>>,
    /// Second targets and their part λ of the loss: `(1 − λ) · loss(targets) + λ · loss(second)`, for mixed examples.
    pub mixed: Option<(Targets, f32)>,
}

impl Batch {
    /// What the batch counts in a mean over batches: the sum of the weights of its examples, or their number.
    pub(super) fn weight(&self) -> f64 {
        match &self.weights {
            Some(weights) => weights.iter().map(|weight| f64::from(*weight)).sum(),
            None => self.indices.len() as f64,
        }
    }
}

/// The part of a run that a callback may read and change.
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
/// /// Stops once the accuracy on validation is good enough.
/// struct GoodEnough;
///
/// impl Callback for GoodEnough {
///     fn on_epoch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
///         if run.value("val_accuracy")? == 1.0 {
///             run.stop(format!("all correct after epoch {} of {}", run.epoch, run.epochs));
///         }
///         Ok(())
///     }
/// }
///
/// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(GoodEnough);
/// let history = learner.fit_with(50, &mut Silent)?;
/// assert!(history.epochs.len() < 50);
/// # Ok(()) }
/// ```
pub struct TrainContext<'a> {
    /// The network.
    pub model: &'a mut dyn Model,
    /// The epochs so far.
    pub history: &'a History,
    /// Learning rate of the next step.
    pub learning_rate: &'a mut f64,
    /// The learning rate that the run was configured with.
    pub base_learning_rate: f64,
    /// The current epoch, counted from 1.
    pub epoch: usize,
    /// The epoch at which this call of `fit` ends.
    pub epochs: usize,
    /// The current batch, counted from 1; 0 before the first of an epoch.
    pub batch: usize,
    /// Batches in an epoch.
    pub batches: usize,
    /// Loss of the last batch; NaN before the first.
    pub loss: f64,
    /// Seed of the run.
    pub seed: u64,
    pub(super) stop: &'a mut Option<String>,
    pub(super) messages: &'a mut Vec<String>,
}

impl TrainContext<'_> {
    /// Epochs completed, as a fraction: 1.5 in the middle of the second epoch, before its batch.
    pub fn progress(&self) -> f64 {
        let batches = self.batches.max(1) as f64;
        (self.epoch - 1) as f64 + self.batch.saturating_sub(1) as f64 / batches
    }

    /// Ends the training after the current epoch, or after the current batch when called from a batch's hook.
    pub fn stop(&mut self, reason: impl Into<String>) {
        self.stop.get_or_insert(reason.into());
    }

    /// Shows a line beside the training curves.
    pub fn message(&mut self, text: impl Into<String>) {
        self.messages.push(text.into());
    }

    /// A value of the last epoch, by Keras's names: `loss`, `val_loss`, `accuracy`, `val_f1_macro`, `learning_rate`.
    ///
    /// # Errors
    /// When the history has no value of this name; the message lists those that it has.
    pub fn value(&self, name: &str) -> Result<f64> {
        let last = self.history.epochs.last();
        if let Some(value) = last.and_then(|record| record.value(name)) {
            return Ok(value);
        }
        let names = last.map(|record| record.names().join(", ")).unwrap_or_default();
        let problem = format!("there is no value `{name}` to monitor");
        Err(Error::new(ErrorKind::Parameter, problem)
            .help(format!("the history has {names}; add others to `TrainConfig::metrics`")))
    }
}

impl std::fmt::Debug for TrainContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainContext")
            .field("epoch", &self.epoch)
            .field("batch", &self.batch)
            .field("learning_rate", &self.learning_rate)
            .field("loss", &self.loss)
            .finish_non_exhaustive()
    }
}

/// The callbacks of a learner, in order.
#[derive(Default)]
pub(super) struct Callbacks(pub Vec<Box<dyn Callback>>);

impl Callbacks {
    /// Calls a hook of each; with `writing`, also of those that only write.
    pub fn each(
        &mut self,
        writing: bool,
        run: &mut TrainContext<'_>,
        mut hook: impl FnMut(&mut dyn Callback, &mut TrainContext<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut called = self.0.iter_mut().filter(|callback| writing || !callback.only_writes());
        called.try_for_each(|callback| hook(&mut **callback, run))
    }

    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|callback| callback.name()).collect()
    }
}

impl std::fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

//! A network, its data, and everything that training needs to continue.

use super::callback::{Callback, Callbacks};
use super::config::TrainConfig;
use super::epoch_progress::EpochProgress;
use super::evaluation::Evaluation;
use super::feature_cache::FeatureCache;
use super::fine_tune::FineTuning;
use super::gradients::Accumulated;
use super::history::{EpochRecord, History};
use super::optimizer::Optimizer;
use crate::cluster::{Collective, Single};
use crate::data::Dataset;
use crate::nn::{Model, Parameter, Summary, Weights};
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;

/// A network, its data, and everything that training needs to continue where it stopped.
///
/// ```
/// use cuaderno::prelude::*;
/// use cuaderno::train::Silent;
/// # fn main() -> Result<()> {
/// # let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
/// # let names = vec!["a".to_string(), "b".to_string()];
/// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
/// let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["even", "odd"])?.with_features(&features)?;
/// let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
/// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(EarlyStopping::new("val_loss", 5));
/// learner.fit_with(20, &mut Silent)?;
/// learner.restore_best()?;
/// assert_eq!(learner.evaluate(&set)?.accuracy, 1.0);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Learner {
    pub(super) model: Box<dyn Model>,
    pub(super) train: Arc<Dataset>,
    pub(super) validation: Arc<Dataset>,
    pub(super) config: TrainConfig,
    pub(super) optimizer: Optimizer,
    pub(super) learning_rate: f64,
    pub(super) history: History,
    pub(super) best: Option<Best>,
    pub(super) callbacks: Callbacks,
    /// The processes that train together.
    pub(super) group: Arc<dyn Collective>,
    /// The epoch that is under way.
    pub(super) progress: EpochProgress,
    pub(super) accumulated: Accumulated,
    pub(super) feature_cache: FeatureCache,
    /// The call of `fine_tune` that is under way or was interrupted.
    pub(super) fine_tuning: Option<FineTuning>,
    /// Why a callback has ended the run.
    pub(super) stopped: Option<String>,
    pub(super) autosave: Option<super::autosave::Autosave>,
    /// Folder and epoch of the best weights that are on disk.
    pub(super) saved_best: Option<(std::path::PathBuf, usize)>,
}

/// The network after the best epoch.
#[derive(Debug)]
pub(super) struct Best {
    pub value: f64,
    pub epoch: usize,
    pub model: Box<dyn Model>,
}

impl Learner {
    /// A learner that has not trained yet.
    ///
    /// # Errors
    /// When a data set is empty or of one class only, the two differ in their classes, they lack the targets of the
    /// loss, or a setting is out of range.
    pub fn new(
        model: impl Model + 'static,
        train: &Dataset,
        validation: &Dataset,
        config: &TrainConfig,
    ) -> Result<Self> {
        config.check(&model, train, validation)?;
        Ok(Self {
            optimizer: Optimizer::new(config.optimizer.clone())?,
            model: Box::new(model),
            train: Arc::new(train.clone()),
            validation: Arc::new(validation.clone()),
            learning_rate: config.learning_rate,
            config: config.clone(),
            history: History::default(),
            best: None,
            callbacks: Callbacks::default(),
            group: Arc::new(Single),
            progress: EpochProgress::default(),
            accumulated: Accumulated::default(),
            feature_cache: FeatureCache::default(),
            fine_tuning: None,
            stopped: None,
            autosave: None,
            saved_best: None,
        })
    }

    /// The same learner with one more callback.
    pub fn with(mut self, callback: impl Callback + 'static) -> Self {
        self.add_callback(Box::new(callback));
        self
    }

    /// Adds a callback; they are called in the order in which they were added.
    pub fn add_callback(&mut self, callback: Box<dyn Callback>) {
        self.callbacks.0.push(callback);
    }

    /// The network as it was after the best epoch by [`TrainConfig::monitor`], if there is one. Training goes on from
    /// the current weights, not from these.
    pub fn best(&self) -> Option<&dyn Model> {
        self.best.as_ref().map(|best| &*best.model)
    }

    /// The record of the best epoch by [`TrainConfig::monitor`].
    pub fn best_epoch(&self) -> Option<&EpochRecord> {
        let epoch = self.best.as_ref()?.epoch;
        self.history.epochs.iter().find(|record| record.epoch == epoch)
    }

    /// Puts the weights of the best epoch in place of the current ones and prints which epoch that was. What is frozen
    /// stays frozen. The optimizer starts afresh, since its moments belong to other weights.
    ///
    /// # Errors
    /// When no epoch has been completed, or [`TrainConfig::keep_best`] is off.
    pub fn restore_best(&mut self) -> Result<()> {
        let line = self.take_best_weights()?;
        if self.is_first() {
            println!("{line}");
        }
        Ok(())
    }

    /// [`Self::restore_best`] without printing: returns the line.
    pub(super) fn take_best_weights(&mut self) -> Result<String> {
        let Some(best) = &self.best else {
            let problem = "there are no best weights to restore";
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("train for an epoch with `keep_best` on"));
        };
        Weights::of(&*best.model).load_into(&mut *self.model)?;
        self.optimizer = Optimizer::new(self.config.optimizer.clone())?;
        self.accumulated = Accumulated::default();
        Ok(format!(
            "restored the weights of epoch {} ({} {:.4})",
            best.epoch, self.config.monitor, best.value
        ))
    }

    /// Freezes the parameters whose names begin with `part`, all with "". Activations of a frozen prefix are computed
    /// only once per image.
    ///
    /// # Errors
    /// When there are none.
    pub fn freeze(&mut self, part: &str) -> Result<()> {
        self.model.freeze(part)
    }

    /// Makes the parameters whose names begin with `part` trainable again, all with "".
    ///
    /// # Errors
    /// When there are none.
    pub fn unfreeze(&mut self, part: &str) -> Result<()> {
        self.model.unfreeze(part)
    }

    /// The network's predictions on a data set, in inference.
    ///
    /// # Errors
    /// When the set is empty or the network does not fit it.
    pub fn evaluate(&self, set: &Dataset) -> Result<Evaluation> {
        Evaluation::new(&*self.model, set, &self.config.loss)
    }

    /// The network's layers as a table, run on the first training example.
    ///
    /// # Errors
    /// When the network does not fit the data.
    pub fn summary(&self) -> Result<Summary> {
        Summary::new(&*self.model, &self.train.batch(&[0], self.config.seed, 0)?.0)
    }

    /// The epochs so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The current network.
    pub fn model(&self) -> &dyn Model {
        &*self.model
    }

    /// The settings.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The learning rate of the next step, as callbacks have left it.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// Sets the learning rate of the steps to come.
    ///
    /// # Errors
    /// When it is not finite and above 0.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        if !(rate.is_finite() && rate > 0.0) {
            let problem = format!("`learning_rate` must be finite and above 0, found {rate}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        self.learning_rate = rate;
        Ok(())
    }

    /// The network's parameters by name, to inspect or to freeze.
    pub fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        self.model.parameters_mut()
    }
}

//! The training loop.

use super::evaluation::largest;
use super::{EpochRecord, Evaluation, History, LiveCurves, Monitor, Optimizer, OptimizerConfig};
use crate::data::Dataset;
use crate::nn::{Model, Parameter, Pass};
use crate::tensor::{LossOptions, backward, cross_entropy, read};
use crate::{Error, ErrorKind, Result, notebook};
use dfdx::tensor::{PutTape, SplitTape};
use std::time::Instant;

/// Examples per batch when nothing is trained.
pub(super) const EVALUATION_BATCH: usize = 64;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainConfig {
    /// Examples per step.
    pub batch_size: usize,
    /// The learning rate.
    pub learning_rate: f64,
    /// Which optimizer.
    pub optimizer: OptimizerConfig,
    /// How examples are weighed.
    pub loss: LossOptions,
    /// Decides on the order of examples, augmentation and dropout.
    pub seed: u64,
    /// Keep the weights of the epoch with the lowest validation loss, as Keras's
    /// `restore_best_weights`, rather than those of the last.
    pub keep_best: bool,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            batch_size: 32,
            learning_rate: 1e-3,
            optimizer: OptimizerConfig::default(),
            loss: LossOptions::default(),
            seed: 0,
            keep_best: true,
        }
    }
}

/// A network, its data, and all that training needs to go on where it stopped.
#[derive(Debug)]
pub struct Learner {
    model: Box<dyn Model>,
    train: Dataset,
    validation: Dataset,
    config: TrainConfig,
    optimizer: Optimizer,
    history: History,
    best: Option<(f64, Box<dyn Model>)>,
}

impl Learner {
    /// A learner that has not trained yet.
    ///
    /// # Errors
    /// When a data set is empty, the two differ in their classes, or a setting is out of range.
    pub fn new(
        model: impl Model + 'static,
        train: &Dataset,
        validation: &Dataset,
        config: &TrainConfig,
    ) -> Result<Self> {
        let fail = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
        if train.is_empty() || validation.is_empty() {
            return fail(format!(
                "training needs examples: {} to train, {} to validate",
                train.len(),
                validation.len()
            ));
        }
        if train.classes() != validation.classes() {
            return fail(format!(
                "training has the classes {:?}, validation {:?}",
                train.classes(),
                validation.classes()
            ));
        }
        let rate = config.learning_rate;
        if config.batch_size == 0 || !(rate.is_finite() && rate > 0.0) {
            return fail(format!(
                "a batch size of {} with a learning rate of {rate} cannot train",
                config.batch_size
            ));
        }
        Ok(Self {
            optimizer: Optimizer::new(config.optimizer.clone())?,
            model: Box::new(model),
            train: train.clone(),
            validation: validation.clone(),
            config: config.clone(),
            history: History::default(),
            best: None,
        })
    }

    /// Trains for `epochs` more epochs and shows how it goes, live in a notebook. Errors as
    /// [`Self::fit_with`].
    pub fn fit(&mut self, epochs: usize) -> Result<History> {
        self.fit_with(epochs, &mut LiveCurves::new())
    }

    /// Trains for `epochs` more epochs and tells `monitor` about it. The history goes on where it was.
    ///
    /// # Errors
    /// `Interrupted` between two batches when the user asks for it: network and history stay as they
    /// are, and another call goes on. `Numeric` when the loss is no number any more.
    pub fn fit_with(&mut self, epochs: usize, monitor: &mut dyn Monitor) -> Result<History> {
        let batches = self.train.len().div_ceil(self.config.batch_size);
        monitor.start(epochs, batches);
        let result = (0..epochs).try_for_each(|_| self.epoch(monitor));
        if self.config.keep_best
            && let Some((_, best)) = &self.best
        {
            self.model = best.clone();
        }
        monitor.finish(&self.history);
        result.map(|()| self.history.clone())
    }

    fn epoch(&mut self, monitor: &mut dyn Monitor) -> Result<()> {
        let start = Instant::now();
        let epoch = self.history.epochs.len() + 1;
        let seed = self.config.seed;
        let (mut seen, mut loss_sum, mut right) = (0, 0.0, 0);
        let order = self.train.shuffled_batches(self.config.batch_size, seed, epoch as u64);
        for (number, indices) in order.iter().enumerate() {
            notebook::check()?;
            let (inputs, labels) = self.train.batch(indices, seed, epoch as u64)?;
            let pass_seed = seed ^ ((epoch as u64) << 32 | number as u64);
            let (logits, tape) =
                self.model.forward(&inputs, &Pass::training(pass_seed))?.split_tape();
            let classes = self.train.classes().len();
            let answers = read(&logits).chunks_exact(classes).map(largest).collect::<Vec<_>>();
            right += answers.iter().zip(&labels).filter(|(a, b)| a == b).count();
            let (loss, tape) =
                cross_entropy(logits.put_tape(tape), &labels, &self.config.loss)?.split_tape();
            let value = f64::from(read(&loss)[0]);
            if !value.is_finite() {
                return Err(Error::new(
                    ErrorKind::Numeric,
                    format!("the loss became {value} in epoch {epoch}, batch {}", number + 1),
                )
                .help("lower the learning rate, and check the inputs for NaN"));
            }
            let mut gradients = backward(loss.put_tape(tape))?;
            let rate = self.config.learning_rate as f32;
            self.optimizer.step(self.model.parameters_mut(), &mut gradients, rate)?;
            seen += labels.len();
            loss_sum += value * labels.len() as f64;
            monitor.batch(number + 1, loss_sum / seen as f64, right as f64 / seen as f64);
        }
        let validation = Evaluation::new(&*self.model, &self.validation, &self.config.loss)?;
        self.history.epochs.push(EpochRecord {
            epoch,
            train_loss: loss_sum / seen as f64,
            train_accuracy: right as f64 / seen as f64,
            validation_loss: validation.loss,
            validation_accuracy: validation.accuracy,
            learning_rate: self.config.learning_rate,
            seconds: start.elapsed().as_secs_f64(),
        });
        if self.config.keep_best
            && self.best.as_ref().is_none_or(|(loss, _)| validation.loss < *loss)
        {
            self.best = Some((validation.loss, self.model.clone()));
        }
        monitor.epoch(&self.history);
        Ok(())
    }

    /// The network's answers on a data set, in inference.
    pub fn evaluate(&self, set: &Dataset) -> Result<Evaluation> {
        Evaluation::new(&*self.model, set, &self.config.loss)
    }

    /// The epochs so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The network as it is now.
    pub fn model(&self) -> &dyn Model {
        &*self.model
    }

    /// The network's parameters by name, to look at or to freeze.
    pub fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        self.model.parameters_mut()
    }
}

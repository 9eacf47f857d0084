//! The training loop.

use super::evaluation::{largest, logits_of};
use super::frozen::{Kept, Part};
use super::history::or_worst;
use super::{
    EpochRecord, Evaluation, FrozenFeatures, History, LiveCurves, Monitor, Optimizer,
    OptimizerConfig,
};
use crate::data::Dataset;
use crate::nn::{Model, Parameter, Pass, Summary, is_under};
use crate::tensor::{LossOptions, backward, cross_entropy, read};
use crate::{Error, ErrorKind, Result, notebook};
use dfdx::tensor::{PutTape, SplitTape};
use std::path::PathBuf;
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
    /// Factors of the learning rate for parts of the network, by the beginnings of their names: `("layer4", 0.1)`. Of
    /// several that fit, the last counts. (Discriminative learning rates; Howard and Ruder, 2018.)
    pub rate_factors: Vec<(String, f64)>,
    /// Parts of the network to unfreeze at the beginning of an epoch, counted from 1: `(3, "layer4")`. (Gradual
    /// unfreezing.)
    pub unfreeze: Vec<(usize, String)>,
    /// Whether what a frozen beginning of the network makes of the training pictures is kept from epoch to epoch.
    pub frozen_features: FrozenFeatures,
    /// A folder where such features are kept from session to session. Features of other weights, pictures or transforms
    /// are told apart.
    pub features_folder: Option<PathBuf>,
    /// The most bytes that such features of one data set may take in memory. Where they would take more, they are made anew
    /// in every epoch.
    pub features_memory: usize,
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
            rate_factors: Vec::new(),
            unfreeze: Vec::new(),
            frozen_features: FrozenFeatures::Auto,
            features_folder: None,
            features_memory: 2 << 30,
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
    kept: Kept,
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
        for (part, factor) in &config.rate_factors {
            if !(factor.is_finite() && *factor >= 0.0) {
                return fail(format!("a learning rate factor of {factor} for `{part}`"));
            }
        }
        let names: Vec<String> = model.parameters().into_iter().map(|(name, _)| name).collect();
        let parts = config.rate_factors.iter().map(|(part, _)| part);
        let mut parts = parts.chain(config.unfreeze.iter().map(|(_, part)| part));
        if let Some(part) = parts.find(|part| !names.iter().any(|name| is_under(name, part))) {
            return fail(format!("no parameter of the network is under `{part}`"));
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
            kept: Kept::default(),
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
        self.kept.check(&*self.model);
        let result = (0..epochs).try_for_each(|_| self.epoch(monitor));
        if self.config.keep_best
            && let Some((_, best)) = &self.best
        {
            let mut best = best.clone();
            // Of the best epoch, the weights are wanted, not what was frozen then.
            let now = self.model.parameters();
            for ((_, parameter), (_, now)) in best.parameters_mut().into_iter().zip(now) {
                parameter.set_trainable(now.is_trainable());
            }
            self.model = best;
        }
        monitor.finish(&self.history);
        result.map(|()| self.history.clone())
    }

    fn epoch(&mut self, monitor: &mut dyn Monitor) -> Result<()> {
        let start = Instant::now();
        let epoch = self.history.epochs.len() + 1;
        let seed = self.config.seed;
        for (_, part) in self.config.unfreeze.iter().filter(|(when, _)| *when == epoch) {
            self.model.unfreeze(part)?;
        }
        let (mut seen, mut loss_sum, mut right) = (0, 0.0, 0);
        let order = self.train.shuffled_batches(self.config.batch_size, seed, epoch as u64);
        for (number, indices) in order.iter().enumerate() {
            notebook::check()?;
            let pass = Pass::training(seed ^ ((epoch as u64) << 32 | number as u64));
            let part = Part::Train { seed, epoch: epoch as u64 };
            let kept = self.kept.features(&*self.model, &self.train, part, &self.config)?;
            let inputs = match kept {
                Some(features) => features.batch(&self.train, indices)?,
                None => self.train.batch(indices, seed, epoch as u64)?.0,
            };
            let logits = logits_of(&*self.model, &inputs, &self.train, &pass)?;
            let labels: Vec<usize> = indices.iter().map(|row| self.train.labels()[*row]).collect();
            let (logits, tape) = logits.split_tape();
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
            let (rate, factors) = (self.config.learning_rate, &self.config.rate_factors);
            let rate_of = |name: &str| {
                let mut fitting = factors.iter().rev().filter(|(part, _)| is_under(name, part));
                (rate * fitting.next().map_or(1.0, |(_, factor)| *factor)) as f32
            };
            self.optimizer.step_with(self.model.parameters_mut(), &mut gradients, &rate_of)?;
            seen += labels.len();
            loss_sum += value * labels.len() as f64;
            monitor.batch(number + 1, loss_sum / seen as f64, right as f64 / seen as f64);
        }
        let validation = self.validate()?;
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
            && self
                .best
                .as_ref()
                .is_none_or(|(loss, _)| or_worst(validation.loss) < or_worst(*loss))
        {
            self.best = Some((validation.loss, self.model.clone()));
        }
        monitor.epoch(&self.history);
        Ok(())
    }

    fn validate(&mut self) -> Result<Evaluation> {
        let (model, set) = (&*self.model, &self.validation);
        match self.kept.features(model, set, Part::Validation, &self.config)? {
            None => Evaluation::new(model, set, &self.config.loss),
            Some(features) => Evaluation::on(model, set, &self.config.loss, &mut |indices| {
                features.batch(set, indices)
            }),
        }
    }

    /// Freezes the parameters whose names begin with `part`, and all with "". What a frozen beginning of the network makes
    /// of each picture is computed only once.
    ///
    /// Errors when there are none.
    pub fn freeze(&mut self, part: &str) -> Result<()> {
        self.model.freeze(part)
    }

    /// Makes the parameters whose names begin with `part` trainable again, and all with "".
    ///
    /// Errors when there are none.
    pub fn unfreeze(&mut self, part: &str) -> Result<()> {
        self.model.unfreeze(part)
    }

    /// The network's answers on a data set, in inference.
    pub fn evaluate(&self, set: &Dataset) -> Result<Evaluation> {
        Evaluation::new(&*self.model, set, &self.config.loss)
    }

    /// The network's layers as a table, run on the first training example.
    pub fn summary(&self) -> Result<Summary> {
        Summary::new(&*self.model, &self.train.batch(&[0], self.config.seed, 0)?.0)
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

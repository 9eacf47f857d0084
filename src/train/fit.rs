//! The training loop.

use super::batches;
use super::callback::{Callback, TrainContext};
use super::epoch_progress::EpochProgress;
use super::evaluation::Evaluation;
use super::feature_cache::Part;
use super::fine_tune::{FineTune, FineTuning};
use super::history::{EpochRecord, History, MetricRecord, is_better};
use super::learner::{Best, Learner};
use super::live::LiveCurves;
use super::metric;
use super::monitor::{Monitor, Silent};
use super::targets::takes_values;
use crate::{Error, ErrorKind, Result};
use std::time::Instant;

/// One call of `fit`.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// The epoch at which it ends.
    until: usize,
    /// Batches in an epoch.
    pub batches: usize,
    /// Examples of each batch of the epoch.
    pub examples: Vec<usize>,
    /// Batch under way, counted from 1.
    pub batch: usize,
    pub loss: f64,
    pub stop: Option<String>,
    /// Whether the user has interrupted one of several processes.
    pub interrupted: bool,
    /// Whether an error is one that all processes have noticed at the same time.
    pub agreed: bool,
    messages: Vec<String>,
}

impl Learner {
    /// Trains for `epochs` more epochs and shows their course, live in a notebook. Training continues from the current
    /// weights: `fit(2)` twice is `fit(4)`.
    ///
    /// # Errors
    /// As [`Self::fit_with`].
    pub fn fit(&mut self, epochs: usize) -> Result<History> {
        self.fit_with(epochs, &mut LiveCurves::new())
    }

    /// Trains for `epochs` more epochs and reports to `monitor`. After an interruption, the epoch that was under way is
    /// the first of them and goes on where it stopped.
    ///
    /// # Errors
    /// `Interrupted` between two batches when the user requests it: network and history stay as they are, and another
    /// call continues. `Numeric` when the loss is NaN or infinite.
    pub fn fit_with(&mut self, epochs: usize, monitor: &mut dyn Monitor) -> Result<History> {
        self.stopped = None;
        self.end_fine_tuning();
        self.run(self.history.epochs.len() + epochs, monitor)
    }

    /// Trains until the history has `epochs` epochs; does nothing when it has, or when a callback has ended the run. For
    /// runs that [`resume`](Self::resume).
    ///
    /// # Errors
    /// As [`Self::fit_with`].
    pub fn fit_until(&mut self, epochs: usize) -> Result<History> {
        self.fit_until_with(epochs, &mut LiveCurves::new())
    }

    /// [`Self::fit_until`] that reports to `monitor`.
    ///
    /// # Errors
    /// As [`Self::fit_with`].
    pub fn fit_until_with(&mut self, epochs: usize, monitor: &mut dyn Monitor) -> Result<History> {
        self.end_fine_tuning();
        self.run(epochs, monitor)
    }

    /// Fine-tunes a pretrained network in one line, as fastai's `fine_tune`: an epoch with a frozen backbone, then
    /// `epochs` with all layers, those near the images at a lower learning rate than the head (discriminative learning
    /// rates; Howard and Ruder, 2018), each stage with a one-cycle schedule. The head is whatever lies outside
    /// [`Model::backbone`](crate::nn::Model::backbone); where that is the whole network, its last layer.
    ///
    /// Batch normalization in a frozen backbone keeps its statistics, so that its features are computed only once per
    /// image (fastai goes on training it). Afterwards all layers are trainable, and the learning rate is again that of
    /// the settings. After an interruption or [`resume`](Self::resume), the same call goes on.
    ///
    /// ```
    /// # use cuaderno::prelude::*;
    /// # use cuaderno::images::ImageSet;
    /// # fn main() -> Result<()> {
    /// # let pixels: Vec<u8> = (0..8 * 3 * 64).map(|i| if i / 192 % 2 == 0 { 30 } else { 200 }).collect();
    /// # let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["dark", "light"])?
    /// #     .with_images(&ImageSet::from_pixels(pixels, 8, 8)?)?;
    /// # let network = models::small_cnn(8, 2, 0)?;
    /// let config = TrainConfig { batch_size: 4, learning_rate: 2e-3, ..TrainConfig::default() };
    /// let mut learner = Learner::new(network, &set, &set, &config)?;
    /// let history = learner.fine_tune(2)?;
    /// assert_eq!(history.epochs.len(), 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::fit_with`]; [`ErrorKind::Parameter`] when the network has no backbone.
    pub fn fine_tune(&mut self, epochs: usize) -> Result<History> {
        self.fine_tune_with(epochs, &FineTune::default(), &mut LiveCurves::new())
    }

    /// [`Self::fine_tune`] with other settings, which reports to `monitor`. A [`Schedule`](super::callbacks::Schedule)
    /// among the callbacks takes precedence over the learning rates here.
    ///
    /// # Errors
    /// As [`Self::fine_tune`], and [`ErrorKind::Parameter`] when a setting is out of range, or a fine-tuning with others
    /// has been interrupted.
    pub fn fine_tune_with(
        &mut self,
        epochs: usize,
        settings: &FineTune,
        monitor: &mut dyn Monitor,
    ) -> Result<History> {
        let until = self.plan_fine_tuning(epochs, settings)?;
        let history = self.run(until, monitor)?;
        self.end_fine_tuning();
        Ok(history)
    }

    /// Plans a fine-tuning, or continues the one that was interrupted. Returns the epoch at which it ends.
    fn plan_fine_tuning(&mut self, epochs: usize, settings: &FineTune) -> Result<usize> {
        let start = self.fine_tuning.as_ref().map_or(self.history.epochs.len(), |one| one.start);
        let rate = self.config.learning_rate;
        let planned = FineTuning::new(&*self.model, *settings, epochs, start, rate)?;
        match &self.fine_tuning {
            None => self.stopped = None,
            Some(one) if one.settings == planned.settings && one.epochs == epochs => {}
            Some(one) => {
                let problem = format!(
                    "a fine-tuning of {} epochs with {:?} was interrupted",
                    one.epochs, one.settings
                );
                return Err(Error::new(ErrorKind::Parameter, problem)
                    .help("continue it by the same call, or make a new learner"));
            }
        }
        let until = planned.until();
        self.fine_tuning = Some(planned);
        Ok(until)
    }

    fn end_fine_tuning(&mut self) {
        if self.fine_tuning.take().is_some() {
            self.learning_rate = self.config.learning_rate;
        }
    }

    fn run(&mut self, until: usize, monitor: &mut dyn Monitor) -> Result<History> {
        let done = self.history.epochs.len();
        let batches = self.plan(done + 1).len();
        let mut run = Run { until, batches, loss: f64::NAN, ..Run::default() };
        let mut silent = Silent;
        let monitor: &mut dyn Monitor = if self.is_first() { monitor } else { &mut silent };
        monitor.start(until.saturating_sub(done), batches);
        if !self.history.epochs.is_empty() {
            monitor.resume(&self.history);
        }
        let started = self.start_together(until);
        self.feature_cache.check(&*self.model);
        let result = started.and_then(|()| self.epochs(&mut run, monitor));
        if let Err(error) = &result
            && !run.agreed
        {
            self.group.abort(error);
        }
        for message in run.messages.drain(..) {
            monitor.message(&message);
        }
        monitor.finish(&self.history);
        result.map(|()| self.history.clone())
    }

    fn epochs(&mut self, run: &mut Run, monitor: &mut dyn Monitor) -> Result<()> {
        if let Some(reason) = &self.stopped {
            run.messages.push(reason.clone());
            return Ok(());
        }
        if self.history.epochs.len() >= run.until {
            return Ok(());
        }
        self.hook(run, |callback, context| callback.on_train_begin(context))?;
        while self.history.epochs.len() < run.until && run.stop.is_none() {
            self.epoch(run, monitor)?;
            for message in run.messages.drain(..) {
                monitor.message(&message);
            }
        }
        self.stopped = run.stop.clone();
        self.hook(run, |callback, context| callback.on_train_end(context))?;
        run.messages.extend(run.stop.take());
        Ok(())
    }

    /// Calls a hook of every callback.
    pub(super) fn hook(
        &mut self,
        run: &mut Run,
        hook: impl Fn(&mut dyn Callback, &mut TrainContext<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.callbacks.0.is_empty() {
            return Ok(());
        }
        let (mut callbacks, first) = (std::mem::take(&mut self.callbacks), self.is_first());
        let result = callbacks.each(first, &mut self.context(run), hook);
        self.callbacks = callbacks;
        result?;
        let rate = self.learning_rate;
        if rate.is_finite() && rate >= 0.0 {
            return Ok(());
        }
        let problem = format!("a callback has set the learning rate to {rate}");
        Err(Error::new(ErrorKind::Parameter, problem).help("it must be finite and at least 0"))
    }

    pub(super) fn context<'a>(&'a mut self, run: &'a mut Run) -> TrainContext<'a> {
        let epoch = self.progress_epoch();
        TrainContext {
            model: &mut *self.model,
            history: &self.history,
            learning_rate: &mut self.learning_rate,
            base_learning_rate: self.config.learning_rate,
            epoch,
            epochs: run.until,
            batch: run.batch,
            batches: run.batches,
            loss: run.loss,
            seed: self.config.seed,
            stop: &mut run.stop,
            messages: &mut run.messages,
        }
    }

    /// The epoch under way, or the one just recorded where none is.
    fn progress_epoch(&self) -> usize {
        self.history.epochs.len()
            + usize::from(self.progress.started || self.history.epochs.is_empty())
    }

    pub(super) fn plan(&self, epoch: usize) -> Vec<Vec<usize>> {
        let config = &self.config;
        batches::plan(&self.train, config.batch_size, config.last_batch, config.seed, epoch)
    }

    /// Trains one epoch, or the rest of the one that is under way.
    fn epoch(&mut self, run: &mut Run, monitor: &mut dyn Monitor) -> Result<()> {
        let start = Instant::now();
        let before = self.progress.seconds;
        let epoch = self.history.epochs.len() + 1;
        if !self.progress.started {
            self.progress.started = true;
            for (_, part) in self.config.unfreeze.iter().filter(|(when, _)| *when == epoch) {
                self.model.unfreeze(part)?;
            }
            if let Some(tuning) = &self.fine_tuning {
                tuning.prepare(&mut *self.model, epoch);
            }
            run.batch = 0;
            self.hook(run, |callback, context| callback.on_epoch_begin(context))?;
        }
        let order = self.plan(epoch);
        run.batches = order.len();
        run.examples = order.iter().map(Vec::len).collect();
        let rest = order.get(self.progress.batches..).unwrap_or_default();
        let shares = self.is_parallel().then(|| self.shares(rest));
        let rest = shares.as_deref().unwrap_or(rest);
        let trained = self.each_batch(rest, epoch, &mut |learner, batch| {
            learner.step(batch, epoch, run, monitor)
        });
        self.progress.seconds = before + start.elapsed().as_secs_f64();
        trained?;
        if self.progress.batches < order.len() {
            return Ok(());
        }
        self.hook(run, |callback, context| callback.on_validation_begin(context))?;
        let validation = self.validate()?;
        let record = self.record(epoch, &validation, before + start.elapsed().as_secs_f64());
        self.keep_best(&record);
        self.history.epochs.push(record);
        self.progress = EpochProgress::default();
        self.hook(run, |callback, context| callback.on_validation_end(context))?;
        self.hook(run, |callback, context| callback.on_epoch_end(context))?;
        self.stop_together(run)?;
        monitor.epoch(&self.history);
        self.stopped = run.stop.clone();
        self.autosave_epoch()?;
        monitor.check()
    }

    fn validate(&mut self) -> Result<Evaluation> {
        let (model, set) = (&*self.model, &*self.validation);
        let config = self.config.cache();
        let (loss, group) = (&self.config.loss, &*self.group);
        match self.feature_cache.features(model, set, Part::Validation, &config)? {
            None => Evaluation::on(model, set, loss, group, &mut |indices| {
                Ok(set.batch(indices, 0, 0)?.0)
            }),
            Some(features) => {
                Evaluation::on(model, set, loss, group, &mut |indices| features.batch(set, indices))
            }
        }
    }

    fn record(&self, epoch: usize, validation: &Evaluation, seconds: f64) -> EpochRecord {
        let train = self.train_evaluation();
        let metrics = self.config.metrics.iter().map(|name| MetricRecord {
            name: name.clone(),
            train: match &train {
                Some(train) if metric::needs_classes_only(name) => {
                    metric::compute(name, train).unwrap_or(f64::NAN)
                }
                _ => f64::NAN,
            },
            validation: metric::compute(name, validation).unwrap_or(f64::NAN),
        });
        EpochRecord {
            epoch,
            train_loss: self.progress.loss(),
            train_accuracy: self.accuracy(),
            validation_loss: validation.loss,
            validation_accuracy: validation.accuracy,
            metrics: metrics.collect(),
            learning_rate: self.learning_rate,
            seconds,
        }
    }

    /// The predictions of the epoch's training batches, if metrics need them.
    fn train_evaluation(&self) -> Option<Evaluation> {
        let progress = &self.progress;
        if progress.labels.is_empty() || takes_values(&self.config.loss) {
            return None;
        }
        Some(Evaluation {
            loss: progress.loss(),
            accuracy: progress.accuracy(),
            labels: progress.labels.clone(),
            predictions: progress.predictions.clone(),
            probabilities: Vec::new(),
            targets: Vec::new(),
            classes: self.train.classes().to_vec(),
        })
    }

    /// Copies the network beside if this epoch is the best so far.
    fn keep_best(&mut self, record: &EpochRecord) {
        let monitor = &self.config.monitor;
        let Some(value) = record.value(monitor).filter(|_| self.config.keep_best) else { return };
        if self.best.as_ref().is_none_or(|best| is_better(monitor, value, best.value)) {
            let model = self.model.clone();
            self.best = Some(Best { value, epoch: record.epoch, model });
        }
    }
}

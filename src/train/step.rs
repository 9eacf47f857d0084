//! One training step: a batch, its loss, and the move against the gradient.

use super::batches;
use super::callback::Batch;
use super::evaluation::predicted;
use super::feature_cache::Part;
use super::fit::Run;
use super::gradients;
use super::learner::Learner;
use super::measured::Measured;
use super::monitor::Monitor;
use super::targets::{loss_of, outputs_of, probabilities};
use crate::data::Targets;
use crate::nn::{Pass, has_prefix};
use crate::tensor::{Gradients, LossKind, Tensor0, Tensor2, backward, fork, out_of_memory, read};
use crate::{Error, ErrorKind, Result};
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{TryAdd, TryMul};

impl Learner {
    /// Passes the batches to `step`, one after the other, until it returns that there is to be no other.
    pub(super) fn each_batch(
        &mut self,
        order: &[Vec<usize>],
        epoch: usize,
        step: &mut dyn FnMut(&mut Self, Batch) -> Result<bool>,
    ) -> Result<()> {
        let (set, seed) = (self.train.clone(), self.config.seed);
        if self.cached_batch(epoch, &[])?.is_none() {
            return batches::each(&set, order, (seed, epoch), &mut |batch| step(self, batch));
        }
        for indices in order {
            let batch = match self.cached_batch(epoch, indices)? {
                Some(batch) => batch,
                None => batches::prepare(&set, indices, seed, epoch)?,
            };
            if !step(self, batch)? {
                break;
            }
        }
        Ok(())
    }

    /// A batch of cached features, if the frozen prefix has some.
    fn cached_batch(&mut self, epoch: usize, indices: &[usize]) -> Result<Option<Batch>> {
        let part = Part::Train { seed: self.config.seed, epoch: epoch as u64 };
        let config = self.config.cache();
        let features = self.feature_cache.features(&*self.model, &self.train, part, &config)?;
        let Some(features) = features else { return Ok(None) };
        let inputs = features.batch(&self.train, indices)?;
        batches::with_targets(&self.train, indices, inputs).map(Some)
    }

    /// Trains on one batch. Returns whether the run goes on.
    pub(super) fn step(
        &mut self,
        mut batch: Batch,
        epoch: usize,
        run: &mut Run,
        monitor: &mut dyn Monitor,
    ) -> Result<bool> {
        self.check_interruption(run)?;
        let number = self.progress.batches;
        run.batch = number + 1;
        if let Some(tuning) = &self.fine_tuning {
            let part = number as f64 / run.batches.max(1) as f64;
            self.learning_rate = tuning.rate((epoch - 1) as f64 + part)?;
        }
        if !self.callbacks.0.is_empty() {
            let (mut callbacks, first) = (std::mem::take(&mut self.callbacks), self.is_first());
            let started = callbacks.each(first, &mut self.context(run), |callback, context| {
                callback.on_batch_begin(context, &mut batch)
            });
            self.callbacks = callbacks;
            started?;
        }
        let before = self.buffers_before();
        let (rows, loss) = self.forward(&batch, &self.pass([epoch, number], self.group.rank()))?;
        let (value, loss) = value_of(loss);
        let mut measured = self.measured(&batch, &rows, value);
        let mut gradients = None;
        if self.is_parallel() {
            let mut own = backward(loss)?;
            let examples = run.examples.get(number).copied().unwrap_or_default();
            measured = self.reduce(&mut own, &before, &batch, measured, examples)?;
            gradients = Some(own);
        } else if value.is_finite() {
            gradients = Some(backward(loss)?);
        }
        run.loss = measured.loss;
        let Some(gradients) = gradients.filter(|_| run.loss.is_finite()) else {
            return self.invalid_loss(&batch, epoch, run);
        };
        self.descend(gradients, measured.weight, number + 1 == run.batches)?;
        self.progress.add(measured);
        self.hook(run, |callback, context| callback.on_batch_end(context))?;
        self.stop_together(run)?;
        let progress = &self.progress;
        monitor.batch(number + 1, progress.loss(), self.accuracy());
        self.autosave_batch(number + 1 == run.batches)?;
        Ok(run.stop.is_none())
    }

    /// The forward pass of a batch in training, whose random numbers depend on its place and the process.
    pub(super) fn pass(&self, [epoch, number]: [usize; 2], rank: usize) -> Pass {
        let place = (epoch as u64) << 32 | number as u64;
        Pass::training(self.config.seed ^ place ^ (rank as u64) << 48)
    }

    /// The predictions for a batch, a row of probabilities or values per example, and its loss.
    pub(super) fn forward(&self, batch: &Batch, pass: &Pass) -> Result<(Vec<f32>, Tensor0)> {
        let options = &self.config.loss;
        let outputs = outputs_of(&*self.model, &batch.inputs, &self.train, options, pass)?;
        let (outputs, tape) = outputs.split_tape();
        let rows = probabilities(&outputs, options);
        Ok((rows, self.loss(outputs.put_tape(tape), batch)?))
    }

    fn loss(&self, outputs: Tensor2, batch: &Batch) -> Result<Tensor0> {
        let loss = |targets: &Targets, outputs: Tensor2| {
            loss_of(targets, outputs, &self.config.loss, batch.weights.as_deref())
        };
        let Some((second, part)) = &batch.mixed else { return loss(&batch.targets, outputs) };
        let [first, other] = fork(outputs);
        let scaled = |loss: Tensor0, factor: f32| loss.try_mul(factor).map_err(out_of_memory);
        let first = scaled(loss(&batch.targets, first)?, 1.0 - part)?;
        let second = scaled(loss(second, other)?, *part)?;
        first.try_add(second).map_err(out_of_memory)
    }

    /// Ends the run at a loss that is not finite, by a callback or with an error.
    fn invalid_loss(&mut self, batch: &Batch, epoch: usize, run: &mut Run) -> Result<bool> {
        let mut callbacks = std::mem::take(&mut self.callbacks);
        let mut handled = Ok(false);
        let writing = self.is_first();
        let mut context = self.context(run);
        for callback in callbacks.0.iter_mut().filter(|one| writing || !one.only_writes()) {
            if !matches!(handled, Ok(false)) {
                break;
            }
            handled = callback.on_invalid_loss(&mut context, batch);
        }
        self.callbacks = callbacks;
        if handled? {
            return Ok(false);
        }
        run.agreed = true;
        let problem = format!("the loss is {} in epoch {epoch}, batch {}", run.loss, run.batch);
        Err(Error::new(ErrorKind::Numeric, problem)
            .help("lower the learning rate, and check the inputs for NaN"))
    }

    /// The step against the gradients of a batch, once enough batches have been accumulated.
    pub(super) fn descend(
        &mut self,
        mut gradients: Gradients,
        weight: f64,
        last: bool,
    ) -> Result<()> {
        let config = &self.config;
        if config.accumulate > 1 || config.clip_norm.is_some() {
            let parameters = self.model.parameters();
            let mut values = if config.accumulate > 1 {
                self.accumulated.add(&parameters, &mut gradients, weight)?;
                if self.accumulated.batches < config.accumulate && !last {
                    return Ok(());
                }
                self.accumulated.take()
            } else {
                gradients::take_all(&parameters, &mut gradients)?
            };
            if let Some(norm) = config.clip_norm {
                gradients::clip(&mut values, norm);
            }
            gradients::put_all(&parameters, &mut gradients, values)?;
        }
        let (rate, groups) = (self.learning_rate, &self.config.param_groups);
        let tuning = self.fine_tuning.as_ref();
        let rate_of = |name: &str| {
            let mut matching = groups.iter().rev().filter(|(part, _)| has_prefix(name, part));
            let factor = matching.next().map_or(1.0, |(_, factor)| *factor);
            (rate * factor * tuning.map_or(1.0, |tuning| tuning.factor(name))) as f32
        };
        self.optimizer.step_with(self.model.parameters_mut(), &mut gradients, &rate_of)
    }

    /// The measurements of a batch with these predictions and this loss.
    fn measured(&self, batch: &Batch, rows: &[f32], loss: f64) -> Measured {
        let (seen, options) = (batch.indices.len(), &self.config.loss);
        let mut measured = Measured { loss, weight: batch.weight(), seen, ..Measured::default() };
        let width = (rows.len() / seen.max(1)).max(1);
        match &batch.targets {
            Targets::Classes(labels) => {
                let found = rows.chunks_exact(width).map(|row| predicted(row, options));
                let found: Vec<usize> = found.collect();
                measured.right = found.iter().zip(labels).filter(|(a, b)| a == b).count();
                if !self.config.metrics.is_empty() {
                    measured.labels = labels.clone();
                    measured.predictions = found;
                }
            }
            Targets::MultiLabel(values) | Targets::Values(values) => {
                let same = |(p, t): (&f32, &f32)| (*p > 0.5) == (*t > 0.5);
                let pairs = rows.chunks_exact(width).zip(values.rows());
                measured.right = pairs.filter(|(p, t)| p.iter().zip(t).all(same)).count();
            }
        }
        measured
    }

    /// Training accuracy of the epoch so far; NaN in regression.
    pub(super) fn accuracy(&self) -> f64 {
        match self.config.loss.kind {
            LossKind::MeanSquaredError => f64::NAN,
            _ => self.progress.accuracy(),
        }
    }
}

/// The value of a loss, and the loss again.
pub(super) fn value_of(loss: Tensor0) -> (f64, Tensor0) {
    let (loss, tape) = loss.split_tape();
    let value = f64::from(read(&loss)[0]);
    (value, loss.put_tape(tape))
}

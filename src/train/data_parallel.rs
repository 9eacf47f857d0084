//! Training on a group of processes, each of which takes its share of every batch.

use super::callback::Batch;
use super::fit::Run;
use super::learner::Learner;
use super::measured::Measured;
use crate::cluster::Collective;
use crate::data::Targets;
use crate::hash::Hash;
use crate::tensor::Gradients;
use crate::{Error, ErrorKind, Result, notebook};
use std::ops::Range;
use std::sync::Arc;

impl Learner {
    /// The same learner as one of a group of processes that train one network together (data-parallel training, as PyTorch's
    /// `DistributedDataParallel`). Build it in the same way in every process and call the same methods there; every process
    /// then has the same weights, history and best epoch.
    ///
    /// - [`TrainConfig::batch_size`](super::TrainConfig::batch_size) is that of the group: each process takes its share of every
    ///   batch. Gradients are averaged by what the examples weigh in the loss, so that a ragged last batch, class weights and
    ///   weights of examples give the step of one process with the whole batch, within rounding.
    /// - Weights and buffers are those of the first process when `fit` starts.
    /// - Batch normalization normalizes by the share of its own process, as `DistributedDataParallel` without `SyncBatchNorm`; the
    ///   running averages are the mean over the processes after each step, weighted by their numbers of examples. Dropout
    ///   differs from process to process; mixed examples are of one share.
    /// - Validation after an epoch is divided too. The first process alone reports, saves, and calls the callbacks that
    ///   [only write](super::Callback::only_writes). A callback that stops training in one process stops it in all.
    /// - An error in one process ends all; see [`Collective::abort`].
    ///
    /// Each process has threads of its own: set `RAYON_NUM_THREADS` where several share a machine. [`Self::evaluate`] and
    /// [`Self::find_learning_rate`] run in full in every process, and so do the activations of a frozen prefix.
    ///
    /// ```
    /// use cuaderno::cluster::ThreadGroup;
    /// use cuaderno::prelude::*;
    /// use cuaderno::train::Silent;
    /// # fn main() -> Result<()> {
    /// # let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
    /// # let names = vec!["a".to_string(), "b".to_string()];
    /// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
    /// let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["even", "odd"])?.with_features(&features)?;
    /// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
    /// // Threads here; `cluster::Mpi::run` on processes.
    /// let histories = ThreadGroup::run(2, |group| {
    ///     let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
    ///     let mut learner = Learner::new(model, &set, &set, &config)?.with_collective(group)?;
    ///     learner.fit_with(3, &mut Silent)
    /// })?;
    /// let losses = |history: &History| history.epochs[2].train_loss;
    /// assert_eq!(losses(&histories[0]), losses(&histories[1]));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when the batch size is below the number of processes.
    pub fn with_collective(mut self, group: Arc<dyn Collective>) -> Result<Self> {
        let (size, batch) = (group.size(), self.config.batch_size);
        if batch < size {
            let problem =
                format!("`batch_size` must be at least the {size} processes, found {batch}");
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("it is that of all processes together"));
        }
        self.group = group;
        Ok(self)
    }

    /// Returns `true` if training runs on several processes.
    pub(super) fn is_parallel(&self) -> bool {
        self.group.size() > 1
    }

    /// Returns `true` if this process reports and saves.
    pub(super) fn is_first(&self) -> bool {
        self.group.rank() == 0
    }

    /// Checks that the processes are about to do the same, and takes over the weights and buffers of the first.
    pub(super) fn start_together(&mut self, until: usize) -> Result<()> {
        if !self.is_parallel() {
            return Ok(());
        }
        let mut hash = Hash::default();
        for (name, value) in self.checked() {
            hash.add(name.as_bytes());
            hash.add(value.to_string().as_bytes());
        }
        for count in [until, self.history.epochs.len(), self.progress.batches] {
            hash.add_word(count as u64);
        }
        hash.add_word(self.learning_rate.to_bits());
        // Sums of bytes are exact in the numbers of any group.
        let own = hash.0.to_le_bytes().map(f32::from);
        let mut sums = own;
        self.group.all_reduce_sum(&mut sums)?;
        let size = self.group.size() as f32;
        if sums.iter().zip(own).any(|(sum, own)| *sum != own * size) {
            let problem = "expected the same data, network, settings and epoch in every process, found others";
            return Err(Error::new(ErrorKind::Cluster, problem).help(
                "build the learner in the same way in each, and resume from a folder that all can read",
            ));
        }
        let group = &*self.group;
        for (_, parameter) in self.model.parameters_mut() {
            let mut values = parameter.values().into_owned();
            group.broadcast(&mut values, 0)?;
            parameter.update(&mut |own| own.copy_from_slice(&values))?;
        }
        for (_, buffer) in self.model.buffers() {
            let mut values = buffer.values();
            group.broadcast(&mut values, 0)?;
            buffer.set(values)?;
        }
        Ok(())
    }

    /// The places of a batch of `examples` that this process takes; none in a batch of fewer examples than processes.
    fn share(&self, examples: usize) -> Range<usize> {
        let (rank, size) = (self.group.rank(), self.group.size());
        examples * rank / size..examples * (rank + 1) / size
    }

    /// The examples of each batch that this process computes. A process without a share computes the first example, which then
    /// weighs nothing: all processes pass through the same steps.
    pub(super) fn shares(&self, order: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let share = |batch: &Vec<usize>| match self.share(batch.len()) {
            range if range.is_empty() => batch.first().copied().into_iter().collect(),
            range => batch[range].to_vec(),
        };
        order.iter().map(share).collect()
    }

    /// The values of all buffers before a step, where their change is to be averaged.
    pub(super) fn buffers_before(&self) -> Vec<Vec<f32>> {
        match self.is_parallel() {
            true => self.model.buffers().iter().map(|(_, buffer)| buffer.values()).collect(),
            false => Vec::new(),
        }
    }

    /// Puts the mean gradients over all processes in place of those of this one's share, and averages the change of the buffers
    /// since `before`. Returns the measurements of the whole batch, which has this many `examples`.
    pub(super) fn reduce(
        &self,
        gradients: &mut Gradients,
        before: &[Vec<f32>],
        batch: &Batch,
        own: Measured,
        examples: usize,
    ) -> Result<Measured> {
        let share = self.share(examples);
        let idle = share.is_empty();
        let weight = if idle { 0.0 } else { self.loss_weight(batch) };
        let seen = if idle { 0.0 } else { own.seen as f64 };
        // A loss that is not finite must not become one by a weight of 0.
        let weighted = |value: f32, weight: f64| match idle {
            true => 0.0,
            false => (f64::from(value) * weight) as f32,
        };
        let parameters = self.model.parameters();
        let trained = || parameters.iter().filter(|(_, parameter)| parameter.is_trainable());
        let mut values = Vec::new();
        for (_, parameter) in trained() {
            let gradient = parameter.take_gradient(gradients)?;
            values.extend(gradient.iter().map(|value| weighted(*value, weight)));
        }
        let buffers = self.model.buffers();
        for ((_, buffer), before) in buffers.iter().zip(before) {
            let after = buffer.values();
            let change = after.iter().zip(before).map(|(after, before)| after - before);
            values.extend(change.map(|change| weighted(change, seen)));
        }
        values.extend([
            weighted(own.loss as f32, weight),
            weight as f32,
            weighted(own.weight as f32, 1.0),
            seen as f32,
            weighted(own.right as f32, 1.0),
        ]);
        let places = values.len();
        if !own.labels.is_empty() {
            values.resize(places + 2 * examples, 0.0);
            let (labels, predictions) = values[places..].split_at_mut(examples);
            for (into, from) in [(labels, &own.labels), (predictions, &own.predictions)] {
                let pairs = into[share.clone()].iter_mut().zip(from);
                pairs.for_each(|(into, from)| *into = *from as f32);
            }
        }
        self.group.all_reduce_sum(&mut values)?;

        let [loss, total, weight, seen, right] = match values[places - 5..places] {
            [loss, total, weight, seen, right] => [loss, total, weight, seen, right].map(f64::from),
            _ => [f64::NAN; 5],
        };
        let share_of = |total: f64| if total > 0.0 { 1.0 / total } else { 0.0 };
        let mut rest = &values[..];
        let mut take = |count: usize, factor: f64| {
            let (first, others) = rest.split_at(count);
            rest = others;
            first.iter().map(|value| (f64::from(*value) * factor) as f32).collect::<Vec<_>>()
        };
        for (_, parameter) in trained() {
            parameter.put_gradient(gradients, take(parameter.count(), share_of(total)))?;
        }
        for ((_, buffer), before) in buffers.iter().zip(before) {
            let change = take(before.len(), share_of(seen));
            buffer
                .set(before.iter().zip(change).map(|(before, change)| before + change).collect())?;
        }
        let classes = |from: &[f32]| from.iter().map(|class| *class as usize).collect();
        let (labels, predictions) = values[places..].split_at((values.len() - places) / 2);
        Ok(Measured {
            loss: loss * share_of(total),
            weight,
            seen: seen as usize,
            right: right as usize,
            labels: classes(labels),
            predictions: classes(predictions),
        })
    }

    /// What the mean loss of a batch is divided by: the sum of the weights of its examples, with those of their classes where
    /// these count in the divisor too.
    fn loss_weight(&self, batch: &Batch) -> f64 {
        let options = &self.config.loss;
        let (Some(classes), Targets::Classes(labels)) = (&options.class_weights, &batch.targets)
        else {
            return batch.weight();
        };
        let weight = |row: usize| match &batch.weights {
            Some(weights) => f64::from(weights.get(row).copied().unwrap_or(1.0)),
            None => 1.0,
        };
        let of_class = |label: usize| f64::from(classes.get(label).copied().unwrap_or(1.0));
        labels.iter().enumerate().map(|(row, label)| of_class(*label) * weight(row)).sum()
    }

    /// Stops in all processes what a callback or the user has stopped in one.
    pub(super) fn stop_together(&self, run: &mut Run) -> Result<()> {
        if !self.is_parallel() {
            return Ok(());
        }
        let mut flags =
            [run.stop.is_some(), notebook::interrupted()].map(|flag| f32::from(u8::from(flag)));
        self.group.all_reduce_sum(&mut flags)?;
        if flags[0] > 0.0 {
            run.stop.get_or_insert_with(|| "stopped by a callback of another process".to_string());
        }
        run.interrupted |= flags[1] > 0.0;
        Ok(())
    }

    /// Ends the run at an interruption; that of several processes, where all have noticed it.
    pub(super) fn check_interruption(&self, run: &mut Run) -> Result<()> {
        if !self.is_parallel() {
            return notebook::check();
        }
        if !run.interrupted {
            return Ok(());
        }
        run.agreed = true;
        Err(Error::new(ErrorKind::Interrupted, "stopped at your request in one of the processes"))
    }
}

//! Checkpoints: the whole state of a learner in a folder, written whole or not at all.

use super::autosave::Autosave;
use super::checkpoint_file::{CheckpointFile, number, read_number};
use super::epoch_progress::EpochProgress;
use super::fine_tune::{FineTune, FineTuning};
use super::gradients::Accumulated;
use super::history::{EpochRecord, History, MetricRecord};
use super::learner::{Best, Learner};
use super::optimizer::Optimizer;
use super::state::State;
use crate::data::Dataset;
use crate::hash::Hash;
use crate::nn::{Parameter, Weights};
use crate::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file of a folder that holds the checkpoint.
const FILE: &str = "checkpoint.safetensors";

impl Learner {
    /// Saves everything into `folder` after each epoch from now on, and with `every_batches` also after that many
    /// batches within an epoch; see [`Self::save`].
    ///
    /// ```
    /// # use cuaderno::prelude::*;
    /// # fn learner() -> Result<Learner> {
    /// #     let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| (row + column) as f32 % 3.0);
    /// #     let names = vec!["a".to_string(), "b".to_string()];
    /// #     let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
    /// #     let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["x", "y"])?.with_features(&features)?;
    /// #     let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
    /// #     Learner::new(model, &set, &set, &TrainConfig { batch_size: 2, ..TrainConfig::default() })
    /// # }
    /// # fn main() -> Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("cuaderno-save-into-{}", std::process::id()));
    /// let mut learner = learner()?;
    /// learner.resume(&folder)?; // continues where the last run of this program ended, if there was one
    /// learner.save_into(&folder, Some(100))?;
    /// learner.fit_until(3)?;
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When `every_batches` is 0 or the folder cannot be created.
    pub fn save_into(
        &mut self,
        folder: impl Into<PathBuf>,
        every_batches: Option<usize>,
    ) -> Result<()> {
        let folder = folder.into();
        if every_batches == Some(0) {
            let problem = "`every_batches` must be at least 1, found 0";
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        std::fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
        self.autosave = Some(Autosave { folder, batches: every_batches });
        Ok(())
    }

    /// Saves weights, buffers, optimizer, learning rate, callbacks, history, epoch and batch, the best weights, and what
    /// a resumed run is checked against: settings, data, version. The file replaces the old one only once it is on
    /// disk, so that a crash or a full disk at any moment leaves one of the two whole. Of several processes that train
    /// together, the first alone saves.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&mut self, folder: impl AsRef<Path>) -> Result<()> {
        if !self.is_first() {
            return Ok(());
        }
        let folder = folder.as_ref();
        let best = self.save_best(folder)?;
        let mut file = CheckpointFile::default();
        file.add_weights("model", &Weights::of(&*self.model))?;
        let states = self.optimizer.states()?;
        for (place, (_, moments)) in states.iter().enumerate() {
            for (moment, values) in moments.iter().enumerate() {
                file.add(&format!("optimizer.{place}.{moment}"), values.clone())?;
            }
        }
        for (place, sums) in self.accumulated.sums.iter().enumerate().filter(|(_, s)| !s.is_empty())
        {
            file.add(&format!("accumulated.{place}"), sums.clone())?;
        }
        let mut callbacks = Vec::new();
        for (place, callback) in self.callbacks.0.iter().enumerate() {
            let state = callback.state();
            if let Some(weights) = &state.weights {
                file.add_weights(&format!("callback.{place}"), weights)?;
            }
            callbacks.push(json!({
                "name": callback.name(),
                "numbers": state.numbers.iter().map(|(n, v)| (n.clone(), number(*v))).collect::<Map<_, _>>(),
                "texts": state.texts,
                "weights": state.weights.is_some(),
            }));
        }
        let frozen = self.model.parameters();
        let frozen = frozen.iter().filter(|(_, p)| !p.is_trainable()).map(|(name, _)| name);
        let progress = &self.progress;
        file.state = json!({
            "checked": self.checked(),
            "learning_rate": number(self.learning_rate),
            "frozen": frozen.collect::<Vec<_>>(),
            "moments": states.iter().map(|(_, m)| m.len()).collect::<Vec<_>>(),
            "steps": states.iter().map(|(steps, _)| *steps).collect::<Vec<_>>(),
            "accumulated": [number(self.accumulated.weight), self.accumulated.batches, self.accumulated.sums.len()],
            "fine_tuning": self.fine_tuning.as_ref().map(|one| json!([one.settings, one.epochs, one.start])),
            "callbacks": callbacks,
            "history": self.history.epochs.iter().map(record_json).collect::<Vec<_>>(),
            "best": best,
            "stopped": self.stopped,
            "progress": {
                "batches": progress.batches,
                "started": progress.started,
                "seen": progress.seen,
                "weight": number(progress.weight),
                "loss_sum": number(progress.loss_sum),
                "right": progress.right,
                "labels": progress.labels,
                "predictions": progress.predictions,
                "seconds": number(progress.seconds),
            },
        });
        file.write(&folder.join(FILE))?;
        remove_old_best(folder, self.saved_best.as_ref().map(|(_, epoch)| *epoch));
        Ok(())
    }

    /// Continues from the checkpoint in `folder`, if it holds one, and returns whether it does. The run then ends bit for
    /// bit as it would have without an interruption, with the same number of threads. Build the learner as in the first
    /// run: same network, data, settings and callbacks.
    ///
    /// # Errors
    /// When the checkpoint cannot be read, or was written by a run of another network, data, settings, callbacks or
    /// version; the message lists what differs.
    pub fn resume(&mut self, folder: impl AsRef<Path>) -> Result<bool> {
        let folder = folder.as_ref();
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(false);
        }
        let file = CheckpointFile::read(&path)?;
        self.check_same(&path, &file.state)?;
        self.take_over(folder, &file).map_err(|error| error.file(&path))?;
        remove_parts(folder);
        Ok(true)
    }

    fn take_over(&mut self, folder: &Path, file: &CheckpointFile) -> Result<()> {
        let state = &file.state;
        let mut model = self.model.clone();
        file.weights("model").load_into(&mut *model)?;
        let frozen: Vec<&str> = list(&state["frozen"]).filter_map(Value::as_str).collect();
        for (name, parameter) in model.parameters_mut() {
            parameter.set_trainable(!frozen.contains(&name.as_str()));
        }
        let steps = list(&state["steps"]).map(|v| count(v).map(|steps| steps as u32));
        let moments = list(&state["moments"]).map(count);
        let mut states = Vec::new();
        for (place, (steps, moments)) in steps.zip(moments).enumerate() {
            let values = (0..moments?).map(|m| file.values(&format!("optimizer.{place}.{m}")));
            states.push((steps?, values.collect::<Result<Vec<_>>>()?));
        }
        let mut optimizer = Optimizer::new(self.config.optimizer.clone())?;
        optimizer.restore(&states)?;
        let weight = read_number(&state["accumulated"][0])?;
        let [batches, length] = [1, 2].map(|place| count(&state["accumulated"][place]));
        let sums = (0..length?).map(|place| {
            file.tensors
                .get(&format!("accumulated.{place}"))
                .map_or_else(Vec::new, |t| t.values.clone())
        });
        let accumulated = Accumulated { sums: sums.collect(), weight, batches: batches? };
        let fine_tuning = match &state["fine_tuning"] {
            Value::Null => None,
            saved => {
                let settings = FineTune::deserialize(&saved[0])
                    .map_err(|_| super::checkpoint_file::damaged("settings", &saved[0]))?;
                let (epochs, start) = (count(&saved[1])?, count(&saved[2])?);
                let rate = self.config.learning_rate;
                Some(FineTuning::new(&*model, settings, epochs, start, rate)?)
            }
        };
        let epochs = list(&state["history"]).map(record).collect::<Result<Vec<_>>>()?;
        let best = self.read_best(folder, &state["best"])?;
        for (place, (callback, saved)) in
            self.callbacks.0.iter_mut().zip(list(&state["callbacks"])).enumerate()
        {
            let numbers = saved["numbers"].as_object().into_iter().flatten();
            let numbers = numbers.map(|(n, v)| Ok((n.clone(), read_number(v)?)));
            let texts = saved["texts"].as_object().into_iter().flatten();
            let texts = texts.filter_map(|(n, v)| Some((n.clone(), v.as_str()?.to_string())));
            let weights = saved["weights"] == Value::Bool(true);
            callback.load_state(&State {
                numbers: numbers.collect::<Result<BTreeMap<_, _>>>()?,
                texts: texts.collect(),
                weights: weights.then(|| file.weights(&format!("callback.{place}"))),
            })?;
        }
        let saved = &state["progress"];
        let classes = |name: &str| list(&saved[name]).map(count).collect::<Result<Vec<_>>>();
        self.progress = EpochProgress {
            batches: count(&saved["batches"])?,
            started: saved["started"] == Value::Bool(true),
            seen: count(&saved["seen"])?,
            weight: read_number(&saved["weight"])?,
            loss_sum: read_number(&saved["loss_sum"])?,
            right: count(&saved["right"])?,
            labels: classes("labels")?,
            predictions: classes("predictions")?,
            seconds: read_number(&saved["seconds"])?,
        };
        self.learning_rate = read_number(&state["learning_rate"])?;
        self.saved_best = best.as_ref().map(|best| (folder.to_path_buf(), best.epoch));
        (self.model, self.optimizer, self.accumulated, self.best) =
            (model, optimizer, accumulated, best);
        self.history = History { epochs };
        self.fine_tuning = fine_tuning;
        self.stopped = state["stopped"].as_str().map(String::from);
        Ok(())
    }

    /// Saves after an epoch, if that was requested.
    pub(super) fn autosave_epoch(&mut self) -> Result<()> {
        match self.autosave.clone() {
            Some(autosave) => self.save(&autosave.folder),
            None => Ok(()),
        }
    }

    /// Saves after a batch, if that was requested and it is time. The last batch of an epoch is saved with the epoch.
    pub(super) fn autosave_batch(&mut self, last: bool) -> Result<()> {
        match self.autosave.clone() {
            Some(Autosave { folder, batches: Some(every) })
                if !last && self.progress.batches.is_multiple_of(every) =>
            {
                self.save(&folder)
            }
            _ => Ok(()),
        }
    }

    /// Writes the best weights, unless they lie in the folder already, and returns what the checkpoint says of them.
    fn save_best(&mut self, folder: &Path) -> Result<Value> {
        let Some(best) = &self.best else { return Ok(Value::Null) };
        let known = self.saved_best.as_ref();
        if known.is_none_or(|(at, epoch)| at != folder || *epoch != best.epoch) {
            let mut file = CheckpointFile::default();
            file.add_weights("model", &Weights::of(&*best.model))?;
            file.write(&best_file(folder, best.epoch))?;
            self.saved_best = Some((folder.to_path_buf(), best.epoch));
        }
        Ok(json!({ "epoch": best.epoch, "value": number(best.value) }))
    }

    fn read_best(&self, folder: &Path, saved: &Value) -> Result<Option<Best>> {
        if saved.is_null() {
            return Ok(None);
        }
        let (epoch, value) = (count(&saved["epoch"])?, read_number(&saved["value"])?);
        let mut model = self.model.clone();
        let file = CheckpointFile::read(&best_file(folder, epoch))?;
        file.weights("model").load_into(&mut *model)?;
        Ok(Some(Best { value, epoch, model }))
    }

    /// What must be the same in a run that resumes.
    pub(super) fn checked(&self) -> Map<String, Value> {
        let config = &self.config;
        let mut checked = Map::new();
        let mut add = |name: &str, value: String| checked.insert(name.to_string(), value.into());
        add("version", env!("CARGO_PKG_VERSION").to_string());
        add("training data", fingerprint(&self.train));
        add("validation data", fingerprint(&self.validation));
        add("callbacks", format!("{:?}", self.callbacks.names()));
        add("batch_size", config.batch_size.to_string());
        add("learning_rate", config.learning_rate.to_string());
        add("optimizer", format!("{:?}", config.optimizer));
        add("loss", format!("{:?}", config.loss));
        add("metrics", format!("{:?}", config.metrics));
        add("seed", config.seed.to_string());
        add("keep_best", config.keep_best.to_string());
        add("monitor", config.monitor.clone());
        add("clip_norm", format!("{:?}", config.clip_norm));
        add("accumulate", config.accumulate.to_string());
        add("last_batch", format!("{:?}", config.last_batch));
        add("param_groups", format!("{:?}", config.param_groups));
        add("unfreeze", format!("{:?}", config.unfreeze));
        add("feature_cache", format!("{:?}", config.feature_cache));
        add("network", layout(self.model.parameters()));
        checked
    }

    /// Checks that a checkpoint is of a run like this one.
    fn check_same(&self, path: &Path, state: &Value) -> Result<()> {
        let differing = self.checked().into_iter().filter_map(|(name, here)| {
            let (here, there) = (here.as_str()?.to_string(), state["checked"][&name].as_str());
            let there = there.unwrap_or("unknown");
            (here != there).then(|| format!("{name} {there} instead of {here}"))
        });
        let differing: Vec<String> = differing.collect();
        if differing.is_empty() {
            return Ok(());
        }
        let problem = format!("the checkpoint is of another run: it has {}", differing.join("; "));
        Err(Error::new(ErrorKind::Parameter, problem)
            .file(path)
            .help("build the learner as in that run, or choose another folder"))
    }
}

/// Names and shapes of the parameters as a short text.
fn layout(parameters: Vec<(String, &Parameter)>) -> String {
    let mut hash = Hash::default();
    let mut values = 0;
    for (name, parameter) in &parameters {
        hash.add(format!("{name} {:?}", parameter.shape()).as_bytes());
        values += parameter.count();
    }
    format!("of {} parameters with {values} values ({:016x})", parameters.len(), hash.0)
}

fn fingerprint(set: &Dataset) -> String {
    let mut hash = Hash::default();
    set.fingerprint_all(&mut |bytes| hash.add(bytes));
    format!("of {} examples ({:016x})", set.len(), hash.0)
}

fn best_file(folder: &Path, epoch: usize) -> PathBuf {
    folder.join(format!("best-{epoch:04}.safetensors"))
}

/// Removes the best weights of earlier checkpoints, now that none names them. What cannot be removed does no harm.
fn remove_old_best(folder: &Path, keep: Option<usize>) {
    let keep = keep.map(|epoch| best_file(folder, epoch));
    remove_files(folder, &|path, name| {
        name.starts_with("best-") && name.ends_with(".safetensors") && Some(path) != keep.as_deref()
    });
}

/// Removes what is left of writes that a crash has cut off.
fn remove_parts(folder: &Path) {
    remove_files(folder, &|_, name| name.starts_with('.') && name.ends_with(".part"));
}

fn remove_files(folder: &Path, remove: &dyn Fn(&Path, &str) -> bool) {
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for path in files.filter_map(|file| Some(file.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if remove(&path, name) {
            let _ = std::fs::remove_file(&path);
        }
    }
}

fn record_json(record: &EpochRecord) -> Value {
    let metrics = record.metrics.iter();
    let metrics = metrics.map(|m| json!([m.name, number(m.train), number(m.validation)]));
    json!({
        "epoch": record.epoch,
        "loss": number(record.train_loss),
        "accuracy": number(record.train_accuracy),
        "val_loss": number(record.validation_loss),
        "val_accuracy": number(record.validation_accuracy),
        "metrics": metrics.collect::<Vec<_>>(),
        "learning_rate": number(record.learning_rate),
        "seconds": number(record.seconds),
    })
}

fn record(saved: &Value) -> Result<EpochRecord> {
    let metric = |saved: &Value| {
        Ok(MetricRecord {
            name: saved[0].as_str().unwrap_or_default().to_string(),
            train: read_number(&saved[1])?,
            validation: read_number(&saved[2])?,
        })
    };
    Ok(EpochRecord {
        epoch: count(&saved["epoch"])?,
        train_loss: read_number(&saved["loss"])?,
        train_accuracy: read_number(&saved["accuracy"])?,
        validation_loss: read_number(&saved["val_loss"])?,
        validation_accuracy: read_number(&saved["val_accuracy"])?,
        metrics: list(&saved["metrics"]).map(metric).collect::<Result<_>>()?,
        learning_rate: read_number(&saved["learning_rate"])?,
        seconds: read_number(&saved["seconds"])?,
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn count(value: &Value) -> Result<usize> {
    let found = value.as_u64().and_then(|value| usize::try_from(value).ok());
    found.ok_or_else(|| super::checkpoint_file::damaged("a count", value))
}

//! The epochs of a training as a run in MLflow.

use super::super::callback::{Callback, TrainContext};
use super::super::config::TrainConfig;
use super::super::history::{EpochRecord, History};
use super::super::state::State;
use crate::Result;
use crate::track::{Run, RunStatus, Tracker};

/// Records a training as a run in MLflow: the settings as parameters, and after each epoch its loss, metrics and learning
/// rate, by the names of [`EpochRecord::value`], and its seconds. The run starts with the first call of `fit` and is
/// finished when `fit` ends; a later call, or a learner that [`resume`](crate::train::Learner::resume)s, goes on with the
/// same run, and each epoch is logged once. Training that ends with an error leaves the run under way, so that another call
/// can go on, until the learner is dropped: then it has failed.
///
/// ```
/// use cuaderno::prelude::*;
/// use cuaderno::train::Silent;
/// # fn main() -> Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-logger-{}", std::process::id()));
/// # let uri = format!("sqlite:///{}", folder.join("mlflow.db").display());
/// # let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
/// # let names = vec!["a".to_string(), "b".to_string()];
/// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
/// # let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["even", "odd"])?.with_features(&features)?;
/// # let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
/// let tracker = Tracker::open(&uri, "even or odd")?; // or `Tracker::new("even or odd")`
/// let config = TrainConfig { batch_size: 4, ..TrainConfig::default() };
/// let logger = MlflowLogger::new(&tracker, "linear").config(&config).artifacts();
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(logger);
/// learner.fit_with(3, &mut Silent)?;
/// let run = &tracker.runs()?[0];
/// assert_eq!(run.param("batch_size"), Some("4"));
/// assert_eq!(tracker.history(&run.id, "val_loss")?.len(), 3);
/// # std::fs::remove_dir_all(folder).map_err(|error| cuaderno::Error::io("track", &error))?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct MlflowLogger {
    tracker: Tracker,
    name: String,
    params: Vec<(String, String)>,
    artifacts: bool,
    run: Option<Run>,
    /// The run of a checkpoint.
    id: Option<String>,
    /// The last epoch that is logged.
    logged: usize,
}

impl MlflowLogger {
    /// Records into an experiment, under this name.
    pub fn new(tracker: &Tracker, name: &str) -> Self {
        let (tracker, name) = (tracker.clone(), name.to_string());
        Self { tracker, name, params: Vec::new(), artifacts: false, run: None, id: None, logged: 0 }
    }

    /// Logs the settings of the training as parameters.
    pub fn config(mut self, config: &TrainConfig) -> Self {
        self.params.extend(params(config));
        self
    }

    /// Logs one more parameter, such as the name of the network.
    pub fn param(mut self, name: &str, value: impl ToString) -> Self {
        self.params.push((name.to_string(), value.to_string()));
        self
    }

    /// Logs, whenever `fit` ends, the curves as `curves.png` and `curves.svg`, and the network as `model`.
    pub fn artifacts(mut self) -> Self {
        self.artifacts = true;
        self
    }

    /// The run, once training has started.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Logs the epochs that the store does not have.
    fn log(&mut self, history: &History) -> Result<()> {
        let Some(run) = &self.run else { return Ok(()) };
        for record in history.epochs.iter().filter(|record| record.epoch > self.logged) {
            let values = values(record);
            let values: Vec<(&str, f64)> =
                values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            run.log_metrics(record.epoch, &values)?;
        }
        let last = history.epochs.last().map_or(0, |record| record.epoch);
        self.logged = self.logged.max(last);
        Ok(())
    }
}

/// The values of an epoch; without accuracies and metrics that are not defined.
fn values(record: &EpochRecord) -> Vec<(String, f64)> {
    let value = |name: String| Some((name.clone(), record.value(&name)?));
    let mut values: Vec<(String, f64)> = record.names().into_iter().filter_map(value).collect();
    values.retain(|(name, value)| !value.is_nan() || name.ends_with("loss"));
    values.push(("seconds".to_string(), record.seconds));
    values
}

/// The settings by their names in [`TrainConfig`].
fn params(config: &TrainConfig) -> Vec<(String, String)> {
    let all: [(&str, String); 11] = [
        ("batch_size", config.batch_size.to_string()),
        ("learning_rate", config.learning_rate.to_string()),
        ("optimizer", format!("{:?}", config.optimizer)),
        ("loss", format!("{:?}", config.loss.kind)),
        ("seed", config.seed.to_string()),
        ("monitor", config.monitor.clone()),
        ("clip_norm", config.clip_norm.map_or("none".to_string(), |norm| norm.to_string())),
        ("accumulate", config.accumulate.to_string()),
        ("last_batch", format!("{:?}", config.last_batch)),
        ("param_groups", format!("{:?}", config.param_groups)),
        ("unfreeze", format!("{:?}", config.unfreeze)),
    ];
    all.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

impl Callback for MlflowLogger {
    fn only_writes(&self) -> bool {
        true
    }

    fn on_train_begin(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        match (&mut self.run, &self.id) {
            (Some(own), _) => own.set_status(RunStatus::Running)?,
            (None, Some(id)) => {
                // An epoch that ended after the checkpoint was logged then, with the same values.
                let logged = self.tracker.history(id, "loss")?;
                let last = logged.last().and_then(|metric| usize::try_from(metric.step).ok());
                self.logged = last.unwrap_or_default();
                self.run = Some(self.tracker.resume_run(id)?);
            }
            (None, None) => {
                let started = self.tracker.start_run(&self.name)?;
                started.log_params(self.params.clone())?;
                started.set_tag("cuaderno.version", env!("CARGO_PKG_VERSION"))?;
                self.run = Some(started);
            }
        }
        self.log(run.history)
    }

    fn on_epoch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        self.log(run.history)
    }

    fn on_train_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        let Some(own) = &mut self.run else { return Ok(()) };
        if self.artifacts {
            own.log_figure("curves", &run.history.figure()?)?;
            own.log_model("model", run.model)?;
        }
        own.set_status(RunStatus::Finished)
    }

    fn state(&self) -> State {
        let id = self.run.as_ref().map(Run::id).or(self.id.as_deref());
        State::new().with_text("run", id.unwrap_or_default())
    }

    fn load_state(&mut self, state: &State) -> Result<()> {
        self.id = Some(state.text("run")?.to_string()).filter(|id| !id.is_empty());
        self.run = None;
        Ok(())
    }
}

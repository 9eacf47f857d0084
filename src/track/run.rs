//! A run that is being recorded.

use super::artifacts::files_of;
use super::names::{check_artifact, check_name, check_parameter, check_tag, tag_text};
use super::origin::{source, user};
use super::store::{Batch, Content, DatasetInput, Metric, NewRun, RunInfo, RunStatus, Store, now};
use crate::data::Dataset;
use crate::nn::{Model, Weights};
use crate::plot::Figure;
use crate::{Error, ErrorKind, Result};
use std::path::Path;
use std::sync::Arc;

/// The tag that names the run above a run.
pub(crate) const PARENT: &str = "mlflow.parentRunId";

/// Most characters of the name of a run.
const LENGTH: usize = 250;

/// A run that is under way. It ends with [`Self::finish`], [`Self::fail`] or [`Self::kill`]; where it is dropped before, as by
/// an error that ends the function, it has failed.
///
/// Names may have letters, digits, spaces and the characters `_ - . : /`, at most 250; a parameter's value may have 6,000
/// characters and a tag's 8,000, as in MLflow.
#[derive(Debug)]
pub struct Run {
    store: Arc<dyn Store>,
    experiment: String,
    id: String,
    name: String,
    artifact_uri: String,
    status: RunStatus,
}

impl Run {
    pub(super) fn new(store: &Arc<dyn Store>, experiment: &str, info: &RunInfo) -> Self {
        let RunInfo { id, name, artifact_uri, status, .. } = info.clone();
        let (store, experiment) = (store.clone(), experiment.to_string());
        Self { store, experiment, id, name, artifact_uri, status }
    }

    /// Creates a run that began at `start_time`, with more tags.
    pub(super) fn start(
        store: &Arc<dyn Store>,
        experiment: &str,
        name: &str,
        start_time: i64,
        more: Vec<(String, String)>,
    ) -> Result<Self> {
        let length = name.chars().count();
        if name.trim().is_empty() || length > LENGTH {
            let problem =
                format!("the name of a run must have 1 to {LENGTH} characters, found {length}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let tag = |(name, value): (&str, String)| (name.to_string(), value);
        let own = [
            ("mlflow.runName", name.to_string()),
            ("mlflow.user", user()),
            ("mlflow.source.name", source()),
            ("mlflow.source.type", "LOCAL".to_string()),
        ];
        let tags: Vec<(String, String)> = own.into_iter().map(tag).chain(more).collect();
        tags.iter().try_for_each(|(name, value)| check_tag(name, value))?;
        let run = NewRun { experiment, name, user: &user(), start_time, tags };
        Ok(Self::new(store, experiment, &store.create_run(&run)?))
    }

    /// The identifier: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts a run below this one: a trial of a sweep, a fold of a cross-validation.
    ///
    /// # Errors
    /// As [`Tracker::start_run`](super::Tracker::start_run).
    pub fn start_child(&self, name: &str) -> Result<Self> {
        let parent = vec![(PARENT.to_string(), self.id.clone())];
        Self::start(&self.store, &self.experiment, name, now(), parent)
    }

    /// Logs a parameter, once: its value cannot change.
    ///
    /// # Errors
    /// When the name or the value is not allowed, the parameter has another value already, or the store cannot be written.
    pub fn log_param(&self, name: &str, value: impl ToString) -> Result<()> {
        self.log_params([(name, value)])
    }

    /// Logs parameters, all or none in a local store.
    ///
    /// # Errors
    /// As [`Self::log_param`].
    pub fn log_params<N: Into<String>, V: ToString>(
        &self,
        params: impl IntoIterator<Item = (N, V)>,
    ) -> Result<()> {
        let params: Vec<(String, String)> =
            params.into_iter().map(|(name, value)| (name.into(), value.to_string())).collect();
        params.iter().try_for_each(|(name, value)| check_parameter(name, value))?;
        self.log(&Batch { params, ..Batch::default() })
    }

    /// Logs the value of a metric at a step, such as an epoch. NaN and infinite values are stored as MLflow stores them.
    ///
    /// # Errors
    /// When the name is not allowed, or the store cannot be written.
    pub fn log_metric(&self, name: &str, value: f64, step: usize) -> Result<()> {
        self.log_metrics(step, &[(name, value)])
    }

    /// Logs values of metrics at a step.
    ///
    /// # Errors
    /// As [`Self::log_metric`].
    pub fn log_metrics(&self, step: usize, metrics: &[(&str, f64)]) -> Result<()> {
        let (timestamp, step) = (now(), i64::try_from(step).unwrap_or(i64::MAX));
        let metric = |(name, value): &(&str, f64)| Metric {
            name: (*name).to_string(),
            value: *value,
            timestamp,
            step,
        };
        self.log_all(metrics.iter().map(metric).collect())
    }

    /// Logs values that were measured before.
    pub(crate) fn log_all(&self, metrics: Vec<Metric>) -> Result<()> {
        metrics.iter().try_for_each(|metric| check_name("metric", &metric.name))?;
        self.log(&Batch { metrics, ..Batch::default() })
    }

    /// Sets a tag, in place of an earlier value.
    ///
    /// # Errors
    /// When the name or the value is not allowed, or the store cannot be written.
    pub fn set_tag(&self, name: &str, value: impl ToString) -> Result<()> {
        let value = value.to_string();
        check_tag(name, &value)?;
        self.log(&Batch { tags: vec![(name.to_string(), value)], ..Batch::default() })
    }

    fn log(&self, batch: &Batch) -> Result<()> {
        self.store.log_batch(&self.id, batch)
    }

    /// Logs a file, or all files of a folder, as artifacts below `folder`; `""` for none. Hidden files are left out.
    ///
    /// # Errors
    /// When the file cannot be read, or the artifact cannot be written.
    pub fn log_artifact(&self, file: impl AsRef<Path>, folder: &str) -> Result<()> {
        let file = file.as_ref();
        let before = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        if file.is_dir() {
            for (name, file) in files_of(file)? {
                self.put(&format!("{before}{name}"), Content::File(&file))?;
            }
            return Ok(());
        }
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        self.put(&format!("{before}{}", name.unwrap_or_default()), Content::File(file))
    }

    /// Logs a text as the artifact `path`, such as `notes/why.txt`.
    ///
    /// # Errors
    /// When the path is not a relative one, or the artifact cannot be written.
    pub fn log_text(&self, path: &str, text: &str) -> Result<()> {
        self.put(path, Content::Bytes(text.as_bytes()))
    }

    /// Logs a figure as the artifacts `path.png` and `path.svg`.
    ///
    /// # Errors
    /// When the figure cannot be drawn, the path is not a relative one, or the artifacts cannot be written.
    pub fn log_figure(&self, path: &str, figure: &Figure) -> Result<()> {
        self.put(&format!("{path}.png"), Content::Bytes(&figure.png(2.0)?))?;
        self.put(&format!("{path}.svg"), Content::Bytes(figure.svg()?.as_bytes()))
    }

    /// Logs a network as the artifact folder `path`: its weights in `model.safetensors`, and the `MLmodel` file by which MLflow
    /// knows a model.
    ///
    /// # Errors
    /// When the path is not a relative one, or the artifacts cannot be written.
    pub fn log_model(&self, path: &str, model: &dyn Model) -> Result<()> {
        check_artifact(path)?;
        let name = format!("cuaderno-model-{}.safetensors", self.id);
        let file = std::env::temp_dir().join(name);
        let written = Weights::of(model).write(&file);
        let put = || self.put(&format!("{path}/model.safetensors"), Content::File(&file));
        let logged = written.and_then(|()| put());
        let _ = std::fs::remove_file(&file);
        logged?;
        // JSON is YAML too.
        let about = serde_json::json!({
            "artifact_path": path,
            "run_id": self.id,
            "flavors": { "cuaderno": { "weights": "model.safetensors", "version": env!("CARGO_PKG_VERSION") } },
        });
        self.log_text(&format!("{path}/MLmodel"), &format!("{about:#}\n"))
    }

    /// Logs a data set as an input of the run: its name, a digest of its examples, their number, and what the run uses it for,
    /// such as `training`.
    ///
    /// # Errors
    /// When the name is empty or longer than 500 characters, or the store cannot be written.
    pub fn log_dataset(&self, dataset: &Dataset, name: &str, context: &str) -> Result<()> {
        let input = DatasetInput::new(dataset, name, context)?;
        self.store.log_dataset(&self.id, &input)
    }

    fn put(&self, path: &str, content: Content<'_>) -> Result<()> {
        check_artifact(path)?;
        self.store.put_artifact(&self.artifact_uri, path, content)
    }

    /// Ends the run well.
    ///
    /// # Errors
    /// When the store cannot be written; so do the other ends.
    pub fn finish(mut self) -> Result<()> {
        self.set_status(RunStatus::Finished)
    }

    /// Ends the run as failed; the error is kept as the tag `error`.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub fn fail(mut self, error: &Error) -> Result<()> {
        self.set_error(&error.to_string())?;
        self.set_status(RunStatus::Failed)
    }

    /// Ends the run as stopped by the user.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub fn kill(mut self) -> Result<()> {
        self.set_status(RunStatus::Killed)
    }

    pub(crate) fn set_error(&self, error: &str) -> Result<()> {
        self.set_tag("error", tag_text(error))
    }

    /// Ends the run now, or takes it up again.
    pub(crate) fn set_status(&mut self, status: RunStatus) -> Result<()> {
        self.end_at(status, now())
    }

    /// [`Self::set_status`] for a run that ended before.
    pub(crate) fn end_at(&mut self, status: RunStatus, time: i64) -> Result<()> {
        if status == self.status {
            return Ok(());
        }
        let end = status.is_ended().then_some(time);
        self.store.update_run(&self.id, status, end)?;
        self.status = status;
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.status.is_ended() {
            // There is nobody to report an error to.
            let _ = self.set_status(RunStatus::Failed);
        }
    }
}

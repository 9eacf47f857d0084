//! What a store of records does, and the values that it holds.

use crate::Result;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Status of a run, in MLflow's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// Under way, or its process was killed.
    Running,
    /// Not started.
    Scheduled,
    /// Ended well.
    Finished,
    /// Ended by an error.
    Failed,
    /// Ended by the user.
    Killed,
}

const STATUSES: [(RunStatus, &str); 5] = [
    (RunStatus::Running, "RUNNING"),
    (RunStatus::Scheduled, "SCHEDULED"),
    (RunStatus::Finished, "FINISHED"),
    (RunStatus::Failed, "FAILED"),
    (RunStatus::Killed, "KILLED"),
];

impl RunStatus {
    /// The status as MLflow writes it, such as `FINISHED`.
    pub fn name(self) -> &'static str {
        STATUSES.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        STATUSES.iter().find(|(_, known)| *known == name).map(|(status, _)| *status)
    }

    /// Returns `true` if the run has ended.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Killed)
    }
}

/// A value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Name of the metric.
    pub name: String,
    /// Its value. MLflow stores an infinite one as ±1.797…e308, the largest number.
    pub value: f64,
    /// When it was measured, in milliseconds since 1970.
    pub timestamp: i64,
    /// The step, such as the epoch.
    pub step: i64,
}

/// A recorded run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunInfo {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its name, which need not be unique.
    pub name: String,
    /// Its status.
    pub status: RunStatus,
    /// When it began, in milliseconds since 1970.
    pub start_time: i64,
    /// When it ended.
    pub end_time: Option<i64>,
    /// Address of the folder of its artifacts.
    pub artifact_uri: String,
    /// Parameters by name, in alphabetical order.
    pub params: Vec<(String, String)>,
    /// The last value of each metric, in alphabetical order.
    pub metrics: Vec<Metric>,
    /// Tags by name, in alphabetical order.
    pub tags: Vec<(String, String)>,
}

impl RunInfo {
    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.params, name)
    }

    /// The last value of a metric.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|metric| metric.name == name).map(|metric| metric.value)
    }

    /// The value of a tag.
    pub fn tag(&self, name: &str) -> Option<&str> {
        find(&self.tags, name)
    }

    pub(super) fn sort(mut self) -> Self {
        self.params.sort();
        self.tags.sort();
        self.metrics.sort_by(|a, b| a.name.cmp(&b.name));
        self
    }
}

fn find<'a>(all: &'a [(String, String)], name: &str) -> Option<&'a str> {
    all.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A run to be created.
#[derive(Debug)]
pub(super) struct NewRun<'a> {
    pub experiment: &'a str,
    pub name: &'a str,
    pub user: &'a str,
    pub start_time: i64,
    pub tags: Vec<(String, String)>,
}

/// What is logged at once.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub metrics: Vec<Metric>,
    pub params: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
}

/// A data set that a run reads.
#[derive(Debug)]
pub(super) struct DatasetInput {
    pub name: String,
    pub digest: String,
    /// JSON.
    pub source: String,
    /// JSON.
    pub profile: String,
    /// Its role in the run, such as `training`.
    pub context: String,
}

/// The content of an artifact.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    Bytes(&'a [u8]),
    File(&'a Path),
}

/// A place for records. Names and lengths have been checked.
pub(super) trait Store: std::fmt::Debug + Send + Sync {
    /// The address as MLflow writes it.
    fn uri(&self) -> &str;
    /// The number of the experiment of this name, which is created where there is none.
    fn experiment(&self, name: &str) -> Result<String>;
    fn create_run(&self, run: &NewRun<'_>) -> Result<RunInfo>;
    fn get_run(&self, id: &str) -> Result<RunInfo>;
    /// The runs of an experiment that are not deleted, with this tag where there is one, the oldest first.
    fn runs(&self, experiment: &str, tag: Option<(&str, &str)>) -> Result<Vec<RunInfo>>;
    fn log_batch(&self, run: &str, batch: &Batch) -> Result<()>;
    fn log_dataset(&self, run: &str, dataset: &DatasetInput) -> Result<()>;
    /// All values of a metric, by step and time.
    fn history(&self, run: &str, metric: &str) -> Result<Vec<Metric>>;
    fn update_run(&self, run: &str, status: RunStatus, end_time: Option<i64>) -> Result<()>;
    /// Moves a run to MLflow's trash.
    fn delete_run(&self, run: &str) -> Result<()>;
    /// Writes the artifact `path` of a run whose artifacts are at `artifact_uri`.
    fn put_artifact(&self, artifact_uri: &str, path: &str, content: Content<'_>) -> Result<()>;
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

//! An experiment of a store.

use super::address::{Address, DEFAULT};
use super::names::check_experiment;
use super::run::Run;
use super::sqlite::SqliteStore;
use super::store::{Metric, RunInfo, RunStatus, Store, now};
use crate::Result;
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::table::{Column, Table};
use std::sync::Arc;

/// An experiment of a store: runs are started in it and read from it. Clones write to the same store; runs may be logged
/// from several threads and processes at once.
///
/// ```
/// use cuaderno::track::Tracker;
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-tracker-{}", std::process::id()));
/// # let uri = format!("sqlite:///{}", folder.join("mlflow.db").display());
/// let tracker = Tracker::open(&uri, "titles")?;
/// let sweep = tracker.start_run("sweep")?;
/// for filters in [100, 150] {
///     let run = sweep.start_child(&format!("{filters} filters"))?;
///     run.log_param("filters", filters)?;
///     run.finish()?;
/// }
/// sweep.finish()?;
/// assert_eq!(tracker.table()?.texts("filters")?, ["", "100", "150"]);
/// # std::fs::remove_dir_all(folder).map_err(|error| cuaderno::Error::io("track", &error))?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Tracker {
    store: Arc<dyn Store>,
    experiment: String,
    id: String,
}

impl Tracker {
    /// The experiment of this name in the store at `MLFLOW_TRACKING_URI`, else in the file `mlflow.db` of the working folder;
    /// it is created where there is none.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn new(experiment: &str) -> Result<Self> {
        let uri = std::env::var("MLFLOW_TRACKING_URI").unwrap_or_default();
        Self::open(if uri.trim().is_empty() { DEFAULT } else { &uri }, experiment)
    }

    /// The experiment of this name in the store at `uri`: `http://…` or `https://…` for a server, `sqlite:///FILE` for a file.
    /// A server may ask for `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or for `MLFLOW_TRACKING_TOKEN`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when the address or the name cannot be read, or the experiment is deleted;
    /// [`ErrorKind::Network`](crate::ErrorKind::Network) when the server does not answer; [`ErrorKind::File`](crate::ErrorKind::File) when the file cannot be written, or has
    /// the tables of another program or of an MLflow older or newer than 3.17.
    pub fn open(uri: &str, experiment: &str) -> Result<Self> {
        check_experiment(experiment)?;
        let store: Arc<dyn Store> = match Address::parse(uri)? {
            Address::Sqlite(file) => Arc::new(SqliteStore::open(&file)?),
            #[cfg(feature = "fetch")]
            Address::Server(server) => Arc::new(super::rest::RestStore::new(&server)?),
            #[cfg(not(feature = "fetch"))]
            Address::Server(server) => {
                let problem = format!(
                    "cuaderno was built without the feature `fetch`, which `{server}` needs"
                );
                return Err(crate::Error::new(crate::ErrorKind::Parameter, problem).help(format!(
                    "build it with the feature, or set `MLFLOW_TRACKING_URI={DEFAULT}`"
                )));
            }
        };
        let id = store.experiment(experiment)?;
        Ok(Self { store, experiment: experiment.to_string(), id })
    }

    /// The address of the store.
    pub fn uri(&self) -> &str {
        self.store.uri()
    }

    /// The name of the experiment.
    pub fn experiment(&self) -> &str {
        &self.experiment
    }

    /// Starts a run.
    ///
    /// # Errors
    /// When the store cannot be written, or the name has more than 250 characters.
    pub fn start_run(&self, name: &str) -> Result<Run> {
        self.start_tagged(name, now(), Vec::new())
    }

    /// A run that began at `start_time`, with more tags.
    pub(crate) fn start_tagged(
        &self,
        name: &str,
        start_time: i64,
        tags: Vec<(String, String)>,
    ) -> Result<Run> {
        Run::start(&self.store, &self.id, name, start_time, tags)
    }

    /// Goes on with a run, which is under way again.
    ///
    /// # Errors
    /// When there is no such run, or the store cannot be written.
    pub fn resume_run(&self, id: &str) -> Result<Run> {
        let info = self.store.get_run(id)?;
        let mut run = Run::new(&self.store, &self.id, &info);
        run.set_status(RunStatus::Running)?;
        Ok(run)
    }

    /// The runs of the experiment, the oldest first, without those in MLflow's trash.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs(&self) -> Result<Vec<RunInfo>> {
        self.store.runs(&self.id, None)
    }

    /// The runs with this tag.
    pub(crate) fn runs_with(&self, tag: &str, value: &str) -> Result<Vec<RunInfo>> {
        self.store.runs(&self.id, Some((tag, value)))
    }

    /// A run by its identifier.
    ///
    /// # Errors
    /// When there is none, or the store cannot be read.
    pub fn run(&self, id: &str) -> Result<RunInfo> {
        self.store.get_run(id)
    }

    /// All values of a metric of a run, by step and time; none where it was never logged.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn history(&self, id: &str, metric: &str) -> Result<Vec<Metric>> {
        self.store.history(id, metric)
    }

    /// Moves a run to MLflow's trash, from which `mlflow runs restore` takes it back.
    ///
    /// # Errors
    /// When there is no such run, or the store cannot be written.
    pub fn delete_run(&self, id: &str) -> Result<()> {
        self.store.delete_run(id)
    }

    /// A row per run: its name and status, the parameters, and the last value of each metric; empty where a run has none.
    ///
    /// # Errors
    /// When the store cannot be read, or a parameter has the name of a metric.
    pub fn table(&self) -> Result<Table> {
        let runs = self.runs()?;
        let mut params: Vec<&str> = Vec::new();
        let mut metrics: Vec<&str> = Vec::new();
        for run in &runs {
            let names = run.params.iter().map(|(name, _)| name.as_str());
            params.extend(names.filter(|name| !["run", "status"].contains(name)));
            metrics.extend(run.metrics.iter().map(|metric| metric.name.as_str()));
        }
        for names in [&mut params, &mut metrics] {
            names.sort_unstable();
            names.dedup();
        }
        let texts =
            |of: &dyn Fn(&RunInfo) -> String| runs.iter().map(of).collect::<Vec<_>>().into();
        let mut columns: Vec<(&str, Column)> = vec![
            ("run", texts(&|run| run.name.clone())),
            ("status", texts(&|run| run.status.name().to_string())),
        ];
        for name in params {
            let value = |run: &RunInfo| run.param(name).map(str::to_string);
            columns.push((name, runs.iter().map(value).collect::<Vec<Option<String>>>().into()));
        }
        for name in metrics {
            let value = |run: &RunInfo| run.metric(name).filter(|value| value.is_finite());
            columns.push((name, Column::Float(runs.iter().map(value).collect())));
        }
        Table::from_columns(columns)
    }
}

impl PartialEq for Tracker {
    fn eq(&self, other: &Self) -> bool {
        self.uri() == other.uri() && self.id == other.id
    }
}

impl Show for Tracker {
    fn bundle(&self) -> Bundle {
        self.table().map(|table| table.bundle()).unwrap_or_default()
    }
}

show_in_cells!(Tracker);

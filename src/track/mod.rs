//! Experiment tracking in MLflow's terms: experiments, runs, parameters, metrics by step, tags, artifacts, data sets.
//!
//! A [`Tracker`] writes to the server at `MLFLOW_TRACKING_URI`, or else into the SQLite file `mlflow.db` of the working folder,
//! which `mlflow ui` opens in the same folder. To record a training, add
//! [`MlflowLogger`](crate::train::callbacks::MlflowLogger) to its learner; to record a sweep, call
//! [`Sweep::track`](crate::sweep::Sweep::track).
//!
//! ```
//! use cuaderno::track::{RunStatus, Tracker};
//! # fn main() -> cuaderno::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("cuaderno-doc-track-{}", std::process::id()));
//! # let uri = format!("sqlite:///{}", folder.join("mlflow.db").display());
//! let tracker = Tracker::open(&uri, "titles")?; // `Tracker::new("titles")` takes the address from the environment
//! let run = tracker.start_run("default")?;
//! run.log_params([("filters", 100), ("batch", 128)])?;
//! for epoch in 1..=3 {
//!     run.log_metrics(epoch, &[("loss", 1.0 / epoch as f64)])?;
//! }
//! run.log_text("notes/why.txt", "a first try")?;
//! run.finish()?;
//! let found = &tracker.runs()?[0];
//! assert_eq!(found.status, RunStatus::Finished);
//! assert_eq!(found.metric("loss"), Some(1.0 / 3.0));
//! # std::fs::remove_dir_all(folder).map_err(|error| cuaderno::Error::io("track", &error))?;
//! # Ok(()) }
//! ```

mod address;
mod artifacts;
mod dataset;
#[cfg(feature = "fetch")]
mod http;
mod names;
mod origin;
#[cfg(feature = "fetch")]
mod rest;
mod run;
mod sqlite;
mod sqlite_file;
mod store;
mod tracker;

pub(crate) use artifacts::files_of;
pub(crate) use names::valid_name;
pub(crate) use run::PARENT;
pub use run::Run;
pub(crate) use store::now;
pub use store::{Metric, RunInfo, RunStatus};
pub use tracker::Tracker;

//! Many runs with different settings: declared, run one after another, resumed, compared.
//!
//! A [`Sweep`] has a folder; each run has a folder of its own in it, named after its [`Settings`]. What is finished is not run
//! again, so a sweep that was interrupted goes on where it stopped; a run that fails is recorded and passed over. A sweep runs
//! in this process ([`Sweep::run`]) or as a job array on a Slurm cluster ([`Sweep::run_on`]), and is recorded in MLflow by
//! [`Sweep::track`].
//!
//! Here belongs deciding which settings to try, and keeping their metrics. Not here: training itself, which the closure of a
//! run does ([`train`](crate::train)), and folds of one setting ([`train::cross_validate`](crate::train::cross_validate)).
//!
//! ```
//! use cuaderno::sweep::{Settings, Sweep};
//! # fn main() -> cuaderno::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("cuaderno-doc-sweep-{}", std::process::id()));
//! let runs = [0.1, 1.0].map(|rate| Settings::new(format!("rate {rate}")).with("rate", rate));
//! let sweep = Sweep::new(&folder).maximize("accuracy");
//! let results = sweep.run(&runs, &mut |trial| {
//!     let rate = trial.settings().float("rate")?;
//!     for epoch in 1..=3 {
//!         trial.report(epoch, &[("accuracy", epoch as f64 * 0.1 + rate * 0.2)])?;
//!     }
//!     Ok(())
//! })?;
//! assert_eq!(results.best()?.settings.name(), "rate 1");
//! # std::fs::remove_dir_all(folder).map_err(|error| cuaderno::Error::io("sweep", &error))?;
//! # Ok(()) }
//! ```

mod cluster;
mod fit;
mod live;
mod record;
mod recorder;
mod results;
mod settings;
mod space;
mod tpe;
mod trial;

mod engine;

pub use engine::{Pruning, Search, Sweep};
pub use record::{RunRecord, Status};
pub use results::Results;
pub use settings::{Settings, Value};
pub use space::Space;
pub use trial::Trial;

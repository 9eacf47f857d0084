//! One run while it runs.

use super::live::Board;
use super::record::RunRecord;
use super::recorder::Recording;
use super::settings::Settings;
use crate::track::Run;
use crate::{Error, ErrorKind, Result, notebook};
use std::path::Path;

/// One run of a sweep, as its closure gets it: settings, folder, and methods that record metrics.
///
/// ```
/// use cuaderno::sweep::{Settings, Sweep};
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-trial-{}", std::process::id()));
/// let runs = [Settings::new("wide").with("filters", 64)];
/// let results = Sweep::new(&folder).run(&runs, &mut |trial| {
///     let filters = trial.settings().integer("filters")?;
///     for epoch in 1..=3 {
///         trial.report(epoch, &[("loss", 1.0 / (epoch * filters) as f64)])?;
///     }
///     trial.result("test accuracy", 0.7);
///     Ok(())
/// })?;
/// assert_eq!(results.get("wide")?.metric("test accuracy"), Some(0.7));
/// assert_eq!(results.get("wide")?.series("loss").len(), 3);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Trial<'a> {
    pub(super) record: &'a mut RunRecord,
    pub(super) board: &'a mut Board,
    /// The metric that decides, and for each step the value that a run must reach to go on.
    pub(super) bar: Option<Bar>,
    pub(super) pruned: bool,
    pub(super) recording: Option<Recording>,
}

/// What a run must reach at each step.
#[derive(Debug)]
pub(super) struct Bar {
    pub metric: String,
    pub maximize: bool,
    /// By step.
    pub needed: Vec<(usize, f64)>,
}

impl Trial<'_> {
    /// The settings of the run.
    pub fn settings(&self) -> &Settings {
        &self.record.settings
    }

    /// A folder for what the run leaves behind: weights, figures.
    pub fn folder(&self) -> &Path {
        &self.record.folder
    }

    /// Records metrics of a step, such as an epoch, and shows them in the live table.
    ///
    /// # Errors
    /// When they cannot be written; when the user interrupts the cell; and when the run is to be pruned. Hand the error on with
    /// `?`, by which the sweep records how the run ended.
    pub fn report(&mut self, step: usize, metrics: &[(&str, f64)]) -> Result<()> {
        self.record.append(step, metrics)?;
        if let Some(recording) = &mut self.recording {
            recording.update(self.record);
        }
        self.board.show(self.record);
        notebook::check()?;
        let Some(bar) = &self.bar else { return Ok(()) };
        let value = metrics.iter().find(|(name, _)| *name == bar.metric).map(|(_, value)| *value);
        let needed = bar.needed.iter().find(|(at, _)| *at == step).map(|(_, value)| *value);
        let (Some(value), Some(needed)) = (value, needed) else { return Ok(()) };
        if value.is_nan() || if bar.maximize { value < needed } else { value > needed } {
            self.pruned = true;
            let problem =
                format!("`{}` is {value:.4} at step {step}, the median is {needed:.4}", bar.metric);
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        Ok(())
    }

    /// The run in MLflow, for data sets, tags and artifacts of its own; settings, metrics and the files of the folder are
    /// recorded by the sweep. `None` where [`Sweep::track`](super::Sweep::track) was not called, and in a task of a job array.
    pub fn run(&self) -> Option<&Run> {
        self.recording.as_ref().map(|recording| &recording.run)
    }

    /// Records a metric of the whole run, such as the balanced accuracy of the test split.
    pub fn result(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        self.record.results.retain(|(known, _)| *known != name);
        self.record.results.push((name, value));
    }
}

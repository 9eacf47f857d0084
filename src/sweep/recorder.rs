//! The runs of a sweep in MLflow: one run above, and one below it for each trial.

use super::record::{RunRecord, Status};
use crate::Result;
use crate::hash::Hash;
use crate::track::{Metric, PARENT, Run, RunInfo, RunStatus, Tracker, now, valid_name};
use std::path::Path;

/// Tags by which a sweep, a trial and its attempt are found again.
const SWEEP: &str = "cuaderno.sweep";
const TRIAL: &str = "cuaderno.trial";
const STARTED: &str = "cuaderno.started";

/// Files of a run's folder that are no artifacts: the record itself and checkpoints.
const OWN: [&str; 3] = ["run.json", "metrics.jsonl", "checkpoint.safetensors"];

/// The store of a sweep that is tracked. Each trial has one run that is not deleted: an earlier attempt goes to MLflow's
/// trash when the trial runs again.
#[derive(Debug)]
pub(super) struct Recorder {
    tracker: Tracker,
    parent: Run,
    known: Vec<RunInfo>,
}

impl Recorder {
    /// Finds the run of the sweep in this folder, or starts it.
    pub fn open(tracker: &Tracker, folder: &Path) -> Result<Self> {
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        let mut hash = Hash::default();
        hash.add(absolute.to_string_lossy().as_bytes());
        let key = format!("{:016x}", hash.0);
        let parent = match tracker.runs_with(SWEEP, &key)?.pop() {
            Some(found) => tracker.resume_run(&found.id)?,
            None => {
                let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned());
                let tags = vec![(SWEEP.to_string(), key)];
                tracker.start_tagged(&run_name(&name.unwrap_or_default()), now(), tags)?
            }
        };
        let known = tracker.runs_with(PARENT, parent.id())?;
        Ok(Self { tracker: tracker.clone(), parent, known })
    }

    /// Records a trial that has ended, unless it is recorded already.
    pub fn import(&mut self, record: &RunRecord) -> Result<()> {
        let Some(status) = status(record.status) else { return Ok(()) };
        let trial = record.settings.folder();
        let same = |run: &&RunInfo| {
            run.tag(TRIAL) == Some(&trial) && run.tag(STARTED) == Some(&record.started.to_string())
        };
        if self.known.iter().find(same).is_some_and(|run| run.status == status) {
            return Ok(());
        }
        self.begin(record)?.end(record)
    }

    /// Starts the run of a trial, in place of those of earlier attempts.
    pub fn begin(&mut self, record: &RunRecord) -> Result<Recording> {
        let trial = record.settings.folder();
        let (old, rest) = std::mem::take(&mut self.known)
            .into_iter()
            .partition(|run: &RunInfo| run.tag(TRIAL) == Some(&trial));
        self.known = rest;
        let old: Vec<RunInfo> = old;
        old.iter().try_for_each(|run| self.tracker.delete_run(&run.id))?;
        let tags = vec![
            (PARENT.to_string(), self.parent.id().to_string()),
            (TRIAL.to_string(), trial),
            (STARTED.to_string(), record.started.to_string()),
        ];
        let name = run_name(record.settings.name());
        let run = self.tracker.start_tagged(&name, record.started, tags)?;
        self.known.push(self.tracker.run(run.id())?);
        let mut params: Vec<(String, String)> = Vec::new();
        for (name, value) in record.settings.values() {
            let mut name = valid_name(name);
            while params.iter().any(|(known, _)| *known == name) {
                name.push('_');
            }
            params.push((name, value.to_string()));
        }
        run.log_params(params)?;
        Ok(Recording { run, logged: 0, failed: false })
    }

    /// Ends the run of the sweep; `best` is the value of its metric.
    pub fn end(mut self, status: RunStatus, best: Option<(&str, f64)>) -> Result<()> {
        if let Some((name, value)) = best {
            self.parent.log_metric(&valid_name(name), value, 0)?;
        }
        self.parent.set_status(status)
    }
}

/// The run of one trial.
#[derive(Debug)]
pub(super) struct Recording {
    pub run: Run,
    /// Metrics of the history that are in the store.
    logged: usize,
    failed: bool,
}

impl Recording {
    /// Logs what the history has more. A store that fails does not end the trial: [`Self::finish`] tries again.
    pub fn update(&mut self, record: &RunRecord) {
        self.failed |= self.log(record).is_err();
    }

    fn log(&mut self, record: &RunRecord) -> Result<()> {
        let new = record.history.iter().zip(&record.times).skip(self.logged);
        let metric = |((step, name, value), time): (&(usize, String, f64), &i64)| Metric {
            name: valid_name(name),
            value: *value,
            timestamp: *time,
            step: i64::try_from(*step).unwrap_or(i64::MAX),
        };
        self.run.log_all(new.map(metric).collect())?;
        self.logged = record.history.len();
        Ok(())
    }

    /// Ends the run as the trial ended; from its record alone if the store has failed in between.
    pub fn finish(self, recorder: &mut Recorder, record: &RunRecord) -> Result<()> {
        let failed = self.failed;
        match self.end(record) {
            Ok(()) if !failed => Ok(()),
            _ => recorder.begin(record)?.end(record),
        }
    }

    /// Logs everything, then the status.
    fn end(mut self, record: &RunRecord) -> Result<()> {
        self.log(record)?;
        let last = record.times.last().copied().unwrap_or_default();
        let end = last.max(record.started + (record.seconds * 1e3) as i64);
        let step = record.history.last().map_or(0, |(step, _, _)| *step);
        let metric = |(name, value): &(String, f64)| Metric {
            name: valid_name(name),
            value: *value,
            timestamp: end,
            step: i64::try_from(step).unwrap_or(i64::MAX),
        };
        self.run.log_all(record.results.iter().map(metric).collect())?;
        self.run.set_tag("cuaderno.status", record.status.name())?;
        if let Some(error) = &record.error {
            self.run.set_error(error)?;
        }
        for (path, file) in record.files()? {
            if !OWN.contains(&path.as_str()) && !path.starts_with("best-") {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                self.run.log_artifact(&file, folder)?;
            }
        }
        self.run.end_at(status(record.status).unwrap_or(RunStatus::Running), end)
    }
}

/// How the run of a trial ends; `None` while it has not.
fn status(status: Status) -> Option<RunStatus> {
    match status {
        Status::Finished => Some(RunStatus::Finished),
        Status::Failed => Some(RunStatus::Failed),
        Status::Pruned | Status::Interrupted => Some(RunStatus::Killed),
        Status::Waiting | Status::Running => None,
    }
}

fn run_name(name: &str) -> String {
    let name: String = name.trim().chars().take(250).collect();
    if name.is_empty() { "run".to_string() } else { name }
}

//! Running a sweep.

use super::live::Board;
use super::record::{RunRecord, Status};
use super::recorder::Recorder;
use super::results::Results;
use super::settings::Settings;
use super::space::Space;
use super::tpe;
use super::trial::{Bar, Trial};
use crate::track::{RunStatus, Tracker, now};
use crate::{Error, ErrorKind, Result, notebook};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Pruning: early stopping of runs that are worse than the others, as Optuna's pruners.
///
/// ```
/// use cuaderno::sweep::{Pruning, Settings, Status, Sweep};
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-pruning-{}", std::process::id()));
/// let runs = [0.8, 0.9, 0.1].map(|level| Settings::new(format!("level {level}")).with("level", level));
/// let sweep = Sweep::new(&folder).maximize("accuracy").pruning(Pruning::Median { runs: 2, from: 1 });
/// let results = sweep.run(&runs, &mut |trial| {
///     let level = trial.settings().float("level")?;
///     trial.report(1, &[("accuracy", level)])
/// })?;
/// assert_eq!(results.get("level 0.1")?.status, Status::Pruned);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pruning {
    /// Never.
    Never,
    /// When at some step its metric is worse than the median of the finished runs at that step, once there are `runs` of
    /// them and from step `from` on (Vizier's median rule; Golovin et al., 2017).
    Median {
        /// The fewest finished runs.
        runs: usize,
        /// The first step that counts.
        from: usize,
    },
}

/// Hyperparameter search over a [`Space`]: grid, random or TPE, as Optuna's samplers.
///
/// ```
/// use cuaderno::sweep::{Search, Space, Sweep};
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-search-{}", std::process::id()));
/// let space = Space::new().uniform("x", -1.0, 1.0);
/// let how = Search::Random { runs: 8, seed: 0 };
/// let results = Sweep::new(&folder).search(&space, how, &mut |trial| {
///     let x = trial.settings().float("x")?;
///     trial.report(1, &[("loss", x * x)])
/// })?;
/// assert_eq!(results.runs().len(), 8);
/// assert!(results.best()?.metric("loss").is_some_and(|loss| loss < 0.5));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// All combinations.
    Grid,
    /// Independent draws.
    Random {
        /// How many runs.
        runs: usize,
        /// Decides on the draws.
        seed: u64,
    },
    /// Draws near the better runs so far: the tree-structured Parzen estimator (Bergstra et al., 2011).
    Tpe {
        /// How many runs.
        runs: usize,
        /// Decides on the draws.
        seed: u64,
    },
}

/// The work of a run.
pub(super) type Work<'a> = &'a mut dyn FnMut(&mut Trial<'_>) -> Result<()>;

/// Hyperparameter sweep: runs with different settings, each in a folder of its own, resumed where they stopped.
///
/// ```
/// use cuaderno::sweep::{Settings, Sweep};
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-sweep-{}", std::process::id()));
/// let runs = [16, 32].map(|filters| Settings::new(format!("{filters} filters")).with("filters", filters));
/// let sweep = Sweep::new(&folder).minimize("loss");
/// let mut trained = 0;
/// for _ in 0..2 {
///     sweep.run(&runs, &mut |trial| {
///         trained += 1;
///         trial.report(1, &[("loss", 1.0 / trial.settings().float("filters")?)])
///     })?;
/// }
/// assert_eq!(trained, 2); // the second time everything is finished
/// assert_eq!(sweep.results(&runs)?.best()?.settings.name(), "32 filters");
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    folder: PathBuf,
    metric: String,
    maximize: bool,
    pruning: Pruning,
    retry_failed: bool,
    tracker: Option<Tracker>,
}

impl Sweep {
    /// A sweep whose runs lie in `folder`. The best run has the lowest `loss`; [`Self::maximize`] and [`Self::minimize`] set
    /// another metric.
    pub fn new(folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().to_path_buf(),
            metric: "loss".to_string(),
            maximize: false,
            pruning: Pruning::Never,
            retry_failed: true,
            tracker: None,
        }
    }

    /// The best run has the highest value of this metric.
    pub fn maximize(mut self, metric: impl Into<String>) -> Self {
        (self.metric, self.maximize) = (metric.into(), true);
        self
    }

    /// The best run has the lowest value of this metric.
    pub fn minimize(mut self, metric: impl Into<String>) -> Self {
        (self.metric, self.maximize) = (metric.into(), false);
        self
    }

    /// Gives hopeless runs up.
    pub fn pruning(mut self, pruning: Pruning) -> Self {
        self.pruning = pruning;
        self
    }

    /// Returns `true` if runs that failed in an earlier call run again (they do by default).
    pub fn retry_failed(mut self, retry: bool) -> Self {
        self.retry_failed = retry;
        self
    }

    /// Records the sweep in MLflow: a run for it and one below for each trial, with its settings as parameters, its metrics, the
    /// files of its folder as artifacts, and its status: `FINISHED`, `FAILED` with the error as the tag `error`, or `KILLED` when
    /// it was interrupted or pruned. A trial that runs again replaces its earlier run, which goes to MLflow's trash; one that is
    /// finished is recorded once. In names, `_` stands for the characters that MLflow refuses.
    pub fn track(mut self, tracker: &Tracker) -> Self {
        self.tracker = Some(tracker.clone());
        self
    }

    /// Runs `work` for each of `runs` that is not finished yet, and shows a live table. An error or a panic of `work` is
    /// recorded with its run, and the next run begins.
    ///
    /// # Errors
    /// When two runs have the same settings, a record cannot be read or written, or the user interrupts: what is finished stays,
    /// and another call goes on.
    pub fn run(&self, runs: &[Settings], work: Work<'_>) -> Result<Results> {
        let mut records = self.load(runs)?;
        let mut recorder = self.recorder(&records)?;
        let mut board = Board::new(&records, &self.metric);
        let mut outcome = Ok(());
        for place in 0..records.len() {
            if self.is_done(&records[place]) {
                continue;
            }
            let bar = self.bar(&records);
            outcome = self.run_one(&mut records[place], bar, &mut board, &mut recorder, work);
            if outcome.is_err() {
                break;
            }
        }
        board.finish();
        self.end(recorder, records, outcome)
    }

    /// Records in MLflow the runs of the folder that have ended and are not recorded yet, and returns all: after the tasks of a
    /// job array, which do not write to the store, since many that write to one file would wait for each other.
    ///
    /// # Errors
    /// When a record cannot be read, the store cannot be written, or [`Self::track`] was not called.
    pub fn record(&self, runs: &[Settings]) -> Result<Results> {
        if self.tracker.is_none() {
            let problem = "the sweep has no tracker to record its runs";
            return Err(Error::new(ErrorKind::Parameter, problem).help("give it one with `track`"));
        }
        let records = self.load(runs)?;
        let mut recorder = self.recorder(&records)?;
        for record in &records {
            if let Some(recorder) = &mut recorder {
                recorder.import(record)?;
            }
        }
        self.end(recorder, records, Ok(()))
    }

    /// The tracked sweep, with those runs recorded that will not run again.
    fn recorder(&self, records: &[RunRecord]) -> Result<Option<Recorder>> {
        let Some(tracker) = &self.tracker else { return Ok(None) };
        let mut recorder = Recorder::open(tracker, &self.folder)?;
        for record in records.iter().filter(|record| self.is_done(record)) {
            recorder.import(record)?;
        }
        Ok(Some(recorder))
    }

    /// The results, once the tracked sweep has ended too.
    fn end(
        &self,
        recorder: Option<Recorder>,
        records: Vec<RunRecord>,
        outcome: Result<()>,
    ) -> Result<Results> {
        let results = Results::new(records, &self.metric, self.maximize);
        if let Some(recorder) = recorder {
            let status = match &outcome {
                Ok(()) => RunStatus::Finished,
                Err(error) if error.kind() == ErrorKind::Interrupted => RunStatus::Killed,
                Err(_) => RunStatus::Failed,
            };
            let best = results.best().ok().and_then(|run| run.metric(&self.metric));
            let ended = recorder.end(status, best.map(|value| (self.metric.as_str(), value)));
            outcome.and(ended)?;
            return Ok(results);
        }
        outcome.map(|()| results)
    }

    /// Runs number `index` of `runs` alone, counted from 0: what a task of a job array does. The others are left alone;
    /// [`Self::results`] gathers them.
    ///
    /// # Errors
    /// As [`Self::run`], and when there is no such run, or it fails: a task reports that by its exit status.
    pub fn run_index(&self, runs: &[Settings], index: usize, work: Work<'_>) -> Result<RunRecord> {
        if index >= runs.len() {
            let problem = format!("expected a run below {}, found {index}", runs.len());
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let mut records = self.load(runs)?;
        if !self.is_done(&records[index]) {
            let bar = self.bar(&records);
            let mut board = Board::new(&records[index..=index], &self.metric);
            let outcome = self.run_one(&mut records[index], bar, &mut board, &mut None, work);
            board.finish();
            outcome?;
        }
        let record = records.swap_remove(index);
        match (record.status, &record.error) {
            (Status::Failed, Some(error)) => Err(Error::new(
                ErrorKind::Parameter,
                format!("run `{}` failed: {error}", record.settings.name()),
            )),
            _ => Ok(record),
        }
    }

    /// Searches a space: a grid or draws, each run as [`Self::run`] does. A search by TPE draws after each run; it draws the same
    /// again when it is resumed.
    ///
    /// # Errors
    /// As [`Self::run`], and when the space cannot be searched so.
    pub fn search(&self, space: &Space, how: Search, work: Work<'_>) -> Result<Results> {
        match how {
            Search::Grid => self.run(&space.grid()?, work),
            Search::Random { runs, seed } => self.run(&space.random(runs, seed)?, work),
            Search::Tpe { runs, seed } => {
                let mut records: Vec<RunRecord> = Vec::new();
                let mut board = Board::new(&records, &self.metric);
                let mut recorder = self.recorder(&records)?;
                let mut outcome = Ok(());
                for number in 0..runs {
                    let known: Vec<(&Settings, f64)> = records
                        .iter()
                        .filter_map(|run| Some((&run.settings, self.score(run)?)))
                        .collect();
                    let settings = tpe::suggest(space, &known, number, seed)?;
                    let mut record = self.load(&[settings])?.swap_remove(0);
                    if !self.is_done(&record) {
                        let bar = self.bar(&records);
                        outcome = self.run_one(&mut record, bar, &mut board, &mut recorder, work);
                    } else {
                        if let Some(recorder) = &mut recorder {
                            outcome = recorder.import(&record);
                        }
                        board.show(&record);
                    }
                    records.push(record);
                    if outcome.is_err() {
                        break;
                    }
                }
                board.finish();
                self.end(recorder, records, outcome)
            }
        }
    }

    /// The results of these runs that are in the folder.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub fn results(&self, runs: &[Settings]) -> Result<Results> {
        Ok(Results::new(self.load(runs)?, &self.metric, self.maximize))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn metric(&self) -> &str {
        &self.metric
    }

    pub(super) fn is_tracked(&self) -> bool {
        self.tracker.is_some()
    }

    pub(super) fn load(&self, runs: &[Settings]) -> Result<Vec<RunRecord>> {
        for (place, run) in runs.iter().enumerate() {
            if let Some(other) = runs[..place].iter().find(|other| other.same_values(run)) {
                let problem = format!(
                    "the runs `{}` and `{}` have the same settings",
                    other.name(),
                    run.name()
                );
                return Err(Error::new(ErrorKind::Parameter, problem).help("leave one of them out"));
            }
        }
        let load = |run: &Settings| {
            let folder = self.folder.join(run.folder());
            let found = RunRecord::load(run, &folder)?;
            Ok(found.unwrap_or_else(|| RunRecord::waiting(run, folder)))
        };
        runs.iter().map(load).collect()
    }

    pub(super) fn is_done(&self, run: &RunRecord) -> bool {
        match run.status {
            Status::Finished | Status::Pruned => true,
            Status::Failed => !self.retry_failed,
            Status::Waiting | Status::Running | Status::Interrupted => false,
        }
    }

    /// The metric of a finished run, the higher the better.
    fn score(&self, run: &RunRecord) -> Option<f64> {
        let ended = matches!(run.status, Status::Finished | Status::Pruned);
        let value = run.metric(&self.metric).filter(|value| ended && !value.is_nan())?;
        Some(if self.maximize { value } else { -value })
    }

    /// The medians of the finished runs by step.
    fn bar(&self, runs: &[RunRecord]) -> Option<Bar> {
        let Pruning::Median { runs: fewest, from } = self.pruning else { return None };
        let mut steps: std::collections::BTreeMap<usize, Vec<f64>> = Default::default();
        let finished = runs.iter().filter(|run| run.status == Status::Finished);
        for (step, value) in finished.flat_map(|run| run.series(&self.metric)) {
            steps.entry(step).or_default().push(value);
        }
        let enough =
            |(step, values): &(usize, Vec<f64>)| *step >= from && values.len() >= fewest.max(1);
        let median = |(step, mut values): (usize, Vec<f64>)| {
            values.sort_by(f64::total_cmp);
            let middle = values.len() / 2;
            let median = if values.len().is_multiple_of(2) {
                (values[middle - 1] + values[middle]) / 2.0
            } else {
                values[middle]
            };
            (step, median)
        };
        let needed = steps.into_iter().filter(enough).map(median).collect();
        Some(Bar { metric: self.metric.clone(), maximize: self.maximize, needed })
    }

    /// One run from its start; an error only when the sweep must stop.
    fn run_one(
        &self,
        record: &mut RunRecord,
        bar: Option<Bar>,
        board: &mut Board,
        recorder: &mut Option<Recorder>,
        work: Work<'_>,
    ) -> Result<()> {
        notebook::check()?;
        record.clear()?;
        (record.status, record.seconds, record.started) = (Status::Running, 0.0, now());
        record.save()?;
        let recording = recorder.as_mut().map(|recorder| recorder.begin(record)).transpose()?;
        board.show(record);
        let start = Instant::now();
        let mut trial = Trial { record, board, bar, pruned: false, recording };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut trial)));
        let (pruned, recording) = (trial.pruned, trial.recording.take());
        record.seconds = start.elapsed().as_secs_f64();
        let mut stopped = None;
        record.status = match outcome {
            Ok(Ok(())) => Status::Finished,
            Ok(Err(error)) if pruned => {
                record.error = Some(error.to_string());
                Status::Pruned
            }
            Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {
                stopped = Some(error);
                Status::Interrupted
            }
            Ok(Err(error)) => {
                record.error = Some(error.to_string());
                Status::Failed
            }
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(ToString::to_string);
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                record.error = Some(format!("panic: {}", text.unwrap_or_default()));
                Status::Failed
            }
        };
        record.save()?;
        board.show(record);
        let recorded = match (recording, recorder) {
            (Some(recording), Some(recorder)) => recording.finish(recorder, record),
            _ => Ok(()),
        };
        stopped.map_or(recorded, Err)
    }
}

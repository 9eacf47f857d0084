//! What a run left in its folder.

use super::settings::{Settings, Value};
use crate::track::{files_of, now};
use crate::{Error, ErrorKind, Result};
use serde_json::{Map, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not started.
    Waiting,
    /// Started and not ended: it runs now, or its process was killed.
    Running,
    /// Ended well.
    Finished,
    /// Ended by an error, which the record holds.
    Failed,
    /// Ended early because it was worse than the others.
    Pruned,
    /// Ended by the user; it runs again.
    Interrupted,
}

const NAMES: [(Status, &str); 6] = [
    (Status::Waiting, "waiting"),
    (Status::Running, "running"),
    (Status::Finished, "finished"),
    (Status::Failed, "failed"),
    (Status::Pruned, "pruned"),
    (Status::Interrupted, "interrupted"),
];

impl Status {
    /// The status in one word.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }
}

/// A run: its settings, its metrics and how it ended.
///
/// ```
/// use cuaderno::sweep::{Settings, Status, Sweep};
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-record-{}", std::process::id()));
/// let runs = [Settings::new("first"), Settings::new("second").with("rate", 0.1)];
/// let record = Sweep::new(&folder).run_index(&runs, 1, &mut |trial| trial.report(1, &[("loss", 0.5)]))?;
/// assert_eq!((record.status, record.metric("loss")), (Status::Finished, Some(0.5)));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// The settings of the run.
    pub settings: Settings,
    /// The status.
    pub status: Status,
    /// Metrics by step, in the order they were reported: (step, name, value).
    pub history: Vec<(usize, String, f64)>,
    /// Metrics of the whole run.
    pub results: Vec<(String, f64)>,
    /// The error that ended it.
    pub error: Option<String>,
    /// Seconds it took.
    pub seconds: f64,
    /// Its folder.
    pub folder: PathBuf,
    /// When it started, in milliseconds since 1970.
    pub(super) started: i64,
    /// When each value of the history was reported.
    pub(super) times: Vec<i64>,
}

impl RunRecord {
    /// A run that has not started.
    pub(super) fn waiting(settings: &Settings, folder: PathBuf) -> Self {
        Self {
            settings: settings.clone(),
            status: Status::Waiting,
            history: Vec::new(),
            results: Vec::new(),
            error: None,
            seconds: 0.0,
            folder,
            started: 0,
            times: Vec::new(),
        }
    }

    /// A metric: of the whole run, else as last reported.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let whole = self.results.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        whole.or_else(|| self.series(name).last().map(|(_, value)| *value))
    }

    /// A metric by step.
    pub fn series(&self, name: &str) -> Vec<(usize, f64)> {
        let named = self.history.iter().filter(|(_, known, _)| known == name);
        named.map(|(step, _, value)| (*step, *value)).collect()
    }

    /// The files of the folder with their paths in it.
    pub(super) fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        if self.folder.is_dir() { files_of(&self.folder) } else { Ok(Vec::new()) }
    }

    /// The file that holds everything but the metrics by step.
    fn file(folder: &Path) -> PathBuf {
        folder.join("run.json")
    }

    fn metrics_file(folder: &Path) -> PathBuf {
        folder.join("metrics.jsonl")
    }

    /// Writes the record, whole or not at all.
    pub(super) fn save(&self) -> Result<()> {
        let results: Map<_, _> =
            self.results.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let record = json!({
            "name": self.settings.name(),
            "settings": self.settings.json(),
            "status": self.status.name(),
            "results": results,
            "error": self.error,
            "seconds": self.seconds,
            "started": self.started,
        });
        crate::files::replace(&Self::file(&self.folder), |part| {
            std::fs::write(part, format!("{record:#}\n"))
        })
    }

    /// Forgets the metrics of an earlier attempt.
    pub(super) fn clear(&mut self) -> Result<()> {
        (self.history, self.results, self.error) = (Vec::new(), Vec::new(), None);
        self.times.clear();
        let file = Self::metrics_file(&self.folder);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io(&file, &error))
            }
            _ => Ok(()),
        }
    }

    /// Adds metrics of a step, in memory and at the end of the file.
    pub(super) fn append(&mut self, step: usize, metrics: &[(&str, f64)]) -> Result<()> {
        let file = Self::metrics_file(&self.folder);
        let fail = |error: std::io::Error| Error::io(&file, &error);
        let mut out =
            std::fs::OpenOptions::new().create(true).append(true).open(&file).map_err(fail)?;
        let (mut lines, time) = (String::new(), now());
        for (name, value) in metrics {
            // JSON has no NaN: it is written as null and read back as NaN.
            let line = json!({"step": step, "name": name, "value": value, "time": time});
            lines += &format!("{line}\n");
            self.history.push((step, (*name).to_string(), *value));
            self.times.push(time);
        }
        out.write_all(lines.as_bytes()).map_err(fail)
    }

    /// The record that lies in a folder; `None` when there is none, or it is of other settings.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub(super) fn load(settings: &Settings, folder: &Path) -> Result<Option<Self>> {
        let file = Self::file(folder);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(&file, &error)),
        };
        let damaged = || {
            Error::new(ErrorKind::File, "expected the record of a run, found something else")
                .file(&file)
                .help("delete the run's folder; it will run again")
        };
        let record: serde_json::Value = serde_json::from_str(&text).map_err(|_| damaged())?;
        let values = record["settings"].as_object().ok_or_else(damaged)?;
        let mut found = Settings::new(settings.name());
        for (name, value) in values {
            found = found.with(name, Value::from_json(value).ok_or_else(damaged)?);
        }
        if !found.same_values(settings) {
            return Ok(None);
        }
        let status = record["status"].as_str().unwrap_or_default();
        let status = NAMES.iter().find(|(_, name)| *name == status).ok_or_else(damaged)?.0;
        let number = |value: &serde_json::Value| value.as_f64().unwrap_or(f64::NAN);
        let started = record["started"].as_i64().unwrap_or_default();
        let (history, times) = history(&Self::metrics_file(folder), started)?.into_iter().unzip();
        let results = record["results"].as_object().ok_or_else(damaged)?;
        Ok(Some(Self {
            status,
            results: results.iter().map(|(name, value)| (name.clone(), number(value))).collect(),
            error: record["error"].as_str().map(str::to_string),
            seconds: record["seconds"].as_f64().unwrap_or(0.0),
            history,
            started,
            times,
            ..Self::waiting(settings, folder.to_path_buf())
        }))
    }
}

/// A value of the history and when it was reported.
type Reported = ((usize, String, f64), i64);

/// The metrics by step; a last line that was cut off when the process was killed is left out.
fn history(file: &Path, started: i64) -> Result<Vec<Reported>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(file, &error)),
    };
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let step = usize::try_from(line["step"].as_u64()?).ok()?;
        let value = line["value"].as_f64().unwrap_or(f64::NAN);
        let time = line["time"].as_i64().unwrap_or(started);
        Some(((step, line["name"].as_str()?.to_string(), value), time))
    };
    Ok(text.lines().map_while(line).collect())
}

//! The table of a sweep while it runs.

use super::record::{RunRecord, Status};
use crate::notebook::{Live, Show};
use crate::table::{Column, Table};

/// All runs in one table that changes in place.
#[derive(Debug)]
pub(super) struct Board {
    live: Live,
    runs: Vec<RunRecord>,
    metric: String,
}

impl Board {
    pub(super) fn new(runs: &[RunRecord], metric: &str) -> Self {
        Self { live: Live::new(), runs: runs.to_vec(), metric: metric.to_string() }
    }

    /// Replaces a run's row.
    pub(super) fn show(&mut self, run: &RunRecord) {
        if let Some(row) = self.runs.iter_mut().find(|row| row.settings == run.settings) {
            *row = run.clone();
        } else {
            self.runs.push(run.clone());
        }
        if self.live.due() {
            self.draw();
        }
    }

    pub(super) fn finish(&mut self) {
        self.draw();
        self.live.finish();
    }

    fn draw(&mut self) {
        if let Ok(table) = table(&self.runs, &self.metric) {
            self.live.update(table.bundle());
        }
    }
}

/// A row a run: its name, the settings that differ between runs, and how it went.
pub(super) fn table(runs: &[RunRecord], metric: &str) -> crate::Result<Table> {
    let mut names: Vec<&str> = Vec::new();
    for run in runs {
        for (name, value) in run.settings.values() {
            let differs = runs.iter().any(|other| other.settings.get(name) != Some(value));
            if differs && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    let rounded = |value: f64, digits: i32| {
        let scale = 10f64.powi(digits);
        Some((value * scale).round() / scale).filter(|value| value.is_finite())
    };
    let mut columns: Vec<(&str, Column)> = vec![(
        "run",
        runs.iter().map(|run| run.settings.name().to_string()).collect::<Vec<_>>().into(),
    )];
    for name in names {
        let value = |run: &RunRecord| run.settings.get(name).map(ToString::to_string);
        columns.push((name, runs.iter().map(value).collect::<Vec<Option<String>>>().into()));
    }
    let step = |run: &RunRecord| run.history.last().map(|(step, _, _)| *step as i64);
    let status = |run: &RunRecord| match (run.status, &run.error) {
        (Status::Failed, Some(error)) => format!("failed: {error}"),
        (status, _) => status.name().to_string(),
    };
    let best = |run: &RunRecord| run.metric(metric).and_then(|value| rounded(value, 4));
    let seconds = |run: &RunRecord| rounded(run.seconds, 1).filter(|seconds| *seconds > 0.0);
    columns.push(("status", runs.iter().map(status).collect::<Vec<_>>().into()));
    columns.push(("step", Column::Integer(runs.iter().map(step).collect())));
    columns.push((metric, Column::Float(runs.iter().map(best).collect())));
    columns.push(("seconds", Column::Float(runs.iter().map(seconds).collect())));
    Table::from_columns(columns)
}

//! The runs of a sweep side by side.

use super::live;
use super::record::{RunRecord, Status};
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::plot::{self, Figure, Series};
use crate::table::{Column, Table};
use crate::{Error, ErrorKind, Result};

/// Results of a sweep: its runs in the order they were declared, as a table, as figures, and the best one.
///
/// ```
/// use cuaderno::sweep::{Settings, Sweep};
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-results-{}", std::process::id()));
/// let runs = [0.1, 0.2].map(|rate| Settings::new(format!("rate {rate}")).with("rate", rate));
/// let results = Sweep::new(&folder).maximize("accuracy").run(&runs, &mut |trial| {
///     let rate = trial.settings().float("rate")?;
///     trial.report(1, &[("accuracy", 0.5 + rate)])
/// })?;
/// assert_eq!((results.table()?.rows(), results.best()?.settings.name()), (2, "rate 0.2"));
/// assert!(results.figure()?.svg()?.contains("rate 0.1"));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Results {
    runs: Vec<RunRecord>,
    metric: String,
    maximize: bool,
}

impl Results {
    pub(super) fn new(runs: Vec<RunRecord>, metric: &str, maximize: bool) -> Self {
        Self { runs, metric: metric.to_string(), maximize }
    }

    /// All runs.
    pub fn runs(&self) -> &[RunRecord] {
        &self.runs
    }

    /// The run of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, name: &str) -> Result<&RunRecord> {
        self.runs.iter().find(|run| run.settings.name() == name).ok_or_else(|| {
            let names: Vec<&str> = self.runs.iter().map(|run| run.settings.name()).collect();
            let problem = format!("expected one of the runs {}, found `{name}`", names.join(", "));
            Error::new(ErrorKind::Parameter, problem)
        })
    }

    /// The best of the finished runs.
    ///
    /// # Errors
    /// When no run has finished with the metric.
    pub fn best(&self) -> Result<&RunRecord> {
        let score = |run: &RunRecord| {
            let value = run.metric(&self.metric).filter(|value| !value.is_nan())?;
            (run.status == Status::Finished).then_some(if self.maximize { value } else { -value })
        };
        let scored = self.runs.iter().filter_map(|run| Some((score(run)?, run)));
        scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, run)| run).ok_or_else(|| {
            let failed = self.runs.iter().filter_map(|run| run.error.as_deref()).next();
            let problem = format!("no run has finished with the metric `{}`", self.metric);
            let error = Error::new(ErrorKind::Parameter, problem);
            match failed {
                Some(failed) => error.help(format!("the first that failed: {failed}")),
                None => error,
            }
        })
    }

    /// A row a run: the settings that differ, the status, the metric, the seconds.
    ///
    /// # Errors
    /// When a setting has the name of another column.
    pub fn table(&self) -> Result<Table> {
        live::table(&self.runs, &self.metric)
    }

    /// A row a run with these metrics of the whole run, else as last reported.
    ///
    /// # Errors
    /// When two have the same name.
    pub fn metrics(&self, names: &[&str]) -> Result<Table> {
        let run: Vec<&str> = self.runs.iter().map(|run| run.settings.name()).collect();
        let mut columns: Vec<(&str, Column)> = vec![("run", run.into())];
        for name in names {
            let value = |run: &RunRecord| {
                run.metric(name).filter(|v| v.is_finite()).map(|v| (v * 1e4).round() / 1e4)
            };
            columns.push((name, Column::Float(self.runs.iter().map(value).collect())));
        }
        Table::from_columns(columns)
    }

    /// The metric of each finished run as bars.
    ///
    /// # Errors
    /// When no run has finished.
    pub fn figure(&self) -> Result<Figure> {
        self.best()?;
        let runs = self.runs.iter().filter_map(|run| {
            let value = run.metric(&self.metric).filter(|value| value.is_finite())?;
            Some((run.settings.name(), (value * 1e4).round() / 1e4))
        });
        let (names, values): (Vec<&str>, Vec<f64>) = runs.unzip();
        Ok(plot::bars(&names, &values)?.value_label(self.metric.clone()))
    }

    /// A metric of each run by step, as lines.
    ///
    /// # Errors
    /// When no run has reported it.
    pub fn curves(&self, metric: &str) -> Result<Figure> {
        let series: Vec<Series> = self
            .runs
            .iter()
            .filter_map(|run| {
                let (x, y): (Vec<f64>, Vec<f64>) =
                    run.series(metric).iter().map(|(step, value)| (*step as f64, *value)).unzip();
                (!x.is_empty()).then(|| Series::new(run.settings.name(), &x, &y))
            })
            .collect();
        if series.is_empty() {
            let problem = format!("no run has reported the metric `{metric}`");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        Ok(plot::line(&series)?.y_label(metric))
    }

    /// Effect of each setting: a row for each two finished runs that differ in one setting alone, with the change of the
    /// metric from the first to the second.
    ///
    /// # Errors
    /// None; the columns always fit.
    pub fn effects(&self) -> Result<Table> {
        let (mut setting, mut change) = (Vec::new(), Vec::new());
        let (mut before, mut after, mut difference) = (Vec::new(), Vec::new(), Vec::new());
        let finished: Vec<&RunRecord> =
            self.runs.iter().filter(|run| run.status == Status::Finished).collect();
        for (place, a) in finished.iter().enumerate() {
            for b in &finished[place + 1..] {
                let values = a.settings.values();
                let mut differing =
                    values.iter().filter(|(name, value)| b.settings.get(name) != Some(value));
                let (Some((name, from)), None) = (differing.next(), differing.next()) else {
                    continue;
                };
                let (Some(to), Some(x), Some(y)) =
                    (b.settings.get(name), a.metric(&self.metric), b.metric(&self.metric))
                else {
                    continue;
                };
                setting.push(name.clone());
                change.push(format!("{from} → {to}"));
                let rounded = |value: f64| (value * 1e4).round() / 1e4;
                before.push(rounded(x));
                after.push(rounded(y));
                difference.push(rounded(y - x));
            }
        }
        Table::from_columns(vec![
            ("setting", setting.into()),
            ("values", change.into()),
            ("before", before.into()),
            ("after", after.into()),
            ("change", difference.into()),
        ])
    }
}

impl Show for Results {
    fn bundle(&self) -> Bundle {
        self.table().map(|table| table.bundle()).unwrap_or_default()
    }
}

show_in_cells!(Results);

//! A learner trained within a run, from the checkpoint in the run's folder.

use super::trial::Trial;
use crate::train::{History, Learner, Monitor};
use crate::{ErrorKind, Result};

impl Trial<'_> {
    /// Trains until the history has `epochs` epochs, and reports each epoch's values by the names of
    /// [`EpochRecord::value`](crate::train::EpochRecord::value), such as `val_loss`. The learner is saved into the run's folder
    /// after each epoch, with `every_batches` also after that many batches, and when it is interrupted; a run that starts again
    /// goes on there and ends bit for bit as it would have without the interruption.
    ///
    /// ```
    /// use cuaderno::prelude::*;
    /// # fn main() -> Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-fit-{}", std::process::id()));
    /// # let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
    /// # let names = vec!["a".to_string(), "b".to_string()];
    /// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
    /// # let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["even", "odd"])?.with_features(&features)?;
    /// let runs = [0.01, 0.1].map(|rate| Settings::new(format!("rate {rate}")).with("rate", rate));
    /// let results = Sweep::new(&folder).minimize("val_loss").run(&runs, &mut |trial| {
    ///     let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
    ///     let learning_rate = trial.settings().float("rate")?;
    ///     let config = TrainConfig { learning_rate, batch_size: 4, ..TrainConfig::default() };
    ///     trial.fit(&mut Learner::new(model, &set, &set, &config)?, 3, Some(100))?;
    ///     Ok(())
    /// })?;
    /// assert_eq!(results.best()?.series("val_loss").len(), 3);
    /// # std::fs::remove_dir_all(folder).map_err(|error| cuaderno::Error::io("sweep", &error))?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Learner::resume`], [`Learner::save_into`] and [`Learner::fit`], and as [`Self::report`].
    pub fn fit(
        &mut self,
        learner: &mut Learner,
        epochs: usize,
        every_batches: Option<usize>,
    ) -> Result<History> {
        let folder = self.folder().to_path_buf();
        learner.resume(&folder)?;
        learner.save_into(&folder, every_batches)?;
        let mut reporter = Reporter { trial: self, reported: 0, outcome: Ok(()) };
        reporter.report(learner.history());
        reporter.check()?;
        let fitted = learner.fit_until_with(epochs, &mut reporter);
        if fitted.as_ref().is_err_and(|error| error.kind() == ErrorKind::Interrupted) {
            learner.save(&folder)?;
        }
        fitted
    }
}

/// Reports to a run what the learner reports.
struct Reporter<'a, 'b> {
    trial: &'a mut Trial<'b>,
    /// Epochs that the run has.
    reported: usize,
    /// Why the run must end.
    outcome: Result<()>,
}

impl Reporter<'_, '_> {
    fn report(&mut self, history: &History) {
        for record in history.epochs.iter().skip(self.reported) {
            let names = record.names();
            let values: Vec<(&str, f64)> = names
                .iter()
                .filter_map(|name| Some((name.as_str(), record.value(name)?)))
                .filter(|(name, value)| !value.is_nan() || name.ends_with("loss"))
                .collect();
            let reported = self.trial.report(record.epoch, &values);
            self.outcome = std::mem::replace(&mut self.outcome, Ok(())).and(reported);
        }
        self.reported = history.epochs.len();
    }
}

impl Monitor for Reporter<'_, '_> {
    fn start(&mut self, _: usize, _: usize) {}

    fn batch(&mut self, _: usize, _: f64, _: f64) {}

    fn epoch(&mut self, history: &History) {
        self.report(history);
    }

    fn finish(&mut self, _: &History) {}

    fn check(&mut self) -> Result<()> {
        self.outcome.clone()
    }
}

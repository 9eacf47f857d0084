//! A model trained and evaluated once per fold.

use super::evaluation::Evaluation;
use super::parallel;
use crate::data::Fold;
use crate::metrics::{
    Average, Bootstrap, ConfusionMatrix, Interval, accuracy, log_loss, mean_interval,
};
use crate::notebook::{Bundle, Progress, Show, show_in_cells};
use crate::table::{Column, Table};
use crate::{Error, ErrorKind, Result, notebook};
use std::sync::Mutex;
use std::time::Instant;

/// The out-of-fold predictions of a cross-validation: those of every row by a model that was not trained on it. With
/// repetitions, the probabilities of a row are averaged.
///
/// ```
/// use cuaderno::data::KFold;
/// use cuaderno::train::{Evaluation, cross_validate};
/// # fn main() -> cuaderno::Result<()> {
/// let labels = [0, 1, 0, 1, 0, 1];
/// let folds = KFold::new(3, 0).stratified(&labels)?;
/// // A model that always says class 1.
/// let run = |fold: &cuaderno::data::Fold| {
///     let labels: Vec<usize> = fold.test.iter().map(|row| labels[*row]).collect();
///     Evaluation::from_probabilities(&labels, &[0.2, 0.8].repeat(labels.len()), &["no", "yes"])
/// };
/// let result = cross_validate(&folds, &run)?;
/// assert_eq!(result.accuracy(), 0.5);
/// assert_eq!(result.probabilities_of(&[3])?, [0.2, 0.8]);
/// assert!(result.probabilities_of(&[6]).is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CrossValidation {
    /// Rows that were tested, ascending.
    pub rows: Vec<usize>,
    /// The true class of each.
    pub labels: Vec<usize>,
    /// The most probable class of each.
    pub predictions: Vec<usize>,
    /// `[rows, classes]`, row-major.
    pub probabilities: Vec<f32>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Accuracy, balanced accuracy, weighted and macro F1 of each fold.
    pub folds: Vec<FoldScores>,
    /// Seconds for all folds.
    pub seconds: f64,
}

/// The scores of one fold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoldScores {
    /// Which repetition, from 0.
    pub repeat: usize,
    /// Which fold, from 0.
    pub fold: usize,
    /// Number of tested rows.
    pub rows: usize,
    /// Accuracy.
    pub accuracy: f64,
    /// Mean recall of the classes that occur.
    pub balanced_accuracy: f64,
    /// F1 averaged by support.
    pub f1_weighted: f64,
    /// F1 averaged over the classes that occur in the fold.
    pub f1_macro: f64,
    /// Seconds.
    pub seconds: f64,
}

/// Trains and evaluates once per fold, folds in parallel on as many threads as rayon has: `run` gets a fold and returns the
/// evaluation of its test rows, in their order. A bar shows how many folds are done.
///
/// # Errors
/// Those of `run`; [`ErrorKind::Parameter`] when there is no fold; [`ErrorKind::Shape`] when an evaluation does not have
/// the fold's test rows. [`ErrorKind::Interrupted`] when the user asks for it.
pub fn cross_validate(
    folds: &[Fold],
    run: &(dyn Fn(&Fold) -> Result<Evaluation> + Sync),
) -> Result<CrossValidation> {
    if folds.is_empty() {
        return Err(Error::new(ErrorKind::Parameter, "expected at least one fold, found none"));
    }
    let start = Instant::now();
    let progress = Mutex::new(Progress::new("folds", folds.len()));
    let one = |fold: &Fold| {
        notebook::check()?;
        let start = Instant::now();
        let found = run(fold)?;
        check_fold(fold, &found)?;
        if let Ok(mut progress) = progress.lock() {
            progress.step(1);
        }
        Ok((found, start.elapsed().as_secs_f64()))
    };
    let found: Vec<(Evaluation, f64)> = parallel::map(folds, &one)?;
    CrossValidation::of(folds, found, start.elapsed().as_secs_f64())
}

/// Checks that an evaluation has the test rows of a fold.
pub(super) fn check_fold(fold: &Fold, found: &Evaluation) -> Result<()> {
    if found.labels.len() == fold.test.len() {
        return Ok(());
    }
    let problem = format!(
        "expected predictions for the {} test rows of fold {}, found {}",
        fold.test.len(),
        fold.number,
        found.labels.len()
    );
    Err(Error::new(ErrorKind::Shape, problem))
}

impl CrossValidation {
    /// The out-of-fold probabilities of these rows, `[rows, classes]`, row-major: what an ensemble averages, or a model on top
    /// of others learns from.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a row was not tested.
    pub fn probabilities_of(&self, rows: &[usize]) -> Result<Vec<f32>> {
        let width = self.classes.len();
        let mut found = Vec::with_capacity(rows.len() * width);
        for row in rows {
            let place = self.place(*row)?;
            found.extend_from_slice(&self.probabilities[place * width..][..width]);
        }
        Ok(found)
    }

    /// The true class of a row that was tested.
    pub(super) fn label_of(&self, row: usize) -> Result<usize> {
        Ok(self.labels[self.place(row)?])
    }

    fn place(&self, row: usize) -> Result<usize> {
        self.rows.binary_search(&row).map_err(|_| {
            let problem = format!("row {row} was not tested in any fold");
            Error::new(ErrorKind::Parameter, problem)
        })
    }

    /// The same rows with other probabilities: `change` gets a fold and the probabilities of its test rows, and takes what it
    /// needs from the other folds.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there are fewer than two folds, or a row of them was not tested; those of `change`.
    pub(super) fn changed(
        &self,
        folds: &[Fold],
        change: impl Fn(&Fold, &mut [f32]) -> Result<()>,
    ) -> Result<Self> {
        if folds.len() < 2 {
            let problem = format!("expected at least two folds, found {}", folds.len());
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("what a fold is judged by comes from the others"));
        }
        let classes: Vec<&str> = self.classes.iter().map(String::as_str).collect();
        let mut found = Vec::with_capacity(folds.len());
        for fold in folds {
            let start = Instant::now();
            let mut probabilities = self.probabilities_of(&fold.test)?;
            change(fold, &mut probabilities)?;
            let labels: Vec<usize> =
                fold.test.iter().map(|row| self.label_of(*row)).collect::<Result<_>>()?;
            let one = Evaluation::from_probabilities(&labels, &probabilities, &classes)?;
            found.push((one, start.elapsed().as_secs_f64()));
        }
        let own: f64 = found.iter().map(|(_, seconds)| seconds).sum();
        Self::of(folds, found, self.seconds + own)
    }

    pub(super) fn of(folds: &[Fold], found: Vec<(Evaluation, f64)>, seconds: f64) -> Result<Self> {
        let classes = found.first().map(|(one, _)| one.classes.clone()).unwrap_or_default();
        let width = classes.len();
        let mut rows: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut labels = vec![0; rows.len()];
        let mut times = vec![0usize; rows.len()];
        let mut probabilities = vec![0.0f32; rows.len() * width];
        let mut scores = Vec::with_capacity(folds.len());
        for (fold, (one, seconds)) in folds.iter().zip(&found) {
            for ((row, label), p) in
                fold.test.iter().zip(&one.labels).zip(one.probabilities.chunks_exact(width))
            {
                let place = rows.binary_search(row).unwrap_or_default();
                labels[place] = *label;
                times[place] += 1;
                let sums = &mut probabilities[place * width..][..width];
                sums.iter_mut().zip(p).for_each(|(sum, p)| *sum += p);
            }
            let matrix = ConfusionMatrix::new(&one.labels, &one.predictions, &classes)?;
            scores.push(FoldScores {
                repeat: fold.repeat,
                fold: fold.number,
                rows: fold.test.len(),
                accuracy: matrix.accuracy(),
                balanced_accuracy: matrix.balanced_accuracy(),
                f1_weighted: matrix.f1(Average::Weighted),
                f1_macro: matrix.occurring().f1(Average::Macro),
                seconds: *seconds,
            });
        }
        for (row, times) in probabilities.chunks_exact_mut(width).zip(&times) {
            row.iter_mut().for_each(|p| *p /= (*times).max(1) as f32);
        }
        let predictions = probabilities.chunks_exact(width).map(largest);
        Ok(Self {
            predictions: predictions.collect(),
            rows,
            labels,
            probabilities,
            classes,
            folds: scores,
            seconds,
        })
    }

    /// The confusion matrix of all out-of-fold predictions.
    ///
    /// # Errors
    /// Never for the result of [`cross_validate`].
    pub fn confusion(&self) -> Result<ConfusionMatrix> {
        ConfusionMatrix::new(&self.labels, &self.predictions, &self.classes)
    }

    /// Accuracy of all out-of-fold predictions.
    pub fn accuracy(&self) -> f64 {
        let correct = self.labels.iter().zip(&self.predictions).filter(|(a, b)| a == b).count();
        correct as f64 / self.labels.len().max(1) as f64
    }

    /// The out-of-fold predictions as an evaluation, for figures and for error analysis.
    ///
    /// # Errors
    /// Never for the result of [`cross_validate`].
    pub fn evaluation(&self) -> Result<Evaluation> {
        let classes: Vec<&str> = self.classes.iter().map(String::as_str).collect();
        Evaluation::from_probabilities(&self.labels, &self.probabilities, &classes)
    }

    /// Accuracy, balanced accuracy, weighted F1 and macro F1 of all out-of-fold predictions, each with a 95 % bootstrap
    /// interval over the rows.
    ///
    /// # Errors
    /// Never for the result of [`cross_validate`].
    pub fn intervals(&self) -> Result<Vec<(String, Interval)>> {
        let bootstrap = Bootstrap::default();
        let of = |name: &str, metric: &(dyn Fn(&ConfusionMatrix) -> Result<f64> + Sync)| {
            let classes = self.classes.len();
            let found = bootstrap.confusion(&self.labels, &self.predictions, classes, metric)?;
            Ok((name.to_string(), found))
        };
        Ok(vec![
            of("accuracy", &|matrix| Ok(matrix.accuracy()))?,
            of("balanced accuracy", &|matrix| Ok(matrix.balanced_accuracy()))?,
            of("weighted F1", &|matrix| Ok(matrix.f1(Average::Weighted)))?,
            of("macro F1", &|matrix| Ok(matrix.occurring().f1(Average::Macro)))?,
        ])
    }

    /// Precision, recall, F1 and support of each class, with the 95 % bootstrap interval of F1.
    ///
    /// # Errors
    /// Never for the result of [`cross_validate`].
    pub fn class_table(&self) -> Result<Table> {
        let report = self.confusion()?.report();
        let bootstrap = Bootstrap::default();
        let round = |value: f64| (value * 1000.0).round() / 1000.0;
        let mut columns: [Vec<f64>; 5] = Default::default();
        let mut support = Vec::new();
        for (class, scores) in report.classes.iter().enumerate() {
            let f1 = |matrix: &ConfusionMatrix| {
                let (support, predicted) = (matrix.support(), matrix.predicted());
                let whole = (support[class] + predicted[class]).max(1) as f64;
                Ok(2.0 * matrix.counts()[class][class] as f64 / whole)
            };
            let found =
                bootstrap.confusion(&self.labels, &self.predictions, self.classes.len(), &f1)?;
            let scores_of = &scores.scores;
            let values =
                [scores_of.precision, scores_of.recall, scores_of.f1, found.low, found.high];
            columns.iter_mut().zip(values).for_each(|(column, value)| column.push(round(value)));
            support.push(scores.support as i64);
        }
        let [precision, recall, f1, low, high] = columns;
        Table::from_columns(vec![
            ("class", self.classes.clone().into()),
            ("precision", precision.into()),
            ("recall", recall.into()),
            ("F1", f1.into()),
            ("F1 low", low.into()),
            ("F1 high", high.into()),
            ("support", support.into()),
        ])
    }

    /// A row per fold, and the mean ± deviation in the last.
    ///
    /// # Errors
    /// Never for the result of [`cross_validate`].
    pub fn table(&self) -> Result<Table> {
        let mut names: Vec<String> = self
            .folds
            .iter()
            .map(|fold| format!("{}.{}", fold.repeat + 1, fold.fold + 1))
            .collect();
        names.push("mean ± deviation".to_string());
        type Metric = fn(&FoldScores) -> f64;
        let metrics: [(&str, Metric); 4] = [
            ("accuracy", |fold| fold.accuracy),
            ("balanced accuracy", |fold| fold.balanced_accuracy),
            ("weighted F1", |fold| fold.f1_weighted),
            ("macro F1", |fold| fold.f1_macro),
        ];
        let mut columns: Vec<(&str, Column)> = vec![("fold", names.into())];
        for (name, of) in metrics {
            let values: Vec<f64> = self.folds.iter().map(of).collect();
            let mut texts: Vec<String> = values.iter().map(|value| format!("{value:.3}")).collect();
            texts.push(match mean_interval(&values, 0.95) {
                Ok((mean, deviation, _)) => format!("{mean:.3} ± {deviation:.3}"),
                Err(_) => texts.concat(),
            });
            columns.push((name, texts.into()));
        }
        let mut rows: Vec<i64> = self.folds.iter().map(|fold| fold.rows as i64).collect();
        rows.push(rows.iter().sum());
        columns.push(("rows", rows.into()));
        Table::from_columns(columns)
    }
}

impl Evaluation {
    /// The evaluation of probabilities from elsewhere, `[examples, classes]`, row-major: an average of several networks,
    /// or another library's model. The loss is the log-loss.
    ///
    /// ```
    /// use cuaderno::train::Evaluation;
    /// let found = Evaluation::from_probabilities(&[0, 1], &[0.9, 0.1, 0.6, 0.4], &["no", "yes"])?;
    /// assert_eq!((found.predictions, found.accuracy), (vec![0, 0], 0.5));
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`log_loss`](crate::metrics::log_loss).
    pub fn from_probabilities(
        labels: &[usize],
        probabilities: &[f32],
        classes: &[&str],
    ) -> Result<Self> {
        let loss = log_loss(labels, probabilities, classes.len())?;
        let predictions: Vec<usize> =
            probabilities.chunks_exact(classes.len()).map(largest).collect();
        Ok(Self {
            loss,
            accuracy: accuracy(labels, &predictions)?,
            labels: labels.to_vec(),
            predictions,
            probabilities: probabilities.to_vec(),
            targets: Vec::new(),
            classes: classes.iter().map(ToString::to_string).collect(),
        })
    }
}

fn largest(row: &[f32]) -> usize {
    row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(class, _)| class)
}

impl Show for CrossValidation {
    fn bundle(&self) -> Bundle {
        self.table().map(|table| table.bundle()).unwrap_or_default()
    }
}

show_in_cells!(CrossValidation);

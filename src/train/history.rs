//! What training measured, epoch by epoch.

use super::metric::higher_is_better;
use crate::Result;
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::plot::{Figure, Metric, curves};
use crate::table::{Column, Table};

/// The measurements of one epoch.
///
/// ```
/// use cuaderno::train::{EpochRecord, MetricRecord};
/// let f1 = MetricRecord { name: "f1_macro".into(), train: 0.7, validation: 0.6 };
/// let record = EpochRecord {
///     epoch: 1,
///     train_loss: 0.8,
///     train_accuracy: 0.7,
///     validation_loss: 0.9,
///     validation_accuracy: 0.65,
///     metrics: vec![f1],
///     learning_rate: 0.001,
///     seconds: 2.5,
/// };
/// assert_eq!((record.value("val_loss"), record.value("val_f1_macro")), (Some(0.9), Some(0.6)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EpochRecord {
    /// Number of the epoch, counted from 1.
    pub epoch: usize,
    /// Mean loss over the training examples, each measured when it was trained on.
    pub train_loss: f64,
    /// Fraction of training examples classified correctly when they were trained on; NaN where there are no classes.
    pub train_accuracy: f64,
    /// Mean loss over the validation set after the epoch.
    pub validation_loss: f64,
    /// Fraction of validation examples classified correctly after the epoch; NaN where there are no classes.
    pub validation_accuracy: f64,
    /// The metrics of [`TrainConfig::metrics`](super::TrainConfig::metrics), in its order.
    pub metrics: Vec<MetricRecord>,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Seconds that the epoch took, validation included.
    pub seconds: f64,
}

/// A metric after an epoch, each value computed over its whole split.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRecord {
    /// Name of the metric.
    pub name: String,
    /// Value on the training examples, each predicted when it was trained on; NaN for metrics that need probabilities.
    pub train: f64,
    /// Value on the validation set after the epoch; NaN where it is undefined, such as the ROC-AUC of a single class.
    pub validation: f64,
}

impl EpochRecord {
    /// A value by Keras's names: `loss`, `val_loss`, `accuracy`, `val_accuracy`, `learning_rate`, and a metric's name
    /// for training or with `val_` before it for validation.
    pub fn value(&self, name: &str) -> Option<f64> {
        match name {
            "loss" => return Some(self.train_loss),
            "val_loss" => return Some(self.validation_loss),
            "accuracy" => return Some(self.train_accuracy),
            "val_accuracy" => return Some(self.validation_accuracy),
            "learning_rate" => return Some(self.learning_rate),
            _ => {}
        }
        let (metric, validation) = match name.strip_prefix("val_") {
            Some(metric) => (metric, true),
            None => (name, false),
        };
        let found = self.metrics.iter().find(|record| record.name == metric)?;
        Some(if validation { found.validation } else { found.train })
    }

    /// The names that [`Self::value`] takes.
    pub fn names(&self) -> Vec<String> {
        let fixed = ["loss", "val_loss", "accuracy", "val_accuracy", "learning_rate"];
        let metrics = self.metrics.iter().flat_map(|m| [m.name.clone(), format!("val_{}", m.name)]);
        fixed.into_iter().map(String::from).chain(metrics).collect()
    }
}

/// Training history: the record of all epochs so far, as Keras's `History`.
///
/// ```
/// use cuaderno::prelude::*;
/// use cuaderno::train::Silent;
/// # fn main() -> Result<()> {
/// # let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
/// # let names = vec!["a".to_string(), "b".to_string()];
/// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
/// # let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["even", "odd"])?.with_features(&features)?;
/// # let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
/// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
/// let history = Learner::new(model, &set, &set, &config)?.fit_with(3, &mut Silent)?;
/// assert_eq!((history.epochs.len(), history.table()?.rows()), (3, 3));
/// assert_eq!(history.best().map(|epoch| epoch.epoch), Some(3)); // the lowest validation loss
/// assert_eq!(history.figure()?.to_string(), "figure: loss and accuracy over 3 epochs");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// In order.
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// The epoch with the lowest validation loss.
    pub fn best(&self) -> Option<&EpochRecord> {
        self.best_by("val_loss")
    }

    /// The first epoch with the best value of this name; see [`EpochRecord::value`]. NaN is never best.
    pub fn best_by(&self, name: &str) -> Option<&EpochRecord> {
        let mut best: Option<(&EpochRecord, f64)> = None;
        for record in &self.epochs {
            let Some(value) = record.value(name).filter(|value| !value.is_nan()) else { continue };
            if best.is_none_or(|(_, best)| is_better(name, value, best)) {
                best = Some((record, value));
            }
        }
        best.map(|(record, _)| record)
    }

    fn column(&self, of: impl Fn(&EpochRecord) -> f64) -> Vec<f64> {
        self.epochs.iter().map(of).collect()
    }

    /// Returns `true` if the epochs have an accuracy.
    fn has_accuracy(&self) -> bool {
        self.epochs.iter().any(|e| !(e.train_accuracy.is_nan() && e.validation_accuracy.is_nan()))
    }

    /// A row per epoch.
    ///
    /// # Errors
    /// When two metrics have the same name.
    pub fn table(&self) -> Result<Table> {
        let floats = |of: &dyn Fn(&EpochRecord) -> f64, digits: i32| {
            let scale = 10f64.powi(digits);
            let value = |e: &EpochRecord| Some((of(e) * scale).round() / scale);
            Column::Float(self.epochs.iter().map(|e| value(e).filter(|v| !v.is_nan())).collect())
        };
        let epochs = self.epochs.iter().map(|e| i64::try_from(e.epoch).ok()).collect();
        let mut columns: Vec<(String, Column)> = vec![
            ("epoch".to_string(), Column::Integer(epochs)),
            ("train loss".to_string(), floats(&|e| e.train_loss, 4)),
            ("validation loss".to_string(), floats(&|e| e.validation_loss, 4)),
        ];
        if self.has_accuracy() {
            columns.push(("train accuracy".to_string(), floats(&|e| e.train_accuracy, 4)));
            columns
                .push(("validation accuracy".to_string(), floats(&|e| e.validation_accuracy, 4)));
        }
        for (place, name) in self.metric_names().into_iter().enumerate() {
            let train = |e: &EpochRecord| e.metrics.get(place).map_or(f64::NAN, |m| m.train);
            if self.epochs.iter().any(|e| !train(e).is_nan()) {
                columns.push((format!("train {name}"), floats(&train, 4)));
            }
            let validation =
                |e: &EpochRecord| e.metrics.get(place).map_or(f64::NAN, |m| m.validation);
            columns.push((format!("validation {name}"), floats(&validation, 4)));
        }
        columns.push(("learning rate".to_string(), floats(&|e| e.learning_rate, 8)));
        columns.push(("seconds".to_string(), floats(&|e| e.seconds, 2)));
        Table::from_columns(columns.iter().map(|(n, c)| (n.as_str(), c.clone())).collect())
    }

    fn metric_names(&self) -> Vec<&str> {
        self.epochs
            .last()
            .map_or_else(Vec::new, |e| e.metrics.iter().map(|m| m.name.as_str()).collect())
    }

    /// Loss, accuracy and metrics of training and validation per epoch, with the best epoch of each marked.
    ///
    /// # Errors
    /// When there is no epoch yet.
    pub fn figure(&self) -> Result<Figure> {
        let mut panels = vec![Metric::lower(
            "loss",
            &self.column(|e| e.train_loss),
            &self.column(|e| e.validation_loss),
        )];
        if self.has_accuracy() {
            panels.push(Metric::higher(
                "accuracy",
                &self.column(|e| e.train_accuracy),
                &self.column(|e| e.validation_accuracy),
            ));
        }
        for (place, name) in self.metric_names().into_iter().enumerate() {
            let of = |validation: bool| {
                let values = self.column(|e| match e.metrics.get(place) {
                    Some(metric) if validation => metric.validation,
                    Some(metric) => metric.train,
                    None => f64::NAN,
                });
                if values.iter().any(|v| v.is_finite()) { values } else { Vec::new() }
            };
            let (train, validation) = (of(false), of(true));
            if train.is_empty() && validation.is_empty() {
                continue;
            }
            panels.push(if higher_is_better(name) {
                Metric::higher(name, &train, &validation)
            } else {
                Metric::lower(name, &train, &validation)
            });
        }
        curves(&panels)
    }

    /// Median seconds of an epoch.
    pub fn seconds_per_epoch(&self) -> f64 {
        let mut seconds: Vec<f64> = self.epochs.iter().map(|epoch| epoch.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Returns `true` if a monitored value is strictly better than another; NaN is worse than any number.
pub(super) fn is_better(name: &str, value: f64, than: f64) -> bool {
    match (value.is_nan(), than.is_nan()) {
        (true, _) => false,
        (false, true) => true,
        _ if higher_is_better(name) => value > than,
        _ => value < than,
    }
}

impl Show for History {
    fn bundle(&self) -> Bundle {
        self.table().map(|table| table.bundle()).unwrap_or_default()
    }
}

show_in_cells!(History);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_without_a_loss_is_never_the_best() {
        let epoch = |epoch, validation_loss| EpochRecord {
            epoch,
            train_loss: 1.0,
            train_accuracy: 0.5,
            validation_loss,
            validation_accuracy: epoch as f64,
            metrics: Vec::new(),
            learning_rate: 0.1,
            seconds: 1.0,
        };
        let epochs = vec![epoch(1, -f64::NAN), epoch(2, 3.0), epoch(3, 2.0), epoch(4, f64::NAN)];
        let history = History { epochs };
        assert_eq!(history.best().unwrap().epoch, 3);
        assert_eq!(history.best_by("val_accuracy").unwrap().epoch, 4);
        assert!(history.best_by("val_f1_macro").is_none());
    }
}

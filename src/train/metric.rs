//! Metrics by their names in scikit-learn.

use super::evaluation::Evaluation;
use super::targets::takes_values;
use crate::metrics::KappaWeights;
use crate::tensor::{LossKind, LossOptions};
use crate::{Error, ErrorKind, Result, metrics};

/// How a metric is computed.
type Compute = fn(&Evaluation) -> Result<f64>;

/// What a metric judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Domain {
    /// Predicted classes.
    Classes,
    /// Class probabilities.
    Probabilities,
    /// Values.
    Values,
}

use Domain::{Classes, Probabilities, Values};

/// Name, domain, whether higher is better, and the computation.
const METRICS: &[(&str, Domain, bool, Compute)] = &[
    ("accuracy", Classes, true, |e| Ok(e.accuracy)),
    ("balanced_accuracy", Classes, true, |e| Ok(e.confusion()?.balanced_accuracy())),
    ("f1_macro", Classes, true, |e| Ok(e.report()?.macro_average.f1)),
    ("f1_weighted", Classes, true, |e| Ok(e.report()?.weighted_average.f1)),
    ("precision_macro", Classes, true, |e| Ok(e.report()?.macro_average.precision)),
    ("precision_weighted", Classes, true, |e| Ok(e.report()?.weighted_average.precision)),
    ("recall_macro", Classes, true, |e| Ok(e.report()?.macro_average.recall)),
    ("recall_weighted", Classes, true, |e| Ok(e.report()?.weighted_average.recall)),
    ("cohen_kappa", Classes, true, |e| e.confusion()?.cohen_kappa(KappaWeights::None)),
    ("cohen_kappa_quadratic", Classes, true, |e| {
        e.confusion()?.cohen_kappa(KappaWeights::Quadratic)
    }),
    ("matthews_corrcoef", Classes, true, |e| Ok(e.confusion()?.matthews_correlation())),
    ("log_loss", Probabilities, false, |e| {
        metrics::log_loss(&e.labels, &e.probabilities, e.classes.len())
    }),
    ("roc_auc", Probabilities, true, |e| {
        let classes = e.classes.len();
        if classes != 2 {
            return metrics::roc_auc_one_vs_rest(&e.labels, &e.probabilities, classes);
        }
        let scores: Vec<f32> = e.probabilities.iter().skip(1).step_by(2).copied().collect();
        metrics::roc_auc(&e.labels, &scores)
    }),
    ("average_precision_macro", Probabilities, true, |e| {
        metrics::average_precision_one_vs_rest(&e.labels, &e.probabilities, e.classes.len())
    }),
    ("brier_score", Probabilities, false, |e| {
        metrics::brier_score(&e.labels, &e.probabilities, e.classes.len())
    }),
    ("top_2_accuracy", Probabilities, true, |e| top(e, 2)),
    ("top_3_accuracy", Probabilities, true, |e| top(e, 3)),
    ("top_5_accuracy", Probabilities, true, |e| top(e, 5)),
    ("mean_squared_error", Values, false, |e| {
        metrics::mean_squared_error(&doubles(&e.targets), &doubles(&e.probabilities))
    }),
    ("mean_absolute_error", Values, false, |e| {
        metrics::mean_absolute_error(&doubles(&e.targets), &doubles(&e.probabilities))
    }),
    ("r2", Values, true, |e| metrics::r2(&doubles(&e.targets), &doubles(&e.probabilities))),
];

fn top(evaluation: &Evaluation, k: usize) -> Result<f64> {
    let Evaluation { labels, probabilities, classes, .. } = evaluation;
    metrics::top_k_accuracy(labels, probabilities, classes.len(), k)
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// The names that [`TrainConfig::metrics`](super::TrainConfig::metrics) takes.
pub fn metric_names() -> Vec<&'static str> {
    METRICS.iter().map(|(name, ..)| *name).collect()
}

/// Returns `true` if higher values of a metric or monitored value are better. Losses and errors are better when low.
pub(super) fn higher_is_better(name: &str) -> bool {
    let name = name.strip_prefix("val_").unwrap_or(name);
    let known = METRICS.iter().find(|(known, ..)| *known == name);
    known
        .map_or(!["loss", "error"].iter().any(|end| name.ends_with(end)), |(.., higher, _)| *higher)
}

/// Computes a metric.
pub(super) fn compute(name: &str, evaluation: &Evaluation) -> Result<f64> {
    match METRICS.iter().find(|(known, ..)| *known == name) {
        Some((.., compute)) => compute(evaluation),
        None => Err(unknown(name)),
    }
}

/// Returns `true` if a metric can be computed from predicted classes alone.
pub(super) fn needs_classes_only(name: &str) -> bool {
    METRICS.iter().any(|(known, domain, ..)| *known == name && *domain == Classes)
}

/// Checks that there is a metric of this name, and that the loss suits it.
pub(super) fn check(name: &str, loss: &LossOptions) -> Result<()> {
    let Some((_, domain, ..)) = METRICS.iter().find(|(known, ..)| *known == name) else {
        return Err(unknown(name));
    };
    let fits = match domain {
        Values => loss.kind == LossKind::MeanSquaredError,
        Classes | Probabilities => !takes_values(loss),
    };
    if fits {
        return Ok(());
    }
    let problem = format!("the metric `{name}` does not fit the loss {:?}", loss.kind);
    Err(Error::new(ErrorKind::Parameter, problem))
}

/// Checks that the history of a training with this loss and these metrics has a value `name`.
pub(super) fn check_monitor(name: &str, loss: &LossOptions, metrics: &[String]) -> Result<()> {
    let metric = name.strip_prefix("val_").unwrap_or(name);
    if metric == "loss"
        || (metric == "accuracy" && loss.kind != LossKind::MeanSquaredError)
        || metrics.iter().any(|known| known == metric)
    {
        return Ok(());
    }
    let mut names = vec!["val_loss".to_string(), "val_accuracy".to_string()];
    names.extend(metrics.iter().map(|metric| format!("val_{metric}")));
    let problem = format!("there is no value `{name}` to monitor");
    Err(Error::new(ErrorKind::Parameter, problem).help(format!(
        "the history will have {}; add others to `TrainConfig::metrics`",
        names.join(", ")
    )))
}

fn unknown(name: &str) -> Error {
    let problem = format!("there is no metric `{name}`");
    Error::new(ErrorKind::Parameter, problem)
        .help(format!("the metrics are {}", metric_names().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_follow_the_names() {
        for name in ["val_accuracy", "f1_macro", "val_roc_auc", "val_my_score"] {
            assert!(higher_is_better(name), "{name}");
        }
        for name in ["loss", "val_loss", "val_log_loss", "val_mean_squared_error"] {
            assert!(!higher_is_better(name), "{name}");
        }
    }
}

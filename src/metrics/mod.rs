//! Metrics: pure functions on slices that return scikit-learn's numbers.
//!
//! Classes are numbered from 0; scores and probabilities have a row of `classes` values for each item, row after row, of
//! `f32` or `f64`.
//!
//! Here belongs every number that judges predictions: of classes ([`accuracy`], [`f1`], [`ConfusionMatrix`]), probabilities
//! ([`roc_auc`], [`log_loss`], [`Calibration`]), labels ([`MultiLabelScores`]) and values ([`r2`]), with intervals
//! ([`Bootstrap`]) and comparisons ([`mcnemar`]). Not here: losses, which have gradients ([`tensor`](crate::tensor)), running
//! a network over a split ([`train::Evaluation`](crate::train::Evaluation)), and the figures ([`plot`](crate::plot)).
//!
//! ```
//! use cuaderno::metrics::{Average, accuracy, f1};
//! # fn main() -> cuaderno::Result<()> {
//! let (truth, predicted) = ([0, 1, 2, 2], [0, 1, 2, 1]);
//! assert_eq!(accuracy(&truth, &predicted)?, 0.75);
//! assert!(f1(&truth, &predicted, 3, Average::Macro)? > 0.75);
//! # Ok(()) }
//! ```

mod accuracy;
mod average;
mod bootstrap;
mod calibration;
mod check;
mod compare;
mod confusion;
mod distribution;
mod kappa;
mod kappa_weights;
mod log_loss;
mod multi_label;
mod precision_recall;
mod ranking;
mod regression;
mod report;
mod score;
mod top_k;

pub use accuracy::{accuracy, balanced_accuracy};
pub use average::Average;
pub use bootstrap::{Bootstrap, Interval, MatrixStatistic, PairedInterval, Statistic};
pub use calibration::{Calibration, CalibrationBin};
pub use compare::{McNemar, PairedDifference, mcnemar, mean_interval, paired_difference};
pub use confusion::{ConfusionMatrix, Normalize};
pub use kappa::cohen_kappa;
pub use kappa_weights::KappaWeights;
pub use log_loss::{brier_score, log_loss};
pub use multi_label::MultiLabelScores;
pub use precision_recall::{f_beta, f1, matthews_correlation, precision, recall};
pub use ranking::{average_precision, average_precision_one_vs_rest, roc_auc, roc_auc_one_vs_rest};
pub use regression::{mean_absolute_error, mean_squared_error, r2};
pub use report::{ClassScores, ClassificationReport, Scores};
pub use score::Score;
pub use top_k::top_k_accuracy;

//! Measures of how good predictions are: pure functions on slices, with scikit-learn's numbers.
//!
//! Classes are numbered from 0; probabilities are one row of `classes` values for each item, row after row.

mod balanced;
mod check;
mod confusion;
mod kappa;
mod log_loss;
mod report;
mod roc_auc;
mod squared_error;
mod top_k;

pub use confusion::ConfusionMatrix;
pub use kappa::cohen_kappa;
pub use log_loss::log_loss;
pub use report::{ClassScores, ClassificationReport, Scores};
pub use roc_auc::{roc_auc, roc_auc_one_vs_rest};
pub use squared_error::mean_squared_error;
pub use top_k::top_k_accuracy;

//! Training: the learner and its loop, losses and metrics by name, callbacks, checkpoints, and monitors.
//!
//! [`Learner`] trains a network with a [`TrainConfig`] and [`callbacks`], and reports to a [`Monitor`]; [`History`] has what
//! was measured, [`Evaluation`] the predictions of a split; [`cross_validate`] does it all once per fold. [`Optimizer`] is for
//! a loop of your own.
//!
//! Here belongs what changes the weights of a network, and what watches that. Not here: the layers ([`nn`](crate::nn)), the
//! formulas of losses and of optimizer steps ([`tensor`](crate::tensor)), scores ([`metrics`](crate::metrics)), and runs with
//! different settings ([`sweep`](crate::sweep)).
//!
//! ```
//! use cuaderno::data::Dataset;
//! use cuaderno::nn::{Init, Linear, Sequential};
//! use cuaderno::table::FeatureMatrix;
//! use cuaderno::train::{Learner, Silent, TrainConfig};
//! # fn main() -> cuaderno::Result<()> {
//! let features = FeatureMatrix {
//!     values: ndarray::array![[0.0, 1.0], [1.0, 0.0], [0.1, 0.9], [0.8, 0.1]],
//!     names: vec!["a".to_string(), "b".to_string()],
//!     unknown: Vec::new(),
//! };
//! let set = Dataset::new(&[0, 1, 0, 1], &["b", "a"])?.with_features(&features)?;
//! let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
//! let config = TrainConfig { batch_size: 2, learning_rate: 0.1, ..TrainConfig::default() };
//! let mut learner = Learner::new(model, &set, &set, &config)?;
//! let history = learner.fit_with(20, &mut Silent)?; // `fit(20)` shows live curves
//! assert!(history.epochs[19].validation_loss < history.epochs[0].validation_loss);
//! # Ok(()) }
//! ```

mod autosave;
mod batches;
mod callback;
pub mod callbacks;
mod checkpoint;
mod checkpoint_file;
mod config;
mod cross_validation;
mod data_parallel;
mod epoch_progress;
mod evaluation;
mod feature_cache;
mod fine_tune;
mod fit;
mod fold_tasks;
mod gradients;
mod history;
mod learner;
mod learning_rate_curve;
mod learning_rate_finder;
mod live;
mod logit_adjustment;
mod measured;
mod metric;
mod minority;
mod monitor;
mod optimizer;
mod parallel;
mod soft_voting;
mod state;
mod step;
mod targets;

pub use crate::tensor::{
    AdamConfig, LossKind, LossOptions, OptimizerConfig, RmsPropConfig, SgdConfig,
};
pub use callback::{Batch, Callback, TrainContext};
pub use config::{LastBatch, TrainConfig};
pub use cross_validation::{CrossValidation, FoldScores, cross_validate};
pub use evaluation::Evaluation;
pub use feature_cache::FeatureCaching;
pub use fine_tune::FineTune;
pub use fold_tasks::cross_validate_on;
pub use history::{EpochRecord, History, MetricRecord};
pub use learner::Learner;
pub use learning_rate_curve::LearningRateCurve;
pub use learning_rate_finder::LearningRateFinder;
pub use live::LiveCurves;
pub use logit_adjustment::logit_adjusted;
pub use metric::metric_names;
pub use minority::minority_by_score;
pub use monitor::{Monitor, Silent, Text};
pub use optimizer::Optimizer;
pub use soft_voting::{SoftVoting, soft_voting};
pub use state::State;

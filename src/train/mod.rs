//! Training: optimizers, the loop, and what it tells.

mod evaluation;
mod frozen;
mod history;
mod learner;
mod live;
mod monitor;
mod optimizer;

pub use crate::tensor::{AdamConfig, OptimizerConfig, SgdConfig};
pub use evaluation::Evaluation;
pub use frozen::FrozenFeatures;
pub use history::{EpochRecord, History};
pub use learner::{Learner, TrainConfig};
pub use live::LiveCurves;
pub use monitor::{Monitor, Silent, Text};
pub use optimizer::Optimizer;

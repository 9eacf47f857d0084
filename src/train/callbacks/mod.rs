//! Callbacks with Keras's names and meanings, added to a learner by [`Learner::with`](super::Learner::with).
//!
//! Here belongs what acts during training without being part of every run. Not here: the hooks themselves
//! ([`Callback`](super::Callback)), and the display of the curves ([`Monitor`](super::Monitor)).

mod csv_logger;
mod early_stopping;
mod ema;
mod mixing;
mod mlflow_logger;
mod model_checkpoint;
mod monitored;
mod reduce_lr;
mod resizing;
mod schedule;
mod terminate_on_nan;

pub use csv_logger::CsvLogger;
pub use early_stopping::EarlyStopping;
pub use ema::Ema;
pub use mixing::{CutMix, MixUp};
pub use mlflow_logger::MlflowLogger;
pub use model_checkpoint::ModelCheckpoint;
pub use monitored::Mode;
pub use reduce_lr::ReduceLROnPlateau;
pub use resizing::ProgressiveResizing;
pub use schedule::Schedule;
pub use terminate_on_nan::TerminateOnNaN;

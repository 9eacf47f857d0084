//! Networks ready to train.

mod hybrid;

pub use hybrid::{Hybrid, HybridConfig};

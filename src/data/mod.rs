//! From rows to batches: which rows train, validate and test, and how a network sees them.

mod dataset;
mod split;

pub use dataset::{Dataset, Item};
pub use split::Split;

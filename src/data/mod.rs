//! From rows to batches: which rows train, validate and test.

mod split;

pub use split::Split;

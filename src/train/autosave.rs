//! When a learner saves itself.

use std::path::PathBuf;

/// Where and how often a learner saves itself.
#[derive(Clone, Debug)]
pub(super) struct Autosave {
    pub folder: PathBuf,
    /// Batches between two checkpoints, beside those after each epoch.
    pub batches: Option<usize>,
}

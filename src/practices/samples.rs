//! The samples that come with the project, generated again.

use super::{art, poi, sentiment};
use crate::Result;
use std::path::Path;

/// Writes the samples of all practices into `folder`: `poi`, `art` and `sentiment`, the same bytes as in this project's
/// `data`. The titles of practice 3 are generated where they are first needed.
///
/// # Errors
/// `File` when a file cannot be written.
pub fn generate_samples(folder: impl AsRef<Path>) -> Result<()> {
    let folder = folder.as_ref();
    poi::generate(folder.join("poi"), poi::SAMPLE_ROWS, poi::SAMPLE_SEED)?;
    art::generate(folder.join("art"), art::SAMPLE_SEED)?;
    sentiment::generate(folder.join("sentiment"), sentiment::SAMPLE_ROWS, sentiment::SAMPLE_SEED)?;
    Ok(())
}

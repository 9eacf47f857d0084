//! Points of interest (practices 1 and 2): metadata and one image per row, and the engagement of visitors.
//!
//! ```no_run
//! use cuaderno::practices::poi;
//! # fn main() -> cuaderno::Result<()> {
//! let paths = poi::locate()?;
//! let table = poi::read(&paths)?;
//! let target = poi::Target::fit(&poi::engagement(&table)?)?;
//! # Ok(()) }
//! ```

mod category;
mod counters;
mod details;
mod engagement;
mod experiment;
mod features;
mod files;
mod generate;
mod kinds;
mod monuments;
mod paint;
mod paths;
mod ridge;
mod scene;
mod similarity;
mod stack;
mod words;

pub use category::{CategoryTarget, text_vectors, texts, tf_idf};
pub use engagement::{CLASSES, Target, engagement, first_engagement};
pub use experiment::{Branch, Experiment, Recipe, Resampling};
pub use features::{image_features, standardized_backbone};
pub use files::{image_paths, locate, read};
pub use generate::{SAMPLE_ROWS, SAMPLE_SEED, generate};
pub use paths::PoiPaths;
pub use similarity::SimilarityConfig;

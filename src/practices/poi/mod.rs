//! Points of interest: one row of metadata and one picture each, and how engaged their visitors are.
//!
//! ```no_run
//! use cuaderno::practices::poi;
//! # fn main() -> cuaderno::Result<()> {
//! let paths = poi::locate()?;
//! let table = poi::read(&paths)?;
//! let target = poi::Target::fit(&poi::engagement(&table)?)?;
//! # Ok(()) }
//! ```

mod canvas;
mod counters;
mod details;
mod dice;
mod engagement;
mod files;
mod generate;
mod monuments;
mod scene;
mod words;

pub use engagement::{CLASSES, Target, engagement, first_engagement};
pub use files::{PoiPaths, image_paths, locate, read};
pub use generate::{SAMPLE_ROWS, SAMPLE_SEED, generate};

//! Product titles of the MeLi Data Challenge 2019, and the category each belongs to.
//!
//! ```no_run
//! use cuaderno::practices::titles;
//! # fn main() -> cuaderno::Result<()> {
//! let paths = titles::locate()?;
//! let table = titles::read(&paths)?;
//! # Ok(()) }
//! ```

mod catalog;
mod files;
mod generate;
mod grammar;
mod paths;
mod vectors;

pub use files::{frequent, locate, of_language, published, read};
pub use generate::{SAMPLE_CATEGORIES, SAMPLE_ROWS, SAMPLE_SEED, generate};
pub use paths::TitlePaths;

//! Paintings and who painted them: one image a painting, a table of artists.
//!
//! ```no_run
//! use cuaderno::practices::art;
//! # fn main() -> cuaderno::Result<()> {
//! let paths = art::locate()?;
//! let artists = art::read(&paths)?;
//! let paintings = art::paintings(&paths, &artists)?;
//! println!("{} paintings of {} artists", paintings.paths.len(), paintings.classes.len());
//! # Ok(()) }
//! ```

mod canvas;
mod figures;
mod files;
mod generate;
mod manners;
mod movements;
mod names;
mod painters;
mod paths;

pub use figures::{movement_graph, timeline};
pub use files::{locate, paintings, read};
pub use generate::{SAMPLE_SEED, generate};
pub use movements::Movements;
pub use paths::ArtPaths;

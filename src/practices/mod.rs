//! The practices' data sets: the real files where they are in place, generated samples elsewhere.
//!
//! A module per practice: [`poi`] (1 and 2), [`titles`] (3), [`art`] and [`sentiment`] (images). Each locates its files,
//! reads them with its own checks, and generates its sample. Here belongs what only one data set needs. Not here: anything
//! that another data set could use, which goes to the module of its kind, such as [`table`](crate::table).
//!
//! ```
//! use cuaderno::practices::poi;
//! # fn main() -> cuaderno::Result<()> {
//! let paths = poi::locate()?; // the folder that CUADERNO_REAL_DATA names, or the sample
//! let table = poi::read(&paths)?;
//! assert!(table.rows() > 0);
//! # Ok(()) }
//! ```

pub mod art;
mod canvas;
mod dice;
mod pixels;
mod place;
pub mod poi;
mod pretrained;
mod samples;
pub mod sentiment;
pub mod titles;

pub use pretrained::{weights, word_vectors};
pub use samples::generate_samples;

//! Deep learning in Rust notebooks.
//!
//! Each floor knows only those below it: [`error`] and [`notebook`] are the ground.
#![deny(missing_docs)]

pub mod data;
pub mod error;
mod files;
pub mod images;
pub mod metrics;
pub mod models;
pub mod nn;
pub mod notebook;
pub mod plot;
pub mod practices;
pub mod prelude;
pub mod table;
pub mod tensor;
pub mod train;

pub use error::{Error, ErrorKind, Result};

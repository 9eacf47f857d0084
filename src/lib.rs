//! Deep learning in Rust notebooks.
//!
//! Each floor knows only those below it: [`error`] and [`notebook`] are the ground.
#![deny(missing_docs)]

pub mod error;
pub mod metrics;
pub mod notebook;
pub mod plot;

pub use error::{Error, ErrorKind, Result};

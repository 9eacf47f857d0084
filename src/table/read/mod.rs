//! A CSV file becomes a table: decoded, split into cells on all processors, each column of the narrowest type that fits.
//!
//! Here belongs everything about bytes: encodings, dialects, compression, types of cells. Not here: what is done with a table
//! once it is read ([`super`]).

mod batches;
mod blocks;
mod dialect;
mod fields;
mod file;
mod input;
mod marks;
mod options;
mod records;
mod row_errors;
mod row_filter;
mod rows;
mod scan;
mod source;
mod types;

pub use batches::{BatchMap, CsvBatches};
pub use options::{CsvOptions, Encoding, ShortRows};
pub use row_filter::Condition;
pub use scan::CsvScan;

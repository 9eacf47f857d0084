//! Typed columns read from a CSV, looked at, cut and prepared for a network.
//!
//! A [`Table`] is immutable: every method that changes something returns a new one, which shares the
//! columns it did not touch. Every view ([`Table::head`], [`Table::describe`], [`Table::schema`]) is a
//! `Table` again, so that a notebook shows all of them alike.
//!
//! Here belongs what reads, changes and encodes columns. Not here: which rows are for training and which for the test
//! ([`data`](crate::data)), words ([`text`](crate::text)), images ([`images`](crate::images)), and the table in a written
//! report ([`report::TableExport`](crate::report::TableExport)).
//!
//! ```
//! use cuaderno::table::{Preprocessor, Table};
//! # fn main() -> cuaderno::Result<()> {
//! let table = Table::from_columns(vec![
//!     ("city", vec!["Lima", "Quito", "Lima"].into()),
//!     ("likes", vec![12_i64, 30, 7].into()),
//! ])?;
//! assert_eq!(table.sort_by("likes", false)?.head(1).texts("city")?, ["Quito"]);
//! let fitted = Preprocessor::new().scale(&["likes"]).one_hot(&["city"]).fit(&table, &[0, 1])?;
//! assert_eq!(fitted.transform(&table, &[2])?.names, ["likes", "city_Lima", "city_Quito"]);
//! # Ok(()) }
//! ```
//!
//! The preparation of a table for a network is fitted on the training rows only: [`Preprocessor`] joins
//! scalers and encoders, [`QuantileCut`] turns a number into classes of equal size.

mod categorical;
mod categories;
mod change;
mod column;
mod date_text;
mod date_time;
mod dates;
mod encoders;
mod export;
mod features;
mod filter;
mod frame;
mod group;
mod imputer;
mod join;
mod list_text;
mod nulls;
mod number_features;
mod offsets;
mod patterns;
mod preprocessor;
mod quantile;
mod read;
mod running;
mod scalers;
mod show;
mod statistics;
mod summary;
mod target_encoder;
mod text_features;
mod texts;
mod views;

pub use categorical::Categorical;
pub use column::{Column, ColumnType, Value};
pub(crate) use date_text::SPANISH_MONTHS;
pub use date_time::DateTime;
pub use dates::DatePart;
pub use encoders::{FrequencyEncoder, MultiHotEncoder, OneHotEncoder, OrdinalEncoder};
pub use features::FeatureMatrix;
pub use frame::Table;
pub use group::Aggregate;
pub use imputer::{Impute, Imputer};
pub use join::Join;
pub use number_features::{Bins, Logarithm};
pub use preprocessor::{FittedPreprocessor, Preprocessor};
pub use quantile::{QuantileCut, quantile_cut};
pub use read::{BatchMap, Condition, CsvBatches, CsvOptions, CsvScan, Encoding, ShortRows};
pub use scalers::{MinMaxScaler, RobustScaler, StandardScaler};
pub(crate) use summary::free_name;
pub use target_encoder::TargetEncoder;
pub use text_features::{TextHasher, TextLengths};
pub use texts::Texts;

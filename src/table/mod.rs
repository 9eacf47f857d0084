//! Typed columns read from a CSV, looked at, cut and prepared for a network.
//!
//! A [`Table`] is immutable: every method that changes something returns a new one, which shares the
//! columns it did not touch. Every view ([`Table::head`], [`Table::describe`], [`Table::schema`]) is a
//! `Table` again, so that a notebook shows all of them alike.
//!
//! What a network needs from a table is learnt on the training rows only: [`Preprocessor`] joins
//! scalers and encoders, [`QuantileCut`] turns a number into classes of equal size.

mod column;
mod encoders;
mod features;
mod frame;
mod list_text;
mod preprocessor;
mod quantile;
mod read;
mod scalers;
mod show;
mod statistics;
mod summary;
mod views;

pub use column::{Column, ColumnType, Texts, Value};
pub use encoders::{MultiHotEncoder, OneHotEncoder, OrdinalEncoder};
pub use features::FeatureMatrix;
pub use frame::Table;
pub use preprocessor::{FittedPreprocessor, Preprocessor};
pub use quantile::{QuantileCut, quantile_cut};
pub use scalers::{MinMaxScaler, StandardScaler};

//! The features that a network reads of a table: rows of numbers with names.

use super::column::Column;
use super::frame::Table;
use crate::notebook::{Bundle, Show, show_in_cells};
use ndarray::Array2;

/// Numbers made from columns of a table: one row an example, one named column a feature.
///
/// ```
/// use cuaderno::table::{Preprocessor, Table};
/// let table = Table::from_columns(vec![("tier", vec![1_i64, 3].into())])?;
/// let features = Preprocessor::new().min_max(&["tier"]).fit(&table, &[0, 1])?.transform_all(&table)?;
/// assert_eq!((features.rows(), features.features(), features.row(1)), (2, 1, vec![1.0]));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMatrix {
    /// `[rows, features]`.
    pub values: Array2<f32>,
    /// The name of each feature, such as `tier` or `categories_Historia`.
    pub names: Vec<String>,
    /// Categories that were not there when the encoder was fitted: the column, and how many cells (or
    /// list items) held one. They are encoded as zeros (by an ordinal encoder as −1).
    pub unknown: Vec<(String, usize)>,
}

impl FeatureMatrix {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.nrows()
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.values.ncols()
    }

    /// Row `row` as a list of numbers; empty past the end.
    pub fn row(&self, row: usize) -> Vec<f32> {
        if row < self.rows() { self.values.row(row).to_vec() } else { Vec::new() }
    }

    /// All numbers, row after row.
    pub fn to_vec(&self) -> Vec<f32> {
        self.values.iter().copied().collect()
    }

    /// The same as a table, to look at or to describe.
    pub fn table(&self) -> Table {
        let column = |index: usize| {
            Column::from(
                self.values.column(index).iter().map(|v| f64::from(*v)).collect::<Vec<_>>(),
            )
        };
        Table {
            names: self.names.clone(),
            columns: (0..self.features()).map(|index| column(index).into()).collect(),
            rows: self.rows(),
            origin: None,
        }
    }
}

impl Show for FeatureMatrix {
    fn bundle(&self) -> Bundle {
        self.table().bundle()
    }
}

show_in_cells!(FeatureMatrix);

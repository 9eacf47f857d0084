//! Conditions on the rows of a scan.

use super::super::column::Value;
use super::super::frame::Table;
use crate::Result;

/// A condition on the cells of a column.
pub type Condition = Box<dyn Fn(Value<'_>) -> bool + Send + Sync>;

/// A condition on the rows of a scan.
pub(super) struct Filter {
    pub column: String,
    pub rule: Rule,
}

/// The rule of a filter.
pub(super) enum Rule {
    Equal(String),
    Between(f64, f64),
    If(Condition),
}

impl Filter {
    /// The rows that fulfill it.
    pub fn apply(&self, table: &Table) -> Result<Table> {
        match &self.rule {
            Rule::Equal(value) => table.filter_equal(&self.column, value),
            Rule::Between(low, high) => table.filter_between(&self.column, *low, *high),
            Rule::If(condition) => table.filter(&table.mask(&self.column, condition)?),
        }
    }
}

//! Class names as numbers and back.

use crate::table::{Column, ColumnType, Table, Value};
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeSet, HashMap};

/// Numbers the distinct values of a column in sorted order, as scikit-learn's `LabelEncoder`.
///
/// ```
/// use cuaderno::{data::LabelEncoder, table::Table};
/// # fn main() -> cuaderno::Result<()> {
/// let table = Table::from_columns(vec![("kind", vec!["dog", "cat", "dog"].into())])?;
/// let encoder = LabelEncoder::fit(&table, "kind")?;
/// assert_eq!(encoder.transform(&table, "kind")?, vec![1, 0, 1]);
/// assert_eq!(encoder.name(0), Some("cat"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelEncoder {
    classes: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl LabelEncoder {
    /// Learns the classes of a column of text, categories, whole numbers or booleans; whole numbers sort by value,
    /// categories in their stated order, the rest by name.
    ///
    /// # Errors
    /// [`ErrorKind::Table`] when the column is missing, holds lists or real numbers, or has an empty cell.
    pub fn fit(table: &Table, column: &str) -> Result<Self> {
        let values = labels(table, column)?;
        let distinct: BTreeSet<(i64, String)> = values.into_iter().collect();
        Self::new(distinct.into_iter().map(|(_, name)| name).collect())
    }

    /// Classes with these names, numbered in this order.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a name occurs twice.
    pub fn new(classes: Vec<String>) -> Result<Self> {
        let mut numbers = HashMap::with_capacity(classes.len());
        for (number, name) in classes.iter().enumerate() {
            if numbers.insert(name.clone(), number).is_some() {
                let problem = format!("expected distinct class names, found `{name}` twice");
                return Err(Error::new(ErrorKind::Parameter, problem));
            }
        }
        Ok(Self { classes, numbers })
    }

    /// The class of each cell of `column`, as an index into [`Self::classes`].
    ///
    /// # Errors
    /// As [`Self::fit`], and when a value is not one of the classes.
    pub fn transform(&self, table: &Table, column: &str) -> Result<Vec<usize>> {
        let names = labels(table, column)?;
        let number = |(row, (_, name)): (usize, &(i64, String))| {
            self.numbers.get(name).copied().ok_or_else(|| {
                Error::new(ErrorKind::Table, format!("`{name}` is not one of the classes"))
                    .row(row + 2)
                    .column(column)
                    .help(format!("expected one of {}", self.classes.join(", ")))
            })
        };
        names.iter().enumerate().map(number).collect()
    }

    /// The number of a class name.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// The name of a class.
    pub fn name(&self, number: usize) -> Option<&str> {
        self.classes.get(number).map(String::as_str)
    }

    /// Names of the classes, in order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }
}

/// The cells as names, each with a sort key: the value of whole numbers, the code of categories, 0 for the rest.
fn labels(table: &Table, column: &str) -> Result<Vec<(i64, String)>> {
    let values = table.column(column)?;
    let found = values.column_type();
    use ColumnType::{Boolean, Category, Integer, Text};
    if !matches!(found, Text | Category | Integer | Boolean) {
        let problem =
            format!("expected a column of text, whole numbers or booleans, found {found}");
        return Err(Error::new(ErrorKind::Table, problem).column(column).help(
            "cut real numbers into classes with `table::quantile_cut`, take one item of each list",
        ));
    }
    let code = |row: usize| match values {
        Column::Category(categories) => i64::from(categories.codes()[row].unwrap_or(0)),
        _ => 0,
    };
    let label = |(row, value): (usize, Value<'_>)| match value {
        Value::Null => Err(Error::new(ErrorKind::Table, "expected a label, found an empty cell")
            .row(row + 2)
            .column(column)
            .help("drop such rows with `drop_nulls`")),
        Value::Integer(value) => Ok((value, value.to_string())),
        value => Ok((code(row), value.to_string())),
    };
    values.iter().enumerate().map(label).collect()
}

//! One column: values of one type, each of which may be missing.

use super::categorical::Categorical;
use super::date_time::DateTime;
use super::texts::Texts;
use std::cmp::Ordering;
use std::fmt;

/// The values of a column, all of one type; `None` is a missing value.
///
/// ```
/// use cuaderno::table::Column;
/// let likes = Column::from(vec![12_i64, 7]);
/// assert_eq!(likes.len(), 2);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Numbers with a fraction.
    Float(Vec<Option<f64>>),
    /// `true` or `false`.
    Boolean(Vec<Option<bool>>),
    /// Text.
    Text(Texts),
    /// Text of a few categories in a stated order; its cells are [`Value::Text`].
    Category(Categorical),
    /// Dates with a time of day.
    DateTime(Vec<Option<DateTime>>),
    /// Lists of text, such as the categories of a place.
    List(Vec<Option<Vec<String>>>),
}

/// The type of the values of a column.
///
/// ```
/// use cuaderno::table::{ColumnType, Table};
/// let table = Table::from_columns(vec![
///     ("city", vec!["Lima", "Quito"].into()),
///     ("likes", vec![Some(12_i64), None].into()),
/// ])?;
/// assert_eq!(table.column("city")?.column_type(), ColumnType::Text);
/// assert_eq!(table.column("likes")?.column_type(), ColumnType::Integer);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// Whole numbers (`i64`).
    Integer,
    /// Numbers with a fraction (`f64`).
    Float,
    /// `true` or `false`.
    Boolean,
    /// Text.
    Text,
    /// Text of a few categories in a stated order.
    Category,
    /// Dates with a time of day.
    DateTime,
    /// Lists of text.
    List,
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Text => "text",
            Self::Category => "category",
            Self::DateTime => "date",
            Self::List => "list",
        })
    }
}

/// One cell of a table.
///
/// ```
/// use cuaderno::table::{Column, Value};
/// let likes = Column::from(vec![Some(12_i64), None]);
/// assert_eq!((likes.get(0), likes.get(1)), (Value::Integer(12), Value::Null));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// The cell is empty.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A text.
    Text(&'a str),
    /// A date with a time of day.
    DateTime(DateTime),
    /// A list of texts.
    List(&'a [String]),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::DateTime(value) => write!(f, "{value}"),
            Self::List(items) => write!(f, "[{}]", items.join(", ")),
        }
    }
}

impl Value<'_> {
    /// Appends bytes that are equal for two cells of a column exactly when the cells are.
    pub(super) fn write_key(&self, key: &mut Vec<u8>) {
        // The tag comes first and lengths are written out, so that keys of several cells can be joined.
        fn write_text(text: &str, key: &mut Vec<u8>) {
            key.extend((text.len() as u64).to_le_bytes());
            key.extend(text.as_bytes());
        }
        key.push(u8::from(*self != Value::Null));
        match self {
            Self::Null => {}
            Self::Integer(value) => key.extend(value.to_le_bytes()),
            // Adding zero makes the two zeros one value.
            Self::Float(value) => key.extend((value + 0.0).to_bits().to_le_bytes()),
            Self::Boolean(value) => key.push(u8::from(*value)),
            Self::Text(value) => write_text(value, key),
            Self::DateTime(value) => key.extend(value.microseconds().to_le_bytes()),
            Self::List(items) => {
                key.extend((items.len() as u64).to_le_bytes());
                items.iter().for_each(|item| write_text(item, key));
            }
        }
    }
}

impl Column {
    /// Number of values, missing ones included.
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Category(values) => values.len(),
            Self::DateTime(values) => values.len(),
            Self::List(values) => values.len(),
        }
    }

    /// Returns `true` if there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the values.
    pub fn column_type(&self) -> ColumnType {
        match self {
            Self::Integer(_) => ColumnType::Integer,
            Self::Float(_) => ColumnType::Float,
            Self::Boolean(_) => ColumnType::Boolean,
            Self::Text(_) => ColumnType::Text,
            Self::Category(_) => ColumnType::Category,
            Self::DateTime(_) => ColumnType::DateTime,
            Self::List(_) => ColumnType::List,
        }
    }

    /// Returns `true` if the values are numbers.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Float(_))
    }

    /// The value at `index`; [`Value::Null`] when it is missing or `index` is past the end.
    pub fn get(&self, index: usize) -> Value<'_> {
        fn at<T>(values: &[Option<T>], index: usize) -> Option<&T> {
            values.get(index).and_then(Option::as_ref)
        }
        let value = match self {
            Self::Integer(values) => at(values, index).map(|v| Value::Integer(*v)),
            Self::Float(values) => at(values, index).map(|v| Value::Float(*v)),
            Self::Boolean(values) => at(values, index).map(|v| Value::Boolean(*v)),
            Self::Text(values) => values.get(index).map(Value::Text),
            Self::Category(values) => values.get(index).map(Value::Text),
            Self::DateTime(values) => at(values, index).map(|v| Value::DateTime(*v)),
            Self::List(values) => at(values, index).map(|v| Value::List(v)),
        };
        value.unwrap_or(Value::Null)
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'_>> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The order of two cells: numbers and dates by size, categories as stated, texts by character, lists item by item.
    pub(super) fn order(&self, a: usize, b: usize) -> Ordering {
        match (self, self.get(a), self.get(b)) {
            (Self::Category(values), ..) => values.order(a, b),
            (_, Value::Integer(a), Value::Integer(b)) => a.cmp(&b),
            (_, Value::Float(a), Value::Float(b)) => a.total_cmp(&b),
            (_, Value::Boolean(a), Value::Boolean(b)) => a.cmp(&b),
            (_, Value::Text(a), Value::Text(b)) => a.cmp(b),
            (_, Value::DateTime(a), Value::DateTime(b)) => a.cmp(&b),
            (_, Value::List(a), Value::List(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }

    /// The number of missing values.
    pub fn nulls(&self) -> usize {
        self.iter().filter(|value| *value == Value::Null).count()
    }

    /// The numbers of a numeric column, `NaN` where one is missing; `None` for other types.
    pub(super) fn floats(&self) -> Option<Vec<f64>> {
        match self {
            Self::Integer(values) => {
                Some(values.iter().map(|v| v.map_or(f64::NAN, |v| v as f64)).collect())
            }
            Self::Float(values) => Some(values.iter().map(|v| v.unwrap_or(f64::NAN)).collect()),
            _ => None,
        }
    }

    /// The values at `rows`, in that order; a row past the end becomes a missing value.
    pub(super) fn take(&self, rows: &[usize]) -> Self {
        fn pick<T: Clone>(values: &[Option<T>], rows: &[usize]) -> Vec<Option<T>> {
            rows.iter().map(|&row| values.get(row).cloned().flatten()).collect()
        }
        match self {
            Self::Integer(values) => Self::Integer(pick(values, rows)),
            Self::Float(values) => Self::Float(pick(values, rows)),
            Self::Boolean(values) => Self::Boolean(pick(values, rows)),
            Self::Text(values) => {
                let mut texts = Texts::new();
                rows.iter().for_each(|&row| texts.push(values.get(row)));
                Self::Text(texts)
            }
            Self::Category(values) => Self::Category(values.take(rows)),
            Self::DateTime(values) => Self::DateTime(pick(values, rows)),
            Self::List(values) => Self::List(pick(values, rows)),
        }
    }
}

macro_rules! from_vectors {
    ($($value:ty => $variant:ident),+ $(,)?) => {$(
        impl From<Vec<$value>> for Column {
            fn from(values: Vec<$value>) -> Self {
                Self::$variant(values.into_iter().map(Some).collect())
            }
        }
        impl From<Vec<Option<$value>>> for Column {
            fn from(values: Vec<Option<$value>>) -> Self {
                Self::$variant(values)
            }
        }
    )+};
}
from_vectors!(i64 => Integer, f64 => Float, bool => Boolean, DateTime => DateTime, Vec<String> => List);

macro_rules! from_texts {
    ($($text:ty),+) => {$(
        impl From<Vec<$text>> for Column {
            fn from(values: Vec<$text>) -> Self {
                let mut texts = Texts::new();
                values.iter().for_each(|text| texts.push(Some(text.as_ref())));
                Self::Text(texts)
            }
        }
        impl From<Vec<Option<$text>>> for Column {
            fn from(values: Vec<Option<$text>>) -> Self {
                let mut texts = Texts::new();
                values.iter().for_each(|text| texts.push(text.as_ref().map(AsRef::as_ref)));
                Self::Text(texts)
            }
        }
    )+};
}
from_texts!(String, &str);

//! Categories as numbers, fitted on the training rows.

use super::column::{Column, Value};
use super::features::FeatureMatrix;
use super::frame::Table;
use super::scalers::check_some;
use super::summary::sorted_counts;
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// One feature a category, 1 where the cell holds it, as scikit-learn's `OneHotEncoder`. A category
/// that was not fitted, or an empty cell, is all zeros.
///
/// ```
/// use cuaderno::table::{OneHotEncoder, Table};
/// let table = Table::from_columns(vec![("city", vec!["Lima", "Quito", "Cuzco"].into())])?;
/// let encoder = OneHotEncoder::fit(&table, &["city"], &[0, 1])?;
/// let features = encoder.transform(&table, &[1, 2])?;
/// assert_eq!(features.names, ["city_Lima", "city_Quito"]);
/// assert_eq!(features.to_vec(), [0.0, 1.0, 0.0, 0.0]); // Cuzco was not fitted
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OneHotEncoder {
    columns: Vec<Categories>,
}

/// One feature a category, 1 where the list of the cell holds it, as scikit-learn's
/// `MultiLabelBinarizer`.
///
/// ```
/// use cuaderno::table::{MultiHotEncoder, Table};
/// let tags = vec![vec!["art".to_string(), "history".to_string()], vec!["art".to_string()]];
/// let table = Table::from_columns(vec![("tags", tags.into())])?;
/// let encoder = MultiHotEncoder::fit(&table, "tags", &[0, 1], 1)?;
/// assert_eq!(encoder.transform(&table, &[0, 1])?.to_vec(), [1.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MultiHotEncoder {
    categories: Categories,
    /// Fitted too rarely to have a feature of their own, but known.
    rare: HashSet<String>,
}

/// One feature a column: the place of the category in their natural order, −1 for a category that was
/// not fitted and for an empty cell, as scikit-learn's `OrdinalEncoder`.
///
/// ```
/// use cuaderno::table::{OrdinalEncoder, Table};
/// let table = Table::from_columns(vec![("city", vec!["Quito", "Lima", "Cuzco"].into())])?;
/// let encoder = OrdinalEncoder::fit(&table, &["city"], &[0, 1])?;
/// assert_eq!(encoder.transform(&table, &[0, 1, 2])?.to_vec(), [1.0, 0.0, -1.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrdinalEncoder {
    columns: Vec<Categories>,
}

/// One feature per column: the share of the fitted rows that hold the category, 0 for one that was not fitted or a null.
///
/// ```
/// use cuaderno::table::{FrequencyEncoder, Table};
/// let table = Table::from_columns(vec![("city", vec!["Lima", "Lima", "Quito", "Lima"].into())])?;
/// let encoder = FrequencyEncoder::fit(&table, &["city"], &[0, 1, 2, 3])?;
/// assert_eq!(encoder.transform(&table, &[0, 2])?.to_vec(), [0.75, 0.25]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FrequencyEncoder {
    columns: Vec<(Categories, Vec<f32>)>,
}

/// The categories of one column, in their natural order, and the place of each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
struct Categories {
    column: String,
    names: Vec<String>,
    places: HashMap<String, usize>,
}

/// The part of [`Categories`] that is written to a file.
#[derive(Serialize, Deserialize)]
struct Saved {
    column: String,
    names: Vec<String>,
}

impl From<Saved> for Categories {
    fn from(saved: Saved) -> Self {
        Self::new(&saved.column, saved.names)
    }
}

impl From<Categories> for Saved {
    fn from(categories: Categories) -> Self {
        Self { column: categories.column, names: categories.names }
    }
}

impl Categories {
    fn new(column: &str, names: Vec<String>) -> Self {
        let places = names.iter().cloned().enumerate().map(|(place, name)| (name, place)).collect();
        Self { column: column.to_string(), names, places }
    }

    fn fit(table: &Table, column: &str, rows: &[usize]) -> Result<Self> {
        let values = single_valued(table, column)?.take(rows);
        let names = sorted_counts(&values).into_iter().map(|(name, _)| name).collect();
        Ok(Self::new(column, names))
    }

    fn features(&self) -> impl Iterator<Item = String> + '_ {
        self.names.iter().map(|name| format!("{}_{name}", self.column))
    }

    fn place(&self, value: Value<'_>) -> Option<usize> {
        match value {
            Value::Null => None,
            Value::Text(text) => self.places.get(text).copied(),
            value => self.places.get(&value.to_string()).copied(),
        }
    }
}

impl OneHotEncoder {
    /// Learns the categories of these columns (text, integer or boolean) from these rows.
    ///
    /// # Errors
    /// When a column is missing or holds lists, a row is past the end, or `rows` is empty.
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize]) -> Result<Self> {
        Ok(Self { columns: fit_all(table, columns, rows)? })
    }

    /// Zeros and ones, `[rows, categories of all columns]`; features are named `column_category`.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), but `rows` may be empty.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        table.check_rows(rows)?;
        let names: Vec<String> = self.columns.iter().flat_map(Categories::features).collect();
        let mut values = Array2::zeros((rows.len(), names.len()));
        let mut unknown = Unknown::default();
        let mut first = 0;
        for categories in &self.columns {
            let column = single_valued(table, &categories.column)?;
            for (place, &row) in rows.iter().enumerate() {
                match categories.place(column.get(row)) {
                    Some(category) => values[(place, first + category)] = 1.0,
                    None => unknown.add(&categories.column),
                }
            }
            first += categories.names.len();
        }
        Ok(FeatureMatrix { values, names, unknown: unknown.0 })
    }
}

impl FrequencyEncoder {
    /// Fits the share of each category of these columns on these rows.
    ///
    /// # Errors
    /// As [`OneHotEncoder::fit`].
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize]) -> Result<Self> {
        let mut fitted = Vec::with_capacity(columns.len());
        for categories in fit_all(table, columns, rows)? {
            let values = single_valued(table, &categories.column)?.take(rows);
            let counts = sorted_counts(&values);
            let shares = counts.iter().map(|(_, count)| *count as f32 / rows.len() as f32);
            fitted.push((categories, shares.collect()));
        }
        Ok(Self { columns: fitted })
    }

    /// The shares of the categories of these rows, `[rows, columns]`.
    ///
    /// # Errors
    /// As [`OneHotEncoder::transform`].
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        table.check_rows(rows)?;
        let names: Vec<String> =
            self.columns.iter().map(|(c, _)| format!("{}_frequency", c.column)).collect();
        let mut values = Array2::zeros((rows.len(), names.len()));
        let mut unknown = Unknown::default();
        for (index, (categories, shares)) in self.columns.iter().enumerate() {
            let column = single_valued(table, &categories.column)?;
            for (place, &row) in rows.iter().enumerate() {
                match categories.place(column.get(row)) {
                    Some(category) => values[(place, index)] = shares[category],
                    None => unknown.add(&categories.column),
                }
            }
        }
        Ok(FeatureMatrix { values, names, unknown: unknown.0 })
    }
}

impl MultiHotEncoder {
    /// Learns which items the lists of `column` hold in these rows; those in fewer than `min_count`
    /// rows get no feature.
    ///
    /// # Errors
    /// When the column is missing or is no list column, a row is past the end, or `rows` is empty.
    pub fn fit(table: &Table, column: &str, rows: &[usize], min_count: usize) -> Result<Self> {
        check_some(rows)?;
        table.check_rows(rows)?;
        let lists = list_column(table, column)?;
        let mut once = Vec::with_capacity(rows.len());
        for &row in rows {
            let mut items = lists[row].clone().unwrap_or_default();
            items.sort();
            items.dedup();
            once.push(items);
        }
        let (frequent, rare): (Vec<_>, Vec<_>) =
            sorted_counts(&once.into()).into_iter().partition(|(_, count)| *count >= min_count);
        let frequent = frequent.into_iter().map(|(name, _)| name).collect();
        Ok(Self {
            categories: Categories::new(column, frequent),
            rare: rare.into_iter().map(|(name, _)| name).collect(),
        })
    }

    /// Zeros and ones, `[rows, items]`; features are named `column_item`.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), but `rows` may be empty.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        table.check_rows(rows)?;
        let lists = list_column(table, &self.categories.column)?;
        let names: Vec<String> = self.categories.features().collect();
        let mut values = Array2::zeros((rows.len(), names.len()));
        let mut unknown = Unknown::default();
        for (place, &row) in rows.iter().enumerate() {
            for item in lists[row].iter().flatten() {
                match self.categories.places.get(item) {
                    Some(&category) => values[(place, category)] = 1.0,
                    None if self.rare.contains(item) => {}
                    None => unknown.add(&self.categories.column),
                }
            }
        }
        Ok(FeatureMatrix { values, names, unknown: unknown.0 })
    }
}

impl OrdinalEncoder {
    /// Learns the categories of these columns (text, integer or boolean) from these rows.
    ///
    /// # Errors
    /// As [`OneHotEncoder::fit`].
    pub fn fit(table: &Table, columns: &[&str], rows: &[usize]) -> Result<Self> {
        Ok(Self { columns: fit_all(table, columns, rows)? })
    }

    /// Places of categories, `[rows, columns]`; features are named as the columns.
    ///
    /// # Errors
    /// As [`OneHotEncoder::transform`].
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        table.check_rows(rows)?;
        let names: Vec<String> = self.columns.iter().map(|c| c.column.clone()).collect();
        let mut values = Array2::from_elem((rows.len(), names.len()), -1.0);
        let mut unknown = Unknown::default();
        for (index, categories) in self.columns.iter().enumerate() {
            let column = single_valued(table, &categories.column)?;
            for (place, &row) in rows.iter().enumerate() {
                match categories.place(column.get(row)) {
                    Some(category) => values[(place, index)] = category as f32,
                    None => unknown.add(&categories.column),
                }
            }
        }
        Ok(FeatureMatrix { values, names, unknown: unknown.0 })
    }

    /// The categories of each column, in the order of their numbers.
    pub fn categories(&self) -> Vec<&[String]> {
        self.columns.iter().map(|categories| categories.names.as_slice()).collect()
    }
}

/// How many unknown categories each column held.
#[derive(Default)]
struct Unknown(Vec<(String, usize)>);

impl Unknown {
    fn add(&mut self, column: &str) {
        match self.0.iter_mut().find(|(name, _)| name == column) {
            Some((_, count)) => *count += 1,
            None => self.0.push((column.to_string(), 1)),
        }
    }
}

fn fit_all(table: &Table, columns: &[&str], rows: &[usize]) -> Result<Vec<Categories>> {
    check_some(rows)?;
    table.check_rows(rows)?;
    columns.iter().map(|column| Categories::fit(table, column, rows)).collect()
}

fn single_valued<'a>(table: &'a Table, name: &str) -> Result<&'a Column> {
    match table.column(name)? {
        Column::List(_) => Err(table.in_file(
            Error::new(ErrorKind::Table, "the column holds lists")
                .column(name)
                .help("encode it with `multi_hot`"),
        )),
        column => Ok(column),
    }
}

fn list_column<'a>(table: &'a Table, name: &str) -> Result<&'a [Option<Vec<String>>]> {
    match table.column(name)? {
        Column::List(lists) => Ok(lists),
        other => Err(table.in_file(
            Error::new(
                ErrorKind::Table,
                format!("the column holds {} values, not lists", other.column_type()),
            )
            .column(name)
            .help(format!(
                "parse it first (`table.parse_lists(&[\"{name}\"])?`) or encode it with `one_hot`"
            )),
        )),
    }
}

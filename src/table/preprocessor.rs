//! Several scalers and encoders joined into one, as scikit-learn's `ColumnTransformer`.

use super::encoders::{MultiHotEncoder, OneHotEncoder, OrdinalEncoder};
use super::features::FeatureMatrix;
use super::frame::Table;
use super::scalers::{MinMaxScaler, StandardScaler};
use crate::{Error, ErrorKind, Result};
use ndarray::{Axis, concatenate};

/// Which columns become features, and how; [`fit`](Self::fit) learns the numbers it needs from the
/// training rows.
///
/// ```
/// use cuaderno::table::{Preprocessor, Table};
/// # fn main() -> cuaderno::Result<()> {
/// let table = Table::from_columns(vec![
///     ("tier", vec![1_i64, 2, 1, 4].into()),
///     ("city", vec!["Madrid", "Toledo", "Madrid", "Cuenca"].into()),
/// ])?;
/// let fitted = Preprocessor::new().scale(&["tier"]).one_hot(&["city"]).fit(&table, &[0, 1, 2])?;
/// let features = fitted.transform(&table, &[3])?;
/// assert_eq!(features.names, ["tier", "city_Madrid", "city_Toledo"]);
/// assert_eq!(features.unknown, [("city".to_string(), 1)]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Preprocessor {
    plans: Vec<Plan>,
}

#[derive(Clone, Debug)]
enum Plan {
    Standard(Vec<String>),
    MinMax(Vec<String>),
    OneHot(Vec<String>),
    Ordinal(Vec<String>),
    MultiHot(String, usize),
}

/// A [`Preprocessor`] that has seen the training rows.
#[derive(Clone, Debug)]
pub struct FittedPreprocessor {
    steps: Vec<Step>,
    names: Vec<String>,
}

#[derive(Clone, Debug)]
enum Step {
    Standard(StandardScaler),
    MinMax(MinMaxScaler),
    OneHot(OneHotEncoder),
    Ordinal(OrdinalEncoder),
    MultiHot(MultiHotEncoder),
}

impl Preprocessor {
    /// No features yet. Features come in the order in which they are asked for.
    pub fn new() -> Self {
        Self::default()
    }

    /// These numeric columns, each with mean 0 and standard deviation 1.
    pub fn scale(self, columns: &[&str]) -> Self {
        self.with(Plan::Standard(owned(columns)))
    }

    /// These numeric columns, each from 0 to 1.
    pub fn min_max(self, columns: &[&str]) -> Self {
        self.with(Plan::MinMax(owned(columns)))
    }

    /// One feature for each category of these columns.
    pub fn one_hot(self, columns: &[&str]) -> Self {
        self.with(Plan::OneHot(owned(columns)))
    }

    /// These columns as the number of their category.
    pub fn ordinal(self, columns: &[&str]) -> Self {
        self.with(Plan::Ordinal(owned(columns)))
    }

    /// One feature for each item that the lists of this column hold in at least `min_count` training
    /// rows.
    pub fn multi_hot(self, column: &str, min_count: usize) -> Self {
        self.with(Plan::MultiHot(column.to_string(), min_count))
    }

    fn with(mut self, plan: Plan) -> Self {
        self.plans.push(plan);
        self
    }

    /// Learns means, deviations and categories from these rows only.
    ///
    /// # Errors
    /// When no feature was asked for, a column is missing or of the wrong type, a cell of a numeric
    /// column is empty, a row is past the end, or `rows` is empty.
    pub fn fit(&self, table: &Table, rows: &[usize]) -> Result<FittedPreprocessor> {
        if self.plans.is_empty() {
            return Err(Error::new(ErrorKind::Parameter, "no feature was asked for")
                .help("name columns with `scale`, `one_hot` or `multi_hot` first"));
        }
        let steps = self.plans.iter().map(|plan| plan.fit(table, rows)).collect::<Result<_>>()?;
        let mut fitted = FittedPreprocessor { steps, names: Vec::new() };
        fitted.names = fitted.transform(table, &[])?.names;
        Ok(fitted)
    }
}

impl Plan {
    fn fit(&self, table: &Table, rows: &[usize]) -> Result<Step> {
        Ok(match self {
            Self::Standard(names) => {
                Step::Standard(StandardScaler::fit(table, &refs(names), rows)?)
            }
            Self::MinMax(names) => Step::MinMax(MinMaxScaler::fit(table, &refs(names), rows)?),
            Self::OneHot(names) => Step::OneHot(OneHotEncoder::fit(table, &refs(names), rows)?),
            Self::Ordinal(names) => Step::Ordinal(OrdinalEncoder::fit(table, &refs(names), rows)?),
            Self::MultiHot(name, min) => {
                Step::MultiHot(MultiHotEncoder::fit(table, name, rows, *min)?)
            }
        })
    }
}

impl FittedPreprocessor {
    /// The features of these rows, `[rows, features]`.
    ///
    /// # Errors
    /// When a column is missing or of the wrong type, a cell of a numeric column is empty, or a row is
    /// past the end.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        let mut parts = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            parts.push(match step {
                Step::Standard(scaler) => scaler.transform(table, rows)?,
                Step::MinMax(scaler) => scaler.transform(table, rows)?,
                Step::OneHot(encoder) => encoder.transform(table, rows)?,
                Step::Ordinal(encoder) => encoder.transform(table, rows)?,
                Step::MultiHot(encoder) => encoder.transform(table, rows)?,
            });
        }
        let views: Vec<_> = parts.iter().map(|part| part.values.view()).collect();
        let values = concatenate(Axis(1), &views)
            .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))?;
        let mut joined = FeatureMatrix { values, names: Vec::new(), unknown: Vec::new() };
        for part in parts {
            joined.names.extend(part.names);
            joined.unknown.extend(part.unknown);
        }
        Ok(joined)
    }

    /// [`Self::transform`] for all rows: a data set takes its parts from them.
    pub fn transform_all(&self, table: &Table) -> Result<FeatureMatrix> {
        self.transform(table, &(0..table.rows()).collect::<Vec<_>>())
    }

    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

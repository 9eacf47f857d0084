//! Imputation, scalers and encoders in one, as scikit-learn's `ColumnTransformer`; saved beside a model.

use super::encoders::{FrequencyEncoder, MultiHotEncoder, OneHotEncoder, OrdinalEncoder};
use super::features::FeatureMatrix;
use super::frame::Table;
use super::imputer::{Impute, Imputer};
use super::number_features::{Bins, Logarithm};
use super::scalers::{MinMaxScaler, RobustScaler, StandardScaler};
use super::text_features::{TextHasher, TextLengths};
use crate::{Error, ErrorKind, Result, files};
use ndarray::{Axis, concatenate};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The columns that become features, and how; [`fit`](Self::fit) takes the numbers it needs from the training rows.
///
/// Nulls are imputed first, whatever the order of the calls; then come the features, in the order of the calls.
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
    imputations: Vec<(Vec<String>, Impute)>,
    plans: Vec<Plan>,
}

#[derive(Clone, Debug)]
enum Plan {
    Standard(Vec<String>),
    MinMax(Vec<String>),
    OneHot(Vec<String>),
    Ordinal(Vec<String>),
    MultiHot(String, usize),
    Robust(Vec<String>),
    Log(Vec<String>),
    Bins(Vec<String>, usize),
    Frequency(Vec<String>),
    TextLength(Vec<String>),
    HashText(String, usize),
}

/// A [`Preprocessor`] fitted on the training rows.
///
/// ```
/// use cuaderno::table::{FittedPreprocessor, Preprocessor, Table};
/// # let file = std::env::temp_dir().join(format!("cuaderno-doc-fitted-{}.json", std::process::id()));
/// let table = Table::from_columns(vec![("tier", vec![1_i64, 3, 5].into())])?;
/// let fitted = Preprocessor::new().scale(&["tier"]).fit(&table, &[0, 1])?;
/// fitted.save(&file)?;
/// let loaded = FittedPreprocessor::load(&file)?; // in a later session
/// assert_eq!(loaded.transform_all(&table)?, fitted.transform_all(&table)?);
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FittedPreprocessor {
    imputers: Vec<Imputer>,
    steps: Vec<Step>,
    names: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Step {
    Standard(StandardScaler),
    MinMax(MinMaxScaler),
    OneHot(OneHotEncoder),
    Ordinal(OrdinalEncoder),
    MultiHot(MultiHotEncoder),
    Robust(RobustScaler),
    Log(Logarithm),
    Bins(Bins),
    Frequency(FrequencyEncoder),
    TextLength(TextLengths),
    HashText(TextHasher),
}

impl Preprocessor {
    /// No features yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the nulls of these columns before anything else.
    pub fn impute(mut self, columns: &[&str], how: Impute) -> Self {
        self.imputations.push((owned(columns), how));
        self
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

    /// These numeric columns, each with median 0 and interquartile range 1: outliers hardly move the rest.
    pub fn robust(self, columns: &[&str]) -> Self {
        self.with(Plan::Robust(owned(columns)))
    }

    /// ln(1 + x) of these numeric columns, each then with mean 0 and standard deviation 1.
    pub fn log(self, columns: &[&str]) -> Self {
        self.with(Plan::Log(owned(columns)))
    }

    /// These numeric columns as the number of their quantile bin, of `bins` with as many training rows each.
    pub fn bins(self, columns: &[&str], bins: usize) -> Self {
        self.with(Plan::Bins(owned(columns), bins))
    }

    /// These columns as the share of the training rows with the same category.
    pub fn frequency(self, columns: &[&str]) -> Self {
        self.with(Plan::Frequency(owned(columns)))
    }

    /// ln(1 + number of characters) of these text columns.
    pub fn text_length(self, columns: &[&str]) -> Self {
        self.with(Plan::TextLength(owned(columns)))
    }

    /// The words of a text column, counted in this many hashed features.
    pub fn hash_text(self, column: &str, features: usize) -> Self {
        self.with(Plan::HashText(column.to_string(), features))
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
        let mut filled = table.clone();
        let mut imputers = Vec::with_capacity(self.imputations.len());
        for (columns, how) in &self.imputations {
            let imputer = Imputer::fit(&filled, &refs(columns), rows, how)?;
            filled = imputer.transform(&filled)?;
            imputers.push(imputer);
        }
        let steps = self.plans.iter().map(|plan| plan.fit(&filled, rows)).collect::<Result<_>>()?;
        let mut fitted = FittedPreprocessor { imputers, steps, names: Vec::new() };
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
            Self::Robust(names) => Step::Robust(RobustScaler::fit(table, &refs(names), rows)?),
            Self::Log(names) => Step::Log(Logarithm::fit(table, &refs(names), rows)?),
            Self::Bins(names, bins) => Step::Bins(Bins::fit(table, &refs(names), rows, *bins)?),
            Self::Frequency(names) => {
                Step::Frequency(FrequencyEncoder::fit(table, &refs(names), rows)?)
            }
            Self::TextLength(names) => Step::TextLength(TextLengths::new(&refs(names))),
            Self::HashText(name, features) => Step::HashText(TextHasher::new(name, *features)?),
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
        let mut filled = table.clone();
        for imputer in &self.imputers {
            filled = imputer.transform(&filled)?;
        }
        let table = &filled;
        let mut parts = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            parts.push(match step {
                Step::Standard(scaler) => scaler.transform(table, rows)?,
                Step::MinMax(scaler) => scaler.transform(table, rows)?,
                Step::OneHot(encoder) => encoder.transform(table, rows)?,
                Step::Ordinal(encoder) => encoder.transform(table, rows)?,
                Step::MultiHot(encoder) => encoder.transform(table, rows)?,
                Step::Robust(scaler) => scaler.transform(table, rows)?,
                Step::Log(scaler) => scaler.transform(table, rows)?,
                Step::Bins(bins) => bins.transform(table, rows)?,
                Step::Frequency(encoder) => encoder.transform(table, rows)?,
                Step::TextLength(lengths) => lengths.transform(table, rows)?,
                Step::HashText(hasher) => hasher.transform(table, rows)?,
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
    ///
    /// # Errors
    /// As [`Self::transform`].
    pub fn transform_all(&self, table: &Table) -> Result<FeatureMatrix> {
        self.transform(table, &(0..table.rows()).collect::<Vec<_>>())
    }

    /// Writes everything that was fitted as JSON, for [`load`](Self::load) in a later session.
    ///
    /// # Errors
    /// `File` when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let saved = Saved { version: VERSION, preprocessor: self.clone() };
        let text = serde_json::to_string_pretty(&saved)
            .map_err(|error| Error::new(ErrorKind::File, error.to_string()).file(path))?;
        files::replace(path, |part| std::fs::write(part, text))
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// `File` when it cannot be read, is not such a file, or is of a later version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, &error))?;
        let saved: Saved = serde_json::from_str(&text).map_err(|error| {
            let problem = format!("expected a saved preprocessor, found another file: {error}");
            Error::new(ErrorKind::File, problem)
                .file(path)
                .help("write one with `FittedPreprocessor::save`")
        })?;
        if saved.version > VERSION {
            let problem =
                format!("expected version {VERSION} or older, found version {}", saved.version);
            return Err(Error::new(ErrorKind::File, problem)
                .file(path)
                .help("read it with the version of cuaderno that wrote it"));
        }
        Ok(saved.preprocessor)
    }

    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// A saved preprocessor with the version of its format.
#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    preprocessor: FittedPreprocessor,
}

const VERSION: u32 = 1;

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

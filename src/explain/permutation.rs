//! Permutation importance of metadata columns.

use crate::data::Dataset;
use crate::nn::{Inputs, Model, Pass};
use crate::plot::{self, Figure};
use crate::tensor::{plain, read, tensor};
use crate::{Error, ErrorKind, Result, notebook};
use dfdx::shapes::HasShape;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Examples per forward pass.
const BATCH: usize = 64;

/// Settings of [`permutation_importance`], with scikit-learn's defaults: 5 repeats, scored by accuracy.
///
/// ```
/// use cuaderno::explain::PermutationConfig;
/// let config = PermutationConfig { repeats: 20, balanced: true, ..PermutationConfig::default() };
/// assert_eq!((config.repeats, config.seed, PermutationConfig::default().repeats), (20, 0, 5));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PermutationConfig {
    /// Permutations per column.
    pub repeats: usize,
    /// Seed of the permutations.
    pub seed: u64,
    /// Scores by balanced accuracy instead of accuracy.
    pub balanced: bool,
}

impl Default for PermutationConfig {
    fn default() -> Self {
        Self { repeats: 5, seed: 0, balanced: false }
    }
}

/// The importance of each column, as returned by [`permutation_importance`].
#[derive(Clone, Debug, PartialEq)]
pub struct Importances {
    /// Score without permutation.
    pub baseline: f64,
    /// The columns, the most important first.
    pub columns: Vec<ColumnImportance>,
}

/// The importance of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnImportance {
    /// Name of the column.
    pub column: String,
    /// Mean drop of the score.
    pub mean: f64,
    /// Standard deviation of the drops over the permutations.
    pub deviation: f64,
}

/// Permutation importance of metadata columns (Breiman, 2001): the drop of the score when the values of a column are
/// permuted among the examples, as scikit-learn's `permutation_importance`. The data set must not be the one that the
/// model was trained on.
///
/// `features` names the features of the data set ([`FeatureMatrix::names`](crate::table::FeatureMatrix::names)), `columns`
/// the columns to permute: a column stands for the feature of its name and those whose names start with it and `_`, as
/// encoders write them (`tier_1`, `tier_2`), which are permuted together.
///
/// ```
/// use cuaderno::data::Dataset;
/// use cuaderno::explain::{PermutationConfig, permutation_importance};
/// use cuaderno::nn::{Init, Linear, Sequential};
/// use cuaderno::table::FeatureMatrix;
/// use ndarray::Array2;
/// # fn main() -> cuaderno::Result<()> {
/// // The class is the sign of the first column; the second means nothing.
/// let sign = |row: usize| if row % 2 == 0 { -1.0 } else { 1.0 };
/// let values = Array2::from_shape_fn((20, 2), |(row, column)| [sign(row), row as f32][column]);
/// let names = vec!["signal".to_string(), "noise".to_string()];
/// let features = FeatureMatrix { values, names, unknown: Vec::new() };
/// let labels: Vec<usize> = (0..20).map(|row| row % 2).collect();
/// let set = Dataset::new(&labels, &["low", "high"])?.with_features(&features)?;
/// let mut layer = Linear::new(2, 2, &mut Init::seed(0))?;
/// layer.weight.update(&mut |weight| weight.copy_from_slice(&[-1.0, 0.0, 1.0, 0.0]))?;
/// layer.bias = None;
/// let model = Sequential::new().add(layer);
///
/// let columns = ["noise", "signal"];
/// let found = permutation_importance(&model, &set, &features.names, &columns, &PermutationConfig::default())?;
/// assert_eq!((found.baseline, found.columns[0].column.as_str()), (1.0, "signal"));
/// assert!(found.columns[0].mean > 0.2 && found.columns[1].mean == 0.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when a column has no feature or `repeats` is 0; [`ErrorKind::Shape`] when `features` does not
/// name the data set's features, or the network does not fit the data set.
pub fn permutation_importance(
    model: &dyn Model,
    set: &Dataset,
    features: &[String],
    columns: &[&str],
    config: &PermutationConfig,
) -> Result<Importances> {
    if config.repeats == 0 || columns.is_empty() || set.is_empty() {
        let problem = format!(
            "`repeats`, `columns` and the examples must be at least 1, found {}, {} and {}",
            config.repeats,
            columns.len(),
            set.len()
        );
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    if features.len() != set.feature_count() {
        let problem = format!(
            "expected the names of {} features, found {}",
            set.feature_count(),
            features.len()
        );
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    let batches = batches(set)?;
    let order: Vec<usize> = (0..set.len()).collect();
    let baseline = score(model, set, &batches, &[], &order, config.balanced)?;
    let mut importances = Vec::with_capacity(columns.len());
    for column in columns {
        let places = places(column, features)?;
        let mut drops = Vec::with_capacity(config.repeats);
        for repeat in 0..config.repeats {
            let mut random = ChaCha8Rng::seed_from_u64(config.seed);
            random.set_stream(repeat as u64);
            let mut order = order.clone();
            order.shuffle(&mut random);
            drops.push(baseline - score(model, set, &batches, &places, &order, config.balanced)?);
        }
        let mean = drops.iter().sum::<f64>() / drops.len() as f64;
        let variance = drops.iter().map(|drop| (drop - mean).powi(2)).sum::<f64>();
        let deviation = (variance / drops.len() as f64).sqrt();
        importances.push(ColumnImportance { column: column.to_string(), mean, deviation });
    }
    importances.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    Ok(Importances { baseline, columns: importances })
}

impl Importances {
    /// The mean drops as a bar chart.
    ///
    /// # Errors
    /// [`ErrorKind::Figure`] when it cannot be drawn.
    pub fn figure(&self) -> Result<Figure> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.column.as_str()).collect();
        let means: Vec<f64> = self.columns.iter().map(|column| column.mean).collect();
        plot::bars(&names, &means)
    }
}

/// The indices of a column's features.
fn places(column: &str, features: &[String]) -> Result<Vec<usize>> {
    let belongs = |feature: &String| {
        let rest = feature.strip_prefix(column);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let places: Vec<usize> = features
        .iter()
        .enumerate()
        .filter(|(_, name)| belongs(name))
        .map(|(place, _)| place)
        .collect();
    if places.is_empty() {
        let problem = format!("no feature belongs to the column `{column}`");
        return Err(Error::new(ErrorKind::Parameter, problem)
            .help(format!("the features are {}", features.join(", "))));
    }
    Ok(places)
}

/// The examples of the data set in batches, without augmentation.
fn batches(set: &Dataset) -> Result<Vec<(Vec<usize>, Inputs)>> {
    let all: Vec<usize> = (0..set.len()).collect();
    let batch = |rows: &[usize]| Ok((rows.to_vec(), set.batch(rows, 0, 0)?.0));
    all.chunks(BATCH).map(batch).collect()
}

/// The score when the features at `places` are those of the examples in `order`.
fn score(
    model: &dyn Model,
    set: &Dataset,
    batches: &[(Vec<usize>, Inputs)],
    places: &[usize],
    order: &[usize],
    balanced: bool,
) -> Result<f64> {
    let width = set.feature_count();
    let mut all = Vec::with_capacity(set.len() * width);
    for (_, inputs) in batches {
        if let Some(features) = &inputs.features {
            all.extend_from_slice(&read(features));
        }
    }
    let mut predictions = Vec::with_capacity(set.len());
    for (rows, inputs) in batches {
        notebook::check()?;
        let mut values: Vec<f32> =
            rows.iter().flat_map(|row| all[row * width..(row + 1) * width].to_vec()).collect();
        for (row, values) in rows.iter().zip(values.chunks_exact_mut(width.max(1))) {
            for place in places {
                values[*place] = all[order[*row] * width + place];
            }
        }
        let features = Some(tensor(values, (rows.len(), width))?);
        let inputs = Inputs { features, ..inputs.clone() };
        let logits = plain(model.forward(&inputs, &Pass::inference())?);
        let classes = logits.shape().1;
        let largest = |row: &[f32]| {
            row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(class, _)| class)
        };
        predictions.extend(read(&logits).chunks_exact(classes.max(1)).map(largest));
    }
    if balanced {
        crate::metrics::balanced_accuracy(set.labels(), &predictions, set.classes().len())
    } else {
        crate::metrics::accuracy(set.labels(), &predictions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Init, Linear, Sequential};
    use crate::table::FeatureMatrix;
    use ndarray::Array2;

    /// A network whose class is whether feature 0 is positive, and 100 examples with two features of noise.
    fn case() -> (Sequential, Dataset, Vec<String>) {
        let mut linear = Linear::new(3, 2, &mut Init::seed(0)).unwrap();
        let weights = [-1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        linear.weight.update(&mut |values| values.copy_from_slice(&weights)).unwrap();
        linear.bias = None;
        let value = |row: usize, column: usize| ((row * 3 + column) as f32 * 1.7 + 0.5).sin();
        let values = Array2::from_shape_fn((100, 3), |(row, column)| value(row, column));
        let labels: Vec<usize> = (0..100).map(|row| usize::from(value(row, 0) > 0.0)).collect();
        let names = ["size", "color_red", "color_blue"].map(String::from).to_vec();
        let matrix = FeatureMatrix { values, names: names.clone(), unknown: Vec::new() };
        let set = Dataset::new(&labels, &["no", "yes"]).unwrap().with_features(&matrix).unwrap();
        (Sequential::new().add(linear), set, names)
    }

    #[test]
    fn an_unused_column_has_no_importance_and_the_decisive_one_all() {
        let (model, set, names) = case();
        let config = PermutationConfig { repeats: 8, ..PermutationConfig::default() };
        let found =
            permutation_importance(&model, &set, &names, &["color", "size"], &config).unwrap();
        assert_eq!(found.baseline, 1.0);
        assert_eq!(found.columns[0].column, "size");
        // A random permutation of balanced classes leaves half of the predictions right.
        assert!((found.columns[0].mean - 0.5).abs() < 0.12, "{found:?}");
        assert!(found.columns[0].deviation > 0.0);
        assert_eq!((found.columns[1].mean, found.columns[1].deviation), (0.0, 0.0));
        let again =
            permutation_importance(&model, &set, &names, &["color", "size"], &config).unwrap();
        assert_eq!(again, found);
    }

    #[test]
    fn wrong_columns_are_refused() {
        let (model, set, names) = case();
        let run = |names: &[String], columns: &[&str], repeats: usize| {
            let config = PermutationConfig { repeats, ..PermutationConfig::default() };
            permutation_importance(&model, &set, names, columns, &config).unwrap_err().to_string()
        };
        assert!(run(&names, &["tier"], 1).contains("size, color_red"));
        assert!(run(&names[1..], &["color"], 1).contains("3 features"));
        assert!(run(&names, &["size"], 0).contains("at least 1"));
    }
}

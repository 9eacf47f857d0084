//! A linear classifier on sparse rows: the baseline that a network has to beat.

use super::SparseMatrix;
use crate::{Error, ErrorKind, Result, notebook};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Settings of a [`LinearClassifier`]: regularization, class weights and stopping. The default is that of scikit-learn's
/// `LinearSVC`.
///
/// ```
/// use cuaderno::text::LinearConfig;
/// let config = LinearConfig { c: 0.1, balanced: true, ..LinearConfig::default() };
/// assert_eq!((config.tolerance, LinearConfig::default().c), (1e-4, 1.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LinearConfig {
    /// The cost of an error; the smaller, the stronger the regularization.
    pub c: f64,
    /// Weighs classes by the inverse of their frequency (`class_weight="balanced"`).
    pub balanced: bool,
    /// Passes over the data at most.
    pub max_iterations: usize,
    /// Training ends when the gradients differ by less than this.
    pub tolerance: f64,
    /// Decides on the order of examples, which changes the result within the tolerance.
    pub seed: u64,
}

impl Default for LinearConfig {
    fn default() -> Self {
        Self { c: 1.0, balanced: false, max_iterations: 1000, tolerance: 1e-4, seed: 0 }
    }
}

/// A linear support-vector machine, one class against the rest, with the squared hinge loss: for each class it minimizes
/// `½‖w‖² + C Σ max(0, 1 − y (w·x + b))²`, the bias regularized like the weights, as scikit-learn's `LinearSVC`.
/// Trained by dual coordinate descent (Hsieh et al., 2008), classes in parallel.
///
/// ```
/// use cuaderno::text::{Corpus, LinearClassifier, LinearConfig, TfIdf, TfIdfConfig, Tokenizer};
/// # fn main() -> cuaderno::Result<()> {
/// let corpus = Corpus::new(&["té verde", "té negro", "funda gel", "funda"], &Tokenizer::spanish());
/// let terms = TfIdf::fit(&corpus, &[0, 1, 2, 3], &TfIdfConfig::default())?;
/// let matrix = terms.transform(&corpus, &[0, 1, 2, 3])?;
/// let model = LinearClassifier::fit(&matrix, &[0, 0, 1, 1], 2, &LinearConfig::default())?;
/// assert_eq!(model.predict(&matrix)?, [0, 0, 1, 1]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LinearClassifier {
    classes: usize,
    /// `[columns + 1, classes]`: the weights of each column side by side, then the biases.
    weights: Vec<f32>,
}

impl LinearClassifier {
    /// A classifier of the rows of `matrix`, whose classes are `labels`, numbered below `classes`. A class without examples
    /// is never predicted.
    ///
    /// # Errors
    /// When there are not as many labels as rows, a label is not a class, fewer than two classes have examples, or a
    /// setting is out of range. `Interrupted` when the user interrupts the cell.
    pub fn fit(
        matrix: &SparseMatrix,
        labels: &[usize],
        classes: usize,
        config: &LinearConfig,
    ) -> Result<Self> {
        check(matrix, labels, classes, config)?;
        let mut counts = vec![0usize; classes];
        labels.iter().for_each(|label| counts[*label] += 1);
        let present = counts.iter().filter(|count| **count > 0).count();
        if present < 2 {
            let problem = format!("expected examples of at least 2 classes, found {present}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let trained = counts.par_iter().enumerate().map(|(class, count)| {
            notebook::check()?;
            if *count == 0 {
                // Lower than any score that training could give.
                let mut never = vec![0.0; matrix.columns() + 1];
                never[matrix.columns()] = -1e30;
                return Ok(never);
            }
            let balance = labels.len() as f64 / (present * count) as f64;
            let cost = if config.balanced { config.c * balance } else { config.c };
            Ok(one_against_rest(matrix, labels, class, cost, config))
        });
        let trained = trained.collect::<Result<Vec<Vec<f32>>>>()?;
        let weights = (0..=matrix.columns())
            .flat_map(|column| trained.iter().map(move |weights| weights[column]))
            .collect();
        Ok(Self { classes, weights })
    }

    /// The score of each class for each row, `[rows, classes]` row-major: the signed distance to its boundary.
    ///
    /// # Errors
    /// When the matrix has other columns than the one trained on.
    pub fn scores(&self, matrix: &SparseMatrix) -> Result<Vec<f32>> {
        let columns = self.weights.len() / self.classes - 1;
        if matrix.columns() != columns {
            let problem = format!("expected {columns} columns, found {}", matrix.columns());
            return Err(Error::new(ErrorKind::Shape, problem)
                .help("transform the texts with the terms that the training texts were"));
        }
        let of = |column: usize| &self.weights[column * self.classes..(column + 1) * self.classes];
        let mut scores = vec![0.0; matrix.rows() * self.classes];
        scores.par_chunks_mut(self.classes).enumerate().for_each(|(row, scores)| {
            scores.copy_from_slice(of(columns));
            let (indices, values) = matrix.row(row);
            for (column, value) in indices.iter().zip(values) {
                let weights = of(*column as usize);
                scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += value * weight);
            }
        });
        Ok(scores)
    }

    /// The class with the highest score for each row.
    ///
    /// # Errors
    /// When the matrix has other columns than the one trained on.
    pub fn predict(&self, matrix: &SparseMatrix) -> Result<Vec<usize>> {
        let best = |scores: &[f32]| {
            let mut best = 0;
            (1..scores.len()).for_each(|class| {
                if scores[class] > scores[best] {
                    best = class;
                }
            });
            best
        };
        Ok(self.scores(matrix)?.chunks_exact(self.classes).map(best).collect())
    }

    /// The columns that speak most for a class, the strongest first.
    ///
    /// # Errors
    /// When there is no such class.
    pub fn strongest(&self, class: usize, most: usize) -> Result<Vec<usize>> {
        if class >= self.classes {
            let problem = format!("expected a class below {}, found {class}", self.classes);
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let columns = self.weights.len() / self.classes - 1;
        let weight = |column: &usize| self.weights[column * self.classes + class];
        let mut order: Vec<usize> = (0..columns).collect();
        order.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        order.truncate(most);
        Ok(order)
    }
}

fn check(m: &SparseMatrix, labels: &[usize], classes: usize, config: &LinearConfig) -> Result<()> {
    let fail = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
    if labels.len() != m.rows() {
        return fail(format!("{} labels do not fit {} rows", labels.len(), m.rows()));
    }
    if let Some(row) = labels.iter().position(|label| *label >= classes) {
        return fail(format!(
            "row {row} has the label {}, but there are {classes} classes",
            labels[row]
        ));
    }
    let positive = |value: f64| value.is_finite() && value > 0.0;
    if !positive(config.c) || !positive(config.tolerance) || config.max_iterations == 0 {
        return fail(format!(
            "`c`, `tolerance` and `max_iterations` must be above 0, found {}, {} and {}",
            config.c, config.tolerance, config.max_iterations
        ));
    }
    Ok(())
}

/// The weights of one class, and its bias last: algorithm 3 of Hsieh et al., with shrinking.
fn one_against_rest(
    matrix: &SparseMatrix,
    labels: &[usize],
    class: usize,
    cost: f64,
    config: &LinearConfig,
) -> Vec<f32> {
    let rows = matrix.rows();
    let columns = matrix.columns();
    let mut weights = vec![0.0f64; columns + 1];
    let mut alphas = vec![0.0f64; rows];
    let sign = |row: usize| if labels[row] == class { 1.0 } else { -1.0 };
    // Only the positive class is reweighted, as in liblinear.
    let diagonal = |row: usize| 0.5 / if labels[row] == class { cost } else { config.c };
    let squares: Vec<f64> = (0..rows)
        .map(|row| matrix.row(row).1.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() + 1.0)
        .collect();
    let mut random = ChaCha8Rng::seed_from_u64(config.seed ^ (class as u64) << 32);
    let mut order: Vec<usize> = (0..rows).collect();
    let mut active = rows;
    let mut upper = f64::INFINITY;
    for _ in 0..config.max_iterations {
        order[..active].shuffle(&mut random);
        let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut place = 0;
        while place < active {
            let row = order[place];
            let (indices, values) = matrix.row(row);
            let product = indices
                .iter()
                .zip(values)
                .fold(weights[columns], |sum, (c, v)| sum + weights[*c as usize] * f64::from(*v));
            let (sign, diagonal) = (sign(row), diagonal(row));
            let gradient = sign * product - 1.0 + alphas[row] * diagonal;
            let projected = if alphas[row] > 0.0 { gradient } else { gradient.min(0.0) };
            if alphas[row] == 0.0 && gradient > upper {
                active -= 1;
                order.swap(place, active);
                continue;
            }
            highest = highest.max(projected);
            lowest = lowest.min(projected);
            if projected.abs() > 1e-12 {
                let before = alphas[row];
                alphas[row] = (before - gradient / (squares[row] + diagonal)).max(0.0);
                let step = (alphas[row] - before) * sign;
                for (column, value) in indices.iter().zip(values) {
                    weights[*column as usize] += step * f64::from(*value);
                }
                weights[columns] += step;
            }
            place += 1;
        }
        if highest - lowest <= config.tolerance {
            if active == rows {
                break;
            }
            // What was set aside is looked at once more before the end.
            active = rows;
            upper = f64::INFINITY;
            continue;
        }
        upper = if highest <= 0.0 { f64::INFINITY } else { highest };
    }
    weights.into_iter().map(|weight| weight as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Corpus, TfIdf, TfIdfConfig, Tokenizer};

    const TITLES: [&str; 12] = [
        "funda celular gel negra",
        "funda rígida celular",
        "funda tablet azul",
        "té verde saquitos",
        "té negro saquitos",
        "té de hierbas",
        "yerba mate verde",
        "monitor led 24",
        "monitor curvo led",
        "monitor negro",
        "cable monitor hdmi",
        "funda gel azul",
    ];
    const QUERIES: [&str; 3] = ["funda verde led", "té monitor", "nada"];
    const ALL: [usize; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

    /// `TfidfVectorizer(tokenizer=str.split, ngram_range=(1, 2))` and `LinearSVC(tol=1e-10)` of scikit-learn 1.9.
    #[test]
    fn the_scores_are_scikit_learns() {
        let tokenizer = Tokenizer::spanish();
        let corpus = Corpus::new(&TITLES, &tokenizer);
        let terms = TfIdf::fit(&corpus, &ALL, &TfIdfConfig::default()).unwrap();
        let matrix = terms.transform(&corpus, &ALL).unwrap();
        let queries = terms.transform(&Corpus::new(&QUERIES, &tokenizer), &[0, 1, 2]).unwrap();
        for (balanced, last, expected) in [
            (
                false,
                0,
                [
                    -0.26498, -0.338673, -0.371947, -0.913802, -0.10587, 0.03723, -0.30098,
                    -0.26039, -0.296246,
                ],
            ),
            (
                true,
                1,
                [
                    -0.413791, -0.191324, -0.371947, -0.926373, -0.122569, 0.03723, -0.402921,
                    -0.163348, -0.296246,
                ],
            ),
        ] {
            let labels = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, last];
            let config = LinearConfig { balanced, tolerance: 1e-10, ..LinearConfig::default() };
            let model = LinearClassifier::fit(&matrix, &labels, 3, &config).unwrap();
            let scores = model.scores(&queries).unwrap();
            for (found, expected) in scores.iter().zip(expected) {
                assert!((f64::from(*found) - expected).abs() < 2e-6, "{balanced} {scores:?}");
            }
            assert_eq!(model.predict(&matrix).unwrap(), labels);
        }
    }

    #[test]
    fn what_cannot_be_trained_is_refused() {
        let corpus = Corpus::new(&TITLES, &Tokenizer::spanish());
        let terms = TfIdf::fit(&corpus, &ALL, &TfIdfConfig::default()).unwrap();
        let matrix = terms.transform(&corpus, &[0, 3, 7]).unwrap();
        let fit = |labels: &[usize], c| {
            let config = LinearConfig { c, ..LinearConfig::default() };
            LinearClassifier::fit(&matrix, labels, 4, &config).map_err(|error| error.to_string())
        };
        assert!(fit(&[0, 1], 1.0).unwrap_err().contains("2 labels do not fit 3 rows"));
        assert!(fit(&[0, 1, 4], 1.0).unwrap_err().contains("row 2 has the label 4"));
        assert!(fit(&[1, 1, 1], 1.0).unwrap_err().contains("at least 2 classes, found 1"));
        assert!(fit(&[0, 1, 2], f64::NAN).unwrap_err().contains("must be above 0"));
        // Class 3 has no example, so it is never the answer.
        assert_eq!(fit(&[0, 1, 2], 1.0).unwrap().predict(&matrix).unwrap(), [0, 1, 2]);
    }
}

//! Error analysis of a classifier's predictions.

use super::label_errors::{LabelSuspect, label_suspects};
use crate::metrics::{Average, ConfusionMatrix};
use crate::table::{Column, Table};
use crate::train::Evaluation;
use crate::{Error, ErrorKind, Result};

/// The predictions of a classifier on a split, for error analysis: worst and best examples, confused pairs of classes,
/// metrics per group, and suspected label errors.
///
/// ```
/// use cuaderno::explain::Interpretation;
/// # fn main() -> cuaderno::Result<()> {
/// let classes = ["cat".to_string(), "dog".to_string()];
/// let probabilities = [0.9, 0.1, 0.8, 0.2, 0.3, 0.7];
/// let interpretation = Interpretation::from_probabilities(&[0, 1, 1], &probabilities, &classes)?;
/// let worst = interpretation.worst(1);
/// assert_eq!((worst[0].index, worst[0].predicted), (1, 0));
/// assert_eq!(interpretation.most_confused(5)?[0].count, 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Interpretation {
    labels: Vec<usize>,
    predictions: Vec<usize>,
    /// `[examples, classes]`, row-major.
    probabilities: Vec<f32>,
    losses: Vec<f64>,
    classes: Vec<String>,
}

/// One example with its prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct ExamplePrediction {
    /// Index of the example in the split.
    pub index: usize,
    /// True class.
    pub label: usize,
    /// Predicted class.
    pub predicted: usize,
    /// Probability of the predicted class.
    pub confidence: f32,
    /// Probability of the true class.
    pub label_probability: f32,
    /// Cross-entropy, −ln of the true class's probability.
    pub loss: f64,
}

/// A pair of classes, and how often the first is predicted as the second.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusedPair {
    /// Name of the true class.
    pub truth: String,
    /// Name of the predicted class.
    pub predicted: String,
    /// Number of examples.
    pub count: usize,
    /// Fraction of the true class's examples.
    pub fraction: f64,
}

impl Interpretation {
    /// The predictions of an evaluation: of the validation or test split, or any other.
    ///
    /// # Errors
    /// As [`Self::from_probabilities`].
    pub fn new(evaluation: &Evaluation) -> Result<Self> {
        let Evaluation { labels, probabilities, classes, .. } = evaluation;
        Self::from_probabilities(labels, probabilities, classes)
    }

    /// True classes and predicted probabilities `[examples, classes]`, row-major, such as out-of-fold predictions of a
    /// cross-validation.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there are no examples, the sizes differ, or a label is not a class;
    /// [`ErrorKind::Numeric`] when a probability is not between 0 and 1.
    pub fn from_probabilities(
        labels: &[usize],
        probabilities: &[f32],
        classes: &[String],
    ) -> Result<Self> {
        let (examples, count) = (labels.len(), classes.len());
        let shape = |problem: String| Err(Error::new(ErrorKind::Shape, problem));
        if examples == 0 || count == 0 {
            return shape(format!(
                "expected at least 1 example and 1 class, found {examples} and {count}"
            ));
        }
        if probabilities.len() != examples * count {
            return shape(format!(
                "expected probabilities [{examples}, {count}], found {} values",
                probabilities.len()
            ));
        }
        if let Some(index) = labels.iter().position(|label| *label >= count) {
            return shape(format!(
                "labels must be below the number of classes, {count}, found {} at example {index}",
                labels[index]
            ));
        }
        if let Some(place) = probabilities.iter().position(|p| !(0.0..=1.0 + 1e-3).contains(p)) {
            let problem = format!(
                "probabilities must be between 0 and 1, found {} at example {}",
                probabilities[place],
                place / count
            );
            return Err(Error::new(ErrorKind::Numeric, problem));
        }
        let rows = probabilities.chunks_exact(count);
        let predictions = rows.clone().map(largest).collect();
        let loss =
            |(row, label): (&[f32], &usize)| -f64::from(row[*label].max(f32::MIN_POSITIVE)).ln();
        Ok(Self {
            labels: labels.to_vec(),
            predictions,
            probabilities: probabilities.to_vec(),
            losses: rows.zip(labels).map(loss).collect(),
            classes: classes.to_vec(),
        })
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns `true` if there are no examples; never so.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The cross-entropy of each example.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The prediction of example `index`; `None` past the last.
    pub fn example(&self, index: usize) -> Option<ExamplePrediction> {
        let (label, predicted) = (*self.labels.get(index)?, *self.predictions.get(index)?);
        let row = &self.probabilities[index * self.classes.len()..];
        Some(ExamplePrediction {
            index,
            label,
            predicted,
            confidence: row[predicted],
            label_probability: row[label],
            loss: self.losses[index],
        })
    }

    /// A caption of an example for an image grid: true class, predicted class and confidence.
    ///
    /// ```
    /// # use cuaderno::explain::Interpretation;
    /// # let classes = ["cat".to_string(), "dog".to_string()];
    /// # let interpretation = Interpretation::from_probabilities(&[1], &[0.9, 0.1], &classes)?;
    /// let worst = interpretation.worst(1);
    /// assert_eq!(interpretation.caption(&worst[0]), "dog\n→ cat 90 %");
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    pub fn caption(&self, example: &ExamplePrediction) -> String {
        let name = |class: usize| self.classes.get(class).map_or("?", String::as_str);
        let (truth, predicted) = (name(example.label), name(example.predicted));
        format!("{truth}\n→ {predicted} {:.0} %", 100.0 * example.confidence)
    }

    /// The examples with the largest losses, at most `count`, the worst first.
    pub fn worst(&self, count: usize) -> Vec<ExamplePrediction> {
        self.sorted(count, &|a, b| self.losses[b].total_cmp(&self.losses[a]))
    }

    /// The examples with the smallest losses, at most `count`, the best first.
    pub fn best(&self, count: usize) -> Vec<ExamplePrediction> {
        self.sorted(count, &|a, b| self.losses[a].total_cmp(&self.losses[b]))
    }

    fn sorted(
        &self,
        count: usize,
        order: &dyn Fn(usize, usize) -> std::cmp::Ordering,
    ) -> Vec<ExamplePrediction> {
        let mut all: Vec<usize> = (0..self.len()).collect();
        all.sort_by(|a, b| order(*a, *b));
        all.into_iter().take(count).filter_map(|index| self.example(index)).collect()
    }

    /// The confusion matrix.
    ///
    /// # Errors
    /// Those of [`ConfusionMatrix::new`].
    pub fn confusion(&self) -> Result<ConfusionMatrix> {
        ConfusionMatrix::new(&self.labels, &self.predictions, &self.classes)
    }

    /// The pairs of classes that are confused most often, at most `count`.
    ///
    /// # Errors
    /// Those of [`Self::confusion`].
    pub fn most_confused(&self, count: usize) -> Result<Vec<ConfusedPair>> {
        let matrix = self.confusion()?;
        let mut pairs = Vec::new();
        for (truth, row) in matrix.counts().iter().enumerate() {
            let support: usize = row.iter().sum();
            for (predicted, count) in row.iter().enumerate() {
                if truth != predicted && *count > 0 {
                    pairs.push(ConfusedPair {
                        truth: self.classes[truth].clone(),
                        predicted: self.classes[predicted].clone(),
                        count: *count,
                        fraction: *count as f64 / support as f64,
                    });
                }
            }
        }
        pairs.sort_by(|a, b| b.count.cmp(&a.count).then(b.fraction.total_cmp(&a.fraction)));
        pairs.truncate(count);
        Ok(pairs)
    }

    /// Metrics per group of examples, such as those of one city or one tier: a table with the columns `group`, `examples`,
    /// `accuracy`, `balanced_accuracy`, `f1_macro` and `loss`, the largest group first. Averages over classes are over those
    /// that occur in the group, as in scikit-learn.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there is not one group per example.
    pub fn by_group(&self, groups: &[String]) -> Result<Table> {
        if groups.len() != self.len() {
            let problem =
                format!("expected a group per example, {}, found {}", self.len(), groups.len());
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        let mut rows: std::collections::BTreeMap<&str, Vec<usize>> = Default::default();
        groups.iter().enumerate().for_each(|(row, group)| rows.entry(group).or_default().push(row));
        let mut rows: Vec<(&str, Vec<usize>)> = rows.into_iter().collect();
        rows.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        let [mut accuracy, mut balanced, mut f1, mut loss] = [const { Vec::new() }; 4];
        for (_, rows) in &rows {
            let of = |all: &[usize]| rows.iter().map(|row| all[*row]).collect::<Vec<usize>>();
            let (labels, predictions) = (of(&self.labels), of(&self.predictions));
            let matrix = ConfusionMatrix::new(&labels, &predictions, &self.classes)?.occurring();
            accuracy.push(matrix.accuracy());
            balanced.push(matrix.balanced_accuracy());
            f1.push(matrix.f1(Average::Macro));
            loss.push(rows.iter().map(|row| self.losses[*row]).sum::<f64>() / rows.len() as f64);
        }
        let names: Vec<String> = rows.iter().map(|(group, _)| group.to_string()).collect();
        let counts: Vec<i64> = rows.iter().map(|(_, rows)| rows.len() as i64).collect();
        Table::from_columns(vec![
            ("group", Column::from(names)),
            ("examples", Column::from(counts)),
            ("accuracy", Column::from(accuracy)),
            ("balanced_accuracy", Column::from(balanced)),
            ("f1_macro", Column::from(f1)),
            ("loss", Column::from(loss)),
        ])
    }

    /// Suspected label errors by confident learning (Northcutt et al., 2021), at most `count`, the least plausible label
    /// first. The probabilities should be of examples that the model was not trained on, such as out-of-fold predictions.
    ///
    /// A class's threshold is its mean probability over the examples with that label. An example is suspect when another
    /// class than its label reaches its threshold and is the most probable one.
    pub fn label_suspects(&self, count: usize) -> Vec<LabelSuspect> {
        let mut suspects = label_suspects(&self.labels, &self.probabilities, self.classes.len());
        suspects.truncate(count);
        suspects
    }
}

fn largest(row: &[f32]) -> usize {
    // The first of equals, as numpy's argmax.
    let better = |best: usize, (class, p): (usize, &f32)| if *p > row[best] { class } else { best };
    row.iter().enumerate().fold(0, better)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpretation() -> Interpretation {
        let classes = ["a", "b", "c"].map(String::from);
        let probabilities = [
            0.7, 0.2, 0.1, //
            0.1, 0.8, 0.1, //
            0.6, 0.3, 0.1, //
            0.5, 0.4, 0.1, //
            0.2, 0.2, 0.6,
        ];
        Interpretation::from_probabilities(&[0, 1, 1, 1, 0], &probabilities, &classes).unwrap()
    }

    #[test]
    fn examples_are_sorted_by_loss() {
        let found = interpretation();
        let indices = |all: Vec<ExamplePrediction>| all.iter().map(|e| e.index).collect::<Vec<_>>();
        assert_eq!(indices(found.worst(3)), [4, 2, 3]);
        assert_eq!(indices(found.best(2)), [1, 0]);
        assert_eq!(found.caption(&found.worst(1)[0]), "a\n→ c 60 %");
        assert_eq!(found.worst(100).len(), 5);
    }

    #[test]
    fn pairs_are_sorted_by_count() {
        let pairs = interpretation().most_confused(9).unwrap();
        let pairs: Vec<(&str, &str, usize)> =
            pairs.iter().map(|pair| (&*pair.truth, &*pair.predicted, pair.count)).collect();
        assert_eq!(pairs, [("b", "a", 2), ("a", "c", 1)]);
    }

    #[test]
    fn groups_have_scikit_learns_metrics() {
        let groups = ["x", "y", "x", "x", "y"].map(String::from);
        let table = interpretation().by_group(&groups).unwrap();
        assert_eq!(table.texts("group").unwrap(), ["x", "y"]);
        // sklearn.metrics of y_true [0, 1, 1], y_pred [0, 0, 0] and of [1, 0], [1, 2].
        let near = |column: &str, expected: [f64; 2]| {
            let found = table.numbers(column).unwrap();
            assert!(
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9),
                "{column} {found:?}"
            );
        };
        near("accuracy", [1.0 / 3.0, 0.5]);
        near("balanced_accuracy", [0.5, 0.5]);
        near("f1_macro", [0.25, 1.0 / 3.0]);
        assert!(interpretation().by_group(&groups[1..]).is_err());
    }

    #[test]
    fn wrong_input_is_refused() {
        let classes = ["a", "b"].map(String::from);
        let new =
            |labels: &[usize], p: &[f32]| Interpretation::from_probabilities(labels, p, &classes);
        for (labels, p, expected) in [
            (&[0][..], &[0.5][..], "[1, 2]"),
            (&[2], &[0.5, 0.5], "below the number of classes"),
            (&[], &[], "at least 1 example"),
            (&[0], &[f32::NAN, 0.5], "between 0 and 1"),
        ] {
            let error = new(labels, p).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

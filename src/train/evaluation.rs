//! A network's predictions on a data set.

use super::targets::{
    largest, loss_of, outputs_of, probabilities, probability_count, takes_values,
};
use crate::cluster::{Collective, Single};
use crate::data::{Dataset, Targets};
use crate::metrics::{ClassificationReport, ConfusionMatrix};
use crate::nn::{Inputs, Model, Pass};
use crate::plot::{self, Figure};
use crate::tensor::{LossKind, LossOptions, read};
use crate::{Error, ErrorKind, Result, notebook};
use dfdx::tensor::{PutTape, SplitTape};

/// Examples per batch in inference.
const BATCH: usize = 64;

/// Evaluation of a network on a data set: its loss, its accuracy, and its predictions example by example.
///
/// ```
/// use cuaderno::train::Evaluation;
/// let probabilities = [0.9, 0.1, 0.2, 0.8, 0.6, 0.4]; // three examples of two classes
/// let evaluation = Evaluation::from_probabilities(&[0, 1, 1], &probabilities, &["no", "yes"])?;
/// assert_eq!((evaluation.predictions.as_slice(), evaluation.worst(5)), (&[0, 1, 0][..], vec![2]));
/// assert_eq!(evaluation.confusion()?.counts(), [[1, 0], [1, 1]]);
/// assert_eq!(evaluation.report()?.classes[1].support, 2);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss, weighted by the weights of the examples where the data set has some; NaN where all are 0.
    pub loss: f64,
    /// Fraction of examples whose class is predicted correctly; of those whose labels are all correct where there are
    /// several (subset accuracy); NaN in regression.
    pub accuracy: f64,
    /// The true classes.
    pub labels: Vec<usize>,
    /// The most probable classes; the class nearest to the median for ordered classes with cumulative link.
    pub predictions: Vec<usize>,
    /// `[examples, classes]`, row-major; in regression the predicted values, `[examples, values]`.
    pub probabilities: Vec<f32>,
    /// The target values where the data set has some, `[examples, values]`, row-major.
    pub targets: Vec<f32>,
    /// The names of the classes.
    pub classes: Vec<String>,
}

impl Evaluation {
    /// Runs `model` over `set` in inference.
    ///
    /// # Errors
    /// When the set is empty, or the network does not fit it.
    pub fn new(model: &dyn Model, set: &Dataset, loss: &LossOptions) -> Result<Self> {
        Self::on(model, set, loss, &Single, &mut |indices| Ok(set.batch(indices, 0, 0)?.0))
    }

    /// The same with batches of the given examples from elsewhere, divided among the processes of a group.
    pub(super) fn on(
        model: &dyn Model,
        set: &Dataset,
        loss: &LossOptions,
        group: &dyn Collective,
        batch: &mut dyn FnMut(&[usize]) -> Result<Inputs>,
    ) -> Result<Self> {
        if set.is_empty() {
            return Err(Error::new(ErrorKind::Parameter, "there are no examples to evaluate on"));
        }
        let width = probability_count(set, loss);
        let mut rows = vec![0.0; set.len() * width];
        let all: Vec<usize> = (0..set.len()).collect();
        let (mut sum, mut total) = (0.0, 0.0);
        for (number, indices) in all.chunks(BATCH).enumerate() {
            if number % group.size() != group.rank() {
                continue;
            }
            notebook::check()?;
            let targets = set.targets().select(indices)?;
            let outputs = outputs_of(model, &batch(indices)?, set, loss, &Pass::inference())?;
            let (outputs, tape) = outputs.split_tape();
            let found = probabilities(&outputs, loss);
            rows[number * BATCH * width..][..found.len()].copy_from_slice(&found);
            let weights: Option<Vec<f32>> =
                set.weights().map(|weights| indices.iter().map(|row| weights[*row]).collect());
            let mean = loss_of(&targets, outputs.put_tape(tape), loss, weights.as_deref())?;
            let weight = match &weights {
                Some(weights) => weights.iter().map(|weight| f64::from(*weight)).sum(),
                None => indices.len() as f64,
            };
            sum += f64::from(read(&mean.split_tape().0)[0]) * weight;
            total += weight;
        }
        if group.size() > 1 {
            let mut sums = [sum as f32, total as f32];
            group.all_reduce_sum(&mut sums)?;
            group.all_reduce_sum(&mut rows)?;
            [sum, total] = sums.map(f64::from);
        }
        let targets = match set.targets() {
            Targets::Classes(_) => Vec::new(),
            Targets::MultiLabel(values) | Targets::Values(values) => {
                values.iter().copied().collect()
            }
        };
        let mut found = Self {
            loss: sum / total,
            accuracy: f64::NAN,
            labels: set.labels().to_vec(),
            predictions: rows.chunks_exact(width.max(1)).map(|row| predicted(row, loss)).collect(),
            probabilities: rows,
            targets,
            classes: set.classes().to_vec(),
        };
        if loss.kind != LossKind::MeanSquaredError {
            found.accuracy = found.count_right(loss) as f64 / set.len() as f64;
        }
        Ok(found)
    }

    fn count_right(&self, loss: &LossOptions) -> usize {
        if takes_values(loss) {
            let width = (self.targets.len() / self.labels.len().max(1)).max(1);
            let rows = self.probabilities.chunks_exact(width).zip(self.targets.chunks_exact(width));
            let right =
                |(p, t): (&[f32], &[f32])| p.iter().zip(t).all(|(p, t)| (*p > 0.5) == (*t > 0.5));
            return rows.filter(|(p, t)| right((p, t))).count();
        }
        self.predictions.iter().zip(&self.labels).filter(|(a, b)| a == b).count()
    }
}

/// The class that a row of probabilities stands for.
pub(super) fn predicted(row: &[f32], loss: &LossOptions) -> usize {
    if loss.kind != LossKind::CumulativeLink {
        return largest(row);
    }
    // The first class whose cumulative probability reaches one half, as the thresholds vote.
    let mut below = 0.0;
    row.iter()
        .position(|p| {
            below += p;
            below >= 0.5
        })
        .unwrap_or(row.len().saturating_sub(1))
}

impl Evaluation {
    /// Counts of true class against predicted class.
    ///
    /// # Errors
    /// When there are no classes.
    pub fn confusion(&self) -> Result<ConfusionMatrix> {
        ConfusionMatrix::new(&self.labels, &self.predictions, &self.classes)
    }

    /// Precision, recall, F1 and support of each class.
    ///
    /// # Errors
    /// As [`Self::confusion`].
    pub fn report(&self) -> Result<ClassificationReport> {
        Ok(self.confusion()?.report())
    }

    /// The `most` misclassified examples with the highest loss: confident mistakes, the worst first.
    pub fn worst(&self, most: usize) -> Vec<usize> {
        let classes = self.classes.len();
        let own = |i: usize| self.probabilities[i * classes + self.labels[i]];
        let mut wrong: Vec<usize> =
            (0..self.labels.len()).filter(|i| self.labels[*i] != self.predictions[*i]).collect();
        wrong.sort_by(|a, b| own(*a).total_cmp(&own(*b)));
        wrong.truncate(most);
        wrong
    }

    /// The confusion matrix as a figure.
    ///
    /// # Errors
    /// As [`Self::confusion`].
    pub fn figure(&self) -> Result<Figure> {
        let matrix = self.confusion()?;
        plot::confusion_matrix(matrix.classes(), matrix.counts())
    }
}

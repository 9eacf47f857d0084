//! A network's answers on a data set.

use super::learner::EVALUATION_BATCH;
use crate::data::Dataset;
use crate::metrics::{ClassificationReport, ConfusionMatrix};
use crate::nn::{Inputs, Model, Pass};
use crate::plot::{self, Figure};
use crate::tensor::{LossOptions, Tensor2, cross_entropy, read, softmax};
use crate::{Error, ErrorKind, Result, notebook};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape};

/// The answers of a network, example by example.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss.
    pub loss: f64,
    /// Share of examples that are right.
    pub accuracy: f64,
    /// The true classes.
    pub labels: Vec<usize>,
    /// The most probable classes.
    pub predictions: Vec<usize>,
    /// `[examples, classes]`, row-major.
    pub probabilities: Vec<f32>,
    /// The names of the classes.
    pub classes: Vec<String>,
}

impl Evaluation {
    /// Runs `model` over `set` in inference.
    pub fn new(model: &dyn Model, set: &Dataset, loss: &LossOptions) -> Result<Self> {
        Self::on(model, set, loss, &mut |indices| Ok(set.batch(indices, 0, 0)?.0))
    }

    /// The same on batches from elsewhere, of the examples asked for.
    pub(super) fn on(
        model: &dyn Model,
        set: &Dataset,
        loss: &LossOptions,
        batch: &mut dyn FnMut(&[usize]) -> Result<Inputs>,
    ) -> Result<Self> {
        if set.is_empty() {
            return Err(Error::new(ErrorKind::Parameter, "there are no examples to evaluate on"));
        }
        let (mut total, mut predictions, mut probabilities) = (0.0, Vec::new(), Vec::new());
        let all: Vec<usize> = (0..set.len()).collect();
        for indices in all.chunks(EVALUATION_BATCH) {
            notebook::check()?;
            let labels: Vec<usize> = indices.iter().map(|row| set.labels()[*row]).collect();
            let logits = logits_of(model, &batch(indices)?, set, &Pass::inference())?;
            let (logits, tape) = logits.split_tape();
            let rows = softmax(&logits);
            predictions.extend(rows.chunks_exact(set.classes().len()).map(largest));
            probabilities.extend(rows);
            let mean = cross_entropy(logits.put_tape(tape), &labels, loss)?.split_tape().0;
            total += f64::from(read(&mean)[0]) * indices.len() as f64;
        }
        let right = predictions.iter().zip(set.labels()).filter(|(a, b)| a == b).count();
        Ok(Self {
            loss: total / set.len() as f64,
            accuracy: right as f64 / set.len() as f64,
            labels: set.labels().to_vec(),
            predictions,
            probabilities,
            classes: set.classes().to_vec(),
        })
    }
}

impl Evaluation {
    /// How often each class was taken for which.
    pub fn confusion(&self) -> Result<ConfusionMatrix> {
        ConfusionMatrix::new(&self.labels, &self.predictions, &self.classes)
    }

    /// Precision, recall, F1 and support of each class.
    pub fn report(&self) -> Result<ClassificationReport> {
        Ok(self.confusion()?.report())
    }

    /// The `most` examples that are wrong with the highest loss: confident mistakes, the worst first.
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
    pub fn figure(&self) -> Result<Figure> {
        let matrix = self.confusion()?;
        plot::confusion_matrix(matrix.classes(), matrix.counts())
    }
}

/// The network's logits of a batch of `set`.
///
/// Errors when they are for other than the set's classes.
pub(super) fn logits_of(
    model: &dyn Model,
    batch: &Inputs,
    set: &Dataset,
    pass: &Pass,
) -> Result<Tensor2> {
    let logits = model.forward(batch, pass)?;
    let (found, classes) = (logits.shape().1, set.classes());
    if found == classes.len() {
        return Ok(logits);
    }
    let problem = format!(
        "the network has {found} outputs, the data set {} classes: {}",
        classes.len(),
        classes.join(", ")
    );
    Err(Error::new(ErrorKind::Shape, problem)
        .help("build the network for as many classes as the data set has"))
}

/// The index of the largest value.
pub(super) fn largest(row: &[f32]) -> usize {
    row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(class, _)| class)
}

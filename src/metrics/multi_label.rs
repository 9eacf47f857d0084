//! Metrics of examples with several labels each.

use super::average::Average;
use super::check;
use super::ranking;
use super::score::{Score, to_f64};
use crate::{Error, ErrorKind, Result};

/// The scores of predictions with any number of classes per item, as scikit-learn computes them of indicator matrices.
///
/// ```
/// use cuaderno::metrics::{Average, MultiLabelScores};
/// let truth = [1.0, 0.0, 1.0, 1.0]; // two items of two classes
/// let scores = MultiLabelScores::new(&truth, &[0.9, 0.2, 0.3, 0.8], 2, 0.5)?;
/// assert_eq!((scores.f1(Average::Micro), scores.subset_accuracy()), (0.8, 0.5));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiLabelScores {
    items: usize,
    /// Counts of each class: items that have it and are predicted to, that have it, that are predicted to.
    counts: Vec<[usize; 3]>,
    exact: usize,
    average_precisions: Vec<Option<f64>>,
}

impl MultiLabelScores {
    /// Compares targets `[items, classes]` of 0 and 1 with probabilities of the same shape, both row-major. A class is
    /// predicted where its probability is above `threshold`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] if the lengths do not match, nothing is given, or a target is neither 0 nor 1;
    /// [`ErrorKind::Numeric`] if a probability is not finite.
    pub fn new<S: Score>(
        truth: &[f32],
        probabilities: &[S],
        classes: usize,
        threshold: f64,
    ) -> Result<Self> {
        let scores = to_f64(probabilities);
        let items = truth.len() / classes.max(1);
        check::score_rows(items, &scores, classes)?;
        check::pairs(truth.len(), scores.len())?;
        if let Some(place) = truth.iter().position(|value| *value != 0.0 && *value != 1.0) {
            let problem = format!(
                "expected targets of 0 and 1, found {} for class {} of item {}",
                truth[place],
                place % classes,
                place / classes
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let mut counts = vec![[0; 3]; classes];
        let mut exact = 0;
        for (truth, scores) in truth.chunks_exact(classes).zip(scores.chunks_exact(classes)) {
            let mut same = true;
            for ((count, truth), score) in counts.iter_mut().zip(truth).zip(scores) {
                let (has, said) = (*truth == 1.0, *score > threshold);
                count[0] += usize::from(has && said);
                count[1] += usize::from(has);
                count[2] += usize::from(said);
                same &= has == said;
            }
            exact += usize::from(same);
        }
        let precision = |class: usize| {
            let column = scores.iter().skip(class).step_by(classes).copied();
            let truth = truth.iter().skip(class).step_by(classes);
            let truth: Vec<usize> = truth.map(|value| usize::from(*value == 1.0)).collect();
            ranking::average_precision(&truth, &column.collect::<Vec<f64>>()).ok()
        };
        let average_precisions = (0..classes).map(precision).collect();
        Ok(Self { items, counts, exact, average_precisions })
    }

    fn averaged(&self, average: Average, of: impl Fn([usize; 3]) -> (usize, usize)) -> f64 {
        let ratio = |(part, whole): (usize, usize)| {
            if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
        };
        let values: Vec<f64> = self.counts.iter().map(|count| ratio(of(*count))).collect();
        let sum = |place: usize| self.counts.iter().map(|count| count[place]).sum();
        average.of(&values, &self.support(), ratio(of([sum(0), sum(1), sum(2)])))
    }

    /// The share of the predicted classes that the items have.
    pub fn precision(&self, average: Average) -> f64 {
        self.averaged(average, |[both, _, said]| (both, said))
    }

    /// The share of the classes that the items have that are predicted.
    pub fn recall(&self, average: Average) -> f64 {
        self.averaged(average, |[both, has, _]| (both, has))
    }

    /// F1: the harmonic mean of precision and recall.
    pub fn f1(&self, average: Average) -> f64 {
        self.averaged(average, |[both, has, said]| (2 * both, has + said))
    }

    /// F1 of each class.
    pub fn f1_of_classes(&self) -> Vec<f64> {
        let one = |count: &[usize; 3]| {
            let whole = count[1] + count[2];
            if whole == 0 { 0.0 } else { 2.0 * count[0] as f64 / whole as f64 }
        };
        self.counts.iter().map(one).collect()
    }

    /// Number of items that have each class.
    pub fn support(&self) -> Vec<usize> {
        self.counts.iter().map(|count| count[1]).collect()
    }

    /// Subset accuracy: the share of items whose classes are all predicted, and no others.
    pub fn subset_accuracy(&self) -> f64 {
        self.exact as f64 / self.items as f64
    }

    /// Hamming loss: the share of all pairs of item and class that are predicted wrongly.
    pub fn hamming_loss(&self) -> f64 {
        let wrong: usize = self.counts.iter().map(|[both, has, said]| has + said - 2 * both).sum();
        wrong as f64 / (self.items * self.counts.len()) as f64
    }

    /// Average precision of each class; `None` for a class that no item has.
    pub fn average_precisions(&self) -> &[Option<f64>] {
        &self.average_precisions
    }

    /// The mean of the average precisions of the classes that occur (mAP); 0 where none does.
    pub fn mean_average_precision(&self) -> f64 {
        let known: Vec<f64> = self.average_precisions.iter().copied().flatten().collect();
        known.iter().sum::<f64>() / known.len().max(1) as f64
    }
}

//! The confusion matrix, and the metrics that follow from its counts.

use super::average::Average;
use super::check;
use super::kappa_weights::{self, KappaWeights};
use super::report::{ClassificationReport, escape};
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::{Error, ErrorKind, Result};
use std::fmt::{self, Write as _};

/// Counts of true class against predicted class.
///
/// ```
/// use cuaderno::{metrics::ConfusionMatrix, plot};
/// let matrix = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 1, 1, 1], &["low", "high"])?;
/// assert_eq!(matrix.accuracy(), 0.75);
/// let figure = plot::confusion_matrix(matrix.classes(), matrix.counts())?;
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: Vec<String>,
    counts: Vec<Vec<usize>>,
}

/// The total of which each cell of a normalized confusion matrix is a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalize {
    /// The items of the true class: rows sum to 1, and the diagonal is the recall.
    Truth,
    /// The items predicted as the class: columns sum to 1, and the diagonal is the precision.
    Predicted,
    /// All items: everything sums to 1.
    All,
}

impl ConfusionMatrix {
    /// Counts the pairs of true and predicted class, both indices into `classes`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] if the slices differ in length, are empty, or hold an index past the classes.
    pub fn new(truth: &[usize], predicted: &[usize], classes: &[impl AsRef<str>]) -> Result<Self> {
        let classes = classes.iter().map(|class| class.as_ref().to_string()).collect();
        Self::count(truth, predicted, classes)
    }

    /// The same with classes named by their number.
    pub(super) fn numbered(truth: &[usize], predicted: &[usize], classes: usize) -> Result<Self> {
        Self::count(truth, predicted, (0..classes).map(|class| class.to_string()).collect())
    }

    fn count(truth: &[usize], predicted: &[usize], classes: Vec<String>) -> Result<Self> {
        check::pairs(truth.len(), predicted.len())?;
        check::labels(truth, classes.len(), "the true class")?;
        check::labels(predicted, classes.len(), "the predicted class")?;
        let mut counts = vec![vec![0; classes.len()]; classes.len()];
        for (&truth, &predicted) in truth.iter().zip(predicted) {
            counts[truth][predicted] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// The same counts of items that are drawn by `draw`, each a pair (truth, predicted) that `self` has counted.
    pub(super) fn recount(&mut self, items: impl Iterator<Item = (usize, usize)>) {
        self.counts.iter_mut().for_each(|row| row.fill(0));
        for (truth, predicted) in items {
            self.counts[truth][predicted] += 1;
        }
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// `counts()[i][j]` items of class `i` were predicted as class `j`.
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// Number of items.
    pub fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// Number of items of each true class.
    pub fn support(&self) -> Vec<usize> {
        self.counts.iter().map(|row| row.iter().sum()).collect()
    }

    /// Number of items predicted as each class.
    pub fn predicted(&self) -> Vec<usize> {
        let column = |j: usize| self.counts.iter().map(|row| row[j]).sum();
        (0..self.classes.len()).map(column).collect()
    }

    /// The counts as shares, 0 where there is nothing to divide by, as scikit-learn's `confusion_matrix(normalize=…)`.
    ///
    /// ```
    /// use cuaderno::metrics::{ConfusionMatrix, Normalize};
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], &["low", "high"])?;
    /// assert_eq!(matrix.normalized(Normalize::Truth), [[0.5, 0.5], [0.0, 1.0]]);
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    pub fn normalized(&self, by: Normalize) -> Vec<Vec<f64>> {
        let (rows, columns, all) = (self.support(), self.predicted(), self.total());
        let cell = |i: usize, j: usize| {
            let whole = match by {
                Normalize::Truth => rows[i],
                Normalize::Predicted => columns[j],
                Normalize::All => all,
            };
            ratio(self.counts[i][j], whole)
        };
        let classes = self.classes.len();
        (0..classes).map(|i| (0..classes).map(|j| cell(i, j)).collect()).collect()
    }

    /// The matrix of the classes that occur as a true or a predicted class. scikit-learn's averages are over these
    /// where it gets no `labels`.
    pub fn occurring(&self) -> Self {
        let (rows, columns) = (self.support(), self.predicted());
        let kept: Vec<usize> =
            (0..rows.len()).filter(|class| rows[*class] + columns[*class] > 0).collect();
        Self {
            classes: kept.iter().map(|i| self.classes[*i].clone()).collect(),
            counts: kept
                .iter()
                .map(|i| kept.iter().map(|j| self.counts[*i][*j]).collect())
                .collect(),
        }
    }

    /// Number of items whose class was predicted.
    fn correct(&self) -> usize {
        self.counts.iter().enumerate().map(|(i, row)| row[i]).sum()
    }

    /// The share of items whose class was predicted, from 0 to 1.
    pub fn accuracy(&self) -> f64 {
        ratio(self.correct(), self.total())
    }

    /// The mean recall of the classes that occur, from 0 to 1: every class counts the same, however rare.
    pub fn balanced_accuracy(&self) -> f64 {
        let (mut recalls, mut occurring) = (0.0, 0);
        for (i, row) in self.counts.iter().enumerate() {
            let support: usize = row.iter().sum();
            if support > 0 {
                recalls += row[i] as f64 / support as f64;
                occurring += 1;
            }
        }
        recalls / f64::from(occurring.max(1))
    }

    /// Precision, averaged over all classes; see [`precision`](super::precision).
    pub fn precision(&self, average: Average) -> f64 {
        let predicted = self.predicted();
        let values: Vec<f64> =
            (0..predicted.len()).map(|i| ratio(self.counts[i][i], predicted[i])).collect();
        average.of(&values, &self.support(), self.accuracy())
    }

    /// Recall, averaged over all classes; see [`recall`](super::recall).
    pub fn recall(&self, average: Average) -> f64 {
        let support = self.support();
        let values: Vec<f64> =
            (0..support.len()).map(|i| ratio(self.counts[i][i], support[i])).collect();
        average.of(&values, &support, self.accuracy())
    }

    /// F1, the harmonic mean of precision and recall, averaged over all classes.
    pub fn f1(&self, average: Average) -> f64 {
        average.of(&self.f_scores(1.0), &self.support(), self.accuracy())
    }

    /// F-beta, averaged over all classes; see [`f_beta`](super::f_beta).
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when `beta` is negative or not finite.
    pub fn f_beta(&self, beta: f64, average: Average) -> Result<f64> {
        if !(beta >= 0.0 && beta.is_finite()) {
            let problem = format!("expected a finite `beta` of at least 0, found {beta}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        Ok(average.of(&self.f_scores(beta * beta), &self.support(), self.accuracy()))
    }

    /// F-beta of each class from β².
    fn f_scores(&self, square: f64) -> Vec<f64> {
        let (support, predicted) = (self.support(), self.predicted());
        let score = |i: usize| {
            let whole = square * support[i] as f64 + predicted[i] as f64;
            if whole > 0.0 { (1.0 + square) * self.counts[i][i] as f64 / whole } else { 0.0 }
        };
        (0..support.len()).map(score).collect()
    }

    /// Matthews correlation coefficient; see [`matthews_correlation`](super::matthews_correlation).
    pub fn matthews_correlation(&self) -> f64 {
        let (support, predicted) = (self.support(), self.predicted());
        let (total, correct) = (self.total() as f64, self.correct() as f64);
        let dot = |a: &[usize], b: &[usize]| -> f64 {
            a.iter().zip(b).map(|(a, b)| *a as f64 * *b as f64).sum()
        };
        let covariance = correct * total - dot(&support, &predicted);
        let truth = total * total - dot(&support, &support);
        let guess = total * total - dot(&predicted, &predicted);
        if truth * guess == 0.0 { 0.0 } else { covariance / (truth * guess).sqrt() }
    }

    /// Cohen's kappa: agreement beyond chance, from −1 to 1.
    ///
    /// # Errors
    /// [`ErrorKind::Numeric`] if only one class occurs: agreement by chance is then certain.
    pub fn cohen_kappa(&self, weights: KappaWeights) -> Result<f64> {
        kappa_weights::of_counts(&self.counts, weights)
    }

    /// Precision, recall, F1 and support of each class, and their averages.
    pub fn report(&self) -> ClassificationReport {
        ClassificationReport::of(&self.classes, &self.counts)
    }

    /// The most frequent confusions as (true class, predicted class, count), most frequent first; equal counts in the
    /// order of the classes.
    ///
    /// ```
    /// use cuaderno::metrics::ConfusionMatrix;
    /// let matrix = ConfusionMatrix::new(&[0, 0, 1, 2], &[1, 1, 1, 0], &["cat", "dog", "fox"])?;
    /// assert_eq!(matrix.most_confused(1)?, [("cat".to_string(), "dog".to_string(), 2)]);
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] if `most` is 0.
    pub fn most_confused(&self, most: usize) -> Result<Vec<(String, String, usize)>> {
        if most == 0 {
            return Err(Error::new(ErrorKind::Parameter, "`most` must be at least 1, found 0"));
        }
        let mut pairs = Vec::new();
        for (i, row) in self.counts.iter().enumerate() {
            for (j, &count) in row.iter().enumerate().filter(|&(j, &count)| i != j && count > 0) {
                pairs.push((self.classes[i].clone(), self.classes[j].clone(), count));
            }
        }
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.2));
        pairs.truncate(most);
        Ok(pairs)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
        let number = |count: &usize| count.to_string().len();
        let number = self.counts.iter().flatten().map(number).max().unwrap_or(1);
        let columns: Vec<usize> =
            self.classes.iter().map(|class| class.chars().count().max(number)).collect();
        write!(f, "{:name$}", "")?;
        for (class, wide) in self.classes.iter().zip(&columns) {
            write!(f, "  {class:>wide$}")?;
        }
        for (class, row) in self.classes.iter().zip(&self.counts) {
            write!(f, "\n{class:name$}")?;
            for (count, wide) in row.iter().zip(&columns) {
                write!(f, "  {count:>wide$}")?;
            }
        }
        Ok(())
    }
}

impl Show for ConfusionMatrix {
    fn bundle(&self) -> Bundle {
        let mut html = "<table><thead><tr><th>true \\ predicted</th>".to_string();
        for class in &self.classes {
            let _ = write!(html, "<th>{}</th>", escape(class));
        }
        html.push_str("</tr></thead><tbody>");
        for (i, (class, row)) in self.classes.iter().zip(&self.counts).enumerate() {
            let _ = write!(html, "<tr><th>{}</th>", escape(class));
            for (j, count) in row.iter().enumerate() {
                let (open, close) = if i == j { ("<b>", "</b>") } else { ("", "") };
                let _ = write!(html, "<td style=\"text-align:right\">{open}{count}{close}</td>");
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table>");
        Bundle { plain: self.to_string(), html: Some(html), ..Bundle::default() }
    }
}

show_in_cells!(ConfusionMatrix);

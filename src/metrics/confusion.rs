//! The confusion matrix, from which accuracy, recall and agreement follow.

use super::balanced::balanced_accuracy;
use super::check;
use super::kappa;
use super::report::{ClassificationReport, escape};
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::{Error, ErrorKind, Result};
use std::fmt::{self, Write as _};

/// How often each class was taken for which.
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

impl ConfusionMatrix {
    /// Counts the pairs of true and predicted class, both numbers that index `classes`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] if the slices differ in length, are empty, or hold a number that is no
    /// class.
    pub fn new(truth: &[usize], predicted: &[usize], classes: &[impl AsRef<str>]) -> Result<Self> {
        let classes = classes.iter().map(|class| class.as_ref().to_string()).collect();
        Self::count(truth, predicted, classes)
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

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// `counts()[i][j]` items of class `i` were predicted as class `j`.
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// How many items were counted.
    pub fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// The share of items whose class was predicted, from 0 to 1.
    pub fn accuracy(&self) -> f64 {
        let right: usize = self.counts.iter().enumerate().map(|(i, row)| row[i]).sum();
        right as f64 / self.total() as f64
    }

    /// The mean recall of the classes that occur, from 0 to 1: every class weighs alike, however rare.
    pub fn balanced_accuracy(&self) -> f64 {
        balanced_accuracy(&self.counts)
    }

    /// Cohen's kappa: agreement beyond chance, from −1 to 1.
    ///
    /// # Errors
    /// [`ErrorKind::Numeric`] if only one class occurs: agreement by chance is then certain.
    pub fn cohen_kappa(&self) -> Result<f64> {
        kappa::of_counts(&self.counts)
    }

    /// Precision, recall, F1 and support of each class, and their averages.
    pub fn report(&self) -> ClassificationReport {
        ClassificationReport::of(&self.classes, &self.counts)
    }

    /// The most frequent confusions as (true class, predicted class, count), most frequent first; equal
    /// counts in the order of the classes.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] if `most` is 0.
    pub fn most_confused(&self, most: usize) -> Result<Vec<(String, String, usize)>> {
        if most == 0 {
            return Err(Error::new(ErrorKind::Parameter, "0 pairs were asked for")
                .help("ask for 1 or more"));
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

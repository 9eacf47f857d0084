//! The classification report: precision, recall, F1 and support of each class.

use crate::notebook::{Bundle, Show, show_in_cells};
use std::fmt::{self, Write as _};

/// Precision, recall and F1, each from 0 to 1; 0 where there is no item to measure on, as with scikit-learn's
/// `zero_division=0`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// The share of the items predicted as the class that are of the class.
    pub precision: f64,
    /// The share of the items of the class that were predicted as the class.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
}

/// The scores of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassScores {
    /// The name of the class.
    pub class: String,
    /// Precision, recall and F1.
    pub scores: Scores,
    /// Number of items of the class.
    pub support: usize,
}

/// Precision, recall, F1 and support of each class, and their averages. Prints as scikit-learn's
/// `classification_report`.
///
/// ```
/// use cuaderno::metrics::ConfusionMatrix;
/// let report = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 1, 1, 1], &["low", "high"])?.report();
/// assert_eq!((report.classes[0].scores.recall, report.classes[1].support), (0.5, 2));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ClassificationReport {
    /// One entry for each class, in their order.
    pub classes: Vec<ClassScores>,
    /// The share of all items whose class was predicted.
    pub accuracy: f64,
    /// The unweighted mean over the classes.
    pub macro_average: Scores,
    /// The mean over the classes, weighted by their support.
    pub weighted_average: Scores,
    /// Number of items.
    pub support: usize,
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl ClassificationReport {
    pub(super) fn of(names: &[String], counts: &[Vec<usize>]) -> Self {
        let class = |(i, name): (usize, &String)| {
            let right = counts[i][i];
            let support: usize = counts[i].iter().sum();
            let predicted: usize = counts.iter().map(|row| row[i]).sum();
            let scores = Scores {
                precision: ratio(right, predicted),
                recall: ratio(right, support),
                f1: ratio(2 * right, support + predicted),
            };
            ClassScores { class: name.clone(), scores, support }
        };
        let classes: Vec<ClassScores> = names.iter().enumerate().map(class).collect();
        let support: usize = classes.iter().map(|class| class.support).sum();
        let right: usize = counts.iter().enumerate().map(|(i, row)| row[i]).sum();
        let mean = |weight: &dyn Fn(&ClassScores) -> f64| {
            let mut mean = Scores::default();
            for class in &classes {
                mean.precision += weight(class) * class.scores.precision;
                mean.recall += weight(class) * class.scores.recall;
                mean.f1 += weight(class) * class.scores.f1;
            }
            mean
        };
        let even = 1.0 / classes.len().max(1) as f64;
        Self {
            accuracy: ratio(right, support),
            macro_average: mean(&|_| even),
            weighted_average: mean(&|class| ratio(class.support, support)),
            support,
            classes,
        }
    }
}

impl fmt::Display for ClassificationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.classes.iter().map(|class| class.class.chars().count());
        let wide = names.max().unwrap_or(0).max("weighted avg".len());
        let row = |f: &mut fmt::Formatter<'_>, name: &str, scores: &Scores, support: usize| {
            let Scores { precision, recall, f1 } = scores;
            writeln!(f, "{name:>wide$}  {precision:>9.2} {recall:>9.2} {f1:>9.2} {support:>9}")
        };
        writeln!(
            f,
            "{:>wide$}  {:>9} {:>9} {:>9} {:>9}\n",
            "", "precision", "recall", "f1-score", "support"
        )?;
        for class in &self.classes {
            row(f, &class.class, &class.scores, class.support)?;
        }
        let (accuracy, support) = (self.accuracy, self.support);
        writeln!(f, "\n{:>wide$}  {:>9} {:>9} {accuracy:>9.2} {support:>9}", "accuracy", "", "")?;
        row(f, "macro avg", &self.macro_average, support)?;
        row(f, "weighted avg", &self.weighted_average, support)
    }
}

impl Show for ClassificationReport {
    fn bundle(&self) -> Bundle {
        let mut html = "<table><thead><tr><th></th><th>precision</th><th>recall</th><th>F1</th>\
                        <th>support</th></tr></thead><tbody>"
            .to_string();
        let number = |value: f64| format!("<td style=\"text-align:right\">{value:.3}</td>");
        let mut row = |name: &str, scores: [Option<f64>; 3], support: usize| {
            let _ = write!(html, "<tr><th style=\"text-align:left\">{}</th>", escape(name));
            for score in scores {
                html.push_str(&score.map_or_else(|| "<td></td>".to_string(), number));
            }
            let _ = write!(html, "<td style=\"text-align:right\">{support}</td></tr>");
        };
        let all = |scores: &Scores| [scores.precision, scores.recall, scores.f1].map(Some);
        for class in &self.classes {
            row(&class.class, all(&class.scores), class.support);
        }
        row("accuracy", [None, None, Some(self.accuracy)], self.support);
        row("macro average", all(&self.macro_average), self.support);
        row("weighted average", all(&self.weighted_average), self.support);
        html.push_str("</tbody></table>");
        Bundle { plain: self.to_string(), html: Some(html), ..Bundle::default() }
    }
}

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

show_in_cells!(ClassificationReport);

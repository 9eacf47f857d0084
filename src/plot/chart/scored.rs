//! Curves of scores against the truth: ROC, precision and recall, calibration.

use super::super::axis::Scale;
use super::super::figure::Figure;
use super::super::frame::Sample;
use super::super::theme;
use super::super::words::Word;
use super::caption::Caption;
use super::data::wrong;
use super::layers::{Layer, Layers};
use super::noun::Noun;
use crate::{Error, ErrorKind, Result};

/// More points of a curve cannot be told apart.
const MOST_POINTS: usize = 2000;

/// The scores of one classifier, or of one class against the rest, with the truth.
///
/// ```
/// use cuaderno::plot::{self, Scored};
/// let probabilities = [0.8, 0.2, 0.4, 0.6, 0.3, 0.7]; // three examples of two classes
/// let classes = Scored::one_vs_rest(&["cat", "dog"], &[0, 1, 0], &probabilities)?;
/// assert!(plot::roc(&classes)?.svg()?.contains("dog"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    name: String,
    truth: Vec<bool>,
    scores: Vec<f64>,
}

impl Scored {
    /// `scores[i]` is high where `truth[i]` is expected to hold.
    pub fn new(name: impl Into<String>, truth: &[bool], scores: &[f64]) -> Self {
        Self { name: name.into(), truth: truth.to_vec(), scores: scores.to_vec() }
    }

    /// One for each class: `probabilities` has a row of `classes.len()` values for each label, row after row.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] if the probabilities are not one row for each label.
    pub fn one_vs_rest(
        classes: &[impl AsRef<str>],
        labels: &[usize],
        probabilities: &[f64],
    ) -> Result<Vec<Self>> {
        if probabilities.len() != labels.len() * classes.len() {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!(
                    "{} labels of {} classes need {} probabilities, found {}",
                    labels.len(),
                    classes.len(),
                    labels.len() * classes.len(),
                    probabilities.len()
                ),
            )
            .help("give one row of probabilities for each label"));
        }
        let of_class = |(class, name): (usize, &_)| {
            let truth: Vec<bool> = labels.iter().map(|&label| label == class).collect();
            let scores = probabilities.iter().skip(class).step_by(classes.len()).copied().collect();
            Self { name: AsRef::<str>::as_ref(name).to_string(), truth, scores }
        };
        Ok(classes.iter().enumerate().map(of_class).collect())
    }

    fn check(&self) -> Result<()> {
        let Self { name, truth, scores } = self;
        if truth.len() != scores.len() {
            let (truths, scores) = (truth.len(), scores.len());
            return Err(wrong(format!("`{name}` has {truths} true values and {scores} scores"))
                .help("give one score for each"));
        }
        if let Some(i) = scores.iter().position(|score| !score.is_finite()) {
            return Err(wrong(format!("score {} of `{name}` is not finite", i + 1)));
        }
        if truth.iter().all(|&t| t) || !truth.iter().any(|&t| t) {
            return Err(wrong(format!("`{name}` needs positive and negative examples"))
                .help("leave this class out, or take a larger split"));
        }
        Ok(())
    }

    /// Cumulative (true positives, false positives) from the highest score down, one for each distinct score.
    fn counts(&self) -> Vec<(f64, f64)> {
        let mut order: Vec<usize> = (0..self.scores.len()).collect();
        order.sort_by(|&a, &b| self.scores[b].total_cmp(&self.scores[a]));
        let (mut right, mut wrong) = (0.0, 0.0);
        let mut counts = Vec::new();
        for (i, &item) in order.iter().enumerate() {
            if self.truth[item] {
                right += 1.0
            } else {
                wrong += 1.0
            }
            let next = order.get(i + 1).map(|&next| self.scores[next]);
            if next != Some(self.scores[item]) {
                counts.push((right, wrong));
            }
        }
        counts
    }

    /// The points (false positive rate, true positive rate) and the area under them.
    fn roc(&self) -> (Vec<(f64, f64)>, f64) {
        let counts = self.counts();
        let (positives, negatives) = counts.last().copied().unwrap_or((1.0, 1.0));
        let mut points = vec![(0.0, 0.0)];
        points.extend(counts.iter().map(|(right, wrong)| (wrong / negatives, right / positives)));
        let area = points.windows(2).map(|p| (p[1].0 - p[0].0) * (p[1].1 + p[0].1) / 2.0).sum();
        (points, area)
    }

    /// The points (recall, precision) and the average precision.
    fn precision_recall(&self) -> (Vec<(f64, f64)>, f64) {
        let counts = self.counts();
        let positives = counts.last().map_or(1.0, |last| last.0);
        let points: Vec<(f64, f64)> = counts
            .iter()
            .map(|(right, wrong)| (right / positives, right / (right + wrong)))
            .collect();
        let mut average = 0.0;
        let mut recall = 0.0;
        for &(next, precision) in &points {
            average += (next - recall) * precision;
            recall = next;
        }
        let first = points.first().map_or(1.0, |point| point.1);
        (std::iter::once((0.0, first)).chain(points).collect(), average)
    }
}

/// The receiver operating characteristic of each classifier or class: true against false positives over all
/// thresholds, with the area under the curve (AUC).
///
/// ```
/// use cuaderno::plot::{self, Scored};
/// let scored = Scored::new("A", &[false, false, true, true], &[0.1, 0.4, 0.35, 0.8]);
/// assert!(plot::roc(&[scored])?.svg()?.contains("0.75"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Figure`] if there is none, if truth and scores differ in number, if a score is not finite, or if
/// there are not both positive and negative examples.
pub fn roc(scored: &[Scored]) -> Result<Figure> {
    let mut chart = unit_square(scored, Noun::RocCurve)?;
    chart.x_label = Caption::of(Word::FalsePositiveRate);
    chart.y_label = Caption::of(Word::TruePositiveRate);
    let diagonal = Layer::Dashes { from: (0.0, 0.0), to: (1.0, 1.0), color: theme::AXIS };
    chart.layers.push(diagonal);
    for (i, one) in scored.iter().enumerate() {
        let (points, area) = one.roc();
        add(&mut chart, i, points, name(one, "AUC", area));
    }
    Ok(Figure::new(chart))
}

/// Precision-recall curve: precision against recall over all thresholds, with the average precision (AP). Dashes mark the
/// precision of chance where there is one curve: the share of positive examples.
///
/// ```
/// use cuaderno::plot::{self, Scored};
/// let scored = Scored::new("A", &[false, false, true, true], &[0.1, 0.4, 0.35, 0.8]);
/// assert!(plot::precision_recall(&[scored])?.svg()?.contains("0.833")); // as scikit-learn's example
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`roc`].
pub fn precision_recall(scored: &[Scored]) -> Result<Figure> {
    let mut chart = unit_square(scored, Noun::PrecisionRecallCurve)?;
    chart.x_label = Caption::of(Word::Recall);
    chart.y_label = Caption::of(Word::Precision);
    if let [one] = scored {
        let share = one.truth.iter().filter(|&&t| t).count() as f64 / one.truth.len() as f64;
        let chance = Layer::Dashes { from: (0.0, share), to: (1.0, share), color: theme::AXIS };
        chart.layers.push(chance);
    }
    for (i, one) in scored.iter().enumerate() {
        let (points, average) = one.precision_recall();
        add(&mut chart, i, points, name(one, "AP", average));
    }
    Ok(Figure::new(chart))
}

/// Calibration of predicted probabilities: in each of ten equal bins, the share of positive examples against the
/// mean probability (a reliability diagram), with the expected calibration error (ECE; Naeini et al. 2015).
///
/// ```
/// use cuaderno::plot::{self, Scored};
/// let scored = Scored::new("A", &[true, false, true, true], &[0.55, 0.55, 0.75, 0.75]);
/// assert!(plot::calibration(&[scored])?.svg()?.contains("ECE"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`roc`], and if a score is not between 0 and 1.
pub fn calibration(scored: &[Scored]) -> Result<Figure> {
    const BINS: usize = 10;
    let mut chart = unit_square(scored, Noun::CalibrationCurve)?;
    chart.x_label = Caption::of(Word::MeanProbability);
    chart.y_label = Caption::of(Word::ShareOfPositives);
    let diagonal = Layer::Dashes { from: (0.0, 0.0), to: (1.0, 1.0), color: theme::AXIS };
    chart.layers.push(diagonal);
    for (i, one) in scored.iter().enumerate() {
        if let Some(score) = one.scores.iter().find(|score| !(0.0..=1.0).contains(*score)) {
            return Err(wrong(format!("`{}` has the score {score}, not a probability", one.name))
                .help("give values from 0 to 1, such as the softmax of logits"));
        }
        let mut bins = [(0.0, 0.0, 0.0); BINS];
        for (&score, &truth) in one.scores.iter().zip(&one.truth) {
            let bin = &mut bins[((score * BINS as f64) as usize).min(BINS - 1)];
            *bin = (bin.0 + 1.0, bin.1 + score, bin.2 + f64::from(u8::from(truth)));
        }
        let filled = bins.iter().filter(|bin| bin.0 > 0.0);
        let points: Vec<(f64, f64)> = filled.map(|(n, sum, hits)| (sum / n, hits / n)).collect();
        let error: f64 = bins.iter().map(|(_, sum, hits)| (sum - hits).abs()).sum();
        let color = theme::series(i);
        let dots = Layer::Dots { points: points.clone(), color, radius: 4.0 };
        add(&mut chart, i, points, name(one, "ECE", error / one.scores.len() as f64));
        chart.layers.push(dots);
    }
    Ok(Figure::new(chart))
}

fn unit_square(scored: &[Scored], noun: Noun) -> Result<Layers> {
    if scored.is_empty() {
        return Err(wrong("there are no scores to draw"));
    }
    scored.iter().try_for_each(Scored::check)?;
    let unit = || Scale::Linear { low: -0.02, high: 1.02 };
    let mut chart = Layers::new(Caption::counted(scored.len(), noun), unit(), unit());
    chart.size = (480, 500 + 18 * (scored.len() as u32 / 3).min(20));
    chart.grid = (true, true);
    chart.square = true;
    Ok(chart)
}

fn name(one: &Scored, measure: &str, value: f64) -> Caption {
    let gap = if one.name.is_empty() { "" } else { ": " };
    Caption::from(one.name.as_str()).text(format!("{gap}{measure} ")).number(value, 3)
}

fn add(chart: &mut Layers, index: usize, points: Vec<(f64, f64)>, name: Caption) {
    let color = theme::series(index);
    let last = points.last().copied();
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    let (x, y) = points.into_iter().step_by(step).chain(last).unzip();
    chart.layers.push(Layer::Line { x, y, color, width: theme::LINE_WIDTH, dots: false });
    chart.key(name, color, Sample::Line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_scikit_learns() {
        // sklearn.metrics.roc_auc_score and average_precision_score of these values.
        let truth = [true, false, true, true, false, false, true, false, false, true];
        let scores = [0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
        let one = Scored::new("a", &truth, &scores);
        assert!((one.roc().1 - 0.58).abs() < 1e-12, "{}", one.roc().1);
        assert!(
            (one.precision_recall().1 - 0.667_619_047_619).abs() < 1e-9,
            "{}",
            one.precision_recall().1
        );
    }

    #[test]
    fn rows_of_probabilities_become_classes() {
        let scored = Scored::one_vs_rest(&["a", "b"], &[0, 1], &[0.9, 0.1, 0.3, 0.7]).unwrap();
        assert_eq!(scored[1], Scored::new("b", &[false, true], &[0.1, 0.7]));
        assert!(Scored::one_vs_rest(&["a", "b"], &[0], &[0.9]).is_err());
        assert!(roc(&[Scored::new("x", &[true], &[0.5])]).is_err());
    }
}

//! Comparisons: values with intervals, experiments beside a published result, and folds of a cross-validation.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::Sample;
use super::super::scene::Align;
use super::super::theme;
use super::super::words::Word;
use super::caption::Caption;
use super::data::{self, Group, wrong};
use super::layers::{Layer, Layers, row_text};
use super::noun::Noun;
use crate::Result;

/// Height of a row in pixels, and of what surrounds the rows.
const ROW: usize = 25;
const AROUND: usize = 110;

/// A value with the ends of its interval, such as a score and its 95 % bootstrap interval.
///
/// ```
/// use cuaderno::plot::{self, Estimate};
/// let scores = [Estimate::new("baseline", 0.61), Estimate::with_interval("model", 0.71, 0.68, 0.74)];
/// assert_eq!(plot::estimates(&scores, None)?.to_string(), "figure: 2 estimates");
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    name: String,
    value: f64,
    interval: Option<(f64, f64)>,
}

impl Estimate {
    /// A value without an interval.
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value, interval: None }
    }

    /// A value with its interval from `low` to `high`.
    pub fn with_interval(name: impl Into<String>, value: f64, low: f64, high: f64) -> Self {
        Self { name: name.into(), value, interval: Some((low, high)) }
    }
}

/// One row for each value, with its interval, in the order given: the score of each class, or of each
/// experiment. `reference` is a published or baseline result, drawn as a dashed line with its name.
///
/// ```
/// use cuaderno::plot::{self, Estimate};
/// let figure = plot::estimates(
///     &[
///         Estimate::with_interval("Model A", 0.69, 0.66, 0.72),
///         Estimate::with_interval("Model B", 0.73, 0.70, 0.76),
///     ],
///     Some(Estimate::new("published", 0.674)),
/// )?;
/// assert!(figure.svg()?.contains("0.730"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if no value is finite, or if an interval does not hold its value.
pub fn estimates(estimates: &[Estimate], reference: Option<Estimate>) -> Result<Figure> {
    let values: Vec<f64> = estimates.iter().map(|one| one.value).collect();
    data::some_finite(&values)?;
    for one in estimates {
        if let Some((low, high)) = one.interval
            && one.value.is_finite()
            && !(low <= one.value && one.value <= high)
        {
            return Err(wrong(format!(
                "the interval of `{}` from {low} to {high} does not hold its value {}",
                one.name, one.value
            ))
            .help("give the lower end, then the upper end"));
        }
    }
    let ends = estimates.iter().flat_map(|one| match one.interval {
        Some((low, high)) => [low, one.value, high],
        None => [one.value; 3],
    });
    let reference = reference.filter(|reference| reference.value.is_finite());
    let all: Vec<f64> = ends.chain(reference.iter().map(|reference| reference.value)).collect();
    let (low, high) = extent(&all).unwrap_or((0.0, 1.0));
    let names = estimates.iter().map(|one| one.name.clone()).collect();
    let rows = estimates.len();
    let height = (AROUND + rows * if rows > 20 { 17 } else { ROW }).min(6000);
    let mut chart = Layers::new(
        Caption::counted(rows, Noun::Estimate),
        Scale::around(low, high)?,
        Scale::Bands(names),
    );
    chart.size = (640, height as u32);
    chart.grid = (true, false);
    chart.left_out = data::not_finite(&values);
    chart.right = 70.0;
    let size = row_text((height - AROUND) as f64, rows).max(theme::SMALLEST_SIZE);
    if let Some(reference) = reference {
        let (from, to) = ((reference.value, -0.5), (reference.value, rows as f64 - 0.5));
        chart.layers.push(Layer::Dashes { from, to, color: theme::series(1) });
        let name = Caption::from(reference.name.as_str()).text(" ").number(reference.value, 3);
        chart.key(name, theme::series(1), Sample::Line);
    }
    for (i, one) in estimates.iter().enumerate().filter(|(_, one)| one.value.is_finite()) {
        let (y, color) = (i as f64, theme::series(0));
        if let Some((low, high)) = one.interval {
            let ends = ((low, y), (high, y));
            chart.layers.push(Layer::Rule { from: ends.0, to: ends.1, color, width: 2.0 });
        }
        chart.layers.push(Layer::Dots { points: vec![(one.value, y)], color, radius: 4.5 });
        let right = one.interval.map_or(one.value, |(_, high)| high);
        chart.layers.push(Layer::Text {
            at: (right, y),
            shift: (8.0, 0.0),
            text: Caption::default().number(one.value, 3),
            align: Align::Start,
            size,
            color: theme::TEXT,
        });
    }
    Ok(Figure::new(chart))
}

/// The folds of a cross-validation: for each measure or model a dot for every fold, and the mean with one
/// standard deviation (of the sample) on both sides.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::cross_validation(&[
///     Group::new("Model A", &[0.68, 0.71, 0.69, 0.70, 0.67]),
///     Group::new("Model B", &[0.72, 0.74, 0.71, 0.73, 0.75]),
/// ])?;
/// assert_eq!(figure.to_string(), "figure: 2 measures over 5 folds");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if no value is finite.
pub fn cross_validation(groups: &[Group]) -> Result<Figure> {
    let values = || groups.iter().flat_map(|group| &group.values);
    data::some_finite(values())?;
    let summary: Vec<Option<(f64, f64)>> =
        groups.iter().map(|group| mean_and_deviation(&group.values)).collect();
    let ends = summary.iter().flatten().flat_map(|&(mean, sd)| [mean - sd, mean + sd]);
    let all: Vec<f64> = values().copied().chain(ends).collect();
    let (low, high) = extent(&all).unwrap_or((0.0, 1.0));
    let names = groups.iter().map(|group| group.name.clone()).collect();
    let folds = groups.iter().map(|group| group.values.len()).max().unwrap_or(0);
    let mut chart = Layers::new(
        Caption::counted(groups.len(), Noun::Measure)
            .phrase(" over ", " en ")
            .count(folds, Noun::Fold),
        Scale::Bands(names),
        Scale::around(low, high)?,
    );
    chart.size = ((240 + 100 * groups.len()).clamp(360, 1000) as u32, 400);
    chart.left_out = data::not_finite(values());
    chart.key(Caption::of(Word::Fold), theme::series(0).alpha(0.6), Sample::Dot);
    chart.key(Caption::of(Word::MeanAndDeviation), theme::TEXT, Sample::Line);
    for (i, group) in groups.iter().enumerate() {
        let spread = 0.3 / (group.values.len() as f64 - 1.0).max(1.0);
        let points = group
            .values
            .iter()
            .enumerate()
            .map(|(k, &value)| (i as f64 - 0.15 + k as f64 * spread, value))
            .collect();
        let color = theme::series(0).alpha(0.6);
        chart.layers.push(Layer::Dots { points, color, radius: 4.0 });
        let Some((mean, sd)) = summary[i] else { continue };
        let x = i as f64 + 0.28;
        let ink = theme::TEXT;
        let rule = |from, to, width| Layer::Rule { from, to, color: ink, width };
        chart.layers.push(rule((x, mean - sd), (x, mean + sd), 2.0));
        chart.layers.push(rule((x - 0.06, mean), (x + 0.06, mean), 3.0));
        chart.layers.push(Layer::Text {
            at: (x, mean + sd),
            shift: (0.0, -9.0),
            text: Caption::default().number(mean, 3),
            align: Align::Middle,
            size: theme::NOTE_SIZE,
            color: theme::TEXT,
        });
    }
    Ok(Figure::new(chart))
}

fn mean_and_deviation(values: &[f64]) -> Option<(f64, f64)> {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let n = finite.len() as f64;
    let mean = finite.iter().sum::<f64>() / n;
    let squares = finite.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (n > 0.0).then(|| (mean, (squares / (n - 1.0).max(1.0)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviation_is_that_of_the_sample() {
        // numpy.std([1, 2, 4], ddof=1)
        let (mean, sd) = mean_and_deviation(&[1.0, 2.0, 4.0, f64::NAN]).unwrap();
        assert!((mean - 7.0 / 3.0).abs() < 1e-12 && (sd - 1.527_525_231_652).abs() < 1e-9);
    }
}

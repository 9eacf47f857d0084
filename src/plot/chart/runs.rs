//! Several training runs over each other.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::Sample;
use super::super::theme;
use super::super::words::Word;
use super::caption::Caption;
use super::data::{self, wrong};
use super::layers::{Layer, Layers};
use super::line::whole;
use super::noun::Noun;
use super::panels::Panels;
use crate::Result;

/// One training run: a measure and the learning rate for each epoch.
///
/// ```
/// use cuaderno::plot::{self, Run};
/// let run = Run::lower("Adam", &[0.9, 0.7, 0.8]).learning_rates(&[1e-3, 1e-3, 1e-4]);
/// assert_eq!(plot::runs("validation loss", &[run])?.to_string(), "figure: validation loss of 1 run");
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    name: String,
    values: Vec<f64>,
    learning_rates: Vec<f64>,
    higher: bool,
}

impl Run {
    /// A run with a measure that is good when low, such as the validation loss.
    pub fn lower(name: impl Into<String>, values: &[f64]) -> Self {
        let (values, learning_rates) = (values.to_vec(), Vec::new());
        Self { name: name.into(), values, learning_rates, higher: false }
    }

    /// A run with a measure that is good when high, such as the validation accuracy.
    pub fn higher(name: impl Into<String>, values: &[f64]) -> Self {
        Self { higher: true, ..Self::lower(name, values) }
    }

    /// Adds the learning rate of each epoch.
    #[must_use]
    pub fn learning_rates(mut self, rates: &[f64]) -> Self {
        self.learning_rates = rates.to_vec();
        self
    }

    /// Index and value of the best epoch.
    fn best(&self) -> Option<(usize, f64)> {
        let finite = self.values.iter().copied().enumerate().filter(|(_, value)| value.is_finite());
        finite.reduce(|best, next| {
            let better = if self.higher { next.1 > best.1 } else { next.1 < best.1 };
            if better { next } else { best }
        })
    }
}

/// Learning curves of several runs over each other, the best epoch of each marked and its value in the legend; below
/// them, where runs have it, the learning rate of each epoch.
///
/// ```
/// use cuaderno::plot::{self, Run};
/// let figure = plot::runs(
///     "validation accuracy",
///     &[Run::higher("Adam", &[0.60, 0.71, 0.70]), Run::higher("SGD", &[0.52, 0.66, 0.73])],
/// )?;
/// assert_eq!(figure.to_string(), "figure: validation accuracy of 2 runs");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no run, or no finite value.
pub fn runs(measure: impl Into<String>, runs: &[Run]) -> Result<Figure> {
    let measure = measure.into();
    if runs.is_empty() {
        return Err(wrong("there is no run to draw"));
    }
    let values = || runs.iter().flat_map(|run| &run.values);
    data::some_finite(values())?;
    let epochs = runs.iter().map(|run| run.values.len().max(run.learning_rates.len()));
    let epochs = epochs.max().unwrap_or(1) as f64;
    let (low, high) = extent(values()).unwrap_or((0.0, 1.0));
    let describe = Caption::default().metric(&measure).of_what().count(runs.len(), Noun::Run);
    let mut chart = Layers::new(describe.clone(), whole(1.0, epochs), Scale::around(low, high)?);
    chart.y_label = measure.as_str().into();
    chart.left_out = data::not_finite(values());
    let numbers = |n: usize| (1..=n).map(|epoch| epoch as f64).collect::<Vec<_>>();
    for (i, run) in runs.iter().enumerate() {
        let (x, y, color) = (numbers(run.values.len()), run.values.clone(), theme::series(i));
        let width = theme::LINE_WIDTH;
        chart.layers.push(Layer::Line { x, y, color, width, dots: false });
        let mut name = Caption::from(run.name.as_str());
        if let Some((epoch, value)) = run.best() {
            let points = vec![(epoch as f64 + 1.0, value)];
            chart.layers.push(Layer::Dots { points: points.clone(), color, radius: 5.0 });
            chart.layers.push(Layer::Dots { points, color: theme::PAPER, radius: 2.2 });
            let gap = if run.name.is_empty() { "" } else { ": " };
            name = name.text(gap).number(value, 3).text(" (").word(Word::Epoch);
            name = name.text(format!(" {})", epoch + 1));
        }
        chart.key(name, color, Sample::Line);
    }
    let rates = || runs.iter().flat_map(|run| &run.learning_rates);
    let Some((low, high)) = extent(rates()) else {
        chart.x_label = Caption::of(Word::Epoch);
        return Ok(Figure::new(chart));
    };
    let scale = if low > 0.0 && high / low > 20.0 {
        Scale::Log { low: low / 1.3, high: high * 1.3 }
    } else {
        Scale::from_zero(low, high)?
    };
    let mut below = Layers::new(Caption::default(), whole(1.0, epochs), scale);
    below.x_label = Caption::of(Word::Epoch);
    below.y_label = Caption::of(Word::LearningRate);
    for (i, run) in runs.iter().enumerate().filter(|(_, run)| !run.learning_rates.is_empty()) {
        let (x, y) = (numbers(run.learning_rates.len()), run.learning_rates.clone());
        let (color, width) = (theme::series(i), theme::LINE_WIDTH);
        below.layers.push(Layer::Line { x, y, color, width, dots: false });
    }
    Ok(Figure::new(Panels {
        describe,
        size: (640, 560),
        columns: 1,
        heights: vec![0.66, 0.34],
        keys: std::mem::take(&mut chart.keys),
        left_out: chart.left_out,
        panels: vec![chart, below],
    }))
}

//! Time lines: when each thing began and ended.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::Sample;
use super::super::theme;
use super::caption::Caption;
use super::data::{self, wrong};
use super::layers::{Layer, Layers};
use super::noun::Noun;
use crate::Result;

/// A named span of time, such as the life of a painter.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    name: String,
    start: f64,
    end: f64,
    group: String,
}

impl Period {
    /// A period from `start` to `end`, in years or any other unit.
    pub fn new(name: impl Into<String>, start: f64, end: f64) -> Self {
        Self { name: name.into(), start, end, group: String::new() }
    }

    /// The group that gives the period its color.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }
}

/// Time line: a bar from start to end for each period, in the order given. Groups have a color each, up to ten.
///
/// ```
/// use cuaderno::plot::{self, Period};
/// let figure = plot::time_line(&[
///     Period::new("Goya", 1746.0, 1828.0).group("Romanticism"),
///     Period::new("Monet", 1840.0, 1926.0).group("Impressionism"),
/// ])?;
/// assert_eq!(figure.to_string(), "figure: time line of 2 periods");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no period, or if one is not finite or ends before it starts.
pub fn time_line(periods: &[Period]) -> Result<Figure> {
    for period in periods {
        let Period { name, start, end, .. } = period;
        if !(start.is_finite() && end.is_finite() && start <= end) {
            return Err(wrong(format!("`{name}` cannot last from {start} to {end}"))
                .help("give finite numbers, the start first"));
        }
    }
    let ends: Vec<f64> = periods.iter().flat_map(|period| [period.start, period.end]).collect();
    data::some_finite(&ends)?;
    let (low, high) = extent(&ends).unwrap_or((0.0, 1.0));
    let names = periods.iter().map(|period| period.name.clone()).collect();
    let rows = periods.len();
    let mut chart = Layers::new(
        Caption::default().phrase("time line of ", "línea de tiempo de ").count(rows, Noun::Period),
        year_scale(low, high)?,
        Scale::Bands(names),
    );
    chart.size = (700, (110 + rows * if rows > 20 { 16 } else { 24 }).min(6000) as u32);
    chart.grid = (true, false);
    let mut groups: Vec<&str> = Vec::new();
    let least = (high - low).max(1e-9) * 0.004;
    for (i, period) in periods.iter().enumerate() {
        let known = groups.iter().position(|group| *group == period.group);
        let group = known.unwrap_or_else(|| {
            groups.push(&period.group);
            groups.len() - 1
        });
        let y = i as f64;
        // A moment is seen too.
        let end = period.end.max(period.start + least);
        let (from, to) = ((period.start, y - 0.32), (end, y + 0.32));
        chart.layers.push(Layer::Bar { from, to, color: theme::series(group) });
    }
    if groups.len() > 1 {
        for (i, group) in groups.into_iter().enumerate() {
            chart.key(group, theme::series(i), Sample::Square);
        }
    }
    Ok(Figure::new(chart))
}

/// Years have no thousands separator in their way: four digits have none. Whole ticks for whole years.
fn year_scale(low: f64, high: f64) -> Result<Scale> {
    let Scale::Linear { low, high } = Scale::around(low, high)? else {
        return Err(wrong("there is no time to draw"));
    };
    Ok(if high - low > 3.0 { Scale::Whole { low, high } } else { Scale::Linear { low, high } })
}

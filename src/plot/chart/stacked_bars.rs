//! Stacked bars: parts of a whole for each name.

use super::super::axis::Scale;
use super::super::figure::Figure;
use super::super::frame::Sample;
use super::super::theme;
use super::caption::Caption;
use super::data::{self, Group, wrong};
use super::layers::{Layer, Layers};
use super::noun::Noun;
use crate::Result;

/// Stacked bar chart: for each label the values of all groups on top of each other, such as the classes of each split.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::stacked_bars(
///     &["train", "test"],
///     &[Group::new("cat", &[70.0, 15.0]), Group::new("dog", &[68.0, 16.0])],
/// )?;
/// assert_eq!(figure.to_string(), "figure: 2 bars of 2 parts");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if a group has not one value for each label, if a value is negative or not finite, or
/// if there are none.
pub fn stacked_bars(labels: &[impl AsRef<str>], groups: &[Group]) -> Result<Figure> {
    stack(data::names(labels), groups, false)
}

/// Stacked bar chart of shares: [`stacked_bars`] with every bar filled to 100 %.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::stacked_shares(
///     &["train", "test"],
///     &[Group::new("cat", &[70.0, 15.0]), Group::new("dog", &[70.0, 15.0])],
/// )?;
/// assert!(figure.svg()?.contains("100"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`stacked_bars`].
pub fn stacked_shares(labels: &[impl AsRef<str>], groups: &[Group]) -> Result<Figure> {
    stack(data::names(labels), groups, true)
}

fn stack(labels: Vec<String>, groups: &[Group], shares: bool) -> Result<Figure> {
    for group in groups {
        data::same_length(labels.len(), group.values.len(), "values")?;
        if let Some(value) = group.values.iter().find(|v| !v.is_finite() || **v < 0.0) {
            return Err(wrong(format!("{value} of group `{}` cannot be stacked", group.name))
                .help("give finite values that are not negative"));
        }
    }
    data::some_finite(groups.iter().flat_map(|group| &group.values))?;
    let total = |i: usize| groups.iter().map(|group| group.values[i]).sum::<f64>();
    let totals: Vec<f64> = (0..labels.len()).map(total).collect();
    let most = totals.iter().copied().fold(0.0, f64::max);
    let amounts =
        if shares { Scale::Linear { low: 0.0, high: 100.0 } } else { Scale::from_zero(0.0, most)? };
    let lying = data::lie(&labels);
    let describe =
        Caption::counted(labels.len(), Noun::Bar).of_what().count(groups.len(), Noun::Part);
    let (count, bands) = (labels.len(), Scale::Bands(labels));
    let mut chart = if lying {
        Layers::new(describe, amounts, bands)
    } else {
        Layers::new(describe, bands, amounts)
    };
    chart.grid = (lying, !lying);
    chart.size = if lying {
        (640, (140 + 24 * count).min(6000) as u32)
    } else {
        ((240 + 70 * count).clamp(380, 900) as u32, 400)
    };
    if shares {
        let percent = "%".into();
        if lying { chart.x_label = percent } else { chart.y_label = percent }
    }
    let mut base = vec![0.0; count];
    for (g, group) in groups.iter().enumerate() {
        let color = theme::series(g);
        for (i, &value) in group.values.iter().enumerate() {
            let scale = if shares && totals[i] > 0.0 { 100.0 / totals[i] } else { 1.0 };
            let (low, high) = (base[i], base[i] + value * scale);
            base[i] = high;
            let (a, b) = (i as f64 - 0.34, i as f64 + 0.34);
            let (from, to) = if lying { ((low, a), (high, b)) } else { ((a, low), (b, high)) };
            if value > 0.0 {
                chart.layers.push(Layer::Bar { from, to, color });
            }
        }
        chart.key(group.name.as_str(), color, Sample::Square);
    }
    Ok(Figure::new(chart))
}

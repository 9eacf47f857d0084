//! Distributions: violins, strips, and histograms with their density.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::Sample;
use super::super::theme;
use super::super::words::Word;
use super::caption::Caption;
use super::data::{self, Group};
use super::histogram::{Bins, count, quantile};
use super::layers::{Layer, Layers};
use super::noun::Noun;
use crate::Result;

/// More dots of one group only make it black: a strip shows a sample of them.
const MOST_DOTS: usize = 2000;
const GRID_POINTS: usize = 160;

/// For each group its estimated density on both sides of a line, with the quartiles and the median inside
/// (Hintze and Nelson 1998). The density is Gaussian with Scott's bandwidth, as scipy's, and ends at the
/// smallest and largest value.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::violin(&[
///     Group::new("uno", &[1.0, 2.0, 2.5, 3.0]),
///     Group::new("dos", &[2.0, 4.0, 4.5, 7.0]),
/// ])?;
/// assert_eq!(figure.to_string(), "figure: 2 violins of 8 values");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if no value is finite, or if values are too far apart to draw.
pub fn violin(groups: &[Group]) -> Result<Figure> {
    let mut chart = over_groups(groups, Noun::Violin)?;
    for (i, group) in groups.iter().enumerate() {
        let sorted = sorted(&group.values);
        let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { continue };
        let (x, color) = (i as f64, theme::series(i));
        let curve = density(&sorted, low, high, GRID_POINTS);
        let most = curve.iter().map(|point| point.1).fold(0.0, f64::max);
        if high > low && most > 0.0 {
            let half = |share: f64| 0.4 * share / most;
            let right = curve.iter().map(|&(value, share)| (x + half(share), value));
            let left = curve.iter().rev().map(|&(value, share)| (x - half(share), value));
            let points: Vec<_> = right.chain(left).collect();
            chart.layers.push(Layer::Area { points: points.clone(), color: color.alpha(0.45) });
            let (x, y) = points.iter().chain(points.first()).copied().unzip();
            chart.layers.push(Layer::Line { x, y, color, width: 1.4, dots: false });
        }
        let at = |share| quantile(&sorted, share);
        let ink = theme::TEXT;
        chart.layers.push(Layer::Rule {
            from: (x, at(0.25)),
            to: (x, at(0.75)),
            color: ink,
            width: 5.0,
        });
        let points = vec![(x, at(0.5))];
        chart.layers.push(Layer::Dots { points: points.clone(), color: ink, radius: 4.5 });
        chart.layers.push(Layer::Dots { points, color: theme::PAPER, radius: 2.5 });
    }
    Ok(Figure::new(chart))
}

/// Strip plot: every value of each group as a dot, side by side where they would hide each other, with a line at the
/// median. Of a group with more than 2,000 values every n-th one is drawn.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::strip(&[Group::new("A", &[1.0, 2.0, 2.5]), Group::new("B", &[2.0, 4.0])])?;
/// assert_eq!(figure.to_string(), "figure: 2 strips of 5 values");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`violin`].
pub fn strip(groups: &[Group]) -> Result<Figure> {
    let mut chart = over_groups(groups, Noun::Strip)?;
    for (i, group) in groups.iter().enumerate() {
        let sorted = sorted(&group.values);
        if sorted.is_empty() {
            continue;
        }
        let step = sorted.len().div_ceil(MOST_DOTS);
        let shown: Vec<f64> = sorted.iter().copied().step_by(step).collect();
        let crowded = (shown.len() as f64).log10();
        let (radius, alpha) =
            ((4.2 - crowded * 0.7).clamp(1.6, 3.4), (1.1 - crowded * 0.22).clamp(0.3, 0.85));
        // A low-discrepancy shift: the same image every time, without clumps.
        let shift = |k: usize| ((k as f64 * 0.618_033_988_75).fract() - 0.5) * 0.56;
        let points = shown.iter().enumerate().map(|(k, &v)| (i as f64 + shift(k), v)).collect();
        let color = theme::series(i).alpha(alpha);
        chart.layers.push(Layer::Dots { points, color, radius });
        let median = quantile(&sorted, 0.5);
        chart.layers.push(Layer::Rule {
            from: (i as f64 - 0.34, median),
            to: (i as f64 + 0.34, median),
            color: theme::TEXT,
            width: 2.0,
        });
    }
    Ok(Figure::new(chart))
}

/// Histograms of one or several groups on a common scale of density, each with its estimated density as a
/// line (Gaussian, Scott's bandwidth, as scipy's `gaussian_kde`).
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::histogram_with_density(&[Group::new("price", &[1.0, 2.0, 2.5, 3.0, 7.0])])?;
/// assert!(figure.to_string().starts_with("figure: histogram with density"));
/// assert!(figure.svg()?.contains("density"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`violin`].
pub fn histogram_with_density(groups: &[Group]) -> Result<Figure> {
    let values = || groups.iter().flat_map(|group| &group.values);
    data::some_finite(values())?;
    let Bins { low, high, count: bins } = Bins::of(groups)?;
    let width = (high - low) / bins as f64;
    let mut most: f64 = 0.0;
    let mut layers = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        let sorted = sorted(&group.values);
        let color = theme::series(i);
        let scale = sorted.len().max(1) as f64 * width;
        for (bin, count) in count(&sorted, low, high, bins).into_iter().enumerate() {
            let (left, share) = (low + bin as f64 * width, count / scale);
            most = most.max(share);
            if count > 0.0 {
                let (from, to) = ((left, 0.0), (left + width * 0.97, share));
                layers.push(Layer::Bar { from, to, color: color.alpha(0.35) });
            }
        }
        let curve = density(&sorted, low, high, GRID_POINTS * 2);
        most = curve.iter().map(|point| point.1).fold(most, f64::max);
        let (x, y) = curve.into_iter().unzip();
        layers.push(Layer::Line { x, y, color, width: theme::LINE_WIDTH, dots: false });
    }
    let mut chart = Layers::new(
        Caption::default()
            .phrase("histogram with density of ", "histograma con densidad de ")
            .count(values().count(), Noun::Value),
        Scale::around(low, high)?,
        Scale::from_zero(0.0, most)?,
    );
    chart.layers = layers;
    chart.y_label = Caption::of(Word::Density);
    chart.left_out = data::not_finite(values());
    if groups.len() > 1 || groups.iter().any(|group| !group.name.is_empty()) {
        for (i, group) in groups.iter().enumerate() {
            chart.key(group.name.as_str(), theme::series(i), Sample::Line);
        }
    }
    Ok(Figure::new(chart))
}

/// Empty axes with a band for each group.
fn over_groups(groups: &[Group], noun: Noun) -> Result<Layers> {
    let values = || groups.iter().flat_map(|group| &group.values);
    data::some_finite(values())?;
    let (low, high) = extent(values()).unwrap_or((0.0, 1.0));
    let names = groups.iter().map(|group| group.name.clone()).collect();
    let describe =
        Caption::counted(groups.len(), noun).of_what().count(values().count(), Noun::Value);
    let mut chart = Layers::new(describe, Scale::Bands(names), Scale::around(low, high)?);
    chart.size = ((220 + 90 * groups.len()).clamp(360, 1000) as u32, 400);
    chart.left_out = data::not_finite(values());
    Ok(chart)
}

pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The Gaussian kernel density of sorted values at `points` places from `low` to `high`.
pub(super) fn density(sorted: &[f64], low: f64, high: f64, points: usize) -> Vec<(f64, f64)> {
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let variance = sorted.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let bandwidth = variance.sqrt() * n.powf(-0.2);
    let place = |i: usize| low + (high - low) * i as f64 / (points - 1).max(1) as f64;
    if !(bandwidth > 0.0 && bandwidth.is_finite()) {
        return (0..points).map(|i| (place(i), 0.0)).collect();
    }
    let scale = 1.0 / (n * bandwidth * std::f64::consts::TAU.sqrt());
    (0..points)
        .map(|i| {
            let x = place(i);
            // Beyond eight bandwidths a kernel is nothing.
            let from = sorted.partition_point(|&v| v < x - 8.0 * bandwidth);
            let to = sorted.partition_point(|&v| v <= x + 8.0 * bandwidth);
            // A part of many values is enough: neighbors are alike.
            let step = ((to - from) / 4000).max(1);
            let near = sorted[from..to].iter().step_by(step);
            let sum: f64 = near.map(|v| (-0.5 * ((x - v) / bandwidth).powi(2)).exp()).sum();
            (x, sum * step as f64 * scale)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn density_is_scipys() {
        // scipy.stats.gaussian_kde([1, 2, 2.5, 4, 7])([1, 3, 7])
        let curve = density(&[1.0, 2.0, 2.5, 4.0, 7.0], 1.0, 7.0, 7);
        for (i, expected) in [(0, 0.128_468_52), (2, 0.150_673_64), (6, 0.059_007_91)] {
            assert!((curve[i].1 - expected).abs() < 1e-6, "{} {expected}", curve[i].1);
        }
        assert!(density(&[3.0], 1.0, 5.0, 3).iter().all(|point| point.1 == 0.0));
    }
}

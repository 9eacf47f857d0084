//! Histograms: how values are distributed.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::{Entry, Frame};
use super::super::panel::{self, Axis};
use super::super::scene::{Rect, Scene};
use super::super::theme;
use super::super::words::{Language, Word};
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, Group, wrong};
use super::grouped_bars::groups_legend;
use super::noun::Noun;
use crate::{ErrorKind, Result};

/// Fewer bins hide the shape, more are noise.
const MOST_BINS: usize = 80;

/// Histogram of one or several groups over common bins, whose number follows from the data
/// (Freedman and Diaconis 1981, and Sturges 1926 where that is finer, as numpy's `auto` does). Bins of whole numbers hold
/// equally many of them, with a number in the middle of its bin where each has one. Several groups overlap, each seen through
/// the others.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::histogram(&[
///     Group::new("train", &[1.0, 2.0, 2.0, 3.0]),
///     Group::new("test", &[2.0, 3.0]),
/// ])?;
/// assert!(figure.to_string().starts_with("figure: histogram of 6 values"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if no value is finite, or if values are too far apart to draw.
pub fn histogram(groups: &[Group]) -> Result<Figure> {
    data::some_finite(groups.iter().flat_map(|group| &group.values))?;
    Ok(new(groups, &Bins::of(groups)?))
}

/// [`histogram`] with the number of bins given.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::histogram_with_bins(&[Group::new("price", &[1.0, 2.0, 2.0, 3.0])], 4)?;
/// assert_eq!(figure.to_string(), "figure: histogram of 4 values in 4 bins");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`histogram`], and [`ErrorKind::Parameter`] unless there are 1 to 1000 bins.
pub fn histogram_with_bins(groups: &[Group], bins: usize) -> Result<Figure> {
    if !(1..=1000).contains(&bins) {
        return Err(crate::Error::new(
            ErrorKind::Parameter,
            format!("{bins} bins cannot be drawn"),
        )
        .help("give 1 to 1000"));
    }
    data::some_finite(groups.iter().flat_map(|group| &group.values))?;
    Ok(new(groups, &Bins::between(groups, bins)?))
}

/// Equal bins from `low` to `high`.
pub(super) struct Bins {
    pub low: f64,
    pub high: f64,
    pub count: usize,
}

impl Bins {
    /// As many as the data of all groups suggest.
    pub(super) fn of(groups: &[Group]) -> Result<Self> {
        let count = groups.iter().map(|group| auto_bins(&group.values)).max().unwrap_or(1);
        let bins = Self::between(groups, count.clamp(1, MOST_BINS))?;
        let mut values = groups.iter().flat_map(|group| &group.values).filter(|v| v.is_finite());
        if !values.all(|value| value.fract() == 0.0) || bins.high - bins.low > 1e15 {
            return Ok(bins);
        }
        let Some((low, high)) = extent(groups.iter().flat_map(|group| &group.values)) else {
            return Ok(bins);
        };
        if high <= low {
            return Ok(bins);
        }
        let width = ((bins.high - bins.low) / bins.count as f64).round().max(1.0);
        let count = ((high - low + 1.0) / width).ceil();
        let low = low - 0.5;
        Ok(Self { low, high: low + count * width, count: count as usize })
    }

    /// This many from the least to the greatest value.
    fn between(groups: &[Group], count: usize) -> Result<Self> {
        let Some((low, high)) = extent(groups.iter().flat_map(|group| &group.values)) else {
            return Err(wrong("there is no value to draw"));
        };
        // The scale fails if the values cannot be drawn at all.
        Scale::around(low, high)?;
        // A single value stands in the middle of three bins.
        let half = (low.abs() * 0.1).max(0.5);
        Ok(match high > low {
            true => Self { low, high, count },
            false => Self { low: low - half, high: high + half, count: count.max(3) },
        })
    }
}

fn new(groups: &[Group], bins: &Bins) -> Figure {
    let Bins { low, high, count: bins } = *bins;
    let counted = groups.iter().map(|group| count(&group.values, low, high, bins)).collect();
    Figure::new(Histogram {
        left_out: data::not_finite(groups.iter().flat_map(|group| &group.values)),
        groups: groups.iter().map(|group| Group::new(group.name.clone(), &[])).collect(),
        counts: counted,
        values: groups.iter().map(|group| group.values.len()).sum(),
        low,
        high,
    })
}

/// The number of values in each of `bins` equal bins; the last one holds its upper end too.
pub(super) fn count(values: &[f64], low: f64, high: f64, bins: usize) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    for value in values.iter().filter(|value| value.is_finite()) {
        let bin = ((value - low) / (high - low) * bins as f64) as usize;
        counts[bin.min(bins - 1)] += 1.0;
    }
    counts
}

fn auto_bins(values: &[f64]) -> usize {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return 1 };
    if high <= low {
        return 1;
    }
    let n = sorted.len() as f64;
    let sturges = (high - low) / (n.log2() + 1.0);
    let spread = quantile(&sorted, 0.75) - quantile(&sorted, 0.25);
    let freedman = 2.0 * spread / n.cbrt();
    let width = if freedman > 0.0 { freedman.min(sturges) } else { sturges };
    ((high - low) / width).ceil().min(1e6) as usize
}

/// The quantile of sorted values, by linear interpolation as numpy's default.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[derive(Debug)]
struct Histogram {
    groups: Vec<Group>,
    counts: Vec<Vec<f64>>,
    values: usize,
    left_out: usize,
    low: f64,
    high: f64,
}

impl Chart for Histogram {
    fn describe(&self) -> Caption {
        let bins = self.counts.first().map_or(0, Vec::len);
        Caption::default()
            .phrase("histogram of ", "histograma de ")
            .count(self.values, Noun::Value)
            .phrase(" in ", " en ")
            .count(bins, Noun::Bin)
    }

    fn legend(&self, _language: Language) -> Vec<Entry> {
        groups_legend(&self.groups)
    }

    fn left_out(&self) -> usize {
        self.left_out
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let most = extent(self.counts.iter().flatten()).map_or(1.0, |(_, high)| high);
        let air = (self.high - self.low) * 0.02;
        let x = Scale::Linear { low: self.low - air, high: self.high + air };
        let y = Scale::Whole { low: 0.0, high: most.max(1.0) * 1.05 };
        let x = Axis { scale: x, label: frame.x_or(""), grid: false };
        let label = frame.y_or(frame.language.word(Word::Count));
        let panel = panel::panel(scene, body, x, Axis { scale: y, label, grid: true }, false)?;
        let alone = self.groups.len() == 1;
        for (g, counts) in self.counts.iter().enumerate() {
            let color = theme::series(g);
            let edge = |bin: usize| {
                panel.x_at(self.low + (self.high - self.low) * bin as f64 / counts.len() as f64)
            };
            let mut outline = vec![(edge(0), panel.rect.bottom())];
            for (bin, &count) in counts.iter().enumerate() {
                let (left, right, top) = (edge(bin), edge(bin + 1), panel.y_at(count));
                outline.extend([(left, top), (right, top)]);
                if count > 0.0 {
                    // A hairline of background between bars shows the bins.
                    let gap = if alone && right - left > 4.0 { 1.0 } else { 0.0 };
                    let rect = Rect::new(left, top, right - left - gap, panel.rect.bottom() - top);
                    scene.bar(rect, color.alpha(if alone { 1.0 } else { 0.35 }));
                }
            }
            outline.push((edge(counts.len()), panel.rect.bottom()));
            if !alone {
                scene.stroke(outline, color, theme::LINE_WIDTH * 0.75);
            }
        }
        panel::spines(scene, &panel);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once() {
        let values = [0.0, 0.1, 0.5, 0.99, 1.0, f64::NAN];
        let counts = count(&values, 0.0, 1.0, 2);
        assert_eq!(counts, [2.0, 3.0]);
    }

    #[test]
    fn bins_and_quantiles_are_numpys() {
        // numpy 2.4: len(numpy.histogram_bin_edges(v, "auto")) - 1 for v = arange(100) ** 1.5 is 8.
        let values: Vec<f64> = (0..100).map(|i| f64::from(i).powf(1.5)).collect();
        assert_eq!(auto_bins(&values), 8);
        // numpy.quantile([1, 2, 4, 8], 0.25) and 0.9
        assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 0.25), 1.75);
        assert!((quantile(&[1.0, 2.0, 4.0, 8.0], 0.9) - 6.8).abs() < 1e-12);
    }

    #[test]
    fn whole_numbers_share_bins_evenly() {
        let bins = |values: &[f64]| {
            let Bins { low, high, count } = Bins::of(&[Group::new("", values)]).unwrap();
            (low, high, count)
        };
        // Words of titles: a bin each, where 16 bins from 1 to 14 would leave some empty.
        let lengths: Vec<f64> = (0..2000).map(|i| f64::from(1 + i * 5 % 14)).collect();
        assert_eq!(bins(&lengths), (0.5, 14.5, 14));
        // Wide ranges: bins of as many numbers each.
        let years: Vec<f64> = (0..500).map(|i| f64::from(1200 + i * 7 % 800)).collect();
        let (low, high, count) = bins(&years);
        assert_eq!((low, (high - low) / count as f64 % 1.0), (1199.5, 0.0));
        assert!((5..=40).contains(&count), "{count}");
        // Other numbers, and one alone, as before.
        assert_eq!(bins(&[0.0, 0.5, 1.0]), (0.0, 1.0, 3));
        assert_eq!(bins(&[7.0; 9]), (6.3, 7.7, 3));
    }
}

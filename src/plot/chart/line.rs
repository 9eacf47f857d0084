//! Lines: one value after another.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::{Entry, Frame, Sample};
use super::super::hover;
use super::super::panel::{self, Axis, Panel};
use super::super::scene::{Mark, Rect, Scene};
use super::super::theme::{self, Color};
use super::super::words::{Language, Word};
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, Series};
use super::noun::Noun;
use crate::Result;

/// Line chart: one line for each series, with its [band](Series::band) if it has one. A value that is not finite leaves a gap.
///
/// ```
/// use cuaderno::plot::{self, Series};
/// let figure = plot::line(&[
///     Series::new("4 cores", &[1.0, 2.0, 4.0], &[1.0, 1.9, 3.6]),
///     Series::new("ideal", &[1.0, 2.0, 4.0], &[1.0, 2.0, 4.0]),
/// ])?
/// .x_label("threads")
/// .y_label("speed-up");
/// assert_eq!(figure.to_string(), "figure: 2 lines, 6 points");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no finite point, if a series has not as many x as y values,
/// or if the values are too far apart to draw.
pub fn line(series: &[Series]) -> Result<Figure> {
    data::check_series(series)?;
    Ok(Figure::new(Lines { series: series.to_vec(), learning_rate: false }))
}

/// The learning rate of each epoch or step; on a logarithmic axis if it falls in steps
/// over more than a factor of 20.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::learning_rate(&[0.01, 0.01, 0.001, 0.001])?;
/// assert_eq!(figure.to_string(), "figure: learning rate, 4 points");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`line()`].
pub fn learning_rate(rates: &[f64]) -> Result<Figure> {
    let series = vec![Series::counted("", rates)];
    data::check_series(&series)?;
    Ok(Figure::new(Lines { series, learning_rate: true }))
}

#[derive(Debug)]
struct Lines {
    series: Vec<Series>,
    learning_rate: bool,
}

impl Lines {
    /// Returns `true` if the values move in a few steps, as when a rate is divided by ten now and then.
    fn steps(&self) -> bool {
        let values = || self.series.iter().flat_map(|one| &one.y);
        let mut levels: Vec<u64> = values().map(|value| value.to_bits()).collect();
        levels.sort_unstable();
        levels.dedup();
        levels.len() * 3 <= values().count()
    }
}

impl Chart for Lines {
    fn describe(&self) -> Caption {
        let points = self.series.iter().map(|one| one.x.len()).sum();
        if self.learning_rate {
            return Caption::of(Word::LearningRate).text(", ").count(points, Noun::Point);
        }
        Caption::counted(self.series.len(), Noun::Line).text(", ").count(points, Noun::Point)
    }

    fn legend(&self, _language: Language) -> Vec<Entry> {
        legend(&self.series, Sample::Line)
    }

    fn left_out(&self) -> usize {
        data::not_finite(self.series.iter().flat_map(|one| one.x.iter().chain(&one.y)))
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let (x_low, x_high) =
            extent(self.series.iter().flat_map(|one| &one.x)).unwrap_or((0.0, 1.0));
        let bands = || self.series.iter().filter_map(|one| one.band.as_ref());
        let all = self.series.iter().flat_map(|one| &one.y);
        let all = all.chain(bands().flat_map(|(low, high)| low.iter().chain(high)));
        let (y_low, y_high) = extent(all).unwrap_or((0.0, 1.0));
        let counted = self.series.iter().all(|one| one.counted);
        let x = if counted { whole(x_low, x_high) } else { Scale::around(x_low, x_high)? };
        let y = if self.learning_rate && y_low > 0.0 && y_high / y_low > 20.0 && self.steps() {
            Scale::Log { low: y_low / 1.3, high: y_high * 1.3 }
        } else if self.learning_rate {
            Scale::from_zero(y_low, y_high)?
        } else {
            Scale::around(y_low, y_high)?
        };
        let language = frame.language;
        let own = |word| if self.learning_rate { language.word(word) } else { "" };
        let x = Axis { scale: x, label: frame.x_or(own(Word::Epoch)), grid: false };
        let y = Axis { scale: y, label: frame.y_or(own(Word::LearningRate)), grid: true };
        let panel = panel::panel(scene, body, x, y, false)?;
        panel::spines(scene, &panel);
        for (i, one) in self.series.iter().enumerate() {
            if let Some((low, high)) = &one.band {
                let color = theme::series(i).alpha(0.2);
                let at = |(&x, &y): (&f64, &f64)| (panel.x_at(x), panel.y_at(y));
                let finite = |(x, y): &(&f64, &f64)| x.is_finite() && y.is_finite();
                let upper = one.x.iter().zip(high).filter(finite).map(at);
                let lower = one.x.iter().zip(low).filter(finite).map(at).rev();
                let points = upper.chain(lower).collect();
                scene.marks.push(Mark::Polygon { points, color });
            }
            polyline(scene, &panel, &one.x, &one.y, theme::series(i));
            for (&x, &y) in one.x.iter().zip(&one.y).take(hover::MOST + 1) {
                if x.is_finite() && y.is_finite() {
                    let name =
                        if one.name.is_empty() { String::new() } else { one.name.clone() + "\n" };
                    let value = |value| language.significant(value, 4);
                    let text = format!("{name}{}, {}", value(x), value(y));
                    let (x, y) = (panel.x_at(x), panel.y_at(y));
                    scene.note(Rect::new(x - 6.0, y - 6.0, 12.0, 12.0), text);
                }
            }
        }
        Ok(())
    }
}

/// The legend of several series; one alone needs none unless it has a name.
pub(super) fn legend(series: &[Series], sample: Sample) -> Vec<Entry> {
    if series.len() < 2 && series.iter().all(|one| one.name.is_empty()) {
        return Vec::new();
    }
    let entry = |(i, one): (usize, &Series)| Entry {
        name: one.name.clone(),
        color: theme::series(i),
        sample,
    };
    series.iter().enumerate().map(entry).collect()
}

/// The axis of a count from `low` to `high`, such as epochs.
pub(super) fn whole(low: f64, high: f64) -> Scale {
    if high - low < 1.0 {
        return Scale::Whole { low: low - 0.5, high: high + 0.5 };
    }
    // Less than a step of air: no tick stands before the first epoch.
    let air = ((high - low) * 0.02).min(0.5);
    Scale::Whole { low: low - air, high: high + air }
}

/// A line through the finite points; with few points, each gets a dot.
pub(super) fn polyline(scene: &mut Scene, panel: &Panel, x: &[f64], y: &[f64], color: Color) {
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut runs = Vec::new();
    for (&x, &y) in x.iter().zip(y) {
        if x.is_finite() && y.is_finite() {
            run.push((panel.x_at(x), panel.y_at(y)));
        } else if !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
    }
    runs.push(run);
    for run in runs {
        let dots = run.len() as f64 <= panel.rect.w / 18.0;
        for &(x, y) in run.iter().filter(|_| dots) {
            scene.dot(x, y, theme::LINE_WIDTH * 1.4, color);
        }
        if run.len() > 1 {
            scene.stroke(thinned(run, panel.rect.w), color, theme::LINE_WIDTH);
        }
    }
}

/// Keeps the first, lowest, highest and last point of each half pixel, which is all that can be seen.
fn thinned(points: Vec<(f64, f64)>, width: f64) -> Vec<(f64, f64)> {
    if (points.len() as f64) < width * 8.0 {
        return points;
    }
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| (a.0 * 2.0).floor() == (b.0 * 2.0).floor()) {
        let mut ends = [0, 0, 0, column.len() - 1];
        for (i, point) in column.iter().enumerate() {
            if point.1 < column[ends[1]].1 {
                ends[1] = i;
            }
            if point.1 > column[ends[2]].1 {
                ends[2] = i;
            }
        }
        ends.sort_unstable();
        let mut last = None;
        for end in ends {
            if last != Some(end) {
                kept.push(column[end]);
            }
            last = Some(end);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes() {
        let mut points: Vec<_> = (0..100_000).map(|i| (i as f64 / 500.0, 50.0)).collect();
        points[43_210].1 = 1.0;
        points[77_777].1 = 99.0;
        let kept = thinned(points.clone(), 200.0);
        assert!(kept.len() <= 1600);
        assert!(kept.contains(&points[43_210]) && kept.contains(&points[77_777]));
        assert_eq!(kept.first(), points.first());
        assert_eq!(kept.last(), points.last());
    }
}

//! Box plots: the quartiles of each group and what lies far outside.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::Frame;
use super::super::panel::{self, Axis};
use super::super::scene::{Rect, Scene};
use super::super::theme;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, Group};
use super::histogram::quantile;
use super::noun::Noun;
use crate::Result;

/// Box plot: for each group a box from the first to the third quartile with the median, whiskers to the last
/// value within 1.5 times the box (Tukey 1977), and dots beyond. An empty group leaves its place empty.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::box_plot(&[
///     Group::new("history", &[3.0, 4.0, 4.5, 5.0, 20.0]),
///     Group::new("nature", &[2.0, 2.5, 3.0]),
/// ])?;
/// assert!(figure.svg()?.contains("nature"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if no value is finite, or if values are too far apart to draw.
pub fn box_plot(groups: &[Group]) -> Result<Figure> {
    data::some_finite(groups.iter().flat_map(|group| &group.values))?;
    let boxes = groups.iter().map(|group| Quartiles::of(&group.values)).collect();
    Ok(Figure::new(BoxPlot {
        names: groups.iter().map(|group| group.name.clone()).collect(),
        boxes,
        values: groups.iter().map(|group| group.values.len()).sum(),
        left_out: data::not_finite(groups.iter().flat_map(|group| &group.values)),
    }))
}

#[derive(Debug)]
struct Quartiles {
    first: f64,
    median: f64,
    third: f64,
    low: f64,
    high: f64,
    outside: Vec<f64>,
}

impl Quartiles {
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (first, third) = (quantile(&sorted, 0.25), quantile(&sorted, 0.75));
        let reach = 1.5 * (third - first);
        let inside = |v: &f64| *v >= first - reach && *v <= third + reach;
        let low = sorted.iter().copied().find(inside)?;
        let high = sorted.iter().rev().copied().find(inside)?;
        let median = quantile(&sorted, 0.5);
        let outside = sorted.into_iter().filter(|v| !inside(v)).collect();
        // Interpolated quartiles can lie beyond the last value inside the fences.
        Some(Self { first, median, third, low: low.min(first), high: high.max(third), outside })
    }
}

#[derive(Debug)]
struct BoxPlot {
    names: Vec<String>,
    boxes: Vec<Option<Quartiles>>,
    values: usize,
    left_out: usize,
}

impl Chart for BoxPlot {
    fn describe(&self) -> Caption {
        Caption::counted(self.names.len(), Noun::Box).of_what().count(self.values, Noun::Value)
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        ((220 + 80 * self.names.len()).clamp(360, 1000) as u32, 400)
    }

    fn left_out(&self) -> usize {
        self.left_out
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let ends: Vec<f64> = self
            .boxes
            .iter()
            .flatten()
            .flat_map(|quartiles| {
                quartiles.outside.iter().copied().chain([quartiles.low, quartiles.high])
            })
            .collect();
        let (low, high) = extent(&ends).unwrap_or((0.0, 1.0));
        let bands = Scale::Bands(self.names.clone());
        let x = Axis { scale: bands, label: frame.x_or(""), grid: false };
        let y = Axis { scale: Scale::around(low, high)?, label: frame.y_or(""), grid: true };
        let panel = panel::panel(scene, body, x, y, false)?;
        panel::spines(scene, &panel);
        let band = panel.rect.w / self.names.len() as f64;
        let thick = (band * 0.56).min(70.0);
        for (i, quartiles) in self.boxes.iter().enumerate() {
            let Some(quartiles) = quartiles else { continue };
            let middle = panel.x_at(i as f64);
            let at = |value: f64| panel.y_at(value);
            let (left, right) = (middle - thick / 2.0, middle + thick / 2.0);
            for (from, to) in [(quartiles.third, quartiles.high), (quartiles.first, quartiles.low)]
            {
                scene.stroke(vec![(middle, at(from)), (middle, at(to))], theme::TEXT, 1.2);
                let (a, b) = (middle - thick / 4.0, middle + thick / 4.0);
                scene.stroke(vec![(a, at(to)), (b, at(to))], theme::TEXT, 1.2);
            }
            let (top, bottom) = (at(quartiles.third), at(quartiles.first));
            let rect = Rect::new(left, top, thick, bottom - top);
            scene.bar(rect, theme::series(i));
            scene.frame(rect, theme::TEXT, 1.2);
            let median = at(quartiles.median);
            scene.stroke(vec![(left, median), (right, median)], theme::TEXT, 2.2);
            for &value in &quartiles.outside {
                scene.dot(middle, at(value), 2.4, theme::TEXT.alpha(0.55));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_matplotlibs() {
        // matplotlib.cbook.boxplot_stats([1, 2, 3, 4, 5, 6, 20])
        let q = Quartiles::of(&[20.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!((q.first, q.median, q.third, q.low, q.high), (2.5, 4.0, 5.5, 1.0, 6.0));
        assert_eq!(q.outside, [20.0]);
        assert!(Quartiles::of(&[]).is_none());
        assert_eq!(Quartiles::of(&[3.0]).unwrap().low, 3.0);
    }
}

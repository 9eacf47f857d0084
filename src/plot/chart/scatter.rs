//! Scatter plots: points of two coordinates, groups by color.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::{Entry, Frame, Sample};
use super::super::panel::{self, Axis, Panel};
use super::super::scene::{Mark, Rect, Scene};
use super::super::theme;
use super::super::words::Language;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, Series};
use super::line::legend;
use super::noun::Noun;
use crate::Result;

/// Scatter plot: a cloud of points for each series; the more points, the smaller and the more transparent they are.
///
/// ```
/// use cuaderno::plot::{self, Series};
/// let figure = plot::scatter(&[
///     Series::new("cat", &[1.0, 1.2], &[0.3, 0.4]),
///     Series::new("dog", &[2.0, 2.2, 2.1], &[0.9, 1.1, 1.0]),
/// ])?;
/// assert_eq!(figure.to_string(), "figure: 5 points in 2 groups");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if no point has two finite coordinates, if a series has not as many x as
/// y values, or if the values are too far apart to draw.
pub fn scatter(groups: &[Series]) -> Result<Figure> {
    data::check_series(groups)?;
    Ok(Figure::new(Scatter { groups: groups.to_vec() }))
}

/// More points are drawn as one cloud.
const MOST_DOTS: usize = 4000;

#[derive(Debug)]
struct Scatter {
    groups: Vec<Series>,
}

impl Scatter {
    fn points(&self) -> usize {
        self.groups.iter().map(|group| group.x.len()).sum()
    }
}

impl Scatter {
    fn cloud(&self, panel: &Panel, radius: f64, alpha: f64) -> Mark {
        let mut points = Vec::with_capacity(self.points());
        let longest = self.groups.iter().map(|group| group.x.len()).max().unwrap_or(0);
        for i in 0..longest {
            for (g, group) in self.groups.iter().enumerate() {
                if let (Some(&x), Some(&y)) = (group.x.get(i), group.y.get(i))
                    && x.is_finite()
                    && y.is_finite()
                {
                    points.push((panel.x_at(x) as f32, panel.y_at(y) as f32, g as u16));
                }
            }
        }
        let colors = (0..self.groups.len()).map(|g| theme::series(g).alpha(alpha)).collect();
        Mark::Cloud { points, radius, colors }
    }
}

impl Chart for Scatter {
    fn describe(&self) -> Caption {
        Caption::counted(self.points(), Noun::Point)
            .phrase(" in ", " en ")
            .count(self.groups.len(), Noun::Group)
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        (600, 440)
    }

    fn legend(&self, _language: Language) -> Vec<Entry> {
        legend(&self.groups, Sample::Dot)
    }

    fn left_out(&self) -> usize {
        data::not_finite(self.groups.iter().flat_map(|group| group.x.iter().chain(&group.y)))
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let (x_low, x_high) =
            extent(self.groups.iter().flat_map(|one| &one.x)).unwrap_or((0.0, 1.0));
        let (y_low, y_high) =
            extent(self.groups.iter().flat_map(|one| &one.y)).unwrap_or((0.0, 1.0));
        let x = Axis { scale: Scale::around(x_low, x_high)?, label: frame.x_or(""), grid: true };
        let y = Axis { scale: Scale::around(y_low, y_high)?, label: frame.y_or(""), grid: true };
        let panel = panel::panel(scene, body, x, y, false)?;
        panel::spines(scene, &panel);
        let points = self.points() as f64;
        let radius = (4.5 - points.log10() * 0.65).clamp(1.2, 3.8);
        let alpha = (1.15 - points.log10() * 0.17).clamp(0.25, 0.85);
        if self.points() > MOST_DOTS {
            scene.marks.push(self.cloud(&panel, radius, alpha));
            return Ok(());
        }
        // Point i of every group in turn: no group hides the others by coming last.
        let longest = self.groups.iter().map(|group| group.x.len()).max().unwrap_or(0);
        for i in 0..longest {
            for (g, group) in self.groups.iter().enumerate() {
                if let (Some(&x), Some(&y)) = (group.x.get(i), group.y.get(i))
                    && x.is_finite()
                    && y.is_finite()
                {
                    let color = theme::series(g).alpha(alpha);
                    scene.dot(panel.x_at(x), panel.y_at(y), radius, color);
                }
            }
        }
        Ok(())
    }
}

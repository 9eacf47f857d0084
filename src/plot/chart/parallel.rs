//! Parallel coordinates: the settings and the result of every experiment of a sweep.

use super::super::axis::{Scale, Tick, extent};
use super::super::figure::Figure;
use super::super::font;
use super::super::frame::Frame;
use super::super::scene::{Align, Label, Rect, Scene, centred};
use super::super::theme;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, Group, wrong};
use super::noun::Noun;
use crate::Result;

/// Parallel coordinates: one line for each experiment through its value on every axis. An axis is a [`Group`] with one value
/// for each experiment; the last one is the result, which colors the lines from light (low) to dark (high). An axis of
/// positive values over more than two powers of ten, such as a learning rate, is logarithmic.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::parallel_coordinates(&[
///     Group::new("learning rate", &[0.1, 0.01, 0.001]),
///     Group::new("filters", &[32.0, 64.0, 64.0]),
///     Group::new("accuracy", &[0.61, 0.72, 0.70]),
/// ])?;
/// assert!(figure.to_string().starts_with("figure: parallel coordinates of 3 experiments"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there are fewer than two axes, if they differ in length, or if one has no finite
/// value.
pub fn parallel_coordinates(axes: &[Group]) -> Result<Figure> {
    let [first, .., _] = axes else {
        return Err(wrong("parallel coordinates need at least two axes")
            .help("give the settings, and the result last"));
    };
    for axis in axes {
        if axis.values.len() != first.values.len() {
            return Err(wrong(format!(
                "axis `{}` has {} values, axis `{}` has {}",
                axis.name,
                axis.values.len(),
                first.name,
                first.values.len()
            ))
            .help("give one value for each experiment"));
        }
        data::some_finite(&axis.values)?;
    }
    let scales: Result<Vec<Scale>> = axes.iter().map(|axis| scale(&axis.values)).collect();
    Ok(Figure::new(Parallel { axes: axes.to_vec(), scales: scales? }))
}

fn scale(values: &[f64]) -> Result<Scale> {
    let (low, high) = extent(values).unwrap_or((0.0, 1.0));
    if low > 0.0 && high / low > 100.0 {
        return Ok(Scale::Log { low, high });
    }
    if high > low {
        return Ok(Scale::Linear { low, high });
    }
    Scale::around(low, high)
}

#[derive(Debug)]
struct Parallel {
    axes: Vec<Group>,
    scales: Vec<Scale>,
}

impl Parallel {
    fn experiments(&self) -> usize {
        self.axes.first().map_or(0, |axis| axis.values.len())
    }
}

impl Chart for Parallel {
    fn describe(&self) -> Caption {
        let (axes, experiments) = (self.axes.len(), self.experiments());
        Caption::default()
            .phrase("parallel coordinates of ", "coordenadas paralelas de ")
            .count(experiments, Noun::Experiment)
            .text(", ")
            .count(axes, Noun::Axis)
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        ((180 + 120 * self.axes.len()).clamp(520, 1400) as u32, 400)
    }

    fn left_out(&self) -> usize {
        data::not_finite(self.axes.iter().flat_map(|axis| &axis.values))
    }

    fn draw(&self, scene: &mut Scene, body: Rect, _frame: &Frame) -> Result<()> {
        let size = theme::TICK_SIZE;
        let last = self.axes.len() - 1;
        let rect = body.inset(70.0, size * 2.6, 76.0, size);
        if rect.w < 40.0 || rect.h < 40.0 {
            return Err(super::super::frame::no_room(scene.width, scene.height));
        }
        let step = rect.w / last as f64;
        let x = |axis: usize| rect.x + step * axis as f64;
        let y = |axis: usize, value: f64| rect.bottom() - rect.h * self.scales[axis].place(value);
        let result = |i: usize| {
            let share = self.scales[last].place(self.axes[last].values[i]);
            if share.is_finite() { share } else { 0.0 }
        };
        let mut order: Vec<usize> = (0..self.experiments()).collect();
        // The best results are drawn last, over the others.
        order.sort_by(|&a, &b| result(a).total_cmp(&result(b)));
        let many = (order.len() as f64 / 40.0).clamp(1.0, 3.0);
        for i in order {
            let points =
                self.axes.iter().enumerate().filter(|(_, axis)| axis.values[i].is_finite());
            let points: Vec<(f64, f64)> =
                points.map(|(a, axis)| (x(a), y(a, axis.values[i]))).collect();
            // The lightest colors of the ramp would not be seen on paper.
            let color = theme::sequential(0.3 + 0.7 * result(i)).alpha(0.85);
            for &(x, y) in &points {
                scene.dot(x, y, 3.4 / many.sqrt(), color);
            }
            scene.stroke(points, color, 2.2 / many);
        }
        for (a, axis) in self.axes.iter().enumerate() {
            let at = x(a);
            scene.stroke(vec![(at, rect.y), (at, rect.bottom())], theme::AXIS, theme::HAIRLINE);
            let text = |text: String, x: f64, y: f64, align, color, size| Label {
                text,
                x,
                y,
                size,
                bold: false,
                color,
                align,
                upward: false,
            };
            let border = 2.0 * (at - body.x).min(body.right() - at);
            let name = font::shorten(&axis.name, size, false, border.min(step - 8.0));
            scene.label(text(name, at, body.y + size, Align::Middle, theme::TEXT, size));
            for Tick { value, label } in self.ticks(a) {
                let label = scene.language.localized(&label);
                let middle = centred(y(a, value), theme::NOTE_SIZE);
                let (x, align) =
                    if a == last { (at + 6.0, Align::Start) } else { (at - 6.0, Align::End) };
                let label =
                    font::shorten(&label, theme::NOTE_SIZE, false, 70.0_f64.min(step - 14.0));
                scene.label_on_veil(text(label, x, middle, align, theme::MUTED, theme::NOTE_SIZE));
            }
        }
        Ok(())
    }
}

impl Parallel {
    /// The values themselves where there are few, else round ones.
    fn ticks(&self, axis: usize) -> Vec<Tick> {
        let mut values: Vec<f64> =
            self.axes[axis].values.iter().copied().filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let apart = values
            .windows(2)
            .all(|pair| self.scales[axis].place(pair[1]) - self.scales[axis].place(pair[0]) > 0.06);
        if values.len() > 6 || !apart {
            return self.scales[axis].ticks(5);
        }
        let label = |value| super::super::axis::significant(value, 4);
        values.into_iter().map(|value| Tick { value, label: label(value) }).collect()
    }
}

//! Pair plots: every variable against every other one.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::font;
use super::super::frame::{Entry, Frame, Sample};
use super::super::scene::{Align, Label, Rect, Scene, centred};
use super::super::theme::{self, GAP};
use super::super::words::Language;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, Group, wrong};
use super::distribution::{density, sorted};
use super::noun::Noun;
use crate::Result;

/// More variables than this leave no room for points.
const MOST: usize = 8;
/// Classes beyond these share the last color.
const MOST_CLASSES: usize = 10;
/// More points of a panel only make it black.
const MOST_POINTS: usize = 3000;

/// Pair plot (scatter matrix): every variable against every other one as a cloud of points, and the density of each on the
/// diagonal. `classes` gives each row the name of its class, which colors it; it can be empty.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let (width, height) = ([1.0, 1.2, 3.0, 3.1], [0.2, 0.3, 1.1, 1.0]);
/// let figure = plot::pair_plot(
///     &[Group::new("width", &width), Group::new("height", &height)],
///     &["small", "small", "large", "large"],
/// )?;
/// assert_eq!(figure.to_string(), "figure: pair plot of 2 variables, 4 rows");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there are fewer than 2 or more than 8 variables, if they differ in length, or if one
/// has no finite value.
pub fn pair_plot(variables: &[Group], classes: &[impl AsRef<str>]) -> Result<Figure> {
    let rows = variables.first().map_or(0, |variable| variable.values.len());
    if !(2..=MOST).contains(&variables.len()) {
        return Err(wrong(format!(
            "a pair plot shows 2 to {MOST} variables, found {}",
            variables.len()
        ))
        .help("choose the variables that matter most"));
    }
    for variable in variables {
        if variable.values.len() != rows {
            return Err(wrong(format!(
                "variable `{}` has {} values, the first one has {rows}",
                variable.name,
                variable.values.len()
            ))
            .help("give one value for each row"));
        }
        data::some_finite(&variable.values)?;
    }
    let classes = data::names(classes);
    if !classes.is_empty() {
        data::same_length(classes.len(), rows, "rows")?;
    }
    let mut names: Vec<String> = Vec::new();
    let mut class_of = Vec::with_capacity(rows);
    for class in &classes {
        let known = names.iter().position(|name| name == class);
        class_of.push(known.unwrap_or_else(|| {
            names.push(class.clone());
            names.len() - 1
        }));
    }
    class_of.iter_mut().for_each(|class| *class = (*class).min(MOST_CLASSES - 1));
    if classes.is_empty() {
        class_of = vec![0; rows];
    }
    let scales: Result<Vec<Scale>> = variables
        .iter()
        .map(|variable| {
            let (low, high) = extent(&variable.values).unwrap_or((0.0, 1.0));
            Scale::around(low, high)
        })
        .collect();
    Ok(Figure::new(PairPlot { variables: variables.to_vec(), class_of, names, scales: scales? }))
}

#[derive(Debug)]
struct PairPlot {
    variables: Vec<Group>,
    class_of: Vec<usize>,
    names: Vec<String>,
    scales: Vec<Scale>,
}

impl Chart for PairPlot {
    fn describe(&self) -> Caption {
        let (variables, rows) = (self.variables.len(), self.class_of.len());
        Caption::default()
            .phrase("pair plot of ", "gráfico de pares de ")
            .count(variables, Noun::Variable)
            .text(", ")
            .count(rows, Noun::Row)
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        let edge = 90 + 160 * self.variables.len() as u32;
        (edge, edge)
    }

    fn legend(&self, _language: Language) -> Vec<Entry> {
        let more = self.names.len() > MOST_CLASSES;
        let entry = |(i, name): (usize, &String)| Entry {
            name: if more && i == MOST_CLASSES - 1 { "…".to_string() } else { name.clone() },
            color: theme::series(i),
            sample: Sample::Dot,
        };
        self.names.iter().enumerate().take(MOST_CLASSES).map(entry).collect()
    }

    fn left_out(&self) -> usize {
        data::not_finite(self.variables.iter().flat_map(|variable| &variable.values))
    }

    fn draw(&self, scene: &mut Scene, body: Rect, _frame: &Frame) -> Result<()> {
        let n = self.variables.len();
        let (left, below) = (62.0, 40.0);
        let gap = GAP;
        let wide = (body.w - left - gap * (n - 1) as f64) / n as f64;
        let high = (body.h - below - gap * (n - 1) as f64) / n as f64;
        if wide < 24.0 || high < 24.0 {
            return Err(super::super::frame::no_room(scene.width, scene.height));
        }
        for row in 0..n {
            for column in 0..n {
                let rect = Rect::new(
                    body.x + left + column as f64 * (wide + gap),
                    body.y + row as f64 * (high + gap),
                    wide,
                    high,
                );
                self.panel(scene, rect, row, column);
                if column == 0 {
                    self.side(scene, rect, row, body.x);
                }
                if row + 1 == n {
                    self.under(scene, rect, column);
                }
            }
        }
        Ok(())
    }
}

impl PairPlot {
    fn panel(&self, scene: &mut Scene, rect: Rect, row: usize, column: usize) {
        let hairline = theme::HAIRLINE;
        if row == column {
            self.density(scene, rect, row);
        } else {
            let rows = self.class_of.len();
            let step = rows.div_ceil(MOST_POINTS).max(1);
            let shown = (rows / step).max(1) as f64;
            let radius = (3.6 - shown.log10() * 0.7).clamp(1.0, 2.6);
            let alpha = (1.1 - shown.log10() * 0.2).clamp(0.3, 0.8);
            for i in (0..rows).step_by(step) {
                let x = self.scales[column].place(self.variables[column].values[i]);
                let y = self.scales[row].place(self.variables[row].values[i]);
                if x.is_finite() && y.is_finite() {
                    let color = theme::series(self.class_of[i]).alpha(alpha);
                    scene.dot(rect.x + rect.w * x, rect.bottom() - rect.h * y, radius, color);
                }
            }
        }
        scene.stroke(
            vec![(rect.x, rect.y), (rect.x, rect.bottom()), (rect.right(), rect.bottom())],
            theme::AXIS,
            hairline,
        );
    }

    /// The density of each class over the variable's axis, on one scale.
    fn density(&self, scene: &mut Scene, rect: Rect, variable: usize) {
        let Scale::Linear { low, high } = self.scales[variable] else { return };
        let classes = self.names.len().clamp(1, MOST_CLASSES);
        let curves: Vec<Vec<(f64, f64)>> = (0..classes)
            .map(|class| {
                let values = self.variables[variable].values.iter().zip(&self.class_of);
                let own: Vec<f64> =
                    values.filter(|(_, of)| **of == class).map(|(value, _)| *value).collect();
                let share = own.len() as f64 / self.class_of.len() as f64;
                let curve = density(&sorted(&own), low, high, 80);
                curve.into_iter().map(|(x, y)| (x, y * share)).collect()
            })
            .collect();
        let most = curves.iter().flatten().map(|point| point.1).fold(0.0, f64::max);
        if most.is_nan() || most <= 0.0 {
            return;
        }
        for (class, curve) in curves.into_iter().enumerate() {
            let at = |(x, y): (f64, f64)| {
                let x = rect.x + rect.w * self.scales[variable].place(x);
                (x, rect.bottom() - rect.h * 0.92 * y / most)
            };
            let color = theme::series(class);
            let line: Vec<_> = curve.into_iter().map(at).collect();
            let mut area = line.clone();
            area.push((rect.right(), rect.bottom()));
            area.push((rect.x, rect.bottom()));
            scene
                .marks
                .push(super::super::scene::Mark::Polygon { points: area, color: color.alpha(0.3) });
            scene.stroke(line, color, 1.4);
        }
    }

    fn side(&self, scene: &mut Scene, rect: Rect, variable: usize, left: f64) {
        let size = 9.5;
        if rect.h > 50.0 {
            for tick in self.scales[variable].ticks(3) {
                let y = rect.bottom() - rect.h * self.scales[variable].place(tick.value);
                if y < rect.y + 5.0 || y > rect.bottom() - 5.0 {
                    continue;
                }
                let text = scene.language.localized(&tick.label);
                let text = font::shorten(&text, size, false, 40.0);
                scene.label(label(text, rect.x - 4.0, centred(y, size), size, Align::End, false));
            }
        }
        let name = &self.variables[variable].name;
        let text = font::shorten(name, theme::TICK_SIZE, false, rect.h);
        let (x, y) = (left + theme::TICK_SIZE, rect.y + rect.h / 2.0);
        scene.label(Label {
            color: theme::TEXT,
            ..label(text, x, y, theme::TICK_SIZE, Align::Middle, true)
        });
    }

    fn under(&self, scene: &mut Scene, rect: Rect, variable: usize) {
        let size = 9.5;
        let mut free = rect.x;
        for tick in self.scales[variable].ticks(3) {
            let x = rect.x + rect.w * self.scales[variable].place(tick.value);
            let text = scene.language.localized(&tick.label);
            let half = font::width(&text, size, false) / 2.0;
            if x - half < free || x + half > rect.right() {
                continue;
            }
            free = x + half + 6.0;
            scene.label(label(text, x, rect.bottom() + size + 4.0, size, Align::Middle, false));
        }
        let name = &self.variables[variable].name;
        let text = font::shorten(name, theme::TICK_SIZE, false, rect.w);
        let (x, y) = (rect.x + rect.w / 2.0, rect.bottom() + 32.0);
        scene.label(Label {
            color: theme::TEXT,
            ..label(text, x, y, theme::TICK_SIZE, Align::Middle, false)
        });
    }
}

fn label(text: String, x: f64, y: f64, size: f64, align: Align, upward: bool) -> Label {
    Label { text, x, y, size, bold: false, color: theme::MUTED, align, upward }
}

//! Heatmaps: a number in every cell of a table, as color and as text.

use super::super::axis::{Scale, Tick, extent, significant};
use super::super::figure::Figure;
use super::super::font;
use super::super::frame::{self, Frame};
use super::super::panel::{self, Axis, Panel};
use super::super::scene::{Align, Label, Rect, Scene, centred};
use super::super::theme::{self, Color, GAP};
use super::super::words::Language;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, wrong};
use super::noun::Noun;
use crate::Result;

/// Heat map of a table of numbers: `values[i][j]` belongs to `rows[i]` and `columns[j]`. Values on both sides of
/// zero get a diverging scale with zero in its middle. A value that is not finite leaves its cell gray.
///
/// ```
/// use cuaderno::plot;
/// let seconds = [vec![12.0, 7.5, 4.1], vec![30.2, 16.9, 9.0]];
/// let figure = plot::heatmap(&["small", "large"], &["1 thread", "2 threads", "4 threads"], &seconds)?;
/// assert_eq!(figure.to_string(), "figure: heatmap of 2 rows and 3 columns");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if names and values differ in number, or if no value is finite.
pub fn heatmap(
    rows: &[impl AsRef<str>],
    columns: &[impl AsRef<str>],
    values: &[Vec<f64>],
) -> Result<Figure> {
    let (low, high) = extent(values.iter().flatten()).unwrap_or((0.0, 1.0));
    let range = if low < 0.0 && high > 0.0 {
        Range::Diverging(low.abs().max(high.abs()))
    } else {
        Range::Sequential(low, high)
    };
    new(data::names(rows), data::names(columns), values, range)
}

/// Correlation matrix of the named columns, from −1 to 1, such as [`Table::correlation`](crate::table::Table::correlation)
/// computes it.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::correlation(&["likes", "visits"], &[vec![1.0, 0.82], vec![0.82, 1.0]])?;
/// assert!(figure.svg()?.contains("0.82"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`heatmap`], and if a value lies outside −1 to 1.
pub fn correlation(names: &[impl AsRef<str>], values: &[Vec<f64>]) -> Result<Figure> {
    let names = data::names(names);
    if let Some(value) = values.iter().flatten().find(|value| value.abs() > 1.0 + 1e-6) {
        return Err(wrong(format!("{value} is not a correlation")).help("give values from -1 to 1"));
    }
    new(names.clone(), names, values, Range::Diverging(1.0))
}

fn new(
    rows: Vec<String>,
    columns: Vec<String>,
    values: &[Vec<f64>],
    range: Range,
) -> Result<Figure> {
    data::same_length(rows.len(), values.len(), "rows")?;
    for row in values {
        data::same_length(columns.len(), row.len(), "columns")?;
    }
    data::some_finite(values.iter().flatten())?;
    if let Range::Sequential(low, high) = range {
        Scale::around(low, high)?;
    }
    Ok(Figure::new(Heatmap { rows, columns, values: values.to_vec(), range }))
}

#[derive(Clone, Copy, Debug)]
enum Range {
    Sequential(f64, f64),
    /// From minus to plus this.
    Diverging(f64),
}

impl Range {
    fn ends(self) -> (f64, f64) {
        match self {
            Self::Sequential(low, high) => (low, high),
            Self::Diverging(most) => (-most, most),
        }
    }

    fn color(self, value: f64) -> Color {
        let (low, high) = self.ends();
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        match self {
            Self::Sequential(..) => theme::sequential(share),
            Self::Diverging(_) => theme::diverging(share),
        }
    }
}

#[derive(Debug)]
struct Heatmap {
    rows: Vec<String>,
    columns: Vec<String>,
    values: Vec<Vec<f64>>,
    range: Range,
}

impl Heatmap {
    fn axes(&self, frame: &Frame) -> (ColorStrip, Axis, Axis) {
        let (low, high) = self.range.ends();
        let axis = |names: &[String], label| Axis {
            scale: Scale::Bands(names.to_vec()),
            label,
            grid: false,
        };
        (
            ColorStrip::new(low, high, ""),
            axis(&self.columns, frame.x_or("")),
            axis(&self.rows, frame.y_or("")),
        )
    }

    fn text(&self, value: f64, language: Language) -> String {
        let (low, high) = self.range.ends();
        if high.abs().max(low.abs()) <= 1.0 && value.is_finite() {
            return language.number(value, 2);
        }
        language.significant(value, 3)
    }
}

impl Chart for Heatmap {
    fn describe(&self) -> Caption {
        Caption::default()
            .phrase("heatmap of ", "mapa de calor de ")
            .count(self.rows.len(), Noun::Row)
            .phrase(" and ", " y ")
            .count(self.columns.len(), Noun::Column)
    }

    fn size(&self, frame: &Frame) -> (u32, u32) {
        let cells = |count: usize, cell: usize| (count * cell).clamp(180, 1000) as f64;
        let (wide, high) = (cells(self.columns.len(), 58), cells(self.rows.len(), 42));
        let (strip, x, y) = self.axes(frame);
        let (beside, below) = panel::room_for_axes(&x, &y, wide, high);
        frame::size_around(frame, self.left_out(), wide + beside + strip.width(), high + below)
    }

    fn left_out(&self) -> usize {
        data::not_finite(self.values.iter().flatten())
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let (strip, x, y) = self.axes(frame);
        let panel = panel::panel(scene, body.inset(0.0, 0.0, strip.width(), 0.0), x, y, false)?;
        let cells = Cells::new(&panel, self.rows.len(), self.columns.len());
        let texts: Vec<Vec<String>> = self
            .values
            .iter()
            .map(|row| row.iter().map(|&v| self.text(v, frame.language)).collect())
            .collect();
        let size = cells.text_size(texts.iter().flatten(), 1.0);
        for (i, row) in self.values.iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                let fill = if value.is_finite() { self.range.color(value) } else { theme::MISSING };
                cells.fill(scene, i, j, fill);
                if let (Some(size), true) = (size, value.is_finite()) {
                    cells.write(scene, i, j, &texts[i][j], 0.0, size, fill.readable_text());
                }
            }
        }
        strip.draw(scene, &panel, |value| self.range.color(value));
        Ok(())
    }
}

/// The cells of a matrix inside a panel.
pub(super) struct Cells {
    origin: (f64, f64),
    pub wide: f64,
    pub high: f64,
    gap: f64,
}

impl Cells {
    pub fn new(panel: &Panel, rows: usize, columns: usize) -> Self {
        let (wide, high) = (panel.rect.w / columns as f64, panel.rect.h / rows as f64);
        let gap = if wide.min(high) >= 24.0 {
            1.5
        } else if wide.min(high) >= 8.0 {
            0.5
        } else {
            0.0
        };
        Self { origin: (panel.rect.x, panel.rect.y), wide, high, gap }
    }

    pub fn fill(&self, scene: &mut Scene, row: usize, column: usize, color: Color) {
        let x = self.origin.0 + column as f64 * self.wide;
        let y = self.origin.1 + row as f64 * self.high;
        scene.bar(Rect::new(x, y, self.wide - self.gap, self.high - self.gap), color);
    }

    pub fn note(&self, scene: &mut Scene, row: usize, column: usize, text: String) {
        let x = self.origin.0 + column as f64 * self.wide;
        let y = self.origin.1 + row as f64 * self.high;
        scene.note(Rect::new(x, y, self.wide, self.high), text);
    }

    /// The text size at which every text fits its cell, with `lines` of its height in a cell.
    pub fn text_size<'a>(
        &self,
        texts: impl Iterator<Item = &'a String>,
        lines: f64,
    ) -> Option<f64> {
        let widest = texts.map(|text| font::width(text, 1.0, false)).fold(0.0, f64::max);
        let size =
            ((self.wide - self.gap) * 0.86 / widest.max(0.1)).min(self.high / (lines * 1.25));
        (size >= theme::SMALLEST_SIZE).then(|| size.min(theme::LABEL_SIZE))
    }

    /// Writes into the middle of a cell, `shift` pixels below it.
    #[allow(clippy::too_many_arguments)]
    pub fn write(
        &self,
        scene: &mut Scene,
        row: usize,
        column: usize,
        text: &str,
        shift: f64,
        size: f64,
        color: Color,
    ) {
        let x = self.origin.0 + (column as f64 + 0.5) * self.wide - self.gap / 2.0;
        let y = self.origin.1 + (row as f64 + 0.5) * self.high - self.gap / 2.0 + shift;
        scene.label(Label {
            text: text.to_string(),
            x,
            y: centred(y, size),
            size,
            bold: false,
            color,
            align: Align::Middle,
            upward: false,
        });
    }
}

/// The color scale beside a matrix.
pub(super) struct ColorStrip {
    low: f64,
    high: f64,
    label: String,
    ticks: Vec<Tick>,
}

const STRIP: f64 = 14.0;

impl ColorStrip {
    pub fn new(low: f64, high: f64, label: &str) -> Self {
        let ticks = if high > low {
            Scale::Linear { low, high }.ticks(5)
        } else {
            vec![Tick { value: low, label: significant(low, 3) }]
        };
        Self { low, high, label: label.to_string(), ticks }
    }

    /// The room that it takes at the right of the panel.
    pub fn width(&self) -> f64 {
        let texts = self.ticks.iter().map(|tick| font::width(&tick.label, theme::TICK_SIZE, false));
        let label = if self.label.is_empty() { 0.0 } else { theme::LABEL_SIZE * 1.4 };
        STRIP + GAP + texts.fold(0.0, f64::max) + label
    }

    pub fn draw(&self, scene: &mut Scene, panel: &Panel, color: impl Fn(f64) -> Color) {
        let rect = panel.rect;
        let x = rect.right() + GAP * 1.75;
        let steps = 64;
        let span = self.high - self.low;
        for step in 0..steps {
            let top = rect.y + rect.h * step as f64 / steps as f64;
            let value = self.high - span * (step as f64 + 0.5) / steps as f64;
            // A little overlap: no seam where a viewer smooths edges.
            let high = (rect.h / steps as f64 + 0.5).min(rect.bottom() - top);
            scene.bar(Rect::new(x, top, STRIP, high), color(value));
        }
        let mut widest: f64 = 0.0;
        for tick in &self.ticks {
            let place = if span > 0.0 { (tick.value - self.low) / span } else { 0.5 };
            let y = rect.bottom() - rect.h * place;
            widest = widest.max(font::width(&tick.label, theme::TICK_SIZE, false));
            scene.label(Label {
                text: scene.language.localized(&tick.label),
                x: x + STRIP + 5.0,
                y: centred(y, theme::TICK_SIZE),
                size: theme::TICK_SIZE,
                bold: false,
                color: theme::MUTED,
                align: Align::Start,
                upward: false,
            });
        }
        scene.label(Label {
            text: font::shorten(&self.label, theme::LABEL_SIZE, false, rect.h),
            x: x + STRIP + 5.0 + widest + theme::LABEL_SIZE * 1.15,
            y: rect.y + rect.h / 2.0,
            size: theme::LABEL_SIZE,
            bold: false,
            color: theme::TEXT,
            align: Align::Middle,
            upward: true,
        });
    }
}

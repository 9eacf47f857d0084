//! A chart of layers over one pair of axes, from which many charts are made.

use super::super::axis::Scale;
use super::super::font;
use super::super::frame::{Around, Entry, Frame, Sample};
use super::super::panel::{self, Axis, Panel};
use super::super::scene::{Align, Label, Mark, Rect, Scene, centred};
use super::super::theme::{self, Color};
use super::super::words::Language;
use super::base::Chart;
use super::caption::Caption;
use super::line::polyline;
use crate::Result;

/// A layer of a chart, in the values of the axes.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    /// A line through the finite points; `dots` marks each point.
    Line { x: Vec<f64>, y: Vec<f64>, color: Color, width: f64, dots: bool },
    /// Points, with a radius in pixels.
    Dots { points: Vec<(f64, f64)>, color: Color, radius: f64 },
    /// A closed area.
    Area { points: Vec<(f64, f64)>, color: Color },
    /// A rectangle from (left, bottom) to (right, top).
    Bar { from: (f64, f64), to: (f64, f64), color: Color },
    /// A dashed line, such as a reference.
    Dashes { from: (f64, f64), to: (f64, f64), color: Color },
    /// A solid line with a width in pixels.
    Rule { from: (f64, f64), to: (f64, f64), color: Color, width: f64 },
    /// A text beside a point, `shift` pixels away from it.
    Text { at: (f64, f64), shift: (f64, f64), text: Caption, align: Align, size: f64, color: Color },
}

/// An entry of the legend.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub name: Caption,
    pub color: Color,
    pub sample: Sample,
}

impl Key {
    /// The entry of the legend.
    pub fn entry(&self, language: Language) -> Entry {
        let name = self.name.in_language(language);
        Entry { name, color: self.color, sample: self.sample }
    }
}

/// Layers over a pair of axes.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    pub describe: Caption,
    pub size: (u32, u32),
    pub x: Scale,
    pub y: Scale,
    pub x_label: Caption,
    pub y_label: Caption,
    pub grid: (bool, bool),
    pub square: bool,
    pub layers: Vec<Layer>,
    pub keys: Vec<Key>,
    pub left_out: usize,
    /// Room at the right of the panel, for texts beside the last values.
    pub right: f64,
    /// Pixels of a step of y over pixels of a step of x, where both must be true to scale.
    pub aspect: Option<f64>,
}

impl Layers {
    pub fn new(describe: Caption, x: Scale, y: Scale) -> Self {
        Self {
            describe,
            size: (640, 400),
            x,
            y,
            x_label: Caption::default(),
            y_label: Caption::default(),
            grid: (false, true),
            square: false,
            layers: Vec::new(),
            keys: Vec::new(),
            left_out: 0,
            right: 0.0,
            aspect: None,
        }
    }

    pub fn key(&mut self, name: impl Into<Caption>, color: Color, sample: Sample) {
        self.keys.push(Key { name: name.into(), color, sample });
    }

    /// The scales, widened where both must be true to scale.
    fn scales(&self, body: Rect) -> (Scale, Scale) {
        let (
            Some(aspect),
            Scale::Linear { low: x0, high: x1 },
            Scale::Linear { low: y0, high: y1 },
        ) = (self.aspect, &self.x, &self.y)
        else {
            return (self.x.clone(), self.y.clone());
        };
        // About the room that the axes leave.
        let (wide, high) = ((body.w - 80.0).max(50.0), (body.h - 60.0).max(50.0));
        let pixels = (wide / (x1 - x0)).min(high / ((y1 - y0) * aspect));
        let widen = |low: f64, high: f64, span: f64| {
            let air = ((span - (high - low)) / 2.0).max(0.0);
            Scale::Linear { low: low - air, high: high + air }
        };
        (widen(*x0, *x1, wide / pixels), widen(*y0, *y1, high / (pixels * aspect)))
    }

    /// Draws the axes and all layers inside `body`.
    pub fn draw_in(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<Panel> {
        let language = frame.language;
        let (x, y) = self.scales(body);
        let x = Axis {
            scale: x,
            label: frame.x_or(&self.x_label.in_language(language)),
            grid: self.grid.0,
        };
        let y = Axis {
            scale: y,
            label: frame.y_or(&self.y_label.in_language(language)),
            grid: self.grid.1,
        };
        let inner = body.inset(0.0, 0.0, self.right, 0.0);
        let panel = panel::panel(scene, inner, x, y, self.square)?;
        panel::spines(scene, &panel);
        for layer in &self.layers {
            draw(layer, scene, &panel, language);
        }
        Ok(panel)
    }
}

impl Chart for Layers {
    fn describe(&self) -> Caption {
        self.describe.clone()
    }

    fn size(&self, frame: &Frame) -> (u32, u32) {
        let (width, height) = self.size;
        if !matches!(self.y, Scale::Bands(_)) {
            return self.size;
        }
        // Rows keep their height whatever stands around them.
        let room = f64::from(width) - 2.0 * theme::MARGIN;
        let (above, below) = Around::new(frame, self.left_out, room).heights();
        let legend = if self.keys.is_empty() { 0.0 } else { 26.0 };
        (width, height + (above + below + legend).ceil() as u32)
    }

    fn lying(&self) -> bool {
        !matches!(self.x, Scale::Bands(_)) && matches!(self.y, Scale::Bands(_))
    }

    fn legend(&self, language: Language) -> Vec<Entry> {
        self.keys.iter().map(|key| key.entry(language)).collect()
    }

    fn left_out(&self) -> usize {
        self.left_out
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        self.draw_in(scene, body, frame).map(|_| ())
    }
}

fn draw(layer: &Layer, scene: &mut Scene, panel: &Panel, language: Language) {
    let at = |(x, y): (f64, f64)| (panel.x_at(x), panel.y_at(y));
    match layer {
        Layer::Line { x, y, color, width, dots } => {
            if *dots {
                polyline(scene, panel, x, y, *color);
            } else {
                let pairs = x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite());
                scene.stroke(pairs.map(|(&x, &y)| at((x, y))).collect(), *color, *width);
            }
        }
        Layer::Dots { points, color, radius } => {
            for &(x, y) in points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
                let (x, y) = at((x, y));
                scene.dot(x, y, *radius, *color);
            }
        }
        Layer::Area { points, color } => {
            let points = points.iter().map(|&point| at(point)).collect();
            scene.marks.push(Mark::Polygon { points, color: *color });
        }
        Layer::Bar { from, to, color } => {
            let ((x1, y1), (x2, y2)) = (at(*from), at(*to));
            let rect = Rect::new(x1.min(x2), y1.min(y2), (x2 - x1).abs(), (y2 - y1).abs());
            scene.bar(rect, *color);
        }
        Layer::Dashes { from, to, color } => {
            scene.dashes(at(*from), at(*to), *color, 1.2, 4.0);
        }
        Layer::Rule { from, to, color, width } => {
            scene.stroke(vec![at(*from), at(*to)], *color, *width);
        }
        Layer::Text { at: point, shift, text, align, size, color } => {
            let (x, y) = at(*point);
            let text = text.in_language(language);
            // A text never leaves the figure.
            let wide = font::width(&text, *size, false);
            let x = match align {
                Align::Start => (x + shift.0).min(scene.width - wide - 2.0),
                Align::Middle => x + shift.0,
                Align::End => (x + shift.0).max(wide + 2.0),
            };
            scene.label_on_veil(Label {
                text,
                x,
                y: centred(y + shift.1, *size),
                size: *size,
                bold: false,
                color: *color,
                align: *align,
                upward: false,
            });
        }
    }
}

/// The text size for rows of `count` bands in `height` pixels.
pub(super) fn row_text(height: f64, count: usize) -> f64 {
    (height / count.max(1) as f64 * 0.8).min(theme::TICK_SIZE)
}

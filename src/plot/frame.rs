//! The frame of a chart: title, legend and caption.

use super::font;
use super::scene::{Align, Label, Rect, Scene, centred};
use super::theme::{self, Color, GAP, MARGIN, Theme};
use super::words::Language;
use crate::{Error, ErrorKind};

/// The settings of a figure beside its data.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub title: String,
    pub caption: String,
    pub x_label: Option<String>,
    pub y_label: Option<String>,
    /// Label of the axis of categories, whichever that is.
    pub category_label: Option<String>,
    /// Label of the axis of values, whichever that is.
    pub value_label: Option<String>,
    pub size: Option<(u32, u32)>,
    pub language: Language,
    pub theme: Theme,
    /// A text for readers who do not see the figure, instead of the chart's own.
    pub alt: Option<String>,
}

impl Frame {
    /// The frame with the labels of categories and values at their axes: `lying` charts have the categories at the side.
    /// A label given for the axis itself stays.
    pub fn oriented(&self, lying: bool) -> Self {
        let (category, value) = (self.category_label.clone(), self.value_label.clone());
        let (x, y) = if lying { (value, category) } else { (category, value) };
        Self {
            x_label: self.x_label.clone().or(x),
            y_label: self.y_label.clone().or(y),
            ..self.clone()
        }
    }

    /// The label of the horizontal axis: the user's, or the chart's own.
    pub fn x_or(&self, own: &str) -> String {
        self.x_label.clone().unwrap_or_else(|| own.to_string())
    }

    /// The label of the vertical axis: the user's, or the chart's own.
    pub fn y_or(&self, own: &str) -> String {
        self.y_label.clone().unwrap_or_else(|| own.to_string())
    }
}

/// How a series is marked in the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    Line,
    Square,
    Dot,
}

/// An entry of the legend.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub name: String,
    pub color: Color,
    pub sample: Sample,
}

/// The error of a figure that is too small for what it is to show.
pub(super) fn no_room(width: f64, height: f64) -> Error {
    Error::new(ErrorKind::Figure, format!("{width} × {height} leaves no room for the chart"))
        .help("give a larger size, or leave the size out")
}

/// Heights of lines in ems.
pub(super) const TITLE_LINE: f64 = 1.3;
pub(super) const NOTE_LINE: f64 = 1.4;

/// Title and caption, broken into lines.
pub(super) struct Around {
    pub title: Vec<String>,
    pub caption: Vec<String>,
}

impl Around {
    pub fn new(frame: &Frame, left_out: usize, width: f64) -> Self {
        let mut caption = frame.caption.clone();
        if left_out > 0 {
            let separator = if caption.is_empty() { "" } else { " · " };
            caption.push_str(&format!("{separator}{}", frame.language.left_out(left_out)));
        }
        let lines = |text: &str, size, bold, most| {
            if text.is_empty() { Vec::new() } else { font::wrap(text, size, bold, width, most) }
        };
        Self {
            title: lines(&frame.title, theme::TITLE_SIZE, true, 3),
            caption: lines(&caption, theme::NOTE_SIZE, false, 6),
        }
    }

    /// The room above and below the chart that they take.
    pub fn heights(&self) -> (f64, f64) {
        let high = |lines: usize, line: f64, gap: f64| {
            if lines == 0 { 0.0 } else { lines as f64 * line + gap }
        };
        (
            high(self.title.len(), TITLE_LINE * theme::TITLE_SIZE, GAP * 0.75),
            high(self.caption.len(), NOTE_LINE * theme::NOTE_SIZE, GAP),
        )
    }
}

/// The size of a figure around a chart of `width` × `height` without a legend.
pub(super) fn size_around(frame: &Frame, left_out: usize, width: f64, height: f64) -> (u32, u32) {
    // A title should not have to break at every word.
    let width = width.max(300.0);
    let (above, below) = Around::new(frame, left_out, width).heights();
    let whole = |length: f64| (length + 2.0 * MARGIN).ceil() as u32;
    (whole(width), whole(height + above + below))
}

/// The legend in rows above the chart, where it covers no data. Gives what is left of `body`.
pub(super) fn legend(scene: &mut Scene, body: Rect, entries: &[Entry]) -> Rect {
    const SWATCH: f64 = 20.0;
    let size = theme::TICK_SIZE;
    let row = size * 1.55;
    let (mut x, mut y) = (body.x, body.y);
    if entries.is_empty() {
        return body;
    }
    for entry in entries {
        let name = font::shorten(&entry.name, size, false, body.w - SWATCH - GAP);
        let wide = SWATCH + GAP * 0.75 + font::width(&name, size, false);
        if x > body.x && x + wide > body.right() {
            (x, y) = (body.x, y + row);
        }
        let middle = y + row / 2.0;
        match entry.sample {
            Sample::Line => scene.stroke(
                vec![(x, middle), (x + SWATCH, middle)],
                entry.color,
                theme::LINE_WIDTH,
            ),
            Sample::Square => {
                scene.bar(Rect::new(x + 4.0, middle - 6.0, 12.0, 12.0), entry.color);
            }
            Sample::Dot => scene.dot(x + SWATCH / 2.0, middle, 4.0, entry.color),
        }
        scene.label(Label {
            text: name,
            x: x + SWATCH + GAP * 0.75,
            y: centred(middle, size),
            size,
            bold: false,
            color: theme::TEXT,
            align: Align::Start,
            upward: false,
        });
        x += wide + GAP * 2.25;
    }
    body.inset(0.0, y + row + GAP * 0.75 - body.y, 0.0, 0.0)
}

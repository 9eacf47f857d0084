//! A finished image as a list of marks, and the one way it is drawn on a plotters backend.

use super::font::{self, Lettering, X_HEIGHT, backend_color};
use super::theme::{self, Color, Theme};
use super::words::Language;
use image::RgbImage;
use plotters::element::{Drawable, PointCollection};
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind,
};
use std::borrow::Cow;
use std::sync::Arc;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// The rectangle without `left`, `top`, `right` and `bottom` pixels at its sides.
    pub fn inset(&self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self::new(self.x + left, self.y + top, self.w - left - right, self.h - top - bottom)
    }
}

/// The alignment of a text to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

/// One line of text; `y` is the baseline. `upward` text is read from bottom to top.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub text: String,
    pub x: f64,
    pub y: f64,
    pub size: f64,
    pub bold: bool,
    pub color: Color,
    pub align: Align,
    pub upward: bool,
}

/// One thing to draw. Lengths are CSS pixels from the upper left corner.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    Bar {
        rect: Rect,
        color: Color,
    },
    Polygon {
        points: Vec<(f64, f64)>,
        color: Color,
    },
    Stroke {
        points: Vec<(f64, f64)>,
        color: Color,
        width: f64,
    },
    Dot {
        x: f64,
        y: f64,
        radius: f64,
        color: Color,
    },
    /// Many dots of one size: place and number of the color.
    Cloud {
        points: Vec<(f32, f32, u16)>,
        radius: f64,
        colors: Vec<Color>,
    },
    Label(Label),
    Image {
        rect: Rect,
        image: Arc<RgbImage>,
    },
}

/// A finished image.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub width: f64,
    pub height: f64,
    /// The language of the numbers that are written.
    pub language: Language,
    pub marks: Vec<Mark>,
    /// What a reader sees who points at a place, where the front end can show it.
    pub notes: Vec<(Rect, String)>,
}

impl Scene {
    pub fn new(width: f64, height: f64, language: Language) -> Self {
        Self { width, height, language, marks: Vec::new(), notes: Vec::new() }
    }

    /// Gives every color that has a role its value in `theme`.
    pub fn paint(&mut self, theme: Theme) {
        for mark in &mut self.marks {
            match mark {
                Mark::Bar { color, .. }
                | Mark::Polygon { color, .. }
                | Mark::Stroke { color, .. }
                | Mark::Dot { color, .. } => *color = theme.paint(*color),
                Mark::Cloud { colors, .. } => {
                    colors.iter_mut().for_each(|color| *color = theme.paint(*color));
                }
                Mark::Label(label) => label.color = theme.paint(label.color),
                Mark::Image { .. } => {}
            }
        }
    }

    /// Shows `text` to a reader who points into `rect`.
    pub fn note(&mut self, rect: Rect, text: String) {
        self.notes.push((rect, text));
    }

    pub fn bar(&mut self, rect: Rect, color: Color) {
        self.marks.push(Mark::Bar { rect, color });
    }

    pub fn stroke(&mut self, points: Vec<(f64, f64)>, color: Color, width: f64) {
        self.marks.push(Mark::Stroke { points, color, width });
    }

    pub fn dot(&mut self, x: f64, y: f64, radius: f64, color: Color) {
        self.marks.push(Mark::Dot { x, y, radius, color });
    }

    pub fn has_images(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Image { .. }))
    }

    pub fn image(&mut self, rect: Rect, image: Arc<RgbImage>) {
        self.marks.push(Mark::Image { rect, image });
    }

    pub fn label(&mut self, mut label: Label) {
        if let Cow::Owned(composed) = font::composed(&label.text) {
            label.text = composed;
        }
        if !label.text.is_empty() {
            self.marks.push(Mark::Label(label));
        }
    }

    /// A label on a veil of the ground's color, readable over lines.
    pub fn label_on_veil(&mut self, label: Label) {
        let wide = font::width(&label.text, label.size, label.bold);
        let left = match label.align {
            Align::Start => label.x,
            Align::Middle => label.x - wide / 2.0,
            Align::End => label.x - wide,
        };
        let top = label.y - font::CAP_HEIGHT * label.size - 1.5;
        let high = font::CAP_HEIGHT * label.size + 3.5;
        let veil = Rect::new(left - 1.5, top, wide + 3.0, high);
        self.bar(veil, theme::PAPER.alpha(0.8));
        self.label(label);
    }

    /// A straight line of `dash` pixels on, `dash` pixels off.
    pub fn dashes(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        color: Color,
        width: f64,
        dash: f64,
    ) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        if !length.is_finite() || length <= 0.0 {
            return;
        }
        let at = |along: f64| {
            let part = (along / length).min(1.0);
            (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
        };
        for step in 0..(length / (2.0 * dash)).ceil() as usize {
            let start = step as f64 * 2.0 * dash;
            self.stroke(vec![at(start), at(start + dash)], color, width);
        }
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, rect: Rect, color: Color, width: f64) {
        let (x, y, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
        for line in [
            [(x, y), (right, y)],
            [(x, bottom), (right, bottom)],
            [(x, y), (x, bottom)],
            [(right, y), (right, bottom)],
        ] {
            self.stroke(line.to_vec(), color, width);
        }
    }
}

/// A scene as a plotters element. `unit` is how many backend units a CSS pixel has.
pub(super) struct SceneElement<'a> {
    pub scene: &'a Scene,
    pub unit: f64,
    pub origin: BackendCoord,
    /// Whether images are drawn too; our own backends place them afterwards in their own resolution.
    pub images: bool,
}

struct Ink {
    color: BackendColor,
    width: u32,
}

impl BackendStyle for Ink {
    fn color(&self) -> BackendColor {
        self.color
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}

impl<'a> PointCollection<'a, BackendCoord> for &'a SceneElement<'a> {
    type Point = &'a BackendCoord;
    type IntoIter = std::iter::Once<&'a BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.origin)
    }
}

impl<DB: DrawingBackend> Drawable<DB> for SceneElement<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut origin: I,
        backend: &mut DB,
        _size: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        let (left, top) = origin.next().unwrap_or((0, 0));
        let unit = self.unit;
        let at =
            |x: f64, y: f64| (left + (x * unit).round() as i32, top + (y * unit).round() as i32);
        let ink = |color: Color, width: f64| Ink {
            color: backend_color(color),
            width: ((width * unit).round() as u32).max(1),
        };
        for mark in &self.scene.marks {
            match mark {
                Mark::Bar { rect, color } => backend.draw_rect(
                    at(rect.x, rect.y),
                    at(rect.right(), rect.bottom()),
                    &ink(*color, 0.0),
                    true,
                )?,
                Mark::Polygon { points, color } => backend
                    .fill_polygon(points.iter().map(|&(x, y)| at(x, y)), &ink(*color, 0.0))?,
                Mark::Stroke { points, color, width } => match points[..] {
                    [(x1, y1), (x2, y2)] => {
                        backend.draw_line(at(x1, y1), at(x2, y2), &ink(*color, *width))?
                    }
                    _ => backend
                        .draw_path(points.iter().map(|&(x, y)| at(x, y)), &ink(*color, *width))?,
                },
                Mark::Dot { x, y, radius, color } => {
                    let radius = (radius * unit).round() as u32;
                    backend.draw_circle(at(*x, *y), radius, &ink(*color, 0.0), true)?;
                }
                Mark::Label(label) => {
                    let lettering = Lettering {
                        em: label.size * unit,
                        bold: label.bold,
                        color: label.color,
                        align: match label.align {
                            Align::Start => HPos::Left,
                            Align::Middle => HPos::Center,
                            Align::End => HPos::Right,
                        },
                        upward: label.upward,
                    };
                    // Backends put the bottom of a text half an x-height under its baseline.
                    let below = label.size * X_HEIGHT / 2.0;
                    let bottom = if label.upward {
                        at(label.x + below, label.y)
                    } else {
                        at(label.x, label.y + below)
                    };
                    backend.draw_text(&label.text, &lettering, bottom)?;
                }
                Mark::Image { rect, image } if self.images => {
                    let from = at(rect.x, rect.y);
                    let to = at(rect.right(), rect.bottom());
                    let (w, h) = ((to.0 - from.0).max(1) as u32, (to.1 - from.1).max(1) as u32);
                    backend.blit_bitmap(from, (w, h), &super::resample::resample(image, w, h))?;
                }
                // Our own backends draw clouds by themselves; for others they are made dots or an image first.
                Mark::Image { .. } | Mark::Cloud { .. } => {}
            }
        }
        Ok(())
    }
}

/// A label's baseline when its capitals are to be centred on `y`.
pub(super) fn centred(y: f64, size: f64) -> f64 {
    y + font::CAP_HEIGHT * size / 2.0
}

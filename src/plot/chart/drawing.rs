//! A drawing of one's own, made with plotters.

use super::super::figure::Figure;
use super::super::font;
use super::super::frame::Frame;
use super::super::scene::{Align, Label, Mark, Rect, Scene};
use super::super::theme::Color;
use super::base::Chart;
use super::caption::Caption;
use super::data::wrong;
use crate::Result;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

/// A figure that `draw` draws with plotters on an area of `width` × `height` CSS pixels; whatever plotters
/// can draw, this shows and saves as the other figures. Its fonts `sans-serif` and `DejaVu Sans` are part
/// of this crate.
///
/// ```
/// use cuaderno::plot;
/// use plotters::prelude::*;
/// let figure = plot::drawing(300, 200, |area| {
///     let mut chart = ChartBuilder::on(area)
///         .margin(10).x_label_area_size(30).y_label_area_size(40)
///         .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
///     chart.configure_mesh().draw()?;
///     chart.draw_series(LineSeries::new((0..=20).map(|i| i as f64 / 20.0).map(|x| (x, x * x)), &BLUE))?;
///     Ok(())
/// })?
/// .title("x squared");
/// assert!(figure.svg()?.contains("<polyline"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] with what `draw` returned.
pub fn drawing(
    width: u32,
    height: u32,
    draw: impl FnOnce(&DrawingArea<Pen, Shift>) -> std::result::Result<(), Box<dyn std::error::Error>>,
) -> Result<Figure> {
    font::register();
    if width == 0 || height == 0 || width > 20_000 || height > 20_000 {
        return Err(wrong(format!("an area of {width} × {height} cannot be drawn on"))
            .help("give 1 to 20000 pixels"));
    }
    let marks = Arc::new(Mutex::new(Vec::new()));
    let pen = Pen { width, height, marks: Arc::clone(&marks) };
    draw(&pen.into_drawing_area()).map_err(|error| wrong(error.to_string()))?;
    let marks = std::mem::take(&mut *marks.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Figure::new(Drawing { width, height, marks }))
}

#[derive(Debug)]
struct Drawing {
    width: u32,
    height: u32,
    marks: Vec<Mark>,
}

impl Chart for Drawing {
    fn describe(&self) -> Caption {
        Caption::default()
            .phrase("drawing of ", "dibujo de ")
            .text(format!("{} × {}", self.width, self.height))
    }

    fn size(&self, frame: &Frame) -> (u32, u32) {
        use super::super::theme::{GAP, MARGIN, NOTE_SIZE, TITLE_SIZE};
        let above = if frame.title.is_empty() { 0.0 } else { TITLE_SIZE * 1.3 + GAP };
        let below = if frame.caption.is_empty() { 0.0 } else { NOTE_SIZE * 1.4 + GAP };
        let more = (2.0 * MARGIN + above + below).ceil() as u32;
        (self.width + 2 * MARGIN as u32, self.height + more)
    }

    fn draw(&self, scene: &mut Scene, body: Rect, _frame: &Frame) -> Result<()> {
        let scale = (body.w / f64::from(self.width)).min(body.h / f64::from(self.height));
        let at = |(x, y): (f64, f64)| (body.x + x * scale, body.y + y * scale);
        for mark in &self.marks {
            let mut mark = mark.clone();
            match &mut mark {
                Mark::Bar { rect, .. } | Mark::Image { rect, .. } => {
                    let (x, y) = at((rect.x, rect.y));
                    *rect = Rect::new(x, y, rect.w * scale, rect.h * scale);
                }
                // A pen draws no clouds.
                Mark::Cloud { .. } => {}
                Mark::Polygon { points, .. } => points.iter_mut().for_each(|p| *p = at(*p)),
                Mark::Stroke { points, width, .. } => {
                    points.iter_mut().for_each(|p| *p = at(*p));
                    *width *= scale;
                }
                Mark::Dot { x, y, radius, .. } => {
                    (*x, *y) = at((*x, *y));
                    *radius *= scale;
                }
                Mark::Label(label) => {
                    (label.x, label.y) = at((label.x, label.y));
                    label.size *= scale;
                }
            }
            scene.marks.push(mark);
        }
        Ok(())
    }
}

/// The plotters backend that [`drawing`] hands out: it keeps what is drawn.
///
/// ```
/// use cuaderno::plot;
/// use plotters::prelude::*;
/// let figure = plot::drawing(100, 100, |area| {
///     area.draw(&PathElement::new(vec![(10, 10), (90, 90)], &RED))?;
///     Ok(())
/// })?;
/// assert_eq!(figure.to_string(), "figure: drawing of 100 × 100");
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pen {
    width: u32,
    height: u32,
    marks: Arc<Mutex<Vec<Mark>>>,
}

type Drawn = std::result::Result<(), DrawingErrorKind<Infallible>>;

impl Pen {
    fn push(&self, mark: Mark) -> Drawn {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).push(mark);
        Ok(())
    }
}

fn own(color: BackendColor) -> Color {
    let (red, green, blue) = color.rgb;
    Color::new(red, green, blue).alpha(color.alpha)
}

fn place((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x), f64::from(y))
}

impl DrawingBackend for Pen {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn {
        let (x, y) = place(at);
        self.push(Mark::Bar { rect: Rect::new(x, y, 1.0, 1.0), color: own(color) })
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let ((x1, y1), (x2, y2)) = (place(upper_left), place(bottom_right));
        if fill {
            let rect = Rect::new(x1.min(x2), y1.min(y2), (x2 - x1).abs(), (y2 - y1).abs());
            return self.push(Mark::Bar { rect, color: own(style.color()) });
        }
        let corner = |x: f64, y: f64| (x as i32, y as i32);
        self.draw_path([corner(x1, y1), corner(x2, y1)], style)?;
        self.draw_path([corner(x2, y1), corner(x2, y2)], style)?;
        self.draw_path([corner(x2, y2), corner(x1, y2)], style)?;
        self.draw_path([corner(x1, y2), corner(x1, y1)], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<_> = path.into_iter().map(place).collect();
        let width = f64::from(style.stroke_width());
        self.push(Mark::Stroke { points, color: own(style.color()), width })
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let ((x, y), radius) = (place(center), f64::from(radius));
        if fill {
            return self.push(Mark::Dot { x, y, radius, color: own(style.color()) });
        }
        let corner = |i: i32| {
            let angle = f64::from(i) / 64.0 * std::f64::consts::TAU;
            (x + radius * angle.cos(), y + radius * angle.sin())
        };
        let width = f64::from(style.stroke_width());
        let points = (0..=64).map(corner).collect();
        self.push(Mark::Stroke { points, color: own(style.color()), width })
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let points = corners.into_iter().map(place).collect();
        self.push(Mark::Polygon { points, color: own(style.color()) })
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let size = style.size() / 1.24;
        let (x, y) = place(at);
        // The distance of the baseline below the point, as in plotters' SVG backend.
        let below = match style.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => font::X_HEIGHT / 2.0,
            VPos::Bottom => -font::X_HEIGHT / 2.0,
        } * size;
        // Text upside down or read downwards has no mark; it is turned to be read upwards.
        let upward = !matches!(style.transform(), FontTransform::None);
        let (x, y) = if upward { (x + below, y) } else { (x, y + below) };
        self.push(Mark::Label(Label {
            text: text.to_string(),
            x,
            y,
            size,
            bold: matches!(style.style(), FontStyle::Bold),
            color: own(style.color()),
            align: match style.anchor().h_pos {
                HPos::Left => Align::Start,
                HPos::Center => Align::Middle,
                HPos::Right => Align::End,
            },
            upward,
        }))
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> std::result::Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size() / 1.24;
        let bold = matches!(style.style(), FontStyle::Bold);
        Ok((font::width(text, size, bold).ceil() as u32, size.ceil() as u32))
    }

    fn blit_bitmap(&mut self, at: BackendCoord, (w, h): (u32, u32), source: &[u8]) -> Drawn {
        let (x, y) = place(at);
        let rect = Rect::new(x, y, f64::from(w), f64::from(h));
        match image::RgbImage::from_raw(w, h, source.to_vec()) {
            Some(image) => self.push(Mark::Image { rect, image: Arc::new(image) }),
            None => Ok(()),
        }
    }
}

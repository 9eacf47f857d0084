//! A scene as the content of a page.

use super::super::cloud::flattened;
use super::super::font;
use super::super::scene::{Align, Label, Mark, Rect, Scene};
use super::super::theme::Color;
use super::document::PdfDocument;
use super::page::{Ink, TextStyle};
use crate::Result;
use pdf_writer::types::{LineCapStyle, LineJoinStyle};

fn ink(color: Color) -> Ink {
    Ink { rgb: color.rgb, alpha: color.alpha }
}

impl PdfDocument {
    /// Draws `scene` with its upper left corner at (`x`, `y`), `scale` points to its pixel.
    pub(in crate::plot) fn scene(
        &mut self,
        scene: &Scene,
        x: f64,
        y: f64,
        scale: f64,
    ) -> Result<()> {
        let flat = flattened(scene, 3.0)?;
        let scene = flat.as_ref().unwrap_or(scene);
        let Some(page) = self.page_mut() else { return Ok(()) };
        page.content
            .save_state()
            .transform([scale as f32, 0.0, 0.0, scale as f32, x as f32, y as f32])
            .set_line_cap(LineCapStyle::RoundCap)
            .set_line_join(LineJoinStyle::RoundJoin);
        for mark in &scene.marks {
            self.mark(mark)?;
        }
        if let Some(page) = self.page_mut() {
            page.content.restore_state();
        }
        Ok(())
    }

    fn mark(&mut self, mark: &Mark) -> Result<()> {
        match mark {
            Mark::Image { rect, image } => return self.image(image, *rect),
            Mark::Label(label) => {
                self.label(label);
                return Ok(());
            }
            _ => {}
        }
        let Some(page) = self.page_mut() else { return Ok(()) };
        match mark {
            Mark::Bar { rect, color } => {
                page.fill(ink(*color));
                let Rect { x, y, w, h } = *rect;
                page.content.rect(x as f32, y as f32, w as f32, h as f32).fill_nonzero();
            }
            Mark::Polygon { points, color } if points.len() > 2 => {
                page.fill(ink(*color));
                path(&mut page.content, points);
                page.content.close_path().fill_nonzero();
            }
            Mark::Stroke { points, color, width } if points.len() > 1 => {
                page.stroke(ink(*color), *width);
                path(&mut page.content, points);
                page.content.stroke();
            }
            Mark::Dot { x, y, radius, color } => {
                page.fill(ink(*color));
                circle(&mut page.content, *x, *y, *radius);
                page.content.fill_nonzero();
            }
            _ => {}
        }
        Ok(())
    }

    fn label(&mut self, label: &Label) {
        let wide = font::width(&label.text, label.size, label.bold);
        let before = match label.align {
            Align::Start => 0.0,
            Align::Middle => wide / 2.0,
            Align::End => wide,
        };
        let (x, y) =
            if label.upward { (label.x, label.y + before) } else { (label.x - before, label.y) };
        let style = TextStyle {
            bold: label.bold,
            ink: ink(label.color),
            upward: label.upward,
            ..TextStyle::new(label.size)
        };
        self.text(&label.text, x, y, style);
    }
}

fn path(content: &mut pdf_writer::Content, points: &[(f64, f64)]) {
    for (i, &(x, y)) in points.iter().enumerate() {
        let (x, y) = (x as f32, y as f32);
        if i == 0 {
            content.move_to(x, y)
        } else {
            content.line_to(x, y)
        };
    }
}

/// A circle of four cubic curves, off by less than 0.03 % of the radius.
fn circle(content: &mut pdf_writer::Content, x: f64, y: f64, radius: f64) {
    let (x, y, r, k) = (x as f32, y as f32, radius as f32, (radius * 0.552_284_75) as f32);
    content
        .move_to(x + r, y)
        .cubic_to(x + r, y + k, x + k, y + r, x, y + r)
        .cubic_to(x - k, y + r, x - r, y + k, x - r, y)
        .cubic_to(x - r, y - k, x - k, y - r, x, y - r)
        .cubic_to(x + k, y - r, x + r, y - k, x + r, y)
        .close_path();
}

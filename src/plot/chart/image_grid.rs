//! Picture grids: pictures with titles in uniform cells.

use super::super::Figure;
use super::super::font;
use super::super::frame::Frame;
use super::super::scene::{Align, Label, Rect, Scene};
use super::super::theme::{self, GAP};
use super::Chart;
use super::data::{self, plural, wrong};
use crate::Result;
use image::RgbImage;
use std::sync::Arc;

/// More pictures than this are no longer a figure.
const MOST: usize = 400;

/// Pictures of any size in a grid of equal cells, each with its title above it. `titles` is empty or has
/// one for each picture; a title can have several lines.
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no picture, more than 400, one of no size, or not one title for each.
pub fn image_grid(images: &[RgbImage], titles: &[impl AsRef<str>]) -> Result<Figure> {
    let titles = data::names(titles);
    if images.is_empty() {
        return Err(wrong("there is no picture to draw"));
    }
    if images.len() > MOST {
        return Err(wrong(format!("{} pictures do not fit one figure", images.len()))
            .help(format!("give at most {MOST}")));
    }
    if !titles.is_empty() {
        data::same_length(titles.len(), images.len(), "pictures")?;
    }
    if let Some(i) = images.iter().position(|image| image.width() == 0 || image.height() == 0) {
        return Err(wrong(format!("picture {} has no pixels", i + 1)));
    }
    Ok(Figure::new(ImageGrid { images: images.iter().cloned().map(Arc::new).collect(), titles }))
}

#[derive(Debug)]
struct ImageGrid {
    images: Vec<Arc<RgbImage>>,
    titles: Vec<String>,
}

impl ImageGrid {
    /// Width by height of the typical picture.
    fn aspect(&self) -> f64 {
        let mut aspects: Vec<f64> =
            self.images.iter().map(|i| f64::from(i.width()) / f64::from(i.height())).collect();
        aspects.sort_by(f64::total_cmp);
        aspects.get(aspects.len() / 2).copied().unwrap_or(1.0).clamp(0.4, 2.5)
    }

    fn columns(&self) -> usize {
        match self.images.len() {
            n @ 0..=4 => n.max(1),
            5..=6 => 3,
            7..=8 => 4,
            9..=20 => 5,
            n => ((n as f64).sqrt().ceil() as usize).min(12),
        }
    }

    fn title_lines(&self) -> usize {
        self.titles.iter().map(|title| title.lines().count().clamp(1, 3)).max().unwrap_or(0)
    }

    fn cell(&self) -> f64 {
        match self.columns() {
            0..=3 => 210.0,
            4 => 180.0,
            5 => 150.0,
            6 => 130.0,
            _ => 100.0,
        }
    }
}

impl Chart for ImageGrid {
    fn describe(&self) -> String {
        plural(self.images.len(), "picture")
    }

    fn size(&self, frame: &Frame) -> (u32, u32) {
        let (columns, rows) = (self.columns(), self.images.len().div_ceil(self.columns()));
        let cell = self.cell();
        let title = self.title_lines() as f64 * theme::NOTE_SIZE * 1.3 + 4.0;
        let width = columns as f64 * (cell + GAP) + 2.0 * theme::MARGIN;
        let height = rows as f64 * (cell / self.aspect() + title + GAP) + 2.0 * theme::MARGIN;
        let above = if frame.title.is_empty() { 0.0 } else { theme::TITLE_SIZE * 1.8 };
        let below = if frame.caption.is_empty() { 0.0 } else { theme::NOTE_SIZE * 2.5 };
        (width as u32, (height + above + below).min(9000.0) as u32)
    }

    fn draw(&self, scene: &mut Scene, body: Rect, _frame: &Frame) -> Result<()> {
        let (columns, rows) = (self.columns(), self.images.len().div_ceil(self.columns()));
        let wide = (body.w - GAP * (columns - 1) as f64) / columns as f64;
        let high = (body.h - GAP * (rows - 1) as f64) / rows as f64;
        let size = theme::NOTE_SIZE.min(wide * 0.14);
        let lines = self.title_lines();
        let title = if lines == 0 { 0.0 } else { lines as f64 * size * 1.3 + 4.0 };
        if wide < 8.0 || high - title < 8.0 {
            return Err(super::super::frame::no_room(scene.width, scene.height));
        }
        for (i, image) in self.images.iter().enumerate() {
            let x = body.x + (i % columns) as f64 * (wide + GAP);
            let y = body.y + (i / columns) as f64 * (high + GAP);
            let cell = Rect::new(x, y + title, wide, high - title);
            let scale = (cell.w / f64::from(image.width())).min(cell.h / f64::from(image.height()));
            let (w, h) = (f64::from(image.width()) * scale, f64::from(image.height()) * scale);
            let left = cell.x + (cell.w - w) / 2.0;
            // Lone pictures sit right under their title.
            scene.picture(Rect::new(left, cell.y, w, h), Arc::clone(image));
            let texts = self.titles.get(i).map(|text| text.lines().take(3)).into_iter().flatten();
            for (l, line) in texts.enumerate() {
                scene.label(Label {
                    text: font::shorten(line, size, false, wide),
                    x: x + wide / 2.0,
                    y: y + size * (0.95 + 1.3 * l as f64),
                    size,
                    bold: false,
                    color: theme::TEXT,
                    align: Align::Middle,
                    upward: false,
                });
            }
        }
        Ok(())
    }
}

//! Image grids: images with titles in uniform cells.

use super::super::figure::Figure;
use super::super::font;
use super::super::frame::Frame;
use super::super::scene::{Align, Label, Rect, Scene};
use super::super::theme::{self, Color, GAP};
use super::super::words::Word;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, wrong};
use super::noun::Noun;
use crate::{Error, ErrorKind, Result};
use image::RgbImage;
use std::sync::Arc;

/// More images than this are no longer a figure.
const MOST: usize = 400;

/// Grid of images of any size in equal cells, each with its title above it. `titles` is empty or has
/// one for each image; a title can have several lines.
///
/// ```
/// use cuaderno::images::RgbImage;
/// use cuaderno::plot;
/// let images = [RgbImage::new(8, 8), RgbImage::new(12, 8)];
/// let figure = plot::image_grid(&images, &["cat", "dog"])?;
/// assert_eq!(figure.to_string(), "figure: 2 images");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no image, more than 400, one of no size, or not one title for each.
pub fn image_grid(images: &[RgbImage], titles: &[impl AsRef<str>]) -> Result<Figure> {
    titled(images, data::names(titles), None)
}

/// [`image_grid`] with the number of columns given, such as one for each image of a class.
///
/// ```
/// use cuaderno::images::RgbImage;
/// use cuaderno::plot;
/// let images = vec![RgbImage::new(8, 8); 6];
/// let titles = ["cat", "cat", "cat", "dog", "dog", "dog"];
/// let figure = plot::image_grid_with_columns(&images, &titles, 3)?;
/// assert_eq!(figure.to_string(), "figure: 6 images");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`image_grid`], and [`ErrorKind::Parameter`] when there are 0 columns.
pub fn image_grid_with_columns(
    images: &[RgbImage],
    titles: &[impl AsRef<str>],
    columns: usize,
) -> Result<Figure> {
    if columns == 0 {
        let problem = "a grid of images needs at least one column, found 0";
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    titled(images, data::names(titles), Some(columns))
}

/// Images with their predicted class: green with a check mark where it is the true one, else orange with a cross and
/// the true class below. `confidence` is empty or has the probability of each prediction.
///
/// ```
/// use cuaderno::plot;
/// use image::RgbImage;
/// let images = vec![RgbImage::new(8, 8), RgbImage::new(8, 8)];
/// let figure = plot::prediction_grid(&images, &["cat", "dog"], &["cat", "cat"], &[0.9, 0.6])?;
/// assert!(figure.svg()?.contains("true: dog"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`image_grid`], and if the classes or the probabilities are not one for each image.
pub fn prediction_grid(
    images: &[RgbImage],
    truth: &[impl AsRef<str>],
    predicted: &[impl AsRef<str>],
    confidence: &[f64],
) -> Result<Figure> {
    let (truth, predicted) = (data::names(truth), data::names(predicted));
    data::same_length(truth.len(), images.len(), "images")?;
    data::same_length(predicted.len(), images.len(), "images")?;
    if !confidence.is_empty() {
        data::same_length(images.len(), confidence.len(), "probabilities")?;
    }
    let lines = |i: usize| {
        let right = truth[i] == predicted[i];
        let (mark, color) = if right { ("✓ ", theme::GOOD) } else { ("✗ ", theme::BAD) };
        let mut first = Caption::from(mark).text(predicted[i].as_str());
        if let Some(&share) = confidence.get(i) {
            first = first.text(" ").number(share * 100.0, 0).text("\u{202f}%");
        }
        let mut lines = vec![(first, color)];
        if !right {
            let second = Caption::of(Word::True).text(": ").text(truth[i].as_str());
            lines.push((second, theme::TEXT));
        }
        lines
    };
    grid(images, lines, None)
}

/// Rows of images that belong together, such as an image, its explanation and both overlaid, or an image and its
/// augmentations. `columns` is empty or names each column; `rows` is empty or names each row below its first image.
///
/// ```
/// use cuaderno::images::RgbImage;
/// use cuaderno::plot;
/// let rows = vec![vec![RgbImage::new(8, 8); 3]; 2];
/// let figure = plot::image_rows(&rows, &["image", "Grad-CAM", "overlay"], &["cat", "dog"])?;
/// assert_eq!(figure.to_string(), "figure: 6 images");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`image_grid`], and if rows differ in length, or names and images in number.
pub fn image_rows(
    images: &[Vec<RgbImage>],
    columns: &[impl AsRef<str>],
    rows: &[impl AsRef<str>],
) -> Result<Figure> {
    let (columns, rows) = (data::names(columns), data::names(rows));
    let width = images.first().map_or(0, Vec::len);
    if let Some(i) = images.iter().position(|row| row.len() != width) {
        let found = images[i].len();
        return Err(wrong(format!("row {} has {found} images, the first one has {width}", i + 1)));
    }
    if !columns.is_empty() {
        data::same_length(columns.len(), width, "columns of images")?;
    }
    if !rows.is_empty() {
        data::same_length(rows.len(), images.len(), "rows of images")?;
    }
    let flat: Vec<RgbImage> = images.iter().flatten().cloned().collect();
    let lines = |i: usize| {
        let (row, column) = (i / width.max(1), i % width.max(1));
        let mut lines = Vec::new();
        if let Some(name) = columns.get(column).filter(|_| row == 0) {
            lines.push((name.as_str().into(), theme::MUTED));
        }
        if let Some(name) = rows.get(row) {
            let name = if column == 0 { name.as_str() } else { "" };
            lines.insert(0, (name.into(), theme::TEXT));
        }
        lines
    };
    grid(&flat, lines, Some(width.max(1)))
}

/// An image and those most similar to it, each with its name and similarity.
///
/// ```
/// use cuaderno::images::RgbImage;
/// use cuaderno::plot;
/// let found = [RgbImage::new(8, 8), RgbImage::new(8, 8)];
/// let figure = plot::similar_images(&RgbImage::new(8, 8), "query.jpg", &found, &["a.jpg", "b.jpg"], &[0.97, 0.91])?;
/// assert_eq!(figure.to_string(), "figure: 3 images");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`image_grid`], and if names or similarities are not one for each similar image.
pub fn similar_images(
    query: &RgbImage,
    query_name: impl Into<String>,
    images: &[RgbImage],
    names: &[impl AsRef<str>],
    similarities: &[f64],
) -> Result<Figure> {
    let names = data::names(names);
    data::same_length(names.len(), images.len(), "images")?;
    data::same_length(images.len(), similarities.len(), "similarities")?;
    let mut all = vec![query.clone()];
    all.extend_from_slice(images);
    let query_name = query_name.into();
    let lines = |i: usize| match i.checked_sub(1) {
        None => {
            vec![(Caption::of(Word::Query), theme::GOOD), (query_name.as_str().into(), theme::TEXT)]
        }
        Some(i) => vec![
            (Caption::default().number(similarities[i], 3), theme::MUTED),
            (names[i].as_str().into(), theme::TEXT),
        ],
    };
    grid(&all, lines, None)
}

fn titled(images: &[RgbImage], titles: Vec<String>, columns: Option<usize>) -> Result<Figure> {
    if !titles.is_empty() {
        data::same_length(titles.len(), images.len(), "images")?;
    }
    let lines = |i: usize| -> Vec<(Caption, Color)> {
        let text = titles.get(i).map(|title| title.lines().take(3)).into_iter().flatten();
        text.map(|line| (line.into(), theme::TEXT)).collect()
    };
    grid(images, lines, columns)
}

/// Checks that the images can be shown.
fn check(images: &[RgbImage]) -> Result<()> {
    if images.is_empty() {
        return Err(wrong("there is no image to draw"));
    }
    if images.len() > MOST {
        return Err(wrong(format!("{} images do not fit one figure", images.len()))
            .help(format!("give at most {MOST}")));
    }
    if let Some(i) = images.iter().position(|image| image.width() == 0 || image.height() == 0) {
        return Err(wrong(format!("image {} has no pixels", i + 1)));
    }
    Ok(())
}

fn grid(
    images: &[RgbImage],
    lines: impl Fn(usize) -> Vec<(Caption, Color)>,
    columns: Option<usize>,
) -> Result<Figure> {
    check(images)?;
    let cell =
        |(i, image): (usize, &RgbImage)| Cell { image: Arc::new(image.clone()), lines: lines(i) };
    let cells = images.iter().enumerate().map(cell).collect();
    Ok(Figure::new(ImageGrid { cells, columns }))
}

#[derive(Debug)]
struct Cell {
    image: Arc<RgbImage>,
    /// The lines of its title.
    lines: Vec<(Caption, Color)>,
}

#[derive(Debug)]
struct ImageGrid {
    cells: Vec<Cell>,
    columns: Option<usize>,
}

impl ImageGrid {
    /// Width by height of the typical image.
    fn aspect(&self) -> f64 {
        let mut aspects: Vec<f64> = self
            .cells
            .iter()
            .map(|c| f64::from(c.image.width()) / f64::from(c.image.height()))
            .collect();
        aspects.sort_by(f64::total_cmp);
        aspects.get(aspects.len() / 2).copied().unwrap_or(1.0).clamp(0.4, 2.5)
    }

    fn columns(&self) -> usize {
        if let Some(columns) = self.columns {
            return columns;
        }
        match self.cells.len() {
            n @ 0..=4 => n.max(1),
            5..=6 => 3,
            7..=8 => 4,
            9..=20 => 5,
            n => ((n as f64).sqrt().ceil() as usize).min(12),
        }
    }

    fn title_lines(&self) -> usize {
        self.cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0)
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
    fn describe(&self) -> Caption {
        Caption::counted(self.cells.len(), Noun::Image)
    }

    fn size(&self, frame: &Frame) -> (u32, u32) {
        let (columns, rows) = (self.columns(), self.cells.len().div_ceil(self.columns()));
        let cell = self.cell();
        let title = self.title_lines() as f64 * theme::NOTE_SIZE * 1.3 + 4.0;
        let width = columns as f64 * (cell + GAP) + 2.0 * theme::MARGIN;
        let height = rows as f64 * (cell / self.aspect() + title + GAP) + 2.0 * theme::MARGIN;
        let above = if frame.title.is_empty() { 0.0 } else { theme::TITLE_SIZE * 1.8 };
        let below = if frame.caption.is_empty() { 0.0 } else { theme::NOTE_SIZE * 2.5 };
        (width as u32, (height + above + below).min(9000.0) as u32)
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let (columns, rows) = (self.columns(), self.cells.len().div_ceil(self.columns()));
        let wide = (body.w - GAP * (columns - 1) as f64) / columns as f64;
        let high = (body.h - GAP * (rows - 1) as f64) / rows as f64;
        let size = theme::NOTE_SIZE.min(wide * 0.14);
        let most = self.title_lines();
        let title = if most == 0 { 0.0 } else { most as f64 * size * 1.3 + 4.0 };
        if wide < 8.0 || high - title < 8.0 {
            return Err(super::super::frame::no_room(scene.width, scene.height));
        }
        for (i, Cell { image, lines }) in self.cells.iter().enumerate() {
            let x = body.x + (i % columns) as f64 * (wide + GAP);
            let y = body.y + (i / columns) as f64 * (high + GAP);
            let cell = Rect::new(x, y + title, wide, high - title);
            let scale = (cell.w / f64::from(image.width())).min(cell.h / f64::from(image.height()));
            let (w, h) = (f64::from(image.width()) * scale, f64::from(image.height()) * scale);
            let left = cell.x + (cell.w - w) / 2.0;
            // Lone images sit right under their title.
            scene.image(Rect::new(left, cell.y, w, h), Arc::clone(image));
            for (l, (line, color)) in lines.iter().enumerate() {
                let line = line.in_language(frame.language);
                scene.label(Label {
                    text: font::shorten(&line, size, false, wide),
                    x: x + wide / 2.0,
                    y: y + size * (0.95 + 1.3 * l as f64),
                    size,
                    bold: false,
                    color: *color,
                    align: Align::Middle,
                    upward: false,
                });
            }
        }
        Ok(())
    }
}

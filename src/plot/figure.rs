//! A figure: a chart with its title, size and caption, that shows and saves itself.

use super::chart::base::Chart;
use super::cloud::flattened;
use super::compose::compose;
use super::frame::Frame;
use super::pdf::PdfDocument;
use super::scene::{Scene, SceneElement};
use super::theme::Theme;
use super::words::{Language, Word};
use super::{font, hover, output};
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::{Error, ErrorKind, Result};
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pixels to the CSS pixel in what a notebook shows and [`Figure::save`] writes: sharp on any screen.
const SCALE: f64 = 2.0;
/// The same for a figure that shows images in a notebook, whose file would otherwise grow by megabytes: they
/// have no more pixels to show, and the SVG beside the PNG keeps the text sharp.
const IMAGES_SCALE: f64 = 1.0;
/// Points (1/72 inch) in a CSS pixel (1/96 inch).
const POINTS: f64 = 0.75;

/// A figure that shows itself in a notebook cell and saves itself as PNG and SVG.
///
/// The functions of [`crate::plot`] make figures; the methods here name and size them.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::bars(&["baja", "media", "alta"], &[523.0, 523.0, 523.0])?
///     .title("Engagement")
///     .value_label("points of interest");
/// assert_eq!(figure.to_string(), "figure: Engagement, 3 bars");
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Figure {
    chart: Arc<dyn Chart>,
    frame: Frame,
}

impl Figure {
    pub(super) fn new(chart: impl Chart + 'static) -> Self {
        Self { chart: Arc::new(chart), frame: Frame::default() }
    }

    /// The title above the figure.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.frame.title = title.into();
        self
    }

    /// The sentence below the figure.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.frame.caption = caption.into();
        self
    }

    /// The label of the horizontal axis.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.frame.x_label = Some(label.into());
        self
    }

    /// The label of the vertical axis.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.frame.y_label = Some(label.into());
        self
    }

    /// The label of the axis of values: the vertical one, or the horizontal one of a chart whose bars lie. [`bars`] and
    /// others choose that by their labels, so `y_label` may not be the axis of the values.
    ///
    /// [`bars`]: crate::plot::bars
    pub fn value_label(mut self, label: impl Into<String>) -> Self {
        self.frame.value_label = Some(label.into());
        self
    }

    /// The label of the axis of categories: the horizontal one, or the vertical one of a chart whose bars lie.
    pub fn category_label(mut self, label: impl Into<String>) -> Self {
        self.frame.category_label = Some(label.into());
        self
    }

    /// Width and height in CSS pixels, of which a screen has about 96 to the inch. Without it, each
    /// chart takes the size that suits its content.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.frame.size = Some((width, height));
        self
    }

    /// Width and height in centimeters, at which a document prints the figure.
    pub fn size_cm(self, width: f64, height: f64) -> Self {
        let pixels = |length: f64| (length / 2.54 * 96.0).round().clamp(0.0, 20_000.0) as u32;
        self.size(pixels(width), pixels(height))
    }

    /// The colors: light, dark, for print, or of high contrast.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.frame.theme = theme;
        self
    }

    /// A text for readers who do not see the figure; without it, title, kind and amounts.
    pub fn alt(mut self, text: impl Into<String>) -> Self {
        self.frame.alt = Some(text.into());
        self
    }

    /// The language of the words that the figure adds by itself, and of its numbers.
    pub fn language(mut self, language: Language) -> Self {
        self.frame.language = language;
        self
    }

    /// The title, empty if there is none.
    pub(crate) fn name(&self) -> &str {
        &self.frame.title
    }

    /// The caption, empty if there is none.
    pub(crate) fn note(&self) -> &str {
        &self.frame.caption
    }

    /// A text for readers who do not see the figure.
    pub(crate) fn alt_text(&self) -> String {
        let text = || match self.frame.caption.as_str() {
            "" => self.to_string(),
            caption => format!("{self}. {caption}"),
        };
        self.frame.alt.clone().unwrap_or_else(text)
    }

    /// The figure for a document that prints title and caption itself.
    pub(crate) fn for_report(&self, language: Language) -> Self {
        self.clone().title("").caption("").language(language)
    }

    /// The width in centimeters at 96 CSS pixels an inch.
    pub(crate) fn width_in_centimeters(&self) -> f64 {
        let (width, _) = self.frame.size.unwrap_or_else(|| self.chart.size(&self.frame));
        f64::from(width) / 96.0 * 2.54
    }

    /// The figure as the bytes of a PNG file, with `scale` pixels to the CSS pixel: 1 for a plain
    /// screen, 2 for a dense one, `dpi / 96` for print.
    ///
    /// # Errors
    /// [`ErrorKind::Figure`] if the size leaves no room for the chart, or the scale makes more than
    /// 20,000 pixels a side.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>> {
        if !(scale.is_finite() && scale > 0.0) {
            return Err(Error::new(
                ErrorKind::Figure,
                format!("a scale of {scale} cannot be drawn"),
            )
            .help("give a positive number, such as 2.0"));
        }
        output::png(&self.scene()?, scale)
    }

    /// The figure as an SVG document.
    ///
    /// # Errors
    /// [`ErrorKind::Figure`] if the size leaves no room for the chart.
    pub fn svg(&self) -> Result<String> {
        output::svg(&self.scene()?, &self.alt_text())
    }

    /// The figure as the bytes of a PDF file of one page: lines and text stay vectors, and the text can be
    /// selected and searched.
    ///
    /// # Errors
    /// [`ErrorKind::Figure`] if the size leaves no room for the chart.
    pub fn pdf(&self) -> Result<Vec<u8>> {
        let scene = self.scene()?;
        let (width, height) = (scene.width * POINTS, scene.height * POINTS);
        let title =
            if self.frame.title.is_empty() { self.to_string() } else { self.frame.title.clone() };
        let mut document = PdfDocument::new(&title, "", self.frame.language.tag());
        document.add_page(width, height);
        document.scene(&scene, 0.0, 0.0, POINTS)?;
        Ok(document.finish())
    }

    /// Draws the figure on the last page of a PDF with its upper left corner at (`x`, `y`), at most `width` × `height`
    /// points large. Returns the size that it takes.
    pub(crate) fn draw_pdf(
        &self,
        document: &mut PdfDocument,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
    ) -> Result<(f64, f64)> {
        let scene = self.scene()?;
        let scale = POINTS.min(width / scene.width).min(height / scene.height);
        let x = x + (width - scene.width * scale) / 2.0;
        document.scene(&scene, x, y, scale)?;
        Ok((scene.width * scale, scene.height * scale))
    }

    /// The size in points that [`draw_pdf`](Self::draw_pdf) takes of `width` × `height`.
    pub(crate) fn pdf_size(&self, width: f64, height: f64) -> (f64, f64) {
        let (own_width, own_height) =
            self.frame.size.unwrap_or_else(|| self.chart.size(&self.frame));
        let (own_width, own_height) = (f64::from(own_width), f64::from(own_height));
        let scale = POINTS.min(width / own_width).min(height / own_height);
        (own_width * scale, own_height * scale)
    }

    /// Writes `name.png`, `name.svg` and `name.pdf`, and returns their paths: in the folder that the environment
    /// variable `CUADERNO_OUTPUT` names if it is set, else at the path `name`. Folders are
    /// made as needed, and a file is replaced only by a whole new one.
    ///
    /// # Errors
    /// [`ErrorKind::File`] with the path that could not be written, [`ErrorKind::Parameter`] if `name`
    /// is no file name, and the errors of [`Figure::png`].
    pub fn save(&self, name: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        self.save_in(name.as_ref(), std::env::var_os("CUADERNO_OUTPUT").map(PathBuf::from))
    }

    fn save_in(&self, name: &Path, folder: Option<PathBuf>) -> Result<Vec<PathBuf>> {
        let base = output::place(name, folder.filter(|folder| !folder.as_os_str().is_empty()))?;
        let with = |end: &str| {
            let mut path = base.clone().into_os_string();
            path.push(end);
            PathBuf::from(path)
        };
        let (png, svg, pdf) = (with(".png"), with(".svg"), with(".pdf"));
        let scene = self.scene()?;
        output::write(&png, &output::png(&scene, SCALE)?)?;
        output::write(&svg, output::svg(&scene, &self.alt_text())?.as_bytes())?;
        output::write(&pdf, &self.pdf()?)?;
        Ok(vec![png, svg, pdf])
    }

    /// Draws the figure on any plotters drawing area, one CSS pixel to the backend's pixel, from its
    /// upper left corner. Without a size of its own the figure takes that of the area.
    ///
    /// # Errors
    /// [`ErrorKind::Figure`] if the area is too small, or with the backend's message.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        font::register();
        let mut figure = self.clone();
        figure.frame.size.get_or_insert(area.dim_in_pixel());
        let scene = figure.scene()?;
        let scene = flattened(&scene, 1.0)?.unwrap_or(scene);
        let element = SceneElement { scene: &scene, unit: 1.0, origin: (0, 0), images: true };
        area.draw(&element).map_err(|error| {
            Error::new(ErrorKind::Figure, format!("the figure could not be drawn: {error}"))
        })
    }

    pub(super) fn scene(&self) -> Result<Scene> {
        compose(self.chart.as_ref(), &self.frame)
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let title = &self.frame.title;
        let language = self.frame.language;
        let (figure, what) =
            (language.word(Word::Figure), self.chart.describe().in_language(language));
        if title.is_empty() {
            write!(f, "{figure}: {what}")
        } else {
            write!(f, "{figure}: {title}, {what}")
        }
    }
}

impl Show for Figure {
    fn bundle(&self) -> Bundle {
        let drawn = self.scene().and_then(|scene| {
            let scale = if scene.has_images() { IMAGES_SCALE } else { SCALE };
            let (png, alt) = (output::png(&scene, scale)?, self.alt_text());
            let html = Some(hover::html(&scene, &png, &alt));
            Ok((png, output::svg(&scene, &alt)?, html))
        });
        match drawn {
            Ok((png, svg, html)) => {
                Bundle { plain: self.to_string(), html, png: Some(png), svg: Some(svg) }
            }
            Err(error) => Bundle { plain: format!("{self}\n{error}"), ..Bundle::default() },
        }
    }
}

show_in_cells!(Figure);

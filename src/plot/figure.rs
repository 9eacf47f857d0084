//! A figure: a chart with its title, size and caption, that shows and saves itself.

use super::chart::Chart;
use super::frame::{self, Frame};
use super::scene::{Scene, SceneElement};
use super::words::Language;
use super::{font, output};
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::{Error, ErrorKind, Result};
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pixels to the CSS pixel in what a notebook shows and [`Figure::save`] writes: sharp on any screen.
const SCALE: f64 = 2.0;
/// The same for a figure that shows photographs in a notebook, whose file would otherwise grow by megabytes: they
/// have no more pixels to show, and the SVG beside the PNG keeps the text sharp.
const PICTURES_SCALE: f64 = 1.0;

/// A figure that shows itself in a notebook cell and saves itself as PNG and SVG.
///
/// The functions of [`crate::plot`] make figures; the methods here name and size them.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::bars(&["baja", "media", "alta"], &[523.0, 523.0, 523.0])?
///     .title("Engagement")
///     .x_label("points of interest");
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

    /// What the horizontal axis measures.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.frame.x_label = Some(label.into());
        self
    }

    /// What the vertical axis measures.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.frame.y_label = Some(label.into());
        self
    }

    /// Width and height in CSS pixels, of which a screen has about 96 to the inch. Without it, each
    /// chart takes the size that suits its content.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.frame.size = Some((width, height));
        self
    }

    /// The language of the words that the figure adds by itself.
    pub fn language(mut self, language: Language) -> Self {
        self.frame.language = language;
        self
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
        output::svg(&self.scene()?, &self.to_string())
    }

    /// Writes `name.png` and `name.svg`, and gives their paths: in the folder that the environment
    /// variable `CUADERNO_OUTPUT` names if it is set, else at the path that `name` is. Folders are
    /// made as needed, and a file is replaced only by a whole new one.
    ///
    /// # Errors
    /// [`ErrorKind::File`] with the path that could not be written, [`ErrorKind::Parameter`] if `name`
    /// is no file name, and what [`Figure::png`] returns.
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
        let (png, svg) = (with(".png"), with(".svg"));
        let scene = self.scene()?;
        output::write(&png, &output::png(&scene, SCALE)?)?;
        output::write(&svg, output::svg(&scene, &self.to_string())?.as_bytes())?;
        Ok(vec![png, svg])
    }

    /// Draws the figure on any plotters drawing area, one CSS pixel to the backend's pixel, from its
    /// upper left corner. Without a size of its own the figure takes that of the area.
    ///
    /// # Errors
    /// [`ErrorKind::Figure`] if the area is too small, or with what the backend said.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        font::register();
        let mut figure = self.clone();
        figure.frame.size.get_or_insert(area.dim_in_pixel());
        let scene = figure.scene()?;
        let element = SceneElement { scene: &scene, unit: 1.0, origin: (0, 0), pictures: true };
        area.draw(&element).map_err(|error| {
            Error::new(ErrorKind::Figure, format!("the figure could not be drawn: {error}"))
        })
    }

    pub(super) fn scene(&self) -> Result<Scene> {
        frame::compose(self.chart.as_ref(), &self.frame)
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let title = &self.frame.title;
        let what = self.chart.describe();
        if title.is_empty() {
            write!(f, "figure: {what}")
        } else {
            write!(f, "figure: {title}, {what}")
        }
    }
}

impl Show for Figure {
    fn bundle(&self) -> Bundle {
        let drawn = self.scene().and_then(|scene| {
            let scale = if scene.has_pictures() { PICTURES_SCALE } else { SCALE };
            Ok((output::png(&scene, scale)?, output::svg(&scene, &self.to_string())?))
        });
        match drawn {
            Ok((png, svg)) => {
                Bundle { plain: self.to_string(), html: None, png: Some(png), svg: Some(svg) }
            }
            Err(error) => Bundle { plain: format!("{self}\n{error}"), ..Bundle::default() },
        }
    }
}

show_in_cells!(Figure);

//! A scatter of images: a map of two coordinates on which similar images lie near each other.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::Frame;
use super::super::panel::{self, Axis};
use super::super::scene::{Rect, Scene};
use super::super::theme;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, wrong};
use super::network::apart;
use super::noun::Noun;
use crate::Result;
use image::RgbImage;
use std::sync::Arc;

/// Images at the place of their two coordinates, such as the first two principal components of their features.
/// An image that would hide another one is a dot.
///
/// ```
/// use cuaderno::images::RgbImage;
/// use cuaderno::plot;
/// let images = [RgbImage::new(8, 8), RgbImage::new(8, 8)];
/// let figure = plot::image_map(&[(0.0, 0.0), (1.0, 2.0)], &images)?;
/// assert_eq!(figure.to_string(), "figure: map of 2 images");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if points and images differ in number, if no point has two finite coordinates, or if an
/// image has no pixels.
pub fn image_map(points: &[(f64, f64)], images: &[RgbImage]) -> Result<Figure> {
    if points.len() != images.len() {
        return Err(wrong(format!("{} points for {} images", points.len(), images.len()))
            .help("give one point for each image"));
    }
    let finite = |(x, y): &&(f64, f64)| x.is_finite() && y.is_finite();
    let drawn: Vec<(f64, f64)> = points.iter().filter(finite).copied().collect();
    let (x, y): (Vec<f64>, Vec<f64>) = drawn.iter().copied().unzip();
    data::some_finite(&x)?;
    if let Some(i) = images.iter().position(|image| image.width() == 0 || image.height() == 0) {
        return Err(wrong(format!("image {} has no pixels", i + 1)));
    }
    let scale = |values: &[f64]| {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        Scale::around(low, high)
    };
    Ok(Figure::new(ImageMap {
        scales: (scale(&x)?, scale(&y)?),
        points: points.to_vec(),
        images: images.iter().cloned().map(Arc::new).collect(),
    }))
}

#[derive(Debug)]
struct ImageMap {
    points: Vec<(f64, f64)>,
    images: Vec<Arc<RgbImage>>,
    scales: (Scale, Scale),
}

impl Chart for ImageMap {
    fn describe(&self) -> Caption {
        Caption::default().phrase("map of ", "mapa de ").count(self.images.len(), Noun::Image)
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        (820, 700)
    }

    fn left_out(&self) -> usize {
        let finite = |(x, y): &&(f64, f64)| !(x.is_finite() && y.is_finite());
        self.points.iter().filter(finite).count()
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let x = Axis { scale: self.scales.0.clone(), label: frame.x_or(""), grid: false };
        let y = Axis { scale: self.scales.1.clone(), label: frame.y_or(""), grid: false };
        let panel = panel::panel(scene, body, x, y, false)?;
        panel::spines(scene, &panel);
        let edge = (panel.rect.w.min(panel.rect.h) / (self.images.len() as f64).sqrt() * 0.75)
            .clamp(30.0, 90.0);
        let mut taken: Vec<Rect> = Vec::new();
        let mut dots = Vec::new();
        for (&(x, y), image) in self.points.iter().zip(&self.images) {
            if !(x.is_finite() && y.is_finite()) {
                continue;
            }
            let (x, y) = (panel.x_at(x), panel.y_at(y));
            let (w, h) = (f64::from(image.width()), f64::from(image.height()));
            let scale = edge / w.max(h);
            let (w, h) = (w * scale, h * scale);
            let rect = Rect::new(
                (x - w / 2.0).clamp(panel.rect.x, (panel.rect.right() - w).max(panel.rect.x)),
                (y - h / 2.0).clamp(panel.rect.y, (panel.rect.bottom() - h).max(panel.rect.y)),
                w,
                h,
            );
            if taken.iter().all(|other| apart(&rect, other)) {
                scene.image(rect, Arc::clone(image));
                taken.push(rect);
            } else {
                dots.push((x, y));
            }
        }
        let hidden = |&(x, y): &(f64, f64)| {
            let dot = Rect::new(x - 3.0, y - 3.0, 6.0, 6.0);
            taken.iter().any(|image| !apart(&dot, image))
        };
        for (x, y) in dots.iter().filter(|dot| !hidden(dot)) {
            scene.dot(*x, *y, 3.0, theme::series(0).alpha(0.7));
        }
        Ok(())
    }
}

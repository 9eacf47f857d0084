//! A scene on a canvas of pixels.

use super::canvas::{Canvas, UNIT};
use super::scene::{Mark, Scene, SceneElement};
use crate::{Error, ErrorKind, Result};

pub(super) fn failed(reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Figure, format!("the figure could not be drawn: {reason}"))
}

/// Draws everything but images.
pub(super) fn draw(scene: &Scene, canvas: &mut Canvas) -> Result<()> {
    use plotters::element::Drawable;
    let element = SceneElement { scene, unit: UNIT, origin: (0, 0), images: false };
    element.draw(std::iter::once((0, 0)), canvas, (0, 0)).map_err(failed)?;
    for mark in &scene.marks {
        if let Mark::Cloud { points, radius, colors } = mark {
            canvas.cloud(points, *radius, colors);
        }
    }
    Ok(())
}

//! Clouds of many dots, which vector files get as an image.

use super::canvas::Canvas;
use super::scene::{Mark, Rect, Scene};
use crate::Result;
use image::RgbImage;
use std::sync::Arc;

/// A cloud of fewer dots stays dots in vector files.
const MOST_DOTS: usize = 5000;

/// `scene` without clouds: few dots become dots, many an image of the place they cover, with `scale` pixels to the CSS
/// pixel. `None` if there is no cloud.
pub(super) fn flattened(scene: &Scene, scale: f64) -> Result<Option<Scene>> {
    if !scene.marks.iter().any(|mark| matches!(mark, Mark::Cloud { .. })) {
        return Ok(None);
    }
    let mut flat = Scene::new(scene.width, scene.height, scene.language);
    for mark in &scene.marks {
        match mark {
            Mark::Cloud { points, radius, colors } if points.len() <= MOST_DOTS => {
                for &(x, y, color) in points {
                    if let Some(&color) = colors.get(usize::from(color)) {
                        flat.dot(f64::from(x), f64::from(y), *radius, color);
                    }
                }
            }
            Mark::Cloud { points, radius, .. } => {
                let cloud = mark.clone();
                if let Some(rect) = bounds(points, *radius, scene) {
                    flat.image(rect, Arc::new(raster(&flat, cloud, rect, scale)?));
                }
            }
            other => flat.marks.push(other.clone()),
        }
    }
    Ok(Some(flat))
}

/// The whole CSS pixels that the dots cover.
fn bounds(points: &[(f32, f32, u16)], radius: f64, scene: &Scene) -> Option<Rect> {
    let (mut left, mut top) = (f32::MAX, f32::MAX);
    let (mut right, mut bottom) = (f32::MIN, f32::MIN);
    for &(x, y, _) in points {
        (left, right) = (left.min(x), right.max(x));
        (top, bottom) = (top.min(y), bottom.max(y));
    }
    let edge = |v: f32, out: f64, end: f64| (f64::from(v) + out).clamp(0.0, end);
    let left = edge(left, -radius - 1.0, scene.width).floor();
    let top = edge(top, -radius - 1.0, scene.height).floor();
    let right = edge(right, radius + 1.0, scene.width).ceil();
    let bottom = edge(bottom, radius + 1.0, scene.height).ceil();
    (right > left && bottom > top).then(|| Rect::new(left, top, right - left, bottom - top))
}

/// The part `rect` of the scene with the cloud over what lies below it; labels stay text and are left out.
fn raster(below: &Scene, cloud: Mark, rect: Rect, scale: f64) -> Result<RgbImage> {
    let marks = below.marks.iter().filter(|mark| !matches!(mark, Mark::Label(_)));
    let marks = marks.cloned().chain([cloud]).collect();
    let scene = Scene { marks, ..Scene::new(below.width, below.height, below.language) };
    let mut canvas = Canvas::new(
        (scene.width * scale).round() as usize,
        (scene.height * scale).round() as usize,
        scale,
    );
    super::raster::draw(&scene, &mut canvas)?;
    let (left, top, width, height) = canvas.pixel_area(rect);
    let whole = (scene.width * scale).round() as usize;
    let pixels = canvas.into_pixels();
    let mut part = RgbImage::new(width, height);
    for (y, row) in part.chunks_exact_mut(width as usize * 3).enumerate() {
        let from = ((top as usize + y) * whole + left as usize) * 3;
        if let Some(source) = pixels.get(from..from + row.len()) {
            row.copy_from_slice(source);
        }
    }
    Ok(part)
}

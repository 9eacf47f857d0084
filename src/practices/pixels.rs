//! Colors, lines and images, as all painters of samples have them.

use image::RgbImage;

pub(super) type Color = [f32; 3];
pub(super) type Point = (f32, f32);

/// The color between `a` and `b` at `share` of the way.
pub(super) fn mix(a: Color, b: Color, share: f32) -> Color {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share)
}

/// A straight line with round ends.
pub(super) struct Stroke {
    /// The upper left corner around it.
    pub from: Point,
    /// The lower right corner.
    pub to: Point,
    start: Point,
    step: Point,
    length: f32,
    half: f32,
}

impl Stroke {
    pub(super) fn new(a: Point, b: Point, width: f32) -> Self {
        let half = width / 2.0;
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        Self {
            from: (a.0.min(b.0) - half, a.1.min(b.1) - half),
            to: (a.0.max(b.0) + half, a.1.max(b.1) + half),
            start: a,
            step: (dx, dy),
            length: (dx * dx + dy * dy).max(1e-9),
            half,
        }
    }

    /// Returns `true` if it covers a point.
    pub(super) fn covers(&self, x: f32, y: f32) -> bool {
        let (a, (dx, dy)) = (self.start, self.step);
        let along = (((x - a.0) * dx + (y - a.1) * dy) / self.length).clamp(0.0, 1.0);
        let (px, py) = (x - a.0 - along * dx, y - a.1 - along * dy);
        px * px + py * py <= self.half * self.half
    }
}

/// The image of half the size of a grid `width` pixels wide: each pixel the mean of four.
pub(super) fn halved(grid: &[Color], width: usize) -> RgbImage {
    let height = grid.len() / width.max(1);
    RgbImage::from_fn(width as u32 / 2, height as u32 / 2, |x, y| {
        let at = 2 * (y as usize * width + x as usize);
        let four = [at, at + 1, at + width, at + width + 1].map(|at| grid[at]);
        image::Rgb(std::array::from_fn(|channel| {
            let sum: f32 = four.iter().map(|pixel| pixel[channel].clamp(0.0, 1.0)).sum();
            (sum * 0.25 * 255.0).round() as u8
        }))
    })
}

//! A small painter: shapes in unit coordinates (0, 0 is the upper left), on a grid twice as fine as the
//! image so that edges come out smooth.

pub(super) use super::pixels::{Color, Point, mix};
use super::pixels::{Stroke, halved};
use image::RgbImage;

/// Pixels of a side of the grid, twice those of the image.
const GRID: usize = 256;

#[derive(Clone)]
pub(super) struct Canvas {
    pixels: Vec<Color>,
}

impl Canvas {
    pub(super) fn new() -> Self {
        Self { pixels: vec![[0.0; 3]; GRID * GRID] }
    }

    /// Paints `shade(x, y)`, a color and its opacity, wherever it is given between two corners.
    pub(super) fn paint(
        &mut self,
        (left, top): Point,
        (right, bottom): Point,
        shade: impl Fn(f32, f32) -> Option<(Color, f32)>,
    ) {
        let cell = |at: f32| (at * GRID as f32).clamp(0.0, GRID as f32) as usize;
        for row in cell(top)..cell(bottom + 1.0 / GRID as f32).min(GRID) {
            let y = (row as f32 + 0.5) / GRID as f32;
            for column in cell(left)..cell(right + 1.0 / GRID as f32).min(GRID) {
                let x = (column as f32 + 0.5) / GRID as f32;
                let Some((color, opacity)) = shade(x, y) else { continue };
                let pixel = &mut self.pixels[row * GRID + column];
                *pixel = mix(*pixel, color, opacity);
            }
        }
    }

    /// A rectangle, shaded from `color` at the left to `far` at the right.
    pub(super) fn block(&mut self, from: Point, to: Point, color: Color, far: Color) {
        self.paint(from, to, |x, y| {
            let inside = x >= from.0 && x <= to.0 && y >= from.1 && y <= to.1;
            let share = (x - from.0) / (to.0 - from.0).max(1e-6);
            inside.then(|| (mix(color, far, share), 1.0))
        });
    }

    pub(super) fn rectangle(&mut self, from: Point, to: Point, color: Color) {
        self.block(from, to, color, color);
    }

    pub(super) fn ellipse(&mut self, middle: Point, radii: Point, color: Color, opacity: f32) {
        let from = (middle.0 - radii.0, middle.1 - radii.1);
        let to = (middle.0 + radii.0, middle.1 + radii.1);
        self.paint(from, to, |x, y| {
            let (dx, dy) = ((x - middle.0) / radii.0, (y - middle.1) / radii.1);
            (dx * dx + dy * dy <= 1.0).then_some((color, opacity))
        });
    }

    /// The upper half of an ellipse, lit from one side.
    pub(super) fn dome(&mut self, middle: Point, radii: Point, color: Color, far: Color) {
        let from = (middle.0 - radii.0, middle.1 - radii.1);
        self.paint(from, (middle.0 + radii.0, middle.1), |x, y| {
            let (dx, dy) = ((x - middle.0) / radii.0, (y - middle.1) / radii.1);
            let inside = dx * dx + dy * dy <= 1.0 && y <= middle.1;
            inside.then(|| (mix(color, far, (dx + 1.0) / 2.0), 1.0))
        });
    }

    /// A convex or concave polygon (even-odd rule).
    pub(super) fn polygon(&mut self, points: &[Point], color: Color, far: Color) {
        let low = |value: fn(&Point) -> f32| points.iter().map(value).fold(1.0, f32::min);
        let high = |value: fn(&Point) -> f32| points.iter().map(value).fold(0.0, f32::max);
        let (from, to) = ((low(|p| p.0), low(|p| p.1)), (high(|p| p.0), high(|p| p.1)));
        self.paint(from, to, |x, y| {
            let mut inside = false;
            for (index, a) in points.iter().enumerate() {
                let b = &points[(index + 1) % points.len()];
                if (a.1 > y) != (b.1 > y) && x < (b.0 - a.0) * (y - a.1) / (b.1 - a.1) + a.0 {
                    inside = !inside;
                }
            }
            let share = (x - from.0) / (to.0 - from.0).max(1e-6);
            inside.then(|| (mix(color, far, share), 1.0))
        });
    }

    pub(super) fn line(&mut self, a: Point, b: Point, width: f32, color: Color) {
        let stroke = Stroke::new(a, b, width);
        self.paint(stroke.from, stroke.to, |x, y| stroke.covers(x, y).then_some((color, 1.0)));
    }

    /// The color at a place.
    pub(super) fn at(&self, x: f32, y: f32) -> Color {
        let cell = |at: f32| ((at * GRID as f32) as usize).min(GRID - 1);
        self.pixels[cell(y.max(0.0)) * GRID + cell(x.max(0.0))]
    }

    /// Every pixel through `change(x, y, color)`.
    pub(super) fn adjust(&mut self, change: impl Fn(f32, f32, Color) -> Color) {
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let place = |at: usize| (at as f32 + 0.5) / GRID as f32;
            *pixel = change(place(index % GRID), place(index / GRID), *pixel);
        }
    }

    /// The image: each pixel the mean of four of the finer grid.
    pub(super) fn image(&self) -> RgbImage {
        halved(&self.pixels, GRID)
    }
}

pub(super) fn scaled(color: Color, factor: f32) -> Color {
    color.map(|value| value * factor)
}

/// Smooth noise between 0 and 1: random values on a lattice, interpolated.
pub(super) fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let corner = |x: f32, y: f32| {
        let mut bits = (x as i32 as u32).wrapping_mul(0x9E37_79B1)
            ^ (y as i32 as u32).wrapping_mul(0x85EB_CA77)
            ^ seed.wrapping_mul(0xC2B2_AE3D);
        bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
        bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
        (bits ^ (bits >> 15)) as f32 / u32::MAX as f32
    };
    let (left, top) = (x.floor(), y.floor());
    let smooth = |share: f32| share * share * (3.0 - 2.0 * share);
    let (share_x, share_y) = (smooth(x - left), smooth(y - top));
    let upper = corner(left, top) * (1.0 - share_x) + corner(left + 1.0, top) * share_x;
    let lower = corner(left, top + 1.0) * (1.0 - share_x) + corner(left + 1.0, top + 1.0) * share_x;
    upper * (1.0 - share_y) + lower * share_y
}

/// Noise with finer noise on top.
pub(super) fn rough_noise(x: f32, y: f32, seed: u32) -> f32 {
    0.55 * noise(x, y, seed)
        + 0.28 * noise(2.0 * x, 2.0 * y, seed + 1)
        + 0.17 * noise(4.0 * x, 4.0 * y, seed + 2)
}

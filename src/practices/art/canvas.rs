//! A canvas of any size, in coordinates whose shorter side is 1, twice as fine as the image so that edges
//! come out smooth.

pub(super) use crate::practices::pixels::{Color, Point, mix};
use crate::practices::pixels::{Stroke, halved};
use image::RgbImage;

#[derive(Clone)]
pub(super) struct Canvas {
    width: usize,
    height: usize,
    /// Fine pixels in the shorter side.
    unit: f32,
    pixels: Vec<Color>,
}

impl Canvas {
    /// A canvas for an image of `width` × `height` pixels.
    pub(super) fn new(width: usize, height: usize, color: Color) -> Self {
        let (width, height) = (2 * width, 2 * height);
        Self { width, height, unit: width.min(height) as f32, pixels: vec![color; width * height] }
    }

    /// The lower right corner.
    pub(super) fn corner(&self) -> Point {
        (self.width as f32 / self.unit, self.height as f32 / self.unit)
    }

    /// Mixes in `shade(x, y)`, a color and its opacity, between two corners.
    pub(super) fn paint(
        &mut self,
        from: Point,
        to: Point,
        shade: impl Fn(f32, f32) -> (Color, f32),
    ) {
        let cell = |at: f32, most: usize| (at * self.unit).clamp(0.0, most as f32) as usize;
        let (left, right) = (cell(from.0, self.width), cell(to.0 + 1.0 / self.unit, self.width));
        let (top, bottom) = (cell(from.1, self.height), cell(to.1 + 1.0 / self.unit, self.height));
        for row in top..bottom {
            let y = (row as f32 + 0.5) / self.unit;
            for column in left..right {
                let x = (column as f32 + 0.5) / self.unit;
                let (color, opacity) = shade(x, y);
                let pixel = &mut self.pixels[row * self.width + column];
                *pixel = mix(*pixel, color, opacity.clamp(0.0, 1.0));
            }
        }
    }

    pub(super) fn rectangle(&mut self, from: Point, to: Point, color: Color) {
        self.paint(from, to, |x, y| {
            let inside = x >= from.0 && x <= to.0 && y >= from.1 && y <= to.1;
            (color, f32::from(u8::from(inside)))
        });
    }

    /// A rectangle whose edges fade over `soft`.
    pub(super) fn field(&mut self, from: Point, to: Point, soft: f32, color: Color) {
        let edge = |at: f32, low: f32, high: f32| {
            (((at - low) / soft).min((high - at) / soft) + 0.5).clamp(0.0, 1.0)
        };
        let (a, b) = ((from.0 - soft, from.1 - soft), (to.0 + soft, to.1 + soft));
        self.paint(a, b, |x, y| (color, edge(x, from.0, to.0) * edge(y, from.1, to.1)));
    }

    /// A disk, or a ring of this `width`.
    pub(super) fn circle(
        &mut self,
        middle: Point,
        radius: f32,
        width: Option<f32>,
        color: Color,
        opacity: f32,
    ) {
        let reach = radius + width.unwrap_or(0.0);
        let (from, to) =
            ((middle.0 - reach, middle.1 - reach), (middle.0 + reach, middle.1 + reach));
        self.paint(from, to, |x, y| {
            let distance = ((x - middle.0).powi(2) + (y - middle.1).powi(2)).sqrt();
            let inside = match width {
                None => distance <= radius,
                Some(width) => (distance - radius).abs() <= width / 2.0,
            };
            (color, if inside { opacity } else { 0.0 })
        });
    }

    pub(super) fn line(&mut self, a: Point, b: Point, width: f32, color: Color, opacity: f32) {
        let stroke = Stroke::new(a, b, width);
        self.paint(stroke.from, stroke.to, |x, y| {
            (color, if stroke.covers(x, y) { opacity } else { 0.0 })
        });
    }

    /// A polygon by the even-odd rule.
    pub(super) fn polygon(&mut self, points: &[Point], color: Color, opacity: f32) {
        let low = |of: fn(&Point) -> f32| points.iter().map(of).fold(f32::INFINITY, f32::min);
        let high = |of: fn(&Point) -> f32| points.iter().map(of).fold(f32::NEG_INFINITY, f32::max);
        self.paint((low(|p| p.0), low(|p| p.1)), (high(|p| p.0), high(|p| p.1)), |x, y| {
            let next = points.iter().cycle().skip(1);
            let crossed = points.iter().zip(next).filter(|(a, b)| {
                (a.1 > y) != (b.1 > y) && x < (b.0 - a.0) * (y - a.1) / (b.1 - a.1) + a.0
            });
            (color, if crossed.count() % 2 == 1 { opacity } else { 0.0 })
        });
    }

    /// Every fine pixel through `change(x, y, color)`.
    pub(super) fn adjust(&mut self, mut change: impl FnMut(f32, f32, Color) -> Color) {
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let (row, column) = (index / self.width, index % self.width);
            *pixel = change(column as f32 / self.unit, row as f32 / self.unit, *pixel);
        }
    }

    /// The image: each pixel the mean of four of the finer grid.
    pub(super) fn image(&self) -> RgbImage {
        halved(&self.pixels, self.width)
    }
}

//! A plotters backend that draws smooth edges into an RGB image, finer than its pixels.
//!
//! plotters hands over whole numbers. Here a CSS pixel has [`UNIT`] of them, so that lines, dots and
//! letters keep their true place, whatever the density of the image.

use super::font::{self, X_HEIGHT};
use super::scene::Rect;
use super::stamps::Stamps;
use super::theme::Color;
use ab_glyph_rasterizer::{Point, Rasterizer, point};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};
use std::convert::Infallible;

/// Backend units in a CSS pixel.
pub(super) const UNIT: f64 = 64.0;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// An RGB image to draw on.
pub(super) struct Canvas {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    /// Pixels in a backend unit.
    density: f64,
    raster: Rasterizer,
}

impl Canvas {
    /// A white canvas with `scale` pixels to the CSS pixel.
    pub fn new(width: usize, height: usize, scale: f64) -> Self {
        Self {
            pixels: vec![255; width * height * 3],
            width,
            height,
            density: scale / UNIT,
            raster: Rasterizer::new(1, 1),
        }
    }

    /// The pixels, row by row, three bytes each.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The whole pixels that `rect` (in CSS pixels) covers, as left, top, width, height.
    pub fn pixel_area(&self, rect: Rect) -> (i64, i64, u32, u32) {
        let edge = |v: f64| (v * self.density * UNIT).round() as i64;
        let (x, y) = (edge(rect.x), edge(rect.y));
        let size = |from: i64, to: f64| (edge(to) - from).clamp(1, 1 << 15) as u32;
        (x, y, size(x, rect.right()), size(y, rect.bottom()))
    }

    /// Copies `pixels` of `width` × `height` to whole pixels; what is outside is cut off.
    pub fn paste(&mut self, left: i64, top: i64, width: u32, height: u32, pixels: &[u8]) {
        let row_bytes = width as usize * 3;
        let first = (-left).clamp(0, i64::from(width)) as usize;
        let room = (self.width as i64 - left).clamp(0, i64::from(width)) as usize;
        if first >= room || row_bytes == 0 {
            return;
        }
        for (row, source) in pixels.chunks_exact(row_bytes).take(height as usize).enumerate() {
            let y = top + row as i64;
            if y < 0 || y >= self.height as i64 {
                continue;
            }
            let from = (y as usize * self.width + (left + first as i64) as usize) * 3;
            let bytes = (room - first) * 3;
            self.pixels[from..from + bytes].copy_from_slice(&source[first * 3..first * 3 + bytes]);
        }
    }

    /// Draws many dots of one radius (in CSS pixels), the colors by their number.
    pub fn cloud(&mut self, points: &[(f32, f32, u16)], radius: f64, colors: &[Color]) {
        let scale = (self.density * UNIT) as f32;
        let stamps = Stamps::new(radius * f64::from(scale));
        let (width, height) = (self.width as i32, self.height as i32);
        let inks: Vec<([i32; 3], i32)> = colors
            .iter()
            .map(|color| (color.rgb.map(i32::from), (color.alpha * 256.0) as i32))
            .collect();
        for &(x, y, color) in points {
            let Some(&(rgb, alpha)) = inks.get(usize::from(color)) else { continue };
            let (left, top, edge, cover) = stamps.at(x * scale, y * scale);
            let size = edge as i32;
            if left < 0 || top < 0 || left + size > width || top + size > height {
                continue;
            }
            for (row, cover) in cover.chunks_exact(edge).enumerate() {
                let from = ((top as usize + row) * self.width + left as usize) * 3;
                let pixels = &mut self.pixels[from..from + edge * 3];
                for (pixel, &cover) in pixels.chunks_exact_mut(3).zip(cover) {
                    let share = (alpha * i32::from(cover)) >> 8;
                    for (old, new) in pixel.iter_mut().zip(rgb) {
                        let from = i32::from(*old);
                        *old = (from + (((new - from) * share + 128) >> 8)) as u8;
                    }
                }
            }
        }
    }

    fn to_pixel(&self, (x, y): BackendCoord) -> (f64, f64) {
        (f64::from(x) * self.density, f64::from(y) * self.density)
    }

    /// Fills whole pixels from `left`, `top` up to and without `right`, `bottom`.
    fn fill_pixels(&mut self, left: f64, top: f64, right: f64, bottom: f64, color: BackendColor) {
        let cut = |v: f64, end: usize| v.clamp(0.0, end as f64) as usize;
        let (left, right) = (cut(left, self.width), cut(right, self.width));
        for y in cut(top, self.height)..cut(bottom, self.height) {
            let row = (y * self.width + left) * 3..(y * self.width + right.max(left)) * 3;
            for pixel in self.pixels[row].chunks_exact_mut(3) {
                blend(pixel, color, 1.0);
            }
        }
    }

    /// Fills what `shape` outlines inside the box (in pixels), with smooth edges.
    fn fill_shape(
        &mut self,
        (min_x, min_y): (f64, f64),
        (max_x, max_y): (f64, f64),
        color: BackendColor,
        shape: impl FnOnce(&mut Rasterizer, f64, f64),
    ) {
        let left = min_x.floor().max(-1.0) - 1.0;
        let top = min_y.floor().max(-1.0) - 1.0;
        let wide = max_x.ceil().min(self.width as f64 + 1.0) + 2.0 - left;
        let high = max_y.ceil().min(self.height as f64 + 1.0) + 2.0 - top;
        // NaN compares false, and draws nothing.
        if color.alpha <= 0.0 || !(wide >= 1.0 && high >= 1.0) {
            return;
        }
        self.raster.reset(wide as usize, high as usize);
        shape(&mut self.raster, left, top);
        let (width, height) = (self.width as i64, self.height as i64);
        let pixels = &mut self.pixels;
        self.raster.for_each_pixel_2d(|x, y, cover| {
            if cover > 0.002 {
                let (x, y) = (i64::from(x) + left as i64, i64::from(y) + top as i64);
                if x >= 0 && y >= 0 && x < width && y < height {
                    let at = (y * width + x) as usize * 3;
                    blend(&mut pixels[at..at + 3], color, f64::from(cover.min(1.0)));
                }
            }
        });
    }

    /// Fills the union of closed polygons (in pixels) that all turn the same way.
    fn fill_polygons(&mut self, polygons: &[Vec<(f64, f64)>], color: BackendColor) {
        let mut min = (f64::INFINITY, f64::INFINITY);
        let mut max = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for &(x, y) in polygons.iter().flatten() {
            min = (min.0.min(x), min.1.min(y));
            max = (max.0.max(x), max.1.max(y));
        }
        self.fill_shape(min, max, color, |raster, left, top| {
            // The rasterizer accepts nothing left of its box; to the right and below it clips.
            let place = |(x, y): (f64, f64)| {
                let (wide, high) = raster_size(raster);
                point((x - left).clamp(0.0, wide) as f32, (y - top).clamp(-1.0, high) as f32)
            };
            let placed: Vec<Vec<Point>> = polygons
                .iter()
                .map(|polygon| polygon.iter().map(|&p| place(p)).collect())
                .collect();
            for polygon in placed {
                for (i, &from) in polygon.iter().enumerate() {
                    raster.draw_line(from, polygon[(i + 1) % polygon.len()]);
                }
            }
        });
    }

    fn stroke(&mut self, points: &[(f64, f64)], width: f64, color: BackendColor) {
        let half = width / 2.0;
        let mut polygons = Vec::with_capacity(points.len() * 2);
        for pair in points.windows(2) {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            let length = (x2 - x1).hypot(y2 - y1);
            if length > 0.0 {
                let (nx, ny) = (-(y2 - y1) / length * half, (x2 - x1) / length * half);
                polygons.push(vec![
                    (x1 + nx, y1 + ny),
                    (x1 - nx, y1 - ny),
                    (x2 - nx, y2 - ny),
                    (x2 + nx, y2 + ny),
                ]);
            }
        }
        if points.len() > 2 && width > 1.5 {
            // Round joins. The ends too: a curve then covers its first and last point.
            polygons.extend(points.iter().map(|&centre| circle(centre, half)));
        }
        self.fill_polygons(&polygons, color);
    }
}

fn raster_size(raster: &Rasterizer) -> (f64, f64) {
    let (wide, high) = raster.dimensions();
    ((wide as f64) - 1.0, high as f64)
}

/// A circle as a polygon fine enough that its corners cannot be seen.
fn circle((x, y): (f64, f64), radius: f64) -> Vec<(f64, f64)> {
    let corners = ((radius * 4.0).sqrt() * 4.0).ceil().clamp(8.0, 90.0) as usize;
    (0..corners)
        .map(|i| {
            let angle = i as f64 / corners as f64 * std::f64::consts::TAU;
            (x + radius * angle.cos(), y + radius * angle.sin())
        })
        .collect()
}

fn blend(pixel: &mut [u8], color: BackendColor, cover: f64) {
    let alpha = (color.alpha * cover * 256.0) as i32;
    for (old, new) in pixel.iter_mut().zip([color.rgb.0, color.rgb.1, color.rgb.2]) {
        let (from, to) = (i32::from(*old), i32::from(new));
        *old = (from + (((to - from) * alpha + 128) >> 8)) as u8;
    }
}

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let units = |pixels: usize| (pixels as f64 / self.density).round() as u32;
        (units(self.width), units(self.height))
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn {
        let (x, y) = self.to_pixel(at);
        self.fill_pixels(x.floor(), y.floor(), x.floor() + 1.0, y.floor() + 1.0, color);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        let ((x1, y1), (x2, y2)) = (self.to_pixel(from), self.to_pixel(to));
        let width = f64::from(style.stroke_width()) * self.density;
        // Upright and level lines take whole pixels: they stay sharp and equally dark.
        if x1 == x2 || y1 == y2 {
            let whole = width.round().max(1.0);
            let start = |v: f64| (v - whole / 2.0).round();
            let (left, right, top, bottom) = if x1 == x2 {
                (start(x1), start(x1) + whole, y1.min(y2).round(), y1.max(y2).round())
            } else {
                (x1.min(x2).round(), x1.max(x2).round(), start(y1), start(y1) + whole)
            };
            self.fill_pixels(left, top, right, bottom, style.color());
        } else {
            self.stroke(&[(x1, y1), (x2, y2)], width, style.color());
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if !fill {
            let ((x1, y1), (x2, y2)) = (upper_left, bottom_right);
            self.draw_line((x1, y1), (x2, y1), style)?;
            self.draw_line((x1, y2), (x2, y2), style)?;
            self.draw_line((x1, y1), (x1, y2), style)?;
            return self.draw_line((x2, y1), (x2, y2), style);
        }
        let ((x1, y1), (x2, y2)) = (self.to_pixel(upper_left), self.to_pixel(bottom_right));
        // Whole pixels: neighbouring cells meet without a seam.
        self.fill_pixels(x1.round(), y1.round(), x2.round(), y2.round(), style.color());
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<_> = path.into_iter().map(|at| self.to_pixel(at)).collect();
        self.stroke(&points, f64::from(style.stroke_width()) * self.density, style.color());
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let mut outline = circle(self.to_pixel(center), f64::from(radius) * self.density);
        if fill {
            self.fill_polygons(&[outline], style.color());
        } else {
            outline.extend_from_within(..1);
            self.stroke(&outline, f64::from(style.stroke_width()) * self.density, style.color());
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<_> = corners.into_iter().map(|at| self.to_pixel(at)).collect();
        self.fill_polygons(&[points], style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        pos: BackendCoord,
    ) -> Drawn {
        let em = style.size() / 1.24 * self.density;
        let bold = matches!(style.style(), FontStyle::Bold);
        let wide = font::width(text, em, bold);
        let before = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => wide / 2.0,
            HPos::Right => wide,
        };
        // The same rules as plotters' SVG backend, so that both images agree.
        let above = match style.anchor().v_pos {
            VPos::Bottom => X_HEIGHT / 2.0,
            VPos::Center => -X_HEIGHT / 2.0,
            VPos::Top => -0.76,
        } * em;
        let (x, y) = self.to_pixel(pos);
        let transform = style.transform();
        let turn = move |along: f64, up: f64| match transform {
            FontTransform::None => (x + along, y - up),
            FontTransform::Rotate90 => (x + up, y + along),
            FontTransform::Rotate180 => (x - along, y + up),
            FontTransform::Rotate270 => (x - up, y - along),
        };
        let a = turn(-before - 0.3 * em, above - 0.4 * em);
        let b = turn(wide - before + 0.3 * em, above + 1.2 * em);
        let (min, max) = ((a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1)));
        self.fill_shape(min, max, style.color(), |raster, left, top| {
            let (right, bottom) = raster_size(raster);
            font::outline(text, bold, raster, |along, up| {
                let (x, y) = turn(along * em - before, up * em + above);
                point((x - left).clamp(0.0, right) as f32, (y - top).clamp(-1.0, bottom) as f32)
            });
        });
        Ok(())
    }

    fn blit_bitmap(&mut self, at: BackendCoord, (w, h): (u32, u32), source: &[u8]) -> Drawn {
        let (x, y) = self.to_pixel(at);
        self.paste(x.round() as i64, y.round() as i64, w, h, source);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: BackendColor = BackendColor { alpha: 1.0, rgb: (0, 0, 0) };

    fn units(x: f64, y: f64) -> BackendCoord {
        ((x * UNIT) as i32, (y * UNIT) as i32)
    }

    fn darkness(canvas: &Canvas) -> f64 {
        canvas.pixels.chunks(3).map(|p| f64::from(255 - p[0]) / 255.0).sum()
    }

    #[test]
    fn shapes_cover_their_area() {
        let mut canvas = Canvas::new(100, 100, 1.0);
        canvas.draw_circle(units(50.3, 49.7), (20.0 * UNIT) as u32, &BLACK, true).unwrap();
        assert!((darkness(&canvas) - std::f64::consts::PI * 400.0).abs() < 15.0);

        let mut canvas = Canvas::new(100, 100, 2.0);
        canvas.fill_polygon([units(5.0, 5.0), units(45.0, 5.0), units(5.0, 45.0)], &BLACK).unwrap();
        assert!((darkness(&canvas) - 80.0 * 80.0 / 2.0).abs() < 20.0);
    }

    #[test]
    fn drawing_outside_the_canvas_is_cut_off() {
        let mut canvas = Canvas::new(20, 20, 1.0);
        canvas
            .fill_polygon(
                [
                    units(-500.0, -500.0),
                    units(500.0, -500.0),
                    units(500.0, 500.0),
                    units(-500.0, 500.0),
                ],
                &BLACK,
            )
            .unwrap();
        assert!((darkness(&canvas) - 400.0).abs() < 1.0);
        for (x, y) in [(-90.0, 10.0), (90.0, 10.0), (10.0, -90.0), (10.0, 90.0)] {
            canvas.draw_circle(units(x, y), 640, &BLACK, true).unwrap();
            canvas.draw_line(units(x, y), units(10.0, 12.0), &BLACK).unwrap();
            canvas.paste(x as i64, y as i64, 5, 5, &[0; 75]);
        }
        canvas.paste(18, -3, 5, 5, &[9; 75]);
        assert_eq!(canvas.pixels[19 * 3], 9);
    }
}

//! The font that is part of the crate: measuring, wrapping and outlining text.

use super::theme::Color;
use ab_glyph::{Font, FontRef, OutlineCurve, Point, point};
use ab_glyph_rasterizer::Rasterizer;
use plotters_backend::{
    BackendColor, BackendCoord, BackendTextStyle, FontFamily, FontStyle, FontTransform, text_anchor,
};
use std::sync::OnceLock;

/// What an SVG asks the reader's machine for: Verdana is as wide as DejaVu Sans.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The height of a small x in ems: plotters' SVG backend places text by it.
pub(super) const X_HEIGHT: f64 = 0.547;
/// The height of a capital letter in ems.
pub(super) const CAP_HEIGHT: f64 = 0.729;

static REGULAR: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("fonts/DejaVuSans-Bold.ttf");

struct Faces {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

/// `None` only if the files of the crate itself were damaged: then text is left out.
fn face(bold: bool) -> Option<&'static FontRef<'static>> {
    static FACES: OnceLock<Option<Faces>> = OnceLock::new();
    let faces = FACES.get_or_init(|| {
        Some(Faces {
            regular: FontRef::try_from_slice(REGULAR).ok()?,
            bold: FontRef::try_from_slice(BOLD).ok()?,
        })
    });
    faces.as_ref().map(|faces| if bold { &faces.bold } else { &faces.regular })
}

/// Makes the font known to plotters, for charts drawn with plotters' own elements.
pub(super) fn register() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        use plotters::style::{FontStyle, register_font};
        for name in [FAMILY, "sans-serif", "DejaVu Sans"] {
            // The bytes are the ones that `face` reads; a failure means the same as there.
            let _ = register_font(name, FontStyle::Normal, REGULAR);
            let _ = register_font(name, FontStyle::Bold, BOLD);
        }
    });
}

/// The width of one line of `text` at `size` (ems in pixels), in pixels.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let Some(font) = face(bold) else { return 0.0 };
    let units = f64::from(font.units_per_em().unwrap_or(2048.0));
    text.chars().map(|c| f64::from(font.h_advance_unscaled(font.glyph_id(c)))).sum::<f64>() * size
        / units
}

/// `text` cut with an ellipsis so that it is at most `room` pixels wide.
pub(super) fn shorten(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let short: String = kept.iter().collect::<String>().trim_end().to_string() + "…";
        if width(&short, size, bold) <= room {
            return short;
        }
    }
    String::new()
}

/// `text` in at most `lines` lines of at most `room` pixels, broken between words; what is too long
/// ends in an ellipsis.
pub(super) fn wrap(text: &str, size: f64, bold: bool, room: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while words.peek().is_some() {
        let last = wrapped.len() + 1 >= lines;
        let mut line = String::new();
        while let Some(word) = words.peek() {
            let longer =
                if line.is_empty() { (*word).to_string() } else { format!("{line} {word}") };
            if !last && !line.is_empty() && width(&longer, size, bold) > room {
                break;
            }
            line = longer;
            words.next();
        }
        wrapped.push(shorten(&line, size, bold, room));
    }
    if wrapped.is_empty() {
        wrapped.push(String::new());
    }
    wrapped
}

/// Draws the outline of `text` into `raster`. `to` carries a point of the line (along the baseline,
/// above the baseline, in ems) to a pixel.
pub(super) fn outline(
    text: &str,
    bold: bool,
    raster: &mut Rasterizer,
    to: impl Fn(f64, f64) -> Point,
) {
    let Some(font) = face(bold) else { return };
    let units = f64::from(font.units_per_em().unwrap_or(2048.0));
    let mut pen = 0.0;
    for c in text.chars() {
        let glyph = font.glyph_id(c);
        if let Some(outline) = font.outline(glyph) {
            let at = |p: Point| to(pen + f64::from(p.x) / units, f64::from(p.y) / units);
            for curve in outline.curves {
                match curve {
                    OutlineCurve::Line(a, b) => raster.draw_line(at(a), at(b)),
                    OutlineCurve::Quad(a, b, c) => raster.draw_quad(at(a), at(b), at(c)),
                    OutlineCurve::Cubic(a, b, c, d) => {
                        raster.draw_cubic(at(a), at(b), at(c), at(d));
                    }
                }
            }
        }
        pen += f64::from(font.h_advance_unscaled(glyph)) / units;
    }
}

/// A text style for plotters' backends that draws with the crate's font. `em` is in backend units.
pub(super) struct Lettering {
    pub em: f64,
    pub bold: bool,
    pub color: Color,
    pub align: text_anchor::HPos,
    pub upward: bool,
}

impl BackendTextStyle for Lettering {
    type FontError = std::convert::Infallible;

    fn color(&self) -> BackendColor {
        backend_color(self.color)
    }

    fn size(&self) -> f64 {
        // plotters' unit is 1.24 to the em; its SVG backend divides by it.
        self.em * 1.24
    }

    fn transform(&self) -> FontTransform {
        if self.upward { FontTransform::Rotate270 } else { FontTransform::None }
    }

    fn style(&self) -> FontStyle {
        if self.bold { FontStyle::Bold } else { FontStyle::Normal }
    }

    fn anchor(&self) -> text_anchor::Pos {
        text_anchor::Pos::new(self.align, text_anchor::VPos::Bottom)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(FAMILY)
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Self::FontError> {
        let wide = width(text, self.em, self.bold).ceil() as i32;
        let above = ((1.0 - X_HEIGHT / 2.0) * self.em).round() as i32;
        // The bottom of the box is where plotters' SVG backend has it: half an x below the baseline.
        Ok(((0, 0), (wide, above + (X_HEIGHT / 2.0 * self.em).round() as i32 * 2)))
    }

    fn draw<E, DrawFunc: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        pos: BackendCoord,
        mut draw: DrawFunc,
    ) -> Result<Result<(), E>, Self::FontError> {
        let wide = width(text, self.em, self.bold).ceil() as usize + 2;
        let high = (self.em * 1.4).ceil() as usize;
        let mut raster = Rasterizer::new(wide, high);
        let baseline = self.em;
        outline(text, self.bold, &mut raster, |x, y| {
            point((x * self.em) as f32, (baseline - y * self.em) as f32)
        });
        let mut result = Ok(());
        raster.for_each_pixel_2d(|x, y, cover| {
            if cover > 0.0 && result.is_ok() {
                let color = backend_color(self.color).mix(f64::from(cover.min(1.0)));
                result = draw(pos.0 + x as i32, pos.1 + y as i32, color);
            }
        });
        Ok(result)
    }
}

pub(super) fn backend_color(color: Color) -> BackendColor {
    let [red, green, blue] = color.rgb;
    BackendColor { alpha: color.alpha, rgb: (red, green, blue) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font_file() {
        // fontTools: advances of "año" in DejaVu Sans are 1255 + 1298 + 1253 of 2048 units.
        assert!((width("año", 2048.0, false) - 3806.0).abs() < 1e-6);
    }

    #[test]
    fn the_font_has_the_letters_that_reports_need() {
        let font = face(false).unwrap();
        for c in "áéíóúüñÑ¿¡ªº€αβγΔσμ→←↑↓≤≥≈±×−√∑∞─│┌█●■▲✓✗…“”«»₂²⁻⁶".chars()
        {
            assert_ne!(font.glyph_id(c).0, 0, "{c} is missing");
        }
    }

    #[test]
    fn wrapped_lines_fit_and_lose_nothing_but_what_does_not_fit() {
        let text = "Patrimonio histórico de la ciudad";
        let lines = wrap(text, 12.0, false, 120.0, 5);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|line| width(line, 12.0, false) <= 120.0));
        let cut = wrap(text, 12.0, false, 80.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…') && width(&cut[1], 12.0, false) <= 80.0);
        assert_eq!(shorten("abc", 12.0, false, 0.0), "");
    }
}

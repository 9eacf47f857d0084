//! Measuring, wrapping and outlining text.

use super::faces::{self, Face};
use super::theme::Color;
use ab_glyph::{Font, GlyphId, OutlineCurve, Point, point};
use ab_glyph_rasterizer::Rasterizer;
use plotters_backend::{
    BackendColor, BackendCoord, BackendTextStyle, FontFamily, FontStyle, FontTransform, text_anchor,
};
use std::borrow::Cow;
use std::sync::OnceLock;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The `font-family` of an SVG: Verdana is as wide as DejaVu Sans.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The height of a small x in ems: plotters' SVG backend places text by it.
pub(super) const X_HEIGHT: f64 = 0.547;
/// The height of a capital letter in ems.
pub(super) const CAP_HEIGHT: f64 = 0.729;

/// Makes the font known to plotters, for charts drawn with plotters' own elements.
pub(super) fn register() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        use plotters::style::{FontStyle, register_font};
        for name in [FAMILY, "sans-serif", "DejaVu Sans"] {
            // The bytes are the ones that `face` reads; a failure means the same as there.
            let [regular, bold] = faces::own_files();
            let _ = register_font(name, FontStyle::Normal, regular);
            let _ = register_font(name, FontStyle::Bold, bold);
        }
    });
}

/// `text` with each letter and its combining marks as one character, where there is one (NFC): the fonts have
/// no marks to combine.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// A glyph of a line.
pub(super) struct Glyph {
    pub face: &'static Face,
    pub id: GlyphId,
    pub character: char,
    /// The advance, in ems.
    pub advance: f64,
}

/// The glyphs of one line of `text`.
pub(super) fn glyphs(text: &str, bold: bool) -> impl Iterator<Item = Glyph> + '_ {
    text.chars().filter_map(move |character| {
        let (face, id) = faces::glyph(character, bold)?;
        Some(Glyph { face, id, character, advance: face.advance(id) })
    })
}

/// The width of one line of `text` at `size` (ems in pixels), in pixels.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    composed(text).chars().map(|c| advance(c, bold)).sum::<f64>() * size
}

/// The advance of a character in ems. Those of Latin letters are most of what is measured, and looked up once.
fn advance(c: char, bold: bool) -> f64 {
    static LATIN: OnceLock<[Vec<f64>; 2]> = OnceLock::new();
    let measure = |c, bold| faces::glyph(c, bold).map_or(0.0, |(face, id)| face.advance(id));
    let latin = LATIN.get_or_init(|| {
        [false, true].map(|bold| ('\0'..'\u{180}').map(|c| measure(c, bold)).collect())
    });
    let known = latin[usize::from(bold)].get(c as usize);
    known.copied().unwrap_or_else(|| measure(c, bold))
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
    let mut pen = 0.0;
    for glyph in glyphs(text, bold) {
        let units = glyph.face.units();
        if let Some(outline) = glyph.face.font().outline(glyph.id) {
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
        pen += glyph.advance;
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
        let font = faces::own(false).unwrap().font();
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

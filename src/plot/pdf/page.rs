//! The content of one page. Lengths are points from the upper left corner.

use super::fonts::{Fonts, name};
use pdf_writer::{Content, Name, Str};

/// A color with opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ink {
    pub rgb: [u8; 3],
    pub alpha: f64,
}

impl Ink {
    pub const BLACK: Self = Self { rgb: [20, 22, 24], alpha: 1.0 };

    fn channels(self) -> [f32; 3] {
        self.rgb.map(|channel| f32::from(channel) / 255.0)
    }
}

/// The style of a line of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TextStyle {
    /// An em in points.
    pub size: f64,
    pub bold: bool,
    pub italic: bool,
    pub ink: Ink,
    /// Read from bottom to top.
    pub upward: bool,
}

impl TextStyle {
    pub fn new(size: f64) -> Self {
        Self { size, bold: false, italic: false, ink: Ink::BLACK, upward: false }
    }
}

/// A page while it is drawn.
pub(super) struct Page {
    pub width: f64,
    pub height: f64,
    pub content: Content,
    /// Rectangles (x, y, width, height) that lead to a named destination.
    pub links: Vec<([f64; 4], String)>,
}

impl Page {
    pub fn new(width: f64, height: f64) -> Self {
        let mut content = Content::new();
        // From here on y grows downwards, as in a scene.
        content.transform([1.0, 0.0, 0.0, -1.0, 0.0, height as f32]);
        Self { width, height, content, links: Vec::new() }
    }

    pub fn fill(&mut self, ink: Ink) {
        let [red, green, blue] = ink.channels();
        self.content.set_fill_rgb(red, green, blue);
        self.alpha(ink.alpha);
    }

    pub fn stroke(&mut self, ink: Ink, width: f64) {
        let [red, green, blue] = ink.channels();
        self.content.set_stroke_rgb(red, green, blue).set_line_width(width as f32);
        self.alpha(ink.alpha);
    }

    /// Opacity is a named graphics state, one for each percent.
    fn alpha(&mut self, alpha: f64) {
        let percent = (alpha.clamp(0.0, 1.0) * 100.0).round() as u8;
        self.content.set_parameters(Name(format!("A{percent}").as_bytes()));
    }

    /// One line of text with its baseline at (`x`, `y`).
    pub fn text(&mut self, fonts: &mut Fonts, text: &str, x: f64, y: f64, style: TextStyle) {
        self.fill(style.ink);
        let lean = if style.italic { 0.2_f32 } else { 0.0 };
        let mut along = 0.0;
        self.content.begin_text();
        for run in fonts.encode(text, style.bold) {
            // Glyphs point up while y grows downwards; upward text is turned by a quarter.
            let matrix = if style.upward {
                [0.0, -1.0, -1.0, -lean, x as f32, (y - along) as f32]
            } else {
                [1.0, 0.0, lean, -1.0, (x + along) as f32, y as f32]
            };
            self.content
                .set_font(Name(&name(run.face)), style.size as f32)
                .set_text_matrix(matrix)
                .show(Str(&run.bytes));
            along += run.width * style.size;
        }
        self.content.end_text();
    }
}

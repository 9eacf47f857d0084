//! Paragraphs: words of several styles broken into lines.

use super::super::inline::Span;
use crate::plot::text_width;

/// How a word looks, and where it leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Style {
    pub bold: bool,
    pub italic: bool,
    pub link: Option<String>,
}

/// A piece of a line in one style.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub text: String,
    pub style: Style,
    /// Distance from the beginning of the line, and width.
    pub x: f64,
    pub width: f64,
}

/// A line.
pub(super) type Line = Vec<Piece>;

/// The text as spans of one kind.
pub(super) fn plain(text: &str) -> Vec<Span> {
    vec![Span::Text(text.to_string())]
}

/// Breaks `spans` into lines of at most `room` points at `size`. A word longer than a line is broken inside.
pub(super) fn lines(spans: &[Span], size: f64, room: f64) -> Vec<Line> {
    let mut lines: Vec<Line> = vec![Vec::new()];
    let mut x = 0.0;
    // Whether space stood before the next word.
    let mut space = false;
    for span in spans {
        let (text, style) = style_of(span);
        let blank = text_width(" ", size, style.bold);
        for (i, word) in text.split([' ', '\n', '\t']).enumerate() {
            space |= i > 0;
            if word.is_empty() {
                continue;
            }
            for part in parts(word, size, style.bold, room) {
                let width = text_width(&part, size, style.bold);
                let gap = if space && x > 0.0 { blank } else { 0.0 };
                // What no space parts from the word before, such as a full stop, may hang over a little.
                let slack = if space { 0.0 } else { size };
                if x > 0.0 && x + gap + width > room + slack {
                    lines.push(Vec::new());
                    x = 0.0;
                }
                let gap = if x > 0.0 { gap } else { 0.0 };
                if let Some(line) = lines.last_mut() {
                    append(line, &part, &style, x + gap, width, gap > 0.0);
                }
                x += gap + width;
                space = false;
            }
        }
    }
    lines
}

/// Adds a word to a line: to its last piece if that looks the same.
fn append(line: &mut Line, word: &str, style: &Style, x: f64, width: f64, space: bool) {
    match line.last_mut() {
        Some(last) if last.style == *style => {
            if space {
                last.text.push(' ');
            }
            last.text.push_str(word);
            last.width = x + width - last.x;
        }
        _ => line.push(Piece { text: word.to_string(), style: style.clone(), x, width }),
    }
}

/// A word whole, or in pieces that fit a line.
fn parts(word: &str, size: f64, bold: bool, room: f64) -> Vec<String> {
    if text_width(word, size, bold) <= room {
        return vec![word.to_string()];
    }
    let mut parts = vec![String::new()];
    let mut taken = 0.0;
    for c in word.chars() {
        let width = text_width(c.encode_utf8(&mut [0; 4]), size, bold);
        if taken + width > room && taken > 0.0 {
            parts.push(String::new());
            taken = 0.0;
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        taken += width;
    }
    parts
}

fn style_of(span: &Span) -> (&str, Style) {
    let style = |bold, italic| Style { bold, italic, link: None };
    match span {
        Span::Text(text) | Span::Reference(_, text) | Span::Code(text) => {
            (text, style(false, false))
        }
        Span::Bold(text) => (text, style(true, false)),
        Span::Italic(text) => (text, style(false, true)),
        Span::Link(text, anchor) => {
            (text, Style { bold: false, italic: false, link: Some(anchor.clone()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_nothing() {
        let spans = [
            Span::Text("El modelo ".into()),
            Span::Bold("B con ajuste fino".into()),
            Span::Text(", que parte de ImageNet, acierta más; ver ".into()),
            Span::Link("figura\u{a0}3".into(), "fig-x".into()),
            Span::Text(".".into()),
        ];
        for room in [40.0, 90.0, 200.0, 1000.0] {
            let lines = lines(&spans, 10.0, room);
            let text: Vec<String> = lines
                .iter()
                .map(|line| {
                    let mut text = String::new();
                    for (i, piece) in line.iter().enumerate() {
                        let before = i.checked_sub(1).map(|i| &line[i]);
                        if before.is_some_and(|p| piece.x - p.x - p.width > 1.0) {
                            text.push(' ');
                        }
                        text.push_str(&piece.text);
                        assert!(piece.x + piece.width <= room + 10.0, "{piece:?}");
                    }
                    text
                })
                .collect();
            let whole = "El modelo B con ajuste fino, que parte de ImageNet, acierta más; ver figura\u{a0}3.";
            if room > 60.0 {
                assert_eq!(text.join(" "), whole);
            }
        }
    }
}

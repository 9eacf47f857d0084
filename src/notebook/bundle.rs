//! MIME bundles: one value in the formats that a front end chooses from.

use super::place::{Place, place};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write as _;
use std::io::Write;

/// A MIME bundle: a value in the formats that Jupyter front ends choose from; `plain` is always present.
///
/// ```
/// use cuaderno::notebook::Bundle;
/// let bundle = Bundle { html: Some("<b>0.716</b>".into()), ..Bundle::default() };
/// assert!(bundle.plain.is_empty() && bundle.png.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// `text/plain`.
    pub plain: String,
    /// `text/html`.
    pub html: Option<String>,
    /// `image/png`, the file's bytes.
    pub png: Option<Vec<u8>>,
    /// `image/svg+xml`.
    pub svg: Option<String>,
}

/// Rich display: a value that a notebook can show, as IPython's `_repr_mimebundle_`. [`display`] shows it.
///
/// ```
/// use cuaderno::notebook::{Bundle, Show};
///
/// struct Accuracy(f64);
///
/// impl Show for Accuracy {
///     fn bundle(&self) -> Bundle {
///         let plain = format!("{:.1} %", self.0 * 100.0);
///         Bundle { html: Some(format!("<b>{plain}</b>")), plain, ..Bundle::default() }
///     }
/// }
///
/// assert_eq!(Accuracy(0.716).bundle().plain, "71.6 %");
/// ```
pub trait Show {
    /// The value in all its formats.
    fn bundle(&self) -> Bundle;
}

/// Displays a value: at once as rich output in a notebook cell, as plain text elsewhere. A cell may call it any number of
/// times.
///
/// ```
/// use cuaderno::notebook::{Show, display};
/// use cuaderno::plot;
/// let figure = plot::bars(&["a", "b"], &[1.0, 2.0])?;
/// display(&figure); // an image in a cell, this line in a terminal:
/// assert_eq!(figure.bundle().plain, "figure: 2 bars");
/// # Ok::<(), cuaderno::Error>(())
/// ```
pub fn display(value: &dyn Show) {
    show(Kind::Display, &value.bundle());
}

/// Displays a value as the result of a cell; called from the `evcxr_display` of types that may be a cell's last expression.
pub fn show_result(value: &dyn Show) {
    show(Kind::Result, &value.bundle());
}

/// Clears the output of the running cell, at once or, with `wait`, when the next output arrives, which avoids flicker. Without
/// effect outside a `cuaderno` kernel.
pub fn clear_output(wait: bool) {
    if place() == Place::Kernel {
        let content = format!("{{\"wait\":{wait}}}");
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(envelope("clear_output", &content).as_bytes());
    }
}

/// The message that carries a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Display,
    Result,
    /// Output that will be updated, under this display id.
    First(&'a str),
    /// An update of the output under this display id.
    Update(&'a str),
}

/// Writes a bundle for the front end of this process.
pub(super) fn show(kind: Kind<'_>, bundle: &Bundle) {
    let mut out = std::io::stdout().lock();
    // A closed standard output cannot report its own error.
    let _ = match place() {
        Place::Kernel => out.write_all(message(kind, bundle).as_bytes()),
        Place::Evcxr => write_blocks(&mut out, bundle),
        Place::Elsewhere => writeln!(out, "{}", bundle.plain),
    };
}

/// The block that the `cuaderno` kernel parses: the whole Jupyter message in one line of JSON.
fn message(kind: Kind<'_>, bundle: &Bundle) -> String {
    let (name, id) = match kind {
        Kind::Display => ("display_data", None),
        Kind::Result => ("execute_result", None),
        Kind::First(id) => ("display_data", Some(id)),
        Kind::Update(id) => ("update_display_data", Some(id)),
    };
    let mut data = String::new();
    let mut part = |mime: &str, content: &str| {
        let comma = if data.is_empty() { "" } else { "," };
        let _ = write!(data, "{comma}\"{mime}\":{}", json_string(content));
    };
    part("text/plain", &bundle.plain);
    if let Some(html) = &bundle.html {
        part("text/html", html);
    }
    if let Some(png) = &bundle.png {
        part("image/png", &STANDARD.encode(png));
    }
    if let Some(svg) = &bundle.svg {
        part("image/svg+xml", svg);
    }
    let metadata = match bundle.png.as_deref().and_then(displayed_size) {
        Some([width, height]) => {
            format!("{{\"image/png\":{{\"width\":{width},\"height\":{height}}}}}")
        }
        None => "{}".to_string(),
    };
    let transient = match id {
        Some(id) => format!("{{\"display_id\":{}}}", json_string(id)),
        None => "{}".to_string(),
    };
    let content =
        format!("{{\"data\":{{{data}}},\"metadata\":{metadata},\"transient\":{transient}}}");
    envelope(name, &content)
}

/// Type and content of a message between the markers that the kernel searches for.
fn envelope(kind: &str, content: &str) -> String {
    format!(
        "EVCXR_BEGIN_CONTENT application/vnd.cuaderno.message+json\n\
         {{\"kind\":\"{kind}\",\"content\":{content}}}\n\
         EVCXR_END_CONTENT\n"
    )
}

/// The size of a PNG in CSS pixels (96 per inch), by its `pHYs` chunk: without it, front ends show an image of twice the
/// density twice as large. `None` when the file has no such chunk.
fn displayed_size(png: &[u8]) -> Option<[u32; 2]> {
    let number =
        |at: usize| png.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    let (width, height) = (number(16)?, number(20)?);
    let mut at = 8;
    loop {
        let (length, kind) = (number(at)? as usize, png.get(at + 4..at + 8)?);
        match kind {
            b"pHYs" if png.get(at + 16) == Some(&1) => {
                let density = f64::from(number(at + 8)?) * 0.0254 / 96.0;
                let size = |pixels: u32| (f64::from(pixels) / density).round() as u32;
                return (density > 0.0).then(|| [size(width), size(height)]);
            }
            b"IDAT" => return None,
            _ => at = at.checked_add(length)?.checked_add(12)?,
        }
    }
}

/// `text` as a JSON string.
fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// evcxr's display protocol: one block per MIME type.
fn write_blocks(out: &mut impl Write, bundle: &Bundle) -> std::io::Result<()> {
    let mut block = |mime: &str, content: &str| {
        writeln!(out, "EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT")
    };
    block("text/plain", &bundle.plain)?;
    // A plain kernel shows the first format it knows: of an image in HTML and one in a file, the file.
    if let Some(html) = bundle.html.as_ref().filter(|_| bundle.png.is_none()) {
        block("text/html", html)?;
    }
    if let Some(png) = &bundle.png {
        block("image/png", &STANDARD.encode(png))?;
    }
    if let Some(svg) = &bundle.svg {
        block("image/svg+xml", svg)?;
    }
    Ok(())
}

/// Implements the method by which evcxr displays the last expression of a cell.
macro_rules! show_in_cells {
    ($($name:ty),+ $(,)?) => {$(
        impl $name {
            /// Displays the value as the result of a notebook cell.
            pub fn evcxr_display(&self) {
                $crate::notebook::show_result(self);
            }
        }
    )+};
}
pub(crate) use show_in_cells;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_between_markers() {
        let bundle = Bundle {
            plain: "a \"b\"\n\tñ\u{1b}\\".to_string(),
            html: Some("<b>\u{2028}</b>".to_string()),
            png: Some(vec![0, 255, 16]),
            svg: None,
        };
        let text = message(Kind::Update("id-1"), &bundle);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        // json.dumps({...}, ensure_ascii=False, separators=(",", ":")) in Python 3.
        let expected = concat!(
            r#"{"kind":"update_display_data","content":{"data":{"text/plain":"a \"b\"\n"#,
            "\\u0009ñ\\u001b",
            r#"\\","text/html":"<b>"#,
            "\u{2028}",
            r#"</b>","image/png":"AP8Q"},"metadata":{},"transient":{"display_id":"id-1"}}}"#,
        );
        assert_eq!(lines[1], expected);
    }

    #[test]
    fn a_cleared_output_is_a_message_too() {
        let text = envelope("clear_output", r#"{"wait":true}"#);
        assert_eq!(text.lines().nth(1), Some(r#"{"kind":"clear_output","content":{"wait":true}}"#));
    }

    #[test]
    fn a_dense_image_is_shown_at_its_size() {
        let chunk = |kind: &[u8], data: &[u8]| {
            let mut bytes = (data.len() as u32).to_be_bytes().to_vec();
            bytes.extend(kind);
            bytes.extend(data);
            bytes.extend([0; 4]);
            bytes
        };
        let mut header = [300u32.to_be_bytes(), 200u32.to_be_bytes()].concat();
        header.extend([8, 2, 0, 0, 0]);
        // 192 pixels an inch are 7559 a meter.
        let density = [&7559u32.to_be_bytes()[..], &7559u32.to_be_bytes()[..], &[1]].concat();
        let start = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header)].concat();
        let dense = [start.clone(), chunk(b"pHYs", &density), chunk(b"IDAT", &[])].concat();
        assert_eq!(displayed_size(&dense), Some([150, 100]));
        assert_eq!(displayed_size(&[start, chunk(b"IDAT", &[])].concat()), None);
        for end in 0..dense.len() {
            // A truncated file has no size.
            let _ = displayed_size(&dense[..end]);
        }
    }

    #[test]
    fn plain_evcxr_gets_one_block_per_type() {
        let bundle = Bundle { plain: "p".into(), svg: Some("<svg/>".into()), ..Bundle::default() };
        let mut out = Vec::new();
        write_blocks(&mut out, &bundle).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "EVCXR_BEGIN_CONTENT text/plain\np\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT image/svg+xml\n<svg/>\nEVCXR_END_CONTENT\n"
        );
    }
}

//! One value in the several forms a front end can choose from.

use super::place::{Place, place};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write as _;
use std::io::Write;

/// A value in the forms that Jupyter front ends choose from. `plain` is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// `text/plain`.
    pub plain: String,
    /// `text/html`.
    pub html: Option<String>,
    /// `image/png`, the bytes of the file.
    pub png: Option<Vec<u8>>,
    /// `image/svg+xml`.
    pub svg: Option<String>,
}

/// A value that a notebook can show.
pub trait Show {
    /// The value in every form it has.
    fn bundle(&self) -> Bundle;
}

/// Shows a value: as rich output in a notebook cell, at once and as often as it is called; as plain text
/// elsewhere.
pub fn display(value: &dyn Show) {
    show(Kind::Display, &value.bundle());
}

/// Shows a value as the result of a cell. Types that a cell's last line may show call it from `evcxr_display`.
pub fn show_result(value: &dyn Show) {
    show(Kind::Result, &value.bundle());
}

/// Takes away what the running cell has shown so far: at once, or with `wait` only when the next output comes, so
/// that the one takes the place of the other without a flicker.
///
/// Only a `cuaderno` kernel can do that; elsewhere, what is shown stays.
pub fn clear_output(wait: bool) {
    if place() == Place::Kernel {
        let content = format!("{{\"wait\":{wait}}}");
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(envelope("clear_output", &content).as_bytes());
    }
}

/// The ways in which the kernel shows a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Display,
    Result,
    /// The first of a value that is going to change, under an id.
    First(&'a str),
    /// Replaces what was shown under an id.
    Update(&'a str),
}

/// Shows a bundle where this code runs.
pub(super) fn show(kind: Kind<'_>, bundle: &Bundle) {
    let mut out = std::io::stdout().lock();
    // A closed standard output leaves nobody to tell.
    let _ = match place() {
        Place::Kernel => out.write_all(message(kind, bundle).as_bytes()),
        Place::Evcxr => write_blocks(&mut out, bundle),
        Place::Elsewhere => writeln!(out, "{}", bundle.plain),
    };
}

/// A block that the `cuaderno` kernel understands: the whole Jupyter message in one line of JSON.
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

/// The kind and content of a message, between the marks by which the kernel finds them.
fn envelope(kind: &str, content: &str) -> String {
    format!(
        "EVCXR_BEGIN_CONTENT application/vnd.cuaderno.message+json\n\
         {{\"kind\":\"{kind}\",\"content\":{content}}}\n\
         EVCXR_END_CONTENT\n"
    )
}

/// The size in CSS pixels (96 an inch) at which a PNG is meant to be seen: front ends take its pixels for
/// that, and would show a picture of twice the density twice as large. `None` when the file does not tell.
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

/// A text as a JSON string.
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
    if let Some(html) = &bundle.html {
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

/// Gives types the method by which evcxr shows the last expression of a cell.
macro_rules! show_in_cells {
    ($($name:ty),+ $(,)?) => {$(
        impl $name {
            /// Shows the value as the result of a notebook cell.
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
    fn a_dense_picture_is_shown_at_its_size() {
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
            // A file cut short anywhere does no harm.
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

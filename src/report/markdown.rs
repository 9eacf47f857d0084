//! The report as Markdown (GitHub's tables).

use super::document::{Block, Document};
use super::inline::Span;
use super::table_text::TableText;
use super::words::Word;
use std::fmt::Write as _;

/// The whole document; figures are the PNG files beside it.
pub(super) fn write(document: &Document) -> String {
    let mut out = format!("# {}\n", escape(&document.title));
    for line in [&document.author, &document.date] {
        if !line.is_empty() {
            let _ = write!(out, "\n{}  ", escape(line));
        }
    }
    out.push('\n');
    for block in &document.blocks {
        out.push('\n');
        match block {
            Block::Heading { level, number, title, anchor } => {
                let marks = if *level == 1 { "##" } else { "###" };
                let _ =
                    writeln!(out, "<a id=\"{anchor}\"></a>\n\n{marks} {number} {}", escape(title));
            }
            Block::Paragraph(spans) => {
                let _ = writeln!(out, "{}", inline(spans));
            }
            Block::List(items) => {
                for item in items {
                    let _ = writeln!(out, "- {}", inline(item));
                }
            }
            Block::Figure { number, caption, alt, stem, .. } => {
                let label = document.numbered(Word::Figure, *number);
                let _ = write!(
                    out,
                    "<a id=\"fig-{stem}\"></a>\n\n![{}](figures/{stem}.png)\n\n**{label}.** {}\n",
                    escape(&alt.replace(['[', ']'], "")),
                    escape(caption)
                );
            }
            Block::Table { number, caption, anchor, text } => {
                if let Some(number) = number {
                    let label = document.numbered(Word::Table, *number);
                    let _ = write!(
                        out,
                        "<a id=\"{anchor}\"></a>\n\n**{label}.** {}\n\n",
                        escape(caption)
                    );
                }
                out.push_str(&table(text));
            }
        }
    }
    out
}

/// A table with aligned columns.
pub(super) fn table(text: &TableText) -> String {
    let cell = |text: &str| escape(text).replace('|', "\\|").replace(['\n', '\r'], " ");
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let names: Vec<String> = text.names.iter().map(|name| cell(name)).collect();
    let marks: Vec<String> =
        text.right.iter().map(|right| if *right { "---:" } else { ":---" }.to_string()).collect();
    let mut out = line(&names) + &line(&marks);
    for row in &text.rows {
        out += &line(&row.iter().map(|text| cell(text)).collect::<Vec<_>>());
    }
    if !text.note.is_empty() {
        let _ = write!(out, "\n*{}*\n", text.note);
    }
    out
}

fn inline(spans: &[Span]) -> String {
    let text = |span: &Span| match span {
        Span::Text(text) => escape(text),
        Span::Bold(text) => format!("**{}**", escape(text)),
        Span::Italic(text) => format!("*{}*", escape(text)),
        Span::Code(text) => format!("`{text}`"),
        Span::Link(text, anchor) => format!("[{text}](#{anchor})"),
        Span::Reference(_, name) => escape(name),
    };
    spans.iter().map(text).collect()
}

/// `text` so that Markdown shows it as it is.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            _ => safe.push(c),
        }
    }
    safe
}

//! The report as one HTML file without scripts, which needs nothing beside it.

use super::document::{Block, Document};
use super::inline::Span;
use super::table_text::TableText;
use super::words::{Word, word};
use crate::Result;
use std::fmt::Write as _;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#212529;--muted:#60666d;--paper:#fff;--line:#d5d8dc;--link:#0173b2}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--muted:#a8adb3;--paper:#16181b;--line:#3a3f45;--link:#6cb6ee}}
body{font:16px/1.55 'DejaVu Sans',Verdana,system-ui,sans-serif;color:var(--ink);background:var(--paper);\
max-width:52rem;margin:2.5rem auto;padding:0 1.2rem}
h1{line-height:1.2;margin-bottom:.3rem}h2{margin-top:2.4rem;border-bottom:1px solid var(--line)}
.by{color:var(--muted);margin:0}a{color:var(--link)}
figure{margin:1.8rem 0;text-align:center}figure svg{max-width:100%;height:auto;background:#fff;border-radius:4px}
figcaption,caption{color:var(--muted);font-size:.9rem;margin:.5rem 0;caption-side:top;text-align:left}
.scroll{overflow-x:auto;margin:1.4rem 0}
table{border-collapse:collapse;font-size:.88rem;border-top:2px solid var(--ink);border-bottom:2px solid var(--ink)}
th{border-bottom:1px solid var(--ink)}th,td{padding:.28rem .7rem;text-align:left;vertical-align:top}
.r{text-align:right;font-variant-numeric:tabular-nums}nav ol{padding-left:1.2rem}nav{font-size:.92rem}
.note{color:var(--muted);font-size:.85rem}
@media print{body{max-width:none;margin:0}figure,table{break-inside:avoid}nav{display:none}}";

/// The whole document, figures as SVG inside it.
pub(super) fn write(document: &Document) -> Result<String> {
    let language = document.language.tag();
    let title = escape(&document.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for line in [&document.author, &document.date] {
        if !line.is_empty() {
            let _ = writeln!(out, "<p class=\"by\">{}</p>", escape(line));
        }
    }
    contents(&mut out, document);
    for block in &document.blocks {
        match block {
            Block::Heading { level, number, title, anchor } => {
                let tag = if *level == 1 { "h2" } else { "h3" };
                let title = escape(title);
                let _ = writeln!(out, "<{tag} id=\"{anchor}\">{number} {title}</{tag}>");
            }
            Block::Paragraph(spans) => {
                let _ = writeln!(out, "<p>{}</p>", inline(spans));
            }
            Block::List(items) => {
                out.push_str("<ul>\n");
                for item in items {
                    let _ = writeln!(out, "<li>{}</li>", inline(item));
                }
                out.push_str("</ul>\n");
            }
            Block::Figure { number, caption, stem, figure, .. } => {
                let label = document.numbered(Word::Figure, *number);
                let svg = figure.svg()?;
                let _ = writeln!(
                    out,
                    "<figure id=\"fig-{stem}\">\n{}<figcaption><b>{label}.</b> {}</figcaption>\n</figure>",
                    svg,
                    escape(caption)
                );
            }
            Block::Table { number, caption, anchor, text } => {
                let caption = number.map(|number| {
                    let label = document.numbered(Word::Table, number);
                    format!("<caption><b>{label}.</b> {}</caption>", escape(caption))
                });
                let id =
                    if anchor.is_empty() { String::new() } else { format!(" id=\"{anchor}\"") };
                let _ = writeln!(
                    out,
                    "<div class=\"scroll\"{id}>{}</div>",
                    table(text, &caption.unwrap_or_default())
                );
            }
        }
    }
    out.push_str("</body>\n</html>\n");
    Ok(out)
}

fn contents(out: &mut String, document: &Document) {
    let headings = document.blocks.iter().filter_map(|block| match block {
        Block::Heading { level: 1, title, anchor, .. } => Some((title, anchor)),
        _ => None,
    });
    let _ = writeln!(out, "<nav><p><b>{}</b></p><ol>", word(document.language, Word::Contents));
    for (title, anchor) in headings {
        let _ = writeln!(out, "<li><a href=\"#{anchor}\">{}</a></li>", escape(title));
    }
    out.push_str("</ol></nav>\n");
}

/// A table; `caption` is HTML.
pub(super) fn table(text: &TableText, caption: &str) -> String {
    let class = |column: usize| match text.right.get(column) {
        Some(true) => " class=\"r\" style=\"text-align:right\"",
        _ => "",
    };
    let row = |cells: &[String], tag: &str| {
        let mut line = "<tr>".to_string();
        for (column, cell) in cells.iter().enumerate() {
            let _ = write!(line, "<{tag}{}>{}</{tag}>", class(column), escape(cell));
        }
        line + "</tr>\n"
    };
    let mut out = format!("<table>{caption}<thead>{}</thead><tbody>\n", row(&text.names, "th"));
    for cells in &text.rows {
        out += &row(cells, "td");
    }
    out.push_str("</tbody></table>");
    if !text.note.is_empty() {
        let _ = write!(out, "<p class=\"note\">{}</p>", escape(&text.note));
    }
    out
}

fn inline(spans: &[Span]) -> String {
    let text = |span: &Span| match span {
        Span::Text(text) => escape(text),
        Span::Bold(text) => format!("<b>{}</b>", escape(text)),
        Span::Italic(text) => format!("<em>{}</em>", escape(text)),
        Span::Code(text) => format!("<code>{}</code>", escape(text)),
        Span::Link(text, anchor) => format!("<a href=\"#{anchor}\">{}</a>", escape(text)),
        Span::Reference(_, name) => escape(name),
    };
    spans.iter().map(text).collect()
}

/// `text` as HTML shows it; JupyterLab must find no mathematics between two dollar signs.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('$', "&#36;")
}

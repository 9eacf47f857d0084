//! An executed notebook as one HTML page that needs no other file.

use super::highlight::{ansi, escape, rust};
use jupyter_protocol::media::{Media, MediaType};
use nbformat::v4::{Cell, Notebook, Output};
use pulldown_cmark::{Options, Parser};
use std::fmt::Write;

const PAGE: &str = include_str!("page.html");

/// The page of a notebook called `name`.
pub fn page(name: &str, notebook: &Notebook) -> String {
    let mut body = String::new();
    for cell in &notebook.cells {
        match cell {
            Cell::Markdown { source, .. } => {
                let options = Options::ENABLE_TABLES
                    | Options::ENABLE_STRIKETHROUGH
                    | Options::ENABLE_TASKLISTS;
                let text = source.concat();
                pulldown_cmark::html::push_html(&mut body, Parser::new_ext(&text, options));
            }
            Cell::Code { source, outputs, execution_count, .. } => {
                code_cell(&mut body, &source.concat(), *execution_count, outputs);
            }
            Cell::Raw { source, .. } => {
                let _ = writeln!(body, "<pre>{}</pre>", escape(&source.concat()));
            }
        }
    }
    let footer = format!("{} · executed by cuaderno {}", escape(name), env!("CARGO_PKG_VERSION"));
    let title = title(notebook).unwrap_or_else(|| name.to_string());
    // The body comes last: it may hold the other marks as text.
    PAGE.replace("{{title}}", &escape(&title))
        .replace("{{footer}}", &footer)
        .replace("{{body}}", &body)
}

/// The first heading.
fn title(notebook: &Notebook) -> Option<String> {
    notebook.cells.iter().find_map(|cell| match cell {
        Cell::Markdown { source, .. } => {
            source.concat().lines().find_map(|line| line.strip_prefix("# ").map(str::to_string))
        }
        _ => None,
    })
}

fn code_cell(body: &mut String, code: &str, count: Option<i32>, outputs: &[Output]) {
    let number = count.map_or(String::new(), |count| format!("[{count}]"));
    let _ = writeln!(
        body,
        "<div class=\"cell\"><div class=\"in\"><div class=\"n\">{number}</div><pre><code>{}</code></pre></div>",
        rust(code)
    );
    for output in outputs {
        body.push_str("<div class=\"out\">");
        match output {
            Output::Stream { name, text } => {
                let class = if name == "stderr" { " class=\"err\"" } else { "" };
                let _ = write!(body, "<pre{class}>{}</pre>", ansi(text.0.trim_end_matches('\n')));
            }
            Output::DisplayData(display) => body.push_str(&media(&display.data)),
            Output::ExecuteResult(result) => body.push_str(&media(&result.data)),
            Output::Error(error) => {
                let traceback = error.traceback.join("\n");
                let text = if traceback.is_empty() {
                    format!("{}: {}", error.ename, error.evalue)
                } else {
                    traceback
                };
                let _ = write!(body, "<pre class=\"fail\">{}</pre>", ansi(&text));
            }
        }
        body.push_str("</div>\n");
    }
    body.push_str("</div>\n");
}

/// The richest form that a page can show.
fn media(media: &Media) -> String {
    let richest = media.richest(|part| match part {
        MediaType::Svg(_) => 6,
        MediaType::Png(_) => 5,
        MediaType::Jpeg(_) | MediaType::Gif(_) => 4,
        MediaType::Html(_) => 3,
        MediaType::Markdown(_) => 2,
        MediaType::Plain(_) => 1,
        _ => 0,
    });
    let image = |kind: &str, data: &str| {
        let data: String = data.split_whitespace().collect();
        format!(
            "<figure><img alt=\"figure\" src=\"data:image/{kind};base64,{}\"></figure>",
            escape(&data)
        )
    };
    match richest {
        // As an image of its own, so that its ids and styles touch nothing else on the page.
        Some(MediaType::Svg(svg)) => {
            use base64::{Engine, engine::general_purpose::STANDARD};
            image("svg+xml", &STANDARD.encode(svg))
        }
        Some(MediaType::Png(data)) => image("png", data),
        Some(MediaType::Jpeg(data)) => image("jpeg", data),
        Some(MediaType::Gif(data)) => image("gif", data),
        Some(MediaType::Html(html)) => html.clone(),
        Some(MediaType::Markdown(text)) => {
            let mut html = String::new();
            pulldown_cmark::html::push_html(&mut html, Parser::new(text));
            html
        }
        Some(MediaType::Plain(text)) => format!("<pre>{}</pre>", ansi(text)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_holds_every_kind_of_cell_and_output_and_no_links_to_other_files() {
        let notebook: Notebook = serde_json::from_value(json!({
            "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
            "cells": [
                {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Título\n", "\n", "*uno* {{body}}"]},
                {"cell_type": "code", "id": "b", "metadata": {}, "execution_count": 3, "source": "let x = 1 < 2;", "outputs": [
                    {"output_type": "stream", "name": "stdout", "text": "a<b\n"},
                    {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "t", "text/html": "<table><tr><td>7</td></tr></table>"}},
                    {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "f", "image/png": "AAAA"}},
                    {"output_type": "error", "ename": "Panic", "evalue": "no", "traceback": ["\u{1b}[31mPanic\u{1b}[0m: no"]},
                ]},
            ],
        }))
        .unwrap();
        let page = page("01", &notebook);
        for expected in [
            "<title>Título</title>",
            "<h1>Título</h1>",
            "<em>uno</em>",
            "[3]",
            "a&lt;b",
            "<td>7</td>",
            "src=\"data:image/png;base64,AAAA\"",
            "color:#c0392b",
        ] {
            assert!(page.contains(expected), "{expected}");
        }
        assert!(!page.contains("src=\"http") && !page.contains("<link"));
    }
}

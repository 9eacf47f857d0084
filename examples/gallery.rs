//! Writes one page with every kind of figure and the lines that make it, and a folder of figures of awkward data.
//!
//! `cargo run --example gallery -- FOLDER` (default: `output/gallery`), then open `FOLDER/index.html`.

#[path = "gallery/awkward.rs"]
mod awkward;
#[path = "gallery/data.rs"]
mod data;
#[path = "gallery/explore.rs"]
mod explore;
#[path = "gallery/results.rs"]
mod results;

use cuaderno::Result;
use cuaderno::plot::{Figure, Theme, file_stem};
use std::fmt::Write as _;
use std::path::PathBuf;

/// A function that makes a figure, by its name.
type Entry = (&'static str, fn() -> Result<Figure>);

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).map_or_else(|| "output/gallery".into(), PathBuf::from);
    let mut page = HEAD.to_string();
    for (title, source, entries) in [
        ("Exploration", include_str!("gallery/explore.rs"), explore::ALL),
        ("Results", include_str!("gallery/results.rs"), results::ALL),
    ] {
        let _ = writeln!(page, "<h2>{title}</h2>");
        for &(name, make) in entries {
            section(&mut page, &folder, source, (name, make))?;
        }
    }
    page.push_str("</main></body></html>\n");
    std::fs::write(folder.join("index.html"), page)
        .map_err(|error| cuaderno::Error::io(folder.join("index.html"), &error))?;
    println!("{}", folder.join("index.html").display());
    awkward::write(&folder.join("awkward"))
}

/// A figure in the light and the dark theme, with the lines that make it.
fn section(page: &mut String, folder: &std::path::Path, source: &str, entry: Entry) -> Result<()> {
    let (name, make) = entry;
    let figure = make()?;
    let stem = file_stem(name);
    figure.save(folder.join(&stem))?;
    figure.clone().theme(Theme::Dark).save(folder.join(format!("{stem}-dark")))?;
    let _ = writeln!(
        page,
        "<section id=\"{stem}\"><h3>{name}</h3><picture>\
         <source media=\"(prefers-color-scheme: dark)\" srcset=\"{stem}-dark.svg\">\
         <img src=\"{stem}.svg\" alt=\"{}\"></picture><pre><code>{}</code></pre></section>",
        escape(&figure.to_string()),
        escape(&body(source, name)),
    );
    Ok(())
}

/// The body of the function `name` in `source`.
fn body(source: &str, name: &str) -> String {
    let start = format!("fn {name}() -> Result<Figure> {{\n");
    let after = source.split_once(start.as_str()).map_or("", |(_, after)| after);
    let lines = after.lines().take_while(|line| *line != "}");
    lines.map(|line| line.strip_prefix("    ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>cuaderno: figures</title><style>\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem}\
section{margin:2.5rem 0}img{max-width:100%;height:auto}pre{overflow-x:auto;padding:.8rem;border-radius:6px;\
background:rgba(128,128,128,.12);font-size:.82rem}</style></head><body><main><h1>Figures</h1>\n";

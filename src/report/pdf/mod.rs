//! The report as PDF, laid out and typeset by the library itself: no other program is needed.
//!
//! Here belongs layout: lines, pages, tables, outline. Not here: the PDF format itself, which figures use too.

mod layout;
mod paragraph;
mod table;

use super::document::{Block, Document};
use super::words::{Word, word};
use crate::Result;
use layout::Layout;

/// The whole document.
pub(super) fn write(document: &Document) -> Result<Vec<u8>> {
    let mut layout = Layout::new(document);
    layout.title(&document.title, &[&document.author, &document.date]);
    let headings = document.blocks.iter().filter_map(|block| match block {
        Block::Heading { level, number, title, anchor } => {
            Some((*level, format!("{number}  {title}"), anchor.clone()))
        }
        _ => None,
    });
    layout.contents(word(document.language, Word::Contents), headings.collect());
    for block in &document.blocks {
        match block {
            Block::Heading { level, number, title, anchor } => {
                layout.heading(*level, &format!("{number}  {title}"), anchor)?;
            }
            Block::Paragraph(spans) => layout.paragraph(spans)?,
            Block::List(items) => layout.list(items)?,
            Block::Figure { number, caption, stem, figure, .. } => {
                let label = document.numbered(Word::Figure, *number);
                layout.figure(figure, &label, caption, &format!("fig-{stem}"))?;
            }
            Block::Table { number, caption, anchor, text } => {
                let label = number.map(|number| document.numbered(Word::Table, number));
                layout.table(text, label.as_deref(), caption, anchor)?;
            }
        }
    }
    layout.finish()
}

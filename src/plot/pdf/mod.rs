//! PDF: pages of shapes, images and real text, with the fonts' used glyphs embedded.
//!
//! Here belongs writing what is already laid out. Not here: the layout of a figure ([`super`]) or of a report
//! ([`report`](crate::report)).

mod deflate;
mod document;
mod fonts;
mod page;
mod scene;

pub(crate) use document::{Destination, PdfDocument};
pub(crate) use page::{Ink, TextStyle};

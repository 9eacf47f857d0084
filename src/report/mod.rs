//! The written report: figures, tables, numbers and paragraphs collected as a notebook runs, exported as
//! Markdown, LaTeX, HTML and PDF.
//!
//! Here belongs the document: its order, its numbering, its references, and a writer per format. Not here: drawing figures
//! ([`plot`](crate::plot)) and computing tables ([`table`](crate::table), [`metrics`](crate::metrics)).
//!
//! ```
//! use cuaderno::plot::{self, Language};
//! use cuaderno::report::Report;
//! # let folder = std::env::temp_dir().join(format!("cuaderno-report-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! let mut report = Report::new(folder.join("memoria").to_string_lossy())
//!     .title("Interés turístico")
//!     .language(Language::Spanish);
//! report.section("Datos");
//! report.paragraph("La [figure: Clases] muestra que las clases están equilibradas.");
//! report.figure(&plot::bars(&["baja", "media", "alta"], &[523.0, 523.0, 523.0])?.title("Clases"));
//! report.number("Exactitud en la prueba", 0.684);
//! let written = report.write()?;
//! assert!(written.folder().join("report.md").exists());
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), cuaderno::Error>(())
//! ```

mod collect;
mod document;
mod export;
mod facts;
mod html;
mod inline;
mod latex;
mod markdown;
mod pdf;
mod table_export;
mod table_text;
mod terms;
mod words;
mod written;

pub use collect::Report;
pub use table_export::TableExport;
pub use written::Written;

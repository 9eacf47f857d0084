//! A table as Markdown, LaTeX and HTML.

use super::table_text::TableText;
use super::terms::Terms;
use super::{html, latex, markdown};
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::plot::Language;
use crate::table::Table;

/// A table with caption, decimals and language, for a document outside the notebook.
///
/// ```
/// use cuaderno::plot::Language;
/// use cuaderno::report::TableExport;
/// use cuaderno::table::Table;
/// let table = Table::from_columns(vec![
///     ("modelo", vec!["A", "B"].into()),
///     ("exactitud", vec![0.674, 0.716].into()),
/// ])?;
/// let export = TableExport::new(&table).decimals(2).language(Language::Spanish);
/// assert_eq!(
///     export.markdown(),
///     "| modelo | exactitud |\n| :--- | ---: |\n| A | 0,67 |\n| B | 0,72 |\n"
/// );
/// assert!(export.latex().contains("\\toprule"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TableExport {
    table: Table,
    caption: Option<String>,
    label: String,
    decimals: Option<usize>,
    language: Language,
}

impl TableExport {
    /// The table without a caption, its numbers in English with as many decimals as they need.
    pub fn new(table: &Table) -> Self {
        Self {
            table: table.clone(),
            caption: None,
            label: String::new(),
            decimals: None,
            language: Language::default(),
        }
    }

    /// The caption above the table.
    #[must_use]
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// The name by which LaTeX's `\ref` finds the table.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the number of decimals of numbers with a fraction.
    #[must_use]
    pub fn decimals(mut self, decimals: usize) -> Self {
        self.decimals = Some(decimals.min(12));
        self
    }

    /// The language of numbers, remarks, and the field's terms in headers and cells.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    fn text(&self) -> TableText {
        TableText::new(&self.table, Terms::of_the_field(self.language), self.decimals)
    }

    /// The table in GitHub's Markdown.
    pub fn markdown(&self) -> String {
        let caption = self.caption.as_ref().map(|caption| format!("**{caption}**\n\n"));
        caption.unwrap_or_default() + &markdown::table(&self.text())
    }

    /// The table in LaTeX; the document loads `booktabs`, `array`, `graphicx` and, for tables of more than 30
    /// rows, `longtable`.
    pub fn latex(&self) -> String {
        latex::table(&self.text(), self.caption.as_deref(), &self.label)
    }

    /// The table in HTML.
    pub fn html(&self) -> String {
        let caption = self.caption.as_ref();
        let caption =
            caption.map(|caption| format!("<caption>{}</caption>", html::escape(caption)));
        html::table(&self.text(), &caption.unwrap_or_default())
    }
}

impl Show for TableExport {
    fn bundle(&self) -> Bundle {
        Bundle { plain: self.markdown(), html: Some(self.html()), ..Bundle::default() }
    }
}

show_in_cells!(TableExport);

//! Collecting the contents of a report while a notebook runs.

use crate::notebook::{Bundle, Show, display, show_in_cells};
use crate::plot::{Figure, Language};
use crate::table::Table;
use std::time::Instant;

/// A report that a notebook fills cell by cell, and that [`write`](Self::write) exports.
///
/// A cell that adds to the report begins with its [`section`](Self::section). Running the cell again
/// replaces what it added: a figure by its title, a table by its caption, a number and a fact by its
/// name, a paragraph by its words, of which the numbers may change.
///
/// Paragraphs have inline markup: `**bold**`, `*italic*`, `` `code` ``, and references by name,
/// `[figure: title]`, `[table: caption]`, `[section: title]`, `[number: name]`. A line that begins with
/// `- ` is an item of a list.
///
/// ```
/// use cuaderno::report::Report;
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-collect-{}", std::process::id()));
/// let mut report = Report::new(folder.to_string_lossy()).title("Engagement");
/// report.section("Results");
/// report.number("accuracy", 0.716).paragraph("The accuracy on the test split is [number: accuracy].");
/// report.number("accuracy", 0.721); // the cell runs again
/// let written = report.write()?;
/// let text = std::fs::read_to_string(written.folder().join("report.md")).unwrap();
/// assert!(text.contains("test split is 0.721") && !text.contains("0.716"));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) author: String,
    pub(super) language: Language,
    pub(super) sections: Vec<Section>,
    pub(super) facts: Vec<(String, String)>,
    /// Terms of this report's tables: English and translation.
    pub(super) terms: Vec<(String, String)>,
    current: usize,
    pass: usize,
    pub(super) started: Instant,
}

/// A section; the first one of a report has no title and holds what comes before any.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// 1 for a section, 2 for a subsection.
    pub level: u8,
    pub title: String,
    pub items: Vec<Item>,
}

/// An item of a section.
#[derive(Clone, Debug)]
pub(super) struct Item {
    key: String,
    pass: usize,
    pub content: Content,
}

/// The content of an item.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Paragraph(String),
    Figure(Box<Figure>),
    Table { caption: String, table: Table, decimals: Option<usize> },
    Number { name: String, value: String },
}

impl Report {
    /// An empty report that is written into the folder `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: String::new(),
            author: String::new(),
            language: Language::default(),
            sections: vec![Section { level: 1, title: String::new(), items: Vec::new() }],
            facts: Vec::new(),
            terms: Vec::new(),
            current: 0,
            pass: 0,
            started: Instant::now(),
        }
    }

    /// The title on the first page.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The author below the title.
    #[must_use]
    pub fn author(mut self, author: impl Into<String>) -> Self {
        self.author = author.into();
        self
    }

    /// The language of captions, numbers and figures, and of the field's terms in tables.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// Translations of this report's own terms, English first, where they are a header or a cell of a table, or a part of
    /// one between ` · `, ` + ` or commas. Those of the field, such as `accuracy`, are known.
    ///
    /// ```
    /// use cuaderno::plot::Language;
    /// use cuaderno::report::Report;
    /// let report = Report::new("memoria").language(Language::Spanish).terms(&[("10 artists", "10 artistas")]);
    /// ```
    #[must_use]
    pub fn terms(mut self, terms: &[(&str, &str)]) -> Self {
        self.terms.extend(terms.iter().map(|(a, b)| (a.to_string(), b.to_string())));
        self
    }

    /// Starts the section `title`, or returns to it: what is added next belongs to it.
    pub fn section(&mut self, title: impl Into<String>) -> &mut Self {
        let title = title.into();
        let known = self.sections.iter().position(|s| s.level == 1 && s.title == title);
        self.current = known.unwrap_or_else(|| {
            self.sections.push(Section { level: 1, title, items: Vec::new() });
            self.sections.len() - 1
        });
        self.pass += 1;
        self
    }

    /// Starts the subsection `title` of the current section, or returns to it.
    pub fn subsection(&mut self, title: impl Into<String>) -> &mut Self {
        let title = title.into();
        let parent =
            (0..=self.current).rev().find(|&i| self.sections[i].level == 1).unwrap_or(self.current);
        let after = self.sections.iter().skip(parent + 1);
        let end = parent + 1 + after.take_while(|section| section.level == 2).count();
        let known = (parent + 1..end).find(|&i| self.sections[i].title == title);
        self.current = known.unwrap_or_else(|| {
            self.sections.insert(end, Section { level: 2, title, items: Vec::new() });
            end
        });
        self.pass += 1;
        self
    }

    /// Adds a paragraph, or several, separated by empty lines. It replaces the paragraph of an earlier
    /// run of the cell with the same words, whatever numbers they hold.
    pub fn paragraph(&mut self, text: impl Into<String>) -> &mut Self {
        let text = text.into();
        let key = format!("paragraph {}", words_of(&text));
        self.put_here(key, Content::Paragraph(text));
        self
    }

    /// Adds a paragraph under a name that is not shown: it replaces the paragraph of that name, whatever
    /// its words. For text that a cell composes from its results.
    pub fn named_paragraph(
        &mut self,
        name: impl Into<String>,
        text: impl Into<String>,
    ) -> &mut Self {
        self.put(format!("named {}", name.into()), Content::Paragraph(text.into()));
        self
    }

    /// Adds a figure, or replaces the one of the same title, where that stands.
    pub fn figure(&mut self, figure: &Figure) -> &mut Self {
        let content = Content::Figure(Box::new(figure.clone()));
        if figure.name().is_empty() {
            self.put_here(format!("figure {figure}"), content);
        } else {
            self.put(format!("figure {}", figure.name()), content);
        }
        self
    }

    /// Shows a figure in the cell and adds it.
    pub fn show(&mut self, figure: &Figure) -> &mut Self {
        display(figure);
        self.figure(figure)
    }

    /// Adds a table, or replaces the one of the same caption.
    pub fn table(&mut self, caption: impl Into<String>, table: &Table) -> &mut Self {
        self.put_table(caption.into(), table, None)
    }

    /// As [`table`](Self::table), with this many decimals for numbers with a fraction.
    pub fn table_with_decimals(
        &mut self,
        caption: impl Into<String>,
        table: &Table,
        decimals: usize,
    ) -> &mut Self {
        self.put_table(caption.into(), table, Some(decimals))
    }

    fn put_table(&mut self, caption: String, table: &Table, decimals: Option<usize>) -> &mut Self {
        let key = format!("table {caption}");
        self.put(key, Content::Table { caption, table: table.clone(), decimals });
        self
    }

    /// Adds a result, or replaces the one of the same name; three significant digits are shown.
    /// `[number: name]` in a paragraph stands for it.
    pub fn number(&mut self, name: impl Into<String>, value: f64) -> &mut Self {
        let text = if value.fract() == 0.0 && value.abs() < 1e15 {
            self.language.number(value, 0)
        } else {
            self.language.significant(value, 3)
        };
        self.put_number(name.into(), text)
    }

    /// Adds a result with its interval, such as an accuracy and its 95 % bootstrap interval.
    pub fn number_with_interval(
        &mut self,
        name: impl Into<String>,
        value: f64,
        low: f64,
        high: f64,
    ) -> &mut Self {
        // All with the decimals that give the largest three significant digits.
        let largest = value.abs().max(low.abs()).max(high.abs());
        let digits = if largest > 0.0 { 2.0 - largest.log10().floor() } else { 3.0 };
        let text = |value| match digits {
            0.0..=6.0 => self.language.number(value, digits as usize),
            _ => self.language.significant(value, 3),
        };
        // A semicolon separates: the decimal mark can be a comma.
        let text = format!("{} [{}; {}]", text(value), text(low), text(high));
        self.put_number(name.into(), text)
    }

    fn put_number(&mut self, name: String, value: String) -> &mut Self {
        self.put(format!("number {name}"), Content::Number { name, value });
        self
    }

    /// Adds a fact of the run to the table at the end, such as the data, its rows, or the seed.
    pub fn fact(&mut self, name: impl Into<String>, value: impl std::fmt::Display) -> &mut Self {
        let (name, value) = (name.into(), value.to_string());
        match self.facts.iter_mut().find(|(known, _)| *known == name) {
            Some(fact) => fact.1 = value,
            None => self.facts.push((name, value)),
        }
        self
    }

    /// Removes the figure of this title, the table of this caption, the number or paragraph of this
    /// name, or the section with all it holds. Returns whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let keys = ["figure", "table", "number", "named"].map(|kind| format!("{kind} {name}"));
        let mut found = false;
        for section in &mut self.sections {
            let before = section.items.len();
            section.items.retain(|item| !keys.contains(&item.key));
            found |= section.items.len() < before;
        }
        if let Some(at) = self.sections.iter().skip(1).position(|section| section.title == name) {
            self.sections.remove(at + 1);
            self.current = self.current.min(self.sections.len() - 1);
            found = true;
        }
        found
    }

    /// Replaces the item with this key wherever it stands, or adds it to the current section.
    fn put(&mut self, key: String, content: Content) {
        let known = self.sections.iter_mut().flat_map(|s| &mut s.items).find(|i| i.key == key);
        match known {
            Some(item) => *item = Item { key, pass: self.pass, content },
            None => self.append(key, content),
        }
    }

    /// Replaces an item with this key that an earlier run of the cell added to the current section, or
    /// adds it there.
    fn put_here(&mut self, key: String, content: Content) {
        let pass = self.pass;
        let same = |item: &&mut Item| {
            item.key == key && (item.pass < pass || same_text(&item.content, &content))
        };
        let known = self.sections.get_mut(self.current).and_then(|s| s.items.iter_mut().find(same));
        match known {
            Some(item) => *item = Item { key, pass, content },
            None => self.append(key, content),
        }
    }

    fn append(&mut self, key: String, content: Content) {
        let pass = self.pass;
        if let Some(section) = self.sections.get_mut(self.current) {
            section.items.push(Item { key, pass, content });
        }
    }

    /// Number of figures, tables and sections.
    pub(super) fn contents(&self) -> String {
        let count = |of: fn(&Content) -> bool| {
            self.sections.iter().flat_map(|s| &s.items).filter(|item| of(&item.content)).count()
        };
        let plural = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
        [
            plural(self.sections.len() - 1, "section"),
            plural(count(|c| matches!(c, Content::Figure(_))), "figure"),
            plural(count(|c| matches!(c, Content::Table { .. })), "table"),
            plural(count(|c| matches!(c, Content::Number { .. })), "number"),
            plural(count(|c| matches!(c, Content::Paragraph(_))), "paragraph"),
        ]
        .join(", ")
    }
}

/// The words of a text, with its numbers blanked: what stays when a cell runs again.
fn words_of(text: &str) -> String {
    let mut key = String::new();
    for c in text.chars() {
        let in_number = c.is_ascii_digit() || matches!(c, '.' | ',') && key.ends_with('#');
        match (in_number, key.ends_with('#')) {
            (false, _) => key.push(c),
            (true, false) => key.push('#'),
            (true, true) => {}
        }
    }
    key
}

fn same_text(a: &Content, b: &Content) -> bool {
    match (a, b) {
        (Content::Paragraph(a), Content::Paragraph(b)) => a == b,
        _ => false,
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "report `{}`: {}", self.name, self.contents())
    }
}

impl Show for Report {
    fn bundle(&self) -> Bundle {
        Bundle { plain: self.to_string(), ..Bundle::default() }
    }
}

show_in_cells!(Report);

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraphs(report: &Report) -> Vec<&str> {
        let items = report.sections.iter().flat_map(|section| &section.items);
        let text = |item: &'_ Item| match &item.content {
            Content::Paragraph(_) => true,
            _ => item.key.is_empty(),
        };
        items
            .filter(|item| text(item))
            .filter_map(|item| match &item.content {
                Content::Paragraph(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_cell_that_runs_again_replaces_what_it_added() {
        let mut report = Report::new("r");
        let first = |report: &mut Report, rows: usize| {
            report.section("Data").paragraph(format!("There are {rows} rows."));
            for fold in 1..=3 {
                report.paragraph(format!("Fold {fold} has {} rows.", rows / 3));
            }
            report.named_paragraph("summary", if rows > 500 { "Enough." } else { "Too few." });
            report.number("rows", rows as f64);
        };
        let second = |report: &mut Report| {
            report.section("Data").paragraph("A second cell of the section.");
        };
        first(&mut report, 300);
        second(&mut report);
        first(&mut report, 600);
        second(&mut report);
        assert_eq!(
            paragraphs(&report),
            [
                "There are 600 rows.",
                "Fold 1 has 200 rows.",
                "Fold 2 has 200 rows.",
                "Fold 3 has 200 rows.",
                "Enough.",
                "A second cell of the section.",
            ]
        );
        assert_eq!(report.contents(), "1 section, 0 figures, 0 tables, 1 number, 6 paragraphs");
    }

    #[test]
    fn subsections_stay_with_their_section() {
        let mut report = Report::new("r");
        report.section("A").subsection("a1").section("B").subsection("b1");
        report.section("A").subsection("a2").subsection("a1").section("C");
        let titles: Vec<_> = report.sections.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(titles, ["", "A", "a1", "a2", "B", "b1", "C"]);
        assert!(report.remove("a1") && !report.remove("a1"));
    }
}

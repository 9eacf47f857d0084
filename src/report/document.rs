//! A report with numbers and references resolved: what every format is written from.

use super::collect::{Content, Report};
use super::inline::{self, Span, Target};
use super::table_text::TableText;
use super::terms::Terms;
use super::words::{Word, word};
use crate::plot::{Figure, Language};
use crate::{Error, ErrorKind, Result};
use std::collections::HashSet;

/// A report ready to be written.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub title: String,
    pub author: String,
    pub date: String,
    pub language: Language,
    pub blocks: Vec<Block>,
}

/// A block of the document.
#[derive(Clone, Debug)]
pub(super) enum Block {
    Heading {
        level: u8,
        number: String,
        title: String,
        anchor: String,
    },
    Paragraph(Vec<Span>),
    List(Vec<Vec<Span>>),
    Figure {
        number: usize,
        caption: String,
        alt: String,
        stem: String,
        figure: Box<Figure>,
    },
    /// A table; without a number if it has no caption.
    Table {
        number: Option<usize>,
        caption: String,
        anchor: String,
        text: TableText,
    },
}

/// The targets of references: kind, name, text and anchor.
struct Labels(Vec<(Target, String, String, String)>);

impl Document {
    /// Numbers the contents of `report` and resolves its references. `run` are the facts of the run.
    pub fn of(report: &Report, run: Vec<(String, String)>) -> Result<Self> {
        let language = report.language;
        let terms = Terms { language, own: &report.terms };
        let date = run.first().map(|(_, date)| date.clone()).unwrap_or_default();
        let mut blocks = Vec::new();
        let mut labels = Labels(Vec::new());
        let mut texts: Vec<(usize, String)> = Vec::new();
        let mut stems = HashSet::new();
        let (mut sections, mut subsections, mut figures, mut tables) = (0, 0, 0, 0);
        let mut anchors = HashSet::new();
        for section in &report.sections {
            if !section.title.is_empty() {
                let number = if section.level == 1 {
                    (sections, subsections) = (sections + 1, 0);
                    sections.to_string()
                } else {
                    subsections += 1;
                    format!("{sections}.{subsections}")
                };
                let anchor = unique(&mut anchors, &format!("sec-{}", slug(&section.title)));
                labels.push(
                    Target::Section,
                    &section.title,
                    language,
                    Word::Section,
                    &number,
                    &anchor,
                );
                let (level, title) = (section.level, section.title.clone());
                blocks.push(Block::Heading { level, number, title, anchor });
            }
            let mut numbers: Vec<(String, String)> = Vec::new();
            for item in &section.items {
                if let Content::Number { name, value } = &item.content {
                    labels.0.push((Target::Number, name.clone(), value.clone(), String::new()));
                    numbers.push((name.clone(), value.clone()));
                    continue;
                }
                flush(&mut blocks, &mut numbers, language);
                match &item.content {
                    Content::Paragraph(text) => {
                        for part in text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
                            texts.push((blocks.len(), part.to_string()));
                            blocks.push(Block::Paragraph(Vec::new()));
                        }
                    }
                    Content::Figure(figure) => {
                        figures += 1;
                        let stem = unique(&mut stems, &slug(figure.name()));
                        let number = figures.to_string();
                        labels.push(
                            Target::Figure,
                            figure.name(),
                            language,
                            Word::Figure,
                            &number,
                            &format!("fig-{stem}"),
                        );
                        blocks.push(Block::Figure {
                            number: figures,
                            caption: caption_of(figure),
                            alt: figure.clone().language(language).alt_text(),
                            stem,
                            figure: Box::new(figure.for_report(language)),
                        });
                    }
                    Content::Table { caption, table, decimals } => {
                        tables += 1;
                        let anchor = unique(&mut anchors, &format!("tab-{}", slug(caption)));
                        let number = tables.to_string();
                        labels.push(
                            Target::Table,
                            caption,
                            language,
                            Word::Table,
                            &number,
                            &anchor,
                        );
                        blocks.push(Block::Table {
                            number: Some(tables),
                            caption: caption.clone(),
                            anchor,
                            text: TableText::new(table, terms, *decimals),
                        });
                    }
                    Content::Number { .. } => {}
                }
            }
            flush(&mut blocks, &mut numbers, language);
        }
        for (at, text) in texts {
            blocks[at] = block_of(&text, &labels)?;
        }
        let title = word(language, Word::Run).to_string();
        let anchor = unique(&mut anchors, &format!("sec-{}", slug(&title)));
        let number = (sections + 1).to_string();
        blocks.push(Block::Heading { level: 1, number, title, anchor });
        let facts: Vec<_> = report.facts.iter().cloned().chain(run).collect();
        let names = [word(language, Word::Property), word(language, Word::Value)];
        let text = TableText::pairs(names, &facts, false);
        blocks.push(Block::Table {
            number: None,
            caption: String::new(),
            anchor: String::new(),
            text,
        });
        let title = if report.title.is_empty() {
            default_title(&report.name)
        } else {
            report.title.clone()
        };
        Ok(Self { title, author: report.author.clone(), date, language, blocks })
    }

    /// The figures with the stem of their files.
    pub fn figures(&self) -> impl Iterator<Item = (&str, &Figure)> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Figure { stem, figure, .. } => Some((stem.as_str(), &**figure)),
            _ => None,
        })
    }

    /// "Figura 3", or "Tabla 2".
    pub fn numbered(&self, kind: Word, number: usize) -> String {
        format!("{} {number}", word(self.language, kind))
    }
}

/// Consecutive numbers become one table without a caption.
fn flush(blocks: &mut Vec<Block>, numbers: &mut Vec<(String, String)>, language: Language) {
    if numbers.is_empty() {
        return;
    }
    let names = [word(language, Word::Measure), word(language, Word::Value)];
    let text = TableText::pairs(names, numbers, true);
    numbers.clear();
    blocks.push(Block::Table { number: None, caption: String::new(), anchor: String::new(), text });
}

impl Labels {
    fn push(
        &mut self,
        target: Target,
        name: &str,
        language: Language,
        kind: Word,
        number: &str,
        anchor: &str,
    ) {
        // In running text the word is not capitalized.
        let text = format!("{}\u{a0}{number}", word(language, kind).to_lowercase());
        self.0.push((target, name.to_string(), text, anchor.to_string()));
    }

    fn resolve(&self, span: Span) -> Result<Span> {
        let Span::Reference(target, name) = span else { return Ok(span) };
        let known = self.0.iter().find(|label| label.0 == target && label.1 == name);
        let Some((_, _, text, anchor)) = known else {
            let keyword = target.keyword();
            let names: Vec<_> = self
                .0
                .iter()
                .filter(|label| label.0 == target)
                .map(|label| format!("`{}`", label.1))
                .collect();
            let problem = format!(
                "a paragraph refers to [{keyword}: {name}], which the report does not have"
            );
            let error = Error::new(ErrorKind::Parameter, problem);
            return Err(if names.is_empty() {
                error.help(format!("add a {keyword} of this name before writing the report"))
            } else {
                error.help(format!("the report has {}", names.join(", ")))
            });
        };
        Ok(if anchor.is_empty() {
            Span::Text(text.clone())
        } else {
            Span::Link(text.clone(), anchor.clone())
        })
    }
}

fn block_of(text: &str, labels: &Labels) -> Result<Block> {
    let spans = |text: &str| -> Result<Vec<Span>> {
        inline::parse(text).into_iter().map(|span| labels.resolve(span)).collect()
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    if lines.iter().all(|line| line.starts_with("- ")) {
        let items: Result<Vec<_>> = lines.iter().map(|line| spans(line[2..].trim())).collect();
        return Ok(Block::List(items?));
    }
    Ok(Block::Paragraph(spans(&lines.join(" "))?))
}

fn caption_of(figure: &Figure) -> String {
    let (title, caption) = (figure.name(), figure.note());
    match (title.is_empty(), caption.is_empty()) {
        (false, false) => {
            let end = if title.ends_with(['.', '?', '!', ':']) { "" } else { "." };
            format!("{title}{end} {caption}")
        }
        (false, true) => title.to_string(),
        _ => caption.to_string(),
    }
}

fn default_title(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).replace(['_', '-'], " ");
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// `name`, or with the first free number appended.
fn unique(used: &mut HashSet<String>, name: &str) -> String {
    let mut candidate = name.to_string();
    let mut n = 1;
    while !used.insert(candidate.clone()) {
        n += 1;
        candidate = format!("{name}-{n}");
    }
    candidate
}

fn slug(text: &str) -> String {
    crate::plot::file_stem(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(title: &str) -> Figure {
        crate::plot::bars(&["a", "b"], &[1.0, 2.0]).unwrap().title(title)
    }

    #[test]
    fn contents_are_numbered_and_references_resolved() {
        let mut report = Report::new("r").language(Language::Spanish);
        report.section("Datos").figure(&figure("Clases"));
        report.subsection("Imágenes").figure(&figure("Ejemplos"));
        report.section("Resultados").number("exactitud", 0.6837);
        report.paragraph("Ver [figure: Ejemplos] y [section: Imágenes]: [number: exactitud].");
        let document = Document::of(&report, vec![]).unwrap();
        let text = document.blocks.iter().find_map(|block| match block {
            Block::Paragraph(spans) => Some(inline::plain(spans)),
            _ => None,
        });
        assert_eq!(text.unwrap(), "Ver figura\u{a0}2 y sección\u{a0}1.1: 0,684.");
        let headings: Vec<_> = document
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Heading { number, title, .. } => Some(format!("{number} {title}")),
                _ => None,
            })
            .collect();
        assert_eq!(
            headings,
            ["1 Datos", "1.1 Imágenes", "2 Resultados", "3 Datos de la ejecución"]
        );
    }

    #[test]
    fn a_reference_to_nothing_names_what_there_is() {
        let mut report = Report::new("r");
        report.figure(&figure("Curves")).paragraph("See [figure: Curve].");
        let error = Document::of(&report, vec![]).unwrap_err().to_string();
        assert!(error.contains("[figure: Curve]") && error.contains("`Curves`"), "{error}");
    }
}

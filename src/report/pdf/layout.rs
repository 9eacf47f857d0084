//! Pages filled from top to bottom; figures that do not fit wait for the next page while text goes on.

use super::super::document::Document;
use super::super::inline::Span;
use super::super::table_text::TableText;
use super::paragraph::{self, Line};
use super::table::{self, Grid, Row};
use crate::Result;
use crate::plot::Figure;
use crate::plot::pdf::{Destination, Ink, PdfDocument, TextStyle};

/// A4 in points.
const PAGE: (f64, f64) = (595.28, 841.89);
const MARGIN: f64 = 64.0;
const BODY: f64 = 10.0;
const NOTE: f64 = 8.8;
/// Height of a line in ems.
const LEADING: f64 = 1.45;
/// Space between blocks.
const SKIP: f64 = 9.0;
const ROOM: f64 = PAGE.0 - 2.0 * MARGIN;
const BOTTOM: f64 = PAGE.1 - MARGIN;

const MUTED: Ink = Ink { rgb: [96, 102, 109], alpha: 1.0 };
const LINK: Ink = Ink { rgb: [1, 88, 140], alpha: 1.0 };

/// A figure that waits for the next page.
struct Waiting {
    figure: Figure,
    caption: Vec<Span>,
    anchor: String,
}

/// A line of the contents, whose page number is written when it is known.
struct Entry {
    anchor: String,
    page: usize,
    y: f64,
}

pub(super) struct Layout {
    pdf: PdfDocument,
    y: f64,
    waiting: Vec<Waiting>,
    entries: Vec<Entry>,
    /// The page of each heading's anchor.
    pages: Vec<(String, usize)>,
}

impl Layout {
    pub fn new(document: &Document) -> Self {
        let pdf = PdfDocument::new(&document.title, &document.author, document.language.tag());
        let mut layout =
            Self { pdf, y: MARGIN, waiting: Vec::new(), entries: Vec::new(), pages: Vec::new() };
        layout.pdf.add_page(PAGE.0, PAGE.1);
        layout
    }

    pub fn title(&mut self, title: &str, lines: &[&String]) {
        self.y += 28.0;
        let spans = [Span::Bold(title.to_string())];
        for line in paragraph::lines(&spans, 20.0, ROOM) {
            self.y += 25.0;
            self.line(&line, MARGIN, 20.0, Ink::BLACK);
        }
        self.y += 4.0;
        for text in lines.iter().filter(|text| !text.is_empty()) {
            self.y += BODY * LEADING;
            let style = TextStyle { ink: MUTED, ..TextStyle::new(BODY) };
            self.pdf.text(text, MARGIN, self.y, style);
        }
        self.y += 20.0;
    }

    /// The list of headings, which lead to their place.
    pub fn contents(&mut self, title: &str, headings: Vec<(u8, String, String)>) {
        if headings.len() < 3 {
            return;
        }
        let bold = TextStyle { bold: true, ..TextStyle::new(12.0) };
        self.y += 12.0;
        self.pdf.text(title, MARGIN, self.y, bold);
        self.y += 5.0;
        for (level, text, anchor) in headings {
            if self.y + NOTE * 1.5 > BOTTOM {
                self.new_page();
            }
            self.y += NOTE * 1.5;
            let indent = if level == 1 { 0.0 } else { 16.0 };
            let line = paragraph::lines(&paragraph::plain(&text), NOTE, ROOM - 40.0 - indent);
            let y = self.y;
            if let Some(line) = line.first() {
                self.line(line, MARGIN + indent, NOTE, Ink::BLACK);
            }
            self.pdf.link([MARGIN, y - NOTE, ROOM, NOTE * 1.4], &anchor);
            self.entries.push(Entry { anchor, page: self.pdf.page_count() - 1, y });
        }
        self.y += 14.0;
    }

    pub fn heading(&mut self, level: u8, text: &str, anchor: &str) -> Result<()> {
        let size = if level == 1 { 14.0 } else { 11.5 };
        if level == 1 {
            self.flush()?;
        }
        let spans = [Span::Bold(text.to_string())];
        let lines = paragraph::lines(&spans, size, ROOM);
        let high = lines.len() as f64 * size * 1.3 + 2.0 * SKIP;
        // A heading stays with two lines of what follows.
        if self.y + high + 3.0 * BODY * LEADING > BOTTOM {
            self.next_page()?;
        } else if self.y > MARGIN {
            self.y += if level == 1 { 1.8 * SKIP } else { SKIP };
        }
        self.pdf.destination(Destination {
            name: anchor.to_string(),
            outline: Some((text.to_string(), level)),
            y: self.y - 4.0,
        });
        self.pages.push((anchor.to_string(), self.pdf.page_count()));
        for line in &lines {
            self.y += size * 1.3;
            self.line(line, MARGIN, size, Ink::BLACK);
        }
        self.y += SKIP * 0.6;
        Ok(())
    }

    pub fn paragraph(&mut self, spans: &[Span]) -> Result<()> {
        self.flow(spans, 0.0)?;
        self.y += SKIP;
        Ok(())
    }

    pub fn list(&mut self, items: &[Vec<Span>]) -> Result<()> {
        for item in items {
            if self.y + BODY * LEADING > BOTTOM {
                self.next_page()?;
            }
            let y = self.y + BODY * LEADING;
            self.pdf.text("•", MARGIN + 5.0, y, TextStyle::new(BODY));
            self.flow(item, 18.0)?;
            self.y += 3.0;
        }
        self.y += SKIP - 3.0;
        Ok(())
    }

    /// Lines of body text, over as many pages as they need.
    fn flow(&mut self, spans: &[Span], indent: f64) -> Result<()> {
        for line in paragraph::lines(spans, BODY, ROOM - indent) {
            if self.y + BODY * LEADING > BOTTOM {
                self.next_page()?;
            }
            self.y += BODY * LEADING;
            self.line(&line, MARGIN + indent, BODY, Ink::BLACK);
        }
        Ok(())
    }

    pub fn figure(
        &mut self,
        figure: &Figure,
        label: &str,
        caption: &str,
        anchor: &str,
    ) -> Result<()> {
        let caption = vec![Span::Bold(format!("{label}.")), Span::Text(format!(" {caption}"))];
        let waiting = Waiting { figure: figure.clone(), caption, anchor: anchor.to_string() };
        let left = BOTTOM - self.y;
        if self.waiting.is_empty() && self.height(&waiting, left) <= left {
            return self.place(&waiting, left);
        }
        self.waiting.push(waiting);
        Ok(())
    }

    fn caption_height(waiting: &Waiting) -> f64 {
        let lines = paragraph::lines(&waiting.caption, NOTE, ROOM).len();
        lines as f64 * NOTE * LEADING + 2.0 * SKIP
    }

    /// The size of the figure: where `room` is a little short of its own height, it is drawn smaller.
    fn height(&self, waiting: &Waiting, room: f64) -> f64 {
        let own = waiting.figure.pdf_size(ROOM, BOTTOM - MARGIN - 120.0).1;
        let caption = Self::caption_height(waiting);
        let left = room - caption;
        if own > left && own * 0.78 <= left { room } else { own + caption }
    }

    fn place(&mut self, waiting: &Waiting, room: f64) -> Result<()> {
        let most = room - Self::caption_height(waiting);
        let most = most.clamp(60.0, BOTTOM - MARGIN - 120.0);
        let y = self.y;
        self.pdf.destination(Destination { name: waiting.anchor.clone(), outline: None, y });
        let (_, high) = waiting.figure.draw_pdf(&mut self.pdf, (MARGIN, self.y), (ROOM, most))?;
        self.y += high + 2.0;
        self.caption(&waiting.caption);
        self.y += SKIP * 1.6;
        Ok(())
    }

    fn caption(&mut self, spans: &[Span]) {
        for line in paragraph::lines(spans, NOTE, ROOM) {
            self.y += NOTE * LEADING;
            self.line(&line, MARGIN, NOTE, MUTED);
        }
    }

    pub fn table(
        &mut self,
        text: &TableText,
        label: Option<&str>,
        caption: &str,
        anchor: &str,
    ) -> Result<()> {
        let grid = table::grid(text, ROOM);
        let caption = label
            .map(|label| vec![Span::Bold(format!("{label}.")), Span::Text(format!(" {caption}"))]);
        let step = grid.size * 1.35;
        let row_height = |row: &Row| row.lines as f64 * step + grid.size * 0.35;
        let caption_lines =
            caption.as_ref().map_or(0, |spans| paragraph::lines(spans, NOTE, ROOM).len());
        let above = caption_lines as f64 * NOTE * LEADING + row_height(&grid.head) + SKIP;
        let whole = above + grid.rows.iter().map(row_height).sum::<f64>() + SKIP;
        let first = above + grid.rows.iter().take(3).map(row_height).sum::<f64>();
        // A table that fits a page is not broken, unless it is long.
        let needed = if whole < (BOTTOM - MARGIN) * 0.6 { whole } else { first };
        if self.y + needed > BOTTOM {
            self.next_page()?;
            // What waited may have filled the page.
            if self.y + first > BOTTOM {
                self.next_page()?;
            }
        }
        if !anchor.is_empty() {
            let y = self.y;
            self.pdf.destination(Destination { name: anchor.to_string(), outline: None, y });
        }
        match caption {
            Some(spans) => {
                self.caption(&spans);
                self.y += 5.0;
            }
            // The rule above the table keeps off the heading.
            None => self.y += SKIP * 0.6,
        }
        self.head(&grid, text);
        for row in &grid.rows {
            if self.y + row_height(row) + 2.0 > BOTTOM {
                self.pdf.rule(MARGIN, self.y + 2.0, grid.width, 0.8);
                self.next_page()?;
                self.head(&grid, text);
            }
            self.row(&grid, row, text);
        }
        self.y += grid.size * 0.35;
        self.pdf.rule(MARGIN, self.y, grid.width, 0.8);
        if !text.note.is_empty() {
            self.y += 3.0;
            self.caption(&paragraph::plain(&text.note));
        }
        self.y += SKIP * 1.6;
        Ok(())
    }

    fn head(&mut self, grid: &Grid, text: &TableText) {
        self.pdf.rule(MARGIN, self.y, grid.width, 0.8);
        self.y += grid.size * 0.2;
        self.row(grid, &grid.head, text);
        self.y += grid.size * 0.3;
        self.pdf.rule(MARGIN, self.y, grid.width, 0.5);
    }

    fn row(&mut self, grid: &Grid, row: &Row, text: &TableText) {
        let top = self.y + grid.size * 0.1;
        for (column, cell) in row.cells.iter().enumerate() {
            let Some(&(x, width)) = grid.columns.get(column) else { continue };
            for (i, line) in cell.iter().enumerate() {
                let used = line.last().map_or(0.0, |piece| piece.x + piece.width);
                let right = text.right.get(column).copied().unwrap_or(false);
                let shift = if right { (width - used).max(0.0) } else { 0.0 };
                self.y = top + (i + 1) as f64 * grid.size * 1.35;
                self.line(line, MARGIN + x + shift, grid.size, Ink::BLACK);
            }
        }
        self.y = top + row.lines as f64 * grid.size * 1.35 + grid.size * 0.25;
    }

    /// Draws a line on the baseline `self.y`.
    fn line(&mut self, line: &Line, x: f64, size: f64, ink: Ink) {
        for piece in line {
            let ink = if piece.style.link.is_some() { LINK } else { ink };
            let (bold, italic) = (piece.style.bold, piece.style.italic);
            let style = TextStyle { bold, italic, ink, ..TextStyle::new(size) };
            self.pdf.text(&piece.text, x + piece.x, self.y, style);
            if let Some(anchor) = &piece.style.link {
                self.pdf.link([x + piece.x, self.y - size, piece.width, size * 1.3], anchor);
            }
        }
    }

    fn new_page(&mut self) {
        self.pdf.add_page(PAGE.0, PAGE.1);
        self.y = MARGIN;
    }

    /// Begins a page with the figures that wait.
    fn next_page(&mut self) -> Result<()> {
        self.new_page();
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        while let Some(next) = waiting.next() {
            let left = BOTTOM - self.y;
            if self.y > MARGIN && self.height(&next, left) > left {
                self.waiting.push(next);
                self.waiting.extend(waiting);
                break;
            }
            self.place(&next, left)?;
        }
        Ok(())
    }

    /// Places every figure that waits.
    fn flush(&mut self) -> Result<()> {
        while !self.waiting.is_empty() {
            self.next_page()?;
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<Vec<u8>> {
        self.flush()?;
        let count = self.pdf.page_count();
        for page in 0..count {
            let text = (page + 1).to_string();
            let x = PAGE.0 / 2.0 - crate::plot::text_width(&text, NOTE, false) / 2.0;
            let style = TextStyle { ink: MUTED, ..TextStyle::new(NOTE) };
            self.pdf.text_on(page, &text, x, PAGE.1 - MARGIN * 0.5, style);
        }
        for entry in &self.entries {
            let Some((_, page)) = self.pages.iter().find(|(anchor, _)| *anchor == entry.anchor)
            else {
                continue;
            };
            let text = page.to_string();
            let x = PAGE.0 - MARGIN - crate::plot::text_width(&text, NOTE, false);
            self.pdf.text_on(entry.page, &text, x, entry.y, TextStyle::new(NOTE));
        }
        Ok(self.pdf.finish())
    }
}

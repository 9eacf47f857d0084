//! A table as a notebook shows it: HTML that follows the theme, and aligned plain text.

use super::column::{Column, ColumnType, Value};
use super::frame::{Table, cut};
use crate::notebook::{Bundle, Show, show_in_cells};

/// Tables up to this long are shown whole; longer ones by their first and last rows.
const WHOLE: usize = 25;
const ENDS: usize = 5;
const HTML_WIDTH: usize = 80;
const PLAIN_WIDTH: usize = 32;
/// Characters of a column that the browser may not squeeze, in a table that is wider than the page.
const LEAST_WIDTH: usize = 32;

impl Show for Table {
    fn bundle(&self) -> Bundle {
        let page = Page::of(self);
        Bundle { plain: page.plain(), html: Some(page.html()), ..Bundle::default() }
    }
}

show_in_cells!(Table);

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Page::of(self).plain())
    }
}

/// The cells that are shown, as text. `None` in `rows` stands for the rows left out.
struct Page<'a> {
    table: &'a Table,
    rows: Vec<Option<usize>>,
    /// `cells[column][row]`, in step with `rows`; `None` is a missing value.
    cells: Vec<Vec<Option<String>>>,
}

impl<'a> Page<'a> {
    fn of(table: &'a Table) -> Self {
        let rows: Vec<Option<usize>> = if table.rows <= WHOLE {
            (0..table.rows).map(Some).collect()
        } else {
            let end = (table.rows - ENDS..table.rows).map(Some);
            (0..ENDS).map(Some).chain([None]).chain(end).collect()
        };
        let cells = table.columns.iter().map(|column| texts(column, &rows)).collect();
        Self { table, rows, cells }
    }

    fn footer(&self) -> String {
        let plural = |count, noun| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        format!("{} × {}", plural(self.table.rows, "row"), plural(self.table.names.len(), "column"))
    }

    fn is_right_aligned(&self, column: usize) -> bool {
        self.table.columns[column].is_numeric()
    }

    /// The characters of the longest cell of a column, as far as that is short.
    fn least_width(&self, column: usize) -> usize {
        let lengths = self.cells[column].iter().flatten().map(|text| text.chars().count());
        lengths.max().unwrap_or(0).min(LEAST_WIDTH)
    }

    fn html(&self) -> String {
        // Only alignment, opacity and thin lines in the text's own colour: right in light and dark themes.
        let line = "border:0;border-bottom:1px solid rgba(128,128,128,.25);padding:.3em .7em;";
        let mut html = String::from(
            "<div style=\"overflow-x:auto;max-width:100%\"><table style=\"border-collapse:collapse;\
             border:0;font-size:.9em;margin:0\"><thead><tr>",
        );
        let align = |column| if self.is_right_aligned(column) { "right" } else { "left" };
        for (index, name) in self.table.names.iter().enumerate() {
            html += &format!(
                "<th style=\"{line}border-bottom-width:2px;text-align:{};vertical-align:bottom;\
                 white-space:nowrap;min-width:{}ch\">{}<br><span style=\"opacity:.55;font-weight:normal;font-size:.85em\">\
                 {}</span></th>",
                align(index),
                self.least_width(index),
                escaped(name),
                self.table.columns[index].column_type(),
            );
        }
        html += "</tr></thead><tbody>";
        for (place, row) in self.rows.iter().enumerate() {
            html += "<tr>";
            for (index, cells) in self.cells.iter().enumerate() {
                let style = format!("{line}text-align:{};vertical-align:top", align(index));
                html += &match (row, &cells[place]) {
                    (None, _) => format!("<td style=\"{style};opacity:.45\">⋮</td>"),
                    (_, None) => {
                        format!("<td style=\"{style};opacity:.45;font-style:italic\">null</td>")
                    }
                    (_, Some(text)) => {
                        let short = cut(text, HTML_WIDTH);
                        let title = if short == *text {
                            String::new()
                        } else {
                            format!(" title=\"{}\"", escaped(&cut(text, 2000)))
                        };
                        let digits = if self.is_right_aligned(index) {
                            ";font-variant-numeric:tabular-nums;white-space:nowrap"
                        } else {
                            ""
                        };
                        format!("<td style=\"{style}{digits}\"{title}>{}</td>", escaped(&short))
                    }
                };
            }
            html += "</tr>";
        }
        html += "</tbody></table>";
        html += &format!(
            "<p style=\"opacity:.6;font-size:.85em;margin:.4em .7em\">{}</p></div>",
            self.footer()
        );
        html
    }

    fn plain(&self) -> String {
        let mut widths = Vec::new();
        let mut columns = Vec::new();
        for (name, cells) in self.table.names.iter().zip(&self.cells) {
            let texts: Vec<String> = self
                .rows
                .iter()
                .zip(cells)
                .map(|(row, cell)| match (row, cell) {
                    (None, _) => "⋮".to_string(),
                    (_, None) => "null".to_string(),
                    // A line break would tear the row apart.
                    (_, Some(text)) => cut(&text.replace(['\n', '\r', '\t'], " "), PLAIN_WIDTH),
                })
                .collect();
            let name = cut(name, PLAIN_WIDTH);
            let longest = texts.iter().chain([&name]).map(|text| text.chars().count()).max();
            widths.push(longest.unwrap_or(0));
            columns.push((name, texts));
        }
        let mut lines = vec![String::new(); self.rows.len() + 2];
        for (index, ((name, texts), width)) in columns.iter().zip(widths).enumerate() {
            let rule = "─".repeat(width);
            let cells = [name, &rule].into_iter().chain(texts);
            for (line, text) in lines.iter_mut().zip(cells) {
                if index > 0 {
                    line.push_str("  ");
                }
                *line += &if self.is_right_aligned(index) {
                    format!("{text:>width$}")
                } else {
                    format!("{text:<width$}")
                };
            }
        }
        let mut plain = String::new();
        for line in lines {
            plain += line.trim_end();
            plain.push('\n');
        }
        plain + &self.footer()
    }
}

fn texts(column: &Column, rows: &[Option<usize>]) -> Vec<Option<String>> {
    let value = |row: &Option<usize>| row.map_or(Value::Null, |row| column.get(row));
    if column.column_type() != ColumnType::Float {
        let text = |value: Value<'_>| (value != Value::Null).then(|| value.to_string());
        return rows.iter().map(|row| text(value(row))).collect();
    }
    let numbers: Vec<Option<f64>> = rows
        .iter()
        .map(|row| match value(row) {
            Value::Float(number) => Some(number),
            _ => None,
        })
        .collect();
    let style = FloatStyle::of(&numbers);
    numbers.into_iter().map(|number| number.map(|number| style.text(number))).collect()
}

/// How the numbers of one column are written: all with as many decimals, so that they line up.
enum FloatStyle {
    Fixed(usize),
    Scientific,
}

impl FloatStyle {
    fn of(numbers: &[Option<f64>]) -> Self {
        let sizes: Vec<f64> = numbers
            .iter()
            .flatten()
            .map(|number| number.abs())
            .filter(|size| size.is_finite() && *size > 0.0)
            .collect();
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        let smallest = sizes.iter().copied().fold(f64::INFINITY, f64::min);
        if largest >= 1e15 || smallest < 1e-6 && largest < 1e-2 {
            return Self::Scientific;
        }
        // Nine digits are enough to read; of small values in a column of large ones two decimals stay.
        let whole_digits = largest.max(1.0).log10().floor() as usize + 1;
        let most = 9_usize.saturating_sub(whole_digits).clamp(2, 6);
        let needed = sizes
            .iter()
            .map(|size| {
                let text = format!("{size:.most$}");
                text.trim_end_matches('0').split('.').nth(1).map_or(0, str::len)
            })
            .max();
        Self::Fixed(needed.unwrap_or(0).max(1))
    }

    fn text(&self, number: f64) -> String {
        match self {
            Self::Fixed(decimals) => format!("{number:.decimals$}"),
            Self::Scientific => format!("{number:.4e}"),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // JupyterLab typesets what stands between two dollar signs.
            '$' => safe.push_str("&#36;"),
            other => safe.push(other),
        }
    }
    safe
}

//! Tables: the widths of columns, and rows whose texts are broken to fit.

use super::super::table_text::TableText;
use super::paragraph::{self, Line};
use crate::plot::text_width;

/// The text sizes that are tried, largest first.
const SIZES: [f64; 4] = [8.5, 7.5, 6.8, 6.0];
/// Space between columns in ems.
const GAP: f64 = 1.6;
/// A text column is not made narrower than this, in ems, unless there are many.
const NARROWEST: f64 = 7.0;

/// A table laid out: its columns and rows.
pub(super) struct Grid {
    pub size: f64,
    /// Left edge and width of each column.
    pub columns: Vec<(f64, f64)>,
    pub width: f64,
    pub head: Row,
    pub rows: Vec<Row>,
}

/// A row: the lines of each cell, and how many the highest cell has.
pub(super) struct Row {
    pub cells: Vec<Vec<Line>>,
    pub lines: usize,
}

/// Lays `text` out in `room` points.
pub(super) fn grid(text: &TableText, room: f64) -> Grid {
    let own = |size: f64| -> Vec<f64> {
        (0..text.names.len())
            .map(|column| {
                let cells = text.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(|cell| text_width(cell, size, false)).fold(0.0, f64::max);
                widest.max(text_width(&text.names[column], size, true)).max(size)
            })
            .collect()
    };
    let total = |widths: &[f64], size: f64| {
        widths.iter().sum::<f64>() + GAP * size * widths.len().saturating_sub(1) as f64
    };
    let fits = SIZES.into_iter().find(|&size| total(&own(size), size) <= room);
    let texts = text.right.iter().any(|right| !right);
    // Long texts break before everything becomes small.
    let size = fits.unwrap_or(if texts { SIZES[1] } else { SIZES[3] });
    let mut widths = own(size);
    let excess = total(&widths, size) - room;
    if excess > 0.0 {
        let gaps = GAP * size * widths.len().saturating_sub(1) as f64;
        shrink(&mut widths, room - gaps, size);
    }
    let mut columns = Vec::new();
    let mut x = 0.0;
    for width in widths {
        columns.push((x, width));
        x += width + GAP * size;
    }
    let width = (x - GAP * size).max(0.0);
    let row = |cells: &[String], bold: bool| {
        let cells: Vec<Vec<Line>> = cells
            .iter()
            .zip(&columns)
            .map(|(cell, (_, width))| {
                let spans = if bold {
                    vec![super::super::inline::Span::Bold(cell.clone())]
                } else {
                    paragraph::plain(cell)
                };
                paragraph::lines(&spans, size, width + 0.1)
            })
            .collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        Row { cells, lines }
    };
    let head = row(&text.names, true);
    let rows = text.rows.iter().map(|cells| row(cells, false)).collect();
    Grid { size, columns, width, head, rows }
}

/// Takes width from the widest columns until the sum is `room`.
fn shrink(widths: &mut [f64], room: f64, size: f64) {
    let least = (NARROWEST * size).min(room / widths.len().max(1) as f64);
    // All columns wider than a limit get the limit; the limit is found by halving.
    let (mut low, mut high) = (least, widths.iter().copied().fold(0.0, f64::max));
    for _ in 0..40 {
        let limit = (low + high) / 2.0;
        let sum: f64 = widths.iter().map(|width| width.min(limit)).sum();
        if sum > room { high = limit } else { low = limit }
    }
    widths.iter_mut().for_each(|width| *width = width.min(low));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_table_fits_the_page() {
        for columns in [1, 3, 8, 20] {
            for length in [1, 10, 60, 300] {
                let text = TableText {
                    names: (0..columns).map(|i| format!("column {i}")).collect(),
                    right: (0..columns).map(|i| i % 2 == 0).collect(),
                    rows: vec![vec!["palabra ".repeat(length / 8 + 1); columns]],
                    note: String::new(),
                };
                let grid = grid(&text, 470.0);
                assert!(grid.width <= 470.5, "{columns} {length}: {}", grid.width);
                assert!(grid.columns.iter().all(|(_, width)| *width > 3.0));
            }
        }
    }
}

//! Maps of missing values: which cells of a table are empty.

use super::super::axis::Scale;
use super::super::figure::Figure;
use super::super::frame::Sample;
use super::super::scene::Align;
use super::super::theme;
use super::super::words::Word;
use super::caption::Caption;
use super::data::{self, wrong};
use super::layers::{Layer, Layers, row_text};
use super::noun::Noun;
use crate::Result;

/// Rows are joined to at most this many strips.
const STRIPS: usize = 240;

/// Missing values of a table: a strip for each column, dark where rows have no value, with the share of missing values at its
/// end; long tables are joined to 240 strips of rows, each as dark as the share that is missing. `missing[j][i]` is whether row
/// `i` of column `j` is missing: [`Table::null_mask`](crate::table::Table::null_mask) returns it.
///
/// ```
/// use cuaderno::plot;
/// let table = cuaderno::table::Table::from_columns(vec![
///     ("city", vec![Some("Lima"), None, Some("Quito")].into()),
///     ("likes", vec![12_i64, 7, 30].into()),
/// ])?;
/// let figure = plot::missing_values(table.columns(), &table.null_mask())?;
/// assert_eq!(figure.to_string(), "figure: missing values of 2 columns in 3 rows");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no column or no row, or if names and columns differ in number or columns in
/// length.
pub fn missing_values(columns: &[impl AsRef<str>], missing: &[Vec<bool>]) -> Result<Figure> {
    let columns = data::names(columns);
    data::same_length(columns.len(), missing.len(), "columns")?;
    let rows = missing.first().map_or(0, Vec::len);
    if rows == 0 {
        return Err(wrong("there is no row to draw"));
    }
    if let Some(i) = missing.iter().position(|column| column.len() != rows) {
        let found = missing[i].len();
        return Err(wrong(format!(
            "column `{}` has {found} rows, the first one has {rows}",
            columns[i]
        )));
    }
    let count = columns.len();
    let describe = Caption::default()
        .phrase("missing values of ", "valores ausentes de ")
        .count(count, Noun::Column)
        .phrase(" in ", " en ")
        .count(rows, Noun::Row);
    let mut chart =
        Layers::new(describe, Scale::Whole { low: 0.0, high: rows as f64 }, Scale::Bands(columns));
    let height = (110 + count * if count > 20 { 17 } else { 24 }).min(6000);
    chart.size = (680, height as u32);
    chart.grid = (false, false);
    chart.right = 58.0;
    chart.x_label = Caption::of(Word::Row);
    chart.key(Caption::of(Word::Missing), theme::series(3), Sample::Square);
    chart.key(Caption::of(Word::Present), theme::GRID, Sample::Square);
    let strips = rows.min(STRIPS);
    let size = row_text((height - 110) as f64, count).max(theme::SMALLEST_SIZE);
    for (j, column) in missing.iter().enumerate() {
        let y = j as f64;
        let bar = |from: f64, to: f64, color| Layer::Bar {
            from: (from, y - 0.36),
            to: (to, y + 0.36),
            color,
        };
        chart.layers.push(bar(0.0, rows as f64, theme::GRID));
        for strip in 0..strips {
            let (from, to) = (strip * rows / strips, (strip + 1) * rows / strips);
            let gone = column[from..to].iter().filter(|&&missing| missing).count();
            if gone > 0 {
                let share = gone as f64 / (to - from) as f64;
                let color = theme::series(3).alpha(0.25 + 0.75 * share);
                chart.layers.push(bar(from as f64, to as f64, color));
            }
        }
        let share = column.iter().filter(|&&missing| missing).count() as f64 / rows as f64;
        let digits = usize::from(share > 0.0 && share < 0.0995);
        let text = Caption::default().number(share * 100.0, digits).text("\u{202f}%");
        chart.layers.push(Layer::Text {
            at: (rows as f64, y),
            shift: (7.0, 0.0),
            text,
            align: Align::Start,
            size,
            color: if share > 0.0 { theme::TEXT } else { theme::MUTED },
        });
    }
    Ok(Figure::new(chart))
}

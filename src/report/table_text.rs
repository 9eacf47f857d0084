//! The cells of a table as text, ready for any format.

use super::terms::Terms;
use super::words;
use crate::table::{Column, Table, Value};

/// Longer tables are cut: nobody reads more rows in a report.
pub(super) const MOST_ROWS: usize = 120;
/// Longer texts of a cell are cut.
const MOST_CHARACTERS: usize = 160;

/// A table as text: one string for each cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableText {
    pub names: Vec<String>,
    /// Whether each column is aligned at the right, as numbers are.
    pub right: Vec<bool>,
    pub rows: Vec<Vec<String>>,
    /// A remark below the table, such as how many rows are shown; empty if there is none.
    pub note: String,
}

impl TableText {
    /// The first rows of `table`, terms and numbers in the language of `terms`, with as many decimals as given, or as the
    /// column needs, at most four.
    pub fn new(table: &Table, terms: Terms<'_>, decimals: Option<usize>) -> Self {
        let language = terms.language;
        let shown = table.rows().min(MOST_ROWS);
        let mut rows = vec![Vec::new(); shown];
        let mut right = Vec::new();
        for name in table.columns() {
            let Ok(column) = table.column(name) else { continue };
            right.push(column.is_numeric());
            let digits = decimals.unwrap_or_else(|| needed_decimals(column, shown));
            for (row, cells) in rows.iter_mut().enumerate() {
                cells.push(cell(column.get(row), terms, digits));
            }
        }
        let note = if shown < table.rows() {
            words::rows_shown(language, shown, table.rows())
        } else {
            String::new()
        };
        let names = table.columns().iter().map(|name| terms.translated(name)).collect();
        Self { names, right, rows, note }
    }

    /// Two columns: names and values.
    pub fn pairs(names: [&str; 2], pairs: &[(String, String)], right: bool) -> Self {
        Self {
            names: names.map(str::to_string).to_vec(),
            right: vec![false, right],
            rows: pairs.iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect(),
            note: String::new(),
        }
    }
}

fn cell(value: Value<'_>, terms: Terms<'_>, digits: usize) -> String {
    let language = terms.language;
    match value {
        Value::Null => "—".to_string(),
        Value::Integer(value) => language.integer(value),
        Value::Float(value) if !value.is_finite() => "—".to_string(),
        Value::Float(value)
            if value != 0.0 && value.abs() < 0.5 * 10_f64.powi(-(digits as i32)) =>
        {
            language.significant(value, 2)
        }
        Value::Float(value) => language.number(value, digits),
        Value::List(items) => cut(&items.join(", ")),
        other => cut(&terms.translated(&other.to_string())),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// How many decimals show every value of the column, at most four, fewer where values are large.
fn needed_decimals(column: &Column, shown: usize) -> usize {
    let Column::Float(values) = column else { return 0 };
    let finite = || values.iter().take(shown).flatten().copied().filter(|v| v.is_finite());
    let largest = finite().map(f64::abs).fold(0.0, f64::max);
    let most = if largest >= 1000.0 {
        1
    } else if largest >= 100.0 {
        2
    } else {
        4
    };
    let needed = |value: f64| {
        let text = format!("{value:.most$}");
        text.split_once('.').map_or(0, |(_, digits)| digits.trim_end_matches('0').len())
    };
    finite().map(needed).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Language;

    #[test]
    fn numbers_have_the_decimals_of_the_language() -> crate::Result<()> {
        let table = Table::from_columns(vec![
            ("modelo", vec!["A", "B"].into()),
            ("f1", vec![Some(0.5), None].into()),
            ("parámetros", vec![11_689_512_i64, 5].into()),
            ("p", vec![0.25, 1e-7].into()),
        ])?;
        let text = TableText::new(&table, Terms::of_the_field(Language::Spanish), None);
        assert_eq!(text.rows[0], ["A", "0,5", "11\u{202f}689\u{202f}512", "0,25"]);
        assert_eq!(text.rows[1], ["B", "—", "5", "1×10⁻⁷"]);
        assert_eq!(text.right, [false, true, true, true]);
        let text = TableText::new(&table, Terms::of_the_field(Language::English), Some(3));
        assert_eq!(text.rows[0][1..], ["0.500", "11\u{202f}689\u{202f}512", "0.250"]);
        Ok(())
    }

    #[test]
    fn long_tables_are_cut_and_say_so() -> crate::Result<()> {
        let numbers: Vec<i64> = (0..1000).collect();
        let table = Table::from_columns(vec![("n", numbers.into())])?;
        let text = TableText::new(&table, Terms::of_the_field(Language::English), None);
        assert_eq!((text.rows.len(), text.note.as_str()), (120, "the first 120 of 1000 rows"));
        Ok(())
    }
}

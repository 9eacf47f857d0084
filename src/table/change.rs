//! Columns computed from columns: renamed, replaced, cut into bins, text cleaned and measured.

use super::column::{Column, Value};
use super::frame::Table;
use super::texts::Texts;
use crate::{Error, ErrorKind, Result};

impl Table {
    /// With a column under another name.
    ///
    /// # Errors
    /// `Table` when there is no column `from`, or another one is called `to`.
    pub fn rename(&self, from: &str, to: &str) -> Result<Self> {
        self.column(from)?;
        if from != to && self.names.iter().any(|name| name == to) {
            return Err(self.in_file(
                Error::new(ErrorKind::Table, format!("another column is called `{to}`"))
                    .column(from),
            ));
        }
        let mut table = self.clone();
        table.names.iter_mut().filter(|name| *name == from).for_each(|name| *name = to.to_string());
        Ok(table)
    }

    /// Ordered by several columns, each ascending (`true`) or descending; nulls come last, and equal rows keep their
    /// order.
    ///
    /// # Errors
    /// `Table` when a column is missing.
    pub fn sort_by_columns(&self, columns: &[(&str, bool)]) -> Result<Self> {
        // The sort is stable: the last key first.
        let mut table = self.clone();
        for (name, ascending) in columns.iter().rev() {
            table = table.sort_by(name, *ascending)?;
        }
        Ok(table)
    }

    /// With `change` applied to every number of a column; nulls and results that are NaN are null.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("likes", vec![0_i64, 99].into())])?;
    /// assert_eq!(table.map_numbers("likes", &|n| n + 1.0)?.numbers("likes")?, [1.0, 100.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column or it is not numeric.
    pub fn map_numbers(&self, name: &str, change: &dyn Fn(f64) -> f64) -> Result<Self> {
        let values = self.numbers(name)?;
        let changed = |number: f64| Some(number).filter(|n| !n.is_nan()).map(change);
        let column: Vec<Option<f64>> =
            values.into_iter().map(|n| changed(n).filter(|n| !n.is_nan())).collect();
        self.with_column(name, column.into())
    }

    /// With `change` applied to every text of a column; nulls stay.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("city", vec![" Lima"].into())])?;
    /// let table = table.map_texts("city", &|text| text.trim().to_lowercase())?;
    /// assert_eq!(table.texts("city")?, ["lima"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column or it does not hold text.
    pub fn map_texts(&self, name: &str, change: &dyn Fn(&str) -> String) -> Result<Self> {
        let mut texts = Texts::new();
        self.text_column(name)?.iter().for_each(|text| texts.push(text.map(change).as_deref()));
        self.with_column(name, Column::Text(texts))
    }

    /// Returns `true` if each text of a column contains `part`; nulls do not.
    ///
    /// # Errors
    /// `Table` when there is no such column or it does not hold text.
    pub fn contains(&self, name: &str, part: &str) -> Result<Vec<bool>> {
        let texts = self.text_column(name)?;
        Ok(texts.iter().map(|text| text.is_some_and(|text| text.contains(part))).collect())
    }

    /// The number of characters of each text; of a null 0.
    ///
    /// # Errors
    /// `Table` when there is no such column or it does not hold text.
    pub fn text_lengths(&self, name: &str) -> Result<Vec<i64>> {
        let length = |text: Option<&str>| text.map_or(0, |text| text.chars().count() as i64);
        Ok(self.text_column(name)?.iter().map(length).collect())
    }

    /// With each value of a column that equals the first text of a pair replaced by the second; numbers are compared as
    /// they are written. A column in which something was replaced becomes text, unless it was.
    ///
    /// # Errors
    /// `Table` when there is no such column or it holds lists.
    pub fn replace(&self, name: &str, pairs: &[(&str, &str)]) -> Result<Self> {
        let column = self.column(name)?;
        if let Column::List(_) = column {
            return Err(self.in_file(
                Error::new(ErrorKind::Table, "expected single values, found lists").column(name),
            ));
        }
        let mut texts = Texts::new();
        let mut changed = false;
        for value in column.iter() {
            let text = (value != Value::Null).then(|| value.to_string());
            let found = text.as_ref().and_then(|text| pairs.iter().find(|(from, _)| from == text));
            changed |= found.is_some();
            texts.push(found.map(|(_, to)| *to).or(text.as_deref()));
        }
        if changed { self.with_column(name, Column::Text(texts)) } else { Ok(self.clone()) }
    }

    /// With `text` in the null cells of a column of text, or of categories of which it is one.
    ///
    /// # Errors
    /// `Table` when there is no such column or it does not hold text.
    pub fn fill_null_texts(&self, name: &str, text: &str) -> Result<Self> {
        if let Column::Category(categories) = self.column(name)?
            && let Some(column) = categories.filled(text)
        {
            return self.with_column(name, Column::Category(column));
        }
        let mut filled = Texts::new();
        self.text_column(name)?.iter().for_each(|cell| filled.push(cell.or(Some(text))));
        self.with_column(name, Column::Text(filled))
    }

    /// Numbers of a column that people wrote in different ways: `12 %` is 0.12, `$1,200.50`, `1.200,50 €` are amounts,
    /// and what is no number is null, as pandas's `to_numeric(errors="coerce")`.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let prices = vec!["$1,200.50", "1.200,50 €", "12 %", "ask"];
    /// let table = Table::from_columns(vec![("price", prices.into())])?;
    /// let numbers = table.numbers_or_null("price")?;
    /// assert_eq!(numbers[..3], [Some(1200.5), Some(1200.5), Some(0.12)]);
    /// assert_eq!(numbers[3], None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column.
    pub fn numbers_or_null(&self, name: &str) -> Result<Vec<Option<f64>>> {
        let column = self.column(name)?;
        let number = |value: Value<'_>| match value {
            Value::Integer(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            Value::Boolean(value) => Some(f64::from(u8::from(value))),
            Value::Text(text) => written_number(text),
            _ => None,
        };
        Ok(column.iter().map(number).collect())
    }

    /// Which of the intervals between ascending `edges` each number of a column lies in: (e₀, e₁] is 0, (e₁, e₂] is 1,
    /// ..., with the first edge included, as pandas's `cut(include_lowest=True)`; null outside.
    ///
    /// # Errors
    /// `Parameter` when there are fewer than two edges or they do not ascend; `Table` when the column is missing or not
    /// numeric.
    pub fn cut(&self, name: &str, edges: &[f64]) -> Result<Vec<Option<usize>>> {
        if edges.len() < 2
            || edges
                .windows(2)
                .any(|pair| pair[0].partial_cmp(&pair[1]) != Some(std::cmp::Ordering::Less))
        {
            let problem = format!("expected at least two ascending edges, found {edges:?}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let bin = |number: f64| {
            if number == edges[0] {
                return Some(0);
            }
            let above = edges.partition_point(|edge| *edge < number);
            (above > 0 && above < edges.len() && !number.is_nan()).then(|| above - 1)
        };
        Ok(self.numbers(name)?.into_iter().map(bin).collect())
    }
}

/// A number with a percent or currency sign, and marks between thousands.
fn written_number(text: &str) -> Option<f64> {
    let mut text = text.trim();
    let percent = text.ends_with('%');
    if percent {
        text = text.trim_end_matches('%').trim_end();
    }
    let negative = text.starts_with('(') && text.ends_with(')');
    let mut digits = text.replace('\u{2212}', "-");
    for code in ["R$", "US$", "USD", "EUR", "GBP", "ARS", "MXN", "BRL"] {
        digits = digits.replace(code, "");
    }
    digits.retain(|c| !"$€£¥₹()".contains(c));
    // A sign may stand before the currency.
    let (sign, digits) = match digits.trim().strip_prefix('-') {
        Some(rest) => ("-", rest.trim()),
        None => ("", digits.trim()),
    };
    // Of two marks the last is the decimal one; a mark that comes twice, or a comma before three digits alone, groups them.
    let marks: Vec<char> = digits.chars().filter(|c| is_mark(*c)).collect();
    let last = marks.last().copied();
    let alone = marks.iter().all(|mark| Some(*mark) == last);
    let groups = match last {
        Some('.') => alone && marks.len() > 1,
        Some(',') => alone && (marks.len() > 1 || grouped(digits).is_some()),
        _ => true,
    };
    let (whole, fraction) = match last.and_then(|mark| digits.rsplit_once(mark)) {
        Some(parts) if !groups => parts,
        _ => (digits, ""),
    };
    let whole = if whole.contains(is_mark) { grouped(whole)? } else { whole.to_string() };
    let number: f64 = format!("{sign}{whole}.{fraction}")
        .parse()
        .or_else(|_| format!("{sign}{digits}").parse())
        .ok()?;
    let number = if negative { -number } else { number };
    Some(if percent { number / 100.0 } else { number }).filter(|number| number.is_finite())
}

/// Returns `true` for what stands between groups of digits, or before decimals.
fn is_mark(c: char) -> bool {
    matches!(c, '.' | ',' | '\'' | '’') || c.is_whitespace()
}

/// The digits of a number in groups of three, or of two before the last as in India, with one mark between them.
fn grouped(text: &str) -> Option<String> {
    let mark = text.chars().find(|c| is_mark(*c))?;
    let groups: Vec<&str> = text.split(mark).collect();
    let (first, [middle @ .., last]) = groups.split_first()? else { return None };
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=3).contains(&first.len())
        && *first != "0"
        && last.len() == 3
        && middle.iter().all(|group| matches!(group.len(), 2 | 3))
        && groups.iter().all(|group| digits(group));
    fits.then(|| groups.concat())
}

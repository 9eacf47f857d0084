//! Rows chosen by their values.

use super::column::Value;
use super::frame::Table;
use crate::{Error, ErrorKind, Result};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

impl Table {
    /// The rows for which `mask` is true, as pandas's `table[mask]`.
    ///
    /// # Errors
    /// `Parameter` when the mask is not as long as the table.
    pub fn filter(&self, mask: &[bool]) -> Result<Self> {
        if mask.len() != self.rows {
            let problem = format!(
                "expected a mask of {} values, one per row, found {}",
                self.rows,
                mask.len()
            );
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("make it from this table, with `table.mask` or `table.contains`"));
        }
        Ok(self.picked(&(0..self.rows).filter(|row| mask[*row]).collect::<Vec<_>>()))
    }

    /// Returns `true` if each row's value of a column fulfills `condition`.
    ///
    /// ```
    /// use cuaderno::table::{Table, Value};
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("likes", vec![812_i64, 77, 90].into())])?;
    /// let many = table.mask("likes", &|value| matches!(value, Value::Integer(n) if n > 80))?;
    /// assert_eq!(table.filter(&many)?.integers("likes")?, [812, 90]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column.
    pub fn mask(&self, name: &str, condition: &dyn Fn(Value<'_>) -> bool) -> Result<Vec<bool>> {
        Ok(self.column(name)?.iter().map(condition).collect())
    }

    /// The rows whose cell, written as text, is `value`.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("language", vec!["spanish", "portuguese"].into())])?;
    /// assert_eq!(table.filter_equal("language", "spanish")?.rows(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column.
    pub fn filter_equal(&self, name: &str, value: &str) -> Result<Self> {
        let mask = self.mask(name, &|cell| match cell {
            Value::Null => false,
            Value::Text(text) => text == value,
            other => other.to_string() == value,
        })?;
        self.filter(&mask)
    }

    /// The rows whose number lies from `low` to `high`, both included; nulls do not.
    ///
    /// # Errors
    /// `Table` when there is no such column or it is not numeric.
    pub fn filter_between(&self, name: &str, low: f64, high: f64) -> Result<Self> {
        let mask: Vec<bool> =
            self.numbers(name)?.iter().map(|number| (low..=high).contains(number)).collect();
        self.filter(&mask)
    }

    /// `count` rows at random without repetition, or all in random order where there are fewer; the seed alone decides.
    pub fn sample(&self, count: usize, seed: u64) -> Self {
        let mut rows: Vec<usize> = (0..self.rows).collect();
        let count = count.min(rows.len());
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for place in 0..count {
            let other = place + (random.next_u64() % (rows.len() - place) as u64) as usize;
            rows.swap(place, other);
        }
        self.picked(&rows[..count])
    }

    /// The distinct values of a column, nulls left out, in order of appearance; of a list column its distinct items.
    ///
    /// # Errors
    /// `Table` when there is no such column.
    pub fn unique(&self, name: &str) -> Result<Vec<String>> {
        let mut seen = std::collections::HashSet::new();
        let mut distinct = Vec::new();
        let mut add = |text: String| {
            if seen.insert(text.clone()) {
                distinct.push(text);
            }
        };
        for value in self.column(name)?.iter() {
            match value {
                Value::Null => {}
                Value::List(items) => items.iter().cloned().for_each(&mut add),
                value => add(value.to_string()),
            }
        }
        Ok(distinct)
    }
}

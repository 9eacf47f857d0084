//! The target of practice 1: the engagement of visitors.

use crate::table::{QuantileCut, Table};
use crate::{Error, ErrorKind, Result};

/// The classes of engagement, from low to high.
pub const CLASSES: [&str; 3] = ["low", "medium", "high"];

/// The first formula of the practice, `(Likes · Bookmarks² − Dislikes) / Visits`, row by row.
///
/// # Errors
/// [`ErrorKind::Table`] when a column is missing or not numeric, a cell is empty, or a place has no visits.
pub fn first_engagement(table: &Table) -> Result<Vec<f64>> {
    let (likes, dislikes) = (counted(table, "Likes")?, counted(table, "Dislikes")?);
    let (bookmarks, visits) = (counted(table, "Bookmarks")?, positive(table, "Visits")?);
    let value = |row: usize| (likes[row] * bookmarks[row].powi(2) - dislikes[row]) / visits[row];
    Ok((0..table.rows()).map(value).collect())
}

/// The final formula of the practice, `((Likes · Bookmarks² − Dislikes) / Visits) · (1 / tier)`, row by row: tier 1,
/// the highest, has the largest weight.
///
/// # Errors
/// As [`first_engagement`], and when a tier is not above 0.
pub fn engagement(table: &Table) -> Result<Vec<f64>> {
    let tiers = positive(table, "tier")?;
    Ok(first_engagement(table)?.into_iter().zip(tiers).map(|(value, tier)| value / tier).collect())
}

fn counted(table: &Table, column: &str) -> Result<Vec<f64>> {
    let numbers = table.numbers(column)?;
    match numbers.iter().position(|number| !number.is_finite()) {
        None => Ok(numbers),
        Some(row) => Err(table
            .at(column, row, "the cell holds no number, and engagement needs one")
            .help("fill it in, or leave the row out with `drop_nulls`")),
    }
}

fn positive(table: &Table, column: &str) -> Result<Vec<f64>> {
    let numbers = counted(table, column)?;
    match numbers.iter().position(|number| *number <= 0.0) {
        None => Ok(numbers),
        Some(row) => Err(table
            .at(column, row, format!("engagement is divided by it, but it is {}", numbers[row]))
            .help("write a number above 0, or leave the row out")),
    }
}

/// Thresholds that cut the engagement into the three [`CLASSES`] of equal size.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    cut: QuantileCut,
}

impl Target {
    /// Thresholds from all values, as the practice's report computes them.
    ///
    /// # Errors
    /// [`ErrorKind::Numeric`] when a value is not finite, or so many values are equal that a class would be empty.
    pub fn fit(engagement: &[f64]) -> Result<Self> {
        Ok(Self { cut: QuantileCut::fit(engagement, CLASSES.len())? })
    }

    /// Thresholds from the values at `rows`, the training rows.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and when a row does not exist.
    pub fn fit_on(engagement: &[f64], rows: &[usize]) -> Result<Self> {
        let value = |row: &usize| {
            engagement.get(*row).copied().ok_or_else(|| {
                Error::new(
                    ErrorKind::Parameter,
                    format!("row {row} does not exist: there are {} values", engagement.len()),
                )
                .help("rows count from 0")
            })
        };
        Self::fit(&rows.iter().map(value).collect::<Result<Vec<f64>>>()?)
    }

    /// The class of each value: 0 low, 1 medium, 2 high.
    ///
    /// # Errors
    /// [`ErrorKind::Numeric`] when a value is not finite.
    pub fn labels(&self, engagement: &[f64]) -> Result<Vec<usize>> {
        self.cut.assign(engagement)
    }

    /// The thresholds between low and medium, and between medium and high.
    pub fn thresholds(&self) -> &[f64] {
        &self.cut.edges()[1..CLASSES.len()]
    }
}

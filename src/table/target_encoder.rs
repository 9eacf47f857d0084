//! Categories as the mean of the target among the rows that hold them.

use super::column::{Column, Value};
use super::features::FeatureMatrix;
use super::frame::Table;
use super::scalers::check_some;
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// One feature per column: the smoothed mean of the target over the fitted rows with the category,
/// (Σ y + m · ȳ) / (n + m), and the mean ȳ of all for a category that was not fitted (Micci-Barreca, 2001).
///
/// The mean of a category includes the row itself: a network trained on it would read its own answer. Use
/// [`fit_transform`](Self::fit_transform) for the training rows, which takes each row's value from the other folds, as
/// scikit-learn's `TargetEncoder`.
///
/// ```
/// use cuaderno::table::{Table, TargetEncoder};
/// let table = Table::from_columns(vec![("city", vec!["Lima", "Lima", "Quito"].into())])?;
/// let encoder = TargetEncoder::fit(&table, &["city"], &[0, 1, 2], &[1.0, 0.0, 1.0], 0.0)?;
/// assert_eq!(encoder.transform(&table, &[0, 2])?.to_vec(), [0.5, 1.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetEncoder {
    smoothing: f64,
    mean: f64,
    columns: Vec<(String, HashMap<String, f64>)>,
}

/// Folds of [`TargetEncoder::fit_transform`].
const FOLDS: usize = 5;

impl TargetEncoder {
    /// Fits the means of `target`, one value per row of the table, on these rows; `smoothing` is m, in rows.
    ///
    /// # Errors
    /// `Parameter` when `rows` is empty, the target is not as long as the table or not finite, or the smoothing is
    /// negative; `Table` when a column is missing or holds lists.
    pub fn fit(
        table: &Table,
        columns: &[&str],
        rows: &[usize],
        target: &[f64],
        smoothing: f64,
    ) -> Result<Self> {
        check_some(rows)?;
        table.check_rows(rows)?;
        if target.len() != table.rows() {
            let problem = format!(
                "expected a target for each of the {} rows, found {}",
                table.rows(),
                target.len()
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        if let Some(row) = rows.iter().find(|row| !target[**row].is_finite()) {
            return Err(
                Error::new(ErrorKind::Numeric, format!("the target is {}", target[*row])).row(*row)
            );
        }
        if !(smoothing.is_finite() && smoothing >= 0.0) {
            let problem = format!("`smoothing` must be at least 0, found {smoothing}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let mean = rows.iter().map(|row| target[*row]).sum::<f64>() / rows.len() as f64;
        let fit = |name: &&str| {
            let column = single_valued(table, name)?;
            let mut sums: HashMap<String, (f64, f64)> = HashMap::new();
            for &row in rows {
                let value = column.get(row);
                if value != Value::Null {
                    let (sum, count) = sums.entry(value.to_string()).or_default();
                    *sum += target[row];
                    *count += 1.0;
                }
            }
            let smoothed =
                |(sum, count): (f64, f64)| (sum + smoothing * mean) / (count + smoothing);
            let means = sums.into_iter().map(|(category, sums)| (category, smoothed(sums)));
            Ok((name.to_string(), means.collect()))
        };
        let columns = columns.iter().map(fit).collect::<Result<_>>()?;
        Ok(Self { smoothing, mean, columns })
    }

    /// The fitted means of the categories of these rows, `[rows, columns]`. Not for the rows that were fitted on.
    ///
    /// # Errors
    /// `Table` when a column is missing or holds lists; `Parameter` when a row is past the end.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        table.check_rows(rows)?;
        let mut values = Array2::zeros((rows.len(), self.columns.len()));
        let mut unknown = Vec::new();
        for (index, (name, means)) in self.columns.iter().enumerate() {
            let column = single_valued(table, name)?;
            let mut missing = 0;
            for (place, &row) in rows.iter().enumerate() {
                let found = match column.get(row) {
                    Value::Null => None,
                    value => means.get(&value.to_string()),
                };
                missing += usize::from(found.is_none());
                values[(place, index)] = *found.unwrap_or(&self.mean) as f32;
            }
            if missing > 0 {
                unknown.push((name.clone(), missing));
            }
        }
        let names = self.columns.iter().map(|(name, _)| format!("{name}_target")).collect();
        Ok(FeatureMatrix { values, names, unknown })
    }

    /// An encoder fitted on all of these rows, for other rows, and their own out-of-fold values: each of five random
    /// folds is encoded by the means of the other four.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and when there are fewer than two rows.
    pub fn fit_transform(
        table: &Table,
        columns: &[&str],
        rows: &[usize],
        target: &[f64],
        smoothing: f64,
        seed: u64,
    ) -> Result<(Self, FeatureMatrix)> {
        let whole = Self::fit(table, columns, rows, target, smoothing)?;
        if rows.len() < 2 {
            let problem =
                format!("expected at least 2 rows to make folds of, found {}", rows.len());
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, (random.next_u64() % (last as u64 + 1)) as usize);
        }
        let mut values = Array2::zeros((rows.len(), columns.len()));
        let folds = FOLDS.min(rows.len());
        for fold in 0..folds {
            let inside = |place: &usize| place % folds == fold;
            let others: Vec<usize> =
                (0..order.len()).filter(|p| !inside(p)).map(|p| rows[order[p]]).collect();
            let places: Vec<usize> = (0..order.len()).filter(inside).map(|p| order[p]).collect();
            let own: Vec<usize> = places.iter().map(|place| rows[*place]).collect();
            let encoder = Self::fit(table, columns, &others, target, smoothing)?;
            let encoded = encoder.transform(table, &own)?.values;
            for (place, row) in places.into_iter().zip(encoded.rows()) {
                values.row_mut(place).assign(&row);
            }
        }
        let names = columns.iter().map(|name| format!("{name}_target")).collect();
        Ok((whole, FeatureMatrix { values, names, unknown: Vec::new() }))
    }
}

fn single_valued<'a>(table: &'a Table, name: &str) -> Result<&'a Column> {
    match table.column(name)? {
        Column::List(_) => Err(table.in_file(
            Error::new(ErrorKind::Table, "expected single values, found lists").column(name),
        )),
        column => Ok(column),
    }
}

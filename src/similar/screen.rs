//! Rows in whole numbers of eight bits, which bound their inner products with a query.
//!
//! A query for the nearest of many rows waits for memory. Rounded rows take a quarter of it, and what rounding can change has a
//! bound, so that nearly all rows are ruled out without their exact values, and none of the nearest is lost.

use pulp::Arch;
use rayon::prelude::*;

/// Rows that one thread takes at a time.
const CHUNK: usize = 1024;
/// The greatest rounded value of a row.
const GREATEST: f32 = 127.0;

/// Rounded rows: `row ≈ scale · values`, with the length of what rounding took away.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    features: usize,
    values: Vec<i8>,
    rows: Vec<Rounding>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rounding {
    scale: f32,
    /// `‖row − scale · values‖`.
    error: f32,
}

impl Screen {
    /// Rounds rows of unit length or zero, `[rows, features]`.
    pub fn new(rows: &[f32], features: usize) -> Self {
        let mut values = vec![0; rows.len()];
        let rows = values
            .par_chunks_mut(features)
            .zip(rows.par_chunks(features))
            .map(|(values, row)| {
                let scale = greatest(row) / GREATEST;
                if scale == 0.0 {
                    return Rounding::default();
                }
                let mut squares = 0.0;
                for (value, x) in values.iter_mut().zip(row) {
                    *value = (x / scale).round() as i8;
                    squares += f64::from(x - f32::from(*value) * scale).powi(2);
                }
                Rounding { scale, error: squares.sqrt() as f32 }
            })
            .collect();
        Self { features, values, rows }
    }

    /// Rows that may be among the `count` with the greatest products with `query`, in order: those whose greatest possible
    /// product is not below the smallest possible one of `count` others. `query` has unit length or is zero.
    pub fn candidates(&self, query: &[f32], count: usize, without: Option<usize>) -> Vec<usize> {
        // A sum of `features` products fits 32 bits.
        let limit = (i32::MAX as f32 / GREATEST / self.features as f32 - 1.0).clamp(1.0, 32_000.0);
        let scale = greatest(query).max(f32::MIN_POSITIVE) / limit.floor();
        let rounded: Vec<i16> = query.iter().map(|x| (x / scale).round() as i16).collect();
        let squares = query
            .iter()
            .zip(&rounded)
            .map(|(x, value)| f64::from(x - f32::from(*value) * scale).powi(2));
        let error = squares.sum::<f64>().sqrt() as f32;
        // Products of the exact rows are sums of single precision too.
        let sums = self.features as f32 * f32::EPSILON + 1e-6;
        let mut bounds = vec![(0.0f32, 0.0f32); self.rows.len()];
        bounds
            .par_chunks_mut(CHUNK)
            .zip(self.rows.par_chunks(CHUNK))
            .zip(self.values.par_chunks(CHUNK * self.features))
            .for_each(|((bounds, rows), values)| {
                Arch::new().dispatch(|| {
                    for ((bound, row), values) in
                        bounds.iter_mut().zip(rows).zip(values.chunks_exact(self.features))
                    {
                        let sum: i32 = values
                            .iter()
                            .zip(&rounded)
                            .map(|(a, b)| i32::from(*a) * i32::from(*b))
                            .sum();
                        let product = sum as f32 * row.scale * scale;
                        let error = row.error + error * (1.0 + row.error) + sums;
                        *bound = (product - error, product + error);
                    }
                });
            });
        if let Some(row) = without {
            bounds[row] = (f32::NEG_INFINITY, f32::NEG_INFINITY);
        }
        let mut lowest: Vec<f32> = bounds.iter().map(|bound| bound.0).collect();
        let threshold = match count.min(lowest.len()) {
            0 => f32::INFINITY,
            count => *lowest.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a)).1,
        };
        let possible = |row: &usize| bounds[*row].1 >= threshold && Some(*row) != without;
        (0..bounds.len()).filter(possible).collect()
    }
}

fn greatest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, value| most.max(value.abs()))
}

//! Matrices that are mostly zeros.

use rayon::prelude::*;

/// Sparse matrix in compressed rows (CSR), such as the term weights of [`TfIdf`](super::TfIdf).
///
/// ```
/// use cuaderno::text::{Corpus, TfIdf, TfIdfConfig, Tokenizer};
/// let corpus = Corpus::new(&["té verde", "té negro"], &Tokenizer::spanish());
/// let config = TfIdfConfig { max_ngram: 1, ..TfIdfConfig::default() };
/// let matrix = TfIdf::fit(&corpus, &[0, 1], &config)?.transform(&corpus, &[0, 1])?;
/// let (columns, values) = matrix.row(0);
/// assert_eq!((matrix.rows(), columns.len()), (2, 2));
/// assert!((values.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-6); // rows of length 1
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseMatrix {
    columns: usize,
    ends: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl SparseMatrix {
    /// Rows of (column, value), columns ascending and below `columns`.
    pub(super) fn from_rows(columns: usize, rows: Vec<Vec<(u32, f32)>>) -> Self {
        let count = rows.iter().map(Vec::len).sum();
        let mut matrix = Self {
            columns,
            ends: Vec::with_capacity(rows.len()),
            indices: Vec::with_capacity(count),
            values: Vec::with_capacity(count),
        };
        for row in rows {
            matrix.indices.extend(row.iter().map(|(column, _)| *column));
            matrix.values.extend(row.iter().map(|(_, value)| *value));
            matrix.ends.push(matrix.indices.len());
        }
        matrix
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of stored values.
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// The columns of a row that are not zero, ascending, and their values; nothing when there is no such row.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let Some(&end) = self.ends.get(row) else { return (&[], &[]) };
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        (&self.indices[start..end], &self.values[start..end])
    }

    /// For each row of `queries`, the row of this matrix with the greatest product, and that product: with rows of
    /// length 1 the cosine. Row 0 and product 0 where all products are 0; of equal rows the first.
    pub fn nearest(&self, queries: &Self) -> Vec<(usize, f32)> {
        // Of each column, the rows that have it.
        let mut starts = vec![0usize; self.columns + 1];
        self.indices.iter().for_each(|column| starts[*column as usize + 1] += 1);
        (0..self.columns).for_each(|column| starts[column + 1] += starts[column]);
        let mut places = starts.clone();
        let mut lists = vec![(0u32, 0f32); self.indices.len()];
        for row in 0..self.rows() {
            let (columns, values) = self.row(row);
            for (column, value) in columns.iter().zip(values) {
                let place = &mut places[*column as usize];
                lists[*place] = (row as u32, *value);
                *place += 1;
            }
        }
        let search = |(products, touched): &mut (Vec<f32>, Vec<u32>), query: usize| {
            let (columns, values) = queries.row(query);
            for (column, value) in columns.iter().zip(values) {
                let column = *column as usize;
                if column >= self.columns {
                    continue;
                }
                for (row, other) in &lists[starts[column]..starts[column + 1]] {
                    let product = &mut products[*row as usize];
                    if *product == 0.0 {
                        touched.push(*row);
                    }
                    *product += value * other;
                }
            }
            let mut best = (0, 0.0f32);
            for row in touched.drain(..) {
                let product = std::mem::take(&mut products[row as usize]);
                if product > best.1 || product == best.1 && (row as usize) < best.0 {
                    best = (row as usize, product);
                }
            }
            best
        };
        (0..queries.rows())
            .into_par_iter()
            .map_init(|| (vec![0.0; self.rows()], Vec::new()), search)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_row_has_the_greatest_product() {
        let rows = vec![vec![(0, 1.0)], vec![(0, 0.6), (2, 0.8)], vec![], vec![(2, 1.0)]];
        let matrix = SparseMatrix::from_rows(3, rows);
        assert_eq!((matrix.rows(), matrix.columns(), matrix.stored()), (4, 3, 4));
        let queries = SparseMatrix::from_rows(
            3,
            vec![vec![(0, 0.6), (2, 0.8)], vec![(1, 1.0)], vec![(2, 1.0)], vec![(0, 1.0)]],
        );
        let nearest = matrix.nearest(&queries);
        assert_eq!(nearest.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 0, 3, 0]);
        assert!((nearest[0].1 - 1.0).abs() < 1e-6 && nearest[1].1 == 0.0);
        assert_eq!(matrix.row(9), (&[][..], &[][..]));
    }
}

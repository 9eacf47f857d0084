//! Matrix products by the crate `gemm-f32`, behind a safe interface.

use super::threads::{self, Shared};
use gemm_common::Parallelism;
use std::ops::Range;

/// A matrix view on a slice, with strides in elements.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// A submatrix of a row-major matrix: `columns` columns of rows that are `row_stride` apart.
    pub fn strided(values: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        Self { values, rows, columns, row_stride, column_stride: 1 }
    }

    /// The transpose, without a copy.
    pub fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// The number of rows and columns.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// The values with the row and column strides.
    pub(super) fn strided_values(&self) -> (&'a [f32], usize, usize) {
        (self.values, self.row_stride, self.column_stride)
    }

    /// A range of columns.
    fn columns(self, range: Range<usize>) -> Self {
        let values = &self.values[(range.start * self.column_stride).min(self.values.len())..];
        Self { values, columns: range.len(), ..self }
    }

    /// A range of rows.
    pub(super) fn rows(self, range: Range<usize>) -> Self {
        self.transposed().columns(range).transposed()
    }

    fn fits(&self) -> bool {
        fits(self.values.len(), self.rows, self.columns, self.row_stride, self.column_stride)
    }
}

/// A mutable row-major matrix view with rows `row_stride` elements apart.
#[derive(Debug)]
pub struct MatrixMut<'a> {
    values: &'a mut [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
}

impl<'a> MatrixMut<'a> {
    /// A row-major matrix.
    pub fn new(values: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self { values, rows, columns, row_stride: columns }
    }

    /// A submatrix of a row-major matrix: `columns` columns of rows that are `row_stride` apart.
    pub fn strided(values: &'a mut [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        Self { values, rows, columns, row_stride }
    }

    /// Checks that the product of these factors has this matrix's size, which fits its slice.
    fn check(&self, left: &Matrix<'_>, right: &Matrix<'_>) {
        assert!(left.rows == self.rows && right.columns == self.columns);
        assert!(fits(self.values.len(), self.rows, self.columns, self.row_stride, 1));
        assert!(self.row_stride >= self.columns, "rows of the output overlap");
    }
}

fn fits(len: usize, rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * row_stride + (columns - 1) * column_stride < len
}

/// `output = left · right`, or `output += left · right` with `keep`, on the calling thread.
///
/// # Panics
/// When the sizes do not fit: callers check shapes where they enter the crate.
pub fn matmul(output: MatrixMut<'_>, left: Matrix<'_>, right: Matrix<'_>, keep: bool) {
    output.check(&left, &right);
    // SAFETY: the output is borrowed exclusively, and the check shows that it holds all rows and columns.
    unsafe { product(output.values.as_mut_ptr(), output.row_stride, left, right, keep) };
}

/// [`matmul`] on all threads.
pub fn matmul_parallel(output: MatrixMut<'_>, left: Matrix<'_>, right: Matrix<'_>, keep: bool) {
    /// Length of a sum from which it is split among threads when there are few sums.
    const LONG: usize = 1 << 12;
    const FEW: usize = 1 << 14;
    let depth = left.columns;
    if depth < LONG || output.rows * output.columns > FEW {
        shared_out(output, left, right, keep);
        return;
    }
    // Few long sums: each thread sums a part of each.
    let run = depth.div_ceil(threads::count());
    let parts = threads::map(depth.div_ceil(run), |part| {
        let inner = part * run..((part + 1) * run).min(depth);
        let mut sums = vec![0.0; output.rows * output.columns];
        let whole = MatrixMut::new(&mut sums, output.rows, output.columns);
        matmul(whole, left.columns(inner.clone()), right.rows(inner), false);
        sums
    });
    let MatrixMut { values, columns, row_stride, .. } = output;
    for (number, sums) in parts.iter().enumerate() {
        for (row, sums) in values.chunks_mut(row_stride).zip(sums.chunks_exact(columns.max(1))) {
            for (value, sum) in row.iter_mut().zip(sums) {
                *value = if keep || number > 0 { *value + sum } else { *sum };
            }
        }
    }
}

/// Each thread computes a range of rows of the output, or of columns where there are more of them.
fn shared_out(output: MatrixMut<'_>, left: Matrix<'_>, right: Matrix<'_>, keep: bool) {
    /// Fewest rows or columns per task.
    const FEWEST: usize = 32;
    output.check(&left, &right);
    let MatrixMut { values, rows, columns, row_stride } = output;
    let (longer, by_rows) = (rows.max(columns), rows >= columns);
    let run = longer.div_ceil(threads::count()).next_multiple_of(FEWEST);
    let shared = Shared::new(values);
    threads::each(longer.div_ceil(run), |part| {
        let mine = part * run..((part + 1) * run).min(longer);
        let (left, right, start) = match by_rows {
            true => (left.rows(mine.clone()), right, mine.start * row_stride),
            false => (left, right.columns(mine.clone()), mine.start),
        };
        // SAFETY: the check shows that the output holds all rows and columns; the tasks' ranges do not overlap, and the
        // slice is borrowed exclusively for all of them.
        unsafe { product(shared.start().add(start), row_stride, left, right, keep) };
    });
}

/// # Safety
/// `output` must point to as many rows as `left` has, `row_stride` apart, of as many values as `right` has columns, and
/// nothing else may access them.
unsafe fn product(
    output: *mut f32,
    row_stride: usize,
    left: Matrix<'_>,
    right: Matrix<'_>,
    keep: bool,
) {
    assert!(left.columns == right.rows && left.fits() && right.fits());
    if left.rows == 0 || right.columns == 0 {
        return;
    }
    // SAFETY: the assert shows that every element of the factors that the sizes and strides reach lies inside its
    // slice; the caller guarantees the same of the output.
    unsafe {
        // The crate's output is column-major: (left · right)ᵀ = rightᵀ · leftᵀ.
        gemm_f32::gemm::f32::get_gemm_fn()(
            right.columns,
            left.rows,
            left.columns,
            output,
            row_stride as isize,
            1,
            keep,
            right.values.as_ptr(),
            right.row_stride as isize,
            right.column_stride as isize,
            left.values.as_ptr(),
            left.row_stride as isize,
            left.column_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu::random;

    fn naive(left: &[f32], right: &[f32], [m, k, n]: [usize; 3]) -> Vec<f32> {
        let mut out = vec![0.0; m * n];
        for i in 0..m {
            for j in 0..n {
                out[i * n + j] = (0..k).map(|p| left[i * k + p] * right[p * n + j]).sum();
            }
        }
        out
    }

    #[test]
    fn products_agree_with_the_definition() {
        for (case, [m, k, n]) in
            [[1, 1, 1], [3, 7, 5], [17, 33, 9], [64, 1, 65], [5, 5001, 3]].into_iter().enumerate()
        {
            let (a, b) = (random(case as u64, m * k), random(99 + case as u64, k * n));
            let expected = naive(&a, &b, [m, k, n]);
            let mut out = vec![f32::NAN; m * n];
            matmul_parallel(
                MatrixMut::new(&mut out, m, n),
                Matrix::new(&a, m, k),
                Matrix::new(&b, k, n),
                false,
            );
            for (x, y) in out.iter().zip(&expected) {
                assert!((x - y).abs() < 1e-4 * (k as f32).sqrt(), "{x} {y}");
            }
            // (bᵀ aᵀ)ᵀ through transposed views, added to the output.
            let mut twice = vec![1.0; n * m];
            let (at, bt) = (Matrix::new(&a, m, k).transposed(), Matrix::new(&b, k, n).transposed());
            matmul(MatrixMut::new(&mut twice, n, m), bt, at, true);
            for i in 0..m {
                for j in 0..n {
                    let error = (twice[j * m + i] - 1.0 - expected[i * n + j]).abs();
                    assert!(error < 1e-4 * (k as f32).sqrt(), "{error}");
                }
            }
        }
    }
}

//! Inner products of rows with one query.

use pulp::{Arch, Simd, WithSimd, as_arrays};

/// `a·b`.
#[cfg(feature = "hnsw")]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut product = [0.0];
    products(a, b, &mut product);
    product[0]
}

/// The inner product of each row of `rows`, `[products, features]`, with `query`, `[features]`.
pub(super) fn products(rows: &[f32], query: &[f32], products: &mut [f32]) {
    Arch::new().dispatch(Products { rows, query, products });
}

struct Products<'a> {
    rows: &'a [f32],
    query: &'a [f32],
    products: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (query, query_rest) = S::as_simd_f32s(self.query);
        let (query_fours, query_ones) = as_arrays::<4, _>(query);
        let rows = self.rows.chunks_exact(self.query.len().max(1));
        for (row, product) in rows.zip(self.products) {
            let (row, rest) = S::as_simd_f32s(row);
            let (fours, ones) = as_arrays::<4, _>(row);
            // Four sums, so that one addition need not wait for the one before.
            let mut sums = [simd.splat_f32s(0.0); 4];
            for (a, b) in fours.iter().zip(query_fours) {
                for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                    *sum = simd.mul_add_f32s(*a, *b, *sum);
                }
            }
            for (a, b) in ones.iter().zip(query_ones) {
                sums[0] = simd.mul_add_f32s(*a, *b, sums[0]);
            }
            let [a, b, c, d] = sums;
            let sum = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
            let rest: f32 = rest.iter().zip(query_rest).map(|(a, b)| a * b).sum();
            *product = simd.reduce_sum_f32s(sum) + rest;
        }
    }
}

//! Sparse matrices by rows, and their products with lines of a dense operand.

use super::elementwise::MOST_LANES;
use pulp::{Arch, Simd, WithSimd};

/// Memory reused between images.
#[derive(Default)]
pub struct SparseScratch {
    pub(super) sample: Vec<f32>,
    pub(super) gradient: Vec<f32>,
    pub(super) by_channel: Entries,
    pub(super) by_position: Entries,
    pub(super) counts: Vec<u32>,
}

/// A sparse matrix by rows. Columns are offsets into the dense operand; each row has the offset of its sum.
#[derive(Default)]
pub(super) struct Entries {
    rows: Vec<Row>,
    pub(super) at: Vec<u32>,
    pub(super) values: Vec<f32>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Row {
    target: u32,
    start: u32,
    end: u32,
}

impl Entries {
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.at.clear();
        self.values.clear();
    }

    /// Ends the row that started at entry `start`, unless it is empty.
    pub(super) fn end_row(&mut self, target: usize, start: usize) {
        let end = self.at.len();
        if start < end {
            self.rows.push(Row { target: target as u32, start: start as u32, end: end as u32 });
        }
    }

    /// Transposes the rows: targets become columns, and columns targets.
    pub(super) fn transpose(&self, into: &mut Entries, counts: &mut Vec<u32>) {
        into.clear();
        let (Some(first), Some(last)) = (self.at.iter().min(), self.at.iter().max()) else {
            return;
        };
        let (first, span) = (*first as usize, (*last - *first) as usize + 1);
        counts.clear();
        counts.resize(span + 1, 0);
        for at in &self.at {
            counts[*at as usize - first + 1] += 1;
        }
        for place in 0..span {
            let start = counts[place];
            let end = start + counts[place + 1];
            counts[place + 1] = end;
            if start < end {
                into.rows.push(Row { target: (first + place) as u32, start, end });
            }
        }
        into.at.resize(self.at.len(), 0);
        into.values.resize(self.at.len(), 0.0);
        for row in &self.rows {
            for entry in row.start as usize..row.end as usize {
                let slot = &mut counts[self.at[entry] as usize - first];
                into.at[*slot as usize] = row.target;
                into.values[*slot as usize] = self.values[entry];
                *slot += 1;
            }
        }
    }

    /// `out[target..] += Σ value · dense[at..]` over lines of `line` values, for each row.
    pub(super) fn add_product(&self, dense: &[f32], out: &mut [f32], line: usize) {
        Arch::new().dispatch(Product { entries: self, dense, out, line });
    }
}

struct Product<'a> {
    entries: &'a Entries,
    dense: &'a [f32],
    out: &'a mut [f32],
    line: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { entries, dense, out, line } = self;
        let lanes = S::F32_LANES;
        let mut from = 0;
        while line - from >= 8 * lanes {
            part::<S, 8>(simd, entries, dense, out, from);
            from += 8 * lanes;
        }
        if line - from >= 4 * lanes {
            part::<S, 4>(simd, entries, dense, out, from);
            from += 4 * lanes;
        }
        if line - from >= 2 * lanes {
            part::<S, 2>(simd, entries, dense, out, from);
            from += 2 * lanes;
        }
        if line - from >= lanes {
            part::<S, 1>(simd, entries, dense, out, from);
            from += lanes;
        }
        if from == line {
            return;
        }
        if line >= lanes {
            last(simd, entries, dense, out, from, line);
            return;
        }
        for row in &entries.rows {
            for column in from..line {
                let target = &mut out[row.target as usize + column];
                for entry in row.start as usize..row.end as usize {
                    *target += entries.values[entry] * dense[entries.at[entry] as usize + column];
                }
            }
        }
    }
}

/// The values of each line from value `from`, fewer than a vector: the last vector of the line, of which only those are kept.
#[inline(always)]
fn last<S: Simd>(
    simd: S,
    entries: &Entries,
    dense: &[f32],
    out: &mut [f32],
    from: usize,
    line: usize,
) {
    let lanes = S::F32_LANES;
    for row in &entries.rows {
        let range = row.start as usize..row.end as usize;
        let mut sum = simd.splat_f32s(0.0);
        for (at, value) in entries.at[range.clone()].iter().zip(&entries.values[range]) {
            let (source, _) = S::as_simd_f32s(&dense[*at as usize + line - lanes..][..lanes]);
            sum = simd.mul_add_e_f32s(simd.splat_f32s(*value), source[0], sum);
        }
        let mut sums = [0.0; MOST_LANES];
        S::as_mut_simd_f32s(&mut sums[..lanes]).0[0] = sum;
        let target = &mut out[row.target as usize..][from..line];
        let new = &sums[lanes - target.len()..lanes];
        target.iter_mut().zip(new).for_each(|(target, sum)| *target += sum);
    }
}

/// `N` vectors of each line from value `from`, with the sums in registers.
#[inline(always)]
fn part<S: Simd, const N: usize>(
    simd: S,
    entries: &Entries,
    dense: &[f32],
    out: &mut [f32],
    from: usize,
) {
    let length = N * S::F32_LANES;
    for row in &entries.rows {
        let range = row.start as usize..row.end as usize;
        let target = &mut out[row.target as usize + from..][..length];
        let (target, _) = S::as_mut_simd_f32s(target);
        let mut sums = [simd.splat_f32s(0.0); N];
        for (sum, value) in sums.iter_mut().zip(target.iter()) {
            *sum = *value;
        }
        for (at, value) in entries.at[range.clone()].iter().zip(&entries.values[range]) {
            let (source, _) = S::as_simd_f32s(&dense[*at as usize + from..][..length]);
            let value = simd.splat_f32s(*value);
            for (sum, source) in sums.iter_mut().zip(source) {
                *sum = simd.mul_add_e_f32s(value, *source, *sum);
            }
        }
        target.copy_from_slice(&sums);
    }
}

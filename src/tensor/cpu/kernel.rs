//! The matrix product microkernel: packed rows times row-major columns, summed in registers.
//!
//! `left` is packed in tiles of as many rows as the registers hold sums for; `right` is row-major with rows of whole
//! vectors. All tiles of `left` are multiplied with three vectors of `right`, for as many terms as the L1 cache holds,
//! before the next three.

use super::elementwise::{Activation, finish_within};
use super::epilogue::After;
use super::matmul::Matrix;
use super::threads;
use super::threads::Shared;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Columns of `right` and of the product are a multiple of this, the lanes of the longest vectors.
pub const LANES: usize = 16;
/// Terms that are summed at a time: three vectors of each fit the L1 cache.
const TERMS: usize = 192;

/// Rows per tile on this CPU.
pub fn tile_rows() -> usize {
    struct Rows;
    impl WithSimd for Rows {
        type Output = usize;

        fn with_simd<S: Simd>(self, _: S) -> usize {
            rows_of::<S>()
        }
    }
    Arch::new().dispatch(Rows)
}

/// With three vectors per row, the sums of a tile fill the registers that the operands leave: 24 of 32 with 16 lanes,
/// 12 of 16 with 8 lanes.
const fn rows_of<S: Simd>() -> usize {
    if S::F32_LANES == 8 { 4 } else { 8 }
}

/// Length of packed rows, `[tiles, depth, tile rows]`.
pub fn packed_len(rows: usize, depth: usize) -> usize {
    let tile = tile_rows();
    rows.div_ceil(tile) * depth * tile
}

/// Packs the rows of a matrix, padded by zeros to whole tiles.
pub fn pack(matrix: Matrix<'_>, packed: &mut [f32]) {
    let (rows, depth) = matrix.size();
    pack_tiles(rows, depth, packed, |first, inside, tile| {
        if tile_rows() == 4 {
            pack_tile::<4>(matrix, first, inside, tile);
        } else {
            pack_tile::<8>(matrix, first, inside, tile);
        }
    });
}

/// Packs transposed windows of `taps` values each: `matrix` has one row of windows per channel; `rows` of its columns
/// of windows become rows whose terms are, channel by channel, the taps in reverse order.
pub fn pack_turned(matrix: Matrix<'_>, taps: usize, rows: Range<usize>, packed: &mut [f32]) {
    let (values, row_stride, _) = matrix.strided_values();
    let (width, from) = (tile_rows(), matrix.size().0);
    pack_tiles(rows.len(), from * taps, packed, |first, inside, tile| {
        for (channel, lines) in tile.chunks_exact_mut(taps * width).enumerate() {
            let windows = &values[channel * row_stride + (rows.start + first) * taps..];
            if inside < width {
                lines.fill(0.0);
            }
            for (row, window) in windows.chunks_exact(taps).take(inside).enumerate() {
                for (line, value) in lines.chunks_exact_mut(width).rev().zip(window) {
                    line[row] = *value;
                }
            }
        }
    });
}

/// Calls `fill(first row, rows, tile)` for each tile.
fn pack_tiles(
    rows: usize,
    depth: usize,
    packed: &mut [f32],
    fill: impl Fn(usize, usize, &mut [f32]) + Sync,
) {
    let width = tile_rows();
    threads::each_chunk(packed, depth * width, |number, tile| {
        let first = number * width;
        fill(first, (rows - first).min(width), tile);
    });
}

fn pack_tile<const M: usize>(matrix: Matrix<'_>, first: usize, inside: usize, tile: &mut [f32]) {
    let (values, row_stride, column_stride) = matrix.strided_values();
    let tile = tile.as_chunks_mut::<M>().0;
    if inside == M && row_stride == 1 && column_stride >= M {
        for (line, from) in tile.iter_mut().zip(values[first..].chunks(column_stride)) {
            line.copy_from_slice(&from[..M]);
        }
    } else if inside == M && column_stride == 1 {
        let depth = tile.len();
        let rows: [&[f32]; M] =
            std::array::from_fn(|row| &values[(first + row) * row_stride..][..depth]);
        for (term, line) in tile.iter_mut().enumerate() {
            for row in 0..M {
                line[row] = rows[row][term];
            }
        }
    } else {
        for (term, line) in tile.iter_mut().enumerate() {
            for (row, place) in line.iter_mut().enumerate() {
                let at = (first + row) * row_stride + term * column_stride;
                *place = if row < inside { values[at] } else { 0.0 };
            }
        }
    }
}

/// The distance of rows of `count` values: whole vectors and an odd number of cache lines, so that rows do not map to
/// the same cache set.
pub fn spread(count: usize) -> usize {
    (count.div_ceil(LANES) | 1) * LANES
}

/// Number of terms that are summed at a time in a sum of `depth` terms.
pub fn terms(depth: usize) -> usize {
    depth.div_ceil(depth.div_ceil(TERMS).max(1)).max(1)
}

/// The left factor, from the first row of the output.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    values: &'a [f32],
    /// Distance of the tiles of rows, and of the terms.
    tile: usize,
    term: usize,
}

impl<'a> Left<'a> {
    /// Packed rows of `depth` terms.
    pub fn packed(values: &'a [f32], depth: usize) -> Self {
        Self { values, tile: depth * tile_rows(), term: tile_rows() }
    }

    /// A column-major matrix with whole tiles of rows: terms are `stride` values apart.
    pub fn by_terms(values: &'a [f32], stride: usize) -> Self {
        Self { values, tile: tile_rows(), term: stride }
    }
}

/// `output = left · right`, or `output += left · right` with `keep`.
pub struct Product<'a> {
    pub left: Left<'a>,
    /// Number of terms, the rows of `right`.
    pub inner: Range<usize>,
    /// `[inner, right stride]`, from the first column of the output.
    pub right: &'a [f32],
    pub right_stride: usize,
    /// `[rows, stride]`.
    pub output: &'a mut [f32],
    pub stride: usize,
    /// Columns to compute: a multiple of [`LANES`], as both strides are.
    pub columns: usize,
    pub rows: usize,
    pub keep: bool,
    /// Target of complete sums, written directly from registers; `output` is then read with `keep`, and not written.
    pub place: Option<Place<'a>>,
}

/// The target of a product, and the epilogue on the way there.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// `None` where the product is added to the target. Without pooling.
    after: Option<&'a After<'a>>,
    /// The channel of the first row.
    channel: usize,
    output: Shared<'a, f32>,
    /// Index of the first column in the first row, and the distance to the next row.
    first: usize,
    step: usize,
    /// Columns to write.
    columns: usize,
}

impl<'a> Place<'a> {
    /// Columns `columns` from index `first` of rows `step` values apart; the first row belongs to `channel`.
    ///
    /// # Safety
    /// While a product is written, nothing else may access these columns of its rows.
    pub unsafe fn new(
        after: Option<&'a After<'a>>,
        channel: usize,
        output: Shared<'a, f32>,
        first: usize,
        step: usize,
        columns: usize,
    ) -> Self {
        Self { after, channel, output, first, step, columns }
    }

    /// Writes `N` vectors of a row, starting at vector `at`.
    #[inline(always)]
    fn write<S: Simd, const N: usize>(&self, simd: S, row: usize, at: usize, sums: [S::f32s; N]) {
        let start = at * S::F32_LANES;
        let length = (N * S::F32_LANES).min(self.columns - start);
        let from = self.first + row * self.step + start;
        // SAFETY: the creator of the target guarantees exclusive access to its rows and columns.
        let target = unsafe { self.output.part(from..from + length) };
        let (scale, shift, add, activation) = match self.after {
            None => (1.0, 0.0, &[][..], Activation::Identity),
            Some(after) => after.of(self.channel + row, from..from + length),
        };
        let [scale, shift, zero, six] = [scale, shift, 0.0, 6.0].map(|x| simd.splat_f32s(x));
        for (n, sum) in sums.into_iter().enumerate() {
            let target = &mut target[(n * S::F32_LANES).min(length)..];
            let whole = target.len() >= S::F32_LANES;
            let load = |from: &[f32]| match S::as_simd_f32s(from).0.first() {
                Some(vector) if whole => *vector,
                _ => simd.partial_load_f32s(from),
            };
            let mut value = simd.mul_add_f32s(sum, scale, shift);
            if self.after.is_none() {
                value = simd.add_f32s(value, load(target));
            } else if !add.is_empty() {
                value = simd.add_f32s(value, load(&add[(n * S::F32_LANES).min(length)..]));
            }
            // Comparisons instead of a maximum, which may hide a NaN.
            if matches!(activation, Activation::Relu | Activation::Relu6) {
                value = simd.select_f32s(simd.less_than_f32s(value, zero), zero, value);
            }
            if activation == Activation::Relu6 {
                value = simd.select_f32s(simd.greater_than_f32s(value, six), six, value);
            }
            match S::as_mut_simd_f32s(target).0.first_mut() {
                Some(vector) if whole => *vector = value,
                _ => simd.partial_store_f32s(target, value),
            }
        }
        // In a loop of its own: among the sums it would take their registers.
        if matches!(activation, Activation::Silu | Activation::Sigmoid) {
            finish_within(simd, target, &[], 1.0, 0.0, &[], activation);
        }
    }
}

impl Product<'_> {
    pub fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if rows_of::<S>() == 4 { self.tiles::<S, 4>(simd) } else { self.tiles::<S, 8>(simd) }
    }
}

impl Product<'_> {
    #[inline(always)]
    pub fn tiles<S: Simd, const M: usize>(mut self, simd: S) {
        let vectors = self.columns / S::F32_LANES;
        let mut at = 0;
        while at < vectors {
            match vectors - at {
                1 => self.columns::<S, M, 1>(simd, at),
                2 => self.columns::<S, M, 2>(simd, at),
                _ => self.columns::<S, M, 3>(simd, at),
            }
            at += 3;
        }
    }

    /// `N` vectors of columns starting at vector `at`, for all rows.
    #[inline(always)]
    fn columns<S: Simd, const M: usize, const N: usize>(&mut self, simd: S, at: usize) {
        let vectors = self.stride / S::F32_LANES;
        let right_vectors = self.right_stride / S::F32_LANES;
        let right = S::as_simd_f32s(self.right).0;
        let output = S::as_mut_simd_f32s(self.output).0;
        for (tile, output) in output.chunks_mut(M * vectors).enumerate() {
            let first = tile * M;
            if first >= self.rows {
                return;
            }
            let Left { values, tile: step, term } = self.left;
            let left = &values[tile * step + self.inner.start * term..];
            let mut sums = [[simd.splat_f32s(0.0); N]; M];
            // Packed rows are read without checking for whole tiles: the check costs measurable time.
            if term == M {
                let left = left[..self.inner.len() * M].as_chunks::<M>().0;
                for (left, right) in left.iter().zip(right.chunks_exact(right_vectors)) {
                    let Some(right) = right[at..].first_chunk::<N>() else { return };
                    add_term(simd, &mut sums, left, right);
                }
            } else {
                let terms = left.chunks(term).zip(right.chunks(right_vectors));
                for (left, right) in terms.take(self.inner.len()) {
                    let (Some(left), Some(right)) =
                        (left.first_chunk::<M>(), right[at..].first_chunk::<N>())
                    else {
                        return;
                    };
                    add_term(simd, &mut sums, left, right);
                }
            }
            let lines = output.chunks_exact_mut(vectors).take(self.rows - first);
            for (row, (line, mut sums)) in (first..).zip(lines.zip(sums)) {
                let Some(line) = line[at..].first_chunk_mut::<N>() else { return };
                if self.keep {
                    for (sum, line) in sums.iter_mut().zip(&*line) {
                        *sum = simd.add_f32s(*line, *sum);
                    }
                }
                match &self.place {
                    None => *line = sums,
                    Some(place) => place.write::<S, N>(simd, row, at, sums),
                }
            }
        }
    }
}

/// `sums[m][n] += left[m] · right[n]`.
#[inline(always)]
fn add_term<S: Simd, const M: usize, const N: usize>(
    simd: S,
    sums: &mut [[S::f32s; N]; M],
    left: &[f32; M],
    right: &[S::f32s; N],
) {
    for m in 0..M {
        let factor = simd.splat_f32s(left[m]);
        for n in 0..N {
            sums[m][n] = simd.mul_add_f32s(factor, right[n], sums[m][n]);
        }
    }
}

/// The first `count` values of a growing buffer, aligned so that a vector load does not cross cache lines.
pub fn aligned(buffer: &mut Vec<f32>, count: usize) -> &mut [f32] {
    const LINE: usize = 64;
    if buffer.len() < count + LINE {
        buffer.resize(count + LINE, 0.0);
    }
    let start = buffer.as_ptr().align_offset(LINE).min(LINE);
    &mut buffer[start..start + count]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu::random;

    #[test]
    fn turned_windows_are_packed_from_their_last_tap() {
        for (from, channels, taps, rows) in [(1, 1, 1, 0..1), (3, 21, 9, 8..19), (5, 16, 4, 0..16)]
        {
            let windows = random(from as u64, from * channels * taps);
            let mut packed = vec![f32::NAN; packed_len(rows.len(), from * taps)];
            pack_turned(
                Matrix::new(&windows, from, channels * taps),
                taps,
                rows.clone(),
                &mut packed,
            );
            let turned: Vec<f32> = (rows.clone())
                .flat_map(|row| (0..from * taps).map(move |term| (row, term / taps, term % taps)))
                .map(|(row, from, tap)| windows[(from * channels + row) * taps + taps - 1 - tap])
                .collect();
            let mut expected = vec![f32::NAN; packed.len()];
            pack(Matrix::new(&turned, rows.len(), from * taps), &mut expected);
            assert_eq!(packed, expected);
        }
    }

    #[test]
    fn products_agree_with_the_definition() {
        let cases = [
            [1, 1, 16],
            [21, 1, 16],
            [3, 7, 32],
            [17, 300, 48],
            [64, 5, 64],
            [9, 500, 112],
            [8, 192, 80],
        ];
        for (case, [rows, depth, columns]) in cases.into_iter().enumerate() {
            let left = random(case as u64, rows * depth);
            let right = random(99 + case as u64, depth * columns);
            let mut packed = vec![f32::NAN; packed_len(rows, depth)];
            pack(Matrix::new(&left, rows, depth), &mut packed);
            let mut again = vec![f32::NAN; packed.len()];
            let turned: Vec<f32> =
                (0..depth * rows).map(|i| left[i % rows * depth + i / rows]).collect();
            pack(Matrix::new(&turned, depth, rows).transposed(), &mut again);
            assert_eq!(packed, again);
            let mut output = vec![f32::NAN; rows * columns];
            let step = terms(depth);
            assert!(step <= TERMS && step > 0);
            for start in (0..depth).step_by(step) {
                let inner = start..(start + step).min(depth);
                let right = &right[start * columns..inner.end * columns];
                let (output, keep) = (&mut output[..], start > 0);
                let (left, place) = (Left::packed(&packed, depth), None);
                let (stride, right_stride) = (columns, columns);
                Product {
                    left,
                    inner,
                    right,
                    right_stride,
                    output,
                    stride,
                    columns,
                    rows,
                    keep,
                    place,
                }
                .run();
            }
            for row in 0..rows {
                for column in 0..columns {
                    let terms =
                        (0..depth).map(|t| left[row * depth + t] * right[t * columns + column]);
                    let (expected, found) = (terms.sum::<f32>(), output[row * columns + column]);
                    assert!((expected - found).abs() < 1e-4, "{row} {column}: {found}, {expected}");
                }
            }
        }
    }
}

//! Max-pooling with tiling windows, in the pass of a convolution.

use pulp::{Arch, Simd, WithSimd};

/// The maxima of non-overlapping windows and their indices in the window. Rows of `plane` are `width` values apart.
pub fn pool_plane(
    plane: &[f32],
    width: usize,
    side: usize,
    pooled_width: usize,
    pooled: &mut [f32],
    winners: &mut [u8],
) {
    if side == 2 {
        Arch::new().dispatch(PairsPool { plane, width, pooled_width, pooled, winners });
        return;
    }
    let lines = pooled.chunks_exact_mut(pooled_width).zip(winners.chunks_exact_mut(pooled_width));
    for (y, (pooled, winners)) in lines.enumerate() {
        for (x, (best, winner)) in pooled.iter_mut().zip(winners).enumerate() {
            (*best, *winner) = (f32::NEG_INFINITY, 0);
            for dy in 0..side {
                let line = &plane[(y * side + dy) * width + x * side..][..side];
                for (dx, &value) in line.iter().enumerate() {
                    if value > *best || value.is_nan() {
                        (*best, *winner) = (value, (dy * side + dx) as u8);
                    }
                }
            }
        }
    }
}

/// [`pool_plane`] for 2×2 windows, vectorized.
struct PairsPool<'a> {
    plane: &'a [f32],
    width: usize,
    pooled_width: usize,
    pooled: &'a mut [f32],
    winners: &'a mut [u8],
}

impl WithSimd for PairsPool<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { plane, width, pooled_width, pooled, winners } = self;
        let lines =
            pooled.chunks_exact_mut(pooled_width).zip(winners.chunks_exact_mut(pooled_width));
        for (y, (pooled, winners)) in lines.enumerate() {
            let [above, below] =
                [2 * y, 2 * y + 1].map(|y| &plane[y * width..][..2 * pooled_width]);
            let pairs = above.chunks_exact(2).zip(below.chunks_exact(2));
            for ((best, winner), (a, b)) in pooled.iter_mut().zip(winners).zip(pairs) {
                // Without branches; a NaN wins.
                let wins = |new: f32, old: f32| (new > old) | new.is_nan();
                let (right, right_below) = (wins(a[1], a[0]), wins(b[1], b[0]));
                let top = if right { a[1] } else { a[0] };
                let low = if right_below { b[1] } else { b[0] };
                let down = wins(low, top);
                *best = if down { low } else { top };
                *winner = if down { 2 + u8::from(right_below) } else { u8::from(right) };
            }
        }
    }
}

//! Plain functions on slices that do the work on the CPU, several threads at a time.
//!
//! Tensors are row-major; pictures are `[batch, channels, height, width]`. Results do not depend on
//! how the threads were scheduled, only on how many there are.

mod blocks;
mod channels_last;
mod conv2d;
mod depthwise;
mod descent;
mod elementwise;
mod im2col;
mod kernel;
mod matmul;
mod memory;
mod padded;
mod pool2d;
mod pool_plane;
mod products;
mod sparse;
mod sum;
pub(crate) mod threads;
mod window;
mod winograd;

use conv2d::Weights;
pub use conv2d::{After, Before, Conv2dShape, Fused, conv2d, conv2d_backward};
pub use descent::{AdamConfig, OptimizerConfig, SgdConfig, adam, sgd};
pub use elementwise::{Activation, finish, finish_from};
use elementwise::{finish_within, update_short};
pub(crate) use elementwise::{logistic, update_each};
pub use matmul::{Matrix, MatrixMut, matmul, matmul_parallel};
pub(crate) use memory::keep;
pub use pool2d::{max_pool2d, max_pool2d_backward};
pub(crate) use sum::sum_of;
pub use window::Window;

/// `sum[i] += values[i]`.
fn add_to(sum: &mut [f32], values: &[f32]) {
    sum.iter_mut().zip(values).for_each(|(s, v)| *s += v);
}

/// The first `count` values of a buffer that grows as needed.
fn sized(buffer: &mut Vec<f32>, count: usize) -> &mut [f32] {
    if buffer.len() < count {
        buffer.resize(count, 0.0);
    }
    &mut buffer[..count]
}

/// Values in [-1, 1), the same for the same seed.
#[cfg(test)]
pub(crate) fn random(seed: u64, count: usize) -> Vec<f32> {
    use rand::{Rng, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.gen_range(-1.0..1.0)).collect()
}

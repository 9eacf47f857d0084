//! The numerical kernels of the CPU: functions on slices, on all threads.
//!
//! Tensors are row-major; images are `[batch, channels, height, width]`. Results depend on the number of threads, not on
//! their timing.
//!
//! Here belongs arithmetic on `&[f32]`, with its threads and its vector instructions. Not here: gradient tapes and checks of
//! shapes ([`super::fast`]).

mod blocks;
mod channels_last;
mod conv2d;
mod conv_shape;
mod depthwise;
mod elementwise;
mod epilogue;
mod im2col;
mod kernel;
mod matmul;
mod memory;
mod optimizer;
mod padded;
mod pool2d;
mod pool_plane;
mod products;
mod scratch;
mod sequences;
mod slices;
mod sparse;
mod sparse_matrix;
mod sum;
pub(crate) mod threads;
mod window;
mod winograd;

pub use conv_shape::Conv2dShape;
pub use conv2d::{conv2d, conv2d_backward};
pub use elementwise::{Activation, finish, finish_from};
pub(crate) use elementwise::{exp_all, logistic, update_each};
pub use epilogue::{After, Before, Fused};
pub use matmul::{Matrix, MatrixMut, matmul, matmul_parallel};
pub(crate) use memory::keep;
pub use optimizer::{AdamConfig, OptimizerConfig, RmsPropConfig, SgdConfig, adam, rmsprop, sgd};
pub use pool2d::{max_pool2d, max_pool2d_backward};
pub use sequences::Sequences;
pub(crate) use sum::sum_of;
pub use window::Window;

/// Seeded random values in [-1, 1).
#[cfg(test)]
pub(crate) fn random(seed: u64, count: usize) -> Vec<f32> {
    use rand::{Rng, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.gen_range(-1.0..1.0)).collect()
}

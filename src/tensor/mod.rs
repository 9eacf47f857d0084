//! Tensors of [dfdx](https://docs.rs/dfdx) and the differentiable operations that dfdx lacks on stable Rust.
//!
//! Each operation has two implementations with one signature: [`fast`], loops over memory on the CPU, and [`portable`],
//! in terms of dfdx's operations, which runs on any dfdx device and is the reference for tests. The names in this
//! module are those of `fast`, or with the feature `cuda` or `portable` those of `portable`.
//!
//! Here belongs arithmetic with gradients: operations, losses, optimizer steps, and the kernels below them. Not here: what
//! holds parameters ([`nn`](crate::nn)), and the training loop ([`train`](crate::train)).
//!
//! ```
//! use cuaderno::tensor::{constant, linear, plain, read, tensor};
//! # fn main() -> cuaderno::Result<()> {
//! let x = constant(&tensor(vec![1.0, 2.0, 3.0, 4.0], (2, 2))?); // two rows of two features
//! let weight = constant(&tensor(vec![0.5, 0.5], (1, 2))?);
//! assert_eq!(read(&plain(linear(x, weight, None, false)?))[..], [1.5, 3.5]);
//! # Ok(()) }
//! ```

mod access;
pub mod cpu;
pub mod fast;
pub mod portable;
mod selective;
mod tape;

pub use access::read;
pub(crate) use access::{put_gradient, take_gradient, update, update_stored};
pub use cpu::{Activation, AdamConfig, OptimizerConfig, RmsPropConfig, SgdConfig};
/// The crate of the tensor types, for cells that name the types behind [`Plain`] and [`Tensor`] or call dfdx's
/// operations.
pub use dfdx;
#[cfg(not(feature = "portable"))]
use fast as form;
pub use fast::{
    ChannelStatistics, Conv1dOptions, Epilogue, FusedOps, LossKind, LossOptions, NormEpilogue,
    OptimizerState, softmax,
};
pub(crate) use fast::{check_loss_options, check_tokens};
pub use form::{
    activate, adaptive_average_pool2d, attention_pool, average_pool2d, average_pool2d_exclude_pad,
    batch_norm2d, batch_norm2d_affine, batch_norm2d_with, binary_cross_entropy, concat,
    concat_channels, conv1d, conv1d_max, conv2d, conv2d_fused, cross_entropy, cumulative_link,
    dropout, earth_mover, embedding, global_average_pool2d, linear, max_pool2d, optimizer_step,
    relu, relu6, scale_channels, sigmoid, silu, squared_error, stochastic_depth, subsample2d,
};
#[cfg(feature = "portable")]
use portable as form;
pub use portable::{add, flatten};
pub use tape::{
    BackwardError, Device, Gradients, Plain, Tape, Tensor, Tensor0, Tensor1, Tensor2, Tensor3,
    Tensor4, backward, constant, device, device_name, out_of_memory, plain, tensor,
};
pub(crate) use tape::{copied, fork, joined};

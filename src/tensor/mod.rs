//! Tensors of [dfdx](https://docs.rs/dfdx) and the differentiable operations that it lacks on stable Rust.
//!
//! Each operation has two forms, with one signature: [`fast`] by loops over the processor's memory, and [`portable`]
//! by dfdx's own operations, which run on any dfdx device and are what the fast ones are tested against. Which of them
//! has the plain name here, and with it serves the layers, the features say: `cuda` and `portable` take the second.

mod access;
pub mod cpu;
pub mod fast;
mod maps;
pub mod portable;
mod tape;

pub use access::read;
pub(crate) use access::{put_gradient, take_gradient, update, update_stored};
pub use cpu::{Activation, AdamConfig, OptimizerConfig, SgdConfig};
/// The crate that tensors come from. A cell keeps a variable under its type's name, and the types behind [`Plain`] and
/// [`Tensor`] have theirs here.
pub use dfdx;
#[cfg(not(feature = "portable"))]
use fast as form;
pub use fast::{ChannelStatistics, Epilogue, Finish, LossOptions, Quiet, Slide, Trail, softmax};
pub use form::{
    activate, adaptive_average_pool2d, attention_pool, average_pool2d, average_pool2d_inside,
    batch_norm2d, batch_norm2d_affine, batch_norm2d_with, concat, concat_channels, conv1d,
    conv1d_max, conv2d, conv2d_quiet, cross_entropy, descend, dropout, embedding,
    global_average_pool2d, linear, max_pool2d, relu, relu6, scale_channels, sigmoid, silu,
    stochastic_depth, subsample2d,
};
#[cfg(feature = "portable")]
use portable as form;
pub use portable::{add, flatten};
pub use tape::{
    BackwardError, Device, Gradients, Plain, Tape, Tensor, Tensor0, Tensor1, Tensor2, Tensor3,
    Tensor4, backward, constant, device, device_name, out_of_memory, plain, tensor,
};
pub(crate) use tape::{copied, joined, twice};

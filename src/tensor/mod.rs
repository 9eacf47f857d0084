//! Tensors of [dfdx](https://docs.rs/dfdx) and the differentiable operations that it lacks on stable Rust.
//!
//! [`cpu`] holds plain functions on slices; the operations here put them on dfdx's tape. [`portable`]
//! holds the same operations made only of dfdx's own, which run on any dfdx device and are what the
//! fast ones are tested against.

mod access;
mod activation;
mod attention;
mod batch_norm;
mod combine;
mod conv1d;
mod conv2d;
pub mod cpu;
mod dropout;
mod embedding;
mod linear;
mod loss;
mod pool2d;
pub mod portable;
mod tape;

pub use access::{read, write};
pub use activation::{Activation, activate, relu, relu6, sigmoid, silu};
pub use attention::attention_pool;
pub use batch_norm::{ChannelStatistics, Finish, batch_norm2d, batch_norm2d_with};
pub use combine::{add, concat, concat_channels, flatten, scale_channels};
pub use conv1d::{Slide, conv1d, conv1d_max};
pub use conv2d::{Epilogue, Quiet, conv2d, conv2d_quiet};
/// The crate that tensors come from. A cell keeps a variable under its type's name, and the types behind [`Plain`] and
/// [`Tensor`] have theirs here.
pub use dfdx;
pub use dropout::{dropout, stochastic_depth};
pub use embedding::embedding;
pub use linear::linear;
pub use loss::{LossOptions, cross_entropy, softmax};
pub use pool2d::{
    adaptive_average_pool2d, average_pool2d, average_pool2d_inside, global_average_pool2d,
    max_pool2d, subsample2d,
};
pub use tape::{
    Device, Gradients, Plain, Tape, Tensor, Tensor0, Tensor1, Tensor2, Tensor3, Tensor4, backward,
    constant, device, plain, tensor,
};
pub(crate) use tape::{joined, out_of_memory};

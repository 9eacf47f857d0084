//! The operations as loops over slices of memory, implemented in [`super::cpu`].
//!
//! On another device, values are copied to the CPU and back.
//!
//! Here belongs what checks shapes, calls a kernel and records its backward pass. Not here: the loops themselves
//! ([`super::cpu`]).

mod activation;
mod attention;
mod batch_norm;
mod combine;
mod conv1d;
mod conv2d;
mod dropout;
mod embedding;
mod linear;
mod loss;
mod loss_values;
mod loss_weights;
mod optimizer;
mod ordinal;
mod pool2d;

pub use activation::{activate, relu, relu6, sigmoid, silu};
pub use attention::attention_pool;
pub(super) use attention::check as check_attention;
pub use batch_norm::{
    ChannelStatistics, NormEpilogue, batch_norm2d, batch_norm2d_affine, batch_norm2d_with,
};
pub(super) use batch_norm::{check as check_channels, check_added, check_values};
pub(super) use combine::{check_factors, check_parts, check_rows};
pub use combine::{concat, concat_channels, scale_channels};
pub use conv1d::{Conv1dOptions, conv1d, conv1d_max};
pub(super) use conv1d::{check as check_sequences, on_rows};
pub use conv2d::{Epilogue, FusedOps, conv2d, conv2d_fused};
pub(super) use conv2d::{check, check_fused};
pub(super) use dropout::drop_factors;
pub use dropout::{dropout, stochastic_depth};
pub(crate) use embedding::check as check_tokens;
pub use embedding::embedding;
pub(super) use linear::check as check_features;
pub use linear::linear;
pub(super) use loss::check as check_labels;
pub(crate) use loss::check_options as check_loss_options;
pub use loss::{LossKind, LossOptions, cross_entropy, softmax};
pub(super) use loss_values::{BinaryTargets, check_binary, check_targets};
pub use loss_values::{binary_cross_entropy, squared_error};
pub(super) use loss_weights::{example_weights, or_one};
pub use optimizer::{OptimizerState, optimizer_step};
pub(super) use ordinal::check_ordinal;
pub use ordinal::{cumulative_link, earth_mover};
pub(super) use pool2d::{
    PoolWeights, cells_of, pooled, subsample_weights, unpadded_weights, window_weights,
};
pub use pool2d::{
    adaptive_average_pool2d, average_pool2d, average_pool2d_exclude_pad, global_average_pool2d,
    max_pool2d, subsample2d,
};

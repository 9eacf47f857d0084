//! The operations by loops over slices of the processor's memory, which [`super::cpu`] holds: the fast form on it.
//!
//! On another device their values are copied there and back, so that they run there too.

mod activation;
mod attention;
mod batch_norm;
mod combine;
mod conv1d;
mod conv2d;
mod descent;
mod dropout;
mod embedding;
mod linear;
mod loss;
mod pool2d;

pub use activation::{activate, relu, relu6, sigmoid, silu};
pub use attention::attention_pool;
pub(super) use attention::check as check_attention;
pub use batch_norm::{
    ChannelStatistics, Finish, batch_norm2d, batch_norm2d_affine, batch_norm2d_with,
};
pub(super) use batch_norm::{check as check_channels, check_added, check_values};
pub(super) use combine::{check_factors, check_parts, check_rows};
pub use combine::{concat, concat_channels, scale_channels};
pub use conv1d::{Slide, conv1d, conv1d_max};
pub(super) use conv1d::{check as check_sequence, on_rows};
pub use conv2d::{Epilogue, Quiet, conv2d, conv2d_quiet};
pub(super) use conv2d::{check, check_quiet};
pub use descent::{Trail, descend};
pub(super) use dropout::drop_factors;
pub use dropout::{dropout, stochastic_depth};
pub(super) use embedding::check as check_tokens;
pub use embedding::embedding;
pub(super) use linear::check as check_features;
pub use linear::linear;
pub(super) use loss::check as check_labels;
pub use loss::{LossOptions, cross_entropy, softmax};
pub(super) use pool2d::{Shares, cells_of, inside_shares, pooled, subsample_shares, window_shares};
pub use pool2d::{
    adaptive_average_pool2d, average_pool2d, average_pool2d_inside, global_average_pool2d,
    max_pool2d, subsample2d,
};

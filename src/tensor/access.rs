//! The values of a tensor as numbers in the processor's memory.
//!
//! On the processor nothing is copied; from a GPU they are. Every operation written on slices therefore runs
//! with tensors of either, and [`super::portable`] says which need not.

#[cfg(feature = "cuda")]
mod cuda;
#[cfg(not(feature = "cuda"))]
mod here;

#[cfg(feature = "cuda")]
pub use cuda::read;
#[cfg(feature = "cuda")]
pub(crate) use cuda::{put_gradient, take_gradient, update, update_stored};
#[cfg(not(feature = "cuda"))]
pub use here::read;
#[cfg(not(feature = "cuda"))]
pub(crate) use here::{put_gradient, take_gradient, update, update_stored};

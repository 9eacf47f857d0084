//! Access to the values of a tensor as a slice of memory.
//!
//! On the CPU the values are borrowed; from a GPU they are copied. Operations written for slices therefore run with
//! tensors of either device.

#[cfg(not(feature = "cuda"))]
mod cpu;
#[cfg(feature = "cuda")]
mod cuda;

#[cfg(not(feature = "cuda"))]
pub use cpu::read;
#[cfg(not(feature = "cuda"))]
pub(crate) use cpu::{put_gradient, take_gradient, update, update_stored};
#[cfg(feature = "cuda")]
pub use cuda::read;
#[cfg(feature = "cuda")]
pub(crate) use cuda::{put_gradient, take_gradient, update, update_stored};

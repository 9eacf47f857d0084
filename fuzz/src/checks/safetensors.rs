//! A safetensors file. What `Weights` writes, it reads back; loading into a network succeeds or leaves it as it was.

use super::weights;

/// Checks `data`.
pub fn check(data: &[u8]) {
    weights::check(data);
}

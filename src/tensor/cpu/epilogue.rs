//! Operations before and after a convolution that run in the same pass.

use super::elementwise::{Activation, finish, finish_from, finish_within};
use std::ops::Range;

/// The epilogue of a recorded convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fused {
    /// `true` if ReLU follows.
    pub relu: bool,
    /// Max-pooling with non-overlapping windows of this side; a partial window at the edge is dropped.
    pub pool: Option<usize>,
}

/// The prologue of a pointwise convolution: `activation(scale · x + shift)`, channel by channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before<'a> {
    /// Scale of each input channel; empty for no prologue.
    pub scale: &'a [f32],
    /// Shift of each input channel.
    pub shift: &'a [f32],
    /// The activation.
    pub activation: Activation,
}

/// The epilogue of a convolution without gradients, in this order.
#[derive(Clone, Copy, Debug, Default)]
pub struct After<'a> {
    /// Scale of each output channel, or empty.
    pub scale: &'a [f32],
    /// Shift of each output channel, or empty.
    pub shift: &'a [f32],
    /// Values to add, as many as the output has, or empty. Not together with `pool`.
    pub add: &'a [f32],
    /// The activation; with `pool`, a monotonic one.
    pub activation: Activation,
    /// Max-pooling with non-overlapping windows of this side; a partial window at the edge is dropped.
    pub pool: Option<usize>,
}

impl After<'_> {
    /// Applies scale, shift and activation to values of one channel.
    pub(super) fn finish(&self, values: &mut [f32], channel: usize) {
        finish(values, self.scale_of(channel), self.shift_of(channel), &[], self.activation);
    }

    /// Writes `values` of one channel to `target` after the epilogue without pooling; `from` is the index of the first
    /// in the whole output.
    pub(super) fn finish_from(
        &self,
        target: &mut [f32],
        values: &[f32],
        channel: usize,
        from: usize,
    ) {
        let add = self.add.get(from..from + values.len()).unwrap_or(&[]);
        let (scale, shift) = (self.scale_of(channel), self.shift_of(channel));
        finish_from(target, values, scale, shift, add, self.activation);
    }

    /// [`Self::finish_from`] inside a function that is already compiled for wide vectors. Empty `values` stand for
    /// those in `target`.
    #[inline(always)]
    pub(super) fn finish_within<S: pulp::Simd>(
        &self,
        simd: S,
        target: &mut [f32],
        values: &[f32],
        channel: usize,
        from: usize,
    ) {
        let add = self.add.get(from..from + target.len()).unwrap_or(&[]);
        let (scale, shift) = (self.scale_of(channel), self.shift_of(channel));
        finish_within(simd, target, values, scale, shift, add, self.activation);
    }

    /// Scale, shift, values to add, and activation for values of one channel at these indices of the whole output.
    pub(super) fn of(&self, channel: usize, at: Range<usize>) -> (f32, f32, &[f32], Activation) {
        let add = self.add.get(at).unwrap_or(&[]);
        (self.scale_of(channel), self.shift_of(channel), add, self.activation)
    }

    /// Scale and shift of a channel.
    pub(super) fn affine(&self, channel: usize) -> (f32, f32) {
        (self.scale_of(channel), self.shift_of(channel))
    }

    fn scale_of(&self, channel: usize) -> f32 {
        self.scale.get(channel).copied().unwrap_or(1.0)
    }

    fn shift_of(&self, channel: usize) -> f32 {
        self.shift.get(channel).copied().unwrap_or(0.0)
    }
}

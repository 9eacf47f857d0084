//! The maximum over the last axis.

use super::super::selective::scale_gradient;
use super::super::tape::{BackwardError, Plain, Tensor2, Tensor3, out_of_memory};
use crate::Result;
use dfdx::shapes::{Axis, HasShape};
use dfdx::tensor::{OnesTensor, PutTape, SplitTape, ZerosTensor};
use dfdx::tensor_ops::{BroadcastTo, ChooseFrom, MaxTo, SumTo, TryEq, TrySub};

/// The maximum over the last axis. Where values tie, as those of padding or of an even surface do, they share the gradient: dfdx's own maximum
/// gives each of them all of it.
pub(super) fn greatest(values: Tensor3) -> Result<Tensor2> {
    let (values, tape) = values.split_tape();
    let shape = *values.shape();
    let count = || -> std::result::Result<Plain<(usize, usize)>, BackwardError> {
        let most: Plain<(usize, usize)> = values.clone().try_max::<_, Axis<2>>()?;
        let below = values.clone().try_sub(most.try_broadcast_like::<_, Axis<2>>(&shape)?)?;
        let ties = below.try_eq(0.0)?;
        let device = values.device();
        let (one, none) = (device.try_ones_like(&shape)?, device.try_zeros_like(&shape)?);
        ties.try_choose(one, none)?.try_sum::<_, Axis<2>>()
    };
    let shares = match tape.is_on() {
        true => Some(count().and_then(|count| count.try_recip()).map_err(out_of_memory)?),
        false => None,
    };
    let most = values.put_tape(tape).try_max::<_, Axis<2>>().map_err(out_of_memory)?;
    match shares {
        Some(shares) => scale_gradient(most, shares),
        None => Ok(most),
    }
}

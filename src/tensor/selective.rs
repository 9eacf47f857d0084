//! Products and sums that record only the gradients that are needed: where one side is frozen or constant, the backward
//! pass computes the gradient of the other side alone. dfdx's own compute both.

use super::tape::{BackwardError, Device, Plain, Tensor, Tensor3, out_of_memory};
use crate::Result;
use dfdx::shapes::{Axes3, HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Storage, Tape as _};
use dfdx::tensor_ops::{
    Momentum, PermuteTo, ReshapeTo, SgdConfig, TryAdd, TryMatMul, TryMul, WeightDecay,
};

type Answer<T> = std::result::Result<T, BackwardError>;

/// The matrix products of `[batch, rows, terms]` and `[batch, terms, columns]`.
pub(super) fn product(left: Tensor3, right: Tensor3) -> Result<Tensor3> {
    let (left, left_tape) = left.split_tape();
    let (right, right_tape) = right.split_tape();
    match (left_tape.is_on(), right_tape.is_on()) {
        (true, false) => {
            let turned = turned(&right)?;
            let left = left.put_tape(left_tape);
            map(left, |left| left.try_matmul(right), |gradient| gradient.try_matmul(turned))
        }
        (false, true) => {
            let turned = turned(&left)?;
            let right = right.put_tape(right_tape);
            map(right, |right| left.try_matmul(right), |gradient| turned.try_matmul(gradient))
        }
        _ => {
            let (left, right) = (left.put_tape(left_tape), right.put_tape(right_tape));
            left.try_matmul(right).map_err(out_of_memory)
        }
    }
}

/// The transposes of all matrices.
fn turned(matrices: &Plain<(usize, usize, usize)>) -> Result<Plain<(usize, usize, usize)>> {
    matrices.clone().try_permute::<_, Axes3<0, 2, 1>>().map_err(out_of_memory)
}

/// The elementwise product.
pub(super) fn times<S: Shape>(left: Tensor<S>, right: Tensor<S>) -> Result<Tensor<S>> {
    match one_needed(left, right) {
        Needed::One(side, other) => {
            let again = other.clone();
            map(side, |side| side.try_mul(other), |gradient| gradient.try_mul(again))
        }
        Needed::Both(left, right) => left.try_mul(right).map_err(out_of_memory),
    }
}

/// The elementwise sum.
pub(super) fn plus<S: Shape>(left: Tensor<S>, right: Tensor<S>) -> Result<Tensor<S>> {
    match one_needed(left, right) {
        Needed::One(side, other) => map(side, |side| side.try_add(other), Ok),
        Needed::Both(left, right) => left.try_add(right).map_err(out_of_memory),
    }
}

/// The tensor as it is, whose gradient is multiplied by `factors`.
pub(super) fn scale_gradient<S: Shape>(tensor: Tensor<S>, factors: Plain<S>) -> Result<Tensor<S>> {
    // A tensor of its own, with a gradient of its own.
    map(tensor, |tensor| tensor.try_mul(1.0), |gradient| gradient.try_mul(factors))
}

/// The operands of a commutative operation, by the gradients that are needed.
enum Needed<S: Shape> {
    One(Tensor<S>, Plain<S>),
    Both(Tensor<S>, Tensor<S>),
}

fn one_needed<S: Shape>(left: Tensor<S>, right: Tensor<S>) -> Needed<S> {
    let (left, left_tape) = left.split_tape();
    let (right, right_tape) = right.split_tape();
    match (left_tape.is_on(), right_tape.is_on()) {
        (true, true) => Needed::Both(left.put_tape(left_tape), right.put_tape(right_tape)),
        (false, true) => Needed::One(right.put_tape(right_tape), left),
        _ => Needed::One(left.put_tape(left_tape), right),
    }
}

/// A linear function of a tensor whose backward pass is `transposed`, from the output's gradient to the input's.
fn map<S: Shape, T: Shape>(
    input: Tensor<S>,
    function: impl FnOnce(Plain<S>) -> Answer<Plain<T>>,
    transposed: impl 'static + FnOnce(Plain<T>) -> Answer<Plain<S>>,
) -> Result<Tensor<T>> {
    // A gradient has the memory layout of its tensor.
    let (input, mut tape) = input.try_contiguous().map_err(out_of_memory)?.split_tape();
    let from = input.ghost();
    let output = function(input).map_err(out_of_memory)?;
    let to = output.ghost();
    tape.add_backward_op(move |gradients| {
        gradients.try_alloc_for(&to)?;
        let gradient = transposed(gradients.get(&to))?.try_contiguous()?;
        add(gradients.get_or_alloc_mut(&from)?, gradient)
    });
    Ok(output.put_tape(tape))
}

/// Adds values to a gradient, on the device.
fn add<S: Shape>(gradient: &mut <Device as Storage<f32>>::Vec, mut values: Plain<S>) -> Answer<()> {
    let count = values.shape().num_elements();
    if count == 0 {
        return Ok(());
    }
    // Only dfdx's optimizers write to a gradient's storage on the device. With these settings, the velocity (here the
    // gradient) grows by the parameter (here the values).
    let growth = SgdConfig {
        lr: 0.0,
        momentum: Some(Momentum::Classic(1.0)),
        weight_decay: Some(WeightDecay::L2(1.0)),
    };
    let nothing = values.device().try_alloc_len(count)?;
    growth.try_update(&mut values, gradient, &nothing)
}

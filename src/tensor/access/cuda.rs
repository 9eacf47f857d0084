//! Values of tensors on a GPU, copied there and back.

use super::super::tape::{BackwardError, Gradients, Plain};
use crate::Result;
use dfdx::shapes::Shape;
use std::borrow::Cow;

/// The values of a tensor in row-major order.
pub fn read<S: Shape>(tensor: &Plain<S>) -> Cow<'_, [f32]> {
    Cow::Owned(if tensor.shape().num_elements() == 0 { Vec::new() } else { tensor.as_vec() })
}

/// Changes the values of a tensor, which keeps its gradient.
pub(crate) fn update<S: Shape>(
    tensor: &mut Plain<S>,
    change: &mut dyn FnMut(&mut [f32]),
) -> Result<()> {
    let mut values = read(tensor).into_owned();
    change(&mut values);
    if !values.is_empty() {
        tensor.copy_from(&values);
    }
    Ok(())
}

/// Takes the gradient of a tensor out, zeros when there was none.
pub(crate) fn take_gradient<S: Shape>(
    gradients: &mut Gradients,
    of: &Plain<S>,
) -> std::result::Result<Vec<f32>, BackwardError> {
    let gradient = gradients.get_or_alloc_mut(of)?;
    Ok(gradient.device().dtoh_sync_copy(gradient)?)
}

/// Puts a gradient that was taken, and added to, back in its place.
pub(crate) fn put_gradient<S: Shape>(
    gradients: &mut Gradients,
    of: &Plain<S>,
    values: Vec<f32>,
) -> std::result::Result<(), BackwardError> {
    let gradient = gradients.get_or_alloc_mut(of)?;
    Ok(gradient.device().htod_sync_copy_into(&values, gradient)?)
}

use dfdx::shapes::HasShape;

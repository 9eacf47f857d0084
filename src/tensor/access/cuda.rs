//! Values of tensors on a GPU, copied to memory and back.

use super::super::tape::{BackwardError, Device, Gradients, Plain, out_of_memory};
use crate::Result;
use dfdx::shapes::Shape;
use dfdx::tensor::Storage;
use std::borrow::Cow;

/// The values of a tensor in row-major order.
///
/// ```
/// use cuaderno::tensor::{read, tensor};
/// let matrix = tensor(vec![1.0, 2.0, 3.0, 4.0], (2, 2))?;
/// assert_eq!(read(&matrix)[..], [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
pub fn read<S: Shape>(tensor: &Plain<S>) -> Cow<'_, [f32]> {
    Cow::Owned(if tensor.shape().num_elements() == 0 { Vec::new() } else { tensor.as_vec() })
}

/// Changes the values of a tensor; its gradient stays assigned to it.
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

/// Changes values stored outside a tensor, such as an optimizer's moments.
pub(crate) fn update_stored(
    stored: &mut <Device as Storage<f32>>::Vec,
    change: &mut dyn FnMut(&mut [f32]) -> Result<()>,
) -> Result<()> {
    let copied = stored.device().dtoh_sync_copy(&**stored);
    let mut values = copied.map_err(|error| out_of_memory(error.into()))?;
    change(&mut values)?;
    stored
        .device()
        .htod_sync_copy_into(&values, stored)
        .map_err(|error| out_of_memory(error.into()))
}

/// Takes a copy of the gradient of a tensor; zeros when there is none.
pub(crate) fn take_gradient<S: Shape>(
    gradients: &mut Gradients,
    of: &Plain<S>,
) -> std::result::Result<Vec<f32>, BackwardError> {
    let gradient = gradients.get_or_alloc_mut(of)?;
    Ok(gradient.device().dtoh_sync_copy(gradient)?)
}

/// Puts back a gradient that was taken.
pub(crate) fn put_gradient<S: Shape>(
    gradients: &mut Gradients,
    of: &Plain<S>,
    values: Vec<f32>,
) -> std::result::Result<(), BackwardError> {
    let gradient = gradients.get_or_alloc_mut(of)?;
    Ok(gradient.device().htod_sync_copy_into(&values, gradient)?)
}

use dfdx::shapes::HasShape;

//! Values of tensors in memory, without a copy.

use super::super::tape::{BackwardError, Device, Gradients, Plain};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::Shape;
use dfdx::tensor::Storage;
use std::borrow::Cow;

/// The values of a tensor in row-major order; borrowed when they are contiguous in this order, else copied.
///
/// ```
/// use cuaderno::tensor::{read, tensor};
/// let matrix = tensor(vec![1.0, 2.0, 3.0, 4.0], (2, 2))?;
/// assert_eq!(read(&matrix)[..], [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
pub fn read<S: Shape>(tensor: &Plain<S>) -> Cow<'_, [f32]> {
    let count = tensor.shape().num_elements();
    if count == 0 {
        return Cow::Borrowed(&[]);
    }
    match contiguous_start(tensor) {
        // SAFETY: the pointer is that of element 0 in the tensor's `Vec`, which lives as long as the borrow; the
        // addresses of the neighbors along each axis show that the `count` elements of the tensor follow in row-major
        // order, hence inside the same `Vec`.
        Some(start) => Cow::Borrowed(unsafe { std::slice::from_raw_parts(start, count) }),
        None => Cow::Owned(tensor.as_vec()),
    }
}

/// Changes the values of a tensor in place; its gradient stays assigned to it. Data shared with another tensor is
/// copied first, as in every write to a dfdx tensor.
///
/// # Errors
/// [`ErrorKind::Shape`] when the values are not in row-major order, which does not occur for tensors of this crate.
pub(crate) fn update<S: Shape>(
    tensor: &mut Plain<S>,
    change: &mut dyn FnMut(&mut [f32]),
) -> Result<()> {
    let count = tensor.shape().num_elements();
    if count == 0 {
        return Ok(());
    }
    if contiguous_start(tensor).is_none() {
        let problem = "only a tensor in row-major order can be written";
        return Err(
            Error::new(ErrorKind::Shape, problem).help("copy it with `tensor::tensor` first")
        );
    }
    let start: *mut f32 = &mut tensor[S::Concrete::default()];
    // SAFETY: as in `read`; the mutable index has made the `Vec` this tensor's own, and the exclusive borrow of the
    // tensor excludes other accesses while the slice lives.
    change(unsafe { std::slice::from_raw_parts_mut(start, count) });
    Ok(())
}

/// Changes values stored outside a tensor, such as an optimizer's moments.
pub(crate) fn update_stored(
    stored: &mut <Device as Storage<f32>>::Vec,
    change: &mut dyn FnMut(&mut [f32]) -> Result<()>,
) -> Result<()> {
    change(stored)
}

/// Takes the gradient of a tensor; zeros when there is none. The gradient of an operation's output is not needed after
/// its backward pass: taking it frees the memory at once.
pub(crate) fn take_gradient<S: Shape>(
    gradients: &mut Gradients,
    of: &Plain<S>,
) -> std::result::Result<Vec<f32>, BackwardError> {
    gradients.get_or_alloc_mut(of).map(|gradient| std::mem::take(&mut **gradient))
}

/// Puts back a gradient that was taken.
pub(crate) fn put_gradient<S: Shape>(
    gradients: &mut Gradients,
    of: &Plain<S>,
    values: Vec<f32>,
) -> std::result::Result<(), BackwardError> {
    gradients.get_or_alloc_mut(of).map(|gradient| **gradient = values)
}

/// The address of the first element, if the elements are contiguous in row-major order.
fn contiguous_start<S: Shape>(tensor: &Plain<S>) -> Option<*const f32> {
    let dims = tensor.shape().concrete();
    let mut index = S::Concrete::default();
    let start: *const f32 = &tensor[index];
    let mut expected = 1;
    for axis in (0..S::NUM_DIMS).rev() {
        if dims[axis] > 1 {
            index[axis] = 1;
            let next: *const f32 = &tensor[index];
            index[axis] = 0;
            let stride = (next as usize).wrapping_sub(start as usize) / size_of::<f32>();
            if stride != expected {
                return None;
            }
        }
        expected *= dims[axis];
    }
    Some(start)
}

use dfdx::shapes::HasShape;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::tensor;
    use dfdx::shapes::{Axes2, Axis};
    use dfdx::tensor_ops::{BroadcastTo, PermuteTo};

    #[test]
    fn contiguous_tensors_are_borrowed_and_others_copied() {
        let t = tensor((0..6).map(|v| v as f32).collect(), (2, 3)).unwrap();
        assert!(matches!(read(&t), Cow::Borrowed(_)));
        assert_eq!(&*read(&t), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let transposed: Plain<(usize, usize)> = t.clone().permute::<_, Axes2<1, 0>>();
        assert!(matches!(read(&transposed), Cow::Owned(_)));
        assert_eq!(&*read(&transposed), &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        let row = tensor(vec![1.0, 2.0], (2,)).unwrap();
        let broadcast: Plain<(usize, usize)> = row.broadcast_like::<_, Axis<0>>(&(3, 2));
        assert_eq!(&*read(&broadcast), &[1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    }

    #[test]
    fn writing_leaves_the_tensor_that_shared_the_data_alone() {
        let mut a = tensor(vec![1.0, 2.0], (2,)).unwrap();
        let b = a.clone();
        update(&mut a, &mut |values| values[0] = 9.0).unwrap();
        assert_eq!((&*read(&a), &*read(&b)), (&[9.0, 2.0][..], &[1.0, 2.0][..]));
    }
}

//! State of a network that is saved with its weights but not trained.

use crate::tensor::{Plain, copied, out_of_memory, read, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use std::sync::{Mutex, PoisonError};

/// Values that are saved with the weights but not trained, such as running statistics, `[length]`.
///
/// A forward pass in training updates them, hence the lock inside. A clone is an independent copy.
///
/// ```
/// use cuaderno::nn::BatchNorm2d;
/// # fn main() -> cuaderno::Result<()> {
/// let layer = BatchNorm2d::new(2)?;
/// layer.running_mean.set(vec![0.5, 0.25])?;
/// assert_eq!(layer.running_mean.values(), [0.5, 0.25]);
/// assert!(layer.running_mean.set(vec![0.0]).is_err()); // there are two channels
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Buffer(Mutex<Plain<(usize,)>>);

impl Buffer {
    /// A buffer of shape `[values.len()]`.
    ///
    /// # Errors
    /// [`ErrorKind::Device`] when the device does not start.
    pub fn new(values: Vec<f32>) -> Result<Self> {
        let count = values.len();
        Ok(Self(Mutex::new(tensor(values, (count,))?)))
    }

    /// The values.
    pub fn values(&self) -> Vec<f32> {
        self.with(|values| read(values).into_owned())
    }

    /// The current values as a tensor on the device.
    pub fn tensor(&self) -> Plain<(usize,)> {
        self.with(|values| values.clone())
    }

    /// The number of values.
    pub fn count(&self) -> usize {
        self.with(|values| values.shape().0)
    }

    /// Replaces the values.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when their number differs.
    pub fn set(&self, values: Vec<f32>) -> Result<()> {
        self.with(|old| {
            let (count, expected) = (values.len(), old.shape().0);
            if count != expected {
                let problem = format!("expected {expected} values for the buffer, found {count}");
                return Err(Error::new(ErrorKind::Shape, problem));
            }
            *old = tensor(values, (count,))?;
            Ok(())
        })
    }

    /// Updates a running average: `value = (1 − momentum) · value + momentum · scale · batch`.
    pub(super) fn update_average(
        &self,
        batch: &Plain<(usize,)>,
        momentum: f32,
        scale: f32,
    ) -> Result<()> {
        self.with(|values| values.try_axpy(1.0 - momentum, batch, momentum * scale))
            .map_err(out_of_memory)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Plain<(usize,)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.with(|values| copied(values))))
    }
}

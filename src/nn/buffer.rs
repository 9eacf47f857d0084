//! A tensor that a network keeps beside its parameters.

use crate::tensor::{Plain, copied, out_of_memory, read, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use std::sync::{Mutex, PoisonError};

/// Values that belong to a network but follow no gradient, such as running statistics: saved and loaded
/// with the weights. Behind a lock, since a forward pass changes them. A clone is an independent copy.
#[derive(Debug)]
pub struct Buffer(Mutex<Plain<(usize,)>>);

impl Buffer {
    /// A buffer of shape `[values.len()]`.
    ///
    /// Errors when the device does not start.
    pub fn new(values: Vec<f32>) -> Result<Self> {
        let count = values.len();
        Ok(Self(Mutex::new(tensor(values, (count,))?)))
    }

    /// The values.
    pub fn values(&self) -> Vec<f32> {
        self.with(|values| read(values).into_owned())
    }

    /// The values as they are now, where they lie.
    pub fn tensor(&self) -> Plain<(usize,)> {
        self.with(|values| values.clone())
    }

    /// The number of values.
    pub fn count(&self) -> usize {
        self.with(|values| values.shape().0)
    }

    /// Sets the values.
    ///
    /// Errors when their number is another.
    pub fn set(&self, values: Vec<f32>) -> Result<()> {
        self.with(|old| {
            let (count, expected) = (values.len(), old.shape().0);
            if count != expected {
                let problem = format!("{count} values for a buffer of {expected}");
                return Err(Error::new(ErrorKind::Shape, problem));
            }
            *old = tensor(values, (count,))?;
            Ok(())
        })
    }

    /// Moves every value the share `momentum` of the way to `factor` times its new one.
    pub(super) fn follow(&self, new: &Plain<(usize,)>, momentum: f32, factor: f32) -> Result<()> {
        self.with(|values| values.try_axpy(1.0 - momentum, new, momentum * factor))
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

//! A tensor that a network keeps beside its parameters.

use crate::{Error, ErrorKind, Result};
use std::sync::{Mutex, PoisonError};

/// Values that belong to a network but follow no gradient, such as running statistics: saved and loaded
/// with the weights. Behind a lock, since a forward pass changes them. A clone is an independent copy.
#[derive(Debug)]
pub struct Buffer(Mutex<Vec<f32>>);

impl Buffer {
    /// A buffer of shape `[values.len()]`.
    pub fn new(values: Vec<f32>) -> Self {
        Self(Mutex::new(values))
    }

    /// The values.
    pub fn values(&self) -> Vec<f32> {
        self.with(|values| values.clone())
    }

    /// The number of values.
    pub fn count(&self) -> usize {
        self.with(|values| values.len())
    }

    /// Sets the values.
    ///
    /// Errors when their number is another.
    pub fn set(&self, values: Vec<f32>) -> Result<()> {
        self.with(|old| {
            if old.len() != values.len() {
                let problem = format!("{} values for a buffer of {}", values.len(), old.len());
                return Err(Error::new(ErrorKind::Shape, problem));
            }
            *old = values;
            Ok(())
        })
    }

    /// Moves every value the share `momentum` of the way to its new one.
    pub(super) fn follow(&self, new: impl Iterator<Item = f32>, momentum: f32) {
        self.with(|values| {
            values.iter_mut().zip(new).for_each(|(old, new)| *old += momentum * (new - *old));
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<f32>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::new(self.values())
    }
}

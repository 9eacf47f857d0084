//! One tensor of a weights file.

use crate::tensor::{Plain, tensor};
use crate::{Error, ErrorKind, Result};
use safetensors::tensor::{Dtype, View};
use std::borrow::Cow;

/// One tensor of [`Weights`](super::Weights).
///
/// ```
/// use cuaderno::nn::{StoredTensor, Weights};
/// # fn main() -> cuaderno::Result<()> {
/// let mut weights = Weights::default();
/// weights.insert("fc.bias", StoredTensor { shape: vec![2], values: vec![0.5, -0.5] })?;
/// assert_eq!(weights.get("fc.bias").map(|tensor| tensor.values[1]), Some(-0.5));
/// assert!(weights.insert("fc.weight", StoredTensor { shape: vec![2, 3], values: vec![0.0] }).is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTensor {
    /// The shape.
    pub shape: Vec<usize>,
    /// The values in row-major order.
    pub values: Vec<f32>,
}

impl StoredTensor {
    /// The values as a tensor of rank 4, such as a batch of images `[batch, channels, height, width]`.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when it has another rank.
    pub fn tensor4(&self) -> Result<Plain<(usize, usize, usize, usize)>> {
        let [a, b, c, d] = self.shape[..] else {
            let problem = format!("expected a tensor of rank 4, found shape {:?}", self.shape);
            return Err(Error::new(ErrorKind::Shape, problem));
        };
        tensor(self.values.clone(), (a, b, c, d))
    }

    /// The values as indices, such as labels.
    ///
    /// # Errors
    /// [`ErrorKind::Numeric`] when a value is negative or not an integer.
    pub fn indices(&self) -> Result<Vec<usize>> {
        let index = |(place, value): (usize, &f32)| {
            // Above 2²⁴, single precision no longer distinguishes neighboring integers.
            const EXACT: f32 = 16_777_216.0;
            if value.fract() == 0.0 && (0.0..EXACT).contains(value) {
                return Ok(*value as usize);
            }
            let problem = format!("value {place} must be an index from 0, found {value}");
            Err(Error::new(ErrorKind::Numeric, problem)
                .help("number the classes from 0 in the order of their names"))
        };
        self.values.iter().enumerate().map(index).collect()
    }
}

impl View for &StoredTensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        self.values.len() * size_of::<f32>()
    }
}

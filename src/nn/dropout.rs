//! The dropout layer.

use crate::{Error, ErrorKind, Result};

/// Dropout (Srivastava et al., 2014): in training, sets each value to zero with probability p and multiplies the others by
/// `1 / (1 − p)`; in inference and in [`Pass::training_without_randomness`](super::Pass::training_without_randomness),
/// returns its input.
///
/// ```
/// use cuaderno::nn::{Dropout, Pass, Sequential};
/// use cuaderno::tensor::{constant, plain, read, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let network = Sequential::new().add(Dropout::new(0.5)?);
/// let x = tensor(vec![1.0; 100], (1, 100))?;
/// let trained = plain(network.forward(constant(&x), &Pass::training(0))?.features()?);
/// assert!(read(&trained).iter().all(|value| *value == 0.0 || *value == 2.0));
/// let inferred = plain(network.forward(constant(&x), &Pass::inference())?.features()?);
/// assert!(read(&inferred).iter().all(|value| *value == 1.0));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    probability: f32,
}

impl Dropout {
    /// Dropout with probability `p`, from 0 (never) to below 1.
    ///
    /// ```
    /// use cuaderno::nn::Dropout;
    /// assert_eq!(Dropout::new(0.5)?.probability(), 0.5);
    /// assert!(Dropout::new(1.0).is_err());
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when `p` is outside 0 to 1, 1 excluded.
    pub fn new(p: f32) -> Result<Self> {
        if !(0.0..1.0).contains(&p) {
            let problem =
                format!("the dropout probability must be at least 0 and below 1, found {p}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        Ok(Self { probability: p })
    }

    /// The probability of setting a value to zero.
    pub fn probability(&self) -> f32 {
        self.probability
    }
}

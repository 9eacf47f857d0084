//! A trainable tensor.

use super::Pass;
use crate::tensor::{
    Gradients, OptimizerConfig, OptimizerState, Plain, Tape, Tensor, Tensor1, Tensor2, Tensor3,
    Tensor4, copied, optimizer_step, out_of_memory, put_gradient, read, take_gradient, tensor,
    update,
};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::PutTape;
use std::borrow::Cow;

/// A tensor of rank 1 to 4 that training updates unless it is frozen.
///
/// A clone is an independent copy: training one does not change the other.
///
/// ```
/// use cuaderno::nn::Parameter;
/// # fn main() -> cuaderno::Result<()> {
/// let mut scale = Parameter::new(vec![1.0; 3], &[3])?;
/// scale.update(&mut |values| values[0] = 2.0)?;
/// scale.set_trainable(false);
/// assert_eq!(scale.values()[..], [2.0, 1.0, 1.0]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Parameter {
    value: Value,
    trainable: bool,
}

#[derive(Debug)]
enum Value {
    Rank1(Plain<(usize,)>),
    Rank2(Plain<(usize, usize)>),
    Rank3(Plain<(usize, usize, usize)>),
    Rank4(Plain<(usize, usize, usize, usize)>),
}

/// Evaluates the same expression for the tensor of whichever rank.
macro_rules! each_rank {
    ($value:expr, $tensor:ident => $body:expr) => {
        match $value {
            Value::Rank1($tensor) => $body,
            Value::Rank2($tensor) => $body,
            Value::Rank3($tensor) => $body,
            Value::Rank4($tensor) => $body,
        }
    };
}

impl Parameter {
    /// A trainable parameter from its values in row-major order.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when the rank is not 1 to 4, or the number of values is not the product of the shape.
    pub fn new(values: Vec<f32>, shape: &[usize]) -> Result<Self> {
        let value = match *shape {
            [a] => Value::Rank1(tensor(values, (a,))?),
            [a, b] => Value::Rank2(tensor(values, (a, b))?),
            [a, b, c] => Value::Rank3(tensor(values, (a, b, c))?),
            [a, b, c, d] => Value::Rank4(tensor(values, (a, b, c, d))?),
            _ => {
                let problem = format!("a parameter must have rank 1 to 4, found shape {shape:?}");
                return Err(Error::new(ErrorKind::Shape, problem));
            }
        };
        Ok(Self { value, trainable: true })
    }

    /// The shape.
    pub fn shape(&self) -> Vec<usize> {
        each_rank!(&self.value, t => t.shape().concrete().into())
    }

    /// The number of values.
    pub fn count(&self) -> usize {
        each_rank!(&self.value, t => t.shape().num_elements())
    }

    /// The values in row-major order.
    pub fn values(&self) -> Cow<'_, [f32]> {
        each_rank!(&self.value, t => read(t))
    }

    /// Changes the values in place; `change` gets them in row-major order.
    ///
    /// # Errors
    /// [`ErrorKind::Device`] when the device fails.
    pub fn update(&mut self, change: &mut dyn FnMut(&mut [f32])) -> Result<()> {
        each_rank!(&mut self.value, t => update(t, change))
    }

    /// Returns `true` if training updates the values.
    pub fn is_trainable(&self) -> bool {
        self.trainable
    }

    /// Freezes the parameter (`false`) or makes it trainable again.
    pub fn set_trainable(&mut self, trainable: bool) {
        self.trainable = trainable;
    }

    /// The parameter as a vector `[n]`, recorded when `pass` trains and the parameter is not frozen.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when it has another rank.
    pub fn vector(&self, pass: &Pass) -> Result<Tensor1> {
        match &self.value {
            Value::Rank1(t) => Ok(self.recorded(t, pass)),
            _ => self.wrong_rank(1),
        }
    }

    /// The parameter as a matrix; see [`Self::vector`].
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when it has another rank.
    pub fn matrix(&self, pass: &Pass) -> Result<Tensor2> {
        match &self.value {
            Value::Rank2(t) => Ok(self.recorded(t, pass)),
            _ => self.wrong_rank(2),
        }
    }

    /// The parameter as a tensor of rank 3; see [`Self::vector`].
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when it has another rank.
    pub fn tensor3(&self, pass: &Pass) -> Result<Tensor3> {
        match &self.value {
            Value::Rank3(t) => Ok(self.recorded(t, pass)),
            _ => self.wrong_rank(3),
        }
    }

    /// The parameter as a tensor of rank 4; see [`Self::vector`].
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when it has another rank.
    pub fn tensor4(&self, pass: &Pass) -> Result<Tensor4> {
        match &self.value {
            Value::Rank4(t) => Ok(self.recorded(t, pass)),
            _ => self.wrong_rank(4),
        }
    }

    /// The parameter as a vector without a tape.
    pub(super) fn plain1(&self) -> Result<&Plain<(usize,)>> {
        match &self.value {
            Value::Rank1(t) => Ok(t),
            _ => self.wrong_rank(1),
        }
    }

    /// The parameter as a tensor of rank 4 without a tape.
    pub(super) fn plain4(&self) -> Result<&Plain<(usize, usize, usize, usize)>> {
        match &self.value {
            Value::Rank4(t) => Ok(t),
            _ => self.wrong_rank(4),
        }
    }

    fn recorded<S: Shape>(&self, plain: &Plain<S>, pass: &Pass) -> Tensor<S> {
        let on = self.trainable && pass.is_training();
        plain.clone().put_tape(if on { Tape::on() } else { Tape::off() })
    }

    fn wrong_rank<T>(&self, rank: usize) -> Result<T> {
        let problem =
            format!("expected a parameter of rank {rank}, found shape {:?}", self.shape());
        Err(Error::new(ErrorKind::Shape, problem))
    }

    /// Updates the values by one optimizer step. The gradient may be taken out of `gradients`; `state` holds the
    /// optimizer's moments of this parameter.
    pub(crate) fn step(
        &mut self,
        gradients: &mut Gradients,
        state: &mut OptimizerState,
        config: &OptimizerConfig,
        learning_rate: f32,
    ) -> Result<()> {
        each_rank!(&mut self.value, t => optimizer_step(t, gradients, state, config, learning_rate))
    }

    /// Takes the parameter's gradient out of `gradients`, in row-major order; zeros when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Numeric`] when the device has no memory left.
    pub fn take_gradient(&self, gradients: &mut Gradients) -> Result<Vec<f32>> {
        each_rank!(&self.value, t => take_gradient(gradients, t)).map_err(out_of_memory)
    }

    /// Puts a gradient, in row-major order, in place of the one that was taken.
    pub(crate) fn put_gradient(&self, gradients: &mut Gradients, values: Vec<f32>) -> Result<()> {
        each_rank!(&self.value, t => put_gradient(gradients, t, values)).map_err(out_of_memory)
    }
}

impl Clone for Parameter {
    fn clone(&self) -> Self {
        let value = match &self.value {
            Value::Rank1(t) => Value::Rank1(copied(t)),
            Value::Rank2(t) => Value::Rank2(copied(t)),
            Value::Rank3(t) => Value::Rank3(copied(t)),
            Value::Rank4(t) => Value::Rank4(copied(t)),
        };
        Self { value, trainable: self.trainable }
    }
}

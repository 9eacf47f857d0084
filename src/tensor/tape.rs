//! The tensor types of this crate: dfdx tensors with run-time shapes and a tape that is on or off by value.

use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{Rank0, Shape};
use dfdx::tensor::{HasErr, Merge, NoneTape, OwnedTape, PutTape, SplitTape, TensorFromVec};
use dfdx::tensor_ops::Backward;

/// The device of all tensors: the CPU, or with the feature `cuda` the first GPU.
#[cfg(not(feature = "cuda"))]
pub type Device = dfdx::tensor::Cpu;
/// The device of all tensors: the CPU, or with the feature `cuda` the first GPU.
#[cfg(feature = "cuda")]
pub type Device = dfdx::tensor::Cuda;
/// Gradients by tensor, the result of [`backward`].
pub type Gradients = dfdx::tensor::Gradients<f32, Device>;
/// A tensor without a tape: data, such as a batch of images or a parameter's values.
pub type Plain<S> = dfdx::tensor::Tensor<S, f32, Device, NoneTape>;
/// A tensor with this crate's [`Tape`].
pub type Tensor<S> = dfdx::tensor::Tensor<S, f32, Device, Tape>;
/// A scalar, such as a loss.
pub type Tensor0 = Tensor<Rank0>;
/// A vector.
pub type Tensor1 = Tensor<(usize,)>;
/// A matrix, usually `[batch, features]`.
pub type Tensor2 = Tensor<(usize, usize)>;
/// Rank 3, usually `[batch, channels, length]`.
pub type Tensor3 = Tensor<(usize, usize, usize)>;
/// Rank 4, usually `[batch, channels, height, width]`.
pub type Tensor4 = Tensor<(usize, usize, usize, usize)>;

/// A gradient tape that is on or off at run time.
///
/// dfdx decides by type whether operations are recorded, so each network would be compiled twice and its type would
/// show in cells. This tape decides by value: operations on tensors whose tape is off are not recorded, so a frozen
/// part of a network costs nothing in the backward pass.
#[derive(Debug)]
pub struct Tape(Option<OwnedTape<f32, Device>>);

impl Tape {
    /// A tape that records.
    pub fn on() -> Self {
        Self(Some(OwnedTape::default()))
    }

    /// A tape that records nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// A second tape for another use of the same tensor, on if this one is.
    pub(crate) fn another(&self) -> Self {
        Self(self.0.as_ref().map(|_| OwnedTape::default()))
    }

    /// Returns `true` if operations are recorded.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

/// On, because dfdx's composite operations give a tensor that they use twice a default tape, and one that is off would
/// lose part of the gradient.
impl Default for Tape {
    fn default() -> Self {
        Self::on()
    }
}

impl dfdx::tensor::Tape<f32, Device> for Tape {
    const OWNS_TAPE: bool = true;

    fn add_backward_op<F>(&mut self, operation: F)
    where
        F: 'static + FnOnce(&mut Gradients) -> std::result::Result<(), BackwardError>,
    {
        if let Some(tape) = &mut self.0 {
            tape.add_backward_op(operation);
        }
    }
}

impl Merge<NoneTape> for Tape {
    fn merge(self, _: NoneTape) -> Self {
        self
    }
}

impl Merge<Tape> for Tape {
    fn merge(self, other: Tape) -> Self {
        Self(match (self.0, other.0) {
            (Some(a), Some(b)) => Some(a.merge(b)),
            (a, b) => a.or(b),
        })
    }
}

/// The device of this process, or of this thread on a GPU: one for all tensors, so that they share buffers.
///
/// # Errors
/// [`ErrorKind::Device`] when the feature `cuda` is on and there is no GPU.
pub fn device() -> Result<&'static Device> {
    started().as_ref().map_err(|problem| {
        Error::new(ErrorKind::Device, format!("the GPU does not start ({problem})"))
            .help("check the driver with `nvidia-smi`, or build without the feature `cuda` to run on the CPU")
    })
}

type Started = std::result::Result<Device, String>;

#[cfg(not(feature = "cuda"))]
fn started() -> &'static Started {
    static DEVICE: std::sync::OnceLock<Started> = std::sync::OnceLock::new();
    DEVICE.get_or_init(|| {
        super::cpu::keep();
        Ok(Device::default())
    })
}

#[cfg(feature = "cuda")]
fn started() -> &'static Started {
    fn start() -> Started {
        super::cpu::keep();
        // dfdx panics where there is no driver.
        cudarc::driver::result::init().map_err(|error| error.to_string())?;
        Device::try_build(0, 0).map_err(|error| error.to_string())
    }
    std::thread_local! {
        static DEVICE: &'static Started = Box::leak(Box::new(start()));
    }
    DEVICE.with(|device| *device)
}

/// The device's name for summaries.
pub fn device_name() -> &'static str {
    if cfg!(feature = "cuda") { "CUDA device 0" } else { "CPU" }
}

/// A tensor from its values in row-major order.
///
/// ```
/// use cuaderno::tensor::{read, tensor};
/// let matrix = tensor(vec![1.0, 2.0, 3.0, 4.0], (2, 2))?;
/// assert_eq!(read(&matrix)[3], 4.0);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Shape`] when the number of values is not the product of the shape.
pub fn tensor<S: Shape>(values: Vec<f32>, shape: S) -> Result<Plain<S>> {
    let found = values.len();
    let device = device()?;
    device.try_tensor_from_vec(values, shape).map_err(|_| {
        Error::new(
            ErrorKind::Shape,
            format!(
                "expected {} values for a tensor of shape {:?}, found {found}",
                shape.num_elements(),
                shape.concrete()
            ),
        )
    })
}

/// A tensor with its tape off, such as the input of a network.
///
/// ```
/// use cuaderno::tensor::{LossOptions, backward, constant, cross_entropy, tensor};
/// let logits = constant(&tensor(vec![1.0, 0.0], (1, 2))?);
/// let loss = cross_entropy(logits, &[0], &LossOptions::default())?;
/// assert!(backward(loss).is_err()); // nothing was recorded
/// # Ok::<(), cuaderno::Error>(())
/// ```
pub fn constant<S: Shape>(plain: &Plain<S>) -> Tensor<S> {
    plain.clone().put_tape(Tape::off())
}

/// A copy under an id of its own, made on the device: dfdx's clone would share the gradient.
///
/// # Panics
/// When the device has no memory left.
pub(crate) fn copied<S: Shape>(tensor: &Plain<S>) -> Plain<S> {
    tensor.clone() * 1.0
}

/// Two tensors with the values of one, both recorded if it is.
pub(crate) fn fork<S: Shape>(tensor: Tensor<S>) -> [Tensor<S>; 2] {
    let (plain, tape) = tensor.split_tape();
    let second = plain.clone().put_tape(tape.another());
    [plain.put_tape(tape), second]
}

/// The tensor with the operations of another tape added to its own.
pub(crate) fn joined<S: Shape>(tensor: Tensor<S>, tape: Tape) -> Tensor<S> {
    let (plain, own) = tensor.split_tape();
    plain.put_tape(own.merge(tape))
}

/// A tensor without its tape, for reading a result.
pub fn plain<S: Shape>(tensor: Tensor<S>) -> Plain<S> {
    tensor.split_tape().0
}

/// Runs the backward pass from a loss and returns the gradients of all tensors that it depends on.
///
/// ```
/// use cuaderno::nn::{Parameter, Pass};
/// use cuaderno::tensor::{LossOptions, backward, constant, cross_entropy, linear, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let weight = Parameter::new(vec![0.0, 0.0], &[2, 1])?; // two classes, one feature
/// let x = constant(&tensor(vec![3.0], (1, 1))?);
/// let logits = linear(x, weight.matrix(&Pass::training(0))?, None, false)?;
/// let loss = cross_entropy(logits, &[1], &LossOptions::default())?;
/// let gradient = weight.take_gradient(&mut backward(loss)?)?;
/// assert_eq!(gradient, [1.5, -1.5]); // (p − y) · x with p = 1/2
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when nothing that the loss depends on was recorded.
pub fn backward(loss: Tensor0) -> Result<Gradients> {
    let (loss, tape) = loss.split_tape();
    let Some(tape) = tape.0 else {
        return Err(Error::new(ErrorKind::Parameter, "the loss depends on no trainable parameter")
            .help("unfreeze a layer, or run the forward pass in training mode"));
    };
    loss.put_tape(tape).try_backward().map_err(out_of_memory)
}

/// The error type of dfdx's operations and of backward passes.
pub type BackwardError = <Device as HasErr>::Err;

/// Converts an error of dfdx's operations, for `map_err`.
// They carry no details; the only failure that can occur here is that of an allocation.
pub fn out_of_memory(error: BackwardError) -> Error {
    Error::new(ErrorKind::Numeric, format!("the tensor operation failed ({error})"))
        .help("use a smaller batch or smaller images")
}

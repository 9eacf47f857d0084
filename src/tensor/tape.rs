//! The tensor types of this crate: dfdx tensors with run-time shapes and a tape that can be off.

use crate::{Error, ErrorKind, Result};
use dfdx::shapes::{Rank0, Shape};
use dfdx::tensor::{HasErr, Merge, NoneTape, OwnedTape, PutTape, SplitTape, TensorFromVec};
use dfdx::tensor_ops::Backward;

/// The device that tensors live on: the processor, or with the feature `cuda` the first GPU.
#[cfg(not(feature = "cuda"))]
pub type Device = dfdx::tensor::Cpu;
/// The device that tensors live on: the processor, or with the feature `cuda` the first GPU.
#[cfg(feature = "cuda")]
pub type Device = dfdx::tensor::Cuda;
/// Gradients by tensor, as [`backward`] returns them.
pub type Gradients = dfdx::tensor::Gradients<f32, Device>;
/// A tensor without a tape: data, such as a batch of pictures or a parameter.
pub type Plain<S> = dfdx::tensor::Tensor<S, f32, Device, NoneTape>;
/// A tensor with this crate's [`Tape`].
pub type Tensor<S> = dfdx::tensor::Tensor<S, f32, Device, Tape>;
/// A number on the tape, such as a loss.
pub type Tensor0 = Tensor<Rank0>;
/// A vector.
pub type Tensor1 = Tensor<(usize,)>;
/// A matrix, usually `[batch, features]`.
pub type Tensor2 = Tensor<(usize, usize)>;
/// Rank 3, usually `[batch, channels, length]`.
pub type Tensor3 = Tensor<(usize, usize, usize)>;
/// Rank 4, usually `[batch, channels, height, width]`.
pub type Tensor4 = Tensor<(usize, usize, usize, usize)>;

/// A tape that is on or off at run time.
///
/// dfdx decides by type whether operations are recorded, so every network would be compiled twice and
/// its type would show in each cell. This one decides by value: operations on tensors whose tape is off
/// are not recorded, which is what makes a frozen part of a network free in the backward pass.
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

    /// A second tape for another way from the same tensor, on if this one is.
    pub(crate) fn another(&self) -> Self {
        Self(self.0.as_ref().map(|_| OwnedTape::default()))
    }

    /// Whether operations are recorded.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

/// On: inside dfdx's composite operations a tensor used twice gets a default tape, and one that were
/// off would lose part of the gradient.
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

/// The device of this process, on a GPU that of this thread. One for all tensors, so that buffers are shared.
///
/// # Errors
/// [`ErrorKind::Device`] when the feature `cuda` is on and there is no GPU.
pub fn device() -> Result<&'static Device> {
    started().as_ref().map_err(|problem| {
        Error::new(ErrorKind::Device, format!("the GPU does not start ({problem})"))
            .help("`nvidia-smi` shows the driver and its GPUs; without the feature `cuda` the processor does the work")
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
        // What dfdx does next panics where there is no driver.
        cudarc::driver::result::init().map_err(|error| error.to_string())?;
        Device::try_build(0, 0).map_err(|error| error.to_string())
    }
    std::thread_local! {
        static DEVICE: &'static Started = Box::leak(Box::new(start()));
    }
    DEVICE.with(|device| *device)
}

/// The device's name, such as a summary shows it.
pub fn device_name() -> &'static str {
    if cfg!(feature = "cuda") { "CUDA device 0" } else { "CPU" }
}

/// A tensor from its values in row-major order.
///
/// Errors when the number of values is not the product of the shape.
pub fn tensor<S: Shape>(values: Vec<f32>, shape: S) -> Result<Plain<S>> {
    let found = values.len();
    let device = device()?;
    device.try_tensor_from_vec(values, shape).map_err(|_| {
        Error::new(
            ErrorKind::Shape,
            format!("{found} values do not fill a tensor of shape {:?}", shape.concrete()),
        )
    })
}

/// A tensor with its tape off, such as a batch of pictures on its way into a network.
pub fn constant<S: Shape>(plain: &Plain<S>) -> Tensor<S> {
    plain.clone().put_tape(Tape::off())
}

/// A copy under an id of its own, made on the device: dfdx's clone would share the gradient.
///
/// # Panics
/// When the device has no memory left, as every copy does.
pub(crate) fn copied<S: Shape>(tensor: &Plain<S>) -> Plain<S> {
    tensor.clone() * 1.0
}

/// The same tensor for two ways, both recorded if it is.
pub(crate) fn twice<S: Shape>(tensor: Tensor<S>) -> [Tensor<S>; 2] {
    let (plain, tape) = tensor.split_tape();
    let second = plain.clone().put_tape(tape.another());
    [plain.put_tape(tape), second]
}

/// The same tensor with another tape's operations recorded too.
pub(crate) fn joined<S: Shape>(tensor: Tensor<S>, tape: Tape) -> Tensor<S> {
    let (plain, own) = tensor.split_tape();
    plain.put_tape(own.merge(tape))
}

/// A tensor without its tape: what a network answered, to be looked at.
pub fn plain<S: Shape>(tensor: Tensor<S>) -> Plain<S> {
    tensor.split_tape().0
}

/// Runs the backward pass from a loss and returns the gradients of everything it depends on.
///
/// Errors when nothing that the loss depends on was recorded.
pub fn backward(loss: Tensor0) -> Result<Gradients> {
    let (loss, tape) = loss.split_tape();
    let Some(tape) = tape.0 else {
        return Err(Error::new(
            ErrorKind::Parameter,
            "the loss depends on nothing that is trained",
        )
        .help("unfreeze a layer, or run the forward pass in training mode"));
    };
    loss.put_tape(tape).try_backward().map_err(out_of_memory)
}

/// The error of dfdx's own operations, and of backward passes as it wants them.
pub type BackwardError = <Device as HasErr>::Err;

/// What dfdx's own operations fail with as an error of this crate, for `map_err`.
// They carry no place; the only failure that can reach us here is that of an allocation.
pub fn out_of_memory(error: BackwardError) -> Error {
    Error::new(ErrorKind::Numeric, format!("the tensor operation failed ({error})"))
        .help("use a smaller batch or smaller pictures")
}

//! The interface between networks and the training loop.

use super::buffer::Buffer;
use super::inputs::Inputs;
use super::layer::Sequential;
use super::parameter::Parameter;
use super::pass::Pass;
use super::prefix::{check_prefix, has_prefix};
use crate::Result;
use crate::tensor::Tensor2;

/// A network: from a batch of [`Inputs`](super::Inputs) to one row of logits per example, `[batch, classes]`, with named
/// parameters, as PyTorch's `nn.Module`. For a struct of layers, [`modules!`](crate::modules) writes every method but `forward`;
/// its page has an example.
///
/// ```
/// use cuaderno::nn::{Init, Inputs, Layer, Linear, Model, Pass, Sequential};
/// use cuaderno::tensor::dfdx::shapes::HasShape;
/// use cuaderno::tensor::{plain, tensor};
/// # fn main() -> cuaderno::Result<()> {
/// let mut init = Init::seed(0);
/// let mut model = Sequential::new()
///     .named("body", Linear::new(4, 8, &mut init)?)
///     .named("relu", Layer::Relu)
///     .named("head", Linear::new(8, 3, &mut init)?);
/// model.freeze("body")?;
/// let trained: Vec<bool> = model.parameters().iter().map(|(_, p)| p.is_trainable()).collect();
/// assert_eq!(trained, [false, false, true, true]);
/// let inputs = Inputs { features: Some(tensor(vec![0.1; 2 * 4], (2, 4))?), ..Inputs::default() };
/// let logits = Model::forward(&model, &inputs, &Pass::inference())?;
/// assert_eq!(*plain(logits).shape(), (2, 3));
/// # Ok(()) }
/// ```
pub trait Model: std::fmt::Debug + ThreadSafe {
    /// The logits, `[batch, classes]`.
    ///
    /// # Errors
    /// When the batch lacks an input or its shape does not fit; the error names the layer.
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2>;

    /// The parameters with their names, as in PyTorch's `named_parameters`.
    fn parameters(&self) -> Vec<(String, &Parameter)>;

    /// The parameters for writing, in the same order.
    fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)>;

    /// The buffers with their names, as in PyTorch's `named_buffers`; none by default.
    fn buffers(&self) -> Vec<(String, &Buffer)> {
        Vec::new()
    }

    /// The layers that take the images, with the prefix of their parameters (`image`, or ""). Training computes the output
    /// of their frozen prefix only once per image. A network with a backbone runs it by [`Sequential::forward_inputs`].
    fn backbone(&self) -> Option<(&str, &Sequential)> {
        None
    }

    /// An independent copy, to keep the best epoch or to train one network per fold.
    fn boxed_clone(&self) -> Box<dyn Model>;

    /// Freezes the parameters under `prefix`, such as `layer1` or `features.0`; all with "".
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are none.
    fn freeze(&mut self, prefix: &str) -> Result<()> {
        set_trainable(self.parameters_mut(), prefix, false)
    }

    /// Makes the parameters under `prefix` trainable again; all with "".
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are none.
    fn unfreeze(&mut self, prefix: &str) -> Result<()> {
        set_trainable(self.parameters_mut(), prefix, true)
    }
}

fn set_trainable(
    parameters: Vec<(String, &mut Parameter)>,
    prefix: &str,
    trainable: bool,
) -> Result<()> {
    let mut names = Vec::with_capacity(parameters.len());
    for (name, parameter) in parameters {
        if has_prefix(&name, prefix) {
            parameter.set_trainable(trainable);
        }
        names.push(name);
    }
    check_prefix(prefix, names.iter().map(String::as_str))
}

impl Model for Box<dyn Model> {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        (**self).forward(inputs, pass)
    }

    fn parameters(&self) -> Vec<(String, &Parameter)> {
        (**self).parameters()
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        (**self).parameters_mut()
    }

    fn buffers(&self) -> Vec<(String, &Buffer)> {
        (**self).buffers()
    }

    fn backbone(&self) -> Option<(&str, &Sequential)> {
        (**self).backbone()
    }

    fn boxed_clone(&self) -> Box<dyn Model> {
        (**self).boxed_clone()
    }
}

impl Clone for Box<dyn Model> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// Types that can be sent to other threads and shared with them: every model on the CPU. With the feature `cuda` it is
/// empty, since dfdx's tensors on a GPU stay on the thread that made them; [`Weights`](super::Weights) can be sent, and
/// loaded into a network that the other thread has built.
#[cfg(not(feature = "cuda"))]
pub trait ThreadSafe: Send + Sync {}
#[cfg(not(feature = "cuda"))]
impl<T: Send + Sync + ?Sized> ThreadSafe for T {}

/// Without requirements: dfdx's tensors on a GPU stay on the thread that made them. [`Weights`](super::Weights) can be
/// sent, and loaded into a network that the other thread has built.
// Each tensor holds dfdx's device, whose `CudaStream` of cudarc 0.9 is a bare pointer, neither `Send` nor `Sync`. An unsafe
// implementation here would be wrong: the backward pass of a product in dfdx points the device's one cuBLAS handle to a
// second stream and back without a lock, so that two threads on one device would corrupt each other's results.
#[cfg(feature = "cuda")]
pub trait ThreadSafe {}
#[cfg(feature = "cuda")]
impl<T: ?Sized> ThreadSafe for T {}

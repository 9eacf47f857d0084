//! What the training loop asks of a network.

use super::weights::is_under;
use super::{Begun, Buffer, Parameter, Pass, Sequential};
use crate::tensor::{Plain, Tensor2, Tensor4, constant};
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;

/// A batch on its way into a network: whichever of the parts a data set has.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Pictures, `[batch, channels, height, width]`.
    pub images: Option<Plain<(usize, usize, usize, usize)>>,
    /// Metadata, `[batch, features]`.
    pub features: Option<Plain<(usize, usize)>>,
    /// Texts as the numbers of their words, `[batch, length]`.
    pub tokens: Option<Array2<u32>>,
    /// In place of the pictures, what the frozen layers that a network begins with made of them; see
    /// [`Model::beginning`].
    pub begun: Option<Begun>,
}

impl Inputs {
    /// The pictures, or an error when the data set has none.
    pub fn images(&self) -> Result<Tensor4> {
        self.images.as_ref().map(constant).ok_or_else(|| self.missing("pictures"))
    }

    /// The metadata, or an error when the data set has none.
    pub fn features(&self) -> Result<Tensor2> {
        self.features.as_ref().map(constant).ok_or_else(|| self.missing("metadata"))
    }

    /// The texts, or an error when the data set has none.
    pub fn tokens(&self) -> Result<&Array2<u32>> {
        self.tokens.as_ref().ok_or_else(|| self.missing("texts"))
    }

    fn missing(&self, what: &str) -> Error {
        if self.begun.is_some() {
            let problem = format!("of the {what} there is only what the frozen beginning made");
            return Error::new(ErrorKind::Shape, problem)
                .help("run the layers that `Model::beginning` names by `Sequential::begin`");
        }
        let problem = format!("the network wants {what}, which the data set has not");
        Error::new(ErrorKind::Shape, problem)
            .help(format!("give the data set {what}, or take another network"))
    }
}

/// A network that turns a batch into one row of logits per example. Of a network of one's own, [`parts`](crate::parts)
/// writes all but `forward`.
pub trait Model: std::fmt::Debug + Anywhere {
    /// The logits, `[batch, classes]`.
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2>;

    /// The parameters with their names, as in PyTorch's `named_parameters`.
    fn parameters(&self) -> Vec<(String, &Parameter)>;

    /// The same for writing, in the same order.
    fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)>;

    /// The buffers with their names, as in PyTorch's `named_buffers`. A network without any need not say so.
    fn buffers(&self) -> Vec<(String, &Buffer)> {
        Vec::new()
    }

    /// The layers that pictures go into first, with what stands before the names of their parameters (`image`, or "").
    /// Training then computes only once what those of them make of each picture that are frozen and have nothing but
    /// frozen ones before them. A network that has such layers runs them by [`Sequential::begin`].
    fn beginning(&self) -> Option<(&str, &Sequential)> {
        None
    }

    /// An independent copy, to keep the best epoch or to train once per fold.
    fn boxed_clone(&self) -> Box<dyn Model>;

    /// Freezes the parameters whose names begin with `part`, such as `layer1` or `features.0`, and all with "".
    ///
    /// Errors when there are none.
    fn freeze(&mut self, part: &str) -> Result<()> {
        set_trainable(self.parameters_mut(), part, false)
    }

    /// Makes the parameters whose names begin with `part` trainable again, and all with "".
    ///
    /// Errors when there are none.
    fn unfreeze(&mut self, part: &str) -> Result<()> {
        set_trainable(self.parameters_mut(), part, true)
    }
}

fn set_trainable(
    parameters: Vec<(String, &mut Parameter)>,
    part: &str,
    trainable: bool,
) -> Result<()> {
    let mut names = Vec::with_capacity(parameters.len());
    for (name, parameter) in parameters {
        if is_under(&name, part) {
            parameter.set_trainable(trainable);
        }
        names.push(name);
    }
    check_part(part, names.iter().map(String::as_str))
}

/// That `part` is one of a network whose parameters have these names.
pub(super) fn check_part<'a>(part: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut tops: Vec<&str> = Vec::new();
    for name in names {
        if is_under(name, part) {
            return Ok(());
        }
        let top = name.split('.').next().unwrap_or_default();
        if tops.last() != Some(&top) {
            tops.push(top);
        }
    }
    let problem = format!("no parameter is under `{part}`");
    Err(Error::new(ErrorKind::Parameter, problem)
        .help(format!("the network's parts are {}", tops.join(", "))))
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

    fn beginning(&self) -> Option<(&str, &Sequential)> {
        (**self).beginning()
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

/// What can be sent to other threads and seen from them: every model on the processor. With the feature `cuda` this asks
/// for nothing, since dfdx's tensors on a GPU stay on the thread that made them; [`Weights`](super::Weights) can be sent,
/// and loaded into a network that the other thread has built.
#[cfg(not(feature = "cuda"))]
pub trait Anywhere: Send + Sync {}
#[cfg(not(feature = "cuda"))]
impl<T: Send + Sync + ?Sized> Anywhere for T {}

/// Nothing is asked for: dfdx's tensors on a GPU stay on the thread that made them; [`Weights`](super::Weights) can be
/// sent, and loaded into a network that the other thread has built.
// Each tensor holds dfdx's device, and that a `CudaStream` of cudarc 0.9, a bare pointer that is neither `Send` nor `Sync`.
// To declare it so here would be wrong: in the backward pass of a product dfdx turns the device's one cuBLAS handle to a
// second stream and back, unlocked, so that two threads on one device would spoil each other's numbers.
#[cfg(feature = "cuda")]
pub trait Anywhere {}
#[cfg(feature = "cuda")]
impl<T: ?Sized> Anywhere for T {}

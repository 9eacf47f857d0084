//! Parameters of a network that is a struct of layers, field by field.

use super::batch_norm::BatchNorm2d;
use super::buffer::Buffer;
use super::conv1d::Conv1d;
use super::conv2d::Conv2d;
use super::embedding::Embedding;
use super::layer::Sequential;
use super::linear::Linear;
use super::model::Model;
use super::parameter::Parameter;
use super::prefix::joined;

/// A field of a network that holds parameters: a layer, a [`Sequential`], a network, a [`Parameter`], or an `Option` or
/// `Vec` of these. [`modules!`](crate::modules) collects them.
pub trait Module {
    /// Adds the parameters to `into`, with names under `prefix`.
    fn collect<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Parameter)>);

    /// Adds the parameters for writing, in the same order.
    fn collect_mut<'a>(&'a mut self, prefix: &str, into: &mut Vec<(String, &'a mut Parameter)>);

    /// Adds the buffers to `into`, with names under `prefix`.
    fn collect_buffers<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Buffer)>);
}

/// Implements the methods of [`Model`](crate::nn::Model) other than `forward` for a `Clone` struct whose fields of these
/// names hold the parameters. Each parameter's name starts with that of its field.
///
/// ```
/// use cuaderno::nn::{Init, Inputs, Linear, Model, Parameter, Pass};
/// use cuaderno::tensor::{Tensor2, out_of_memory};
/// use cuaderno::tensor::dfdx::shapes::{Axis, HasShape};
/// use cuaderno::tensor::dfdx::tensor_ops::{BroadcastTo, TryMul};
/// use cuaderno::{Result, modules};
///
/// /// A linear layer whose logits are scaled, class by class.
/// #[derive(Clone, Debug)]
/// struct Scaled {
///     linear: Linear,
///     scale: Parameter,
/// }
///
/// impl Model for Scaled {
///     fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
///         let features = inputs.features()?;
///         let logits = pass.enter("linear", || self.linear.forward(features, false, pass))?;
///         // Operations of dfdx work on the same tensors.
///         let scale = self.scale.vector(pass)?.try_broadcast_like::<_, Axis<0>>(logits.shape());
///         logits.try_mul(scale.map_err(out_of_memory)?).map_err(out_of_memory)
///     }
///
///     modules!(linear, scale);
/// }
///
/// # fn main() -> Result<()> {
/// let linear = Linear::new(4, 3, &mut Init::seed(0))?;
/// let model = Scaled { linear, scale: Parameter::new(vec![1.0; 3], &[3])? };
/// let names: Vec<String> = model.parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["linear.weight", "linear.bias", "scale"]);
/// # Ok(()) }
/// ```
#[macro_export]
macro_rules! modules {
    ($($field:ident),+ $(,)?) => {
        fn parameters(&self) -> ::std::vec::Vec<(::std::string::String, &$crate::nn::Parameter)> {
            let mut all = ::std::vec::Vec::new();
            $($crate::nn::Module::collect(&self.$field, stringify!($field), &mut all);)+
            all
        }

        fn parameters_mut(
            &mut self,
        ) -> ::std::vec::Vec<(::std::string::String, &mut $crate::nn::Parameter)> {
            let mut all = ::std::vec::Vec::new();
            $($crate::nn::Module::collect_mut(&mut self.$field, stringify!($field), &mut all);)+
            all
        }

        fn buffers(&self) -> ::std::vec::Vec<(::std::string::String, &$crate::nn::Buffer)> {
            let mut all = ::std::vec::Vec::new();
            $($crate::nn::Module::collect_buffers(&self.$field, stringify!($field), &mut all);)+
            all
        }

        fn boxed_clone(&self) -> ::std::boxed::Box<dyn $crate::nn::Model> {
            ::std::boxed::Box::new(::std::clone::Clone::clone(self))
        }
    };
}

impl Module for Parameter {
    fn collect<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Parameter)>) {
        into.push((prefix.to_string(), self));
    }

    fn collect_mut<'a>(&'a mut self, prefix: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        into.push((prefix.to_string(), self));
    }

    fn collect_buffers<'a>(&'a self, _: &str, _: &mut Vec<(String, &'a Buffer)>) {}
}

impl Module for Buffer {
    fn collect<'a>(&'a self, _: &str, _: &mut Vec<(String, &'a Parameter)>) {}

    fn collect_mut<'a>(&'a mut self, _: &str, _: &mut Vec<(String, &'a mut Parameter)>) {}

    fn collect_buffers<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Buffer)>) {
        into.push((prefix.to_string(), self));
    }
}

macro_rules! modules_of {
    ($($layer:ident { $($field:ident),+ })+) => {$(
        impl Module for $layer {
            fn collect<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Parameter)>) {
                $(self.$field.collect(&joined(prefix, stringify!($field)), into);)+
            }

            fn collect_mut<'a>(&'a mut self, prefix: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
                $(self.$field.collect_mut(&joined(prefix, stringify!($field)), into);)+
            }

            fn collect_buffers<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Buffer)>) {
                $(self.$field.collect_buffers(&joined(prefix, stringify!($field)), into);)+
            }
        }
    )+};
}

modules_of! {
    Linear { weight, bias }
    Conv2d { weight, bias }
    Conv1d { weight, bias }
    BatchNorm2d { weight, bias, running_mean, running_var }
    Embedding { weight }
}

/// A network inside another one.
impl Module for Box<dyn Model> {
    fn collect<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Parameter)>) {
        let all = self.parameters().into_iter();
        into.extend(all.map(|(own, parameter)| (joined(prefix, &own), parameter)));
    }

    fn collect_mut<'a>(&'a mut self, prefix: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        let all = self.parameters_mut().into_iter();
        into.extend(all.map(|(own, parameter)| (joined(prefix, &own), parameter)));
    }

    fn collect_buffers<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Buffer)>) {
        let all = self.buffers().into_iter();
        into.extend(all.map(|(own, buffer)| (joined(prefix, &own), buffer)));
    }
}

impl Module for Sequential {
    fn collect<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Parameter)>) {
        let all = self.parameters().into_iter();
        into.extend(all.map(|(own, parameter)| (joined(prefix, &own), parameter)));
    }

    fn collect_mut<'a>(&'a mut self, prefix: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        self.parameters_mut_under(prefix, into);
    }

    fn collect_buffers<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Buffer)>) {
        let all = self.buffers().into_iter();
        into.extend(all.map(|(own, buffer)| (joined(prefix, &own), buffer)));
    }
}

impl<M: Module> Module for Option<M> {
    fn collect<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Parameter)>) {
        self.iter().for_each(|module| module.collect(prefix, into));
    }

    fn collect_mut<'a>(&'a mut self, prefix: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        self.iter_mut().for_each(|module| module.collect_mut(prefix, into));
    }

    fn collect_buffers<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Buffer)>) {
        self.iter().for_each(|module| module.collect_buffers(prefix, into));
    }
}

/// Each is named by its index, as in PyTorch's `ModuleList`.
impl<M: Module> Module for Vec<M> {
    fn collect<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Parameter)>) {
        let modules = self.iter().enumerate();
        modules
            .for_each(|(index, module)| module.collect(&joined(prefix, &index.to_string()), into));
    }

    fn collect_mut<'a>(&'a mut self, prefix: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        let modules = self.iter_mut().enumerate();
        modules.for_each(|(index, module)| {
            module.collect_mut(&joined(prefix, &index.to_string()), into)
        });
    }

    fn collect_buffers<'a>(&'a self, prefix: &str, into: &mut Vec<(String, &'a Buffer)>) {
        let modules = self.iter().enumerate();
        modules.for_each(|(index, module)| {
            module.collect_buffers(&joined(prefix, &index.to_string()), into)
        });
    }
}

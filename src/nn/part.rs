//! What a network of one's own is made of, field by field.

use super::layer::joined;
use super::{BatchNorm2d, Buffer, Conv1d, Conv2d, Embedding, Linear, Model, Parameter, Sequential};

/// What can be a field of a network and has weights: a layer, a sequence of them, a whole network, a [`Parameter`], or
/// some of these in an `Option` or a `Vec`. [`parts`](crate::parts) asks it for them.
pub trait Part {
    /// Adds its parameters, their names beginning with `name`.
    fn list<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Parameter)>);

    /// The same for writing, in the same order.
    fn list_mut<'a>(&'a mut self, name: &str, into: &mut Vec<(String, &'a mut Parameter)>);

    /// Adds its buffers, their names beginning with `name`.
    fn list_buffers<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Buffer)>);
}

/// All that [`Model`](crate::nn::Model) asks for but `forward`, for a struct that is `Clone` and has these fields with
/// weights. The names of the parameters begin with those of the fields.
///
/// ```
/// use cuaderno::nn::{Init, Inputs, Linear, Model, Parameter, Pass};
/// use cuaderno::tensor::{Tensor2, out_of_memory};
/// use cuaderno::tensor::dfdx::shapes::{Axis, HasShape};
/// use cuaderno::tensor::dfdx::tensor_ops::{BroadcastTo, TryMul};
/// use cuaderno::{Result, parts};
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
///         // The rest straight on dfdx's tensors.
///         let scale = self.scale.vector(pass)?.try_broadcast_like::<_, Axis<0>>(logits.shape());
///         logits.try_mul(scale.map_err(out_of_memory)?).map_err(out_of_memory)
///     }
///
///     parts!(linear, scale);
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
macro_rules! parts {
    ($($field:ident),+ $(,)?) => {
        fn parameters(&self) -> ::std::vec::Vec<(::std::string::String, &$crate::nn::Parameter)> {
            let mut all = ::std::vec::Vec::new();
            $($crate::nn::Part::list(&self.$field, stringify!($field), &mut all);)+
            all
        }

        fn parameters_mut(
            &mut self,
        ) -> ::std::vec::Vec<(::std::string::String, &mut $crate::nn::Parameter)> {
            let mut all = ::std::vec::Vec::new();
            $($crate::nn::Part::list_mut(&mut self.$field, stringify!($field), &mut all);)+
            all
        }

        fn buffers(&self) -> ::std::vec::Vec<(::std::string::String, &$crate::nn::Buffer)> {
            let mut all = ::std::vec::Vec::new();
            $($crate::nn::Part::list_buffers(&self.$field, stringify!($field), &mut all);)+
            all
        }

        fn boxed_clone(&self) -> ::std::boxed::Box<dyn $crate::nn::Model> {
            ::std::boxed::Box::new(::std::clone::Clone::clone(self))
        }
    };
}

impl Part for Parameter {
    fn list<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Parameter)>) {
        into.push((name.to_string(), self));
    }

    fn list_mut<'a>(&'a mut self, name: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        into.push((name.to_string(), self));
    }

    fn list_buffers<'a>(&'a self, _: &str, _: &mut Vec<(String, &'a Buffer)>) {}
}

impl Part for Buffer {
    fn list<'a>(&'a self, _: &str, _: &mut Vec<(String, &'a Parameter)>) {}

    fn list_mut<'a>(&'a mut self, _: &str, _: &mut Vec<(String, &'a mut Parameter)>) {}

    fn list_buffers<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Buffer)>) {
        into.push((name.to_string(), self));
    }
}

macro_rules! parts_of {
    ($($layer:ident { $($field:ident),+ })+) => {$(
        impl Part for $layer {
            fn list<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Parameter)>) {
                $(self.$field.list(&joined(name, stringify!($field)), into);)+
            }

            fn list_mut<'a>(&'a mut self, name: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
                $(self.$field.list_mut(&joined(name, stringify!($field)), into);)+
            }

            fn list_buffers<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Buffer)>) {
                $(self.$field.list_buffers(&joined(name, stringify!($field)), into);)+
            }
        }
    )+};
}

parts_of! {
    Linear { weight, bias }
    Conv2d { weight, bias }
    Conv1d { weight, bias }
    BatchNorm2d { weight, bias, running_mean, running_var }
    Embedding { weight }
}

/// A network as part of another.
impl Part for Box<dyn Model> {
    fn list<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Parameter)>) {
        let all = self.parameters().into_iter();
        into.extend(all.map(|(own, parameter)| (joined(name, &own), parameter)));
    }

    fn list_mut<'a>(&'a mut self, name: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        let all = self.parameters_mut().into_iter();
        into.extend(all.map(|(own, parameter)| (joined(name, &own), parameter)));
    }

    fn list_buffers<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Buffer)>) {
        let all = self.buffers().into_iter();
        into.extend(all.map(|(own, buffer)| (joined(name, &own), buffer)));
    }
}

impl Part for Sequential {
    fn list<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Parameter)>) {
        let all = self.parameters().into_iter();
        into.extend(all.map(|(own, parameter)| (joined(name, &own), parameter)));
    }

    fn list_mut<'a>(&'a mut self, name: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        self.parameters_mut_under(name, into);
    }

    fn list_buffers<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Buffer)>) {
        let all = self.buffers().into_iter();
        into.extend(all.map(|(own, buffer)| (joined(name, &own), buffer)));
    }
}

impl<P: Part> Part for Option<P> {
    fn list<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Parameter)>) {
        self.iter().for_each(|part| part.list(name, into));
    }

    fn list_mut<'a>(&'a mut self, name: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        self.iter_mut().for_each(|part| part.list_mut(name, into));
    }

    fn list_buffers<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Buffer)>) {
        self.iter().for_each(|part| part.list_buffers(name, into));
    }
}

/// Each is named by its place, as in PyTorch's `ModuleList`.
impl<P: Part> Part for Vec<P> {
    fn list<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Parameter)>) {
        let parts = self.iter().enumerate();
        parts.for_each(|(place, part)| part.list(&joined(name, &place.to_string()), into));
    }

    fn list_mut<'a>(&'a mut self, name: &str, into: &mut Vec<(String, &'a mut Parameter)>) {
        let parts = self.iter_mut().enumerate();
        parts.for_each(|(place, part)| part.list_mut(&joined(name, &place.to_string()), into));
    }

    fn list_buffers<'a>(&'a self, name: &str, into: &mut Vec<(String, &'a Buffer)>) {
        let parts = self.iter().enumerate();
        parts.for_each(|(place, part)| part.list_buffers(&joined(name, &place.to_string()), into));
    }
}

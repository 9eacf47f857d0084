//! Layers with run-time sizes and the networks made of them.
//!
//! Layers are types of their own ([`Conv2d`], [`Linear`], [`BatchNorm2d`], …); [`Sequential`] holds them as [`Layer`]s, with
//! [`Residual`], [`Branches`], [`SqueezeExcitation`] and [`Graph`] for what is not a sequence. Parameters are named and shaped
//! as in PyTorch and torchvision. A network implements [`Model`]; [`Weights`] saves and loads one, [`Summary`] prints one as a
//! table.
//!
//! Here belongs what holds parameters, and what all networks have in common. Not here: complete networks
//! ([`models`](crate::models)), the operations that layers call and the losses ([`tensor`](crate::tensor)), and optimizers
//! ([`train`](crate::train)).
//!
//! ```
//! use cuaderno::nn::{Init, Inputs, Layer, Linear, Model, Pass, Sequential, Summary};
//! use cuaderno::tensor::tensor;
//! # fn main() -> cuaderno::Result<()> {
//! let mut init = Init::seed(0);
//! let model = Sequential::new()
//!     .add(Linear::new(4, 16, &mut init)?)
//!     .add(Layer::Relu)
//!     .add(Linear::new(16, 3, &mut init)?);
//! let inputs = Inputs { features: Some(tensor(vec![0.1; 8], (2, 4))?), ..Inputs::default() };
//! println!("{}", Summary::new(&model, &inputs)?);
//! let logits = Model::forward(&model, &inputs, &Pass::inference())?;
//! assert_eq!(model.parameters()[0].1.shape(), [16, 4]);
//! # Ok(()) }
//! ```

mod activations;
mod batch_norm;
mod buffer;
mod cached_features;
mod capture;
mod conv1d;
mod conv2d;
mod dropout;
mod embedding;
mod entries;
mod file_format;
mod graph;
mod init;
mod inputs;
mod layer;
mod linear;
mod model;
mod module;
mod normal;
mod numbers;
mod parameter;
mod pass;
mod pickle;
mod pool;
mod prefix;
mod run;
mod sequential;
mod stored_tensor;
mod summarize;
mod summary;
mod summary_row;
mod torch_file;
mod weights;

pub use activations::Activations;
pub use batch_norm::{BatchNorm2d, BatchNorm2dConfig};
pub use buffer::Buffer;
pub use cached_features::CachedFeatures;
pub(crate) use capture::CapturedOutput;
pub use conv1d::Conv1d;
pub use conv2d::{Conv2d, Conv2dConfig};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use graph::Node;
pub use init::Init;
pub use inputs::Inputs;
pub use layer::{Branches, Graph, Layer, Residual, Sequential, SqueezeExcitation};
pub use linear::Linear;
pub use model::{Model, ThreadSafe};
pub use module::Module;
pub use parameter::Parameter;
pub use pass::{Mode, Pass};
pub use pool::{AveragePool2d, MaxPool2d, Subsample2d};
pub(crate) use prefix::has_prefix;
pub use stored_tensor::StoredTensor;
pub use summary::Summary;
pub use summary_row::SummaryRow;
pub(crate) use weights::WEIGHTS_FILE;
pub use weights::Weights;

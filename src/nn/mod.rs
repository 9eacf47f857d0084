//! Layers with run-time sizes, and networks made of them.
//!
//! Names of parameters and their shapes are those of PyTorch and torchvision.

mod activations;
mod batch_norm;
mod begun;
mod block;
mod buffer;
mod conv1d;
mod conv2d;
mod dropout;
mod embedding;
mod graph;
mod init;
mod layer;
mod linear;
mod model;
mod normal;
mod parameter;
mod part;
mod pass;
mod pool;
mod sequential;
mod summary;
mod weights;

pub use activations::Activations;
pub use batch_norm::BatchNorm2d;
pub use begun::Begun;
pub use block::{Branches, Gate, Residual};
pub use buffer::Buffer;
pub use conv1d::Conv1d;
pub use conv2d::{Conv2d, Conv2dConfig};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use graph::{Graph, Node};
pub use init::Init;
pub use layer::Layer;
pub use linear::Linear;
pub use model::{Anywhere, Inputs, Model};
pub use parameter::Parameter;
pub use part::Part;
pub use pass::{Mode, Pass};
pub use pool::{AveragePool2d, MaxPool2d, Subsample2d};
pub use sequential::Sequential;
pub use summary::{Summary, SummaryRow};
pub(crate) use weights::is_under;
pub use weights::{StoredTensor, Weights};

//! Complete networks: the zoo of image classifiers, multimodal and text networks, and pretrained weights.
//!
//! Each network of the zoo is a function that returns a [`Network`]: [`resnet18`], [`vgg16`], [`densenet121`],
//! [`nasnet_mobile`], …; [`network`] takes the name as text. Parameters have torchvision's names, so [`Pretrained`] loads its
//! weights, and [`preprocessing`] has the size and the normalization that these expect. [`Hybrid`] joins an image branch with metadata, [`Fusion`] adds texts, [`TextCnn`] classifies texts.
//! [`Classifier`] keeps a trained network with its preparation of images in one file.
//!
//! Here belong networks that are ready to train. Not here: layers for networks of your own ([`nn`](crate::nn)), training
//! ([`train`](crate::train)), and the linear baseline for texts ([`text`](crate::text)).
//!
//! ```
//! use cuaderno::models::small_cnn;
//! use cuaderno::nn::Model;
//! # fn main() -> cuaderno::Result<()> {
//! let mut network = small_cnn(32, 3, 0)?;
//! network.freeze("")?;
//! let head = network.head().to_string();
//! network.unfreeze(&head)?; // transfer learning: train the head alone
//! assert!(network.parameters().iter().all(|(name, p)| p.is_trainable() == name.starts_with(&head)));
//! # Ok(()) }
//! ```

mod classifier;
mod densenet;
mod efficientnet;
mod fusion;
#[cfg(feature = "hub")]
mod hub;
mod hybrid;
mod nasnet;
mod network;
mod preprocessing;
mod pretrained;
mod resnet;
mod small;
mod squeezenet;
mod text_cnn;
mod vgg;
mod zoo;

pub use classifier::{Classification, Classifier};
pub use densenet::densenet121;
pub use efficientnet::{efficientnet_b0, efficientnet_lite0};
pub use fusion::{Fusion, FusionConfig, FusionKind};
#[cfg(feature = "hub")]
pub use hub::Hub;
pub use hybrid::{Hybrid, HybridConfig};
pub use nasnet::nasnet_mobile;
pub use network::Network;
pub use preprocessing::{Preprocessing, preprocessing};
pub use pretrained::Pretrained;
pub use resnet::{resnet18, resnet34, resnet50, resnet101, resnet152};
pub use small::{simple_network, small_cnn};
pub use squeezenet::squeezenet1_1;
pub use text_cnn::{TextCnn, TextCnnConfig};
pub use vgg::{vgg16, vgg16_bn};
pub use zoo::{names, network};

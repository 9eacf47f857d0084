//! Networks ready to train.

mod densenet;
mod efficientnet;
#[cfg(feature = "hub")]
mod hub;
mod hybrid;
mod nasnet;
mod network;
mod pretrained;
mod resnet;
mod small;
mod squeezenet;
mod text_cnn;
mod vgg;
mod zoo;

pub use densenet::densenet121;
pub use efficientnet::{efficientnet_b0, efficientnet_lite0};
#[cfg(feature = "hub")]
pub use hub::Hub;
pub use hybrid::{Hybrid, HybridConfig};
pub use nasnet::nasnet_mobile;
pub use network::Network;
pub use pretrained::Pretrained;
pub use resnet::{resnet18, resnet34, resnet50, resnet101, resnet152};
pub use small::{simple_network, small_cnn};
pub use squeezenet::squeezenet1_1;
pub use text_cnn::{TextCnn, TextCnnConfig};
pub use vgg::{vgg16, vgg16_bn};
pub use zoo::{names, network};

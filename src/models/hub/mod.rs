//! Pretrained weights from the Hugging Face Hub: who asks whom ([`settings`]), what for ([`download`]), how
//! ([`client`]), and where it goes ([`part`]).

mod client;
mod download;
mod part;
mod settings;

pub(super) use download::Download;
pub use settings::Hub;

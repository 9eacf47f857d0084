//! Pretrained weights from the Hugging Face Hub: settings, HTTP client, downloads, and resumable files in the cache.
//!
//! Here belongs the way of one file from the Hub into the cache that Python's `huggingface_hub` uses too. Not here: the
//! content of weights files ([`Weights`](crate::nn::Weights)), and downloads of many URLs (`fetch`).

mod client;
mod download;
mod partial_file;
mod settings;

pub(super) use download::Download;
pub use settings::Hub;

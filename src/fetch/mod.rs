//! Downloads of many files at once: retries, time-outs, limits, and a manifest from which the next run resumes.
//!
//! [`download`] fetches a column of URLs into a folder with several threads and reports each as one [`Outcome`];
//! [`Downloads`] holds the files, a table by outcome and a figure. [`FetchConfig`] has the limits. Only HTTP and
//! HTTPS are spoken, addresses of private networks are refused unless allowed, credentials are never sent, and the
//! type of a file is decided by its content, not by its name or by what the server claims.
//!
//! Here belongs what makes thousands of requests end well. Not here: decoding the files ([`images`](crate::images)), and
//! pretrained weights, which come from one host with a cache of their own ([`models`](crate::models)).
//!
//! ```no_run
//! use cuaderno::fetch::{self, FetchConfig};
//! # fn main() -> cuaderno::Result<()> {
//! let urls = vec!["https://example.org/a.jpg".to_string(), "https://example.org/b.jpg".to_string()];
//! let downloads = fetch::download(&urls, "images", &FetchConfig::default())?;
//! println!("{}", downloads.summary()?);
//! # Ok(()) }
//! ```

pub(crate) mod address;
mod config;
mod content;
mod download;
mod downloads;
mod guard;
mod manifest;
mod names;
mod outcome;
mod queue;
mod request;
mod retry_after;

pub use config::{Accept, FetchConfig};
pub use download::{download, download_as};
pub use downloads::{Download, Downloads};
pub use outcome::Outcome;

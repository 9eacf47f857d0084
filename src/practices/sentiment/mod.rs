//! The sentiment of an image: a CSV of image URLs, each labeled on a scale from highly negative to highly positive.
//!
//! [`locate`] finds the real files or the generated sample; [`read`] reads the CSV of CrowdFlower's "image sentiment
//! polarity" with its own label spellings, and [`quality`] reports what is wrong with it. The sample's URLs name hosts
//! that do not exist: [`serve`] answers for them on this machine. [`oasis`] reads the OASIS photographs instead.
//!
//! ```no_run
//! use cuaderno::practices::sentiment;
//! # fn main() -> cuaderno::Result<()> {
//! let paths = sentiment::locate()?;
//! let table = sentiment::read(&paths)?;
//! println!("{}", sentiment::quality(&table)?);
//! # Ok(()) }
//! ```

mod colors;
mod faces;
mod files;
mod folders;
mod generate;
mod groups;
mod labels;
mod network;
mod oasis;
mod paths;
mod scene;
mod scores;
mod server;
mod strokes;
mod weather;

pub use colors::{color_histogram, color_statistics};
pub use files::{locate, read};
pub use folders::arrange;
pub use generate::{SAMPLE_ROWS, SAMPLE_SEED, generate};
pub use groups::{near_duplicates, photo_ids};
pub use labels::{
    CLASSES, CONFIDENCE, LABEL, LabeledImages, URL, confidences, labels, of_rows, quality,
};
pub use network::{network, transform};
pub use oasis::oasis;
pub use paths::SentimentPaths;
pub use scores::{METRICS, class_scores, comparison, expected_scores, scores, within_one_step};
pub use server::{SampleServer, serve};

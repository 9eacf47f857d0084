//! Data sets for training: targets, splits, cross-validation folds, class weights, samplers and batches.
//!
//! Here belongs what decides which rows a network sees, in what order and with what weight: [`Split`] and [`KFold`] divide
//! rows, [`LabelEncoder`] and [`Targets`] number classes, [`Dataset`] joins targets with images, features and tokens and
//! returns them in batches. Not here: reading and encoding columns ([`table`](crate::table)), decoding and augmenting images
//! ([`images`](crate::images)), tokens ([`text`](crate::text)), and the training loop ([`train`](crate::train)).
//!
//! ```
//! use cuaderno::data::{Dataset, Split};
//! # fn main() -> cuaderno::Result<()> {
//! let labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
//! let set = Dataset::new(&labels, &["cat", "dog"])?;
//! let split = Split::stratified(&labels, [0.6, 0.2, 0.2], 0)?;
//! let (train, test) = (set.subset(&split.train)?, set.subset(&split.test)?);
//! assert_eq!((train.class_counts(), test.class_counts()), (vec![3, 3], vec![1, 1]));
//! # Ok(()) }
//! ```

mod class_weights;
mod dataset;
mod divide;
mod k_fold;
mod label_encoder;
mod resample;
mod sampler;
mod split;
mod straddling;
mod targets;
mod tokens;

pub use class_weights::ClassWeighting;
pub use dataset::{Dataset, Item};
pub use k_fold::{Fold, KFold};
pub use label_encoder::LabelEncoder;
pub use sampler::Sampler;
pub use split::Split;
pub use targets::Targets;

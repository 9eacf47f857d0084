//! Images: decoded on all cores into one block of memory, inspected, resized, augmented, made into tensors.
//!
//! [`inspect`] and [`survey`] look at files without trusting them; [`from_folder`] finds labeled files;
//! [`ImageSet`] holds many images of one size, in memory or on disk; [`Transform`] normalizes them and [`Augmentation`] varies them
//! while training.
//!
//! Here belongs what turns files into pixels and pixels into numbers. Not here: batches and labels
//! ([`data`](crate::data)), grids and overlays for a report ([`plot`](crate::plot)), downloads
//! ([`fetch`](crate::fetch)), and similarity by a network ([`similar`](crate::similar)).
//!
//! ```
//! use cuaderno::images::{Augmentation, ImageSet, Transform};
//! # fn main() -> cuaderno::Result<()> {
//! let images = ImageSet::from_pixels(vec![128; 8 * 8 * 3], 8, 8)?;
//! let flip = Augmentation { horizontal_flip: 0.5, ..Augmentation::default() };
//! let (train, test) = (Transform::imagenet().augmented(flip), Transform::imagenet());
//! assert!(train.is_random() && !test.is_random());
//! let mut batch = vec![0.0; images.numel()]; // [1, 3, 8, 8]
//! images.fill_batch(&[0], &test, 0, 0, &mut batch)?;
//! # Ok(()) }
//! ```

mod affine;
mod augment;
mod cache;
mod color;
mod decode;
mod disk;
mod draw;
mod duplicates;
mod fill;
mod fit;
#[cfg(test)]
mod fixture;
mod folder;
mod foreign;
mod inspect;
mod interpolation;
mod jpeg;
mod levels;
mod load;
mod load_on_disk;
mod locate;
mod mode;
mod operation;
mod orientation;
mod pattern;
mod png;
mod random;
mod rectangle;
mod resize;
mod set;
mod survey;
mod tiff;
mod transform;
mod trivial_augment;
mod warp;

pub use affine::AffineTransform;
pub use augment::Augmentation;
pub use cache::load_rgb_cached;
pub use decode::{OpenOptions, open_rgb, open_rgb_with};
pub use duplicates::{near_duplicates, perceptual_hash};
pub use fill::FillMode;
pub use fit::{ResizeMode, resize_rgb, resize_rgb_with};
pub use folder::{ImageFolder, from_file_names, from_folder};
pub use inspect::inspect;
pub use interpolation::Interpolation;
pub use load::{LoadOptions, SoundImages, load_rgb, load_rgb_with, load_sound_rgb};
pub use load_on_disk::load_rgb_on_disk;
pub use operation::ImageOperation;
pub use rectangle::RandomResizedCrop;
pub use set::ImageSet;
pub use survey::{Survey, survey};
pub use transform::Transform;
pub use trivial_augment::TrivialAugment;

// A cell keeps a variable under the name of its type, so these must have names that a cell can say.
pub use image::{ImageBuffer, Rgb, RgbImage};

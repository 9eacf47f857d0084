//! Pictures: decoded in parallel into one block of memory, checked, augmented, made into tensors.
//!
//! [`inspect`] looks at files without trusting them; [`ImageSet`] holds many pictures of one size;
//! [`Transform`] says how a picture becomes numbers, and [`Augmentation`] how it varies while training.

mod augment;
mod decode;
mod inspect;
mod resize;
mod set;
mod transform;
mod warp;

pub use augment::{Augmentation, Fill};
pub use decode::open_rgb;
pub use inspect::inspect;
pub use set::{ImageSet, load_rgb, resize_rgb};
pub use transform::Transform;

// A cell keeps a variable under the name of its type, so these must have names that a cell can say.
pub use image::{ImageBuffer, Rgb, RgbImage};

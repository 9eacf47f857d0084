//! Similar items: embeddings, nearest neighbors by cosine, and maps of a collection.
//!
//! [`embeddings`] runs a backbone over a data set; [`Index`] finds the most similar rows; [`Pca`] lays the rows out
//! in a plane. [`color_histograms`] is the baseline that a network has to beat.
//!
//! Here belongs comparing items of a collection. Not here: duplicates among image files and texts
//! ([`images`](crate::images), [`text`](crate::text)), and the figures of neighbors and maps ([`plot`](crate::plot)).
//!
//! ```
//! use cuaderno::similar::Index;
//! use ndarray::array;
//! # fn main() -> cuaderno::Result<()> {
//! let index = Index::new(&array![[1.0, 0.0], [0.9, 0.1], [0.0, 2.0]])?;
//! let neighbors = index.neighbors_of(0, 2)?;
//! assert_eq!(neighbors[0].row, 1);
//! assert!(neighbors[0].similarity > 0.99 && neighbors[1].similarity < 0.01);
//! # Ok(()) }
//! ```

mod colors;
mod dot;
mod embeddings;
#[cfg(feature = "hnsw")]
mod graph;
mod index;
mod pca;
mod screen;
mod thumbnails;

pub use colors::{color_histograms, pixel_embeddings};
pub use embeddings::embeddings;
pub use index::{Index, Neighbor};
pub use pca::Pca;
pub use thumbnails::thumbnail_map;

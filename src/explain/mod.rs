//! Explanations: which places of an image speak for a class, which examples a model gets wrong, and which columns matter.
//!
//! [`grad_cam`] and [`grad_cam_plus_plus`] use the gradients at a convolutional layer; [`occlusion`] covers the image patch by
//! patch and needs nothing but the network's output. All return [`Heatmaps`], which are drawn over the images by
//! [`Heatmaps::overlays`]. [`Interpretation`] has the worst and best examples of a split, the most confused pairs of classes,
//! metrics per group, and suspected label errors; [`permutation_importance`] ranks metadata columns.
//!
//! Here belongs what looks into a trained network or at its single predictions. Not here: scores over a whole split
//! ([`metrics`](crate::metrics)), figures of numbers ([`plot`](crate::plot)), and neighbors of an item
//! ([`similar`](crate::similar)).

mod grad_cam;
mod heatmaps;
mod interpretation;
mod label_errors;
mod occlusion;
mod permutation;
mod turbo;

pub use grad_cam::{grad_cam, grad_cam_plus_plus};
pub use heatmaps::Heatmaps;
pub use interpretation::{ConfusedPair, ExamplePrediction, Interpretation};
pub use label_errors::LabelSuspect;
pub use occlusion::{OcclusionConfig, occlusion};
pub use permutation::{ColumnImportance, Importances, PermutationConfig, permutation_importance};

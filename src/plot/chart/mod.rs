//! The charts, one a file. Each checks its data when it is made, and draws itself into a rectangle.
//!
//! Here belongs what distinguishes one chart from another. Not here: axes, scales, text, colors and the frame around the
//! chart, which all of them share ([`super`]).

pub(super) mod bars;
pub(super) mod base;
pub(super) mod box_plot;
pub(super) mod caption;
pub(super) mod comparison;
pub(super) mod confusion;
pub(super) mod curves;
pub(super) mod data;
pub(super) mod distribution;
pub(super) mod drawing;
pub(super) mod frequencies;
pub(super) mod geography;
pub(super) mod grouped_bars;
pub(super) mod heatmap;
pub(super) mod histogram;
pub(super) mod image_grid;
pub(super) mod layers;
pub(super) mod line;
pub(super) mod missing;
pub(super) mod network;
mod noun;
#[cfg(test)]
mod overlap;
pub(super) mod pair_plot;
pub(super) mod panels;
pub(super) mod parallel;
pub(super) mod rate_finder;
pub(super) mod runs;
pub(super) mod scatter;
pub(super) mod scored;
pub(super) mod stacked_bars;
pub(super) mod thumbnails;
pub(super) mod time_line;

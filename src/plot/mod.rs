//! Figures for a report: curves, bars, distributions, matrices and picture grids, drawn with plotters.
//!
//! Every chart is a plain function from data to a [`Figure`]; a figure shows itself in a notebook
//! cell and saves itself as PNG and SVG. The font is part of the crate, so a machine without fonts
//! draws the same picture.
//!
//! ```
//! use cuaderno::plot::{self, Metric};
//! let figure = plot::curves(&[
//!     Metric::lower("loss", &[1.10, 0.81, 0.62], &[1.08, 0.90, 0.88]),
//!     Metric::higher("accuracy", &[0.38, 0.61, 0.73], &[0.36, 0.58, 0.60]),
//! ])?
//! .title("Model A");
//! assert!(figure.svg()?.contains("Model A"));
//! # Ok::<(), cuaderno::Error>(())
//! ```

mod axis;
mod canvas;
mod chart;
mod figure;
mod font;
mod frame;
mod output;
mod panel;
mod resample;
mod scene;
mod theme;
mod words;

pub use chart::bars::{bars, class_counts};
pub use chart::box_plot::box_plot;
pub use chart::confusion::confusion_matrix;
pub use chart::curves::{Metric, curves};
pub use chart::data::{Group, Series};
pub use chart::drawing::{Pen, drawing};
pub use chart::grouped_bars::grouped_bars;
pub use chart::heatmap::{correlation, heatmap};
pub use chart::histogram::{histogram, histogram_with_bins};
pub use chart::image_grid::image_grid;
pub use chart::line::{learning_rate, line};
pub use chart::scatter::scatter;
pub use figure::Figure;
pub use words::Language;

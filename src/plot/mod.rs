//! Figures for a report: curves, bars, distributions, matrices and image grids, drawn with plotters.
//!
//! Every chart is a plain function from data to a [`Figure`]; a figure shows itself in a notebook
//! cell and saves itself as PNG, SVG and PDF. The font is part of the crate, so a machine without fonts
//! draws the same image.
//!
//! Here belongs everything that draws. Not here: computing what is drawn (scores in [`metrics`](crate::metrics), heat maps
//! over images in [`explain`](crate::explain), neighbors in [`similar`](crate::similar)), and the document that figures
//! go into ([`report`](crate::report)).
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
mod cloud;
mod compose;
mod faces;
mod figure;
mod font;
mod frame;
mod hover;
mod output;
mod panel;
pub(crate) mod pdf;
mod raster;
mod resample;
mod scene;
mod stamps;
mod stem;
mod theme;
mod words;

pub use chart::bars::{bars, class_counts};
pub use chart::box_plot::box_plot;
pub use chart::comparison::{Estimate, cross_validation, estimates};
pub use chart::confusion::{Normalize, confusion_matrix, confusion_matrix_by, most_confused};
pub use chart::curves::{Metric, curves};
pub use chart::data::{Group, Series};
pub use chart::distribution::{histogram_with_density, strip, violin};
pub use chart::drawing::{Pen, drawing};
pub use chart::frequencies::{text_lengths, token_frequencies, top_counts};
pub use chart::geography::geo_scatter;
pub use chart::grouped_bars::grouped_bars;
pub use chart::heatmap::{correlation, heatmap};
pub use chart::histogram::{histogram, histogram_with_bins};
pub use chart::image_grid::{
    image_grid, image_grid_with_columns, image_rows, prediction_grid, similar_images,
};
pub use chart::line::{learning_rate, line};
pub use chart::missing::missing_values;
pub use chart::network::{NetworkGraph, network};
pub use chart::pair_plot::pair_plot;
pub use chart::parallel::parallel_coordinates;
pub use chart::rate_finder::learning_rate_finder;
pub use chart::runs::{Run, runs};
pub use chart::scatter::scatter;
pub use chart::scored::{Scored, calibration, precision_recall, roc};
pub use chart::stacked_bars::{stacked_bars, stacked_shares};
pub use chart::thumbnails::image_map;
pub use chart::time_line::{Period, time_line};
pub use figure::Figure;
pub(crate) use font::width as text_width;
pub use stem::file_stem;
pub use theme::Theme;
pub use words::Language;

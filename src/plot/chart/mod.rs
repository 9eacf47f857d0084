//! The charts, one a file. Each checks its data when it is made, and draws itself into a rectangle.

pub(super) mod bars;
pub(super) mod box_plot;
pub(super) mod confusion;
pub(super) mod curves;
pub(super) mod data;
pub(super) mod drawing;
pub(super) mod grouped_bars;
pub(super) mod heatmap;
pub(super) mod histogram;
pub(super) mod image_grid;
pub(super) mod line;
pub(super) mod scatter;

use super::frame::{Entry, Frame};
use super::scene::{Rect, Scene};
use super::words::Language;
use crate::Result;

/// A chart with its data, checked.
pub(super) trait Chart: std::fmt::Debug + Send + Sync {
    /// One clause that says what it shows, such as "2 series, 10 points".
    fn describe(&self) -> String;

    /// The size that suits the content, in CSS pixels.
    fn size(&self, _frame: &Frame) -> (u32, u32) {
        (640, 400)
    }

    /// The entries of the legend; none if there is nothing to tell apart.
    fn legend(&self, _language: Language) -> Vec<Entry> {
        Vec::new()
    }

    /// How many values are not finite and therefore not drawn.
    fn left_out(&self) -> usize {
        0
    }

    /// Draws the chart inside `body`.
    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()>;
}

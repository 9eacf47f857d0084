//! The trait that every chart implements.

use super::super::frame::{Entry, Frame};
use super::super::scene::{Rect, Scene};
use super::super::words::Language;
use super::caption::Caption;
use crate::Result;

/// A chart with its data, checked.
pub(in crate::plot) trait Chart: std::fmt::Debug + Send + Sync {
    /// The content in a few words, such as "2 lines, 10 points".
    fn describe(&self) -> Caption;

    /// The size that suits the content, in CSS pixels.
    fn size(&self, _frame: &Frame) -> (u32, u32) {
        (640, 400)
    }

    /// The entries of the legend; none if there is nothing to tell apart.
    fn legend(&self, _language: Language) -> Vec<Entry> {
        Vec::new()
    }

    /// The number of values that are not finite and therefore not drawn.
    fn left_out(&self) -> usize {
        0
    }

    /// Returns `true` if categories stand at the side and values run from left to right.
    fn lying(&self) -> bool {
        false
    }

    /// Draws the chart inside `body`.
    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()>;
}

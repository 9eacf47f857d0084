//! Several charts of layers in one figure.

use super::super::frame::{Entry, Frame};
use super::super::scene::{Rect, Scene};
use super::super::theme::GAP;
use super::super::words::Language;
use super::base::Chart;
use super::caption::Caption;
use super::layers::{Key, Layers};
use crate::Result;

/// Charts of layers in rows, under one legend.
#[derive(Clone, Debug)]
pub(super) struct Panels {
    pub describe: Caption,
    pub size: (u32, u32),
    pub columns: usize,
    /// The share of the height that each row has; equal if empty.
    pub heights: Vec<f64>,
    pub keys: Vec<Key>,
    pub left_out: usize,
    pub panels: Vec<Layers>,
}

impl Chart for Panels {
    fn describe(&self) -> Caption {
        self.describe.clone()
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        self.size
    }

    fn legend(&self, language: Language) -> Vec<Entry> {
        self.keys.iter().map(|key| key.entry(language)).collect()
    }

    fn left_out(&self) -> usize {
        self.left_out
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let columns = self.columns.max(1);
        let rows = self.panels.len().div_ceil(columns);
        let wide = (body.w - GAP * (columns - 1) as f64) / columns as f64;
        let room = body.h - GAP * (rows - 1) as f64;
        // Labels of a user's own belong to the whole figure, and here to every panel.
        let mut y = body.y;
        for (row, panels) in self.panels.chunks(columns).enumerate() {
            let share = self.heights.get(row).copied().unwrap_or(1.0 / rows as f64);
            let high = room * share;
            for (column, panel) in panels.iter().enumerate() {
                let x = body.x + column as f64 * (wide + GAP);
                panel.draw_in(scene, Rect::new(x, y, wide, high), frame)?;
            }
            y += high + GAP;
        }
        Ok(())
    }
}

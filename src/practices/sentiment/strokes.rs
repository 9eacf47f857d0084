//! Strokes that all scenes share.

use super::super::canvas::{Canvas, Color, mix};
use super::super::dice::Dice;

/// A color around `color`.
pub(super) fn near(color: Color, spread: f32, dice: &mut Dice) -> Color {
    color.map(|value| (value + dice.between(-spread, spread)).clamp(0.02, 0.98))
}

/// A sky shaded from top to bottom.
pub(super) fn sky(canvas: &mut Canvas, top: Color, bottom: Color) {
    canvas.paint((0.0, 0.0), (1.0, 1.0), |_, y| Some((mix(top, bottom, y), 1.0)));
}

/// A curve through points, as a band of lines.
pub(super) fn curve(canvas: &mut Canvas, points: &[(f32, f32)], width: f32, color: Color) {
    for pair in points.windows(2) {
        canvas.line(pair[0], pair[1], width, color);
    }
}

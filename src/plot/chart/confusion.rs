//! Confusion matrices: which class was taken for which.

use super::super::Figure;
use super::super::axis::{Scale, fixed};
use super::super::frame::{self, Frame};
use super::super::panel::{self, Axis};
use super::super::scene::{Rect, Scene};
use super::super::theme;
use super::super::words::Word;
use super::Chart;
use super::data::{self, plural, wrong};
use super::heatmap::{Cells, ColorStrip};
use crate::Result;

/// The confusion matrix of the named classes: `counts[i][j]` items of class `i` were predicted as class
/// `j`. Color is the share of the true class; every cell has its count and, where there is room, that
/// share in percent.
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no class, or if `counts` is not a square with one row for
/// each class.
pub fn confusion_matrix(classes: &[impl AsRef<str>], counts: &[Vec<usize>]) -> Result<Figure> {
    let classes = data::names(classes);
    if classes.is_empty() {
        return Err(wrong("there is no class to draw"));
    }
    data::same_length(classes.len(), counts.len(), "rows")?;
    for row in counts {
        data::same_length(classes.len(), row.len(), "columns")?;
    }
    Ok(Figure::new(Confusion { classes, counts: counts.to_vec() }))
}

#[derive(Debug)]
struct Confusion {
    classes: Vec<String>,
    counts: Vec<Vec<usize>>,
}

impl Confusion {
    fn axes(&self, frame: &Frame) -> (ColorStrip, Axis, Axis) {
        let language = frame.language;
        let axis = |label| Axis { scale: Scale::Bands(self.classes.clone()), label, grid: false };
        (
            ColorStrip::new(0.0, 1.0, language.word(Word::ShareOfTrueClass)),
            axis(frame.x_or(language.word(Word::PredictedClass))),
            axis(frame.y_or(language.word(Word::TrueClass))),
        )
    }
}

impl Chart for Confusion {
    fn describe(&self) -> String {
        let items = self.counts.iter().flatten().sum();
        format!(
            "confusion matrix of {}, {}",
            plural(self.classes.len(), "class"),
            plural(items, "item")
        )
    }

    fn size(&self, frame: &Frame) -> (u32, u32) {
        let cell = match self.classes.len() {
            0..=3 => 92,
            4..=6 => 74,
            7..=12 => 58,
            13..=20 => 44,
            _ => 26,
        };
        let edge = (cell * self.classes.len()).clamp(180, 2600) as f64;
        let (strip, x, y) = self.axes(frame);
        let (beside, below) = panel::room_for_axes(&x, &y, edge, edge);
        frame::size_around(frame, 0, edge + beside + strip.width(), edge + below)
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let (strip, x, y) = self.axes(frame);
        let panel = panel::panel(scene, body.inset(0.0, 0.0, strip.width(), 0.0), x, y, true)?;

        let classes = self.classes.len();
        let cells = Cells::new(&panel, classes, classes);
        let counts: Vec<Vec<String>> = self
            .counts
            .iter()
            .map(|row| row.iter().map(|&count| fixed(count as f64, 0)).collect())
            .collect();
        let size = cells.text_size(counts.iter().flatten(), 1.0);
        let both = cells.high >= 34.0 && cells.wide >= 38.0;
        for (i, row) in self.counts.iter().enumerate() {
            let total: usize = row.iter().sum();
            for (j, &count) in row.iter().enumerate() {
                let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
                let fill = theme::sequential(share);
                cells.fill(scene, i, j, fill);
                let ink = fill.readable_text();
                if let Some(size) = size {
                    let shift = if both { -size * 0.55 } else { 0.0 };
                    // An empty cell speaks softly, so that the confusions stand out.
                    let ink = if count == 0 { ink.alpha(0.35) } else { ink };
                    cells.write(scene, i, j, &counts[i][j], shift, size, ink);
                    if both && total > 0 {
                        let note = (size * 0.82).min(theme::NOTE_SIZE);
                        let text = format!(
                            "{}\u{202f}%",
                            fixed(share * 100.0, usize::from(cells.wide >= 50.0))
                        );
                        cells.write(
                            scene,
                            i,
                            j,
                            &text,
                            size * 0.75,
                            note,
                            ink.alpha(ink.alpha * 0.9),
                        );
                    }
                }
            }
        }
        scene.frame(panel.rect, theme::AXIS, theme::HAIRLINE);
        strip.draw(scene, &panel, theme::sequential);
        Ok(())
    }
}

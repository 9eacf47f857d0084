//! Confusion matrices: which class was taken for which.

use super::super::axis::Scale;
use super::super::figure::Figure;
use super::super::frame::{self, Frame};
use super::super::panel::{self, Axis};
use super::super::scene::{Rect, Scene};
use super::super::theme;
use super::super::words::Word;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, wrong};
use super::heatmap::{Cells, ColorStrip};
use super::noun::Noun;
use crate::Result;

/// Confusion matrix of the named classes: `counts[i][j]` items of class `i` were predicted as class
/// `j`. Color is the share of the true class; every cell has its count and, where there is room, that
/// share in percent.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::confusion_matrix(&["cat", "dog"], &[vec![45, 5], vec![12, 38]])?;
/// assert_eq!(figure.to_string(), "figure: confusion matrix of 2 classes, 100 items");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no class, or if `counts` is not a square with one row for
/// each class.
pub fn confusion_matrix(classes: &[impl AsRef<str>], counts: &[Vec<usize>]) -> Result<Figure> {
    new(data::names(classes), counts, Normalize::Rows)
}

/// The total of which the color and the percentage of a cell of a confusion matrix are a share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Normalize {
    /// The true class (a row): the diagonal is the recall.
    #[default]
    Rows,
    /// The predicted class (a column): the diagonal is the precision.
    Columns,
    /// None: counts alone, colored up to the largest.
    Counts,
}

/// As [`confusion_matrix`], with the choice of what a cell is a share of.
///
/// ```
/// use cuaderno::plot::{self, Normalize};
/// let counts = [vec![45, 5], vec![12, 38]];
/// let figure = plot::confusion_matrix_by(&["cat", "dog"], &counts, Normalize::Columns)?; // precision
/// assert!(figure.svg()?.contains("45"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`confusion_matrix`].
pub fn confusion_matrix_by(
    classes: &[impl AsRef<str>],
    counts: &[Vec<usize>],
    normalize: Normalize,
) -> Result<Figure> {
    new(data::names(classes), counts, normalize)
}

/// The part of a confusion matrix with the `most` classes that are confused most: those of the largest counts beside the
/// diagonal, in the order of `classes`. For hundreds of classes this is what can be read. Shares are those of the whole
/// matrix.
///
/// ```
/// use cuaderno::plot;
/// let counts = [vec![9, 1, 0], vec![0, 9, 7], vec![0, 5, 9]];
/// let figure = plot::most_confused(&["cat", "dog", "wolf"], &counts, 2)?;
/// assert!(figure.svg()?.contains("wolf") && !figure.svg()?.contains(">cat<"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`confusion_matrix`], and if `most` is less than 2.
pub fn most_confused(
    classes: &[impl AsRef<str>],
    counts: &[Vec<usize>],
    most: usize,
) -> Result<Figure> {
    if most < 2 {
        return Err(wrong(format!("a confusion takes at least 2 classes, found {most}")));
    }
    let classes = data::names(classes);
    check(&classes, counts)?;
    let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
    for (i, row) in counts.iter().enumerate() {
        let confused = row.iter().enumerate().filter(|&(j, &count)| j != i && count > 0);
        pairs.extend(confused.map(|(j, &count)| (count, i, j)));
    }
    pairs.sort_by_key(|&(count, i, j)| (std::cmp::Reverse(count), i, j));
    let mut kept: Vec<usize> = Vec::new();
    for class in pairs.into_iter().flat_map(|(_, i, j)| [i, j]).chain(0..classes.len()) {
        if kept.len() < most && !kept.contains(&class) {
            kept.push(class);
        }
    }
    kept.sort_unstable();
    let part = kept.iter().map(|&i| kept.iter().map(|&j| counts[i][j]).collect()).collect();
    let sum = |i: usize| counts[i].iter().sum();
    Ok(Figure::new(Confusion {
        classes: kept.iter().map(|&i| classes[i].clone()).collect(),
        counts: part,
        totals: kept.iter().map(|&i| sum(i)).collect(),
        normalize: Normalize::Rows,
        of: classes.len(),
    }))
}

fn new(classes: Vec<String>, counts: &[Vec<usize>], normalize: Normalize) -> Result<Figure> {
    check(&classes, counts)?;
    let of = classes.len();
    let totals: Vec<usize> = match normalize {
        Normalize::Rows => counts.iter().map(|row| row.iter().sum()).collect(),
        Normalize::Columns => (0..of).map(|j| counts.iter().map(|row| row[j]).sum()).collect(),
        Normalize::Counts => {
            vec![counts.iter().flatten().copied().max().unwrap_or(0); of]
        }
    };
    Ok(Figure::new(Confusion { classes, counts: counts.to_vec(), totals, normalize, of }))
}

fn check(classes: &[String], counts: &[Vec<usize>]) -> Result<()> {
    if classes.is_empty() {
        return Err(wrong("there is no class to draw"));
    }
    data::same_length(classes.len(), counts.len(), "rows")?;
    for row in counts {
        data::same_length(classes.len(), row.len(), "columns")?;
    }
    Ok(())
}

#[derive(Debug)]
struct Confusion {
    classes: Vec<String>,
    counts: Vec<Vec<usize>>,
    /// The total of each row (or column).
    totals: Vec<usize>,
    normalize: Normalize,
    /// The number of classes of the whole matrix.
    of: usize,
}

impl Confusion {
    fn axes(&self, frame: &Frame) -> (ColorStrip, Axis, Axis) {
        let language = frame.language;
        let axis = |label| Axis { scale: Scale::Bands(self.classes.clone()), label, grid: false };
        let (most, word) = match self.normalize {
            Normalize::Rows => (1.0, Word::ShareOfTrueClass),
            Normalize::Columns => (1.0, Word::ShareOfPredictedClass),
            Normalize::Counts => (self.totals.first().map_or(1.0, |&n| n as f64), Word::Count),
        };
        (
            ColorStrip::new(0.0, most, language.word(word)),
            axis(frame.x_or(language.word(Word::PredictedClass))),
            axis(frame.y_or(language.word(Word::TrueClass))),
        )
    }
}

impl Chart for Confusion {
    fn describe(&self) -> Caption {
        let items = self.counts.iter().flatten().sum();
        let shown = self.classes.len();
        let mut caption =
            Caption::default().phrase("confusion matrix of ", "matriz de confusión de ");
        caption = caption.count(shown, Noun::Class);
        if shown < self.of {
            caption = caption.of_what().text(self.of.to_string());
        }
        caption.text(", ").count(items, Noun::Item)
    }

    fn size(&self, frame: &Frame) -> (u32, u32) {
        let cell = match self.classes.len() {
            0..=3 => 92,
            4..=6 => 74,
            7..=12 => 58,
            13..=20 => 44,
            21..=60 => 26,
            61..=150 => 10,
            _ => 3,
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
            .map(|row| row.iter().map(|&count| frame.language.number(count as f64, 0)).collect())
            .collect();
        let size = cells.text_size(counts.iter().flatten(), 1.0);
        let percent = self.normalize != Normalize::Counts;
        let both = percent && cells.high >= 34.0 && cells.wide >= 38.0;
        for (i, row) in self.counts.iter().enumerate() {
            for (j, &count) in row.iter().enumerate() {
                let total = self.totals[if self.normalize == Normalize::Columns { j } else { i }];
                let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
                let fill = theme::sequential(share);
                cells.fill(scene, i, j, fill);
                let mut note = format!(
                    "{}: {}\n{}: {}\n{}",
                    frame.language.word(Word::TrueClass),
                    self.classes[i],
                    frame.language.word(Word::PredictedClass),
                    self.classes[j],
                    counts[i][j]
                );
                if percent && total > 0 {
                    note += &format!(" ({}\u{a0}%)", frame.language.number(share * 100.0, 1));
                }
                cells.note(scene, i, j, note);
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
                            frame.language.number(share * 100.0, usize::from(cells.wide >= 50.0))
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
        let most = self.totals.first().map_or(1.0, |&n| n as f64).max(1.0);
        let most = if percent { 1.0 } else { most };
        strip.draw(scene, &panel, |value| theme::sequential(value / most));
        Ok(())
    }
}

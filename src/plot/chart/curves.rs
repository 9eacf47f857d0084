//! Learning curves: what training and validation did from epoch to epoch.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::font;
use super::super::frame::{Entry, Frame, Sample};
use super::super::panel::{self, Axis, Panel};
use super::super::scene::{Align, Label, Rect, Scene};
use super::super::theme::{self, GAP};
use super::super::words::{Language, Word};
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, wrong};
use super::line::{polyline, whole};
use super::noun::Noun;
use crate::Result;

/// A metric over the epochs, on the training and the validation split, for [`curves`].
///
/// ```
/// use cuaderno::plot::{Metric, curves};
/// let loss = Metric::lower("loss", &[1.1, 0.8, 0.6], &[1.0, 0.9, 0.95]);
/// assert!(curves(&[loss])?.svg()?.contains("epoch 2")); // the best of validation
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    name: String,
    train: Vec<f64>,
    validation: Vec<f64>,
    higher: bool,
}

impl Metric {
    /// A measure that is good when low, such as a loss. Either slice can be empty.
    pub fn lower(name: impl Into<String>, train: &[f64], validation: &[f64]) -> Self {
        let (train, validation) = (train.to_vec(), validation.to_vec());
        Self { name: name.into(), train, validation, higher: false }
    }

    /// A measure that is good when high, such as the accuracy. Either slice can be empty.
    pub fn higher(name: impl Into<String>, train: &[f64], validation: &[f64]) -> Self {
        Self { higher: true, ..Self::lower(name, train, validation) }
    }

    /// Index and value of the best epoch: on validation if there is any, else in training.
    fn best(&self) -> Option<(usize, f64)> {
        let judged = if self.validation.is_empty() { &self.train } else { &self.validation };
        let finite = judged.iter().copied().enumerate().filter(|(_, value)| value.is_finite());
        // The first of equals: later epochs brought nothing.
        finite.reduce(|best, next| {
            let better = if self.higher { next.1 > best.1 } else { next.1 < best.1 };
            if better { next } else { best }
        })
    }
}

/// Learning curves: a panel for each metric, side by side, over the epochs counted from 1, with the best epoch marked.
/// A value that is not finite leaves a gap.
///
/// ```
/// use cuaderno::plot::{self, Metric};
/// let figure = plot::curves(&[
///     Metric::lower("loss", &[1.10, 0.81, 0.62], &[1.08, 0.90, 0.88]),
///     Metric::higher("accuracy", &[0.38, 0.61, 0.73], &[0.36, 0.58, 0.60]),
/// ])?;
/// assert_eq!(figure.to_string(), "figure: loss and accuracy over 3 epochs");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no measure, or one without a finite value.
pub fn curves(metrics: &[Metric]) -> Result<Figure> {
    if metrics.is_empty() {
        return Err(wrong("there is no measure to draw"));
    }
    for metric in metrics {
        data::some_finite(metric.train.iter().chain(&metric.validation))?;
    }
    Ok(Figure::new(Curves { metrics: metrics.to_vec() }))
}

#[derive(Debug)]
struct Curves {
    metrics: Vec<Metric>,
}

impl Curves {
    fn epochs(&self) -> usize {
        let lengths = self.metrics.iter().map(|m| m.train.len().max(m.validation.len()));
        lengths.max().unwrap_or(0)
    }

    /// Panels in a row: at most three.
    fn columns(&self) -> usize {
        match self.metrics.len() {
            4 => 2,
            n => n.min(3),
        }
    }
}

impl Chart for Curves {
    fn describe(&self) -> Caption {
        let mut caption = Caption::default();
        for (i, metric) in self.metrics.iter().enumerate() {
            if i > 0 {
                caption = caption.phrase(" and ", " y ");
            }
            caption = caption.metric(&metric.name);
        }
        caption.phrase(" over ", " en ").count(self.epochs(), Noun::Epoch)
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        let (columns, rows) = (self.columns(), self.metrics.len().div_ceil(self.columns()));
        let wide = if columns == 1 { 640 } else { 400 * columns };
        (wide as u32, 80 + 310 * rows as u32)
    }

    fn legend(&self, language: Language) -> Vec<Entry> {
        let entry = |index, word| Entry {
            name: language.word(word).to_string(),
            color: theme::series(index),
            sample: Sample::Line,
        };
        let mut entries = Vec::new();
        if self.metrics.iter().any(|metric| !metric.train.is_empty()) {
            entries.push(entry(0, Word::Train));
        }
        if self.metrics.iter().any(|metric| !metric.validation.is_empty()) {
            entries.push(entry(1, Word::Validation));
        }
        if self.epochs() > 1 {
            let name = language.word(Word::BestEpoch).to_string();
            entries.push(Entry { name, color: theme::TEXT, sample: Sample::Dot });
        }
        entries
    }

    fn left_out(&self) -> usize {
        data::not_finite(self.metrics.iter().flat_map(|m| m.train.iter().chain(&m.validation)))
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let columns = self.columns();
        let rows = self.metrics.len().div_ceil(columns);
        let gap = GAP * 2.5;
        let wide = (body.w - gap * (columns - 1) as f64) / columns as f64;
        let high = (body.h - gap * (rows - 1) as f64) / rows as f64;
        for (i, metric) in self.metrics.iter().enumerate() {
            let (row, column) = ((i / columns) as f64, (i % columns) as f64);
            let area =
                Rect::new(body.x + column * (wide + gap), body.y + row * (high + gap), wide, high);
            self.draw_metric(scene, area, metric, frame)?;
        }
        Ok(())
    }
}

impl Curves {
    /// The values of each epoch, shown over the whole height.
    fn notes(&self, scene: &mut Scene, panel: &Panel, metric: &Metric, language: Language) {
        let epochs = metric.train.len().max(metric.validation.len());
        let half = (panel.x_at(2.0) - panel.x_at(1.0)).abs() / 2.0;
        for epoch in 0..epochs {
            let name = language.metric(&metric.name);
            let mut text = format!("{name}, {} {}", language.word(Word::Epoch), epoch + 1);
            for (word, values) in
                [(Word::Train, &metric.train), (Word::Validation, &metric.validation)]
            {
                if let Some(&value) = values.get(epoch).filter(|value| value.is_finite()) {
                    text +=
                        &format!("\n{}: {}", language.word(word), language.significant(value, 4));
                }
            }
            let x = panel.x_at((epoch + 1) as f64);
            let (left, right) = (panel.rect.x.max(x - half), panel.rect.right().min(x + half));
            let strip = Rect::new(left, panel.rect.y, right - left, panel.rect.h);
            scene.note(strip, text);
        }
    }

    fn draw_metric(
        &self,
        scene: &mut Scene,
        area: Rect,
        metric: &Metric,
        frame: &Frame,
    ) -> Result<()> {
        let language = frame.language;
        let best = metric.best().filter(|_| self.epochs() > 1);
        let heading = theme::PANEL_TITLE_SIZE * 1.7;
        let (low, high) =
            extent(metric.train.iter().chain(&metric.validation)).unwrap_or((0.0, 1.0));
        let x = whole(1.0, self.epochs() as f64);
        let x = Axis { scale: x, label: frame.x_or(language.word(Word::Epoch)), grid: false };
        let label = frame.y_label.clone().unwrap_or_default();
        let y = Axis { scale: Scale::around(low, high)?, label, grid: true };
        let panel = panel::panel(scene, area.inset(0.0, heading, 0.0, 0.0), x, y, false)?;

        let baseline = area.y + theme::PANEL_TITLE_SIZE;
        let mut label = Label {
            text: font::shorten(
                language.metric(&metric.name),
                theme::PANEL_TITLE_SIZE,
                true,
                panel.rect.w * 0.55,
            ),
            x: panel.rect.x,
            y: baseline,
            size: theme::PANEL_TITLE_SIZE,
            bold: true,
            color: theme::TEXT,
            align: Align::Start,
            upward: false,
        };
        let taken = font::width(&label.text, label.size, true) + GAP * 1.5;
        scene.label(label.clone());
        if let Some((epoch, value)) = best {
            let text = format!(
                "{} {} · {} {}",
                language.word(Word::Best),
                if (0.01..100.0).contains(&value.abs()) {
                    language.number(value, 3)
                } else {
                    language.significant(value, 3)
                },
                language.word(Word::Epoch),
                epoch + 1
            );
            label.text = font::shorten(&text, theme::NOTE_SIZE, false, panel.rect.w - taken);
            label.x = panel.rect.right();
            label.size = theme::NOTE_SIZE;
            label.bold = false;
            label.color = theme::MUTED;
            label.align = Align::End;
            scene.label(label);
            let x = panel.x_at((epoch + 1) as f64);
            let (top, bottom) = (panel.rect.y, panel.rect.bottom());
            scene.dashes((x, top), (x, bottom), theme::AXIS, theme::HAIRLINE, 4.0);
        }
        panel::spines(scene, &panel);
        for (i, values) in [&metric.train, &metric.validation].into_iter().enumerate() {
            let x: Vec<f64> = (1..=values.len()).map(|epoch| epoch as f64).collect();
            polyline(scene, &panel, &x, values, theme::series(i));
        }
        self.notes(scene, &panel, metric, language);
        if let Some((epoch, value)) = best {
            let (x, y) = (panel.x_at((epoch + 1) as f64), panel.y_at(value));
            scene.dot(x, y, 5.0, theme::PAPER);
            scene.dot(x, y, 4.0, theme::TEXT);
        }
        Ok(())
    }
}

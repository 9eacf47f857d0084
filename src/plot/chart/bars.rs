//! Bars: one value for each name.

use super::super::axis::{self, Scale, extent};
use super::super::figure::Figure;
use super::super::font;
use super::super::frame::Frame;
use super::super::panel::{self, Axis, Panel};
use super::super::scene::{Align, Label, Rect, Scene, centred};
use super::super::theme;
use super::super::words::{Language, Word};
use super::base::Chart;
use super::caption::Caption;
use super::data;
use super::noun::Noun;
use crate::Result;

/// One bar for each label, with its value at the end: upright, or lying when labels are long or many.
/// A value that is not finite gets no bar. [`Figure::value_label`] labels the axis of the values in both cases.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::bars(&["Goya", "Miró", "Varo"], &[291.0, 102.0, 64.0])?.value_label("works");
/// assert!(figure.svg()?.contains("works"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if labels and values differ in number, if no value is finite, or if
/// values are too far apart to draw.
pub fn bars(labels: &[impl AsRef<str>], values: &[f64]) -> Result<Figure> {
    new(data::names(labels), values.to_vec(), false)
}

/// The number of rows of each class, as bars in the order given.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::class_counts(&["low", "medium", "high"], &[120, 310, 85])?;
/// assert!(figure.svg()?.contains("310"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if names and counts differ in number, or if there are none.
pub fn class_counts(classes: &[impl AsRef<str>], counts: &[usize]) -> Result<Figure> {
    new(data::names(classes), counts.iter().map(|&count| count as f64).collect(), true)
}

fn new(labels: Vec<String>, values: Vec<f64>, counts: bool) -> Result<Figure> {
    data::same_length(labels.len(), values.len(), "values")?;
    data::some_finite(&values)?;
    Ok(Figure::new(Bars { labels, values, counts }))
}

#[derive(Debug)]
struct Bars {
    labels: Vec<String>,
    values: Vec<f64>,
    counts: bool,
}

impl Bars {
    fn digits(&self) -> usize {
        if self.counts { 12 } else { 3 }
    }

    /// The values as text, `0.78` beside `0.798` as `0.780`.
    fn texts(&self, language: Language) -> Vec<String> {
        let texts = self.values.iter().map(|value| axis::significant(*value, self.digits()));
        let texts: Vec<String> = texts.collect();
        let decimals = |text: &String| text.split_once('.').map_or(0, |(_, after)| after.len());
        let largest = self.values.iter().copied().filter(|value| value.is_finite()).map(f64::abs);
        let largest = largest.fold(0.0, f64::max).max(f64::MIN_POSITIVE).log10().floor();
        let most = (self.digits() as f64 - 1.0 - largest).max(0.0) as usize;
        let plain = texts.iter().filter(|text| !text.contains('×'));
        let common = plain.map(decimals).max().unwrap_or(0).min(most);
        let alike = self.values.iter().zip(texts).map(|(value, text)| {
            let short = value.is_finite() && !text.contains('×') && decimals(&text) < common;
            language.localized(&if short { axis::fixed(*value, common) } else { text })
        });
        alike.collect()
    }
}

impl Chart for Bars {
    fn describe(&self) -> Caption {
        Caption::counted(self.labels.len(), if self.counts { Noun::Class } else { Noun::Bar })
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        if self.lying() {
            let (few, more) = (self.labels.len().min(12), self.labels.len().saturating_sub(12));
            return (640, (130 + 27 * few + 17 * more).min(6000) as u32);
        }
        ((240 + 85 * self.labels.len()).clamp(360, 760) as u32, 380)
    }

    fn left_out(&self) -> usize {
        data::not_finite(&self.values)
    }

    /// Lying bars leave room for long or many labels.
    fn lying(&self) -> bool {
        data::lie(&self.labels)
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let (low, high) = extent(&self.values).unwrap_or((0.0, 1.0));
        let mut amounts = Scale::from_zero(low, high)?;
        let texts = self.texts(frame.language);
        let widths = texts.iter().map(|text| font::width(text, theme::TICK_SIZE, false));
        let room = widths.fold(0.0, f64::max);
        if let (true, Scale::Linear { low, high }) = (self.lying(), &mut amounts) {
            // The values of bars to the left are written before them; the panel is at least about half as
            // wide as the figure.
            if *low < 0.0 {
                let share = ((room + 10.0) / (body.w * 0.5)).min(0.6);
                *low -= (*high - *low) * share / (1.0 - share);
            }
        }
        let bands = Scale::Bands(self.labels.clone());
        let own = if self.counts { frame.language.word(Word::Count) } else { "" };
        if self.lying() {
            let x = Axis { scale: amounts, label: frame.x_or(own), grid: true };
            let y = Axis { scale: bands, label: frame.y_or(""), grid: false };
            // Room at the right for the value of the longest bar.
            let inner = body.inset(0.0, 0.0, (room - 14.0).clamp(0.0, body.w / 4.0), 0.0);
            let panel = panel::panel(scene, inner, x, y, false)?;
            self.draw_lying(scene, &panel);
            panel::zero_line(scene, &panel);
            panel::spines(scene, &panel);
        } else {
            let x = Axis { scale: bands, label: frame.x_or(""), grid: false };
            let y = Axis { scale: amounts, label: frame.y_or(own), grid: true };
            let panel = panel::panel(scene, body, x, y, false)?;
            self.draw_upright(scene, &panel);
            panel::zero_line(scene, &panel);
            panel::spines(scene, &panel);
        }
        Ok(())
    }
}

impl Bars {
    fn draw_lying(&self, scene: &mut Scene, panel: &Panel) {
        let band = panel.rect.h / self.labels.len() as f64;
        let thick = (band * 0.72).min(34.0);
        let size = theme::TICK_SIZE.min(band * 0.95);
        let zero = panel.x_at(0.0);
        let texts = self.texts(scene.language);
        for (i, (&value, text)) in self.values.iter().zip(texts).enumerate() {
            let middle = panel.y_at(i as f64);
            let end = if value.is_finite() { panel.x_at(value) } else { zero };
            let (left, right) = (zero.min(end), zero.max(end));
            let row = Rect::new(panel.rect.x, middle - band / 2.0, panel.rect.w, band);
            scene.note(row, self.note(scene.language, i));
            scene.bar(Rect::new(left, middle - thick / 2.0, right - left, thick), theme::series(0));
            if size >= theme::SMALLEST_SIZE {
                let (x, align) = if value < 0.0 {
                    (left - 5.0, Align::End)
                } else {
                    (right + 5.0, Align::Start)
                };
                scene.label(value_label(text, x, centred(middle, size), size, align));
            }
        }
    }

    fn draw_upright(&self, scene: &mut Scene, panel: &Panel) {
        let band = panel.rect.w / self.labels.len() as f64;
        let thick = (band * 0.68).min(110.0);
        let zero = panel.y_at(0.0);
        let texts = self.texts(scene.language);
        let widths = texts.iter().map(|text| font::width(text, theme::TICK_SIZE, false));
        let widest = widths.fold(0.0, f64::max);
        let size = theme::TICK_SIZE * ((band - 3.0) / widest.max(1.0)).min(1.0);
        for (i, (&value, text)) in self.values.iter().zip(texts).enumerate() {
            let middle = panel.x_at(i as f64);
            let end = if value.is_finite() { panel.y_at(value) } else { zero };
            let (top, bottom) = (zero.min(end), zero.max(end));
            let column = Rect::new(middle - band / 2.0, panel.rect.y, band, panel.rect.h);
            scene.note(column, self.note(scene.language, i));
            scene.bar(Rect::new(middle - thick / 2.0, top, thick, bottom - top), theme::series(0));
            if size >= theme::SMALLEST_SIZE {
                let y = if value < 0.0 { bottom + size * 1.15 } else { top - 5.0 };
                scene.label(value_label(text, middle, y, size, Align::Middle));
            }
        }
    }

    fn note(&self, language: Language, i: usize) -> String {
        format!("{}: {}", self.labels[i], language.significant(self.values[i], 12))
    }
}

fn value_label(text: String, x: f64, y: f64, size: f64, align: Align) -> Label {
    Label { text, x, y, size, bold: false, color: theme::TEXT, align, upward: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_as_many_decimals_as_each_other() {
        let texts = |values: &[f64], language| {
            let labels = vec![String::new(); values.len()];
            Bars { labels, values: values.to_vec(), counts: false }.texts(language)
        };
        let english = |values: &[f64]| texts(values, Language::English);
        assert_eq!(english(&[0.718, 0.78, 0.8]), ["0.718", "0.780", "0.800"]);
        assert_eq!(texts(&[0.25, -0.5], Language::Spanish), ["0,25", "−0,50"]);
        assert_eq!(english(&[291.0, 102.0]), ["291", "102"]);
        // No more than the largest has, and a small one keeps its digits.
        assert_eq!(english(&[12.5, 3.0, 0.0512]), ["12.5", "3.0", "0.0512"]);
        assert_eq!(english(&[1e9, 0.5, f64::NAN]), ["1×10⁹", "0.5", "—"]);
    }
}

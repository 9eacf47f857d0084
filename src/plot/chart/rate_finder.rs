//! The curve of a learning rate finder: loss against learning rate, with the rates that it suggests.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::{Entry, Frame, Sample};
use super::super::panel::{self, Axis};
use super::super::scene::{Rect, Scene};
use super::super::theme;
use super::super::words::{Language, Word};
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, Series, wrong};
use super::line::polyline;
use super::noun::Noun;
use crate::Result;

/// Loss over the learning rate, on a logarithmic axis, as a learning rate finder measures it. The suggested rates, in
/// the middle of the longest descent (`valley`) and where the loss falls fastest (`steepest`), are marked.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::learning_rate_finder(&[1e-4, 1e-3, 1e-2], &[2.0, 1.0, 3.0], Some(1e-3), None)?;
/// assert!(figure.svg()?.contains("valley"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there are not as many losses as rates, no loss is finite, or a rate is not above 0.
pub fn learning_rate_finder(
    rates: &[f64],
    losses: &[f64],
    valley: Option<f64>,
    steepest: Option<f64>,
) -> Result<Figure> {
    data::check_series(&[Series::new("loss", rates, losses)])?;
    let marks = [(Word::Valley, valley), (Word::Steepest, steepest)];
    let marks: Vec<(Word, f64)> =
        marks.into_iter().filter_map(|(word, rate)| Some((word, rate?))).collect();
    let all = rates.iter().chain(marks.iter().map(|(_, rate)| rate));
    if let Some(rate) = all.copied().find(|rate| !(*rate > 0.0 && *rate < 1e300)) {
        return Err(wrong(format!("a learning rate must be finite and above 0, found {rate}")));
    }
    Ok(Figure::new(RateFinder { rates: rates.to_vec(), losses: losses.to_vec(), marks }))
}

#[derive(Debug)]
struct RateFinder {
    rates: Vec<f64>,
    losses: Vec<f64>,
    marks: Vec<(Word, f64)>,
}

impl RateFinder {
    /// The loss at the measured rate that is nearest to this one.
    fn loss_at(&self, rate: f64) -> Option<f64> {
        let finite = self.rates.iter().zip(&self.losses).filter(|(_, loss)| loss.is_finite());
        let distance = |measured: f64| (measured / rate).ln().abs();
        finite.min_by(|a, b| distance(*a.0).total_cmp(&distance(*b.0))).map(|(_, loss)| *loss)
    }
}

impl Chart for RateFinder {
    fn describe(&self) -> Caption {
        Caption::default()
            .phrase("loss over learning rates, ", "pérdida por tasas de aprendizaje, ")
            .count(self.rates.len(), Noun::Point)
    }

    fn legend(&self, language: Language) -> Vec<Entry> {
        let entry = |(i, (word, rate)): (usize, &(Word, f64))| Entry {
            name: format!("{} {}", language.word(*word), language.significant(*rate, 2)),
            color: theme::series(i + 1),
            sample: Sample::Dot,
        };
        self.marks.iter().enumerate().map(entry).collect()
    }

    fn left_out(&self) -> usize {
        data::not_finite(&self.losses)
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let marked = self.marks.iter().map(|(_, rate)| rate);
        let (low, high) = extent(self.rates.iter().chain(marked)).unwrap_or((1.0, 1.0));
        let x = Scale::Log { low: low / 1.3, high: high * 1.3 };
        let (low, high) = extent(&self.losses).unwrap_or((0.0, 1.0));
        let language = frame.language;
        let x =
            Axis { scale: x, label: frame.x_or(language.word(Word::LearningRate)), grid: false };
        let label = frame.y_or(language.word(Word::Loss));
        let y = Axis { scale: Scale::around(low, high)?, label, grid: true };
        let panel = panel::panel(scene, body, x, y, false)?;
        panel::spines(scene, &panel);
        polyline(scene, &panel, &self.rates, &self.losses, theme::series(0));
        for (i, (_, rate)) in self.marks.iter().enumerate() {
            let Some(loss) = self.loss_at(*rate) else { continue };
            let (x, color) = (panel.x_at(*rate), theme::series(i + 1));
            let (top, bottom) = (panel.rect.y, panel.rect.bottom());
            scene.dashes((x, top), (x, bottom), color, theme::HAIRLINE, 4.0);
            scene.dot(x, panel.y_at(loss), 5.5, theme::PAPER);
            scene.dot(x, panel.y_at(loss), 4.5, color);
        }
        Ok(())
    }
}

//! Grouped bars: several values for each name, told apart by color.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::font;
use super::super::frame::{Entry, Frame, Sample};
use super::super::panel::{self, Axis};
use super::super::scene::{Align, Label, Rect, Scene};
use super::super::theme;
use super::super::words::Language;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, Group, wrong};
use super::noun::Noun;
use crate::Result;

/// Grouped bar chart: for each label a bar of every group, such as precision, recall and F1 of each class.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let figure = plot::grouped_bars(
///     &["cat", "dog"],
///     &[Group::new("precision", &[0.81, 0.77]), Group::new("recall", &[0.75, 0.83])],
/// )?;
/// assert!(figure.svg()?.contains("recall"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if a group has not one value for each label, or if no value is finite.
pub fn grouped_bars(labels: &[impl AsRef<str>], groups: &[Group]) -> Result<Figure> {
    let labels = data::names(labels);
    for group in groups {
        if group.values.len() != labels.len() {
            let (values, labels) = (group.values.len(), labels.len());
            return Err(wrong(format!(
                "group `{}` has {values} values for {labels} labels",
                group.name
            ))
            .help("give one value for each label"));
        }
    }
    data::some_finite(groups.iter().flat_map(|group| &group.values))?;
    Ok(Figure::new(GroupedBars { labels, groups: groups.to_vec() }))
}

#[derive(Debug)]
struct GroupedBars {
    labels: Vec<String>,
    groups: Vec<Group>,
}

impl Chart for GroupedBars {
    fn describe(&self) -> Caption {
        Caption::counted(self.labels.len(), Noun::Group)
            .of_what()
            .count(self.groups.len(), Noun::Bar)
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        let bars = self.labels.len() * (self.groups.len() + 1);
        ((160 + 24 * bars).clamp(480, 1100) as u32, 400)
    }

    fn legend(&self, _language: Language) -> Vec<Entry> {
        groups_legend(&self.groups)
    }

    fn left_out(&self) -> usize {
        data::not_finite(self.groups.iter().flat_map(|group| &group.values))
    }

    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()> {
        let values = || self.groups.iter().flat_map(|group| &group.values);
        let (low, high) = extent(values()).unwrap_or((0.0, 1.0));
        let bands = Scale::Bands(self.labels.clone());
        let x = Axis { scale: bands, label: frame.x_or(""), grid: false };
        let y = Axis { scale: Scale::from_zero(low, high)?, label: frame.y_or(""), grid: true };
        let panel = panel::panel(scene, body, x, y, false)?;
        let band = panel.rect.w / self.labels.len() as f64;
        let slot = band * 0.8 / self.groups.len() as f64;
        let thick = (slot * 0.92).min(60.0);
        let slot = thick / 0.92;
        let zero = panel.y_at(0.0);
        // Shares have as many decimals as their neighbours; other amounts as few as they need.
        let shares = low >= -1.0 && high <= 1.0;
        let language = frame.language;
        let text =
            |value| if shares { language.number(value, 2) } else { language.significant(value, 2) };
        let texts = values().map(|&value| text(value));
        let widest =
            texts.map(|text| font::width(&text, theme::TICK_SIZE, false)).fold(0.0, f64::max);
        let size = (theme::TICK_SIZE * (slot - 1.0) / widest.max(1.0)).min(theme::NOTE_SIZE);
        for (g, group) in self.groups.iter().enumerate() {
            let shift = (g as f64 - (self.groups.len() - 1) as f64 / 2.0) * slot;
            for (i, &value) in
                group.values.iter().enumerate().filter(|(_, value)| value.is_finite())
            {
                let middle = panel.x_at(i as f64) + shift;
                let end = panel.y_at(value);
                let (top, bottom) = (zero.min(end), zero.max(end));
                let rect = Rect::new(middle - thick / 2.0, top, thick, bottom - top);
                scene.bar(rect, theme::series(g));
                let note = format!(
                    "{}, {}: {}",
                    self.labels[i],
                    group.name,
                    language.significant(value, 6)
                );
                scene.note(Rect { y: panel.rect.y, h: panel.rect.h, ..rect }, note);
                if size >= 7.0 {
                    scene.label(Label {
                        text: text(value),
                        x: middle,
                        y: if value < 0.0 { bottom + size * 1.15 } else { top - 4.0 },
                        size,
                        bold: false,
                        color: theme::TEXT,
                        align: Align::Middle,
                        upward: false,
                    });
                }
            }
        }
        panel::spines(scene, &panel);
        panel::zero_line(scene, &panel);
        Ok(())
    }
}

/// The legend of several groups as squares; a single group without a name needs none.
pub(super) fn groups_legend(groups: &[Group]) -> Vec<Entry> {
    if groups.len() < 2 && groups.iter().all(|group| group.name.is_empty()) {
        return Vec::new();
    }
    let entry = |(i, group): (usize, &Group)| Entry {
        name: group.name.clone(),
        color: theme::series(i),
        sample: Sample::Square,
    };
    groups.iter().enumerate().map(entry).collect()
}

//! A figure as a scene: the chart with its title, legend and caption around it.

use super::chart::base::Chart;
use super::frame::{Around, Frame, NOTE_LINE, TITLE_LINE, legend, no_room};
use super::scene::{Align, Label, Rect, Scene};
use super::theme::{self, GAP, MARGIN};
use crate::Result;

/// Lays `chart` out in its frame.
pub(super) fn compose(chart: &dyn Chart, frame: &Frame) -> Result<Scene> {
    let (width, height) = frame.size.unwrap_or_else(|| chart.size(frame));
    let (width, height) = (f64::from(width), f64::from(height));
    if width < 60.0 || height < 60.0 {
        return Err(no_room(width, height));
    }
    let mut scene = Scene::new(width, height, frame.language);
    scene.bar(Rect::new(0.0, 0.0, width, height), theme::PAPER);
    let mut body = Rect::new(0.0, 0.0, width, height).inset(MARGIN, MARGIN, MARGIN, MARGIN);
    let around = Around::new(frame, chart.left_out(), body.w);
    let text = |text: String, y, size, bold, color| Label {
        text,
        x: MARGIN,
        y,
        size,
        bold,
        color,
        align: Align::Start,
        upward: false,
    };
    let (size, bottom) = (theme::TITLE_SIZE, body.bottom());
    for (i, line) in around.title.iter().enumerate() {
        let baseline = body.y + size * (0.85 + i as f64 * TITLE_LINE);
        scene.label(text(line.clone(), baseline, size, true, theme::TEXT));
    }
    let (above, below) = around.heights();
    for (i, line) in around.caption.iter().enumerate() {
        let baseline = bottom - below + GAP + (i as f64 + 0.75) * NOTE_LINE * theme::NOTE_SIZE;
        scene.label(text(line.clone(), baseline, theme::NOTE_SIZE, false, theme::MUTED));
    }
    body = body.inset(0.0, above, 0.0, below);
    body = legend(&mut scene, body, &chart.legend(frame.language));
    if body.w < 40.0 || body.h < 40.0 {
        return Err(no_room(width, height));
    }
    chart.draw(&mut scene, body, &frame.oriented(chart.lying()))?;
    scene.paint(frame.theme);
    Ok(scene)
}

#[cfg(test)]
mod tests {
    use super::super::chart::bars::bars;
    use super::super::scene::Mark;

    #[test]
    fn labels_follow_values_and_categories_where_bars_lie() {
        for (count, upright) in [(3, true), (20, false)] {
            let names: Vec<String> = (0..count).map(|i| format!("n{i}")).collect();
            let figure = bars(&names, &vec![1.0; count]).unwrap();
            let scene = figure.value_label("works").category_label("country").scene().unwrap();
            let at_side = |name: &str| {
                scene.marks.iter().find_map(|mark| match mark {
                    Mark::Label(label) if label.text == name => Some(label.upward),
                    _ => None,
                })
            };
            let found = (at_side("works"), at_side("country"));
            assert_eq!(found, (Some(upright), Some(!upright)), "{count} bars");
        }
    }
}

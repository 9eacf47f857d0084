//! A panel with its axes, and tick labels that never touch.

use super::axis::{Scale, Tick};
use super::font::{self, CAP_HEIGHT};
use super::frame::no_room;
use super::scene::{Align, Label, Rect, Scene, centred};
use super::theme::{self, GAP};
use super::words::Language;
use crate::Result;

/// An axis of a panel: its scale, its label, and whether grid lines cross the panel.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub scale: Scale,
    pub label: String,
    pub grid: bool,
}

/// A panel with its axes drawn, ready for the data.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    pub rect: Rect,
    pub x: Scale,
    pub y: Scale,
}

impl Panel {
    pub fn x_at(&self, value: f64) -> f64 {
        self.rect.x + self.rect.w * self.x.place(value)
    }

    /// Numbers grow upwards; bands are read from top to bottom.
    pub fn y_at(&self, value: f64) -> f64 {
        let place = self.y.place(value);
        let from_top = if matches!(self.y, Scale::Bands(_)) { place } else { 1.0 - place };
        self.rect.y + self.rect.h * from_top
    }
}

/// The texts of the ticks of an axis, broken to fit.
struct TickRow {
    /// For each tick: its place along the axis from 0 to 1, and its lines.
    texts: Vec<(f64, Vec<String>)>,
    size: f64,
    /// The room that they take across the axis.
    depth: f64,
    upward: bool,
}

const LINE_HEIGHT: f64 = 1.2;
const TICK_GAP: f64 = 6.0;

/// Draws the axes of a panel that fills `area`. With `square`, the panel is as wide as high.
pub(super) fn panel(
    scene: &mut Scene,
    area: Rect,
    x: Axis,
    y: Axis,
    square: bool,
) -> Result<Panel> {
    let label_room = theme::LABEL_SIZE * 1.25 + 2.0;
    let below = if x.label.is_empty() { 0.0 } else { label_room };
    let beside = if y.label.is_empty() { 0.0 } else { label_room + 2.0 };

    // The height decides the ticks at the side, their width decides the ticks below, and these the
    // height: two rounds settle it.
    let mut bottom = below + theme::TICK_SIZE * 1.3 + TICK_GAP;
    let mut rect = area;
    let mut sides = None;
    for _ in 0..3 {
        let side = side_ticks(&y.scale, area.h - bottom, area.w * 0.42, scene.language);
        let left = beside + side.depth + TICK_GAP;
        let overhang = if matches!(x.scale, Scale::Bands(_)) { 2.0 } else { 14.0 };
        rect = area.inset(left, theme::TICK_SIZE * 0.5, overhang, bottom);
        if square {
            let edge = rect.w.min(rect.h);
            rect = Rect::new(rect.x + (rect.w - edge) / 2.0, rect.y, edge, edge);
        }
        let under = bottom_ticks(&x.scale, rect.w, area.h * 0.42, scene.language);
        bottom = below + under.depth + TICK_GAP;
        sides = Some((side, under));
    }
    let Some((side, under)) = sides.filter(|_| rect.w >= 20.0 && rect.h >= 20.0) else {
        return Err(no_room(scene.width, scene.height));
    };

    let panel = Panel { rect, x: x.scale, y: y.scale };
    let hairline = theme::HAIRLINE;
    if y.grid {
        for (place, _) in &side.texts {
            let at = rect.bottom() - rect.h * place;
            scene.stroke(vec![(rect.x, at), (rect.right(), at)], theme::GRID, hairline);
        }
    }
    if x.grid {
        for (place, _) in &under.texts {
            let at = rect.x + rect.w * place;
            scene.stroke(vec![(at, rect.y), (at, rect.bottom())], theme::GRID, hairline);
        }
    }
    if !x.label.is_empty() {
        let room = rect.w.max(area.w * 0.6);
        scene.label(Label {
            text: font::shorten(&x.label, theme::LABEL_SIZE, false, room),
            x: rect.x + rect.w / 2.0,
            y: rect.bottom() + TICK_GAP + under.depth + label_room - 3.0,
            size: theme::LABEL_SIZE,
            bold: false,
            color: theme::TEXT,
            align: Align::Middle,
            upward: false,
        });
    }
    if !y.label.is_empty() {
        scene.label(Label {
            text: font::shorten(&y.label, theme::LABEL_SIZE, false, rect.h.max(area.h * 0.8)),
            x: rect.x - TICK_GAP - side.depth - GAP,
            y: rect.y + rect.h / 2.0,
            size: theme::LABEL_SIZE,
            bold: false,
            color: theme::TEXT,
            align: Align::Middle,
            upward: true,
        });
    }
    draw_side(scene, &side, rect, matches!(panel.y, Scale::Bands(_)));
    draw_under(scene, &under, rect);
    Ok(panel)
}

/// The room that the axes around a panel of `width` × `height` take: beside it and below it.
pub(super) fn room_for_axes(x: &Axis, y: &Axis, width: f64, height: f64) -> (f64, f64) {
    let label_room = theme::LABEL_SIZE * 1.25 + 2.0;
    let side = side_ticks(&y.scale, height, width * 0.5, Language::English);
    let under = bottom_ticks(&x.scale, width, height * 0.5, Language::English);
    let below = if x.label.is_empty() { 0.0 } else { label_room };
    let beside = if y.label.is_empty() { 0.0 } else { label_room + 2.0 };
    (beside + side.depth + TICK_GAP + 2.0, below + under.depth + TICK_GAP + theme::TICK_SIZE * 0.5)
}

/// The lines at the left and the bottom of a panel, drawn over the data's feet.
pub(super) fn spines(scene: &mut Scene, panel: &Panel) {
    let rect = panel.rect;
    let hairline = theme::HAIRLINE;
    scene.stroke(
        vec![(rect.x, rect.bottom()), (rect.right(), rect.bottom())],
        theme::AXIS,
        hairline,
    );
    scene.stroke(vec![(rect.x, rect.y), (rect.x, rect.bottom())], theme::AXIS, hairline);
}

/// The line of zero across a panel whose values lie on both sides of it: bars stand on it.
pub(super) fn zero_line(scene: &mut Scene, panel: &Panel) {
    let rect = panel.rect;
    let crosses =
        |scale: &Scale| matches!(scale, Scale::Linear { low, high } if *low < 0.0 && *high > 0.0);
    if crosses(&panel.x) {
        let x = panel.x_at(0.0);
        scene.stroke(vec![(x, rect.y), (x, rect.bottom())], theme::AXIS, theme::HAIRLINE);
    }
    if crosses(&panel.y) {
        let y = panel.y_at(0.0);
        scene.stroke(vec![(rect.x, y), (rect.right(), y)], theme::AXIS, theme::HAIRLINE);
    }
}

fn side_ticks(scale: &Scale, length: f64, room: f64, language: Language) -> TickRow {
    if let Scale::Bands(names) = scale {
        let (size, stride) = band_size(names.len(), length);
        let band = length / names.len().max(1) as f64;
        let lines = ((band / (size * LINE_HEIGHT)) as usize).clamp(1, 3);
        let texts: Vec<_> = names
            .iter()
            .enumerate()
            .step_by(stride)
            .map(|(i, name)| (scale.place(i as f64), font::wrap(name, size, false, room, lines)))
            .collect();
        let depth = widest(&texts, size);
        return TickRow { texts, size, depth, upward: false };
    }
    let size = theme::TICK_SIZE;
    let ticks = scale.ticks(((length / 42.0) as usize).clamp(2, 12));
    let texts: Vec<_> = ticks
        .into_iter()
        .map(|tick| (scale.place(tick.value), vec![language.localized(&tick.label)]))
        .collect();
    let depth = widest(&texts, size);
    TickRow { texts, size, depth, upward: false }
}

fn bottom_ticks(scale: &Scale, length: f64, room: f64, language: Language) -> TickRow {
    let size = theme::TICK_SIZE;
    let Scale::Bands(names) = scale else {
        let most = ((length / 55.0) as usize).clamp(2, 14);
        let ticks = (1..=most)
            .rev()
            .map(|most| scale.ticks(most))
            .find(|ticks| apart(scale, ticks, length))
            .unwrap_or_default();
        let texts: Vec<_> = ticks
            .into_iter()
            .map(|tick| (scale.place(tick.value), vec![language.localized(&tick.label)]))
            .collect();
        return TickRow { texts, size, depth: size * 1.1, upward: false };
    };
    let band = length / names.len().max(1) as f64;
    let word = |name: &String| {
        let words = name.split_whitespace().map(|word| font::width(word, size, false));
        words.fold(0.0, f64::max)
    };
    let placed = |i: usize| scale.place(i as f64);
    // Level if every word fits its band, in up to three lines.
    if names.iter().map(word).fold(0.0, f64::max) <= band - 4.0 {
        let wrapped: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(i, name)| (placed(i), font::wrap(name, size, false, band - 4.0, 3)))
            .collect();
        let cut = wrapped.iter().flat_map(|(_, lines)| lines).any(|line| line.ends_with('…'));
        if !cut {
            let most = wrapped.iter().map(|(_, lines)| lines.len()).max().unwrap_or(1);
            let depth = size * (1.1 + (most - 1) as f64 * LINE_HEIGHT);
            return TickRow { texts: wrapped, size, depth, upward: false };
        }
    }
    let (size, stride) = band_size(names.len(), length);
    let texts: Vec<_> = names
        .iter()
        .enumerate()
        .step_by(stride)
        .map(|(i, name)| (placed(i), vec![font::shorten(name, size, false, room.min(170.0))]))
        .collect();
    let depth = widest(&texts, size);
    TickRow { texts, size, depth, upward: true }
}

/// The text size for labels beside bands of an axis of `length`, and how many bands share a label.
fn band_size(count: usize, length: f64) -> (f64, usize) {
    let band = length / count.max(1) as f64;
    let size = (band / 1.12).min(theme::TICK_SIZE);
    if size >= 7.0 { (size, 1) } else { (7.5, ((7.5 * 1.12 / band).ceil() as usize).max(1)) }
}

fn widest(texts: &[(f64, Vec<String>)], size: f64) -> f64 {
    texts
        .iter()
        .flat_map(|(_, lines)| lines)
        .map(|line| font::width(line, size, false))
        .fold(0.0, f64::max)
}

/// Returns `true` if neighbouring labels leave space between them.
fn apart(scale: &Scale, ticks: &[Tick], length: f64) -> bool {
    ticks.windows(2).all(|pair| {
        let half = |tick: &Tick| font::width(&tick.label, theme::TICK_SIZE, false) / 2.0;
        let distance = (scale.place(pair[1].value) - scale.place(pair[0].value)) * length;
        distance >= half(&pair[0]) + half(&pair[1]) + 10.0
    })
}

fn draw_side(scene: &mut Scene, ticks: &TickRow, rect: Rect, from_top: bool) {
    for (place, lines) in &ticks.texts {
        let place = if from_top { *place } else { 1.0 - place };
        let middle = rect.y + rect.h * place;
        let first = middle - (lines.len() as f64 - 1.0) / 2.0 * ticks.size * LINE_HEIGHT;
        for (i, line) in lines.iter().enumerate() {
            let y = first + i as f64 * ticks.size * LINE_HEIGHT;
            scene.label(tick_label(
                line,
                rect.x - TICK_GAP,
                centred(y, ticks.size),
                Align::End,
                ticks,
            ));
        }
    }
}

fn draw_under(scene: &mut Scene, ticks: &TickRow, rect: Rect) {
    let top = rect.bottom() + TICK_GAP;
    for (place, lines) in &ticks.texts {
        let x = rect.x + rect.w * place;
        for (i, line) in lines.iter().enumerate() {
            if ticks.upward {
                let x = x + CAP_HEIGHT * ticks.size / 2.0;
                scene.label(tick_label(line, x, top, Align::End, ticks));
            } else {
                let y = top + ticks.size * (0.85 + i as f64 * LINE_HEIGHT);
                scene.label(tick_label(line, x, y, Align::Middle, ticks));
            }
        }
    }
}

fn tick_label(text: &str, x: f64, y: f64, align: Align, ticks: &TickRow) -> Label {
    Label {
        text: text.to_string(),
        x,
        y,
        size: ticks.size,
        bold: false,
        color: theme::MUTED,
        align,
        upward: ticks.upward,
    }
}

//! Figures of painters: their movements and their lives.

use super::movements::Movements;
use crate::plot::{Figure, drawing};
use crate::table::Table;
use crate::{Error, ErrorKind, Result};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const COLORS: [RGBColor; 10] = [
    RGBColor(1, 115, 178),
    RGBColor(222, 143, 5),
    RGBColor(2, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(204, 120, 188),
    RGBColor(202, 145, 97),
    RGBColor(86, 180, 233),
    RGBColor(120, 120, 120),
    RGBColor(251, 175, 228),
    RGBColor(180, 170, 20),
];
const INK: RGBColor = RGBColor(33, 37, 41);
const TEXT_HEIGHT: f64 = 12.0;

/// Width of a text in the figures' font, near enough to keep labels apart.
fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * TEXT_HEIGHT * 0.62
}

/// The color of each of `names`, by order of first appearance, and the legend.
fn colors(names: &[String]) -> (Vec<RGBColor>, Vec<(String, RGBColor)>) {
    let mut legend: Vec<(String, RGBColor)> = Vec::new();
    let color = |name: &String| {
        if let Some((_, color)) = legend.iter().find(|(known, _)| known == name) {
            return *color;
        }
        let color = COLORS[legend.len() % COLORS.len()];
        legend.push((name.clone(), color));
        color
    };
    let colors = names.iter().map(color).collect();
    (colors, legend)
}

/// The graph of painters as a figure: linked where they share a movement, sized by the number of works, colored by
/// their first movement. Labels do not overlap; the same table gives the same figure.
///
/// # Errors
/// The result of [`drawing`].
pub fn movement_graph(movements: &Movements) -> Result<Figure> {
    let names = movements.names();
    let places = movements.layout();
    let (colors, legend) = colors(&movements.movements());
    let side = if names.len() > 20 { 980.0 } else { 700.0 };
    let (width, height) = (side + 60.0, side * 0.8);
    let at = |(x, y): (f64, f64)| (90.0 + x * (width - 180.0), 30.0 + y * (height - 60.0));
    let works = movements.works();
    let most = works.iter().copied().fold(1.0, f64::max);
    let nodes: Vec<(f64, f64, f64)> = places
        .iter()
        .zip(&works)
        .map(|(place, works)| {
            let (x, y) = at(*place);
            (x, y, 5.0 + 15.0 * (works.max(0.0) / most).sqrt())
        })
        .collect();
    let labels = label_places(&names, &nodes, width, height);
    let rows = legend.len().div_ceil(3);
    let total = height + 18.0 * rows as f64 + 12.0;
    drawing(width as u32, total as u32, |area| {
        for (a, b) in movements.links() {
            let ends = [nodes[a], nodes[b]].map(|(x, y, _)| (x as i32, y as i32));
            area.draw(&PathElement::new(ends.to_vec(), RGBColor(190, 196, 204).stroke_width(1)))?;
        }
        for ((x, y, radius), color) in nodes.iter().zip(&colors) {
            let place = (*x as i32, *y as i32);
            area.draw(&Circle::new(place, *radius as i32 + 1, WHITE.filled()))?;
            area.draw(&Circle::new(place, *radius as i32, color.filled()))?;
        }
        for (name, (x, y)) in names.iter().zip(&labels) {
            area.draw(&text(name, (*x as i32, *y as i32), HPos::Center))?;
        }
        for (i, (name, color)) in legend.iter().enumerate() {
            let x = 20 + (i % 3) as i32 * (width as i32 - 40) / 3;
            let y = height as i32 + 14 + 18 * (i / 3) as i32;
            area.draw(&Circle::new((x, y), 5, color.filled()))?;
            let name = if name.is_empty() { "without movement" } else { name };
            area.draw(&text(name, (x + 10, y), HPos::Left))?;
        }
        Ok(())
    })
}

fn text<'a>(text: &'a str, at: (i32, i32), side: HPos) -> Text<'a, (i32, i32), &'a str> {
    let style = ("sans-serif", TEXT_HEIGHT * 1.24).into_font().color(&INK);
    Text::new(text, at, style.pos(Pos::new(side, VPos::Center)))
}

/// A place for the middle of each label: beside its node, away from other labels and nodes as far as can be.
fn label_places(
    names: &[String],
    nodes: &[(f64, f64, f64)],
    width: f64,
    height: f64,
) -> Vec<(f64, f64)> {
    let mut placed: Vec<(f64, f64, f64, f64)> = Vec::new();
    let mut order: Vec<usize> = (0..names.len()).collect();
    // Large nodes first, whose labels matter most.
    order.sort_by(|a, b| nodes[*b].2.total_cmp(&nodes[*a].2));
    let mut places = vec![(0.0, 0.0); names.len()];
    for i in order {
        let (x, y, radius) = nodes[i];
        let (half_w, half_h) = (text_width(&names[i]) / 2.0 + 2.0, TEXT_HEIGHT * 0.62);
        let mut best: Option<(f64, (f64, f64))> = None;
        for ring in 0..12 {
            let gap = radius + half_h + 2.0 + 7.0 * f64::from(ring);
            for step in 0..16 {
                let angle =
                    f64::from(step) / 16.0 * std::f64::consts::TAU + 0.5 * std::f64::consts::PI;
                let at =
                    (x + angle.cos() * (gap + half_w * angle.cos().abs()), y + angle.sin() * gap);
                let at = (
                    at.0.clamp(half_w, (width - half_w).max(half_w)),
                    at.1.clamp(half_h, (height - half_h).max(half_h)),
                );
                let overlap = |bx: f64, by: f64, bw: f64, bh: f64| {
                    let w = (half_w + bw - (at.0 - bx).abs()).max(0.0);
                    w * (half_h + bh - (at.1 - by).abs()).max(0.0)
                };
                let labels: f64 = placed.iter().map(|b| overlap(b.0, b.1, b.2, b.3)).sum();
                let dots: f64 = nodes.iter().map(|n| overlap(n.0, n.1, n.2, n.2)).sum();
                let cost = 20.0 * labels + dots + f64::from(ring);
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, at));
                }
            }
        }
        if let Some((_, at)) = best {
            places[i] = at;
            placed.push((at.0, at.1, half_w, half_h));
        }
    }
    places
}

/// The lives of painters as a figure: a bar from birth to death for each, by year of birth, colored by first movement.
///
/// # Errors
/// When a column of [`read`](super::read) is missing or there is no painter.
pub fn timeline(artists: &Table) -> Result<Figure> {
    let (names, genres) = (artists.texts("name")?, artists.lists("genre")?);
    let (born, died) = (artists.integers("born")?, artists.integers("died")?);
    let movements: Vec<String> =
        genres.iter().map(|genre| genre.first().cloned().unwrap_or_default()).collect();
    let (colors, _) = colors(&movements);
    let (Some(&first), Some(&last)) = (born.iter().min(), died.iter().max()) else {
        return Err(Error::new(ErrorKind::Table, "a time line needs at least 1 painter, found 0"));
    };
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|row| (born[*row], died[*row]));
    let row_height = 19.0;
    let left = names.iter().map(|name| text_width(name)).fold(60.0, f64::max) + 16.0;
    let right = 190.0;
    let years = (last - first).max(1) as f64;
    let width = left + 620.0 + right;
    let height = row_height * names.len() as f64 + 34.0;
    let x = |year: i64| (left + (year - first) as f64 / years * 620.0) as i32;
    let step = [10, 20, 25, 50, 100, 200].into_iter().find(|step| years / *step as f64 <= 9.0);
    let step = step.unwrap_or(500);
    drawing(width as u32, height as u32, |area| {
        let bottom = (height - 26.0) as i32;
        let mut year = first.div_euclid(step) * step + step;
        while year <= last {
            let line = vec![(x(year), 4), (x(year), bottom)];
            area.draw(&PathElement::new(line, RGBColor(229, 231, 235).stroke_width(1)))?;
            area.draw(&text(&year.to_string(), (x(year), bottom + 14), HPos::Center))?;
            year += step;
        }
        for (place, &row) in order.iter().enumerate() {
            let y = 12 + (row_height * place as f64) as i32;
            let corners = [(x(born[row]), y - 6), (x(died[row]).max(x(born[row]) + 1), y + 6)];
            area.draw(&Rectangle::new(corners, colors[row].filled()))?;
            area.draw(&text(&names[row], (left as i32 - 10, y), HPos::Right))?;
            let movement = genres[row].join(", ");
            area.draw(&text(&movement, (x(died[row]) + 6, y), HPos::Left))?;
        }
        Ok(())
    })
}

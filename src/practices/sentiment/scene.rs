//! A scene whose mood shows in its shapes, and less reliably in its colors.

use super::super::canvas::{Canvas, Color, mix, rough_noise, scaled};
use super::super::dice::Dice;
use super::strokes::{curve, near, sky};
use super::{faces, weather};
use image::RgbImage;

/// The subject of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Face,
    Landscape,
    Garden,
    House,
    Sea,
}

pub(super) const SUBJECTS: [Subject; 5] =
    [Subject::Face, Subject::Landscape, Subject::Garden, Subject::House, Subject::Sea];

/// A scene, drawn but not painted.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) subject: Subject,
    /// From −1, most negative, to 1.
    pub(super) valence: f32,
    /// Brightness of the hour; it says nothing about the mood.
    light: f32,
    /// Saturation; it follows the mood loosely.
    saturation: f32,
    /// Where the details come from: the same bits give the same scene.
    detail: u64,
}

impl Scene {
    pub(super) fn draw(valence: f32, dice: &mut Dice) -> Self {
        let subject = *dice.pick(&SUBJECTS);
        let light = dice.between(0.62, 1.12);
        let saturation = (0.85 + 0.12 * valence + 0.22 * dice.normal() as f32).clamp(0.15, 1.4);
        Self { subject, valence, light, saturation, detail: dice.bits() }
    }

    /// Paints the scene, moved by `shift` of its size: near-duplicates are other cuts of one scene.
    pub(super) fn paint(&self, shift: f32) -> RgbImage {
        let mut canvas = Canvas::new();
        let mut dice = Dice::new(self.detail, 0);
        let (v, dice) = (self.valence, &mut dice);
        match self.subject {
            Subject::Face => faces::face(&mut canvas, v, dice),
            Subject::Landscape => weather::landscape(&mut canvas, v, dice),
            Subject::Garden => garden(&mut canvas, v, dice),
            Subject::House => house(&mut canvas, v, dice),
            Subject::Sea => weather::sea(&mut canvas, v, dice),
        }
        let whole = canvas.clone();
        let grain = dice.bits() as u32;
        canvas.adjust(|x, y, _| {
            let zoom = 1.0 - 2.0 * shift;
            let color = whole.at(shift + x * zoom, shift * 0.5 + y * zoom);
            let grey = 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2];
            let colored: Color =
                std::array::from_fn(|channel| grey + (color[channel] - grey) * self.saturation);
            let noise = 0.93 + 0.14 * rough_noise(40.0 * x, 40.0 * y, grain);
            scaled(colored, self.light * noise)
        });
        canvas.image()
    }
}

/// Flowers: upright and open, or hanging and bare.
fn garden(canvas: &mut Canvas, v: f32, dice: &mut Dice) {
    let top = near([0.55, 0.72, 0.86], 0.18, dice);
    sky(canvas, top, near([0.85, 0.86, 0.82], 0.12, dice));
    let dry = (0.45 - 0.35 * v + dice.between(-0.25, 0.25)).clamp(0.0, 1.0);
    let ground = mix([0.24, 0.5, 0.2], [0.5, 0.4, 0.24], dry);
    let seed = dice.bits() as u32;
    canvas.paint((0.0, 0.62), (1.0, 1.0), |x, y| {
        Some((scaled(ground, 0.8 + 0.4 * rough_noise(14.0 * x, 14.0 * y, seed)), 1.0))
    });
    let petals_color = near([0.8, 0.3, 0.5], 0.35, dice);
    let count = 3 + dice.below(3);
    for number in 0..count {
        let x = (number as f32 + 0.5) / count as f32 + dice.between(-0.05, 0.05);
        let foot = (x, dice.between(0.78, 0.94));
        let height = dice.between(0.36, 0.5);
        // The stem bends over as the mood falls.
        let bend = ((0.25 - v) * 1.25 + dice.between(-0.2, 0.2)).clamp(0.0, 2.3);
        let side = if dice.chance(0.5) { 1.0 } else { -1.0 };
        let mut points = vec![foot];
        let (mut px, mut py, steps) = (foot.0, foot.1, 9);
        for step in 0..steps {
            let angle = side * bend * (step as f32 / steps as f32).powi(2) * 1.4;
            px += angle.sin() * height / steps as f32;
            py -= angle.cos() * height / steps as f32;
            points.push((px, py));
        }
        let stem = mix([0.16, 0.42, 0.14], [0.4, 0.32, 0.16], dry);
        curve(canvas, &points, 0.016, stem);
        let petals = (6.0 + 3.5 * v + dice.between(-1.0, 1.0)).clamp(1.0, 10.0) as usize;
        let size = 0.034 + 0.014 * v.max(0.0);
        for petal in 0..petals {
            let angle = petal as f32 * std::f32::consts::TAU / petals.max(5) as f32;
            let middle = (px + 1.3 * size * angle.cos(), py + 1.3 * size * angle.sin());
            canvas.ellipse(middle, (size, size), petals_color, 1.0);
        }
        canvas.ellipse((px, py), (size * 0.8, size * 0.8), [0.85, 0.7, 0.2], 1.0);
        if v < -0.3 {
            // Fallen petals.
            for _ in 0..3 {
                let at = (foot.0 + dice.between(-0.09, 0.09), foot.1 + dice.between(0.0, 0.05));
                canvas.ellipse(at, (0.02, 0.01), scaled(petals_color, 0.7), 1.0);
            }
        }
    }
    let butterflies = ((v - 0.25) * 5.0).max(0.0) as usize;
    for _ in 0..butterflies {
        let (x, y) = (dice.between(0.1, 0.9), dice.between(0.08, 0.4));
        let color = near([0.9, 0.6, 0.2], 0.3, dice);
        for (dx, dy) in [(-0.024, -0.012), (0.024, -0.012), (-0.017, 0.018), (0.017, 0.018)] {
            canvas.ellipse((x + dx, y + dy), (0.023, 0.02), color, 1.0);
        }
        canvas.line((x, y - 0.025), (x, y + 0.025), 0.008, [0.1, 0.1, 0.1]);
    }
    if v < -0.62 {
        // A bare tree with a crow.
        let x = dice.between(0.15, 0.85);
        let bark = [0.12, 0.1, 0.09];
        canvas.line((x, 0.8), (x, 0.25), 0.035, bark);
        for (dx, y) in [(-0.17, 0.2), (0.16, 0.16), (-0.1, 0.38), (0.14, 0.42)] {
            canvas.line((x, y + 0.16), (x + dx, y), 0.018, bark);
        }
        canvas.ellipse((x + 0.15, 0.13), (0.035, 0.022), [0.04, 0.04, 0.05], 1.0);
    }
}

/// A house: lit and decorated, or broken and burning.
fn house(canvas: &mut Canvas, v: f32, dice: &mut Dice) {
    let night = dice.chance(0.4);
    let top = if night { [0.12, 0.13, 0.28] } else { [0.5, 0.68, 0.86] };
    let low = if night { [0.26, 0.24, 0.36] } else { [0.82, 0.84, 0.84] };
    sky(canvas, near(top, 0.08, dice), near(low, 0.1, dice));
    let grass = near([0.3, 0.42, 0.24], 0.12, dice);
    canvas.rectangle((0.0, 0.74), (1.0, 1.0), if night { scaled(grass, 0.55) } else { grass });
    let wall = near([0.68, 0.56, 0.46], 0.22, dice);
    let left = dice.between(0.14, 0.26);
    let right = left + dice.between(0.5, 0.6);
    let eaves = dice.between(0.4, 0.48);
    canvas.block((left, eaves), (right, 0.84), wall, scaled(wall, 0.82));
    let roof = near([0.5, 0.26, 0.2], 0.15, dice);
    let ridge = (left + right) / 2.0;
    // Ruin: the ridge sinks and the roof has holes.
    let ruin = (-v - 0.15 + dice.between(-0.12, 0.12)).clamp(0.0, 1.0);
    let peak = (ridge + 0.2 * ruin, eaves - 0.24 + 0.16 * ruin);
    canvas.polygon(&[(left - 0.05, eaves), peak, (right + 0.05, eaves)], roof, scaled(roof, 0.75));
    let sky_color = canvas.at(0.02, 0.2);
    for _ in 0..(4.0 * ruin) as usize {
        let at = (dice.between(left, right), eaves - dice.between(0.01, 0.09));
        canvas.ellipse(at, (0.045, 0.03), scaled(sky_color, 0.5), 1.0);
    }
    let panes = [left + 0.08, ridge - 0.06, right - 0.2];
    for (number, x) in panes.into_iter().enumerate() {
        let lit = v + dice.between(-0.35, 0.35) > 0.1;
        let glass = if lit { [0.98, 0.85, 0.45] } else { [0.16, 0.17, 0.2] };
        let (from, to) =
            if number == 1 { ((x, 0.62), (x + 0.12, 0.84)) } else { ((x, 0.52), (x + 0.12, 0.66)) };
        canvas.rectangle(
            from,
            to,
            if number == 1 { near([0.35, 0.22, 0.14], 0.05, dice) } else { glass },
        );
        if number != 1 && v + dice.between(-0.25, 0.25) < -0.25 {
            // Boards nailed across.
            canvas.line(from, to, 0.022, [0.42, 0.32, 0.22]);
            canvas.line((from.0, to.1), (to.0, from.1), 0.022, [0.36, 0.27, 0.18]);
        }
    }
    if v < -0.6 {
        for _ in 0..5 {
            let (x, base) = (dice.between(left, right), dice.between(eaves, 0.7));
            let height = dice.between(0.14, 0.28);
            canvas.polygon(
                &[
                    (x - 0.06, base),
                    (x + dice.between(-0.03, 0.03), base - height),
                    (x + 0.06, base),
                ],
                [0.92, 0.36, 0.08],
                [0.98, 0.62, 0.12],
            );
        }
        for step in 0..6 {
            let at = (ridge + 0.06 * step as f32, eaves - 0.12 - 0.06 * step as f32);
            canvas.ellipse(at, (0.07 + 0.012 * step as f32, 0.05), [0.14, 0.13, 0.13], 0.75);
        }
    }
    if v > 0.15 {
        let bushes = 2 + (4.0 * v) as usize;
        for _ in 0..bushes {
            let at = (dice.between(0.04, 0.96), dice.between(0.84, 0.95));
            canvas.ellipse(at, (0.03, 0.03), near([0.85, 0.35, 0.5], 0.3, dice), 1.0);
        }
    }
    if v > 0.6 {
        // Balloons on the roof, and a garland.
        for number in 0..4 {
            let x = left + 0.08 + 0.14 * number as f32;
            let y = dice.between(0.1, 0.24);
            canvas.line((x, y), (ridge, eaves - 0.1), 0.006, [0.3, 0.3, 0.3]);
            canvas.ellipse((x, y), (0.045, 0.058), near([0.8, 0.4, 0.4], 0.45, dice), 1.0);
        }
        for flag in 0..8 {
            let x = left + (right - left) * flag as f32 / 8.0;
            let color = near([0.7, 0.6, 0.3], 0.4, dice);
            let points = [(x, eaves + 0.02), (x + 0.05, eaves + 0.02), (x + 0.025, eaves + 0.08)];
            canvas.polygon(&points, color, color);
        }
    }
}

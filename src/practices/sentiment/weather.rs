//! Landscapes and seas under skies from storm to sunshine.

use super::super::canvas::{Canvas, Color, mix, noise, rough_noise, scaled};
use super::super::dice::Dice;
use super::strokes::{curve, near, sky};

/// Sun, rainbow, clouds, rain and lightning by the mood.
fn heavens(canvas: &mut Canvas, v: f32, low: f32, dice: &mut Dice) {
    // The sky's color follows the mood only loosely; a sunset may be red, a bright day hazy.
    let mood = (0.5 + 0.36 * v + 0.2 * dice.normal() as f32).clamp(0.0, 1.0);
    let evening = dice.chance(0.3);
    let bright: Color = if evening { [0.86, 0.5, 0.36] } else { [0.36, 0.62, 0.9] };
    let top = mix([0.3, 0.32, 0.36], bright, mood);
    sky(canvas, near(top, 0.05, dice), near(mix(top, [0.92, 0.88, 0.8], 0.55), 0.05, dice));
    if v > 0.12 {
        let (x, y) = (dice.between(0.15, 0.85), dice.between(0.12, 0.28));
        let size = 0.05 + 0.05 * v;
        let sun = [1.0, 0.9, 0.42];
        let rays = if v > 0.45 { 10 } else { 0 };
        for ray in 0..rays {
            let (sin, cos) = (ray as f32 * std::f32::consts::TAU / rays as f32).sin_cos();
            let at = |reach: f32| (x + reach * size * cos, y + reach * size * sin);
            canvas.line(at(1.25), at(1.8), 0.014, sun);
        }
        canvas.ellipse((x, y), (size, size), sun, 1.0);
    }
    if v > 0.66 {
        let middle = (dice.between(0.3, 0.7), low);
        let bands: [Color; 5] = [
            [0.86, 0.2, 0.2],
            [0.95, 0.6, 0.15],
            [0.95, 0.9, 0.3],
            [0.25, 0.7, 0.3],
            [0.3, 0.35, 0.8],
        ];
        canvas.paint((0.0, 0.0), (1.0, low), |x, y| {
            let radius = ((x - middle.0).powi(2) + (y - middle.1).powi(2)).sqrt();
            let band = ((0.46 - radius) / 0.022).floor();
            (0.0..5.0).contains(&band).then(|| (bands[band as usize], 0.62))
        });
    }
    let clouds = if v > 0.3 { dice.below(2) } else { 2 + (3.5 * (0.3 - v)) as usize };
    let cloud = mix([0.94, 0.94, 0.95], [0.24, 0.25, 0.29], (0.25 - 0.75 * v).clamp(0.0, 1.0));
    for _ in 0..clouds {
        let (x, y) = (dice.between(0.0, 1.0), dice.between(0.05, 0.3));
        for puff in 0..4 {
            let at = (x + 0.07 * puff as f32 - 0.1, y + dice.between(-0.025, 0.025));
            canvas.ellipse(at, (0.085, 0.055), near(cloud, 0.03, dice), 0.9);
        }
    }
    if v < -0.25 {
        let drops = (60.0 * -v) as usize;
        for _ in 0..drops {
            let (x, y) = (dice.between(0.0, 1.0), dice.between(0.15, 0.95));
            canvas.line((x, y), (x - 0.02, y + 0.055), 0.006, [0.72, 0.78, 0.86]);
        }
    }
    if v < -0.62 {
        let mut at = (dice.between(0.2, 0.8), 0.18);
        for _ in 0..5 {
            let next = (at.0 + dice.between(-0.08, 0.08), at.1 + 0.09);
            canvas.line(at, next, 0.018, [1.0, 0.97, 0.72]);
            at = next;
        }
    }
}

/// Hills with trees: in leaf, or snapped by the storm.
pub(super) fn landscape(canvas: &mut Canvas, v: f32, dice: &mut Dice) {
    heavens(canvas, v, 0.66, dice);
    let green = near([0.3, 0.5, 0.26], 0.14, dice);
    for hill in 0..3 {
        let seed = dice.bits() as u32;
        let base = 0.58 + 0.12 * hill as f32;
        let color = scaled(green, 0.75 + 0.16 * hill as f32);
        canvas.paint((0.0, base - 0.12), (1.0, 1.0), |x, y| {
            let edge = base + 0.1 * (noise(2.5 * x, 0.5, seed) - 0.5);
            let shade = 0.85 + 0.3 * rough_noise(18.0 * x, 18.0 * y, seed);
            (y > edge).then(|| (scaled(color, shade), 1.0))
        });
    }
    for _ in 0..2 + dice.below(3) {
        let (x, foot) = (dice.between(0.08, 0.92), dice.between(0.76, 0.92));
        let bark = [0.3, 0.2, 0.13];
        let lean = (-v).max(0.0) * dice.between(0.05, 0.16);
        canvas.line((x, foot), (x + lean, foot - 0.2), 0.03, bark);
        if v + dice.between(-0.3, 0.3) > -0.4 {
            let leaves = near([0.22, 0.45, 0.18], 0.12, dice);
            canvas.ellipse((x + lean, foot - 0.24), (0.085, 0.1), leaves, 1.0);
        } else {
            canvas.line((x + lean, foot - 0.2), (x + lean + 0.1, foot - 0.14), 0.02, bark);
            canvas.line((x + lean, foot - 0.16), (x + lean - 0.06, foot - 0.25), 0.014, bark);
        }
    }
    for _ in 0..((v - 0.4) * 8.0).max(0.0) as usize {
        // A kite or two on strings.
        let (x, y) = (dice.between(0.1, 0.9), dice.between(0.28, 0.45));
        let color = near([0.8, 0.3, 0.3], 0.4, dice);
        canvas.polygon(&[(x, y - 0.06), (x + 0.04, y), (x, y + 0.07), (x - 0.04, y)], color, color);
        canvas.line((x, y + 0.07), (x + 0.06, 0.7), 0.005, [0.25, 0.25, 0.25]);
    }
}

/// A boat on calm or high water, upright or sinking.
pub(super) fn sea(canvas: &mut Canvas, v: f32, dice: &mut Dice) {
    let level = dice.between(0.56, 0.64);
    heavens(canvas, v, level, dice);
    let water = near([0.16, 0.36, 0.5], 0.12, dice);
    let storm = (0.42 - 0.58 * v + dice.between(-0.1, 0.1)).clamp(0.04, 1.0);
    let phase = dice.between(0.0, 6.0);
    let surface = |x: f32, row: f32| {
        level + row + 0.05 * storm * (x * (9.0 + 7.0 * storm) + phase + 20.0 * row).sin()
    };
    canvas.paint((0.0, level - 0.07), (1.0, 1.0), |x, y| {
        (y > surface(x, 0.0)).then(|| (mix(water, scaled(water, 0.5), (y - level) / 0.5), 1.0))
    });
    let x = dice.between(0.35, 0.65);
    let side = if dice.chance(0.5) { 1.0 } else { -1.0 };
    let tilt = side * ((-v - 0.1 + dice.between(-0.1, 0.1)) * 0.75).clamp(0.0, 0.8);
    let sunk = if v < -0.6 { 0.08 } else { 0.0 };
    let middle = (x, surface(x, 0.0) - 0.01 + sunk);
    let turn = |dx: f32, dy: f32| {
        let (sin, cos) = tilt.sin_cos();
        (middle.0 + dx * cos - dy * sin, middle.1 + dx * sin + dy * cos)
    };
    let hull = near([0.55, 0.3, 0.2], 0.2, dice);
    let boards = [turn(-0.2, -0.05), turn(0.2, -0.05), turn(0.13, 0.06), turn(-0.13, 0.06)];
    canvas.polygon(&boards, hull, scaled(hull, 0.8));
    canvas.line(turn(0.0, -0.05), turn(0.0, -0.36), 0.018, [0.28, 0.2, 0.14]);
    let sail = near([0.9, 0.87, 0.8], 0.1, dice);
    if v + dice.between(-0.2, 0.2) > -0.35 {
        canvas.polygon(&[turn(0.015, -0.35), turn(0.17, -0.08), turn(0.015, -0.08)], sail, sail);
        canvas.polygon(&[turn(-0.015, -0.31), turn(-0.12, -0.08), turn(-0.015, -0.08)], sail, sail);
    } else {
        // Torn sails.
        canvas.polygon(&[turn(0.015, -0.35), turn(0.07, -0.22), turn(0.015, -0.25)], sail, sail);
        canvas.polygon(&[turn(-0.015, -0.2), turn(-0.07, -0.1), turn(-0.015, -0.08)], sail, sail);
    }
    for row in 1..4 {
        let offset = 0.09 * row as f32;
        let wave: Vec<_> =
            (0..=24).map(|i| i as f32 / 24.0).map(|x| (x, surface(x, offset))).collect();
        curve(canvas, &wave, 0.008 + 0.008 * storm, mix(water, [0.95; 3], 0.25 + 0.5 * storm));
    }
    for _ in 0..((v - 0.35) * 5.0).max(0.0) as usize {
        // Leaping dolphins.
        let (x, y) = (dice.between(0.1, 0.9), dice.between(0.72, 0.86));
        let arc: Vec<_> = (0..=8)
            .map(|i| i as f32 / 4.0 - 1.0)
            .map(|t| (x + 0.08 * t, y - 0.055 * (1.0 - t * t)))
            .collect();
        curve(canvas, &arc, 0.03, [0.42, 0.48, 0.55]);
    }
}

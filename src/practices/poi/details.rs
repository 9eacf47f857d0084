//! The surroundings of a monument: trees, water, and obstacles.

use super::super::canvas::{Canvas, Color, mix, noise, rough_noise, scaled};
use super::scene::{Scene, Subject};
use crate::practices::dice::Dice;

/// Trees behind the monument, or at the sides in front of it.
pub(super) fn trees(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice, in_front: bool) {
    let count = if in_front { scene.trees / 2 } else { scene.trees - scene.trees / 2 };
    for index in 0..count {
        let side = if index % 2 == 0 { -1.0 } else { 1.0 };
        let reach = if in_front { dice.between(0.34, 0.48) } else { dice.between(0.22, 0.5) };
        let x = scene.middle + side * reach;
        let foot = scene.horizon + if in_front { dice.between(0.05, 0.11) } else { 0.01 };
        let height = if in_front { dice.between(0.26, 0.40) } else { dice.between(0.16, 0.28) };
        let leaf: Color = *dice.pick(&[
            [0.24, 0.44, 0.18],
            [0.34, 0.50, 0.20],
            [0.20, 0.38, 0.24],
            [0.46, 0.50, 0.20],
        ]);
        let trunk = scene.shaded([0.36, 0.26, 0.18]);
        canvas.rectangle((x - 0.012, foot - height * 0.45), (x + 0.012, foot), trunk);
        if dice.chance(0.3) {
            cypress(canvas, scene, x, foot, height, leaf);
        } else {
            crown(canvas, scene, x, foot, height, leaf, dice.bits() as u32 & 0xFFF);
        }
    }
}

fn cypress(canvas: &mut Canvas, scene: &Scene, x: f32, foot: f32, height: f32, leaf: Color) {
    let (light, dark) = (scene.lit(leaf), scene.shaded(scaled(leaf, 0.8)));
    let top = foot - height * 1.15;
    canvas.paint((x - 0.06, top), (x + 0.06, foot - 0.02), |px, py| {
        let share = (py - top) / (foot - 0.02 - top);
        let half = 0.05 * (share * 3.1).sin().max(0.0).sqrt().min(share * 2.0);
        ((px - x).abs() <= half).then(|| (mix(light, dark, (px - x) / 0.1 + 0.5), 1.0))
    });
}

fn crown(
    canvas: &mut Canvas,
    scene: &Scene,
    x: f32,
    foot: f32,
    height: f32,
    leaf: Color,
    seed: u32,
) {
    let (light, dark) = (scene.lit(scaled(leaf, 1.2)), scene.shaded(scaled(leaf, 0.75)));
    let (middle, radius) = ((x, foot - height * 0.68), (height * 0.36, height * 0.38));
    let from = (middle.0 - radius.0 * 1.2, middle.1 - radius.1 * 1.2);
    canvas.paint(from, (middle.0 + radius.0 * 1.2, middle.1 + radius.1 * 1.2), |px, py| {
        let (dx, dy) = ((px - middle.0) / radius.0, (py - middle.1) / radius.1);
        let edge = 0.72 + 0.5 * rough_noise(px * 22.0, py * 22.0, seed);
        let shade = 0.5 + 0.35 * (dx + dy) + 0.5 * (noise(px * 48.0, py * 48.0, seed + 9) - 0.5);
        (dx * dx + dy * dy <= edge * edge).then(|| (mix(light, dark, shade.clamp(0.0, 1.0)), 1.0))
    });
}

/// A pond or a river in the foreground: the image mirrored, rippled and tinted.
pub(super) fn water(canvas: &mut Canvas, scene: &Scene) {
    let shore =
        (scene.horizon + if scene.subject == Subject::Garden { 0.08 } else { 0.15 }).min(0.86);
    let mirror = canvas.clone();
    let tint = mix(scene.sky_colors().0, [0.10, 0.28, 0.38], 0.45);
    let seed = scene.texture;
    canvas.paint((0.0, shore), (1.0, 1.0), |x, y| {
        let edge = shore + 0.012 * noise(x * 9.0, 0.0, seed + 21);
        if y < edge {
            return None;
        }
        let depth = (y - shore) / (1.0 - shore);
        let ripple = (noise(x * 6.0, y * 90.0, seed + 13) - 0.5) * (0.01 + 0.05 * depth);
        let seen =
            mirror.at((x + ripple).clamp(0.0, 1.0), (2.0 * shore - y - depth * 0.2).max(0.0));
        let mut color = mix(seen, tint, 0.30 + 0.25 * depth);
        if noise(x * 14.0, y * 120.0, seed + 17) > 0.84 {
            color = mix(color, scene.sky_colors().1, 0.35);
        }
        Some((color, 1.0))
    });
    let stone = scene.shaded([0.62, 0.58, 0.52]);
    canvas.paint((0.0, shore - 0.012), (1.0, shore + 0.012), |x, y| {
        let edge = shore + 0.012 * noise(x * 9.0, 0.0, seed + 21);
        (y >= edge - 0.012 && y < edge).then_some((stone, 1.0))
    });
}

/// Cars, barriers, poles with cables, and cranes.
pub(super) fn clutter(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    for index in 0..scene.clutter {
        match (index + scene.texture as usize) % 4 {
            0 | 2 => car(canvas, scene, dice),
            1 => barrier(canvas, scene, dice),
            _ if dice.chance(0.45) => crane(canvas, scene, dice),
            _ => cables(canvas, scene, dice),
        }
    }
}

fn car(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    const PAINTS: [Color; 6] = [
        [0.72, 0.14, 0.14],
        [0.86, 0.86, 0.88],
        [0.16, 0.22, 0.42],
        [0.12, 0.12, 0.14],
        [0.52, 0.54, 0.56],
        [0.90, 0.72, 0.16],
    ];
    let (x, y) = (dice.between(0.02, 0.74), dice.between(0.84, 0.95));
    let length = dice.between(0.20, 0.28);
    let paint: Color = *dice.pick(&PAINTS);
    let (light, dark) = (scene.lit(paint), scene.shaded(paint));
    let high = length * 0.22;
    canvas.ellipse((x + length / 2.0, y + 0.012), (length * 0.54, 0.016), [0.08, 0.08, 0.1], 0.55);
    canvas.block((x, y - high), (x + length, y), light, dark);
    let roof = [
        (x + length * 0.18, y - high),
        (x + length * 0.30, y - high * 1.95),
        (x + length * 0.72, y - high * 1.95),
        (x + length * 0.86, y - high),
    ];
    canvas.polygon(&roof, scaled(light, 0.9), dark);
    let glass = scene.glass(dice);
    for (from, to) in [(0.29, 0.49), (0.53, 0.73)] {
        let from = (x + length * from, y - high * 1.75);
        canvas.rectangle(from, (x + length * to, y - high * 1.05), glass);
    }
    for wheel in [0.22, 0.78] {
        let middle = (x + length * wheel, y);
        canvas.ellipse(middle, (length * 0.10, length * 0.10), [0.07, 0.07, 0.08], 1.0);
        canvas.ellipse(middle, (length * 0.045, length * 0.045), [0.5, 0.5, 0.52], 1.0);
    }
}

fn barrier(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let (x, y) = (dice.between(0.0, 0.6), dice.between(0.80, 0.93));
    let (red, white) = (scene.lit([0.86, 0.20, 0.12]), scene.lit([0.94, 0.94, 0.92]));
    let length = dice.between(0.25, 0.4);
    let stripes = 8;
    for stripe in 0..stripes {
        let from = x + length * stripe as f32 / stripes as f32;
        let color = if stripe % 2 == 0 { red } else { white };
        canvas.rectangle((from, y - 0.045), (from + length / stripes as f32, y - 0.015), color);
    }
    for post in [0.06, 0.94] {
        let at = x + length * post;
        canvas.rectangle(
            (at - 0.008, y - 0.045),
            (at + 0.008, y + 0.03),
            scene.shaded([0.4, 0.4, 0.42]),
        );
    }
}

fn crane(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let x = if dice.chance(0.5) { dice.between(0.08, 0.25) } else { dice.between(0.75, 0.92) };
    let top = dice.between(0.06, 0.16);
    let reach = if x < 0.5 { 0.5 } else { -0.5 };
    let color = scene.shaded([0.92, 0.66, 0.14]);
    canvas.rectangle((x - 0.011, top), (x + 0.011, scene.horizon), color);
    canvas.line((x - reach * 0.25, top + 0.03), (x + reach, top + 0.03), 0.016, color);
    canvas.line((x, top - 0.03), (x + reach * 0.9, top + 0.03), 0.006, color);
    canvas.line((x, top - 0.03), (x - reach * 0.25, top + 0.03), 0.006, color);
    let hook = (x + reach * 0.7, top + 0.16);
    canvas.line((hook.0, top + 0.03), hook, 0.006, scene.shaded([0.2, 0.2, 0.2]));
    canvas.rectangle((hook.0 - 0.025, hook.1), (hook.0 + 0.025, hook.1 + 0.03), color);
}

fn cables(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let x = dice.between(0.06, 0.94);
    let top = dice.between(0.22, 0.34);
    let dark = scene.shaded([0.20, 0.19, 0.20]);
    canvas.rectangle((x - 0.013, top), (x + 0.013, 0.94), dark);
    canvas.rectangle((x - 0.07, top + 0.02), (x + 0.07, top + 0.035), dark);
    let slope = dice.between(-0.12, 0.12);
    for end in [-0.06, 0.0, 0.06] {
        let from = (0.0, top + 0.02 + slope * x + 0.03);
        let to = (1.0, top + 0.02 - slope * (1.0 - x) + 0.03);
        canvas.line((from.0, from.1 + end), (x + end, top + 0.02), 0.007, dark);
        canvas.line((x + end, top + 0.02), (to.0, to.1 + end), 0.007, dark);
    }
}

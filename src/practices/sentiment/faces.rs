//! Faces: mouth, brows and eyes show the mood, colors do not.

use super::super::canvas::{Canvas, mix, scaled};
use super::super::dice::Dice;
use super::strokes::{curve, near, sky};

pub(super) fn face(canvas: &mut Canvas, v: f32, dice: &mut Dice) {
    let back = near([0.5, 0.52, 0.55], 0.38, dice);
    sky(canvas, back, near(back, 0.12, dice));
    let tones = [[0.95, 0.8, 0.68], [0.82, 0.6, 0.44], [0.55, 0.37, 0.26], [0.36, 0.24, 0.17]];
    let skin = near(*dice.pick(&tones), 0.05, dice);
    let cloth = near([0.45, 0.45, 0.5], 0.35, dice);
    let (x, y) = (0.5 + dice.between(-0.07, 0.07), 0.46 + dice.between(-0.04, 0.05));
    let (w, h) = (dice.between(0.25, 0.31), dice.between(0.32, 0.37));
    canvas.ellipse((x, 1.04), (0.42, 0.26), cloth, 1.0);
    canvas.rectangle((x - 0.08, y + h * 0.7), (x + 0.08, y + h + 0.1), scaled(skin, 0.86));
    let hair =
        near(*dice.pick(&[[0.12, 0.09, 0.08], [0.4, 0.26, 0.14], [0.75, 0.6, 0.32]]), 0.06, dice);
    let long = dice.chance(0.5);
    if long {
        canvas.ellipse((x, y + 0.06), (w * 1.22, h * 1.16), hair, 1.0);
    }
    canvas.ellipse((x, y), (w, h), skin, 1.0);
    canvas.dome((x, y - h * 0.42), (w * 0.98, h * 0.62), hair, scaled(hair, 0.8));

    let v = (v + 0.08 * dice.normal() as f32).clamp(-1.1, 1.1);
    let dark = mix(scaled(skin, 0.3), [0.08, 0.05, 0.05], 0.6);
    let eye_y = y - 0.02;
    for side in [-1.0_f32, 1.0] {
        let eye = (x + side * w * 0.44, eye_y);
        if v > 0.72 {
            // Laughing eyes are arcs.
            let arc: Vec<_> = (0..=6)
                .map(|i| {
                    let t = i as f32 / 3.0 - 1.0;
                    (eye.0 + 0.05 * t, eye.1 - 0.028 * (1.0 - t * t))
                })
                .collect();
            curve(canvas, &arc, 0.016, dark);
        } else {
            let open = 0.032 - 0.008 * v.abs() + if v < -0.7 { 0.014 } else { 0.0 };
            canvas.ellipse(eye, (0.05, open), [0.96, 0.95, 0.93], 1.0);
            canvas.ellipse((eye.0, eye.1 + 0.004), (0.022, open.min(0.022)), [0.12, 0.1, 0.1], 1.0);
        }
        // Brows: inner ends down in anger, up in sorrow, level at rest.
        let angry = dice.chance(0.5);
        let tilt = if v < 0.0 { -v * if angry { 0.06 } else { -0.05 } } else { 0.0 };
        let lift = eye_y - 0.075 - 0.02 * v.max(0.0);
        let inner = (x + side * w * 0.22, lift + tilt);
        canvas.line(inner, (x + side * w * 0.7, lift - tilt * 0.5), 0.02, dark);
        if v < -0.6 {
            let drop = eye_y + 0.08 + dice.between(0.0, 0.07);
            canvas.ellipse((eye.0, drop), (0.014, 0.034), [0.55, 0.75, 0.95], 0.95);
        }
        if v > 0.4 {
            canvas.ellipse((x + side * w * 0.6, y + 0.09), (0.045, 0.03), [0.92, 0.45, 0.42], 0.45);
        }
    }
    canvas.line((x, y + 0.01), (x + 0.02, y + 0.08), 0.012, scaled(skin, 0.72));

    let mouth = (x, y + h * 0.52);
    let width = 0.1 + 0.03 * v.abs();
    let point =
        |t: f32, depth: f32| (mouth.0 + width * t, mouth.1 + depth * (1.0 - t * t) - 0.4 * depth);
    let bow = 0.1 * v;
    let arc = |depth: f32| (0..=10).map(|i| point(i as f32 / 5.0 - 1.0, depth)).collect::<Vec<_>>();
    if v > 0.66 {
        let mut open = arc(bow * 1.3);
        open.extend((0..=10).rev().map(|i| point(i as f32 / 5.0 - 1.0, bow * 0.25)));
        canvas.polygon(&open, [0.4, 0.08, 0.1], [0.45, 0.1, 0.1]);
        canvas.rectangle(
            (mouth.0 - width * 0.6, mouth.1),
            (mouth.0 + width * 0.6, mouth.1 + 0.016),
            [0.97; 3],
        );
    } else if v < -0.78 {
        canvas.ellipse((mouth.0, mouth.1 + 0.01), (0.06, 0.075), [0.22, 0.05, 0.06], 1.0);
    } else {
        curve(canvas, &arc(bow), 0.022, [0.55, 0.2, 0.2]);
    }
}

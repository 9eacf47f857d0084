//! Painting a scene: sky, hills, ground, object, details and haze.

use super::scene::{Light, Scene, Subject};
use super::{details, monuments};
use crate::practices::canvas::{Canvas, Color, mix, noise, rough_noise, scaled};
use crate::practices::dice::Dice;
use image::RgbImage;

/// The image of a scene.
pub(super) fn paint(scene: &Scene) -> RgbImage {
    let mut canvas = Canvas::new();
    sky(scene, &mut canvas);
    hills(scene, &mut canvas);
    ground(scene, &mut canvas);
    let mut dice = Dice::new(u64::from(scene.texture), 1);
    details::trees(&mut canvas, scene, &mut dice, false);
    monuments::paint(&mut canvas, scene, &mut dice);
    details::trees(&mut canvas, scene, &mut dice, true);
    if scene.water {
        details::water(&mut canvas, scene);
    }
    details::clutter(&mut canvas, scene, &mut dice);
    air(scene, &mut canvas);
    canvas.image()
}

fn sky(scene: &Scene, canvas: &mut Canvas) {
    let (above, below) = scene.sky_colors();
    let horizon = scene.horizon;
    canvas.paint((0.0, 0.0), (1.0, 1.0), |_, y| {
        Some((mix(above, below, (y / horizon).min(1.0).powf(1.4)), 1.0))
    });
    let seed = scene.texture;
    let side = if seed.is_multiple_of(2) { 0.16 } else { 0.84 };
    match scene.light {
        Light::Golden => {
            canvas.paint((0.0, 0.0), (1.0, horizon), |x, y| {
                let (dx, dy) = (x - side, y - horizon * 0.72);
                let glow = (1.0 - (dx * dx + dy * dy).sqrt() * 2.2).max(0.0);
                Some(([1.0, 0.90, 0.62], glow * glow * 0.8))
            });
            canvas.ellipse((side, horizon * 0.72), (0.055, 0.055), [1.0, 0.97, 0.82], 1.0);
        }
        Light::Night => {
            for star in 0..40_u32 {
                let place = |salt: u32| noise(star as f32, salt as f32, seed);
                let (x, y) = (place(7), place(9) * horizon * 0.8);
                canvas.ellipse((x, y), (0.004, 0.004), [0.95, 0.95, 1.0], place(11));
            }
            canvas.ellipse((side, 0.14), (0.05, 0.05), [0.96, 0.95, 0.86], 1.0);
            canvas.ellipse((side + 0.025, 0.13), (0.045, 0.045), above, 1.0);
        }
        _ => {}
    }
    let (cloud, cover): (Color, f32) = match scene.light {
        Light::Golden => ([1.0, 0.86, 0.70], 0.50),
        Light::Dusk => ([0.98, 0.66, 0.62], 0.50),
        Light::Clear => ([1.0, 1.0, 1.0], 0.52),
        Light::Night => ([0.22, 0.21, 0.36], 0.56),
        Light::Overcast => ([0.52, 0.54, 0.57], 0.36),
    };
    canvas.paint((0.0, 0.0), (1.0, horizon), |x, y| {
        let depth = 4.0 + 8.0 * y;
        let density = rough_noise(x * 4.0, y * depth, seed);
        let opacity = ((density - cover) * 3.2).clamp(0.0, 0.85) * (1.0 - y / horizon * 0.6);
        (opacity > 0.0).then_some((cloud, opacity))
    });
}

fn hills(scene: &Scene, canvas: &mut Canvas) {
    let far = mix(scene.lit([0.36, 0.46, 0.40]), scene.sky_colors().1, 0.55);
    let near = mix(scene.lit([0.30, 0.42, 0.28]), scene.sky_colors().1, 0.28);
    for (color, height, wave, seed) in [(far, 0.16, 3.0, 3), (near, 0.09, 5.0, 5)] {
        let (horizon, seed) = (scene.horizon, scene.texture + seed);
        canvas.paint((0.0, horizon - height), (1.0, horizon), |x, y| {
            let top = horizon - height * rough_noise(x * wave, 0.5, seed);
            (y >= top).then_some((color, 1.0))
        });
    }
}

fn ground(scene: &Scene, canvas: &mut Canvas) {
    let grass = scene.subject == Subject::Garden || scene.texture.is_multiple_of(3);
    let base = if grass { [0.36, 0.54, 0.26] } else { [0.70, 0.66, 0.60] };
    let (near, far) = (scene.lit(base), scene.shaded(base));
    let (horizon, seed, middle) = (scene.horizon, scene.texture, scene.middle);
    canvas.paint((0.0, horizon), (1.0, 1.0), |x, y| {
        let depth = ((y - horizon) / (1.0 - horizon)).max(0.0);
        let mut color = mix(far, near, depth.sqrt());
        if grass {
            let blade = rough_noise(x * 40.0, y * 60.0, seed);
            color = scaled(color, 0.86 + 0.26 * blade);
            let path = (x - middle).abs() < 0.04 + 0.16 * depth;
            if path {
                color = mix(color, scene.lit([0.80, 0.72, 0.58]), 0.85);
            }
        } else {
            // Paving in perspective: joints run to the vanishing point and thin out with distance.
            let across = (x - middle) / (0.12 + depth);
            let along = 0.35 / (0.06 + depth);
            let joint = |at: f32| (at - at.floor()) < 0.10;
            if joint(across * 7.0) || joint(along * 2.2) {
                color = scaled(color, 0.88);
            }
        }
        Some((color, 1.0))
    });
}

/// Haze, densest at the horizon, and vignetting.
fn air(scene: &Scene, canvas: &mut Canvas) {
    let fog: Color = match scene.light {
        Light::Night => [0.20, 0.20, 0.28],
        Light::Golden => [0.92, 0.80, 0.64],
        Light::Dusk => [0.70, 0.55, 0.60],
        _ => [0.76, 0.77, 0.79],
    };
    let (haze, horizon) = (scene.haze, scene.horizon);
    canvas.adjust(|x, y, color| {
        let distance = 1.0 - (y - horizon).abs() * 0.9;
        let foggy = mix(color, fog, haze * 0.85 * distance.clamp(0.25, 1.0));
        let (dx, dy) = (x - 0.5, y - 0.5);
        scaled(foggy, 1.0 - 0.28 * (dx * dx + dy * dy))
    });
}

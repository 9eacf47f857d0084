//! What a picture shows, how appealing that is, and the painting of it.

use super::canvas::{Canvas, Color, mix, noise, rough_noise, scaled};
use super::dice::Dice;
use super::{details, monuments};
use image::RgbImage;

/// What stands in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Palace,
    Church,
    Castle,
    Statue,
    Fountain,
    Gate,
    Museum,
    Garden,
    Observatory,
}

pub(super) const SUBJECTS: [Subject; 9] = [
    Subject::Palace,
    Subject::Church,
    Subject::Castle,
    Subject::Statue,
    Subject::Fountain,
    Subject::Gate,
    Subject::Museum,
    Subject::Garden,
    Subject::Observatory,
];

/// The hour and the weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    Golden,
    Dusk,
    Clear,
    Night,
    Overcast,
}

/// All that is visible, drawn before a pixel is painted.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) subject: Subject,
    pub(super) light: Light,
    /// 0 to 1: how far away things drown in grey.
    pub(super) haze: f32,
    /// Whether water lies in the foreground and mirrors the place.
    pub(super) water: bool,
    /// Cars, poles and cranes in the way, 0 to 6.
    pub(super) clutter: usize,
    pub(super) trees: usize,
    /// 0.75 to 1.2 times the usual size.
    pub(super) size: f32,
    pub(super) middle: f32,
    pub(super) horizon: f32,
    pub(super) wall: Color,
    pub(super) roof: Color,
    pub(super) texture: u32,
}

impl Scene {
    pub(super) fn draw(subject: Subject, dice: &mut Dice) -> Self {
        const LIGHTS: [Light; 5] =
            [Light::Golden, Light::Dusk, Light::Clear, Light::Night, Light::Overcast];
        const WALLS: [Color; 6] = [
            [0.86, 0.78, 0.64],
            [0.80, 0.62, 0.48],
            [0.90, 0.87, 0.80],
            [0.72, 0.50, 0.42],
            [0.78, 0.74, 0.70],
            [0.88, 0.74, 0.52],
        ];
        const ROOFS: [Color; 4] =
            [[0.62, 0.32, 0.24], [0.36, 0.38, 0.44], [0.52, 0.40, 0.34], [0.32, 0.44, 0.42]];
        let light = LIGHTS[dice.weighted(&[0.20, 0.13, 0.27, 0.12, 0.28])];
        let haze = match light {
            Light::Overcast => dice.between(0.15, 0.75),
            Light::Clear => dice.between(0.0, 0.35),
            _ => dice.between(0.0, 0.25),
        };
        let water_share = if subject == Subject::Garden { 0.6 } else { 0.3 };
        Self {
            subject,
            light,
            haze,
            water: dice.chance(water_share),
            clutter: dice.weighted(&[0.34, 0.16, 0.12, 0.12, 0.11, 0.09, 0.06]),
            trees: dice.below(4) + if subject == Subject::Garden { 3 } else { 0 },
            size: dice.between(0.75, 1.2),
            middle: dice.between(0.42, 0.58),
            horizon: dice.between(0.60, 0.68),
            wall: *dice.pick(&WALLS),
            roof: *dice.pick(&ROOFS),
            texture: dice.bits() as u32 & 0xFFFF,
        }
    }

    /// How much visitors like what they see; over many scenes about mean 0 and standard deviation 1.
    pub(super) fn appeal(&self) -> f64 {
        let light = match self.light {
            Light::Golden => 1.3,
            Light::Dusk => 0.95,
            Light::Clear => 0.1,
            Light::Night => 0.35,
            Light::Overcast => -1.05,
        };
        let clutter = 0.22 * (self.clutter as f64 - 2.0);
        let water = if self.water { 0.5 } else { -0.22 };
        let size = 0.8 * (f64::from(self.size) - 0.975);
        let trees = 0.06 * (self.trees as f64 - 2.0);
        light - clutter + water + size + trees - 0.9 * (f64::from(self.haze) - 0.22)
    }

    pub(super) fn paint(&self) -> RgbImage {
        let mut canvas = Canvas::new();
        self.sky(&mut canvas);
        self.hills(&mut canvas);
        self.ground(&mut canvas);
        let mut dice = Dice::new(u64::from(self.texture), 1);
        details::trees(&mut canvas, self, &mut dice, false);
        monuments::paint(&mut canvas, self, &mut dice);
        details::trees(&mut canvas, self, &mut dice, true);
        if self.water {
            details::water(&mut canvas, self);
        }
        details::clutter(&mut canvas, self, &mut dice);
        self.air(&mut canvas);
        canvas.picture()
    }

    /// A thing's color in the light of the hour.
    pub(super) fn lit(&self, color: Color) -> Color {
        let tint: Color = match self.light {
            Light::Golden => [1.10, 0.92, 0.70],
            Light::Dusk => [0.88, 0.68, 0.74],
            Light::Clear => [1.04, 1.03, 1.0],
            Light::Night => [0.30, 0.32, 0.48],
            Light::Overcast => [0.74, 0.76, 0.79],
        };
        let lit: Color = std::array::from_fn(|channel| color[channel] * tint[channel]);
        if self.light == Light::Overcast { mix(lit, grey(lit), 0.45) } else { lit }
    }

    /// The same in the shade.
    pub(super) fn shaded(&self, color: Color) -> Color {
        let depth = match self.light {
            Light::Overcast => 0.86,
            Light::Night => 0.7,
            _ => 0.66,
        };
        mix(scaled(self.lit(color), depth), [0.25, 0.28, 0.42], 0.08)
    }

    /// What glass shows: lamps at night, sky by day.
    pub(super) fn glass(&self, dice: &mut Dice) -> Color {
        match self.light {
            Light::Night | Light::Dusk if dice.chance(0.7) => [1.0, 0.82, 0.42],
            Light::Night => [0.10, 0.11, 0.18],
            _ => mix(self.sky_colors().0, [0.12, 0.14, 0.2], 0.62),
        }
    }

    /// Above, and at the horizon.
    pub(super) fn sky_colors(&self) -> (Color, Color) {
        match self.light {
            Light::Golden => ([0.32, 0.46, 0.70], [1.0, 0.76, 0.42]),
            Light::Dusk => ([0.24, 0.20, 0.46], [0.96, 0.52, 0.50]),
            Light::Clear => ([0.22, 0.50, 0.88], [0.74, 0.87, 0.98]),
            Light::Night => ([0.03, 0.04, 0.13], [0.18, 0.16, 0.34]),
            Light::Overcast => ([0.60, 0.62, 0.65], [0.78, 0.79, 0.80]),
        }
    }

    fn sky(&self, canvas: &mut Canvas) {
        let (above, below) = self.sky_colors();
        let horizon = self.horizon;
        canvas.paint((0.0, 0.0), (1.0, 1.0), |_, y| {
            Some((mix(above, below, (y / horizon).min(1.0).powf(1.4)), 1.0))
        });
        let seed = self.texture;
        let side = if seed.is_multiple_of(2) { 0.16 } else { 0.84 };
        match self.light {
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
        let (cloud, cover): (Color, f32) = match self.light {
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

    fn hills(&self, canvas: &mut Canvas) {
        let far = mix(self.lit([0.36, 0.46, 0.40]), self.sky_colors().1, 0.55);
        let near = mix(self.lit([0.30, 0.42, 0.28]), self.sky_colors().1, 0.28);
        for (color, height, wave, seed) in [(far, 0.16, 3.0, 3), (near, 0.09, 5.0, 5)] {
            let (horizon, seed) = (self.horizon, self.texture + seed);
            canvas.paint((0.0, horizon - height), (1.0, horizon), |x, y| {
                let top = horizon - height * rough_noise(x * wave, 0.5, seed);
                (y >= top).then_some((color, 1.0))
            });
        }
    }

    fn ground(&self, canvas: &mut Canvas) {
        let grass = self.subject == Subject::Garden || self.texture.is_multiple_of(3);
        let base = if grass { [0.36, 0.54, 0.26] } else { [0.70, 0.66, 0.60] };
        let (near, far) = (self.lit(base), self.shaded(base));
        let (horizon, seed, middle) = (self.horizon, self.texture, self.middle);
        canvas.paint((0.0, horizon), (1.0, 1.0), |x, y| {
            let depth = ((y - horizon) / (1.0 - horizon)).max(0.0);
            let mut color = mix(far, near, depth.sqrt());
            if grass {
                let blade = rough_noise(x * 40.0, y * 60.0, seed);
                color = scaled(color, 0.86 + 0.26 * blade);
                let path = (x - middle).abs() < 0.04 + 0.16 * depth;
                if path {
                    color = mix(color, self.lit([0.80, 0.72, 0.58]), 0.85);
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

    /// Haze, which thickens towards the horizon, and darker corners.
    fn air(&self, canvas: &mut Canvas) {
        let fog: Color = match self.light {
            Light::Night => [0.20, 0.20, 0.28],
            Light::Golden => [0.92, 0.80, 0.64],
            Light::Dusk => [0.70, 0.55, 0.60],
            _ => [0.76, 0.77, 0.79],
        };
        let (haze, horizon) = (self.haze, self.horizon);
        canvas.adjust(|x, y, color| {
            let distance = 1.0 - (y - horizon).abs() * 0.9;
            let foggy = mix(color, fog, haze * 0.85 * distance.clamp(0.25, 1.0));
            let (dx, dy) = (x - 0.5, y - 0.5);
            scaled(foggy, 1.0 - 0.28 * (dx * dx + dy * dy))
        });
    }
}

pub(super) fn grey(color: Color) -> Color {
    [0.30 * color[0] + 0.59 * color[1] + 0.11 * color[2]; 3]
}

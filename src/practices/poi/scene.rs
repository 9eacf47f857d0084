//! The content of an image, and how appealing it is.

use crate::practices::canvas::{Color, mix, scaled};
use crate::practices::dice::Dice;

/// The object in the middle of the image.
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

/// Time of day and weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    Golden,
    Dusk,
    Clear,
    Night,
    Overcast,
}

/// All properties of an image, drawn before it is painted.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) subject: Subject,
    pub(super) light: Light,
    /// Density of the haze, from 0 to 1.
    pub(super) haze: f32,
    /// Whether water in the foreground mirrors the object.
    pub(super) water: bool,
    /// Number of cars, poles and cranes in the view, from 0 to 6.
    pub(super) clutter: usize,
    pub(super) trees: usize,
    /// Size of the object, from 0.75 to 1.2.
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

    /// The appeal to visitors, with mean about 0 and standard deviation about 1 over many scenes.
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

    /// A color in the light of the scene.
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

    /// A color in the shade.
    pub(super) fn shaded(&self, color: Color) -> Color {
        let depth = match self.light {
            Light::Overcast => 0.86,
            Light::Night => 0.7,
            _ => 0.66,
        };
        mix(scaled(self.lit(color), depth), [0.25, 0.28, 0.42], 0.08)
    }

    /// The color of glass: lamps at night, sky by day.
    pub(super) fn glass(&self, dice: &mut Dice) -> Color {
        match self.light {
            Light::Night | Light::Dusk if dice.chance(0.7) => [1.0, 0.82, 0.42],
            Light::Night => [0.10, 0.11, 0.18],
            _ => mix(self.sky_colors().0, [0.12, 0.14, 0.2], 0.62),
        }
    }

    /// Colors of the sky at the top and at the horizon.
    pub(super) fn sky_colors(&self) -> (Color, Color) {
        match self.light {
            Light::Golden => ([0.32, 0.46, 0.70], [1.0, 0.76, 0.42]),
            Light::Dusk => ([0.24, 0.20, 0.46], [0.96, 0.52, 0.50]),
            Light::Clear => ([0.22, 0.50, 0.88], [0.74, 0.87, 0.98]),
            Light::Night => ([0.03, 0.04, 0.13], [0.18, 0.16, 0.34]),
            Light::Overcast => ([0.60, 0.62, 0.65], [0.78, 0.79, 0.80]),
        }
    }
}

pub(super) fn grey(color: Color) -> Color {
    [0.30 * color[0] + 0.59 * color[1] + 0.11 * color[2]; 3]
}

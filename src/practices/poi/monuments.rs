//! The monuments, one function each; all are on the horizon line.

use super::super::canvas::{Canvas, Color, mix, scaled};
use super::scene::{Light, Scene, Subject};
use crate::practices::dice::Dice;

pub(super) fn paint(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    match scene.subject {
        Subject::Palace => palace(canvas, scene, dice),
        Subject::Church => church(canvas, scene, dice),
        Subject::Castle => castle(canvas, scene, dice),
        Subject::Statue => statue(canvas, scene, dice),
        Subject::Fountain => fountain(canvas, scene, dice),
        Subject::Gate => gate(canvas, scene),
        Subject::Museum => museum(canvas, scene, dice),
        Subject::Garden => pavilion(canvas, scene, dice),
        Subject::Observatory => observatory(canvas, scene, dice),
    }
}

/// Coordinates relative to the foot of the monument, in units of its size.
struct Site<'a> {
    canvas: &'a mut Canvas,
    scene: &'a Scene,
    lit: Color,
    shade: Color,
}

impl<'a> Site<'a> {
    fn new(canvas: &'a mut Canvas, scene: &'a Scene) -> Self {
        // Floodlights: at night a monument is warm against the sky.
        let wall = scene.wall;
        let (lit, shade) = if scene.light == Light::Night {
            (mix(wall, [1.0, 0.80, 0.44], 0.4), scaled(mix(wall, [1.0, 0.74, 0.40], 0.4), 0.6))
        } else {
            (scene.lit(wall), scene.shaded(wall))
        };
        Self { canvas, scene, lit, shade }
    }

    /// `across` from the middle, `up` from the foot.
    fn at(&self, across: f32, up: f32) -> (f32, f32) {
        let size = self.scene.size;
        (self.scene.middle + across * size, self.scene.horizon + 0.02 - up * size)
    }

    fn wall(&mut self, left: f32, right: f32, low: f32, high: f32) {
        let (from, to) = (self.at(left, high), self.at(right, low));
        self.canvas.block(from, to, self.lit, self.shade);
    }

    fn block(&mut self, left: f32, right: f32, low: f32, high: f32, color: Color) {
        let (from, to) = (self.at(left, high), self.at(right, low));
        self.canvas.rectangle(from, to, color);
    }

    /// A thin line of stone along a wall.
    fn cornice(&mut self, left: f32, right: f32, up: f32) {
        let color = scaled(self.lit, 1.12);
        self.block(left, right, up, up + 0.012, color);
        let shadow = scaled(self.shade, 0.8);
        self.block(left, right, up - 0.006, up, shadow);
    }

    fn roof(&mut self, points: &[(f32, f32)]) {
        let places: Vec<_> = points.iter().map(|(across, up)| self.at(*across, *up)).collect();
        let (lit, shade) = (self.scene.lit(self.scene.roof), self.scene.shaded(self.scene.roof));
        self.canvas.polygon(&places, lit, shade);
    }

    fn dome(&mut self, across: f32, up: f32, radius: f32, height: f32) {
        let middle = self.at(across, up);
        let size = self.scene.size;
        let (lit, shade) = (self.scene.lit(self.scene.roof), self.scene.shaded(self.scene.roof));
        self.canvas.dome(middle, (radius * size, height * size), scaled(lit, 1.15), shade);
    }

    fn arch(&mut self, across: f32, low: f32, half: f32, high: f32, color: Color) {
        self.block(across - half, across + half, low, high, color);
        let middle = self.at(across, high);
        let size = self.scene.size;
        self.canvas.dome(middle, (half * size, half * size), color, color);
    }

    /// Rows and columns of windows between two corners.
    fn windows(&mut self, corners: [f32; 4], columns: usize, rows: usize, dice: &mut Dice) {
        let [left, right, low, high] = corners;
        let (width, height) = ((right - left) / columns as f32, (high - low) / rows as f32);
        for row in 0..rows {
            for column in 0..columns {
                let glass = self.scene.glass(dice);
                let (x, y) = (left + width * (column as f32 + 0.5), low + height * row as f32);
                let half = width * 0.26;
                let frame = scaled(self.lit, 1.1);
                self.block(
                    x - half * 1.3,
                    x + half * 1.3,
                    y + height * 0.18,
                    y + height * 0.82,
                    frame,
                );
                self.block(x - half, x + half, y + height * 0.22, y + height * 0.78, glass);
            }
        }
    }

    fn flag(&mut self, across: f32, up: f32) {
        let dark = self.scene.shaded([0.3, 0.3, 0.3]);
        let (foot, top) = (self.at(across, up), self.at(across, up + 0.09));
        self.canvas.line(foot, top, 0.007, dark);
        let (red, gold) = (self.scene.lit([0.80, 0.10, 0.14]), self.scene.lit([0.96, 0.78, 0.16]));
        self.block(across, across + 0.06, up + 0.05, up + 0.09, red);
        self.block(across, across + 0.06, up + 0.06, up + 0.08, gold);
    }

    fn steps(&mut self, half: f32) {
        for step in 0..3 {
            let reach = half + 0.02 * (3 - step) as f32;
            let color = scaled(self.lit, 0.9 - 0.06 * step as f32);
            self.block(
                -reach,
                reach,
                -0.05 + 0.016 * step as f32,
                -0.034 + 0.016 * step as f32,
                color,
            );
        }
    }
}

fn palace(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let mut site = Site::new(canvas, scene);
    let floors = 2 + dice.below(2);
    let high = 0.12 + 0.075 * floors as f32;
    site.wall(-0.40, 0.40, -0.03, high);
    site.windows([-0.39, -0.13, 0.02, high - 0.02], 4, floors, dice);
    site.windows([0.13, 0.39, 0.02, high - 0.02], 4, floors, dice);
    site.cornice(-0.42, 0.42, high);
    site.roof(&[
        (-0.40, high + 0.012),
        (-0.36, high + 0.06),
        (0.36, high + 0.06),
        (0.40, high + 0.012),
    ]);
    site.wall(-0.13, 0.13, -0.03, high + 0.05);
    site.cornice(-0.14, 0.14, high + 0.05);
    site.roof(&[(-0.14, high + 0.062), (0.0, high + 0.13), (0.14, high + 0.062)]);
    let pale = scaled(site.lit, 1.15);
    let dark = scaled(site.shade, 0.55);
    for column in 0..5 {
        let across = -0.10 + 0.05 * column as f32;
        site.block(across - 0.010, across + 0.010, -0.02, high + 0.04, pale);
    }
    site.arch(0.0, -0.03, 0.020, 0.10, dark);
    if dice.chance(0.6) {
        site.flag(0.0, high + 0.12);
    }
    site.steps(0.14);
}

fn church(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let mut site = Site::new(canvas, scene);
    let side = if dice.chance(0.5) { 1.0 } else { -1.0 };
    site.wall(-0.24, 0.24, -0.03, 0.24);
    site.roof(&[(-0.27, 0.24), (0.0, 0.37), (0.27, 0.24)]);
    let (left, right) = (side * 0.27 - 0.065, side * 0.27 + 0.065);
    site.wall(left, right, -0.03, 0.42);
    site.cornice(left - 0.01, right + 0.01, 0.24);
    site.cornice(left - 0.01, right + 0.01, 0.42);
    let dark = scaled(site.shade, 0.45);
    site.arch(side * 0.27, 0.29, 0.024, 0.36, dark);
    if dice.chance(0.5) {
        site.roof(&[(left - 0.01, 0.432), (side * 0.27, 0.60), (right + 0.01, 0.432)]);
    } else {
        site.dome(side * 0.27, 0.432, 0.065, 0.09);
    }
    if dice.chance(0.5) {
        site.wall(-0.08, 0.08, 0.30, 0.38);
        site.dome(0.0, 0.38, 0.095, 0.12);
        site.block(-0.012, 0.012, 0.49, 0.54, dark);
    }
    site.arch(0.0, -0.03, 0.045, 0.08, dark);
    let (window, size) = (site.at(0.0, 0.20), scene.size);
    let glass = scene.glass(dice);
    site.canvas.ellipse(window, (0.034 * size, 0.034 * size), scaled(site.lit, 1.12), 1.0);
    site.canvas.ellipse(window, (0.026 * size, 0.026 * size), glass, 1.0);
    for across in [-0.16, 0.16] {
        site.arch(across, 0.04, 0.016, 0.13, dark);
    }
    site.steps(0.07);
}

fn castle(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let mut site = Site::new(canvas, scene);
    let teeth = |site: &mut Site<'_>, left: f32, right: f32, up: f32| {
        let count = ((right - left) / 0.035).round().max(2.0) as usize;
        let width = (right - left) / (2 * count - 1) as f32;
        for tooth in 0..count {
            let from = left + width * 2.0 * tooth as f32;
            site.wall(from, from + width, up, up + 0.03);
        }
    };
    site.wall(-0.36, 0.36, -0.03, 0.18);
    teeth(&mut site, -0.36, 0.36, 0.18);
    let dark = scaled(site.shade, 0.42);
    for (across, high) in [(-0.36, 0.30), (0.36, 0.27), (0.10, 0.40)] {
        site.wall(across - 0.07, across + 0.07, -0.03, high);
        site.wall(across - 0.085, across + 0.085, high, high + 0.03);
        teeth(&mut site, across - 0.085, across + 0.085, high + 0.03);
        site.block(across - 0.008, across + 0.008, high - 0.12, high - 0.06, dark);
    }
    site.arch(-0.12, -0.03, 0.05, 0.07, dark);
    if dice.chance(0.7) {
        site.flag(0.10, 0.46);
    }
}

fn statue(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let mut site = Site::new(canvas, scene);
    site.wall(-0.14, 0.14, -0.04, 0.03);
    site.wall(-0.09, 0.09, 0.03, 0.19);
    site.cornice(-0.105, 0.105, 0.19);
    let bronze: Color = if dice.chance(0.5) { [0.26, 0.36, 0.32] } else { [0.44, 0.36, 0.28] };
    let (lit, dark) = if scene.light == Light::Night {
        (mix(site.lit, bronze, 0.55), mix(site.shade, bronze, 0.55))
    } else {
        (scene.lit(bronze), scene.shaded(bronze))
    };
    let size = scene.size;
    if dice.chance(0.4) {
        // A rider: the horse's body, neck, legs and tail, then the man.
        let middle = site.at(0.0, 0.33);
        site.canvas.ellipse(middle, (0.11 * size, 0.05 * size), lit, 1.0);
        for (across, lift) in [(-0.08, 0.0), (-0.05, 0.0), (0.06, 0.0), (0.12, 0.05)] {
            let (hip, hoof) = (site.at(across * 0.8, 0.32), site.at(across, 0.20 + lift));
            site.canvas.line(hip, hoof, 0.022 * size, dark);
        }
        let (chest, head) = (site.at(0.09, 0.35), site.at(0.15, 0.45));
        site.canvas.line(chest, head, 0.045 * size, lit);
        let muzzle = site.at(0.19, 0.43);
        site.canvas.line(head, muzzle, 0.03 * size, lit);
        let (rump, tail) = (site.at(-0.11, 0.34), site.at(-0.15, 0.25));
        site.canvas.line(rump, tail, 0.02 * size, dark);
        let (seat, neck) = (site.at(-0.01, 0.37), site.at(0.0, 0.48));
        site.canvas.line(seat, neck, 0.05 * size, dark);
        let face = site.at(0.0, 0.52);
        site.canvas.ellipse(face, (0.022 * size, 0.026 * size), lit, 1.0);
    } else {
        let (left, right, hip) = (site.at(-0.03, 0.20), site.at(0.035, 0.20), site.at(0.0, 0.33));
        site.canvas.line(left, hip, 0.035 * size, dark);
        site.canvas.line(right, hip, 0.035 * size, lit);
        let neck = site.at(0.0, 0.46);
        site.canvas.line(hip, neck, 0.075 * size, lit);
        let raised = dice.between(0.36, 0.60);
        let (hand, other) = (site.at(0.12, raised), site.at(-0.09, 0.34));
        site.canvas.line(neck, hand, 0.026 * size, lit);
        site.canvas.line(neck, other, 0.026 * size, dark);
        let head = site.at(0.0, 0.515);
        site.canvas.ellipse(head, (0.028 * size, 0.034 * size), lit, 1.0);
    }
}

fn fountain(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let mut site = Site::new(canvas, scene);
    let size = scene.size;
    let (pool, deep) = (scene.lit([0.40, 0.66, 0.76]), scene.shaded([0.24, 0.46, 0.60]));
    let spray = mix(scene.lit([0.92, 0.96, 1.0]), [1.0, 1.0, 1.0], 0.2);
    for (up, radius) in [(0.0, 0.30), (0.15, 0.16), (0.27, 0.085)] {
        site.wall(-0.035 * (radius * 5.0), 0.035 * (radius * 5.0), up, up + 0.13);
        let (rim, lower) = (site.at(0.0, up + 0.02), site.at(0.0, up));
        let stone = (site.lit, site.shade);
        site.canvas.ellipse(lower, (radius * size, radius * 0.22 * size), stone.1, 1.0);
        site.canvas.ellipse(rim, (radius * size, radius * 0.20 * size), stone.0, 1.0);
        site.canvas.ellipse(
            rim,
            (radius * 0.9 * size, radius * 0.15 * size),
            mix(pool, deep, 0.4),
            1.0,
        );
    }
    let jets = 3 + dice.below(3);
    for jet in 0..jets {
        let reach = (jet as f32 / (jets - 1) as f32 - 0.5) * 0.4;
        let mut last = site.at(0.0, 0.36);
        for step in 1..=10 {
            let along = step as f32 / 10.0;
            let up = 0.36 + 0.24 * along - 0.52 * along * along;
            let next = site.at(reach * along, up.max(0.02));
            site.canvas.line(last, next, 0.010, spray);
            last = next;
        }
    }
    let (from, to) = (site.at(0.0, 0.30), site.at(0.0, 0.46));
    site.canvas.line(from, to, 0.016, spray);
}

fn gate(canvas: &mut Canvas, scene: &Scene) {
    let mut site = Site::new(canvas, scene);
    let sky = mix(scene.sky_colors().1, scene.lit([0.5, 0.5, 0.46]), 0.35);
    site.wall(-0.38, 0.38, -0.04, 0.26);
    site.cornice(-0.40, 0.40, 0.26);
    site.wall(-0.15, 0.15, 0.26, 0.34);
    site.roof(&[(-0.17, 0.34), (0.0, 0.43), (0.17, 0.34)]);
    for (across, half, high) in [
        (0.0, 0.062, 0.13),
        (-0.17, 0.046, 0.10),
        (0.17, 0.046, 0.10),
        (-0.31, 0.034, 0.07),
        (0.31, 0.034, 0.07),
    ] {
        let frame = scaled(site.lit, 1.12);
        site.arch(across, -0.04, half + 0.012, high, frame);
        site.arch(across, -0.04, half, high, sky);
    }
    let pale = scaled(site.lit, 1.14);
    for across in [-0.245, -0.10, 0.10, 0.245] {
        site.block(across - 0.012, across + 0.012, -0.04, 0.25, pale);
        let urn = site.at(across * 1.35, 0.295);
        site.canvas.ellipse(urn, (0.014 * scene.size, 0.022 * scene.size), pale, 1.0);
    }
}

fn museum(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let mut site = Site::new(canvas, scene);
    let glass = mix(scene.sky_colors().0, scene.lit([0.46, 0.62, 0.70]), 0.5);
    let tilt = dice.between(-0.08, 0.08);
    site.wall(-0.40, 0.02, -0.03, 0.22);
    site.block(-0.38, 0.0, 0.03, 0.18, glass);
    for mullion in 0..9 {
        let across = -0.38 + 0.0475 * mullion as f32;
        let frame = scaled(site.shade, 0.8);
        site.block(across - 0.003, across + 0.003, 0.03, 0.18, frame);
    }
    site.roof(&[(-0.44, 0.22), (-0.44, 0.245 + tilt), (0.06, 0.26), (0.06, 0.22)]);
    let tower = [(0.06, -0.03), (0.06, 0.40 + tilt), (0.34, 0.34 - tilt), (0.34, -0.03)];
    let places: Vec<_> = tower.iter().map(|(across, up)| site.at(*across, *up)).collect();
    let (lit, shade) = (scaled(site.lit, 1.05), site.shade);
    site.canvas.polygon(&places, lit, shade);
    site.windows([0.09, 0.31, 0.04, 0.28], 3, 4, dice);
    let banner: Color = *dice.pick(&[
        [0.78, 0.18, 0.24],
        [0.14, 0.42, 0.62],
        [0.90, 0.62, 0.10],
        [0.40, 0.22, 0.52],
    ]);
    let banner = scene.lit(banner);
    site.block(-0.30, -0.25, 0.02, 0.19, banner);
    site.block(-0.12, -0.07, 0.02, 0.19, banner);
}

fn pavilion(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let mut site = Site::new(canvas, scene);
    let dark = scaled(site.shade, 0.5);
    site.wall(-0.15, 0.15, -0.02, 0.03);
    site.block(-0.12, 0.12, 0.03, 0.16, dark);
    let pale = scaled(site.lit, 1.14);
    for column in 0..5 {
        let across = -0.12 + 0.06 * column as f32;
        site.block(across - 0.012, across + 0.012, 0.03, 0.17, pale);
    }
    site.cornice(-0.15, 0.15, 0.165);
    site.dome(0.0, 0.178, 0.135, 0.11);
    for _ in 0..14 {
        let (across, up) = (dice.between(-0.45, 0.45), dice.between(-0.12, -0.02));
        let bloom: Color = *dice.pick(&[
            [0.86, 0.26, 0.36],
            [0.94, 0.80, 0.30],
            [0.76, 0.46, 0.74],
            [0.96, 0.94, 0.92],
        ]);
        let (middle, color) = (site.at(across, up), scene.lit(bloom));
        site.canvas.ellipse(middle, (0.012, 0.010), color, 1.0);
    }
}

fn observatory(canvas: &mut Canvas, scene: &Scene, dice: &mut Dice) {
    let mut site = Site::new(canvas, scene);
    site.wall(-0.30, 0.30, -0.03, 0.13);
    site.windows([-0.29, 0.29, 0.0, 0.12], 8, 1, dice);
    site.cornice(-0.31, 0.31, 0.13);
    site.wall(-0.15, 0.15, 0.13, 0.22);
    site.cornice(-0.16, 0.16, 0.22);
    let (middle, size) = (site.at(0.0, 0.232), scene.size);
    let metal: Color = [0.82, 0.84, 0.86];
    let (lit, shade) = (scene.lit(metal), scene.shaded(metal));
    site.canvas.dome(middle, (0.15 * size, 0.17 * size), lit, shade);
    let lean = if dice.chance(0.5) { 0.05 } else { -0.05 };
    let (low, high) = (site.at(lean * 0.6, 0.26), site.at(lean, 0.385));
    site.canvas.line(low, high, 0.035 * size, [0.08, 0.09, 0.12]);
    let lens = site.at(lean * 1.7, 0.43);
    site.canvas.line(low, lens, 0.016 * size, scene.lit([0.7, 0.56, 0.3]));
}

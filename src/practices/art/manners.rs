//! Ten manners of painting, each a procedure with random parameters.

use super::canvas::{Canvas, Color, Point, mix};
use crate::practices::dice::Dice;
use std::f32::consts::{PI, TAU};

/// A manner of painting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Strokes,
    Dots,
    Grids,
    Circles,
    Fields,
    Drips,
    Facets,
    Stripes,
    Spirals,
    Hills,
}

/// Five colors a palette, the first the ground. All painters share them, so color alone does not give one away.
const PALETTES: [[[u8; 3]; 5]; 6] = [
    [[196, 214, 223], [62, 110, 160], [96, 142, 88], [222, 190, 110], [240, 236, 222]],
    [[226, 206, 160], [186, 120, 60], [110, 130, 74], [88, 66, 52], [236, 184, 92]],
    [[238, 234, 224], [200, 44, 40], [30, 70, 150], [240, 200, 50], [36, 36, 40]],
    [[70, 52, 44], [150, 60, 40], [206, 140, 70], [96, 84, 110], [226, 200, 164]],
    [[244, 244, 240], [40, 40, 44], [120, 120, 126], [190, 188, 184], [214, 70, 50]],
    [[40, 44, 74], [92, 70, 140], [200, 90, 130], [240, 170, 90], [90, 170, 180]],
];

/// The colors of one painting.
struct Palette([Color; 5]);

impl Palette {
    fn draw(weights: &[f64; 6], dice: &mut Dice) -> Self {
        let base = PALETTES[dice.weighted(weights)];
        // Each painting mixes its colors a little differently.
        let tint: Color = std::array::from_fn(|_| dice.between(-0.06, 0.06));
        Self(base.map(|color| {
            std::array::from_fn(|channel| {
                let noise = dice.between(-0.05, 0.05);
                (f32::from(color[channel]) / 255.0 + tint[channel] + noise).clamp(0.0, 1.0)
            })
        }))
    }

    fn ground(&self) -> Color {
        self.0[0]
    }

    fn any(&self, dice: &mut Dice) -> Color {
        let light = dice.between(-0.06, 0.06);
        self.0[1 + dice.below(4)].map(|value| (value + light).clamp(0.0, 1.0))
    }
}

/// Paints one painting of `width` × `height` pixels.
pub(super) fn paint(
    manner: Manner,
    palettes: &[f64; 6],
    width: usize,
    height: usize,
    dice: &mut Dice,
) -> Canvas {
    let palette = Palette::draw(palettes, dice);
    let mut canvas = Canvas::new(width, height, palette.ground());
    match manner {
        Manner::Strokes => strokes(&mut canvas, &palette, dice),
        Manner::Dots => dots(&mut canvas, &palette, dice),
        Manner::Grids => grids(&mut canvas, &palette, dice),
        Manner::Circles => circles(&mut canvas, &palette, dice),
        Manner::Fields => fields(&mut canvas, &palette, dice),
        Manner::Drips => drips(&mut canvas, &palette, dice),
        Manner::Facets => facets(&mut canvas, &palette, dice),
        Manner::Stripes => stripes(&mut canvas, &palette, dice),
        Manner::Spirals => spirals(&mut canvas, &palette, dice),
        Manner::Hills => hills(&mut canvas, &palette, dice),
    }
    finish(&mut canvas, dice);
    canvas
}

/// Canvas grain, uneven light and varnish.
fn finish(canvas: &mut Canvas, dice: &mut Dice) {
    let (grain, light, angle) =
        (dice.between(0.01, 0.05), dice.between(0.75, 1.1), dice.between(0.0, TAU));
    let (slope_x, slope_y) = (0.18 * angle.cos(), 0.18 * angle.sin());
    let varnish = mix([1.0; 3], [1.0, 0.92, 0.76], dice.between(0.0, 1.0));
    canvas.adjust(|x, y, color| {
        let shade = light + slope_x * (x - 0.5) + slope_y * (y - 0.5);
        let noise = dice.between(-grain, grain);
        std::array::from_fn(|channel| color[channel] * varnish[channel] * shade + noise)
    });
}

fn somewhere((right, bottom): Point, dice: &mut Dice) -> Point {
    (dice.between(0.0, right), dice.between(0.0, bottom))
}

/// A scene below strokes and dots: a sky, a ground and something that stands there.
fn scene(corner: Point, palette: &Palette, dice: &mut Dice) -> impl Fn(Point) -> Color + use<> {
    let horizon = corner.1 * dice.between(0.35, 0.75);
    let [sky, low, land, thing] =
        [palette.ground(), palette.any(dice), palette.any(dice), palette.any(dice)];
    let (middle, radius) = (somewhere(corner, dice), dice.between(0.1, 0.3));
    let (wave, height) = (dice.between(3.0, 9.0), dice.between(0.0, 0.12));
    move |(x, y)| {
        let distance = ((x - middle.0).powi(2) + (y - middle.1).powi(2)).sqrt();
        if distance < radius {
            thing
        } else if y > horizon + height * (x * wave).sin() {
            mix(land, low, (y - horizon) / corner.1)
        } else {
            mix(sky, low, 0.6 * y / horizon.max(0.1))
        }
    }
}

fn strokes(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    let scene = scene(corner, palette, dice);
    let (turn, phase, curl) =
        (dice.between(1.0, 5.0), dice.between(0.0, TAU), dice.between(0.5, 2.5));
    let (length, width) = (dice.between(0.05, 0.12), dice.between(0.014, 0.03));
    for _ in 0..(900.0 * corner.0 * corner.1) as usize {
        let at = somewhere(corner, dice);
        let angle = phase + curl * ((at.0 * turn).sin() + (at.1 * turn).cos());
        let (dx, dy) = (angle.cos() * length / 2.0, angle.sin() * length / 2.0);
        let light = dice.between(-0.12, 0.12);
        let color = scene(at).map(|value| value + light);
        canvas.line((at.0 - dx, at.1 - dy), (at.0 + dx, at.1 + dy), width, color, 0.9);
    }
}

fn dots(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    let scene = scene(corner, palette, dice);
    let radius = dice.between(0.010, 0.024);
    let count = 1.1 * corner.0 * corner.1 / (radius * radius * PI);
    for _ in 0..count as usize {
        let at = somewhere(corner, dice);
        // Neighboring dots of other colors mix in the eye.
        let color = if dice.chance(0.2) { palette.any(dice) } else { scene(at) };
        let light = dice.between(-0.1, 0.1);
        canvas.circle(at, radius, None, color.map(|value| value + light), 0.95);
    }
}

fn grids(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    let cuts = |end: f32, dice: &mut Dice| {
        let mut cuts: Vec<f32> =
            (0..2 + dice.below(4)).map(|_| dice.between(0.05, 0.95) * end).collect();
        cuts.extend([0.0, end]);
        cuts.sort_by(f32::total_cmp);
        cuts
    };
    let (columns, rows) = (cuts(corner.0, dice), cuts(corner.1, dice));
    let colored = f64::from(dice.between(0.25, 0.7));
    for across in columns.windows(2) {
        for down in rows.windows(2) {
            if dice.chance(colored) {
                let color = palette.any(dice);
                canvas.rectangle((across[0], down[0]), (across[1], down[1]), color);
            }
        }
    }
    let (ink, width) = (mix(palette.any(dice), [0.05; 3], 0.7), dice.between(0.012, 0.04));
    for x in &columns {
        canvas.line((*x, 0.0), (*x, corner.1), width, ink, 1.0);
    }
    for y in &rows {
        canvas.line((0.0, *y), (corner.0, *y), width, ink, 1.0);
    }
}

fn circles(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    for _ in 0..2 + dice.below(5) {
        let (middle, radius) = (somewhere(corner, dice), dice.between(0.08, 0.34));
        let rings = 2 + dice.below(4);
        for ring in 0..rings {
            let share = 1.0 - ring as f32 / rings as f32;
            canvas.circle(middle, radius * share, None, palette.any(dice), 0.9);
        }
    }
    for _ in 0..2 + dice.below(5) {
        let (a, b) = (somewhere(corner, dice), somewhere(corner, dice));
        let width = dice.between(0.005, 0.02);
        canvas.line(a, b, width, palette.any(dice), 1.0);
    }
}

fn fields(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    let count = 2 + dice.below(2);
    let (inset, soft) = (dice.between(0.03, 0.12), dice.between(0.02, 0.09));
    let mut top = inset;
    for field in 0..count {
        let left = corner.1 - inset - top;
        let share = if field + 1 == count { 1.0 } else { dice.between(0.3, 0.65) };
        let bottom = top + left * share;
        let color = mix(palette.any(dice), palette.ground(), dice.between(0.0, 0.3));
        canvas.field((inset, top + 0.02), (corner.0 - inset, bottom - 0.02), soft, color);
        top = bottom;
    }
}

fn drips(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    for _ in 0..14 + dice.below(14) {
        let color = palette.any(dice);
        let (mut at, mut angle) = (somewhere(corner, dice), dice.between(0.0, TAU));
        let (mut turn, base) = (0.0, dice.between(0.006, 0.02));
        for _ in 0..40 {
            turn = turn * 0.85 + dice.between(-0.35, 0.35);
            angle += turn;
            let step = dice.between(0.02, 0.05);
            let next = (at.0 + angle.cos() * step, at.1 + angle.sin() * step);
            canvas.line(at, next, base * dice.between(0.5, 1.6), color, 0.95);
            at = next;
        }
        for _ in 0..6 {
            let spot = (at.0 + dice.between(-0.2, 0.2), at.1 + dice.between(-0.2, 0.2));
            canvas.circle(spot, dice.between(0.004, 0.018), None, color, 0.95);
        }
    }
}

fn facets(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    let columns = 3 + dice.below(3);
    let rows = ((columns as f32 * corner.1 / corner.0).round() as usize).clamp(2, 9);
    let (dx, dy) = (corner.0 / columns as f32, corner.1 / rows as f32);
    let points: Vec<Point> = (0..(columns + 1) * (rows + 1))
        .map(|i| {
            let (x, y) = ((i % (columns + 1)) as f32 * dx, (i / (columns + 1)) as f32 * dy);
            (x + dice.between(-0.38, 0.38) * dx, y + dice.between(-0.38, 0.38) * dy)
        })
        .collect();
    let ink = mix(palette.any(dice), [0.1; 3], 0.6);
    for row in 0..rows {
        for column in 0..columns {
            let at = row * (columns + 1) + column;
            let [a, b, c, d] = [at, at + 1, at + columns + 2, at + columns + 1].map(|i| points[i]);
            let halves =
                if dice.chance(0.5) { [[a, b, c], [a, c, d]] } else { [[a, b, d], [b, c, d]] };
            for half in halves {
                canvas.polygon(&half, palette.any(dice), 0.92);
                canvas.line(half[0], half[1], 0.008, ink, 0.8);
                canvas.line(half[1], half[2], 0.008, ink, 0.8);
            }
        }
    }
}

fn stripes(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    let (a, b, c) = (palette.any(dice), palette.ground(), palette.any(dice));
    let (angle, count) = (dice.between(0.0, PI), dice.between(7.0, 18.0));
    let (wave, amplitude) = (dice.between(1.0, 5.0), dice.between(0.0, 0.12));
    let (sin, cos) = angle.sin_cos();
    canvas.paint((0.0, 0.0), corner, |x, y| {
        let (along, across) = (x * cos + y * sin, y * cos - x * sin);
        let at = (across + amplitude * (along * wave * TAU / 2.0).sin()) * count;
        let color = match at.rem_euclid(3.0) {
            stripe if stripe < 1.2 => a,
            stripe if stripe < 2.4 => b,
            _ => c,
        };
        (color, 1.0)
    });
}

fn spirals(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    for _ in 0..3 + dice.below(6) {
        let (middle, size) = (somewhere(corner, dice), dice.between(0.12, 0.34));
        let (turns, width) = (dice.between(2.0, 4.5), dice.between(0.012, 0.028));
        let (color, hand) = (palette.any(dice), if dice.chance(0.5) { 1.0 } else { -1.0 });
        let start = dice.between(0.0, TAU);
        let point = |step: usize| {
            let share = step as f32 / 90.0;
            let angle = start + hand * share * turns * TAU;
            (middle.0 + angle.cos() * size * share, middle.1 + angle.sin() * size * share)
        };
        (0..90).for_each(|step| canvas.line(point(step), point(step + 1), width, color, 1.0));
    }
    for _ in 0..10 {
        let (at, side) = (somewhere(corner, dice), dice.between(0.02, 0.06));
        canvas.rectangle(at, (at.0 + side, at.1 + side), palette.any(dice));
    }
}

fn hills(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let corner = canvas.corner();
    let (low, high) = (palette.any(dice), palette.ground());
    canvas.paint((0.0, 0.0), corner, |_, y| (mix(high, low, 0.7 * y / corner.1), 1.0));
    let sun = (dice.between(0.1, 0.9) * corner.0, dice.between(0.1, 0.5) * corner.1);
    for ring in 0..8 {
        let radius = dice.between(0.04, 0.08) * (8 - ring) as f32 * 0.5;
        canvas.circle(sun, radius, None, mix(high, [1.0, 0.95, 0.8], 0.7), 0.12);
    }
    let layers = 3 + dice.below(3);
    for layer in 0..layers {
        let base = corner.1 * (0.45 + 0.5 * layer as f32 / layers as f32);
        let haze = 0.75 * (1.0 - layer as f32 / layers as f32);
        let color = mix(palette.any(dice), high, haze);
        let (wave, phase, height) =
            (dice.between(2.0, 7.0), dice.between(0.0, TAU), dice.between(0.03, 0.14));
        let ridge =
            move |x: f32| base - height * ((x * wave + phase).sin() + 0.4 * (x * wave * 2.7).sin());
        canvas.paint((0.0, 0.0), corner, |x, y| (color, ((y - ridge(x)) * 40.0).clamp(0.0, 0.92)));
    }
}

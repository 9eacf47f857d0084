//! The style of all figures: colors, sizes and widths in one place. Lengths are CSS pixels.

use image::Rgb;

/// The colors of a figure. In all of them the colors of series are told apart with any color vision.
///
/// ```
/// use cuaderno::plot::{self, Theme};
/// let figure = plot::bars(&["a", "b"], &[1.0, 2.0])?;
/// assert_ne!(figure.svg()?, figure.clone().theme(Theme::Dark).svg()?);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on a dark ground.
    Dark,
    /// For paper: black text, and series that differ in lightness too, so that a copy in gray can be read.
    Print,
    /// Black on white, with dark and saturated colors.
    HighContrast,
}

/// The role of a color; a theme gives it its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A color of its own in every theme.
    Fixed,
    Paper,
    Text,
    Muted,
    Grid,
    Axis,
    Missing,
    Series(u8),
    Good,
    Bad,
}

/// A color with opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Color {
    pub rgb: [u8; 3],
    pub alpha: f64,
    pub role: Role,
}

impl Color {
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { rgb: [red, green, blue], alpha: 1.0, role: Role::Fixed }
    }

    const fn of(role: Role, rgb: [u8; 3]) -> Self {
        Self { rgb, alpha: 1.0, role }
    }

    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Relative luminance by WCAG 2, from 0 to 1: it decides between dark and light text on a fill.
    pub fn luminance(self) -> f64 {
        let linear = self.rgb.map(|channel| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    /// The text color with the better contrast on this fill.
    pub fn readable_text(self) -> Self {
        let dark = Self { role: Role::Fixed, ..TEXT };
        if self.luminance() > 0.22 { dark } else { WHITE }
    }
}

pub(super) const WHITE: Color = Color::new(255, 255, 255);
/// The ground of a figure.
pub(super) const PAPER: Color = Color::of(Role::Paper, [255, 255, 255]);
pub(super) const TEXT: Color = Color::of(Role::Text, [33, 37, 41]);
pub(super) const MUTED: Color = Color::of(Role::Muted, [96, 102, 109]);
pub(super) const GRID: Color = Color::of(Role::Grid, [229, 231, 235]);
pub(super) const AXIS: Color = Color::of(Role::Axis, [120, 126, 133]);
pub(super) const MISSING: Color = Color::of(Role::Missing, [236, 236, 236]);
/// Something right, such as a correct prediction: green, with a mark beside it so that color is not the only sign.
pub(super) const GOOD: Color = Color::of(Role::Good, [0, 122, 86]);
/// Something wrong, such as a false prediction.
pub(super) const BAD: Color = Color::of(Role::Bad, [190, 60, 0]);

impl Theme {
    /// The value that `color` has in this theme.
    pub(super) fn paint(self, color: Color) -> Color {
        let rgb = match (self, color.role) {
            (_, Role::Fixed) | (Self::Light, _) => return color,
            (Self::Dark, role) => match role {
                Role::Paper => [22, 24, 28],
                Role::Text => [232, 234, 237],
                Role::Muted => [170, 176, 184],
                Role::Grid => [52, 56, 62],
                Role::Axis => [128, 134, 142],
                Role::Missing => [60, 62, 66],
                Role::Good => [64, 196, 150],
                Role::Bad => [255, 140, 80],
                Role::Series(index) => DARK[usize::from(index) % DARK.len()],
                Role::Fixed => color.rgb,
            },
            (Self::Print, role) => match role {
                Role::Text | Role::Muted => [0, 0, 0],
                Role::Grid => [214, 214, 214],
                Role::Axis => [60, 60, 60],
                Role::Series(index) => PRINT[usize::from(index) % PRINT.len()],
                _ => color.rgb,
            },
            (Self::HighContrast, role) => match role {
                Role::Text | Role::Muted | Role::Axis => [0, 0, 0],
                Role::Grid => [190, 190, 190],
                Role::Missing => [200, 200, 200],
                Role::Series(index) => CONTRAST[usize::from(index) % CONTRAST.len()],
                _ => color.rgb,
            },
        };
        Color { rgb, ..color }
    }
}

/// Wong's colors, lightened for a dark ground.
const DARK: [[u8; 3]; 10] = [
    [86, 180, 233],
    [240, 172, 48],
    [46, 196, 150],
    [240, 128, 70],
    [222, 148, 208],
    [216, 170, 120],
    [150, 206, 250],
    [176, 176, 176],
    [251, 195, 228],
    [240, 232, 100],
];

/// Colors whose lightness falls and rises between neighbors.
const PRINT: [[u8; 3]; 10] = [
    [0, 68, 136],
    [230, 159, 0],
    [0, 110, 84],
    [204, 121, 167],
    [60, 60, 60],
    [150, 200, 235],
    [160, 60, 0],
    [170, 170, 170],
    [110, 80, 150],
    [215, 205, 60],
];

/// Paul Tol's high-contrast and dark colors: at least 4.5 to 1 on white.
const CONTRAST: [[u8; 3]; 10] = [
    [0, 68, 136],
    [176, 84, 0],
    [0, 100, 60],
    [170, 0, 60],
    [96, 40, 130],
    [0, 0, 0],
    [0, 104, 139],
    [110, 90, 0],
    [130, 30, 100],
    [90, 90, 90],
];

pub(super) const TITLE_SIZE: f64 = 15.0;
pub(super) const PANEL_TITLE_SIZE: f64 = 12.5;
pub(super) const LABEL_SIZE: f64 = 12.0;
pub(super) const TICK_SIZE: f64 = 11.0;
pub(super) const NOTE_SIZE: f64 = 10.5;
/// Text smaller than this cannot be read at all and is left out.
pub(super) const SMALLEST_SIZE: f64 = 5.0;

pub(super) const LINE_WIDTH: f64 = 2.0;
pub(super) const HAIRLINE: f64 = 1.0;
/// Space between the border of the figure and what is drawn.
pub(super) const MARGIN: f64 = 16.0;
/// Space between neighbouring things: label and tick, legend and panel.
pub(super) const GAP: f64 = 8.0;

/// Wong's palette as seaborn's `colorblind` orders it: told apart with any color vision.
const PALETTE: [Color; 10] = [
    Color::new(1, 115, 178),
    Color::new(222, 143, 5),
    Color::new(2, 158, 115),
    Color::new(213, 94, 0),
    Color::new(204, 120, 188),
    Color::new(202, 145, 97),
    Color::new(86, 180, 233),
    Color::new(148, 148, 148),
    Color::new(251, 175, 228),
    Color::new(236, 225, 51),
];

/// The color of series `index`; after ten the palette starts again.
pub(super) fn series(index: usize) -> Color {
    let index = index % PALETTE.len();
    Color { role: Role::Series(index as u8), ..PALETTE[index] }
}

/// ColorBrewer's `Blues`, for amounts from nothing to everything.
const SEQUENTIAL: [[u8; 3]; 9] = [
    [247, 251, 255],
    [222, 235, 247],
    [198, 219, 239],
    [158, 202, 225],
    [107, 174, 214],
    [66, 146, 198],
    [33, 113, 181],
    [8, 81, 156],
    [8, 48, 107],
];

/// ColorBrewer's `RdBu` from blue over white to red, for amounts on both sides of zero.
const DIVERGING: [[u8; 3]; 11] = [
    [5, 48, 97],
    [33, 102, 172],
    [67, 147, 195],
    [146, 197, 222],
    [209, 229, 240],
    [247, 247, 247],
    [253, 219, 199],
    [244, 165, 130],
    [214, 96, 77],
    [178, 24, 43],
    [103, 0, 31],
];

/// The sequential color of `share`, from 0 to 1.
pub(super) fn sequential(share: f64) -> Color {
    ramp(&SEQUENTIAL, share)
}

/// The diverging color of `share`: 0 is the negative end, 0.5 the middle, 1 the positive end.
pub(super) fn diverging(share: f64) -> Color {
    ramp(&DIVERGING, share)
}

fn ramp(stops: &[[u8; 3]], share: f64) -> Color {
    let place = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    // A share that is NaN casts to 0.
    let below = (place.floor() as usize).min(stops.len() - 2);
    let part = place - below as f64;
    let mut rgb = [0; 3];
    for (channel, value) in rgb.iter_mut().enumerate() {
        let (from, to) = (f64::from(stops[below][channel]), f64::from(stops[below + 1][channel]));
        *value = (from + (to - from) * part).round() as u8;
    }
    Color { rgb, alpha: 1.0, role: Role::Fixed }
}

impl From<Color> for Rgb<u8> {
    fn from(color: Color) -> Self {
        Self(color.rgb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_end_where_they_should_and_survive_anything() {
        assert_eq!(sequential(0.0).rgb, SEQUENTIAL[0]);
        assert_eq!(sequential(1.0).rgb, SEQUENTIAL[8]);
        assert_eq!(diverging(0.5).rgb, [247, 247, 247]);
        for odd in [-1.0, 2.0, f64::NAN, f64::INFINITY] {
            sequential(odd);
        }
    }

    #[test]
    fn text_on_every_fill_has_contrast() {
        // WCAG 2 requires 4.5 for small text; 3.5 is what the middle of a ramp can offer either color.
        let contrast = |a: Color, b: Color| {
            let (a, b) = (a.luminance() + 0.05, b.luminance() + 0.05);
            a.max(b) / a.min(b)
        };
        for step in 0..=100 {
            for fill in [sequential(step as f64 / 100.0), diverging(step as f64 / 100.0)] {
                assert!(contrast(fill, fill.readable_text()) > 3.5, "{fill:?}");
            }
        }
    }
}

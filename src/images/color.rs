//! Changes of color, as torchvision's `ColorJitter` on a tensor, on values from 0 to 255.

/// Factors of brightness, contrast and saturation, the move of the hue, and a number added at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColorChange {
    pub(super) brightness: f32,
    pub(super) contrast: f32,
    pub(super) saturation: f32,
    /// In turns of the color circle.
    pub(super) hue: f32,
    pub(super) shift: f32,
    /// The order of the first four: 0 is brightness, 3 hue.
    pub(super) order: [u8; 4],
}

impl ColorChange {
    pub(super) const NONE: Self = Self {
        brightness: 1.0,
        contrast: 1.0,
        saturation: 1.0,
        hue: 0.0,
        shift: 0.0,
        order: [0, 1, 2, 3],
    };

    /// Returns `true` if it changes nothing.
    pub(super) fn is_none(&self) -> bool {
        *self == Self { order: self.order, ..Self::NONE }
    }

    /// Changes the colors of an image; the fourth number of a pixel stays 0.
    pub(super) fn apply(&self, image: &mut [[f32; 4]]) {
        for step in self.order {
            match step {
                0 => scale(image, self.brightness, 0.0),
                1 if self.contrast != 1.0 => {
                    let sum: f64 = image.iter().map(|color| f64::from(gray(color))).sum();
                    let mean = (sum / image.len().max(1) as f64) as f32;
                    scale(image, self.contrast, (1.0 - self.contrast) * mean);
                }
                2 => saturate(image, self.saturation),
                3 if self.hue != 0.0 => {
                    image.iter_mut().for_each(|color| turn(color, self.hue));
                }
                _ => {}
            }
        }
        scale(image, 1.0, self.shift);
    }
}

fn gray(color: &[f32; 4]) -> f32 {
    0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
}

fn scale(image: &mut [[f32; 4]], factor: f32, offset: f32) {
    if factor == 1.0 && offset == 0.0 {
        return;
    }
    let limits = [255.0, 255.0, 255.0, 0.0];
    for color in image {
        for (value, limit) in color.iter_mut().zip(limits) {
            *value = (*value * factor + offset).clamp(0.0, limit);
        }
    }
}

fn saturate(image: &mut [[f32; 4]], factor: f32) {
    if factor == 1.0 {
        return;
    }
    for color in image {
        let gray = gray(color);
        for value in &mut color[..3] {
            *value = (gray + factor * (*value - gray)).clamp(0.0, 255.0);
        }
    }
}

/// Moves the hue of a color by a part of the color circle, through hue, saturation and value.
fn turn(color: &mut [f32; 4], by: f32) {
    let [r, g, b, _] = color.map(|value| value / 255.0);
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let spread = most - least;
    if spread <= 0.0 {
        return;
    }
    let [from_r, from_g, from_b] = [r, g, b].map(|value| (most - value) / spread);
    let sixths = if most == r {
        from_b - from_g
    } else if most == g {
        2.0 + from_r - from_b
    } else {
        4.0 + from_g - from_r
    };
    let hue = (sixths / 6.0 + by).rem_euclid(1.0) * 6.0;
    let (sector, part) = (hue.floor(), hue - hue.floor());
    let saturation = spread / most;
    let p = most * (1.0 - saturation);
    let q = most * (1.0 - saturation * part);
    let t = most * (1.0 - saturation * (1.0 - part));
    let turned = match sector as u8 % 6 {
        0 => [most, t, p],
        1 => [q, most, p],
        2 => [p, most, t],
        3 => [p, q, most],
        4 => [t, p, most],
        _ => [most, p, q],
    };
    for (value, turned) in color.iter_mut().zip(turned) {
        *value = turned.clamp(0.0, 1.0) * 255.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// torchvision 0.29.2's `adjust_brightness`, `adjust_contrast`, `adjust_saturation` and `adjust_hue` on a tensor:
    /// `tests/reference/augmentations.py`. Its weight of red is 0.2989.
    #[test]
    fn colors_are_torchvisions_in_any_order() {
        let image = [
            [200.0, 30.0, 90.0, 0.0],
            [12.0, 240.0, 130.0, 0.0],
            [70.0, 80.0, 250.0, 0.0],
            [128.0, 128.0, 128.0, 0.0],
        ];
        for (order, expected) in EXPECTED {
            let change = ColorChange {
                brightness: 1.3,
                contrast: 0.6,
                saturation: 1.4,
                hue: -0.2,
                shift: 0.0,
                order,
            };
            let mut found = image;
            change.apply(&mut found);
            let found = found.iter().flat_map(|color| &color[..3]);
            for (found, expected) in found.zip(expected) {
                assert!((found - expected).abs() < 0.05, "{order:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn the_shift_is_added_at_the_end() {
        let mut image = [[10.0, 100.0, 250.0, 0.0]];
        ColorChange { brightness: 0.5, shift: 20.0, ..ColorChange::NONE }.apply(&mut image);
        assert_eq!(image, [[25.0, 70.0, 145.0, 0.0]]);
        assert!(ColorChange { order: [3, 2, 1, 0], ..ColorChange::NONE }.is_none());
    }

    #[rustfmt::skip]
    const EXPECTED: [([u8; 4], [f32; 12]); 4] = [
        ([0, 1, 2, 3], [142.383, 62.751, 244.191, 140.875, 229.512, 28.416, 105.263, 243.023, 204.551, 156.823, 156.823, 156.823]),
        ([3, 2, 1, 0], [168.257, 85.266, 255.0, 198.007, 255.0, 74.999, 91.869, 255.0, 238.197, 174.843, 174.843, 174.843]),
        ([1, 3, 0, 2], [154.531, 71.539, 255.0, 184.28, 255.0, 14.365, 78.441, 255.0, 224.769, 161.116, 161.116, 161.116]),
        ([2, 0, 3, 1], [120.017, 67.468, 215.054, 153.392, 215.054, 62.054, 108.423, 215.054, 182.808, 161.898, 161.898, 161.898]),
    ];
}

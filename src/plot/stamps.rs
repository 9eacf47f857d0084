//! Small images of one dot, with which clouds of many dots are drawn.

/// Places inside a pixel, along each axis, for which a stamp is made.
const STEPS: usize = 4;

/// How much of each pixel a dot covers, for a few places of its center inside a pixel.
pub(super) struct Stamps {
    edge: usize,
    /// Coverage of 0 to 256, `edge` × `edge` for each place.
    cover: Vec<u16>,
}

impl Stamps {
    /// Stamps of a dot with `radius` in pixels.
    pub fn new(radius: f64) -> Self {
        const SAMPLES: usize = 5;
        // An odd number of pixels: the middle one holds the center.
        let edge = 2 * (radius.ceil() as usize) + 1;
        let mut cover = Vec::with_capacity(edge * edge * STEPS * STEPS);
        for place in 0..STEPS * STEPS {
            let center = |step: usize| (edge / 2) as f64 + (step as f64 + 0.5) / STEPS as f64;
            let (cx, cy) = (center(place % STEPS), center(place / STEPS));
            for pixel in 0..edge * edge {
                let inside = (0..SAMPLES * SAMPLES)
                    .filter(|sample| {
                        let at = |whole: usize, part: usize| {
                            whole as f64 + (part as f64 + 0.5) / SAMPLES as f64
                        };
                        let x = at(pixel % edge, sample % SAMPLES) - cx;
                        let y = at(pixel / edge, sample / SAMPLES) - cy;
                        x * x + y * y <= radius * radius
                    })
                    .count();
                cover.push((inside * 256 / (SAMPLES * SAMPLES)) as u16);
            }
        }
        Self { edge, cover }
    }

    /// The left and top pixel of a dot at (`x`, `y`), its edge, and how much it covers of each pixel.
    pub fn at(&self, x: f32, y: f32) -> (i32, i32, usize, &[u16]) {
        let half = (self.edge / 2) as i32;
        let (left, top) = (x.floor(), y.floor());
        let step = |part: f32| ((part * STEPS as f32) as usize).min(STEPS - 1);
        let place = step(y - top) * STEPS + step(x - left);
        let size = self.edge * self.edge;
        let corner = |v: f32| v as i32 - half;
        (corner(left), corner(top), self.edge, &self.cover[place * size..][..size])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_covers_the_area_of_its_dot_around_its_center() {
        for radius in [0.8, 1.5, 3.0] {
            let stamps = Stamps::new(radius);
            let (left, top, edge, cover) = stamps.at(10.6, 20.1);
            let sum = cover.iter().map(|&c| f64::from(c)).sum::<f64>() / 256.0;
            let area = std::f64::consts::PI * radius * radius;
            assert!((sum - area).abs() < 0.08 * area + 0.05, "{radius}: {sum} {area}");
            let mean = |of: fn(usize, usize) -> usize| {
                let weigh = |(i, &c): (usize, &u16)| (of(i, edge) as f64 + 0.5) * f64::from(c);
                cover.iter().enumerate().map(weigh).sum::<f64>() / 256.0 / sum
            };
            let x = f64::from(left) + mean(|i, edge| i % edge);
            let y = f64::from(top) + mean(|i, edge| i / edge);
            assert!((x - 10.6).abs() < 0.2 && (y - 20.1).abs() < 0.2, "{radius}: {x} {y}");
        }
    }
}

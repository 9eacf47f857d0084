//! An affine change of a picture with bilinear interpolation, relit and normalized in the same pass.

use super::augment::{Draw, Fill};

/// A picture with its channels as floats, a fourth one added so that a pixel fills a register.
pub(super) type Wide = Vec<[f32; 4]>;

/// Writes `pixels`, `[height, width, 3]`, as `draw` moves and relights it, into `out`,
/// `[3, height, width]`; `affine` scales and offsets each channel's values of 0 to 255. `wide` is room
/// to work in, kept from picture to picture.
#[allow(clippy::too_many_arguments)]
pub(super) fn warp(
    pixels: &[u8],
    width: usize,
    height: usize,
    draw: &Draw,
    fill: Fill,
    affine: &[(f32, f32); 3],
    wide: &mut Wide,
    out: &mut [f32],
) {
    wide.clear();
    wide.extend(pixels.chunks_exact(3).map(|p| [p[0].into(), p[1].into(), p[2].into(), 0.0]));
    let area = width * height;
    let (red, rest) = out.split_at_mut(area);
    let (green, blue) = rest.split_at_mut(area);
    let [a, b, c, d] = draw.matrix;
    let (middle_x, middle_y) = ((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
    let (shift_x, shift_y) = (draw.shift[0] * width as f32, draw.shift[1] * height as f32);
    let (last_x, last_y) = (width - 1, height - 1);
    let (edge_x, edge_y) = (last_x as f32, last_y as f32);

    let rows = red.chunks_exact_mut(width).zip(green.chunks_exact_mut(width));
    let rows = rows.zip(blue.chunks_exact_mut(width)).enumerate();
    for (row, ((red, green), blue)) in rows {
        let y = row as f32 - middle_y - shift_y;
        let start_x = b * y + middle_x;
        let start_y = d * y + middle_y;
        let cells = red.iter_mut().zip(green).zip(blue).enumerate();
        for (column, ((red, green), blue)) in cells {
            let x = column as f32 - middle_x - shift_x;
            let from_x = a * x + start_x;
            let from_y = c * x + start_y;
            let color: [f32; 4] = match fill {
                Fill::Color([r, g, b]) if outside(from_x, edge_x) || outside(from_y, edge_y) => {
                    [r.into(), g.into(), b.into(), 0.0]
                }
                _ => {
                    // Nearest fill: what lies outside is read from the border.
                    let (from_x, from_y) = (from_x.clamp(0.0, edge_x), from_y.clamp(0.0, edge_y));
                    let (left, top) = (from_x as usize, from_y as usize);
                    let (right, bottom) = ((left + 1).min(last_x), (top + 1).min(last_y));
                    let (share_x, share_y) = (from_x - left as f32, from_y - top as f32);
                    let (upper, lower) = (top * width, bottom * width);
                    let upper = between(wide[upper + left], wide[upper + right], share_x);
                    let lower = between(wide[lower + left], wide[lower + right], share_x);
                    between(upper, lower, share_y)
                }
            };
            let relit = color.map(|value| (value * draw.gain + draw.offset).clamp(0.0, 255.0));
            *red = relit[0] * affine[0].0 + affine[0].1;
            *green = relit[1] * affine[1].0 + affine[1].1;
            *blue = relit[2] * affine[2].0 + affine[2].1;
        }
    }
}

fn between(a: [f32; 4], b: [f32; 4], share: f32) -> [f32; 4] {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share)
}

/// Half a pixel beyond the middle of the border pixels is still the picture.
fn outside(at: f32, edge: f32) -> bool {
    at < -0.5 || at > edge + 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: [u8; 90] = [
        7, 121, 124, 175, 50, 30, 3, 190, 88, 37, 38, 245, 35, 181, 142, 135, 50, 167, 16, 58, 43,
        127, 39, 22, 110, 71, 107, 73, 67, 42, 109, 106, 128, 16, 128, 6, 26, 85, 189, 253, 25,
        186, 218, 109, 241, 51, 16, 31, 42, 106, 254, 167, 107, 211, 77, 118, 242, 218, 153, 207,
        118, 217, 152, 84, 12, 119, 206, 41, 101, 149, 182, 10, 73, 120, 145, 41, 123, 122, 154,
        46, 163, 0, 202, 107, 5, 109, 40, 138, 119, 31,
    ];

    /// PyTorch's `grid_sample(mode="bilinear", padding_mode="border", align_corners=True)` at the same
    /// places of the same 6×5 pixels.
    #[test]
    fn pixels_are_interpolated_as_pytorch_does() {
        #[rustfmt::skip]
        let expected: [f32; 90] = [
            20.0, 39.649, 129.444, 74.509, 50.686, 45.258, 51.5, 146.124, 238.213, 147.624, 65.004, 87.534, 74.6, 145.793, 139.504, 96.719, 110.646, 128.364, 62.68, 66.142, 135.135, 4.444, 62.192, 138.991, 51.48, 105.692, 81.235, 1.862, 41.242, 138.0, 68.8, 57.712, 43.203, 110.73, 61.432, 140.767, 101.5, 74.309, 60.49, 76.683, 55.851, 108.052, 119.2, 139.465, 188.548, 74.236, 44.171, 106.875, 120.967, 105.868, 65.11, 190.545, 92.971, 139.086, 122.017, 78.918, 119.71, 167.358, 111.725, 119.0, 101.4, 61.743, 28.767, 98.272, 155.105, 156.883, 215.5, 196.503, 209.237, 151.466, 70.876, 146.974, 183.8, 181.177, 163.429, 125.303, 128.684, 172.194, 137.582, 131.122, 156.14, 106.148, 62.353, 29.053, 129.532, 145.472, 136.54, 82.043, 37.547, 31.0,
        ];
        let draw =
            Draw { matrix: [0.9, 0.35, -0.25, 1.1], shift: [0.1, -0.15], gain: 1.0, offset: 0.0 };
        let mut out = [0.0; 90];
        warp(&PIXELS, 6, 5, &draw, Fill::Nearest, &[(1.0, 0.0); 3], &mut Wide::new(), &mut out);
        for (found, expected) in out.iter().zip(expected) {
            assert!((found - expected).abs() < 2e-3, "{found} {expected}");
        }
    }

    #[test]
    fn gaps_can_be_filled_with_a_color_and_light_is_clamped() {
        let draw = Draw { matrix: [1.0, 0.0, 0.0, 1.0], shift: [0.5, 0.0], gain: 2.0, offset: 1.0 };
        let mut out = [0.0; 90];
        warp(
            &PIXELS,
            6,
            5,
            &draw,
            Fill::Color([10, 20, 200]),
            &[(0.5, 1.0); 3],
            &mut Wide::new(),
            &mut out,
        );
        // Column 0 lies outside: 10 * 2 + 1, halved, plus 1; and 200 * 2 is too bright.
        assert_eq!([out[0], out[30], out[60]], [11.5, 21.5, 128.5]);
        // Column 3 shows column 0.
        assert_eq!(out[3], (7.0 * 2.0 + 1.0) * 0.5 + 1.0);
    }
}

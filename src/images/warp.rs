//! An affine change of a picture with bilinear interpolation, relit and normalized in the same pass.

use super::augment::{Draw, Fill};

/// Writes `pixels`, `[height, width, 3]`, as `draw` moves and relights it, into `out`,
/// `[3, height, width]`; `affine` scales and offsets each channel's values of 0 to 255.
pub(super) fn warp(
    pixels: &[u8],
    width: usize,
    height: usize,
    draw: &Draw,
    fill: Fill,
    affine: &[(f32, f32); 3],
    out: &mut [f32],
) {
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
            let color = match fill {
                Fill::Color(color) if outside(from_x, edge_x) || outside(from_y, edge_y) => {
                    color.map(f32::from)
                }
                _ => {
                    // Nearest fill: what lies outside is read from the border.
                    let (from_x, from_y) = (from_x.clamp(0.0, edge_x), from_y.clamp(0.0, edge_y));
                    let (left, top) = (from_x as usize, from_y as usize);
                    let (right, bottom) = ((left + 1).min(last_x), (top + 1).min(last_y));
                    let (share_x, share_y) = (from_x - left as f32, from_y - top as f32);
                    let pixel = |x: usize, y: usize| {
                        let at = (y * width + x) * 3;
                        &pixels[at..at + 3]
                    };
                    let (upper_left, upper_right) = (pixel(left, top), pixel(right, top));
                    let (lower_left, lower_right) = (pixel(left, bottom), pixel(right, bottom));
                    std::array::from_fn(|channel| {
                        let mix = |a: u8, b: u8| {
                            let (a, b) = (f32::from(a), f32::from(b));
                            a + (b - a) * share_x
                        };
                        let upper = mix(upper_left[channel], upper_right[channel]);
                        let lower = mix(lower_left[channel], lower_right[channel]);
                        upper + (lower - upper) * share_y
                    })
                }
            };
            let relit = color.map(|value| (value * draw.gain + draw.offset).clamp(0.0, 255.0));
            *red = relit[0] * affine[0].0 + affine[0].1;
            *green = relit[1] * affine[1].0 + affine[1].1;
            *blue = relit[2] * affine[2].0 + affine[2].1;
        }
    }
}

/// Half a pixel beyond the middle of the border pixels is still the picture.
fn outside(at: f32, edge: f32) -> bool {
    at < -0.5 || at > edge + 0.5
}

//! An affine change of an image with bilinear interpolation; its values are normalized in the same pass.

use super::draw::Matrix;
use super::fill::FillMode;
use pulp::{Arch, Simd, WithSimd};

/// An image with its channels as floats, a fourth one added so that a pixel fills a register.
pub(super) type Wide = Vec<[f32; 4]>;

/// Writes `pixels`, `[height, width, 3]`, into `wide`.
pub(super) fn widen(pixels: &[u8], wide: &mut Wide) {
    wide.clear();
    wide.extend(pixels.chunks_exact(3).map(|p| [p[0].into(), p[1].into(), p[2].into(), 0.0]));
}

/// The colors of an image by the place of the pixel; the fourth number means nothing.
pub(super) trait Colors {
    fn color(&self, at: usize) -> [f32; 4];

    /// The color there and that of the next pixel.
    fn pair(&self, at: usize) -> [[f32; 4]; 2];
}

impl Colors for &[[f32; 4]] {
    #[inline(always)]
    fn color(&self, at: usize) -> [f32; 4] {
        self[at]
    }

    #[inline(always)]
    fn pair(&self, at: usize) -> [[f32; 4]; 2] {
        *self[at..].first_chunk().unwrap_or(&[[0.0; 4]; 2])
    }
}

/// Bytes `[height, width, 3]` and more, so that two pixels can be read as eight.
pub(super) struct Padded<'a>(&'a [u8]);

impl<'a> Padded<'a> {
    /// A copy of `pixels` in `memory`.
    pub(super) fn new(pixels: &[u8], memory: &'a mut Vec<u8>) -> Self {
        memory.clear();
        memory.reserve(pixels.len() + 8);
        memory.extend_from_slice(pixels);
        memory.extend_from_slice(&[0; 8]);
        Self(memory)
    }
}

impl Colors for Padded<'_> {
    #[inline(always)]
    fn color(&self, at: usize) -> [f32; 4] {
        self.pair(at)[0]
    }

    #[inline(always)]
    fn pair(&self, at: usize) -> [[f32; 4]; 2] {
        let bytes = self.0.get(at * 3..).and_then(<[u8]>::first_chunk::<8>).unwrap_or(&[0; 8]);
        let pixel = |pixel: Option<&[u8; 4]>| pixel.map_or([0.0; 4], |pixel| pixel.map(f32::from));
        [pixel(bytes.first_chunk()), pixel(bytes[3..].first_chunk())]
    }
}

/// Writes the image `colors` with `size = [width, height]`, whose pixels move as `matrix` says, into `out`,
/// `[3, height, width]`; `affine` scales and offsets the values from 0 to 255, channel by channel.
pub(super) fn warp(
    colors: impl Colors,
    size: [usize; 2],
    matrix: &Matrix,
    fill: FillMode,
    affine: &[(f32, f32); 3],
    out: &mut [f32],
) {
    Arch::new().dispatch(Warp { colors, size, matrix, fill, affine, out });
}

/// [`warp`], vectorized.
struct Warp<'a, C> {
    colors: C,
    size: [usize; 2],
    matrix: &'a Matrix,
    fill: FillMode,
    affine: &'a [(f32, f32); 3],
    out: &'a mut [f32],
}

impl<C: Colors> WithSimd for Warp<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { colors, size: [width, height], matrix, fill, affine, out } = self;
        let area = width * height;
        let (red, rest) = out.split_at_mut(area);
        let (green, blue) = rest.split_at_mut(area);
        let Matrix { a, b, c, d, shift_x, shift_y } = *matrix;
        let (middle_x, middle_y) = ((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
        let (last_x, last_y) = (width - 1, height - 1);
        let (edge_x, edge_y) = (last_x as f32, last_y as f32);
        let color_of_gap = match fill {
            FillMode::Constant([r, g, b]) => [r.into(), g.into(), b.into(), 0.0],
            _ => [0.0; 4],
        };
        let mut line = vec![[0.0; 4]; width];
        let (mut xs, mut ys) = (vec![0.0; width], vec![0.0; width]);
        let mut sources = vec![Source::default(); width];
        let rows = red.chunks_exact_mut(width).zip(green.chunks_exact_mut(width));
        let rows = rows.zip(blue.chunks_exact_mut(width)).enumerate();
        for (row, ((red, green), blue)) in rows {
            let y = row as f32 - middle_y;
            let start_x = b * y + shift_x + middle_x;
            let start_y = d * y + shift_y + middle_y;
            for (column, (from_x, from_y)) in xs.iter_mut().zip(&mut ys).enumerate() {
                let x = column as f32 - middle_x;
                (*from_x, *from_y) = (a * x + start_x, c * x + start_y);
            }
            // Along a row, the source enters the image once and leaves it once. Inside, no border has to be looked after.
            let within = |column: &usize| {
                let (x, y) = (xs[*column], ys[*column]);
                x >= 0.0 && x < edge_x && y >= 0.0 && y < edge_y
            };
            let first = (0..width).find(within).unwrap_or(width);
            let last = (first..width).rev().find(within).map_or(first, |last| last + 1);
            let inner = xs[first..last].iter().zip(&ys[first..last]);
            for (source, (x, y)) in sources.iter_mut().zip(inner) {
                let (left, top) = (*x as i32, *y as i32);
                let at = (top as u32).wrapping_mul(width as u32).wrapping_add(left as u32);
                *source = Source { at, share_x: x - left as f32, share_y: y - top as f32 };
            }
            for (color, source) in line[first..last].iter_mut().zip(&sources) {
                let at = source.at as usize;
                let ([a, b], [c, d]) = (colors.pair(at), colors.pair(at + width));
                let (upper, lower) = (between(a, b, source.share_x), between(c, d, source.share_x));
                *color = between(upper, lower, source.share_y);
            }
            for column in (0..first).chain(last..width) {
                let (x, y) = (xs[column], ys[column]);
                let place = fill.inside(x, edge_x).zip(fill.inside(y, edge_y));
                line[column] = place.map_or(color_of_gap, |(x, y)| {
                    let (left, top) = (x as usize, y as usize);
                    let (share_x, share_y) = (x - left as f32, y - top as f32);
                    let (right, bottom) = ((left + 1).min(last_x), (top + 1).min(last_y));
                    let color = |x: usize, y: usize| colors.color(y * width + x);
                    let upper = between(color(left, top), color(right, top), share_x);
                    let lower = between(color(left, bottom), color(right, bottom), share_x);
                    between(upper, lower, share_y)
                });
            }
            let [(scale_r, zero_r), (scale_g, zero_g), (scale_b, zero_b)] = *affine;
            let cells = red.iter_mut().zip(green).zip(blue);
            for (((red, green), blue), color) in cells.zip(&line) {
                *red = color[0] * scale_r + zero_r;
                *green = color[1] * scale_g + zero_g;
                *blue = color[2] * scale_b + zero_b;
            }
        }
    }
}

/// The place of a pixel and how far to the right of it and below it the color lies.
#[derive(Clone, Copy, Default)]
struct Source {
    at: u32,
    share_x: f32,
    share_y: f32,
}

#[inline(always)]
fn between(a: [f32; 4], b: [f32; 4], share: f32) -> [f32; 4] {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share)
}

/// Blackens a rectangle (left, top, right, bottom in pixels) of `out`, which has the values of [`warp`].
pub(super) fn erase(
    [left, top, right, bottom]: [usize; 4],
    [width, height]: [usize; 2],
    affine: &[(f32, f32); 3],
    out: &mut [f32],
) {
    for (channel, (_, black)) in out.chunks_exact_mut(width * height).zip(affine) {
        for row in channel.chunks_exact_mut(width).take(bottom).skip(top) {
            if let Some(erased) = row.get_mut(left..right) {
                erased.fill(*black);
            }
        }
    }
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
        // The image is first moved by 0.1 of the width and -0.15 of the height.
        let (x, y) = (-0.1 * 6.0, 0.15 * 5.0);
        let (a, b, c, d) = (0.9, 0.35, -0.25, 1.1);
        let matrix = Matrix { a, b, c, d, shift_x: a * x + b * y, shift_y: c * x + d * y };
        let mut out = [0.0; 90];
        warp(
            Padded::new(&PIXELS, &mut Vec::new()),
            [6, 5],
            &matrix,
            FillMode::Nearest,
            &[(1.0, 0.0); 3],
            &mut out,
        );
        for (found, expected) in out.iter().zip(expected) {
            assert!((found - expected).abs() < 2e-3, "{found} {expected}");
        }
    }

    #[test]
    fn gaps_can_be_filled_with_a_color() {
        let matrix = Matrix { a: 1.0, b: 0.0, c: 0.0, d: 1.0, shift_x: -3.0, shift_y: 0.0 };
        let mut out = [0.0; 90];
        let fill = FillMode::Constant([10, 20, 200]);
        warp(&wide()[..], [6, 5], &matrix, fill, &[(0.5, 1.0); 3], &mut out);
        // Column 0 lies outside: 10, halved, plus 1.
        assert_eq!([out[0], out[30], out[60]], [6.0, 11.0, 101.0]);
        // Column 3 shows column 0.
        assert_eq!(out[3], 7.0 * 0.5 + 1.0);
    }

    #[test]
    fn a_rectangle_is_erased_to_black() {
        let mut out = [1.0; 90];
        erase([0, 1, 3, 3], [6, 5], &[(1.0, -7.0); 3], &mut out);
        for (at, value) in out.iter().enumerate() {
            let (row, column) = (at % 30 / 6, at % 6);
            assert_eq!(*value == -7.0, column < 3 && (1..3).contains(&row), "{at}");
        }
    }

    fn wide() -> Wide {
        let mut wide = Wide::new();
        widen(&PIXELS, &mut wide);
        wide
    }
}

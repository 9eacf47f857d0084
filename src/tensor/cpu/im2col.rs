//! Pictures as matrices whose columns are the windows of a convolution, and back.

use super::Window;
use std::ops::Range;

/// Lays the windows of output rows `rows` of one picture out as the columns of a matrix, of which the rows `terms`
/// are written.
///
/// `picture` is `[channels, height, width]`; the matrix is `[channels · taps, rows · output width]`, row-major with rows
/// that are `stride` elements apart. Every element of the rows that are written is.
#[expect(clippy::too_many_arguments, reason = "the geometry of a window on a picture")]
pub fn im2col(
    picture: &[f32],
    [height, width]: [usize; 2],
    window: &Window,
    output_width: usize,
    rows: Range<usize>,
    terms: Range<usize>,
    columns: &mut [f32],
    stride: usize,
) {
    let positions = rows.len() * output_width;
    let taps = window.taps();
    let [[top, _], [left, _]] = window.padding;
    let [stride_y, stride_x] = window.stride;
    for (row, line) in terms.zip(columns.chunks_mut(stride)) {
        let line = &mut line[..positions];
        let (channel, tap) = (row / taps, row % taps);
        let (tap_y, tap_x) = (tap / window.kernel[1], tap % window.kernel[1]);
        let plane = &picture[channel * height * width..][..height * width];
        let (first_y, last_y) = window.inside(0, tap_y, height, rows.end);
        let (first_x, last_x) = window.inside(1, tap_x, width, output_width);
        for (y, target) in rows.clone().zip(line.chunks_exact_mut(output_width)) {
            if y < first_y || y >= last_y || first_x == last_x {
                target.fill(0.0);
                continue;
            }
            let source =
                &plane[(y * stride_y + tap_y * window.dilation[0] - top) * width..][..width];
            let start = first_x * stride_x + tap_x * window.dilation[1] - left;
            target[..first_x].fill(0.0);
            target[last_x..].fill(0.0);
            let inside = &mut target[first_x..last_x];
            if stride_x == 1 {
                inside.copy_from_slice(&source[start..start + inside.len()]);
            } else if stride_x == 2 {
                // The common case, in a form that is vectorized.
                let (pairs, rest) = source[start..].as_chunks::<2>();
                let pixels = pairs.iter().map(|pair| pair[0]).chain(rest.first().copied());
                inside.iter_mut().zip(pixels).for_each(|(value, pixel)| *value = pixel);
            } else {
                for (value, pixel) in
                    inside.iter_mut().zip(source[start..].iter().step_by(stride_x))
                {
                    *value = *pixel;
                }
            }
        }
    }
}

/// Adds the columns of a matrix, whose rows are `stride` elements apart, back to the pixels that [`im2col`] took them from.
pub fn col2im(
    columns: &[f32],
    stride: usize,
    [height, width]: [usize; 2],
    window: &Window,
    output_width: usize,
    rows: Range<usize>,
    picture: &mut [f32],
) {
    let positions = rows.len() * output_width;
    let taps = window.taps();
    let [[top, _], [left, _]] = window.padding;
    let [stride_y, stride_x] = window.stride;
    for (row, line) in columns.chunks(stride).enumerate() {
        let line = &line[..positions];
        let (channel, tap) = (row / taps, row % taps);
        let (tap_y, tap_x) = (tap / window.kernel[1], tap % window.kernel[1]);
        let plane = &mut picture[channel * height * width..][..height * width];
        let (first_y, last_y) = window.inside(0, tap_y, height, rows.end);
        let (first_x, last_x) = window.inside(1, tap_x, width, output_width);
        if first_x == last_x {
            continue;
        }
        for (y, source) in rows.clone().zip(line.chunks_exact(output_width)) {
            if y < first_y || y >= last_y {
                continue;
            }
            let target =
                &mut plane[(y * stride_y + tap_y * window.dilation[0] - top) * width..][..width];
            let start = first_x * stride_x + tap_x * window.dilation[1] - left;
            let inside = &source[first_x..last_x];
            if stride_x == 1 {
                for (pixel, value) in target[start..start + inside.len()].iter_mut().zip(inside) {
                    *pixel += value;
                }
            } else {
                for (pixel, value) in target[start..].iter_mut().step_by(stride_x).zip(inside) {
                    *pixel += value;
                }
            }
        }
    }
}

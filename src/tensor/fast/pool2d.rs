//! Pooling on the tape.

use crate::tensor::cpu::threads::{self, chunk, each_chunk};
use crate::tensor::cpu::{self, Window, sum_of};
use crate::tensor::tape::{Tensor2, Tensor4, tensor};
use crate::tensor::{put_gradient, read, take_gradient};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape, Tape as _};

/// Maximum of each window, `[batch, channels, height, width]` to `[batch, channels, height', width']`; padding never
/// wins.
///
/// # Errors
/// [`ErrorKind::Shape`] when the window does not fit the image.
pub fn max_pool2d(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (input, mut tape) = input.split_tape();
    let (images, channels, height, width) = *input.shape();
    let output = pooled(window, [height, width])?;
    let (size, out_size) = (height * width, output[0] * output[1]);
    let mut values = vec![0.0; images * channels * out_size];
    let mut winners = vec![0; if tape.is_on() { values.len() } else { 0 }];
    cpu::max_pool2d(window, [height, width], output, &read(&input), &mut values, &mut winners);
    let output = tensor(values, (images, channels, output[0], output[1]))?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            cpu::max_pool2d_backward(&winners, &gradient, size, out_size, &mut dx);
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

/// Height and width after max-pooling, if the window fits.
pub(in crate::tensor) fn pooled(
    window: &Window,
    [height, width]: [usize; 2],
) -> Result<[usize; 2]> {
    let padded_only = (0..2).any(|a| {
        let span = window.dilation[a] * window.kernel[a].saturating_sub(1) + 1;
        window.padding[a].iter().any(|&padding| 2 * padding > span)
    });
    window.output([height, width]).filter(|_| !padded_only).ok_or_else(|| {
        let [h, w] = window.kernel;
        Error::new(
            ErrorKind::Shape,
            format!("a pooling window of {h}×{w} does not fit an image of {height}×{width}"),
        )
        .help("the padding may be at most half the window")
    })
}

/// Mean of each window, `[batch, channels, height, width]` to `[batch, channels, height', width']`. Padding counts as
/// zeros, PyTorch's default.
///
/// # Errors
/// [`ErrorKind::Shape`] when the window does not fit the image.
pub fn average_pool2d(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let (rows, columns) = window_weights(window, [height, width])?;
    average(input, rows, columns)
}

/// [`average_pool2d`] without padding in the mean (`count_include_pad=False`).
///
/// # Errors
/// [`ErrorKind::Shape`] when the window does not fit the image.
pub fn average_pool2d_exclude_pad(input: Tensor4, window: &Window) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let (rows, columns) = unpadded_weights(window, [height, width])?;
    average(input, rows, columns)
}

/// The pooling weights without padding.
pub(in crate::tensor) fn unpadded_weights(
    window: &Window,
    size: [usize; 2],
) -> Result<(Vec<PoolWeights>, Vec<PoolWeights>)> {
    let (mut rows, mut columns) = window_weights(window, size)?;
    for shares in rows.iter_mut().chain(&mut columns) {
        let share = 1.0 / shares.len() as f32;
        shares.iter_mut().for_each(|(_, counted)| *counted = share);
    }
    Ok((rows, columns))
}

/// Every n-th pixel on both axes (stride without averaging), starting at pixel `from`: `[batch, channels, height,
/// width]` to `[batch, channels, ⌈height / stride⌉, ⌈width / stride⌉]`, with zeros beyond the border.
///
/// # Errors
/// [`ErrorKind::Parameter`] when the stride is 0.
pub fn subsample2d(input: Tensor4, stride: usize, from: usize) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let [rows, columns] = [height, width].map(|size| subsample_weights(size, stride, from));
    average(input, rows?, columns?)
}

/// Every n-th pixel along one axis, as pooling weights.
pub(in crate::tensor) fn subsample_weights(
    size: usize,
    stride: usize,
    from: usize,
) -> Result<Vec<PoolWeights>> {
    if stride == 0 {
        return Err(Error::new(ErrorKind::Parameter, "the stride must be at least 1, found 0"));
    }
    let pixels = (0..size.div_ceil(stride)).map(|at| at * stride + from);
    Ok(pixels.map(|place| if place < size { vec![(place, 1.0)] } else { Vec::new() }).collect())
}

/// Average pooling to `output` cells, `[height, width]`, as PyTorch's `adaptive_avg_pool2d`.
///
/// ```
/// use cuaderno::tensor::{adaptive_average_pool2d, constant, plain, read, tensor};
/// let image = constant(&tensor(vec![1.0, 3.0, 5.0, 7.0], (1, 1, 1, 4))?);
/// assert_eq!(read(&plain(adaptive_average_pool2d(image, [1, 2])?))[..], [2.0, 6.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Shape`] when a size is 0.
pub fn adaptive_average_pool2d(input: Tensor4, output: [usize; 2]) -> Result<Tensor4> {
    let (_, _, height, width) = *input.shape();
    let [rows, columns] =
        [(height, output[0]), (width, output[1])].map(|(size, cells)| cells_of(size, cells));
    average(input, rows?, columns?)
}

/// The input pixels along one axis that make up an output pixel, with their weights.
pub(in crate::tensor) type PoolWeights = Vec<(usize, f32)>;

/// The pooling weights of each output row and each output column.
pub(in crate::tensor) fn window_weights(
    window: &Window,
    input: [usize; 2],
) -> Result<(Vec<PoolWeights>, Vec<PoolWeights>)> {
    let output = window.output(input).ok_or_else(|| {
        let ([h, w], [height, width]) = (window.kernel, input);
        let problem =
            format!("a pooling window of {h}×{w} does not fit an image of {height}×{width}");
        Error::new(ErrorKind::Shape, problem)
    })?;
    let axis = |axis: usize| {
        let share = 1.0 / window.kernel[axis] as f32;
        let taps = |at: usize| {
            let place = |tap: usize| {
                (at * window.stride[axis] + tap * window.dilation[axis])
                    .checked_sub(window.padding[axis][0])
                    .filter(|place| *place < input[axis])
            };
            (0..window.kernel[axis]).filter_map(place).map(|place| (place, share)).collect()
        };
        (0..output[axis]).map(taps).collect()
    };
    Ok((axis(0), axis(1)))
}

/// The pooling weights of adaptive pooling along one axis.
pub(in crate::tensor) fn cells_of(size: usize, cells: usize) -> Result<Vec<PoolWeights>> {
    if size == 0 || cells == 0 {
        let problem = format!(
            "sizes of adaptive pooling must be at least 1, found {size} pixels to {cells} cells"
        );
        return Err(Error::new(ErrorKind::Shape, problem));
    }
    let cell = |at: usize| {
        let places = at * size / cells..((at + 1) * size).div_ceil(cells);
        let share = 1.0 / places.len() as f32;
        places.map(|place| (place, share)).collect()
    };
    Ok((0..cells).map(cell).collect())
}

/// Weighted means over the products of rows and columns.
fn average(input: Tensor4, rows: Vec<PoolWeights>, columns: Vec<PoolWeights>) -> Result<Tensor4> {
    let (input, mut tape) = input.split_tape();
    let (images, channels, height, width) = *input.shape();
    let (size, out_size) = (height * width, rows.len() * columns.len());
    let mut values = vec![0.0; images * channels * out_size];
    let whole = |cells: &[PoolWeights], size: usize| match cells {
        [cell] => cell.len() == size && cell.iter().all(|(_, share)| *share == 1.0 / size as f32),
        _ => false,
    };
    if size > 0 && whole(&rows, height) && whole(&columns, width) {
        values = means(&read(&input), size);
    } else if size > 0 && out_size > 0 {
        let planes = read(&input);
        each_chunk(&mut values, out_size, |plane, to| {
            let from = chunk(&planes, size, plane);
            for (line, rows) in to.chunks_exact_mut(columns.len()).zip(&rows) {
                for (value, columns) in line.iter_mut().zip(&columns) {
                    for (y, share_y) in rows {
                        let row = &from[y * width..][..width];
                        *value +=
                            share_y * columns.iter().map(|(x, share)| share * row[*x]).sum::<f32>();
                    }
                }
            }
        });
    }
    let output = tensor(values, (images, channels, rows.len(), columns.len()))?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            if size > 0 && out_size > 0 {
                each_chunk(&mut dx, size, |plane, to| {
                    let from = chunk(&gradient, out_size, plane);
                    for (line, rows) in from.chunks_exact(columns.len()).zip(&rows) {
                        for (g, columns) in line.iter().zip(&columns) {
                            for (y, share_y) in rows {
                                let row = &mut to[y * width..][..width];
                                columns
                                    .iter()
                                    .for_each(|(x, share)| row[*x] += g * share_y * share);
                            }
                        }
                    }
                });
            }
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

/// The mean of each plane of `size` values.
fn means(planes: &[f32], size: usize) -> Vec<f32> {
    let scale = 1.0 / size as f64;
    threads::map(planes.len() / size, |plane| {
        let plane = chunk(planes, size, plane);
        (sum_of(plane, plane, |x, _| x) * scale) as f32
    })
}

/// Global average pooling: the mean of each channel, `[batch, channels, height, width]` to `[batch, channels]`.
///
/// ```
/// use cuaderno::tensor::{constant, global_average_pool2d, plain, read, tensor};
/// let image = constant(&tensor(vec![1.0, 3.0, 0.0, 8.0], (1, 2, 1, 2))?); // two channels of two pixels
/// assert_eq!(read(&plain(global_average_pool2d(image)?))[..], [2.0, 4.0]);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Numeric`](crate::ErrorKind::Numeric) when the device has no memory left.
pub fn global_average_pool2d(input: Tensor4) -> Result<Tensor2> {
    let (input, mut tape) = input.split_tape();
    let (images, channels, height, width) = *input.shape();
    let size = (height * width).max(1);
    let scale = 1.0 / size as f32;
    let output = tensor(means(&read(&input), size), (images, channels))?;
    if tape.is_on() {
        let result = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take_gradient(gradients, &result)?;
            let mut dx = take_gradient(gradients, &input)?;
            each_chunk(&mut dx, size, |plane, dx| {
                let share = gradient[plane] * scale;
                dx.iter_mut().for_each(|v| *v += share);
            });
            put_gradient(gradients, &input, dx)
        });
    }
    Ok(output.put_tape(tape))
}

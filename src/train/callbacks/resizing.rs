//! Training on small images first.

use super::super::callback::{Batch, Callback, TrainContext};
use crate::tensor::{read, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;

/// Trains on smaller images in the first epochs (progressive resizing; Howard, fastai). Validation always sees the
/// full size, so the network must take images of several sizes, as those with adaptive pooling do.
///
/// ```
/// use cuaderno::train::callbacks::ProgressiveResizing;
/// // 64 pixels in epochs 1 to 3, 96 in 4 and 5, full size from epoch 6.
/// let resizing = ProgressiveResizing::new(&[(1, 64), (4, 96)], 6);
/// # let _ = resizing;
/// ```
#[derive(Clone, Debug)]
pub struct ProgressiveResizing {
    sizes: Vec<(usize, usize)>,
    full_from: usize,
}

impl ProgressiveResizing {
    /// From epoch `.0`, counted from 1, images have `.1` pixels a side; from epoch `full_from` they have their own.
    pub fn new(sizes: &[(usize, usize)], full_from: usize) -> Self {
        Self { sizes: sizes.to_vec(), full_from }
    }
}

impl Callback for ProgressiveResizing {
    fn on_batch_begin(&mut self, run: &mut TrainContext<'_>, batch: &mut Batch) -> Result<()> {
        let size = self.sizes.iter().rev().find(|(epoch, _)| *epoch <= run.epoch);
        let Some((_, size)) = size.filter(|_| run.epoch < self.full_from) else { return Ok(()) };
        let Some(images) = &mut batch.inputs.images else {
            let problem = "progressive resizing expects images, but the batch has none";
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("switch `feature_cache` off, or leave the callback out"));
        };
        let (count, channels, height, width) = *images.shape();
        if *size == 0 || *size > height || *size > width {
            let problem =
                format!("cannot shrink images of {height}×{width} to {size} pixels a side");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let small = shrink(&read(images), count * channels, [height, width], *size);
        *images = tensor(small, (count, channels, *size, *size))?;
        Ok(())
    }
}

/// Shrinks planes by averaging the area of each new pixel.
fn shrink(values: &[f32], planes: usize, [height, width]: [usize; 2], size: usize) -> Vec<f32> {
    let (rows, columns) = (shares(height, size), shares(width, size));
    let mut small = Vec::with_capacity(planes * size * size);
    for plane in values.chunks_exact(height * width).take(planes) {
        for row in &rows {
            for column in &columns {
                let mut sum = 0.0;
                for (y, a) in row {
                    for (x, b) in column {
                        sum += a * b * plane[y * width + x];
                    }
                }
                small.push(sum);
            }
        }
    }
    small
}

/// For each new pixel along an axis, the old ones that it covers, with their parts of it.
fn shares(old: usize, new: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = old as f64 / new as f64;
    let cover = |place: usize| {
        let (start, end) = (place as f64 * scale, (place + 1) as f64 * scale);
        let last = (end.ceil() as usize).min(old);
        let part = |at: usize| (end.min((at + 1) as f64) - start.max(at as f64)) / scale;
        (start as usize..last).map(|at| (at, part(at) as f32)).filter(|(_, p)| *p > 0.0).collect()
    };
    (0..new).map(cover).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_averages_areas() {
        // torch.nn.functional.interpolate(mode="area") of 0..16 as 4×4 to 2×2.
        let values: Vec<f32> = (0..16).map(|v| v as f32).collect();
        assert_eq!(shrink(&values, 1, [4, 4], 2), [2.5, 4.5, 10.5, 12.5]);
        // 3 to 2: each new pixel covers one and a half old ones.
        let row = shrink(&[0.0, 3.0, 6.0].repeat(3), 1, [3, 3], 2);
        assert!((row[0] - 1.0).abs() < 1e-6 && (row[1] - 5.0).abs() < 1e-6, "{row:?}");
    }
}

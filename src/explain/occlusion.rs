//! Occlusion: how much a covered patch lowers a class's probability.

use super::Heatmaps;
use super::heatmaps::chosen_classes;
use crate::nn::{Inputs, Model, Pass};
use crate::tensor::{plain, read, softmax, tensor};
use crate::{Error, ErrorKind, Result, notebook};
use dfdx::shapes::HasShape;
use ndarray::Array3;

/// Occluded images that go through the network at once.
const BATCH: usize = 32;

/// Settings of [`occlusion`]: size, stride and value of the patch that covers the image; by default 16 pixels every 8 pixels,
/// filled with the mean color.
///
/// ```
/// use cuaderno::explain::OcclusionConfig;
/// let fine = OcclusionConfig { patch: [8, 8], stride: [4, 4], ..OcclusionConfig::default() };
/// assert_eq!((fine.fill, OcclusionConfig::default().patch), (0.0, [16, 16]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OcclusionConfig {
    /// Height and width of the patch in pixels.
    pub patch: [usize; 2],
    /// Pixels from one patch to the next, down and across.
    pub stride: [usize; 2],
    /// Value of covered pixels after normalization; 0, the default, is the mean color of normalized images.
    pub fill: f32,
}

impl Default for OcclusionConfig {
    fn default() -> Self {
        Self { patch: [16, 16], stride: [8, 8], fill: 0.0 }
    }
}

/// Occlusion maps, one per image (Zeiler and Fergus, 2014): a patch covers one place after another, and the map holds the
/// drop in the class's probability, at each pixel the mean over all patches that cover it. Negative values are places that
/// speak against the class.
///
/// `class` is the class to explain, or `None` for the predicted one of each image. The network runs once per patch, so
/// that the cost grows with `height · width / stride²`; it needs no convolution. The work stops when the cell is
/// interrupted.
///
/// ```
/// use cuaderno::explain::{OcclusionConfig, occlusion};
/// use cuaderno::models::small_cnn;
/// use cuaderno::nn::Inputs;
/// use cuaderno::tensor::tensor;
/// # fn main() -> cuaderno::Result<()> {
/// let model = small_cnn(32, 4, 0)?;
/// let images = tensor(vec![0.5; 3 * 32 * 32], (1, 3, 32, 32))?;
/// let inputs = Inputs { images: Some(images), ..Inputs::default() };
/// let maps = occlusion(&model, &inputs, None, &OcclusionConfig::default())?;
/// assert_eq!(maps.maps().shape(), &[1, 32, 32]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when a size is 0, `fill` is not finite or the class does not exist; [`ErrorKind::Shape`] when
/// there are no images or the inputs do not fit the network.
pub fn occlusion(
    model: &dyn Model,
    inputs: &Inputs,
    class: Option<usize>,
    config: &OcclusionConfig,
) -> Result<Heatmaps> {
    let OcclusionConfig { patch, stride, fill } = *config;
    if patch.contains(&0) || stride.contains(&0) || !fill.is_finite() {
        let problem =
            format!("`patch` and `stride` must be at least 1 and `fill` finite, found {config:?}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let images = plain(inputs.images()?);
    let (batch, channels, height, width) = *images.shape();
    let logits = plain(model.forward(inputs, &Pass::inference())?);
    let classes = chosen_classes(&logits, class)?;
    let count = logits.shape().1;
    let whole = softmax(&logits);
    let (pixels, size) = (read(&images), channels * height * width);
    let places = places([height, width], patch, stride);
    let mut maps = vec![0.0; batch * height * width];
    for (image, class) in classes.iter().enumerate() {
        let own = &pixels[image * size..(image + 1) * size];
        let mut sums = vec![(0.0f32, 0.0f32); height * width];
        for places in places.chunks(BATCH) {
            notebook::check()?;
            let mut covered = Vec::with_capacity(places.len() * size);
            for [rows, columns] in places {
                let start = covered.len();
                covered.extend_from_slice(own);
                for plane in covered[start..].chunks_exact_mut(height * width) {
                    for line in plane.chunks_exact_mut(width).take(rows.end).skip(rows.start) {
                        line[columns.clone()].fill(fill);
                    }
                }
            }
            let occluded = Inputs {
                images: Some(tensor(covered, (places.len(), channels, height, width))?),
                ..repeated(inputs, image, places.len())?
            };
            let logits = plain(model.forward(&occluded, &Pass::inference())?);
            let probabilities = softmax(&logits);
            for ([rows, columns], row) in places.iter().zip(probabilities.chunks_exact(count)) {
                let drop = whole[image * count + class] - row[*class];
                for line in sums.chunks_exact_mut(width).take(rows.end).skip(rows.start) {
                    line[columns.clone()].iter_mut().for_each(|(sum, times)| {
                        *sum += drop;
                        *times += 1.0;
                    });
                }
            }
        }
        let map = &mut maps[image * height * width..(image + 1) * height * width];
        let means = sums.iter().map(|(sum, times)| if *times > 0.0 { sum / times } else { 0.0 });
        map.iter_mut().zip(means).for_each(|(value, mean)| *value = mean);
    }
    let maps = Array3::from_shape_vec((batch, height, width), maps)
        .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))?;
    Ok(Heatmaps::new(maps, classes, String::new()))
}

/// The rows and columns that each patch covers; those at the lower and right border may be cut.
fn places(
    size: [usize; 2],
    patch: [usize; 2],
    stride: [usize; 2],
) -> Vec<[std::ops::Range<usize>; 2]> {
    let ranges = |axis: usize| {
        let (size, patch, stride) = (size[axis], patch[axis], stride[axis]);
        let steps = size.saturating_sub(patch).div_ceil(stride);
        (0..=steps).map(move |step| step * stride..(step * stride + patch).min(size))
    };
    ranges(0).flat_map(|rows| ranges(1).map(move |columns| [rows.clone(), columns])).collect()
}

/// The metadata and texts of one example, `times` over.
fn repeated(inputs: &Inputs, example: usize, times: usize) -> Result<Inputs> {
    let features = match &inputs.features {
        Some(features) => {
            let columns = features.shape().1;
            let values = read(features);
            let row = values.chunks_exact(columns.max(1)).nth(example).unwrap_or_default();
            Some(tensor(row.repeat(times), (times, row.len()))?)
        }
        None => None,
    };
    let tokens =
        inputs.tokens.as_ref().map(|tokens| tokens.select(ndarray::Axis(0), &vec![example; times]));
    Ok(Inputs { features, tokens, ..Inputs::default() })
}

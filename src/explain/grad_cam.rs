//! Grad-CAM: the places of a feature map that raise a class's logit.

use super::Heatmaps;
use super::heatmaps::chosen_classes;
use crate::nn::{CapturedOutput, Inputs, Model, Pass};
use crate::tensor::{
    Tensor0, Tensor2, backward, constant, out_of_memory, read, take_gradient, tensor,
};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor::{PutTape, SplitTape};
use dfdx::tensor_ops::{SumTo, TryMul};
use ndarray::Array3;
use rayon::prelude::*;

/// Gradient-weighted class activation maps, one per image (Selvaraju et al., 2017):
/// `relu(Σₖ wₖ · Aₖ)`, where `Aₖ` is channel k of the layer's output and `wₖ` the mean gradient of the class's logit
/// over it.
///
/// `class` is the class to explain, or `None` for the predicted one of each image. `layer` names a layer whose output is
/// feature maps, such as `layer4.1` or `image.4`; `""` takes the last convolutional layer of [`Model::backbone`] with
/// the normalization and activation that directly follow it. The network runs in inference mode.
///
/// ```
/// use cuaderno::explain::grad_cam;
/// use cuaderno::models::small_cnn;
/// use cuaderno::nn::Inputs;
/// use cuaderno::tensor::tensor;
/// # fn main() -> cuaderno::Result<()> {
/// let model = small_cnn(32, 4, 0)?;
/// let images = tensor(vec![0.5; 2 * 3 * 32 * 32], (2, 3, 32, 32))?;
/// let inputs = Inputs { images: Some(images), ..Inputs::default() };
/// let maps = grad_cam(&model, &inputs, None, "")?;
/// assert_eq!((maps.layer(), maps.maps().shape()), ("features.7", &[2, 8, 8][..]));
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when the network has no such layer or class; [`ErrorKind::Shape`] when the layer's output is
/// not feature maps, or the inputs do not fit the network.
pub fn grad_cam(
    model: &dyn Model,
    inputs: &Inputs,
    class: Option<usize>,
    layer: &str,
) -> Result<Heatmaps> {
    activation_maps(model, inputs, class, layer, &|_, gradients| {
        gradients.iter().map(|g| f64::from(*g)).sum::<f64>() / gradients.len() as f64
    })
}

/// Grad-CAM++ (Chattopadhyay et al., 2018), which weighs each place of a channel by how much it adds to the class, and so
/// covers several objects of one class better than [`grad_cam`]:
/// `wₖ = Σ αᵢⱼ · relu(gᵢⱼ)` with `αᵢⱼ = g² / (2g² + ΣA · g³)`, where g is the gradient of the logit.
///
/// Arguments and errors are those of [`grad_cam`].
///
/// ```
/// use cuaderno::explain::grad_cam_plus_plus;
/// use cuaderno::models::small_cnn;
/// use cuaderno::nn::Inputs;
/// use cuaderno::tensor::tensor;
/// # fn main() -> cuaderno::Result<()> {
/// let model = small_cnn(32, 4, 0)?;
/// let inputs = Inputs { images: Some(tensor(vec![0.5; 3 * 32 * 32], (1, 3, 32, 32))?), ..Inputs::default() };
/// let maps = grad_cam_plus_plus(&model, &inputs, Some(2), "")?;
/// assert_eq!((maps.classes(), maps.maps().shape()), (&[2][..], &[1, 8, 8][..]));
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`grad_cam`].
pub fn grad_cam_plus_plus(
    model: &dyn Model,
    inputs: &Inputs,
    class: Option<usize>,
    layer: &str,
) -> Result<Heatmaps> {
    activation_maps(model, inputs, class, layer, &|activations, gradients| {
        let sum: f64 = activations.iter().map(|a| f64::from(*a)).sum();
        let weight = |g: &f32| {
            let g = f64::from(*g);
            // The constant keeps a place whose terms cancel from dividing by zero.
            let alpha = g * g / (2.0 * g * g + sum * g * g * g + 1e-6);
            if g > 0.0 { alpha * g } else { 0.0 }
        };
        gradients.iter().map(weight).sum()
    })
}

/// The maps when `weight` is a channel's weight by its activations and gradients, `[height × width]` each.
fn activation_maps(
    model: &dyn Model,
    inputs: &Inputs,
    class: Option<usize>,
    layer: &str,
    weight: &(dyn Fn(&[f32], &[f32]) -> f64 + Sync),
) -> Result<Heatmaps> {
    let layer = match layer {
        "" => default_layer(model)?,
        name => name.to_string(),
    };
    let pass = Pass::capturing(&layer);
    let logits = model.forward(inputs, &pass)?;
    let (output, passed) = pass.into_capture().map(|c| c.into_output()).unwrap_or_default();
    let activations = match output {
        Some(CapturedOutput::Images(activations)) => activations,
        Some(CapturedOutput::Other(shape)) => {
            let problem = format!(
                "Grad-CAM needs feature maps [batch, channels, height, width], but the layer's output is {shape:?}"
            );
            return Err(Error::new(ErrorKind::Shape, problem)
                .layer(layer)
                .help("name a convolutional layer, or take \"\" for the last one"));
        }
        None => return Err(no_layer(&layer, &passed)),
    };
    let (classes, score) = score(logits, class)?;
    let mut gradients = backward(score)?;
    let gradients = take_gradient(&mut gradients, &activations).map_err(out_of_memory)?;
    let (batch, channels, height, width) = *activations.shape();
    let (size, values) = (height * width, read(&activations));
    let mut maps = vec![0.0; batch * size];
    if size > 0 {
        maps.par_chunks_exact_mut(size).enumerate().for_each(|(image, map)| {
            let from = image * channels * size;
            let pairs = values[from..].chunks_exact(size).zip(gradients[from..].chunks_exact(size));
            let mut sums = vec![0.0; size];
            for (activations, gradients) in pairs.take(channels) {
                let weight = weight(activations, gradients);
                sums.iter_mut()
                    .zip(activations)
                    .for_each(|(sum, a)| *sum += weight * f64::from(*a));
            }
            map.iter_mut().zip(sums).for_each(|(value, sum)| *value = sum.max(0.0) as f32);
        });
    }
    let maps = Array3::from_shape_vec((batch, height, width), maps)
        .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))?;
    Ok(Heatmaps::new(maps, classes, layer))
}

/// The class of each row of logits and the sum of their logits, of which each image's activations see only its own.
fn score(logits: Tensor2, class: Option<usize>) -> Result<(Vec<usize>, Tensor0)> {
    let (logits, tape) = logits.split_tape();
    let (batch, count) = *logits.shape();
    let classes = chosen_classes(&logits, class)?;
    let mut chosen = vec![0.0; batch * count];
    classes.iter().enumerate().for_each(|(row, class)| chosen[row * count + class] = 1.0);
    let chosen = constant(&tensor(chosen, (batch, count))?);
    let score = logits.put_tape(tape).try_mul(chosen).map_err(out_of_memory)?;
    Ok((classes, score.try_sum().map_err(out_of_memory)?))
}

/// The last convolutional layer of the part that takes the images.
fn default_layer(model: &dyn Model) -> Result<String> {
    let layer = model.backbone().and_then(|(prefix, layers)| layers.last_convolutional(prefix));
    layer.ok_or_else(|| {
        Error::new(ErrorKind::Parameter, "the network has no convolutional layer over images")
            .help("name a layer whose output is [batch, channels, height, width]; `Summary::new` lists all layers")
    })
}

fn no_layer(layer: &str, passed: &[String]) -> Error {
    let mut tops: Vec<&str> =
        passed.iter().map(String::as_str).filter(|name| name.matches('.').count() < 2).collect();
    let rest = tops.len().saturating_sub(24);
    tops.drain(..rest);
    let problem = format!("the network has no layer `{layer}` on the way of the images");
    Error::new(ErrorKind::Parameter, problem)
        .help(format!("take \"\" for the last convolutional layer, or one of {}", tops.join(", ")))
}

//! The network: a pretrained one with a new last layer, or a small one from scratch.

use super::labels::CLASSES;
use crate::images::Transform;
use crate::models::{self, Network, Pretrained};
use crate::nn::Model;
use crate::{Error, ErrorKind, Result};
use std::path::Path;

/// A network with one output for each class of the scale.
///
/// `weights` names pretrained weights: a safetensors file, or a repository of the Hugging Face Hub. Its name tells the
/// architecture: `resnet152.safetensors` and `timm/resnet152.tv_in1k` are both a ResNet-152, whose last layer is replaced
/// by a linear one with 5 outputs; all other layers are frozen. Without weights (`""`) it is a small network with three
/// convolutions for images of `pixels` a side, trained from scratch.
///
/// ```
/// use cuaderno::practices::sentiment;
/// let network = sentiment::network("", 96, 0)?;
/// assert_eq!(network.name(), "small_cnn");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] if the name tells no architecture of [`models::names`]; those of [`Pretrained::weights`].
pub fn network(weights: &str, pixels: usize, seed: u64) -> Result<Network> {
    let weights = weights.trim();
    if weights.is_empty() {
        return models::small_cnn(pixels, CLASSES.len(), seed);
    }
    let mut network = models::network(architecture(weights)?, CLASSES.len(), seed)?;
    let head = network.head().to_string();
    source(weights)?.load_backbone_into(&mut network, &[&head])?;
    network.freeze("")?;
    network.unfreeze(&head)?;
    Ok(network)
}

/// The normalization for the weights of [`network`], that of [`models::preprocessing`].
///
/// # Errors
/// [`ErrorKind::Parameter`] if the name tells no architecture.
pub fn transform(weights: &str) -> Result<Transform> {
    Ok(models::preprocessing(architecture(weights)?)?.transform())
}

fn source(weights: &str) -> Result<Pretrained> {
    if weights.ends_with(".safetensors") || Path::new(weights).is_file() {
        return Ok(Pretrained::file(weights));
    }
    #[cfg(feature = "hub")]
    return Ok(Pretrained::hub(weights));
    #[cfg(not(feature = "hub"))]
    Err(Error::new(ErrorKind::File, "there is no such file").file(weights))
}

/// The longest name of a network in the last part of `weights`; `resnet50` must not be found in `resnet501`.
fn architecture(weights: &str) -> Result<&'static str> {
    let text =
        weights.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase().replace('-', "_");
    let fits = |name: &&str| {
        text.find(*name).is_some_and(|at| {
            let next = text.get(at + name.len()..).and_then(|rest| rest.chars().next());
            !next.is_some_and(|c| c.is_ascii_digit())
        })
    };
    models::names().into_iter().filter(fits).max_by_key(|name| name.len()).ok_or_else(|| {
        let problem = format!("the name `{weights}` tells no network");
        Error::new(ErrorKind::Parameter, problem)
            .help(format!("name it after its network, one of {}", models::names().join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_network() {
        let found = |name| architecture(name).map_err(|error| error.to_string());
        assert_eq!(found("timm/resnet152.tv_in1k"), Ok("resnet152"));
        assert_eq!(found("/resnet18/ResNet50-0676ba61.safetensors"), Ok("resnet50"));
        assert_eq!(found("weights/efficientnet-lite0.safetensors"), Ok("efficientnet_lite0"));
        assert_eq!(found("timm/vgg16_bn.tv_in1k"), Ok("vgg16_bn"));
        assert!(found("resnet501").unwrap_err().contains("tells no network"));
    }
}

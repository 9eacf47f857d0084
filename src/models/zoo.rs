//! The networks of the zoo by name.

use super::{
    Network, densenet121, efficientnet_b0, efficientnet_lite0, nasnet_mobile, resnet18, resnet34,
    resnet50, resnet101, resnet152, small_cnn, squeezenet1_1, vgg16, vgg16_bn,
};
use crate::{Error, ErrorKind, Result};

type Build = fn(usize, u64) -> Result<Network>;

const NETWORKS: [(&str, Build); 13] = [
    ("resnet18", resnet18),
    ("resnet34", resnet34),
    ("resnet50", resnet50),
    ("resnet101", resnet101),
    ("resnet152", resnet152),
    ("vgg16", vgg16),
    ("vgg16_bn", vgg16_bn),
    ("densenet121", densenet121),
    ("squeezenet1_1", squeezenet1_1),
    ("efficientnet_b0", efficientnet_b0),
    ("efficientnet_lite0", efficientnet_lite0),
    ("nasnet_mobile", nasnet_mobile),
    ("small_cnn", |classes, seed| small_cnn(128, classes, seed)),
];

/// The names of the networks in the zoo, which [`network`] takes.
///
/// ```
/// use cuaderno::models;
/// assert!(models::names().contains(&"resnet18"));
/// ```
pub fn names() -> Vec<&'static str> {
    NETWORKS.iter().map(|(name, _)| *name).collect()
}

/// The zoo's image classifier of this name, such as `resnet18`, with random weights that depend on `seed` alone.
///
/// ```
/// use cuaderno::models;
/// let network = models::network("squeezenet1_1", 5, 0)?;
/// assert_eq!(network.name(), "squeezenet1_1");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when no network has this name, or there are no classes.
pub fn network(name: &str, classes: usize, seed: u64) -> Result<Network> {
    match NETWORKS.iter().find(|(known, _)| *known == name) {
        Some((_, build)) => build(classes, seed),
        None => Err(Error::new(ErrorKind::Parameter, format!("the zoo has no network `{name}`"))
            .help(format!("take one of {}", names().join(", ")))),
    }
}

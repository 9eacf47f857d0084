//! DenseNet-121 (Huang et al., 2017), with torchvision's names.

use super::Network;
use super::network::{check_classes, pooled};
use crate::Result;
use crate::nn::{
    AveragePool2d, BatchNorm2d, Branches, Conv2d, Conv2dConfig, Init, Layer, Linear, MaxPool2d,
    Sequential,
};

/// Growth rate: channels that each layer of a dense block adds.
const GROWTH: usize = 32;

/// DenseNet-121 (Huang et al., 2017) for images `[batch, 3, height, width]`, as torchvision's `densenet121`, with random weights
/// that depend on `seed` alone.
///
/// ```
/// let network = cuaderno::models::densenet121(1000, 0)?;
/// assert_eq!(network.summary()?.total, 7_978_856);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are no classes.
pub fn densenet121(classes: usize, seed: u64) -> Result<Network> {
    check_classes(classes)?;
    let mut init = Init::seed(seed).he_fan_in();
    let stem = Conv2dConfig::new(3, 64, 7).stride(2).padding(3).no_bias();
    let mut features = Sequential::new()
        .named("conv0", Conv2d::new(stem, &mut init)?)
        .named("norm0", BatchNorm2d::new(64)?)
        .named("relu0", Layer::Relu)
        .named("pool0", MaxPool2d::square(3, 2, 1));
    let mut channels = 64;
    for (block, count) in [6, 12, 24, 16].into_iter().enumerate() {
        let mut dense = Sequential::new();
        for layer in 0..count {
            let branches = vec![Sequential::new(), dense_layer(channels, &mut init)?];
            dense = dense.named(&format!("denselayer{}", layer + 1), Branches { branches });
            channels += GROWTH;
        }
        features = features.named(&format!("denseblock{}", block + 1), dense);
        if block < 3 {
            let narrow = Conv2dConfig::new(channels, channels / 2, 1).no_bias();
            let transition = Sequential::new()
                .named("norm", BatchNorm2d::new(channels)?)
                .named("relu", Layer::Relu)
                .named("conv", Conv2d::new(narrow, &mut init)?)
                .named("pool", AveragePool2d::new(2));
            features = features.named(&format!("transition{}", block + 1), transition);
            channels /= 2;
        }
    }
    let features = features.named("norm5", BatchNorm2d::new(channels)?);
    let layers = Sequential::new().named("features", features).named("relu", Layer::Relu);
    let layers = pooled(layers).named("classifier", Linear::new(channels, classes, &mut init)?);
    Ok(Network::new("densenet121", layers, "classifier", 224))
}

/// The layers whose output a dense block concatenates to its input.
fn dense_layer(channels: usize, init: &mut Init) -> Result<Sequential> {
    let narrow = Conv2dConfig::new(channels, 4 * GROWTH, 1).no_bias();
    let grow = Conv2dConfig::same(4 * GROWTH, GROWTH, 3).no_bias();
    Ok(Sequential::new()
        .named("norm1", BatchNorm2d::new(channels)?)
        .named("relu1", Layer::Relu)
        .named("conv1", Conv2d::new(narrow, init)?)
        .named("norm2", BatchNorm2d::new(4 * GROWTH)?)
        .named("relu2", Layer::Relu)
        .named("conv2", Conv2d::new(grow, init)?))
}

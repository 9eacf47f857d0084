//! VGG-16 (Simonyan and Zisserman, 2015), with torchvision's names.

use super::Network;
use super::network::check_classes;
use crate::Result;
use crate::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Dropout, Init, Layer, Linear, MaxPool2d, Sequential,
};

/// VGG-16 (Simonyan and Zisserman, 2015) for images `[batch, 3, height, width]`, as torchvision's `vgg16`, with random weights
/// that depend on `seed` alone.
///
/// ```
/// let network = cuaderno::models::vgg16(1000, 0)?;
/// assert_eq!(network.summary()?.total, 138_357_544);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are no classes.
pub fn vgg16(classes: usize, seed: u64) -> Result<Network> {
    vgg("vgg16", false, classes, seed)
}

/// VGG-16 with batch normalization after each convolution; otherwise as [`vgg16`].
///
/// ```
/// let network = cuaderno::models::vgg16_bn(1000, 0)?;
/// assert_eq!(network.summary()?.total, 138_365_992);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are no classes.
pub fn vgg16_bn(classes: usize, seed: u64) -> Result<Network> {
    vgg("vgg16_bn", true, classes, seed)
}

fn vgg(name: &str, normalized: bool, classes: usize, seed: u64) -> Result<Network> {
    check_classes(classes)?;
    let mut init = Init::seed(seed).he_fan_out();
    let mut features = Sequential::new();
    let mut channels = 3;
    for (width, count) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
        for _ in 0..count {
            let convolution = Conv2d::new(Conv2dConfig::same(channels, width, 3), &mut init)?;
            features = features.add(convolution);
            if normalized {
                features = features.add(BatchNorm2d::new(width)?);
            }
            features = features.add(Layer::Relu);
            channels = width;
        }
        features = features.add(MaxPool2d::new(2));
    }
    let classifier = Sequential::new()
        .add(Linear::normal(512 * 7 * 7, 4096, 0.01, &mut init)?)
        .add(Layer::Relu)
        .add(Dropout::new(0.5)?)
        .add(Linear::normal(4096, 4096, 0.01, &mut init)?)
        .add(Layer::Relu)
        .add(Dropout::new(0.5)?)
        .add(Linear::normal(4096, classes, 0.01, &mut init)?);
    let layers = Sequential::new()
        .named("features", features)
        .named("avgpool", Layer::AdaptiveAveragePool2d([7, 7]))
        .named("flatten", Layer::Flatten)
        .named("classifier", classifier);
    Ok(Network::new(name, layers, "classifier.6", 224))
}

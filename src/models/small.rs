//! Networks small enough to train from scratch on a laptop.

use super::Network;
use super::network::check_classes;
use crate::nn::{Conv2d, Conv2dConfig, Dropout, Init, Layer, Linear, MaxPool2d, Sequential};
use crate::{Error, ErrorKind, Result};

/// A perceptron on flattened images `[batch, 3, pixels, pixels]`, with one hidden layer of `hidden` values and ReLU.
///
/// ```
/// let network = cuaderno::models::simple_network(8, 16, 3, 0)?;
/// assert_eq!(network.summary()?.total, (3 * 8 * 8 + 1) * 16 + (16 + 1) * 3);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when a size is 0.
pub fn simple_network(pixels: usize, hidden: usize, classes: usize, seed: u64) -> Result<Network> {
    check_classes(classes)?;
    if pixels == 0 || hidden == 0 {
        let problem =
            format!("`pixels` and `hidden` must be at least 1, found {pixels} and {hidden}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let mut init = Init::seed(seed);
    let layers = Sequential::new()
        .add(Layer::Flatten)
        .add(Linear::new(3 * pixels * pixels, hidden, &mut init)?)
        .add(Layer::Relu)
        .add(Linear::new(hidden, classes, &mut init)?);
    Ok(Network::new("simple_network", layers, "3", pixels))
}

/// A small convolutional network for images `[batch, 3, pixels, pixels]`: three 3×3 convolutions with 32, 64 and 128
/// channels, each with ReLU and 2×2 max-pooling, then a hidden layer of 128 with dropout 0.5.
///
/// ```
/// let network = cuaderno::models::small_cnn(128, 3, 0)?;
/// assert_eq!(network.summary()?.total, 4_288_067);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when there are no classes, or the images are smaller than 8 pixels.
pub fn small_cnn(pixels: usize, classes: usize, seed: u64) -> Result<Network> {
    check_classes(classes)?;
    let side = pixels / 8;
    if side == 0 {
        let problem = format!("`pixels` must be at least 8 for three poolings, found {pixels}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    let mut init = Init::seed(seed);
    let mut features = Sequential::new();
    for (inputs, outputs) in [(3, 32), (32, 64), (64, 128)] {
        let convolution = Conv2d::new(Conv2dConfig::same(inputs, outputs, 3), &mut init)?;
        features = features.add(convolution).add(Layer::Relu).add(MaxPool2d::new(2));
    }
    let classifier = Sequential::new()
        .add(Linear::new(128 * side * side, 128, &mut init)?)
        .add(Layer::Relu)
        .add(Dropout::new(0.5)?)
        .add(Linear::new(128, classes, &mut init)?);
    let layers = Sequential::new()
        .named("features", features)
        .named("flatten", Layer::Flatten)
        .named("classifier", classifier);
    Ok(Network::new("small_cnn", layers, "classifier.3", pixels))
}

//! SqueezeNet 1.1 (Iandola et al., 2016), with torchvision's names.

use super::Network;
use super::network::{check_classes, pooled};
use crate::Result;
use crate::nn::{Branches, Conv2d, Conv2dConfig, Dropout, Init, Layer, MaxPool2d, Sequential};

/// SqueezeNet 1.1 (Iandola et al., 2016) for images `[batch, 3, height, width]`, as torchvision's `squeezenet1_1`, with random
/// weights that depend on `seed` alone.
///
/// ```
/// let network = cuaderno::models::squeezenet1_1(1000, 0)?;
/// assert_eq!((network.head(), network.pixels()), ("classifier.1", 224));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are no classes.
pub fn squeezenet1_1(classes: usize, seed: u64) -> Result<Network> {
    check_classes(classes)?;
    let mut init = Init::seed(seed).he_fan_in();
    let pool = || MaxPool2d::square(3, 2, 0).ceil();
    let mut features = Sequential::new()
        .add(Conv2d::new(Conv2dConfig::new(3, 64, 3).stride(2), &mut init)?)
        .add(Layer::Relu)
        .add(pool());
    let mut channels = 64;
    for (stage, squeezes) in [[16, 16].as_slice(), &[32, 32], &[48, 48, 64, 64]].iter().enumerate()
    {
        if stage > 0 {
            features = features.add(pool());
        }
        for squeeze in *squeezes {
            features = features.add(fire(channels, *squeeze, &mut init)?);
            channels = 8 * squeeze;
        }
    }
    let classifier = Sequential::new()
        .add(Dropout::new(0.5)?)
        .add(Conv2d::new(Conv2dConfig::new(channels, classes, 1), &mut init)?)
        .add(Layer::Relu);
    let layers =
        pooled(Sequential::new().named("features", features).named("classifier", classifier));
    Ok(Network::new("squeezenet1_1", layers, "classifier.1", 224))
}

/// A fire module: a pointwise convolution to few channels, then 1×1 and 3×3 convolutions to many, concatenated.
fn fire(channels: usize, squeeze: usize, init: &mut Init) -> Result<Sequential> {
    let expand = 4 * squeeze;
    let branch = |name: &str, config, init: &mut Init| -> Result<Sequential> {
        Ok(Sequential::new().named(name, Conv2d::new(config, init)?).named("relu", Layer::Relu))
    };
    let narrow = Conv2d::new(Conv2dConfig::new(channels, squeeze, 1), init)?;
    let branches = vec![
        branch("expand1x1", Conv2dConfig::new(squeeze, expand, 1), init)?,
        branch("expand3x3", Conv2dConfig::same(squeeze, expand, 3), init)?,
    ];
    Ok(Sequential::new()
        .named("squeeze", narrow)
        .named("squeeze_activation", Layer::Relu)
        .named("", Branches { branches }))
}

//! Residual networks (He et al., 2016), with torchvision's names.

use super::Network;
use super::network::{check_classes, pooled};
use crate::Result;
use crate::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Init, Layer, Linear, MaxPool2d, Residual, Sequential,
};

/// ResNet-18 (He et al., 2016) for images `[batch, 3, height, width]`, as torchvision's `resnet18`, with random weights that
/// depend on `seed` alone.
///
/// ```
/// use cuaderno::models::resnet18;
/// let network = resnet18(1000, 0)?;
/// assert_eq!((network.head(), network.pixels()), ("fc", 224));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are no classes.
pub fn resnet18(classes: usize, seed: u64) -> Result<Network> {
    resnet("resnet18", [2, 2, 2, 2], false, classes, seed)
}

/// ResNet-34 (He et al., 2016) for images `[batch, 3, height, width]`, as torchvision's `resnet34`, with random weights that
/// depend on `seed` alone.
///
/// ```
/// let network = cuaderno::models::resnet34(1000, 0)?;
/// assert_eq!(network.summary()?.total, 21_797_672);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`resnet18`].
pub fn resnet34(classes: usize, seed: u64) -> Result<Network> {
    resnet("resnet34", [3, 4, 6, 3], false, classes, seed)
}

/// ResNet-50 (He et al., 2016) for images `[batch, 3, height, width]`, as torchvision's `resnet50`, with random weights that
/// depend on `seed` alone.
///
/// ```
/// let network = cuaderno::models::resnet50(1000, 0)?;
/// assert_eq!(network.summary()?.total, 25_557_032);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`resnet18`].
pub fn resnet50(classes: usize, seed: u64) -> Result<Network> {
    resnet("resnet50", [3, 4, 6, 3], true, classes, seed)
}

/// ResNet-101 (He et al., 2016) for images `[batch, 3, height, width]`, as torchvision's `resnet101`, with random weights that
/// depend on `seed` alone.
///
/// ```
/// let network = cuaderno::models::resnet101(1000, 0)?;
/// assert_eq!(network.summary()?.total, 44_549_160);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`resnet18`].
pub fn resnet101(classes: usize, seed: u64) -> Result<Network> {
    resnet("resnet101", [3, 4, 23, 3], true, classes, seed)
}

/// ResNet-152 (He et al., 2016) for images `[batch, 3, height, width]`, as torchvision's `resnet152`, with random weights that
/// depend on `seed` alone.
///
/// ```
/// let network = cuaderno::models::resnet152(1000, 0)?;
/// assert_eq!(network.summary()?.total, 60_192_808);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`resnet18`].
pub fn resnet152(classes: usize, seed: u64) -> Result<Network> {
    resnet("resnet152", [3, 8, 36, 3], true, classes, seed)
}

fn resnet(
    name: &str,
    blocks: [usize; 4],
    bottleneck: bool,
    classes: usize,
    seed: u64,
) -> Result<Network> {
    check_classes(classes)?;
    let mut init = Init::seed(seed).he_fan_out();
    let stem = Conv2dConfig::new(3, 64, 7).stride(2).padding(3).no_bias();
    let mut layers = Sequential::new()
        .named("conv1", Conv2d::new(stem, &mut init)?)
        .named("bn1", BatchNorm2d::new(64)?)
        .named("relu", Layer::Relu)
        .named("maxpool", MaxPool2d::square(3, 2, 1));
    let mut channels = 64;
    for (stage, count) in blocks.into_iter().enumerate() {
        let width = 64 << stage;
        let mut part = Sequential::new();
        for block in 0..count {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let (body, outputs) = match bottleneck {
                true => (deep(channels, width, stride, &mut init)?, 4 * width),
                false => (basic(channels, width, stride, &mut init)?, width),
            };
            let shortcut = (stride != 1 || channels != outputs)
                .then(|| {
                    let project = Conv2dConfig::new(channels, outputs, 1).stride(stride).no_bias();
                    let project = Conv2d::new(project, &mut init)?;
                    Ok(Sequential::new().add(project).add(BatchNorm2d::new(outputs)?))
                })
                .transpose()?;
            part = part.add(Residual { body, shortcut, relu: true, stochastic_depth: 0.0 });
            channels = outputs;
        }
        layers = layers.named(&format!("layer{}", stage + 1), part);
    }
    let layers = pooled(layers).named("fc", Linear::new(channels, classes, &mut init)?);
    Ok(Network::new(name, layers, "fc", 224))
}

/// A basic block: two 3×3 convolutions.
fn basic(channels: usize, width: usize, stride: usize, init: &mut Init) -> Result<Sequential> {
    let first = Conv2dConfig::same(channels, width, 3).stride(stride).no_bias();
    let second = Conv2dConfig::same(width, width, 3).no_bias();
    Ok(Sequential::new()
        .named("conv1", Conv2d::new(first, init)?)
        .named("bn1", BatchNorm2d::new(width)?)
        .named("relu", Layer::Relu)
        .named("conv2", Conv2d::new(second, init)?)
        .named("bn2", BatchNorm2d::new(width)?))
}

/// A bottleneck block: a 3×3 convolution between two pointwise ones, with the stride in the middle, as in torchvision.
fn deep(channels: usize, width: usize, stride: usize, init: &mut Init) -> Result<Sequential> {
    let narrow = Conv2dConfig::new(channels, width, 1).no_bias();
    let middle = Conv2dConfig::same(width, width, 3).stride(stride).no_bias();
    let wide = Conv2dConfig::new(width, 4 * width, 1).no_bias();
    Ok(Sequential::new()
        .named("conv1", Conv2d::new(narrow, init)?)
        .named("bn1", BatchNorm2d::new(width)?)
        .named("relu1", Layer::Relu)
        .named("conv2", Conv2d::new(middle, init)?)
        .named("bn2", BatchNorm2d::new(width)?)
        .named("relu2", Layer::Relu)
        .named("conv3", Conv2d::new(wide, init)?)
        .named("bn3", BatchNorm2d::new(4 * width)?))
}

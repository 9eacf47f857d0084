//! EfficientNet-B0 (Tan and Le, 2019) with torchvision's names, and EfficientNet-Lite0, its variant for mobile devices, with
//! the names of the package `efficientnet_lite_pytorch`.

use super::Network;
use super::network::{check_classes, pooled};
use crate::Result;
use crate::nn::{
    BatchNorm2d, BatchNorm2dConfig, Conv2d, Conv2dConfig, Dropout, Init, Layer, Linear, Residual,
    Sequential, SqueezeExcitation,
};

/// Stages of inverted residuals: expansion, kernel, stride, input channels, output channels, number of blocks.
const STAGES: [[usize; 6]; 7] = [
    [1, 3, 1, 32, 16, 1],
    [6, 3, 2, 16, 24, 2],
    [6, 5, 2, 24, 40, 2],
    [6, 3, 2, 40, 80, 3],
    [6, 5, 1, 80, 112, 3],
    [6, 5, 2, 112, 192, 4],
    [6, 3, 1, 192, 320, 1],
];
/// All blocks.
const BLOCKS: usize = 16;

/// EfficientNet-B0 (Tan and Le, 2019) for images `[batch, 3, height, width]`, as torchvision's `efficientnet_b0`, with random
/// weights that depend on `seed` alone.
///
/// ```
/// let network = cuaderno::models::efficientnet_b0(1000, 0)?;
/// assert_eq!(network.summary()?.total, 5_288_548);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are no classes.
pub fn efficientnet_b0(classes: usize, seed: u64) -> Result<Network> {
    check_classes(classes)?;
    let mut init = Init::seed(seed).he_fan_out();
    let mut features =
        Sequential::new().add(unit(Conv2dConfig::same(3, 32, 3).stride(2), true, &mut init)?);
    let mut number = 0;
    for [expansion, kernel, stride, inputs, outputs, count] in STAGES {
        let mut stage = Sequential::new();
        for block in 0..count {
            let (inputs, stride) = if block == 0 { (inputs, stride) } else { (outputs, 1) };
            let wide = expansion * inputs;
            let mut layers = Sequential::new();
            if expansion != 1 {
                layers = layers.add(unit(Conv2dConfig::new(inputs, wide, 1), true, &mut init)?);
            }
            let depthwise = Conv2dConfig::same(wide, wide, kernel).stride(stride).groups(wide);
            layers = layers
                .add(unit(depthwise, true, &mut init)?)
                .add(squeeze_excitation(wide, (inputs / 4).max(1), &mut init)?)
                .add(unit(Conv2dConfig::new(wide, outputs, 1), false, &mut init)?);
            let body = Sequential::new().named("block", layers);
            stage = if stride == 1 && inputs == outputs {
                let stochastic_depth = 0.2 * number as f32 / BLOCKS as f32;
                stage.add(Residual { body, stochastic_depth, ..Residual::default() })
            } else {
                stage.add(body)
            };
            number += 1;
        }
        features = features.add(stage);
    }
    features = features.add(unit(Conv2dConfig::new(320, 1280, 1), true, &mut init)?);
    let classifier =
        Sequential::new().add(Dropout::new(0.2)?).add(Linear::new(1280, classes, &mut init)?);
    let layers = pooled(Sequential::new().named("features", features));
    let layers = layers.named("classifier", classifier);
    Ok(Network::new("efficientnet_b0", layers, "classifier.1", 224))
}

/// Convolution and normalization, then SiLU with `activation`.
fn unit(config: Conv2dConfig, activation: bool, init: &mut Init) -> Result<Sequential> {
    let channels = config.out_channels;
    let layers = Sequential::new()
        .add(Conv2d::new(config.no_bias(), init)?)
        .add(BatchNorm2d::new(channels)?);
    Ok(if activation { layers.add(Layer::Silu) } else { layers })
}

fn squeeze_excitation(
    channels: usize,
    narrow: usize,
    init: &mut Init,
) -> Result<SqueezeExcitation> {
    let body = Sequential::new()
        .named("avgpool", Layer::AdaptiveAveragePool2d([1, 1]))
        .named("fc1", Conv2d::new(Conv2dConfig::new(channels, narrow, 1), init)?)
        .named("activation", Layer::Silu)
        .named("fc2", Conv2d::new(Conv2dConfig::new(narrow, channels, 1), init)?)
        .named("scale_activation", Layer::Sigmoid);
    Ok(SqueezeExcitation { body })
}

/// EfficientNet-Lite0 with random weights that depend on `seed` alone: EfficientNet-B0 without squeeze and excitation, with
/// ReLU6 and TensorFlow's "SAME" padding. Its pretrained weights expect pixels scaled to `(x − 127) / 128`, x from 0 to 255.
///
/// ```
/// let network = cuaderno::models::efficientnet_lite0(1000, 0)?;
/// assert_eq!(network.summary()?.total, 4_652_008);
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) when there are no classes.
pub fn efficientnet_lite0(classes: usize, seed: u64) -> Result<Network> {
    check_classes(classes)?;
    let mut init = Init::seed(seed).he_fan_out();
    let init = &mut init;
    let part =
        |layers: Sequential, [name, norm]: [&str; 2], config: Conv2dConfig, init: &mut Init| {
            let channels = config.out_channels;
            let convolution = Conv2d::new(config.same_padding().no_bias(), init)?;
            let config = BatchNorm2dConfig { epsilon: 1e-3, momentum: 0.01 };
            let norm_layer = BatchNorm2d::with_config(channels, config)?;
            Result::Ok(layers.named(name, convolution).named(norm, norm_layer))
        };
    let stem = Conv2dConfig::new(3, 32, 3).stride(2);
    let mut layers =
        part(Sequential::new(), ["_conv_stem", "_bn0"], stem, init)?.named("relu0", Layer::Relu6);
    let mut blocks = Sequential::new();
    for [expansion, kernel, stride, inputs, outputs, count] in STAGES {
        for block in 0..count {
            let (inputs, stride) = if block == 0 { (inputs, stride) } else { (outputs, 1) };
            let wide = expansion * inputs;
            let mut body = Sequential::new();
            if expansion != 1 {
                let expand = Conv2dConfig::new(inputs, wide, 1);
                body = part(body, ["_expand_conv", "_bn0"], expand, init)?
                    .named("relu0", Layer::Relu6);
            }
            let depthwise = Conv2dConfig::new(wide, wide, kernel).stride(stride).groups(wide);
            body = part(body, ["_depthwise_conv", "_bn1"], depthwise, init)?
                .named("relu1", Layer::Relu6);
            let project = Conv2dConfig::new(wide, outputs, 1);
            body = part(body, ["_project_conv", "_bn2"], project, init)?;
            blocks = if stride == 1 && inputs == outputs {
                blocks.add(Residual { body, ..Residual::default() })
            } else {
                blocks.add(body)
            };
        }
    }
    layers = layers.named("_blocks", blocks);
    layers = part(layers, ["_conv_head", "_bn1"], Conv2dConfig::new(320, 1280, 1), init)?
        .named("relu1", Layer::Relu6);
    let layers = pooled(layers)
        .named("_dropout", Dropout::new(0.2)?)
        .named("_fc", Linear::new(1280, classes, init)?);
    Ok(Network::new("efficientnet_lite0", layers, "_fc", 224))
}
